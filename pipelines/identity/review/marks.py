"""Two records side by side: which fields agree, come close or differ.

Belongs here: the reading help for a clerk's eye. Does not belong here: evidence; what
is marked here decides nothing (see ``evidence``).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import JaroWinkler

CLOSE_NAMES = 0.9
_GENERATION = 10


class Mark(StrEnum):
    """How two fields compare; each has a sign and words, not a colour alone."""

    AGREE = "agree"
    EARLIER = "earlier"
    CLOSE = "close"
    DIFFER = "differ"
    ONE_SIDE = "one_side"


SIGN = {
    Mark.AGREE: ("✓", "agrees", "good"),
    Mark.EARLIER: ("↺", "agrees with an earlier value", "good"),
    Mark.CLOSE: ("≈", "close", "warn"),
    Mark.DIFFER: ("✕", "differs", "stop"),
    Mark.ONE_SIDE: ("–", "one side only", "soft"),
}


@dataclass(frozen=True)
class Field:
    """One line of the comparison.

    Attributes:
        label: What the clerk reads.
        columns: Columns of ``representation`` that make the value, joined by a space.
        kind: ``text``, ``exact``, ``date`` or ``hidden``.
    """

    label: str
    columns: tuple[str, ...]
    kind: str = "text"


FIELDS = (
    Field("Given name", ("first_name",)),
    Field("Middle name", ("middle_name",)),
    Field("Family name", ("last_name",)),
    Field("Suffix", ("suffix",)),
    Field("Preferred given name", ("preferred_first_name",)),
    Field("Birth date", ("birth_date",), "date"),
    Field("Sex", ("sex",), "exact"),
    Field("Personal e-mail", ("email_personal",), "exact"),
    Field("Phone", ("phone",), "phone"),
    Field("Street", ("address_line1",)),
    Field("City", ("city",)),
    Field("Postal code", ("postal_code",), "exact"),
    Field("High school", ("high_school_code",), "exact"),
    Field("High school graduation", ("high_school_grad_year",), "exact"),
    Field("Social Security number", ("ssn",), "hidden"),
    Field("Taxpayer number (ITIN)", ("itin",), "hidden"),
    Field("College's substitute number", ("pseudo_ssn",), "hidden"),
    Field("State postsecondary id", ("state_ps_id",), "hidden"),
    Field("State K-12 id", ("state_k12_id",), "hidden"),
)


@dataclass(frozen=True)
class Line:
    """A field of both records as the page shows it; values of hidden ones are not."""

    label: str
    a: str | None
    b: str | None
    mark: Mark
    a_earlier: tuple[str, ...]
    b_earlier: tuple[str, ...]


def compare(
    a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]
) -> list[Line]:
    """Line up two students, field by field.

    Args:
        a: The representations of one student, the current one first.
        b: Those of the other.

    Returns:
        A line for every field that at least one side ever had.
    """
    lines = []
    for field in FIELDS:
        mine, theirs = _values(field, a), _values(field, b)
        if not mine and not theirs:
            continue
        now_a, now_b = _current(field, a), _current(field, b)
        mark = _mark(field, now_a, now_b)
        if mark is not Mark.AGREE and _ever_agree(field, mine, theirs):
            mark = Mark.EARLIER
        hidden = field.kind == "hidden"
        lines.append(
            Line(
                field.label,
                _shown(now_a, hidden=hidden),
                _shown(now_b, hidden=hidden),
                mark,
                () if hidden else _earlier(field, mine, now_a),
                () if hidden else _earlier(field, theirs, now_b),
            )
        )
    return lines


def folded(text: str) -> str:
    """Letters and digits only, no case, no accents: what a clerk reads as the same."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain.casefold() if c.isalnum())


def _value(field: Field, row: Mapping[str, Any]) -> str | None:
    parts = [str(row[c]) for c in field.columns if row.get(c) not in (None, "")]
    return " ".join(parts) or None


def _current(field: Field, rows: Sequence[Mapping[str, Any]]) -> str | None:
    # An identifier is held for the student, not for one version of the record.
    if field.kind == "hidden":
        return next((v for row in rows if (v := _value(field, row))), None)
    return _value(field, rows[0]) if rows else None


def _values(field: Field, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    found = (_value(field, row) for row in rows)
    return list(dict.fromkeys(value for value in found if value is not None))


def _earlier(field: Field, values: Sequence[str], now: str | None) -> tuple[str, ...]:
    same = _key(field, now) if now else None
    return tuple(value for value in values if _key(field, value) != same)


def _shown(value: str | None, *, hidden: bool) -> str | None:
    if value is None or not hidden:
        return value
    return "on file, not shown"


def _key(field: Field, value: str) -> str:
    if field.kind == "phone":
        return "".join(c for c in value if c.isdigit())[-10:]
    if field.kind == "text":
        return folded(value)
    return value.strip().casefold()


def _ever_agree(field: Field, a: Iterable[str], b: Iterable[str]) -> bool:
    return bool({_key(field, v) for v in a} & {_key(field, v) for v in b})


def _mark(field: Field, a: str | None, b: str | None) -> Mark:
    if a is None or b is None:
        return Mark.ONE_SIDE
    left, right = _key(field, a), _key(field, b)
    if left == right:
        return Mark.AGREE
    close = (field.kind == "text" and _close_text(left, right)) or (
        field.kind == "date" and _close_dates(a, b)
    )
    return Mark.CLOSE if close else Mark.DIFFER


def _close_text(a: str, b: str) -> bool:
    """One the beginning of the other (initials, double names), or nearly the same."""
    short, long = sorted((a, b), key=len)
    starts = bool(short) and (long.startswith(short) or long.endswith(short))
    return starts or JaroWinkler.similarity(a, b) >= CLOSE_NAMES


def _close_dates(a: str, b: str) -> bool:
    """Day and month swapped, or one digit off, and no generation apart."""
    try:
        first, second = date.fromisoformat(a), date.fromisoformat(b)
    except ValueError:
        return False
    swapped = (first.year, first.day, first.month)
    if swapped == (second.year, second.month, second.day):
        return True
    digits = zip(first.isoformat(), second.isoformat(), strict=True)
    near = abs(first.year - second.year) < _GENERATION
    return near and sum(x != y for x, y in digits) == 1
