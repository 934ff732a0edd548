"""Whether a credential was signed by an issuer that the college vouches for.

Two ways, both offline: an embedded ``eddsa-rdfc-2022`` proof (W3C Data Integrity EdDSA
Cryptosuites 1.0), and a compact JWS (Open Badges 2.0 signed assertions, VC-JWT,
CLR 1.0). A document of pinned contexts goes through this project's own canonicaliser,
which refuses any term that the signature would not cover; other contexts that
``openbadgeslib`` ships go through its bounded processor. No other context is known.

Belongs here: yes or why not. Does not belong here: what the credential says
(``credentials``). A reason quotes nothing of the credential.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.contexts import bundled_contexts
from openbadgeslib.ob3.ldp import verify_data_integrity_proof

from pipelines.dialects.credential_issuers import Issuer, IssuerKey
from pipelines.dialects.strict_json import JsonError, strict_loads
from pipelines.publishing import multibase
from pipelines.publishing.contexts import bundled
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import CRYPTOSUITE, Proofs

_NO_FIT = "the signature does not match the content, or is of another key"


class NotAcceptedError(Exception):
    """A credential that is not accepted; the message says why, without its content."""


@dataclass(frozen=True)
class Jws:
    """A compact JWS before its signature is checked."""

    text: str
    header: Mapping[str, Any]
    payload: Any


class Checker:
    """Checks proofs; keys and contexts are prepared once for a file."""

    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._proofs = Proofs()
        self._fast = frozenset(bundled())
        self._known = {**bundled_contexts(), **bundled_clr_contexts()}

    def check_embedded(self, document: Mapping[str, Any], issuer: Issuer) -> None:
        """Hold a document to its embedded proof.

        Raises:
            NotAcceptedError: It has none, or the proof is not a good one of a key of
                ``issuer``.
        """
        contexts = self._contexts(document)
        proof = _chosen_proof(document)
        method = proof["verificationMethod"]
        key = _key_of_method(issuer, method)
        self._check_key(key, _day(proof.get("created")))
        expires = _day(proof.get("expires"))
        if expires is not None and expires < self._as_of:
            raise NotAcceptedError("the proof has expired")
        bare = {name: value for name, value in document.items() if name != "proof"}
        try:
            if self._is_plain(proof, contexts):
                self._check_fast(bare, proof, contexts, key)
            else:
                _refuse_iri_keys(bare)
                verify_data_integrity_proof(
                    {**bare, "proof": proof},
                    key.pem,
                    extra_contexts=bundled_clr_contexts(),
                )
        except UnsignableError:
            value = "it says more than a signature can cover"
            raise NotAcceptedError(value) from None
        except (InvalidSignature, LibOpenBadgesException, ValueError, TypeError):
            raise NotAcceptedError(_NO_FIT) from None
        except (KeyError, AttributeError, RecursionError):
            raise NotAcceptedError("it is not a signed credential") from None

    def check_jws(self, jws: Jws, issuer: Issuer, signed_on: date | None) -> None:
        """Hold a JWS to the keys of its issuer.

        The key decides the algorithm, never the header.

        Raises:
            NotAcceptedError: No key of ``issuer`` that could sign then made it.
        """
        kid = jws.header.get("kid")
        keys = [key for key in issuer.keys if kid is not None and key.id == kid]
        refusal = None
        for key in keys or issuer.keys:
            try:
                jwt.PyJWS().decode(
                    jws.text,
                    key.public,
                    algorithms=key.algorithms,
                )
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
            try:
                self._check_key(key, signed_on)
            except NotAcceptedError as error:
                refusal = error
                continue
            return
        raise refusal or NotAcceptedError(_NO_FIT)

    def _check_key(self, key: IssuerKey, signed_on: date | None) -> None:
        if key.revoked:
            raise NotAcceptedError("the key was withdrawn")
        day = signed_on or self._as_of
        if key.valid_to is not None and day > key.valid_to:
            raise NotAcceptedError("the key had expired when it was signed")
        if key.valid_from is not None and day < key.valid_from:
            raise NotAcceptedError("the key was not in force when it was signed")

    def _contexts(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """The contexts of a document; all of them, at any depth, are known ones."""
        for context in _every_context(document):
            named = [context] if isinstance(context, str) else context
            if not isinstance(named, list) or any(
                not isinstance(one, str) or one not in self._known for one in named
            ):
                raise NotAcceptedError("an @context that is not on the allow-list")
        own = document.get("@context")
        return tuple(own) if isinstance(own, list) else (str(own),)

    def _is_plain(self, proof: Mapping[str, Any], contexts: tuple[str, ...]) -> bool:
        """Whether the fast path covers the document and its proof options."""
        return (
            set(contexts) <= self._fast
            and "@context" not in proof
            and all(isinstance(value, str) for value in proof.values())
        )

    def _check_fast(
        self,
        bare: dict[str, Any],
        proof: Mapping[str, Any],
        contexts: tuple[str, ...],
        key: IssuerKey,
    ) -> None:
        if not isinstance(key.public, Ed25519PublicKey):
            raise NotAcceptedError(_NO_FIT)
        options = {name: text for name, text in proof.items() if name != "proofValue"}
        quads = self._proofs.writer.write(bare)
        data = self._proofs.data(quads, contexts, options)
        key.public.verify(multibase.decode(proof["proofValue"]), data)


def read_jws(text: str) -> Jws:
    """A compact JWS taken apart, its signature not yet checked.

    Raises:
        NotAcceptedError: It is none, or its parts are not JSON objects of the strict
            kind.
    """
    try:
        header = jwt.get_unverified_header(text)
        parts = jwt.PyJWS().decode_complete(text, options={"verify_signature": False})
        payload = strict_loads(parts["payload"].decode())
    except (jwt.PyJWTError, JsonError, ValueError, TypeError, RecursionError):
        raise NotAcceptedError("it is not a JWS of JSON") from None
    if not isinstance(payload, dict):
        raise NotAcceptedError("it is not a JWS of an object")
    return Jws(text, header, payload)


def claimed_time(value: object) -> str | None:
    """The timestamp of a NumericDate claim (RFC 7519, section 2) as ISO text."""
    if not isinstance(value, int | float) or not 0 <= value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC).isoformat()


def signing_day(payload: Mapping[str, Any], *stated: object) -> date | None:
    """The day a JWS says it was signed on: ``iat``, ``nbf``, else a date it states."""
    for name in ("iat", "nbf"):
        day = _day(claimed_time(payload.get(name)))
        if day is not None:
            return day
    return next((day for day in map(_day, stated) if day is not None), None)


def _chosen_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    """The proof this module can check; several others may stand beside it."""
    proofs = document.get("proof")
    listed = proofs if isinstance(proofs, list) else [proofs]
    found = [one for one in listed if isinstance(one, dict)]
    if not found:
        raise NotAcceptedError("no proof")
    for proof in found:
        if (
            proof.get("type") == "DataIntegrityProof"
            and proof.get("cryptosuite") == CRYPTOSUITE
            and proof.get("proofPurpose") == "assertionMethod"
            and isinstance(proof.get("verificationMethod"), str)
            and isinstance(proof.get("proofValue"), str)
        ):
            return proof
    raise NotAcceptedError(f"no proof of the suite {CRYPTOSUITE}")


def _key_of_method(issuer: Issuer, method: str) -> IssuerKey:
    """The issuer's key a proof names; one without an id fits all its methods."""
    for key in issuer.keys:
        if key.id == method:
            return key
        if key.id is None and method.partition("#")[0] == issuer.id:
            return key
    raise NotAcceptedError("not signed by a key that the issuer is listed with")


def _every_context(node: Any) -> Iterator[Any]:
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            if "@context" in one:
                yield one["@context"]
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _refuse_iri_keys(node: Any) -> None:
    """Refuse keys that are no plain terms: what is read has to be what was signed."""
    stack: list[Any] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Mapping):
            if any((":" in k or k[:1] == "@") and k != "@context" for k in one):
                raise UnsignableError("a key is no term")
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _day(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def distinct(values: Iterable[object]) -> bool:
    """Whether all values are texts and no two are equal."""
    listed = list(values)
    texts = {value for value in listed if isinstance(value, str) and value}
    return len(texts) == len(listed)
