"""Who stands by it: every endorsement in it is a credential, and has to hold.

Source: EndorsementInspector of 1EdTech's public validator (``$..endorsement``,
``$..endorsementJwt``).

Belongs here: finding them, and which checks they have to pass. Does not belong here:
the checks.
"""

from collections.abc import Mapping

from pipelines.verification.contexts import contexts
from pipelines.verification.dates import issued, not_expired
from pipelines.verification.document import Document, Kind, every
from pipelines.verification.issuer import issuer
from pipelines.verification.meaning import terms
from pipelines.verification.proof import proof
from pipelines.verification.report import Finding, failed, passed, skipped
from pipelines.verification.status import status
from pipelines.verification.subject import subject
from pipelines.verification.trust import Trust
from pipelines.verification.types import types

_ASK = "do not count on it; ask who endorsed for their own copy"
_CHECKS = (
    contexts,
    types,
    subject,
    issuer,
    terms,
    proof,
    status,
    not_expired,
    issued,
)


def endorsements(document: Document, trust: Trust) -> Finding:
    """Every endorsement holds by itself."""
    found = list(every(document.body, "endorsement", "endorsementJwt"))
    unchecked = []
    for number, (name, value) in enumerate(found, start=1):
        label = f"endorsement {number} of {len(found)}"
        if name == "endorsementJwt":
            unchecked.append(f"{label} is a signed text (JWT), which is not read here")
            continue
        judged = _endorsement(value, trust)
        if judged.verdict == "failed":
            return failed(f"{label}, {judged.words.partition(': ')[0]}", _ASK)
        if judged.verdict == "skipped":
            unchecked.append(f"{label}, {judged.words}")
    if unchecked:
        return skipped(unchecked[0])
    return passed(f"{len(found)} hold" if found else "it has none")


def _endorsement(value: object, trust: Trust) -> Finding:
    if not isinstance(value, Mapping):
        return failed("it is not a credential", _ASK)
    document = Document(value)
    if document.kind is not Kind.ENDORSEMENT:
        return failed("it is no EndorsementCredential", _ASK)
    found = [check(document, trust) for check in _CHECKS]
    for verdict in ("failed", "skipped"):
        for one in found:
            if one.verdict == verdict:
                return one
    return passed()
