"""The badge issuers a college vouches for, and the keys each may sign with.

A college's profile lists them under ``dialect_settings: {open_badges: {issuers: …}}``:

- ``id``: what a credential names as its issuer: a DID, or the URL of a profile;
- ``name``, ``platform``: used where the credential or the delivery says none;
- ``keys``: a list of ``publicKeyMultibase``, ``publicKeyJwk`` or ``publicKeyPem``, each
  with an optional ``id`` (verification method or ``kid``), ``valid_from``,
  ``valid_to`` and ``revoked``;
- ``did_document``: a did:web document as published, in place of ``keys``.

A ``did:key`` is its own key, and still has to be listed. Nothing is resolved.

Belongs here: declarations to keys. Does not belong here: checking a signature
(``credential_proofs``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from openbadgeslib.ob3.did import resolve_did
from openbadgeslib.ob3.verifier import OB3VerificationError

from pipelines.errors import OperatorError

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

MAX_KEYS = 16
"""Keys tried for one credential; an issuer that rotates monthly has 12 a year."""


@dataclass(frozen=True)
class IssuerKey:
    """One public key of an issuer.

    Attributes:
        id: Verification method or ``kid``; None fits every one.
        public: The key.
        pem: The same as SubjectPublicKeyInfo.
        valid_from: First day it may sign on; None without limit.
        valid_to: Last day it may sign on; None without limit.
        revoked: Whether nothing signed with it counts any more.
    """

    id: str | None
    public: PublicKey
    pem: bytes
    valid_from: date | None = None
    valid_to: date | None = None
    revoked: bool = False

    @property
    def algorithms(self) -> list[str]:
        """The JWS algorithms of this kind of key: the header never chooses."""
        if isinstance(self.public, ed25519.Ed25519PublicKey):
            return ["EdDSA"]
        if isinstance(self.public, ec.EllipticCurvePublicKey):
            return ["ES256"]
        return ["RS256"]


@dataclass(frozen=True)
class Issuer:
    """One issuer that the college vouches for."""

    id: str
    name: str | None
    platform: str | None
    keys: tuple[IssuerKey, ...]


class Issuers:
    """The declared issuers, by id and by the id of a key."""

    def __init__(self, declared: Iterable[Mapping[str, Any]]) -> None:
        """Read the declarations of a college's profile.

        Raises:
            OperatorError: One of them cannot be meant; the profile has to be mended.
        """
        self._by_id: dict[str, Issuer] = {}
        self._by_key: dict[str, Issuer] = {}
        for item in declared:
            try:
                issuer = _issuer(item)
            except (
                KeyError, TypeError, ValueError, AttributeError,
                jwt.PyJWTError, OB3VerificationError,
            ) as error:  # fmt: skip
                raise OperatorError(
                    f"issuer {item.get('id', 'without id')} of the college profile "
                    f"cannot be read: {type(error).__name__}"
                ) from None
            self._by_id[issuer.id] = issuer
            for key in issuer.keys:
                if key.id is not None:
                    self._by_key[key.id] = issuer

    def of(self, issuer_id: object) -> Issuer | None:
        """The issuer of that id; None when the college does not vouch for it."""
        return self._by_id.get(issuer_id) if isinstance(issuer_id, str) else None

    def of_key(self, key_id: object) -> Issuer | None:
        """The issuer whose profile lists that key id."""
        return self._by_key.get(key_id) if isinstance(key_id, str) else None


def _issuer(item: Mapping[str, Any]) -> Issuer:
    identifier = str(item["id"])
    keys = [_key(one, identifier) for one in item.get("keys") or ()]
    if "did_document" in item:
        keys += _keys_of_document(item["did_document"], identifier)
    if not keys and identifier.startswith("did:key:"):
        keys = [_from_multibase(identifier.removeprefix("did:key:"), None, {})]
    if len(keys) > MAX_KEYS:
        raise ValueError("too many keys")
    return Issuer(identifier, item.get("name"), item.get("platform"), tuple(keys))


def _key(item: Mapping[str, Any], issuer: str) -> IssuerKey:
    identifier = item.get("id")
    if "publicKeyMultibase" in item:
        multibase = item["publicKeyMultibase"]
        return _from_multibase(multibase, identifier or f"{issuer}#{multibase}", item)
    if "publicKeyJwk" in item:
        jwk = item["publicKeyJwk"]
        if "d" in jwk:
            raise ValueError("a private key in a profile")
        return _made(jwt.PyJWK(dict(jwk)).key, identifier or jwk.get("kid"), item)
    return _made(load_pem_public_key(item["publicKeyPem"].encode()), identifier, item)


def _keys_of_document(document: Mapping[str, Any], issuer: str) -> list[IssuerKey]:
    """Keys a DID document lists for assertions (DID Core 1.0, section 5.3.2)."""
    if document["id"] != issuer:
        raise ValueError("the document is another's")
    methods = {method["id"]: method for method in document["verificationMethod"]}
    chosen = []
    for entry in document["assertionMethod"]:
        method = methods[entry] if isinstance(entry, str) else entry
        if method["controller"] != issuer:
            raise ValueError("a key of another controller")
        chosen.append(_key({**method, "valid_to": method.get("expires")}, issuer))
    return chosen


def _from_multibase(
    multibase: str, identifier: str | None, item: Mapping[str, Any]
) -> IssuerKey:
    pem = resolve_did(f"did:key:{multibase}")
    return _made(load_pem_public_key(pem), identifier, item)


def _made(public: Any, identifier: str | None, item: Mapping[str, Any]) -> IssuerKey:
    if not isinstance(
        public,
        ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    ):
        raise TypeError("not a key that signs badges")
    if isinstance(public, rsa.RSAPublicKey) and public.key_size < 2048:
        raise ValueError("an RSA key below 2048 bits")
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name != (
        "secp256r1"
    ):
        raise ValueError("a curve other than P-256")
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return IssuerKey(
        identifier,
        public,
        pem,
        _day(item.get("valid_from")),
        _day(item.get("valid_to")),
        bool(item.get("revoked", False)),
    )


def _day(value: Any) -> date | None:
    """A YAML date, or the date of an ISO text."""
    if value is None or isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10])
