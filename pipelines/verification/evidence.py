"""What a credential rests on, and where a newer one would be.

Sources: EvidenceProbe and the refresh of 1EdTech's public validator.

Belongs here: ``evidence`` and ``refreshService``. Does not belong here: fetching
them.
"""

from pipelines.verification.document import Document, listed, objects, texts
from pipelines.verification.report import Finding, judged, passed, skipped
from pipelines.verification.trust import Trust


def evidence(document: Document, trust: Trust) -> Finding:
    """Every piece of evidence says that it is one."""
    del trust
    named = listed(document.body.get("evidence"))
    right = sum("Evidence" in texts(one.get("type")) for one in objects(named))
    return judged(
        ["a piece of evidence is no Evidence"] if right < len(named) else [],
        "the issuer has to correct it and issue it again",
        f"{right} named" if named else "it names none",
    )


def refresh(document: Document, trust: Trust) -> Finding:
    """Whether somewhere a newer one may be."""
    del trust
    if not listed(document.body.get("refreshService")):
        return passed("it names none")
    return skipped("it names a service with newer ones, which is not asked")
