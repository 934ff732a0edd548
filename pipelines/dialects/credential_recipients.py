"""Whose badge it is, where several say so.

What a listed issuer signed stands. Two others may add to it, and neither replaces a
signed address, student id or wallet:

- the record around a badge: only a record that a listed issuer signed too, and only to
  a badge that names the same recipient, or none;
- the platform's line around a badge, which the college itself delivers: unless it names
  another recipient, it gives the student id, name and address that the badge lacks.

What was not believed is a D08 warning. That a student id and an address are two
persons' is not known here but at landing (BDG-W02), and in ``idn_badge_recipient``.

Belongs here: merging what is said about the recipient. Does not belong here: reading it
(``credential_rows``), and who that is (dbt).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5, sha256

Row = dict[str, str | None]

_ADDED = ("recipient_email", "recipient_name", "recipient_did", "student_id")
_IDENTITIES = (
    "recipient_email", "recipient_hash", "recipient_did", "recipient_id", "student_id",
)  # fmt: skip

UNSIGNED = "the record around it is not signed, so its learner was not believed"
NOT_THE_SAME = "the record around it does not name the recipient that the badge names"
OTHER = "the delivery names another recipient than the badge"


@dataclass(frozen=True)
class Learner:
    """Whom the record around a badge is about.

    Attributes:
        named: The columns of a recipient.
        is_believed: Whether the record that says so is signed by a listed issuer, or
            trusted with all that stands in it.
    """

    named: Row
    is_believed: bool


def hash_of(identity: str, salt: str | None, algorithm: str = "sha256") -> str:
    """``sha256$`` or ``md5$``, and the digest of identity and salt (OB 2.0, 3.0)."""
    text = (identity + (salt or "")).encode()
    if algorithm == "md5":
        return "md5$" + md5(text, usedforsecurity=False).hexdigest()
    return "sha256$" + sha256(text).hexdigest()


def with_learner(row: Row, learner: Learner) -> tuple[Row, str | None]:
    """The badge with what its record adds, and what was not believed of the record."""
    if not any(_identities(learner.named)):
        return row, None
    same = _compared(row, learner.named)
    fits = same or (same is None and not any(_identities(row)))
    merged = _merged(row, learner.named) if fits else row
    if not learner.is_believed:
        return row, None if fits and merged == row else UNSIGNED
    return merged, None if fits else NOT_THE_SAME


def with_delivered(row: Row, said: Row) -> tuple[Row, str | None]:
    """The badge with what the platform's line adds, and what was not believed of it.

    Args:
        row: What the badge says.
        said: ``recipient_email``, ``recipient_name`` and ``student_id`` of the line.
    """
    if _compared(row, said) is False:
        return row, OTHER
    return _merged(row, said), None


def _compared(row: Row, other: Row) -> bool | None:
    """Whether both name one recipient; None where they have nothing in common."""
    answers = set(_answers(row, other))
    return None if not answers else False not in answers


def _answers(row: Row, other: Row) -> Iterator[bool]:
    for name in ("student_id", "recipient_did", "recipient_id"):
        ours, theirs = row.get(name), other.get(name)
        if ours and theirs:
            yield ours == theirs
    ours, theirs = row.get("recipient_email"), other.get("recipient_email")
    if ours and theirs:
        yield ours.casefold() == theirs.casefold()
    elif ours and other.get("recipient_hash"):
        yield _is_hashed(ours, other)
    elif theirs and row.get("recipient_hash"):
        yield _is_hashed(theirs, row)
    elif row.get("recipient_hash") and _salt(row) == _salt(other):
        yield row["recipient_hash"] == other["recipient_hash"]


def _salt(row: Row) -> str | None:
    return row.get("recipient_salt") if row.get("recipient_hash") else None


def _is_hashed(email: str, row: Row) -> bool:
    stated = row.get("recipient_hash") or ""
    return hash_of(email, row.get("recipient_salt"), stated.partition("$")[0]) == stated


def _identities(row: Mapping[str, str | None]) -> Iterator[str | None]:
    """What names a person; a name alone does not."""
    return (row.get(name) for name in _IDENTITIES)


def _merged(row: Row, other: Row) -> Row:
    """The row with what it lacks; a hash goes with its salt."""
    merged = {**row, **{name: row.get(name) or other.get(name) for name in _ADDED}}
    if not row.get("recipient_email") and not row.get("recipient_hash"):
        for name in ("recipient_hash", "recipient_salt"):
            merged[name] = other.get(name)
    return merged
