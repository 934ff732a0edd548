"""What a badge says, in the words of the table ``credential``.

One function a format: Open Badges 2.0 assertion, Open Badges 3.0 credential, CLR 1.0
assertion. Nested objects may be absent, an URL, one value or a list: a reader of
platform exports has to live with all four.

Belongs here: fields to columns. Does not belong here: whether to believe them
(``credential_proofs``), and whom to believe about the recipient
(``credential_recipients``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pipelines.dialects.credential_proofs import NotAcceptedError
from pipelines.dialects.credential_recipients import Row, with_delivered

COLUMNS = (
    "format",
    "platform",
    "assertion_id",
    "assertion_url",
    "class_id",
    "badge_name",
    "issuer_id",
    "issuer_name",
    "recipient_email",
    "recipient_hash",
    "recipient_salt",
    "recipient_name",
    "recipient_did",
    "student_id",
    "issued_on",
    "expires_on",
    "status",
    "evidence_url",
    "skills",
    "updated_at",
)

_LONGEST_ID = 80
_STUDENT_IDS = ("sisSourcedId", "sourcedId", "identifier", "systemId", "accountId")


@dataclass(frozen=True)
class Envelope:
    """What a platform says beside the credential; no signature covers it.

    Attributes:
        id: The platform's id of the assertion: the signed id, or its last part.
        email: Address the platform delivered to.
    """

    id: str | None = None
    platform: str | None = None
    state: str | None = None
    student_id: str | None = None
    name: str | None = None
    email: str | None = None
    class_id: str | None = None
    updated_at: str | None = None


@dataclass
class Recipient:
    """Whom a credential was issued to, as far as it says.

    Attributes:
        id: The recipient's id in a CLR 1.0, where it is no DID.
    """

    email: str | None = None
    hashes: list[tuple[str, str]] = field(default_factory=list)
    name: str | None = None
    did: str | None = None
    id: str | None = None
    student_id: str | None = None


def open_badge_3(credential: Mapping[str, Any]) -> Row:
    """An Open Badges 3.0 credential, or one nested in a CLR 2.0.

    Raises:
        NotAcceptedError: D07, it is not one badge of one recipient.
    """
    subject = only(credential.get("credentialSubject"), "recipients")
    achievement = only(subject.get("achievement"), "achievements")
    issuer = _object(credential.get("issuer"))
    recipient = _of_subject(subject)
    return {
        "format": "3.0",
        **_identified(credential.get("id")),
        "class_id": _text(achievement.get("id")),
        "badge_name": _text(achievement.get("name")) or _text(credential.get("name")),
        "issuer_id": _text(issuer.get("id")),
        "issuer_name": _text(issuer.get("name")),
        **_received(recipient),
        "issued_on": _day(
            credential.get("awardedDate")
            or credential.get("validFrom")
            or credential.get("issuanceDate")
        ),
        "expires_on": _day(
            credential.get("validUntil") or credential.get("expirationDate")
        ),
        "status": None,
        "evidence_url": _first_id(credential.get("evidence")),
        "skills": _skills(achievement, "alignment", "tag"),
    }


def open_badge_2(assertion: Mapping[str, Any]) -> Row:
    """An Open Badges 2.0 assertion; badge class and issuer embedded or named.

    Raises:
        NotAcceptedError: D07, it is not one badge of one recipient.
    """
    badge = only(assertion.get("badge"), "badge classes")
    issuer = _object(badge.get("issuer"))
    recipient = _of_recipient(assertion)
    for extension in _extensions(assertion):
        recipient.name = recipient.name or _text(extension.get("name"))
        recipient.student_id = recipient.student_id or _text(extension.get("studentId"))
    return {
        "format": "2.0",
        **_identified(assertion.get("id")),
        "class_id": _text(badge.get("id")),
        "badge_name": _text(badge.get("name")),
        "issuer_id": _text(issuer.get("id")),
        "issuer_name": _text(issuer.get("name")),
        **_received(recipient),
        "issued_on": _day(assertion.get("issuedOn")),
        "expires_on": _day(assertion.get("expires")),
        "status": _revoked(assertion),
        "evidence_url": _first_id(assertion.get("evidence")),
        "skills": _skills(badge, "alignment", "tags"),
    }


def clr_1_assertion(assertion: Mapping[str, Any], issued_on: Any = None) -> Row:
    """An assertion of a CLR 1.0; its issuer is the caller's to say.

    Args:
        assertion: What stands in the record.
        issued_on: The record's own day, for assertions that state none.

    Raises:
        NotAcceptedError: D07, it is not one badge of one recipient.
    """
    achievement = only(assertion.get("achievement"), "achievements")
    return {
        "format": "CLR1",
        **_identified(assertion.get("id")),
        "class_id": _text(achievement.get("id")),
        "badge_name": _text(achievement.get("name")),
        **_received(_of_recipient(assertion)),
        "issued_on": _day(assertion.get("issuedOn") or issued_on),
        "expires_on": _day(assertion.get("expires")),
        "status": _revoked(assertion),
        "evidence_url": _first_id(assertion.get("evidence")),
        "skills": _skills(achievement, "alignments", "tags"),
    }


def learner_1(clr: Mapping[str, Any]) -> Row:
    """Whom a CLR 1.0 is about."""
    learner = _object(clr.get("learner"))
    found = Recipient(
        email=_text(learner.get("email")),
        name=_text(learner.get("name")),
        student_id=_text(learner.get("studentId")),
    )
    _identify(found, _text(learner.get("id")))
    return _received(found)


def learner_2(clr: Mapping[str, Any]) -> Row:
    """Whom a CLR 2.0 is about.

    Raises:
        NotAcceptedError: D07, it has several learners.
    """
    return _received(_of_subject(only(clr.get("credentialSubject"), "recipients")))


def enveloped(
    row: Row, envelope: Envelope, prefixes: Sequence[str]
) -> tuple[Row, str | None]:
    """The row with what the platform adds, and what was not believed of that.

    Args:
        row: What the credential says.
        envelope: What the platform says beside it.
        prefixes: Beginnings of ids that only say where an id comes from.

    Raises:
        NotAcceptedError: D07, the platform speaks of another assertion.
    """
    full = row["assertion_id"] or ""
    short = _short(row["assertion_id"], prefixes)
    if envelope.id not in (None, full, short, _last_part(full)):
        value = "the delivery names another assertion than the credential"
        raise NotAcceptedError(value, "D07")
    said = {
        "recipient_email": envelope.email,
        "recipient_name": envelope.name,
        "student_id": envelope.student_id,
    }
    merged, doubt = with_delivered(row, said)
    return {
        **merged,
        "platform": envelope.platform or row.get("platform"),
        "assertion_id": envelope.id or short,
        "class_id": _short(row["class_id"] or envelope.class_id, prefixes),
        "status": row["status"] or envelope.state,
        "updated_at": envelope.updated_at,
    }, doubt


def read_envelope(item: Mapping[str, Any]) -> tuple[Envelope, Any]:
    """A platform's line taken apart: ``{"credential": …, "state": …}``."""
    state = _text(item.get("state"))
    return (
        Envelope(
            id=_text(item.get("id")),
            platform=_text(item.get("platform")),
            state=state.upper() if state else None,
            student_id=_text(item.get("student_id")),
            name=_text(item.get("recipient_name")),
            email=_text(item.get("recipient_email")),
            class_id=_text(item.get("badge_class_id")),
            updated_at=_text(item.get("updated_at")),
        ),
        item["credential"],
    )


