"""``eddsa-rdfc-2022`` proofs on a record and on every credential in it.

Sources: W3C Data Integrity EdDSA Cryptosuites v1.0 §3.2 (the proof options and the
document are canonicalised and hashed apart, the two hashes joined, options first) and
1EdTech CLR 2.0 (nested credentials carry proofs of their own; without them, grades can
be exchanged between courses under a valid outer proof).

Belongs here: documents to signed documents, and the proof's bytes. Does not belong
here: which records need signing (``records.py``), and pools (``pool.py``).
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign, crypto_sign_BYTES, crypto_sign_seed_keypair

from pipelines.publishing import multibase
from pipelines.publishing.canonical import digest
from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS, CLR_CONTEXTS
from pipelines.publishing.keys import IssuerKey
from pipelines.publishing.nquads import Quads, Writer
from pipelines.publishing.plates import Page
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.terms import Terms, pinned_terms

CRYPTOSUITE = "eddsa-rdfc-2022"


class Signer(Protocol):
    """Whatever holds a key."""

    @property
    def did(self) -> str:
        """The issuer."""
        ...

    @property
    def method(self) -> str:
        """``verificationMethod`` of every proof."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature of ``data``."""
        ...


class KeySigner:
    """Signs with an issuer's key, held in memory or in a token.

    In memory by libsodium, which takes 19 us for what takes OpenSSL 33; the bytes are
    the same.
    """

    def __init__(self, key: IssuerKey) -> None:
        self.did = key.did
        self.method = key.method
        self._sign: Callable[[bytes], bytes] = (
            _by_sodium(key.private.private_bytes_raw())
            if isinstance(key.private, Ed25519PrivateKey)
            else key.private.sign
        )

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature of ``data``; the same data, the same bytes."""
        return self._sign(data)


def _by_sodium(seed: bytes) -> Callable[[bytes], bytes]:
    _, secret = crypto_sign_seed_keypair(seed)
    return lambda data: crypto_sign(data, secret)[:crypto_sign_BYTES]


def proof_options(method: str, created: str) -> dict[str, str]:
    """A proof without its value.

    Args:
        method: verification method, ``<did>#<multikey>``.
        created: ``validFrom`` of the credential, so that equal content has equal bytes.
    """
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }


class Proofs:
    """Digests of documents and proof options by the fast path, one process each.

    ``terms`` other than the pinned contexts' serve the published test vectors.
    """

    def __init__(self, terms: Terms | None = None) -> None:
        self.writer = Writer(terms or pinned_terms())
        self._options = functools.lru_cache(maxsize=4096)(self._options_digest)

    def data(
        self, quads: Quads | Page, contexts: tuple[str, ...], options: Mapping[str, str]
    ) -> bytes:
        """The 64 bytes to sign: digest of the options, then of the document."""
        return self._options(contexts, tuple(options.items())) + digest(quads)

    def _options_digest(
        self, contexts: tuple[str, ...], options: tuple[tuple[str, str], ...]
    ) -> bytes:
        return digest(self.writer.write({"@context": list(contexts), **dict(options)}))

    def options_digest(
        self, contexts: tuple[str, ...], method: str, created: str
    ) -> bytes:
        """The 32-byte digest of the options of a proof."""
        options = proof_options(method, created)
        return self._options(contexts, tuple(options.items()))

    def proof(
        self,
        quads: Quads | Page,
        contexts: tuple[str, ...],
        created: str,
        signer: Signer,
    ) -> dict[str, str]:
        """The proof of a document written as ``quads``."""
        options = proof_options(signer.method, created)
        signature = signer.sign(self.data(quads, contexts, options))
        return {**options, "proofValue": multibase.encode(signature)}


def sign_record(
    record: dict[str, Any], signer: Signer, proofs: Proofs
) -> dict[str, Any]:
    """Sign every credential of a record, then the record.

    Args:
        record: a pruned, checked CLR without proofs; proofs are added to it in place.
        signer: the issuer's key.
        proofs: this process's writer.

    Returns:
        ``record``.

    Raises:
        UnsignableError: a proof would not cover all that the record says.
    """
    check_record(record, signer.did)
    embedded = {}
    for credential in record["credentialSubject"]["verifiableCredential"]:
        quads = proofs.writer.write(credential)
        created = credential["validFrom"]
        credential["proof"] = [
            proofs.proof(quads, ACHIEVEMENT_CONTEXTS, created, signer)
        ]
        embedded[id(credential)] = quads
    return _sign_outside(record, embedded, signer, proofs)


def sign_around(
    record: dict[str, Any], signer: Signer, proofs: Proofs
) -> dict[str, Any]:
    """Sign a record whose credentials carry their proofs, which stay as they are.

    Args:
        record: a CLR without a proof of its own; one is added in place.
        signer: the issuer's key; the credentials may have an earlier one.
        proofs: this process's writer.

    Returns:
        ``record``.

    Raises:
        UnsignableError: as ``sign_record``.
    """
    credentials = record["credentialSubject"]["verifiableCredential"]
    given = [credential.pop("proof") for credential in credentials]
    check_record(record, signer.did)
    embedded = {}
    for credential, proof in zip(credentials, given, strict=True):
        embedded[id(credential)] = proofs.writer.write(credential)
        credential["proof"] = proof
    return _sign_outside(record, embedded, signer, proofs)


def _sign_outside(
    record: dict[str, Any],
    embedded: Mapping[int, Any],
    signer: Signer,
    proofs: Proofs,
) -> dict[str, Any]:
    quads = proofs.writer.write(record, embedded)
    record["proof"] = [proofs.proof(quads, CLR_CONTEXTS, record["validFrom"], signer)]
    return record


def check_record(record: Mapping[str, Any], did: str) -> None:
    """Hold a record to what makes its proofs bind grades to courses.

    Raises:
        UnsignableError: contexts are not the pinned arrays, the issuer is another, a
            credential has a proof already, or two credentials share an id or a
            subject: in one graph, their statements could then be exchanged.
    """
    try:
        subject = record["credentialSubject"]
        credentials = subject["verifiableCredential"]
        check_head(record, CLR_CONTEXTS, did)
        ids = [record["id"], subject["id"], did]
        for credential in credentials:
            check_head(credential, ACHIEVEMENT_CONTEXTS, did)
            ids += [credential["id"], credential["credentialSubject"]["id"]]
    except (KeyError, TypeError):
        raise UnsignableError("the record lacks a mandatory part") from None
    if len(set(ids)) != len(ids):
        raise UnsignableError("two credentials or subjects of the record share an id")


def check_head(
    credential: Mapping[str, Any], contexts: tuple[str, ...], did: str
) -> None:
    """Hold a credential or a record to its contexts, issuer and moment.

    Raises:
        UnsignableError: as ``check_record``.
    """
    if tuple(credential["@context"]) != contexts:
        raise UnsignableError("a credential does not name the pinned contexts in order")
    if credential["issuer"]["id"] != did:
        raise UnsignableError("a credential names another issuer than the signing key")
    if "proof" in credential:
        raise UnsignableError("a credential carries a proof already")
    if not credential["validFrom"].endswith("Z"):
        raise UnsignableError("a validFrom is not in UTC")
