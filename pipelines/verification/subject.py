"""Of whom and of what a credential speaks.

Source: 1EdTech's public validator, ClrSubjectProbe and CredentialSubjectProbe.

Belongs here: ``credentialSubject`` and the achievements in it. Does not belong here:
credentials nested in it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.verification.document import Document, Kind, listed, objects, texts
from pipelines.verification.report import Finding, judged, passed
from pipelines.verification.trust import Trust

_TYPES = {
    Kind.RECORD: "ClrSubject",
    Kind.BADGE: "AchievementSubject",
    Kind.ENDORSEMENT: "EndorsementSubject",
}
_PARTS = (
    (
        "identifier",
        "IdentityObject",
        "an identifier of the subject is no IdentityObject",
    ),
    ("result", "Result", "a result is no Result"),
    ("source", "Profile", "the source is no Profile"),
)
_REMEDY = "the issuer has to correct it and issue it again"


def subject(document: Document, trust: Trust) -> Finding:
    """There is one of its kind, that can be told from others, with its achievements."""
    del trust
    if document.kind not in _TYPES:
        return passed("its kind has no rules of its own")
    subjects = objects(document.body.get("credentialSubject"))
    if len(subjects) != 1:
        return judged(["it has not one subject"], _REMEDY)
    return judged(_faults(document.kind, subjects[0]), _REMEDY, _TYPES[document.kind])


def _faults(kind: Kind, one: Mapping[str, Any]) -> Iterator[str]:
    if _TYPES[kind] not in texts(one.get("type")):
        yield f"the subject is no {_TYPES[kind]}"
    if not one.get("id") and not one.get("identifier"):
        yield "the subject has neither an id nor an identifier"
    achievements = listed(one.get("achievement"))
    if kind is Kind.BADGE and len(achievements) != 1:
        yield "the subject has not one achievement"
    if kind is Kind.RECORD and not listed(one.get("verifiableCredential")):
        yield "the record holds no credential"
    for achievement in achievements:
        yield from _achievement_faults(achievement)
    for member, due, said in _PARTS:
        if not all(_is(part, due) for part in listed(one.get(member))):
            yield said


def _achievement_faults(achievement: Any) -> Iterator[str]:
    if not _is(achievement, "Achievement"):
        yield "an achievement is no Achievement"
        return
    criteria = objects(achievement.get("criteria"))
    if not any(one.get("id") or one.get("narrative") for one in criteria):
        yield "an achievement has no criteria"
    for described in listed(achievement.get("resultDescription")):
        if not _is(described, "ResultDescription"):
            yield "a description of results is no ResultDescription"


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, Mapping) and kind in texts(value.get("type"))
