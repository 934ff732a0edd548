"""The issuer's ES256 key (P-256): for records as VC-JWT, beside the Ed25519 key.

An issuer has one when an operator makes it; without it nothing is missing but that
form. Nights sign nothing with it, so a key that is withdrawn has nothing signed anew:
what it signed is refused, and made again on demand.

Source: RFC 7518 §3.4 (ES256), §6.2 (EC keys as JWK); JsonWebKey of W3C Controlled
Identifiers 1.0 §2.2.3.

Belongs here: the key file and the public forms of the key. Does not belong here: the
text that is signed (``forms.jwt``).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipelines.errors import OperatorError
from pipelines.publishing import key_files, multibase

BEGINS = "zDna"
"""How a multikey of P-256 begins."""


@dataclass(frozen=True)
class Es256Key:
    """The P-256 key of one issuer; texts are ``zDna…`` multikeys.

    Attributes:
        did: the issuer.
        public: the key in force.
        retired: earlier ones, still published.
        withdrawn: earlier ones, published no more.
        path: the key file.
        private: the secret key; never shown.
    """

    did: str
    public: str
    retired: tuple[str, ...]
    withdrawn: tuple[str, ...]
    path: Path
    private: EllipticCurvePrivateKey = field(repr=False, compare=False)

    @property
    def method(self) -> str:
        """``kid`` of every JWT: the DID and the multikey as its fragment."""
        return f"{self.did}#{self.public}"

    @property
    def published(self) -> tuple[str, ...]:
        """Those that verifiers may accept."""
        return (self.public, *self.retired)


def key_path(keys: Path, did: str) -> Path:
    """The ES256 key file of ``did`` in the folder ``keys``."""
    return key_files.path_of(keys, did, ".es256.json")


def create_key(
    keys: Path, did: str, published: Mapping[str, Any] | None = None
) -> Es256Key:
    """Make the issuer's ES256 key, readable by its owner alone.

    Args:
        keys: the folder of key files.
        did: the issuer.
        published: DID document of the current snapshot. ES256 keys in it whose file
            is lost stay published as retired.

    Raises:
        OperatorError: there is one already.
    """
    told = [one["id"] for one in _methods(published or {})]
    lost = [one.partition("#")[2] for one in told]
    key_files.create(key_path(keys, did), _fresh(did, retired=lost))
    return load_key(keys, did)


def rotate_key(keys: Path, did: str) -> Es256Key:
    """Put a new key in force; the present one stays published as retired."""
    old = load_key(keys, did)
    body = _fresh(did, [old.public, *old.retired], old.withdrawn)
    key_files.replace(old.path, body)
    return load_key(keys, did)


def withdraw_key(keys: Path, did: str, multikey: str) -> Es256Key:
    """Publish an earlier key no more, because somebody else may sign with it.

    Raises:
        OperatorError: it is in force, withdrawn already, or not one of this issuer's.
    """
    key = load_key(keys, did)
    if multikey == key.public:
        raise OperatorError(
            f"{multikey} is in force: `lrw keys rotate --suite es256` first"
        )
    if multikey in key.withdrawn:
        raise OperatorError(f"{multikey} is withdrawn already")
    if multikey not in key.retired:
        known = ", ".join(key.retired) or "none"
        raise OperatorError(f"{multikey} is no earlier ES256 key of {did}: {known}")
    body = orjson.loads(key.path.read_bytes())
    body["retired"] = [one for one in key.retired if one != multikey]
    body["withdrawn"] = [multikey, *key.withdrawn]
    key_files.replace(key.path, body)
    return load_key(keys, did)


def load_key(keys: Path, did: str) -> Es256Key:
    """The issuer's ES256 key.

    Raises:
        OperatorError: there is none, or its file is readable by others, not a key, or
            not this issuer's.
    """
    path = key_path(keys, did)
    text = key_files.read(
        path,
        f"no ES256 key for {did}: make one with `lrw keys new --suite es256`, "
        "and --system where it is not the first",
    )
    try:
        body = orjson.loads(text)
        secret = multibase.p256_secret_bytes(body["secretKeyMultibase"])
        private = derive_private_key(int.from_bytes(secret), SECP256R1())
        stated, public = body["did"], body["publicKeyMultibase"]
        retired, withdrawn = tuple(body["retired"]), tuple(body["withdrawn"])
        for one in retired:
            public_key(one)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OperatorError(f"{path} is not an ES256 key; restore it") from None
    if _multikey(private) != public:
        raise OperatorError(f"{path} holds two different keys; restore it")
    if stated != did:
        raise OperatorError(f"{path} is the key of {stated}, not of {did}")
    return Es256Key(did, public, retired, withdrawn, path, private)


def find_key(keys: Path, did: str) -> Es256Key | None:
    """As ``load_key``; None when the issuer has none."""
    return load_key(keys, did) if key_path(keys, did).exists() else None


def public_key(multikey: str) -> EllipticCurvePublicKey:
    """The public key of a ``zDna…`` multikey.

    Raises:
        ValueError: it is none.
    """
    point = multibase.p256_public_bytes(multikey)
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def method(did: str, multikey: str) -> dict[str, Any]:
    """The verification method of a DID document for a published key.

    A JsonWebKey, because 1EdTech's validator looks for ``publicKeyJwk`` where the
    ``kid`` of a JWT leads.
    """
    numbers = public_key(multikey).public_numbers()
    return {
        "id": f"{did}#{multikey}",
        "type": "JsonWebKey",
        "controller": did,
        "publicKeyJwk": {
            "kty": "EC",
            "crv": "P-256",
            "x": _base64(numbers.x.to_bytes(32)),
            "y": _base64(numbers.y.to_bytes(32)),
            "kid": f"{did}#{multikey}",
            "alg": "ES256",
            "use": "sig",
        },
    }


def jwks(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """ES256 keys of a DID document of ours as they stand in its JWK Set."""
    return [
        {**one["publicKeyJwk"], "iss": document["id"]} for one in _methods(document)
    ]


def _methods(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = document.get("verificationMethod", ())
    return [one for one in listed if one["type"] == "JsonWebKey"]


def _fresh(
    did: str, retired: list[str] | None = None, withdrawn: tuple[str, ...] = ()
) -> dict[str, Any]:
    private = generate_private_key(SECP256R1())
    secret = private.private_numbers().private_value.to_bytes(32)
    return {
        "did": did,
        "publicKeyMultibase": _multikey(private),
        "secretKeyMultibase": multibase.p256_secret_multikey(secret),
        "created": key_files.now(),
        "retired": retired or [],
        "withdrawn": list(withdrawn),
    }


def _multikey(private: EllipticCurvePrivateKey) -> str:
    return multibase.p256_public_multikey(
        private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
