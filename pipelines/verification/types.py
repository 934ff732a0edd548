"""What a document calls itself.

Belongs here: the member ``type`` of the document. Does not belong here: types of its
parts (``subject.py``, ``issuer.py``, ``evidence.py``).
"""

from pipelines.verification.document import Document, Kind, texts
from pipelines.verification.report import Finding, failed, passed, warning
from pipelines.verification.trust import Trust

_ASK = "ask for what it presents as one file"
_KNOWN = "ClrCredential, OpenBadgeCredential or AchievementCredential"


def types(document: Document, trust: Trust) -> Finding:
    """VerifiableCredential, and one of the kinds that are known."""
    del trust
    named = texts(document.body.get("type"))
    if document.kind is Kind.PRESENTATION:
        if document.where:
            return failed("it is a presentation within another document", _ASK)
        return passed(document.kind.value)
    if "VerifiableCredential" not in named:
        return failed(
            "it does not call itself a VerifiableCredential",
            "hand in a credential; the issuer has to issue this one again as one",
        )
    if document.kind is Kind.OTHER:
        if document.where:
            return warning("it is of a kind whose content is not checked")
        return failed(f"it is no {_KNOWN}", "hand in a learner record or a badge")
    return passed(document.kind.value)
