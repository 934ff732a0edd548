"""The issuer's Ed25519 key: its file, its rules, and the DID document made from it.

Belongs here: the key file below ``keys/`` and who may read it. It holds the private
key, or says in which PKCS#11 token that is. Does not belong here: what is signed
(``signing.py``), and tokens (``tokens.py``). A key is made once; losing it means that
later records cannot be told from forgeries, so a publication never replaces one in
silence.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pipelines.errors import OperatorError
from pipelines.publishing import es256, key_files, multibase
from pipelines.publishing.es256 import Es256Key
from pipelines.publishing.key_uri import KeyUri
from pipelines.publishing.tokens import TokenKey, make_key, take_key
from pipelines.settings import pkcs11_module


class PrivateKey(Protocol):
    """What signs: a key in memory, or one in a token."""

    def sign(self, data: bytes, /) -> bytes:
        """The 64-byte Ed25519 signature of ``data``."""
        ...


@dataclass(frozen=True)
class NewKey:
    """A key just made: its multikey, and what the key file has to say of it."""

    public: str
    kept: dict[str, str] = field(repr=False)


Maker = Callable[[], NewKey]


@dataclass(frozen=True)
class IssuerKey:
    """The key of one issuer.

    Attributes:
        did: the issuer, equal to ``issuer.id`` of every record it signs.
        public: ``z6Mk…`` multikey in force.
        retired: earlier ``z6Mk…`` multikeys; still published, since records signed
            with them are verified long after.
        withdrawn: keys that others may have; published no more, and what they signed
            is signed anew.
        path: the key file.
        private: the secret key, or the token's; never shown.
        es256: the key for JWTs; None where there is none.
    """

    did: str
    public: str
    retired: tuple[str, ...]
    withdrawn: tuple[str, ...]
    path: Path
    private: PrivateKey = field(repr=False, compare=False)
    es256: Es256Key | None = None

    @property
    def method(self) -> str:
        """``verificationMethod``: the DID and the multikey as its fragment."""
        return f"{self.did}#{self.public}"

    @property
    def where(self) -> KeyUri | None:
        """The key in its token; None when the key file itself holds it."""
        return self.private.uri if isinstance(self.private, TokenKey) else None

    def document(self) -> dict[str, Any]:
        """The DID document (W3C DID Core 1.0) that lists every key.

        Ed25519 keys are Multikeys, ES256 keys JsonWebKeys.
        """
        contexts = [
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
        ]
        methods: list[dict[str, Any]] = [
            {
                "id": f"{self.did}#{key}",
                "type": "Multikey",
                "controller": self.did,
                "publicKeyMultibase": key,
            }
            for key in (self.public, *self.retired)
        ]
        if self.es256 is not None:
            contexts.append("https://w3id.org/security/jwk/v1")
            methods += [es256.method(self.did, one) for one in self.es256.published]
        return {
            "@context": contexts,
            "id": self.did,
            "verificationMethod": methods,
            "assertionMethod": [one["id"] for one in methods],
        }


def jwks(document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a DID document of ours as a JWK Set (RFC 7517, RFC 8037).

    Each has ``iss``, as 1EdTech's implementation guide for CLR 2.0 asks.
    """
    did = document["id"]
    keys = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64(multibase.public_bytes(method["publicKeyMultibase"])),
            "kid": method["id"],
            "alg": "EdDSA",
            "use": "sig",
            "iss": did,
        }
        for method in document["verificationMethod"]
        if method["type"] == "Multikey"
    ]
    return {"keys": [*keys, *es256.jwks(document)]}


def key_path(keys: Path, did: str) -> Path:
    """The key file of ``did`` in the folder ``keys``."""
    return key_files.path_of(keys, did)


def in_file() -> NewKey:
    """A key that the key file will hold."""
    private = Ed25519PrivateKey.generate()
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    secret = multibase.secret_multikey(raw)
    return NewKey(public_key(private), {"secretKeyMultibase": secret})


