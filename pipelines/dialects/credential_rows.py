"""What a badge says, in the words of the table ``credential``.

One function a format: Open Badges 2.0 assertion, Open Badges 3.0 credential, CLR 1.0
assertion. Nested objects may be absent, an URL, one value or a list: a reader of
platform exports has to live with all four.

Belongs here: fields to columns. Does not belong here: whether to believe them
(``credential_proofs``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

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

Row = dict[str, str | None]

_LONGEST_ID = 80
_STUDENT_IDS = ("sisSourcedId", "sourcedId", "identifier", "systemId", "accountId")


@dataclass(frozen=True)
class Envelope:
    """What a platform says beside the credential; no signature covers it.

    Attributes:
        id: The platform's id of the assertion; has to stand in the signed id.
        email: Address the platform delivered to; believed only where the credential
            names the same one, hashed, or none.
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
    """Whom a credential was issued to, as far as it says."""

    email: str | None = None
    hashes: list[tuple[str, str]] = field(default_factory=list)
    name: str | None = None
    did: str | None = None
    student_id: str | None = None


def open_badge_3(credential: Mapping[str, Any]) -> Row:
    """An Open Badges 3.0 credential, or one nested in a CLR 2.0."""
    subject = _object(credential.get("credentialSubject"))
    achievement = _object(subject.get("achievement"))
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
    """An Open Badges 2.0 assertion; badge class and issuer embedded or named."""
    badge = _object(assertion.get("badge"))
    issuer = _object(badge.get("issuer"))
    recipient = _of_identity(_object(assertion.get("recipient")), "type", "identity")
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
        "status": "REVOKED" if assertion.get("revoked") is True else None,
        "evidence_url": _first_id(assertion.get("evidence")),
        "skills": _skills(badge, "alignment", "tags"),
    }


def clr_1_assertion(assertion: Mapping[str, Any], clr: Mapping[str, Any]) -> Row:
    """An assertion of a CLR 1.0; the learner of the record is its recipient."""
    achievement = _object(assertion.get("achievement"))
    publisher = _object(clr.get("publisher"))
    issuer = _object(achievement.get("issuer")) or publisher
    recipient = _of_identity(_object(assertion.get("recipient")), "type", "identity")
    learner = _object(clr.get("learner"))
    recipient.name = recipient.name or _text(learner.get("name"))
    recipient.email = recipient.email or (
        None if recipient.hashes else _text(learner.get("email"))
    )
    recipient.student_id = recipient.student_id or _text(learner.get("studentId"))
    return {
        "format": "CLR1",
        **_identified(assertion.get("id")),
        "class_id": _text(achievement.get("id")),
        "badge_name": _text(achievement.get("name")),
        "issuer_id": _text(issuer.get("id")),
        "issuer_name": _text(issuer.get("name")),
        **_received(recipient),
        "issued_on": _day(assertion.get("issuedOn") or clr.get("issuedOn")),
        "expires_on": _day(assertion.get("expires")),
        "status": "REVOKED" if assertion.get("revoked") is True else None,
        "evidence_url": _first_id(assertion.get("evidence")),
        "skills": _skills(achievement, "alignments", "tags"),
    }


def enveloped(row: Row, envelope: Envelope, prefixes: Sequence[str]) -> Row | None:
    """The row with what the platform adds; None when it speaks of another assertion.

    Args:
        row: What the credential says.
        envelope: What the platform says beside it.
        prefixes: Beginnings of ids that only say where an id comes from.
    """
    full = row["assertion_id"] or ""
    if envelope.id is not None and not full.endswith(envelope.id):
        return None
    email = row["recipient_email"]
    if email is None and envelope.email is not None:
        stated = row["recipient_hash"]
        if stated is None or hash_of(envelope.email, row["recipient_salt"]) == stated:
            email = envelope.email
    return {
        **row,
        "platform": envelope.platform or row.get("platform"),
        "assertion_id": envelope.id or _short(full, prefixes),
        "class_id": _short(row["class_id"] or envelope.class_id, prefixes),
        "recipient_email": email,
        "recipient_name": row["recipient_name"] or envelope.name,
        "student_id": row["student_id"] or envelope.student_id,
        "status": row["status"] or envelope.state,
        "updated_at": envelope.updated_at,
    }


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


def hash_of(identity: str, salt: str | None) -> str:
    """``sha256$`` and the digest of an identity followed by its salt (OB 2.0, 3.0)."""
    return "sha256$" + sha256((identity + (salt or "")).encode()).hexdigest()


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
    elif what in ("id", "did") and text.startswith("did:"):
        found.did = text
    return found


def _received(recipient: Recipient) -> Row:
    digest, salt = recipient.hashes[0] if recipient.hashes else (None, None)
    return {
        "recipient_email": recipient.email,
        "recipient_hash": None if recipient.email else digest,
        "recipient_salt": None if recipient.email else salt,
        "recipient_name": recipient.name,
        "recipient_did": recipient.did,
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
