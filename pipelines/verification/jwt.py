"""A credential as a signed text (VC-JWT): header, key, signature, claims.

Sources: Open Badges 3.0 and CLR 2.0, JSON Web Token Proof Format ("Verify a
Credential"); ExternalProofProbe of 1EdTech's public validator (ES256 or RS256 alone);
RFC 8725 §3.1 (the key decides the algorithm, never the header).

Belongs here: what a JWT has beside its credential. Does not belong here: reading its
parts (``parsing.py``), the mathematics (``dialects.credential_proofs``).
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pipelines.dialects.credential_issuers import Issuer, Issuers
from pipelines.dialects.credential_proofs import Checker, Jws, NotAcceptedError
from pipelines.errors import OperatorError
from pipelines.verification.dates import moment
from pipelines.verification.document import Document
from pipelines.verification.report import Finding, failed, passed, skipped
from pipelines.verification.trust import Trust, UnknownKeysError

ALGORITHMS = ("ES256", "RS256")
_HEADERS = {"alg", "kid", "typ"}
_TYPES = (None, "JWT", "vc+jwt")
_ASK = "do not rely on it; ask the issuer for its own copy"
_AGAIN = "the issuer has to sign it again"


def header(document: Document, trust: Trust) -> Finding:
    """It says nothing but algorithm, key and type."""
    del trust
    said = _jws(document).header
    if "jwk" in said:
        return failed("it brings its own key, which proves nothing", _AGAIN)
    if set(said) - _HEADERS:
        return failed("its header says more than algorithm, key and type", _AGAIN)
    if said.get("typ") not in _TYPES:
        return failed("its header says that it is no JWT", _AGAIN)
    return passed("algorithm, key and type")


def algorithm(document: Document, trust: Trust) -> Finding:
    """One that only the holder of a private key can have used."""
    del trust
    named = _jws(document).header.get("alg")
    if named == "none":
        return failed("it is not signed: its algorithm is none", _ASK)
    if named not in ALGORITHMS:
        return failed(f"its algorithm is neither {' nor '.join(ALGORITHMS)}", _ASK)
    return passed(str(named))


def key(document: Document, trust: Trust) -> Finding:
    """The key that it names is its issuer's, and of its algorithm."""
    try:
        found = _key(document, trust)
    except UnknownKeysError as error:
        return _unknown(error)
    (one,) = found.keys
    named = _jws(document).header.get("alg")
    if named not in one.algorithms:
        return failed("its algorithm is not that of the key that it names", _ASK)
    return passed(f"published by {found.id}")


def signature(document: Document, trust: Trust) -> Finding:
    """That key signed every byte of it."""
    named = _jws(document).header.get("alg")
    if named not in ALGORITHMS:
        return failed("it is not signed by its issuer", _ASK)
    try:
        found = _key(document, trust)
        Checker(trust.now.date()).check_jws(_jws(document), found, None)
    except UnknownKeysError as error:
        return _unknown(error)
    except NotAcceptedError:
        return failed("its signature does not match its content", _ASK)
    return passed(f"signed by {found.id}; nothing in it was altered")


def _issuer(document: Document) -> Finding:
    return _equal(document, "iss", document.issuer, "its issuer")


def _subject(document: Document) -> Finding:
    subject = document.body.get("credentialSubject")
    named = subject.get("id") if isinstance(subject, Mapping) else None
    return _equal(document, "sub", named, "the id of its subject")


def _id(document: Document) -> Finding:
    return _equal(document, "jti", document.body.get("id"), "the id of the credential")


def _begin(document: Document) -> Finding:
    name = "issuanceDate" if document.is_old else "validFrom"
    begins = moment(document.body.get(name))
    if begins is None or not _is_moment(document, "nbf", begins):
        return failed(f"nbf is not the moment of {name}", _ASK)
    return passed(f"the moment of {name}")


def _end(document: Document) -> Finding:
    name = "expirationDate" if document.is_old else "validUntil"
    if name not in document.body and "exp" not in _jws(document).payload:
        return passed("it does not expire")
    ends = moment(document.body.get(name))
    if ends is None or not _is_moment(document, "exp", ends):
        return failed(f"exp is not the moment of {name}", _ASK)
    return passed(f"the moment of {name}")


def _probe(find: Callable[[Document], Finding]) -> Callable[..., Finding]:
    return lambda document, _: find(document)


CLAIMS: tuple[tuple[str, Callable[[Document, Trust], Finding]], ...] = (
    ("iss", _probe(_issuer)),
    ("sub", _probe(_subject)),
    ("jti", _probe(_id)),
    ("nbf", _probe(_begin)),
    ("exp", _probe(_end)),
)
"""By the registered claim, whether it says what the credential says."""


def _equal(document: Document, claim: str, value: object, what: str) -> Finding:
    if not isinstance(value, str) or not value:
        return failed(f"{claim} has nothing to be equal to: no {what}", _AGAIN)
    if _jws(document).payload.get(claim) != value:
        return failed(f"{claim} is not {what}", _ASK)
    return passed(f"it is {what}")


def _is_moment(document: Document, claim: str, value: datetime) -> bool:
    """A NumericDate (RFC 7519 §2) of that moment, with its fraction or without."""
    said = _jws(document).payload.get(claim)
    if isinstance(said, bool):
        return False
    return said in (value.timestamp(), math.floor(value.timestamp()))


def _key(document: Document, trust: Trust) -> Issuer:
    """Its issuer with the one key that it names.

    Raises:
        UnknownKeysError: the issuer's keys cannot be had, or that is none of them.
    """
    kid = _jws(document).header.get("kid")
    if not isinstance(kid, str) or kid.partition("#")[0] != document.issuer:
        raise UnknownKeysError(f"it names no key of its issuer: {_ASK}")
    return _published(trust.document(document.issuer), document.issuer, kid)


def _published(of_issuer: Mapping[str, Any], issuer: str, kid: str) -> Issuer:
    missing = UnknownKeysError(f"it names a key that its issuer does not list: {_ASK}")
    try:
        if of_issuer["id"] != issuer or kid not in of_issuer["assertionMethod"]:
            raise missing
        (method,) = (m for m in of_issuer["verificationMethod"] if m["id"] == kid)
        listed = {"id": issuer, "verificationMethod": [method]}
        declared = {
            "id": issuer,
            "did_document": {**listed, "assertionMethod": [kid]},
        }
        found = Issuers([declared]).of(issuer)
    except (OperatorError, KeyError, TypeError, ValueError, AttributeError):
        raise missing from None
    if found is None or not found.keys:
        raise missing
    return found


def _unknown(error: UnknownKeysError) -> Finding:
    if error.is_offline:
        return skipped(str(error))
    what, _, remedy = str(error).partition(": ")
    return failed(what, remedy)


def _jws(document: Document) -> Jws:
    assert document.jws is not None
    return document.jws