def in_token(uri: KeyUri, *, existing: bool = False) -> NewKey:
    """A key in a PKCS#11 token, which the key file will only describe.

    Args:
        uri: where it is to be, with the module.
        existing: take the key that is there, rather than make one.

    Raises:
        OperatorError: the token refuses; see ``tokens.py``.
    """
    public = take_key(uri) if existing else make_key(uri)
    return NewKey(public, {"token": str(uri), "fingerprint": fingerprint(public)})


def fingerprint(public: str) -> str:
    """SHA-256 of a key as others' tools write it (SubjectPublicKeyInfo, DER), hex."""
    key = Ed25519PublicKey.from_public_bytes(multibase.public_bytes(public))
    told = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(told).hexdigest()


def create_key(keys: Path, did: str, make: Maker = in_file) -> IssuerKey:
    """Make the issuer's first key; its file is readable by its owner alone.

    Raises:
        OperatorError: there is one already, or its token refuses.
    """
    path = key_path(keys, did)
    # Asked first: no key is left in a token that no file will name.
    if path.exists():
        raise OperatorError(f"{path} exists: rotate the key instead")
    made = make()
    body = {"did": did, "publicKeyMultibase": made.public, **made.kept}
    body |= {"created": key_files.now()}
    key_files.create(path, {**body, "retired": []})
    return load_key(keys, did)


def rotate_key(keys: Path, did: str, make: Maker | None = None) -> IssuerKey:
    """Put a new key in force; the present one stays published as retired.

    Args:
        keys: the folder of key files.
        did: the issuer.
        make: makes the new key; None for one of a file after one of a file.

    Raises:
        OperatorError: the present one is in a token and ``make`` does not say where
            the next is, or the next is one that was in force before.
    """
    old = load_key(keys, did)
    if make is None and old.where is not None:
        raise OperatorError(
            f"the key in force is in token {old.where.token_name}: say where the next "
            "is with --pkcs11, or --file to sign outside of a token"
        )
    made = (make or in_file)()
    if made.public in (old.public, *old.retired, *old.withdrawn):
        raise OperatorError(f"{made.public} was in force before: rotate to another")
    body = {
        "did": did,
        "publicKeyMultibase": made.public,
        **made.kept,
        "created": key_files.now(),
        "retired": [old.public, *old.retired],
        "withdrawn": list(old.withdrawn),
    }
    return _replace(keys, did, body)


def withdraw_key(keys: Path, did: str, multikey: str) -> IssuerKey:
    """Publish an earlier key no more, because somebody else may sign with it.

    The next publication signs anew, with a later ``validFrom``, whatever it signed.

    Raises:
        OperatorError: it is in force, withdrawn already, or not one of this issuer's.
    """
    key = load_key(keys, did)
    if multikey == key.public:
        raise OperatorError(f"{multikey} is in force: `lrw keys rotate` first")
    if multikey in key.withdrawn:
        raise OperatorError(f"{multikey} is withdrawn already")
    if multikey not in key.retired:
        known = ", ".join(key.retired) or "none"
        raise OperatorError(f"{multikey} is no earlier key of {did}: {known}")
    body = orjson.loads(key.path.read_bytes())
    body["retired"] = [one for one in key.retired if one != multikey]
    body["withdrawn"] = [multikey, *key.withdrawn]
    return _replace(keys, did, body)


def _replace(keys: Path, did: str, body: dict[str, Any]) -> IssuerKey:
    key_files.replace(key_path(keys, did), body)
    return load_key(keys, did)


