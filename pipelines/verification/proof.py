"""Whether the issuer signed it.

Belongs here: the member ``proof`` in words, and beside it the signature of a JWT. Does
not belong here: the mathematics (``publishing.proof_check``, ``jwt.py``), finding keys
(``trust.py``).
"""

from pipelines.verification.document import Document, Kind
from pipelines.verification.jwt import signature
from pipelines.verification.report import Finding, failed, passed, skipped
from pipelines.verification.trust import Trust, UnknownKeysError

_ASK = "do not rely on it; ask the issuer for its own copy"


def proof(document: Document, trust: Trust) -> Finding:
    """A key that its issuer publishes signed all that it says."""
    if document.kind is Kind.PRESENTATION:
        return _of_presentation(document)
    if document.jws is not None:
        found = signature(document, trust)
        # Whoever signed a text around a proof answers for both.
        if found.verdict != "passed" or not document.body.get("proof"):
            return found
    if not document.body.get("proof"):
        return failed("it is not signed", _ASK)
    try:
        keys = trust.keys(document.issuer)
    except UnknownKeysError as error:
        if error.is_offline:
            return skipped(str(error))
        what, _, remedy = str(error).partition(": ")
        return failed(what, remedy)
    failure = keys.failure(document.body, by_reference=True)
    if failure is not None:
        return failed(failure, _ASK)
    twice = ", as a text and by a proof in it" if document.jws else ""
    return passed(f"signed by {keys.did}{twice}; nothing in it was altered")


def _of_presentation(document: Document) -> Finding:
    if document.body.get("proof") or document.jws is not None:
        return failed(
            "who presents it signed it, which is not checked here",
            "hand in its credentials, or use 1EdTech's public validator",
        )
    return passed("nobody signed the presentation; its credentials have their own")