def name_of(profile: Any) -> str | None:
    """The name of an issuer's profile."""
    return _text(_object(profile).get("name"))


def only(value: Any, what: str) -> Mapping[str, Any]:
    """The one object of a place that may hold a list.

    Raises:
        NotAcceptedError: D07, it holds several ``what``.
    """
    if isinstance(value, list) and len(value) > 1:
        raise NotAcceptedError(f"it has several {what}", "D07")
    return _object(value)


def _revoked(assertion: Mapping[str, Any]) -> str | None:
    """Platforms also write the flag as text; whatever is no denial withdraws."""
    flag = assertion.get("revoked")
    return None if flag in (None, False, "", "false", "False") else "REVOKED"


def _of_recipient(assertion: Mapping[str, Any]) -> Recipient:
    recipient = only(assertion.get("recipient"), "recipients")
    return _of_identity(recipient, "type", "identity")


def _of_subject(subject: Mapping[str, Any]) -> Recipient:
    found = Recipient()
    identifier = _text(subject.get("id"))
    if identifier is not None and identifier.startswith("did:"):
        found.did = identifier
    for entry in _list(subject.get("identifier")):
        one = _of_identity(_object(entry), "identityType", "identityHash")
        found.email = found.email or one.email
        found.name = found.name or one.name
        found.student_id = found.student_id or one.student_id
        found.hashes += one.hashes
    return found