def load_key(keys: Path, did: str) -> IssuerKey:
    """The issuer's key.

    Raises:
        OperatorError: the file is missing, readable by others, not a key, or not this
            issuer's.
    """
    path = key_path(keys, did)
    text = key_files.read(
        path, f"no signing key for {did}: {path} is missing; restore it from backup"
    )
    try:
        body = orjson.loads(text)
        public, retired = body["publicKeyMultibase"], tuple(body["retired"])
        withdrawn = tuple(body.get("withdrawn", ()))
        stated = body["did"]
        private, same = _private(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise OperatorError(f"{path} is not a signing key; restore it") from None
    if not same:
        raise OperatorError(f"{path} holds two different keys; restore it")
    if stated != did:
        raise OperatorError(f"{path} is the key of {stated}, not of {did}")
    found = es256.find_key(keys, did)
    return IssuerKey(did, public, retired, withdrawn, path, private, found)


def _private(body: dict[str, Any]) -> tuple[PrivateKey, bool]:
    """The private key of a key file, and whether it is the public one's.

    A token is not asked yet: public keys can be written without it.
    """
    public = body["publicKeyMultibase"]
    if "token" not in body:
        private = Ed25519PrivateKey.from_private_bytes(
            multibase.secret_bytes(body["secretKeyMultibase"])
        )
        return private, public_key(private) == public
    if "secretKeyMultibase" in body:
        raise ValueError("a key is in a token or in a file")
    uri = KeyUri.parse(body["token"])
    key = TokenKey(uri.at(pkcs11_module() or uri.module), public)
    return key, fingerprint(public) == body["fingerprint"]


def key_for_publication(
    keys: Path, did: str, published: dict[str, Any] | None
) -> IssuerKey:
    """The key that tonight's records are signed with.

    Args:
        keys: the folder of key files.
        did: the issuer named in the documents.
        published: DID document of the current snapshot; None before the first.

    Returns:
        The key on file; a new one only when nothing was ever published. A token has
        been asked: a wrong PIN is tried once, and not by every process that signs.

    Raises:
        OperatorError: the key is missing though records were published, is insecure,
            is unrelated to the keys that signed the published records, or its token
            does not sign.
    """
    if published is None and not key_path(keys, did).exists():
        return create_key(keys, did)
    key = load_key(keys, did)
    if published is not None:
        _refuse_unrelated(key, published)
    if isinstance(key.private, TokenKey):
        key.private.open()
    return key


def _refuse_unrelated(key: IssuerKey, published: dict[str, Any]) -> None:
    did = key.did
    if published.get("id") != did:
        raise OperatorError(
            f"published records were issued by {published.get('id')}, tonight's by "
            f"{did}: one warehouse has one issuer"
        )
    ours = set(key.document()["assertionMethod"])
    ours |= {f"{did}#{multikey}" for multikey in key.withdrawn}
    if key.es256 is not None:
        ours |= {f"{did}#{multikey}" for multikey in key.es256.withdrawn}
    if es256.jwks(published) and key.es256 is None:
        lost = es256.key_path(key.path.parent, did)
        raise OperatorError(
            f"{lost} is missing: restore it from backup, or make another with "
            "`lrw keys new --suite es256`, which keeps the published one"
        )
    if not set(published.get("assertionMethod", [])) <= ours:
        raise OperatorError(
            f"{key.path} does not list the key that signed the published records: "
            "restore it, or rotate instead of replacing it"
        )


def write_public(key: IssuerKey, folder: Path) -> list[Path]:
    """Write ``did.json`` and ``jwks.json``; return where.

    Raises:
        OperatorError: the folder cannot be written.
    """
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        document = key.document()
        for name, body in (("did.json", document), ("jwks.json", jwks(document))):
            path = folder / name
            path.write_bytes(orjson.dumps(body, option=options))
            paths.append(path)
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written: {error.strerror}") from None
    return paths


def public_key(private: Ed25519PrivateKey) -> str:
    """``z6Mk…`` multikey of a private key."""
    return multibase.public_multikey(
        private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    )


def published_keys(document: dict[str, Any]) -> dict[str, Ed25519PublicKey]:
    """Public keys a DID document allows for assertions, by verification method.

    Raises:
        ValueError: the document does not have that shape.
    """
    try:
        did, allowed = document["id"], set(document["assertionMethod"])
        return {
            method["id"]: Ed25519PublicKey.from_public_bytes(
                multibase.public_bytes(method["publicKeyMultibase"])
            )
            for method in document["verificationMethod"]
            if method["id"] in allowed
            and method["controller"] == did
            and method["type"] == "Multikey"
        }
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a DID document with multikeys") from None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
