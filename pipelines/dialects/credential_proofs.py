"""Whether a credential was signed by an issuer that the college vouches for.

Two ways, both offline: an embedded ``eddsa-rdfc-2022`` proof (W3C Data Integrity EdDSA
Cryptosuites 1.0), and a compact JWS (Open Badges 2.0 signed assertions, VC-JWT,
CLR 1.0). A proof covers the statements of a document, not its JSON, so a document goes
through this project's own canonicaliser, which refuses every member that would be no
statement; a thing that carries the badge is described in one place (Data Integrity 1.0,
2.4.1: what is read has to be what was signed). Known are the contexts that
``openbadgeslib`` ships, and no other.

Belongs here: yes or why not. Does not belong here: what the credential says
(``credentials``). A reason quotes nothing of the credential.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.contexts import bundled_contexts

from pipelines.dialects.credential_issuers import Issuer, IssuerKey
from pipelines.dialects.strict_json import JsonError, strict_loads
from pipelines.publishing import multibase
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import CRYPTOSUITE, Proofs
from pipelines.publishing.terms import Terms

_CARRYING = frozenset({"credentialSubject", "credentialStatus"})
_NO_FIT = "the signature does not match the content, or is of another key"


class NotAcceptedError(Exception):
    """A credential that is not accepted; the message says why, without its content.

    Attributes:
        edit_id: D05 when its signature or issuer does not hold, D07 when it is not one
            badge of one recipient.
    """

    def __init__(self, reason: str, edit_id: str = "D05") -> None:
        super().__init__(reason)
        self.edit_id = edit_id


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
        self._known = frozenset(known_contexts())
        self._proofs = Proofs(_known_terms())

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
        self._check_key(key, day_of(proof.get("created")))
        expires = day_of(proof.get("expires"))
        if expires is not None and expires < self._as_of:
            raise NotAcceptedError("the proof has expired")
        bare = {name: value for name, value in document.items() if name != "proof"}
        if not is_described_once(bare, with_nested=False):
            raise NotAcceptedError("a part of it is described in two places")
        try:
            self._check_proof(bare, proof, contexts, key)
        except UnsignableError:
            value = "it says more than a signature can cover"
            raise NotAcceptedError(value) from None
        except (InvalidSignature, ValueError, TypeError):
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

    def _check_proof(
        self,
        bare: dict[str, Any],
        proof: Mapping[str, Any],
        contexts: tuple[str, ...],
        key: IssuerKey,
    ) -> None:
        if not isinstance(key.public, Ed25519PublicKey):
            raise NotAcceptedError(_NO_FIT)
        # The options are read under the document's contexts (vc-di-eddsa 1.0, 3.2.5).
        options = {
            name: value
            for name, value in proof.items()
            if name not in ("proofValue", "@context")
        }
        stated = proof.get("@context", bare["@context"])
        if stated != bare["@context"]:
            raise UnsignableError("the proof names other contexts than the document")
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
        day = day_of(claimed_time(payload.get(name)))
        if day is not None:
            return day
    return next((day for day in map(day_of, stated) if day is not None), None)


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


def is_described_once(document: Mapping[str, Any], *, with_nested: bool = True) -> bool:
    """Whether credential, recipient and status are each described in one place.

    Statements about one id are one description, wherever they stand: a holder could
    move the end of a validity, or a status, to where nobody reads it. Parts with a
    proof of their own are theirs to answer for.

    Args:
        document: The credential or record.
        with_nested: Whether to look into the credentials of a record.
    """
    described: dict[str, int] = {}
    carrying: set[str] = set()
    stack: list[tuple[Any, bool]] = [(document, True)]
    while stack:
        one, is_carrying = stack.pop()
        if isinstance(one, list):
            stack += [(part, is_carrying) for part in one]
        if not isinstance(one, Mapping) or (one is not document and "proof" in one):
            continue
        identifier = one.get("id")
        if isinstance(identifier, str) and set(one) - {"id", "type"}:
            described[identifier] = described.get(identifier, 0) + 1
            if is_carrying or "credentialSubject" in one:
                carrying.add(identifier)
        stack += [
            (value, name in _CARRYING)
            for name, value in one.items()
            if with_nested or name != "verifiableCredential"
        ]
    return all(described[identifier] == 1 for identifier in carrying)


@functools.cache
def known_contexts() -> Mapping[str, dict[str, Any]]:
    """The contexts a badge may name, by URL."""
    return {**bundled_contexts(), **bundled_clr_contexts()}


@functools.cache
def _known_terms() -> Terms:
    return Terms(known_contexts())


def day_of(value: object) -> date | None:
    """The date of an ISO timestamp; None when it is none."""
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