def _of_identity(entry: Mapping[str, Any], kind: str, value: str) -> Recipient:
    """One identity, plain or hashed; ``emailAddress`` is ``email`` in OB 2.0."""
    found = Recipient()
    text, what = _text(entry.get(value)), _text(entry.get(kind))
    if text is None:
        return found
    if entry.get("hashed") is True:
        if what in ("emailAddress", "email"):
            found.hashes.append((text.lower(), _text(entry.get("salt")) or ""))
    elif what in ("emailAddress", "email"):
        found.email = text.removeprefix("mailto:")
    elif what == "name":
        found.name = text
    elif what in _STUDENT_IDS:
        found.student_id = text
    elif what in ("id", "did"):
        _identify(found, text)
    return found


def _identify(recipient: Recipient, identifier: str | None) -> None:
    if identifier is not None and identifier.startswith("did:"):
        recipient.did = identifier
    else:
        recipient.id = identifier


def _received(recipient: Recipient) -> Row:
    digest, salt = recipient.hashes[0] if recipient.hashes else (None, None)
    return {
        "recipient_email": recipient.email,
        "recipient_hash": None if recipient.email else digest,
        "recipient_salt": None if recipient.email else salt,
        "recipient_name": recipient.name,
        "recipient_did": recipient.did,
        "recipient_id": recipient.id,
        "student_id": recipient.student_id,
    }


def _identified(value: Any) -> Row:
    text = _text(value)
    is_url = text is not None and text.startswith(("https://", "http://"))
    return {"assertion_id": text, "assertion_url": text if is_url else None}


def _short(identifier: str | None, prefixes: Sequence[str]) -> str | None:
    """An id as the platform prints it; a digest where that is longer than a key."""
    if identifier is None:
        return None
    for prefix in prefixes:
        if identifier.startswith(prefix) and len(identifier) > len(prefix):
            identifier = identifier[len(prefix) :]
            break
    if len(identifier) > _LONGEST_ID:
        return sha256(identifier.encode()).hexdigest()
    return identifier


def _last_part(identifier: str) -> str:
    """What stands after the last slash or colon of an id, query and fragment apart."""
    path = re.split("[?#]", identifier, maxsplit=1)[0].rstrip("/")
    return re.split("[/:]", path)[-1]


def _skills(achievement: Mapping[str, Any], aligned: str, tags: str) -> str | None:
    """Names of the frameworks' entries a badge is aligned to, else its tags."""
    names = [
        _text(_object(one).get("targetName")) for one in _list(achievement.get(aligned))
    ]
    found = [name for name in names if name] or [
        tag for tag in map(_text, _list(achievement.get(tags))) if tag
    ]
    return "; ".join(found) or None


def _extensions(assertion: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (
        value
        for name, value in assertion.items()
        if name.startswith("extensions:") and isinstance(value, dict)
    )


def _first_id(value: Any) -> str | None:
    for one in _list(value):
        text = _text(one) or _text(_object(one).get("id"))
        if text is not None and text.startswith(("https://", "http://")):
            return text
    return None


def _object(value: Any) -> Mapping[str, Any]:
    """An object; the first of a list; an URL as an object of which only it is known."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return {"id": value}
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _day(value: Any) -> str | None:
    """The date of a timestamp as it stands: a zone never moves the day of an award."""
    text = _text(value)
    return text[:10] if text is not None and text[10:11] in ("", "T", " ") else text
