"""Files of student systems: torn, shifted, miscoded; forged badges and records."""

import csv
import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from badge_samples import (
    LISTED,
    Key,
    badge_2,
    badge_3,
    changed,
    clr_2,
    lines,
    listed,
    signed,
)
from colleague_site import MARK
from hostile_package import (
    Expected,
    Group,
    Package,
    Table,
    accepted,
    aside,
    held,
)
from hostile_speech import speaking

group = Group("student systems and badges")
Change = Callable[[bytes], bytes]
# A package of a dialect lacks all its feeds when one of its files cannot be used.
_LACKS = "F12"


def _case(
    name: str,
    expected: Expected,
    dialect: str,
    table: str,
    change: Change,
    *,
    told_of: str,
    more: int = 0,
) -> None:
    def build(package: Package) -> None:
        package.feed = told_of
        package.harm(table, change, more=more)

    group.add(name, expected, build, good=partial(speaking, dialect))


def _line(number: int, change: Change) -> Change:
    """Change one physical line, header or first record = 0."""

    def changed_line(content: bytes) -> bytes:
        parts = content.splitlines(keepends=True)
        parts[number] = change(parts[number])
        return b"".join(parts)

    return changed_line


def _trailer(text: bytes) -> Change:
    return lambda content: content[: content.index(b"TRAILER")] + text


def _moved_trailer(content: bytes) -> bytes:
    parts = content.splitlines(keepends=True)
    return b"".join([*parts[:3], parts[-1], *parts[3:]])


def _recoded(encoding: str) -> Change:
    return lambda content: content.decode("cp1252").encode(encoding)


def _swap(old: bytes, new: bytes, count: int = -1) -> Change:
    return lambda content: content.replace(old, new, count)


_person = partial(_case, dialect="banner", table="SPRIDEN", told_of="person")
_person(
    "Banner: a record torn in two lines",
    held(_LACKS, "F20", file_is=""),
    change=_line(3, lambda line: line[:20] + b"\r\n" + line[20:]),
    more=1,
)
_person(
    "Banner: the file ends in the middle of a record",
    held(_LACKS, "F20", file_is=""),
    change=lambda content: content[: len(content) // 2],
)
_person(
    "Banner: bytes that Windows-1252 does not have",
    held(_LACKS, "F08", file_is=""),
    change=_swap(b"Lee", b"L\x81\x8d"),
)
_person(
    "Banner: UTF-8 that says it is Windows-1252",
    held(_LACKS, "F08", file_is=""),
    change=_recoded("utf-8"),
)
_person(
    "Banner: a header without the key",
    held(_LACKS, "D01", file_is=""),
    change=_swap(b"SPRIDEN_PIDM", b"SPRIDEN_XIDM", 1),
)
_history = partial(_case, dialect="banner", table="SHRTCKN", told_of="course_result")
for _name, _change, _more in (
    ("a trailer that counts more records", _trailer(b"TRAILER|924\r\n"), 0),
    ("a trailer that counts in words", _trailer(b"TRAILER|many\r\n"), 0),
    ("no trailer", _trailer(b""), 0),
    ("the trailer in the middle", _moved_trailer, 1),
):
    _history(f"Banner: {_name}", held("F20", file_is=""), change=_change, more=_more)

_credit = partial(
    _case, dialect="colleague", table="STUDENT.ACAD.CRED", told_of="course_result"
)
_credit(
    "Colleague: a lone byte FD among UTF-8",
    held("F08", file_is=""),
    change=_swap(b"ENG-", b"E\xfdG-", 1),
)
_credit(
    "Colleague: all value marks as the lone byte FD",
    held("F08", file_is=""),
    change=lambda content: content.decode("utf-8").encode("cp1252", "replace"),
)


def _value(column: str, change: Callable[[str], str]) -> Change:
    """Change one record's field of a quoted file."""

    def changed_value(content: bytes) -> bytes:
        text = content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        at = rows[0].index(column)
        rows[3][at] = change(rows[3][at])
        return quoted_rows(rows).encode("utf-8-sig")

    return changed_value


def quoted_rows(rows: list[list[str]]) -> str:
    """Every field in quotes, CRLF."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


_credit(
    "Colleague: 5,000 values where the newest counts",
    accepted(),
    change=_value("STC.STATUS", lambda value: value + MARK.join([MARK, "N"] * 5_000)),
)
_credit(
    "Colleague: two values in a field that has one",
    aside(1, "CRR-term_code-LENGTH"),
    change=_value("STC.TERM", lambda value: f"{value}{MARK}2025SP"),
)
_credit(
    "Colleague: nothing but value marks in a key",
    aside(1, "CRR-Q01"),
    change=_value("STC.PERSON.ID", lambda _: MARK * 3),
)

_returns = partial(
    _case,
    dialect="nsc_studenttracker",
    table="DETAIL",
    told_of="enrollment_elsewhere",
)
_returns(
    "StudentTracker: a header of another report",
    held("D01", file_is=""),
    change=_swap(b"Requester Return Field", b"Requester Field", 1),
)
_returns(
    "StudentTracker: semicolons between the fields",
    held("D01", file_is=""),
    change=_swap(b'","', b'";"'),
)
_returns(
    "StudentTracker: a title above the header",
    held("D01", file_is=""),
    change=lambda content: b"StudentTracker Detail Report\r\n" + content,
)
_returns(
    "StudentTracker: a date as a spreadsheet shows it",
    aside(1, "ENE-enrollment_begin-TYPE"),
    change=_swap(b"20250108", b"01/08/25", 1),
)

_fixed = partial(_case, dialect="fixed", table="person", told_of="person")
_fixed(
    "fixed width: a short record",
    aside(1, "F20"),
    change=_line(3, lambda line: line[:-5] + b"\r\n"),
)
_fixed(
    "fixed width: a long record",
    aside(1, "F20"),
    change=_line(3, lambda line: line[:-2] + b"xxx\r\n"),
)
_fixed(
    "fixed width: a record one place to the right",
    aside(
        1,
        "PER-birth_date-TYPE",
        "PER-birth_date_quality-CODE",
        "PER-record_updated_at-TYPE",
    ),
    change=_line(3, lambda line: b" " + line[:-3] + b"\r\n"),
)
_fixed(
    "fixed width: every record one place to the right",
    held("F15", "TEN-Q02", "TEN-dual_enrollment-REQUIRED", "TEN-level-CODE"),
    table="term_enrollment",
    told_of="term_enrollment",
    change=lambda content: b"".join(
        line if line.startswith(b"TRAILER") else b" " + line[:-3] + b"\r\n"
        for line in content.splitlines(keepends=True)
    ),
)
_fixed(
    "fixed width: no line ends",
    held(_LACKS, "F20", file_is=""),
    change=_swap(b"\r\n", b""),
)
_fixed(
    "fixed width: NUL bytes in a name",
    held(_LACKS, "F20", file_is=""),
    change=_line(3, lambda line: line[:12] + b"\0" * 5 + line[17:]),
)
_fixed(
    "fixed width: a trailer that counts one more",
    held(_LACKS, "F20", file_is=""),
    change=_swap(b"000000012", b"000000013"),
)


def _badges(name: str, expected: Expected, *documents: Any) -> None:
    """A good package that brings these documents of a listed issuer."""
    content = lines(*documents)

    def build(package: Package) -> None:
        package.tables["credential"] = Table(
            "open_badges", "badges.jsonl", len(documents), content
        )
        package.feed = "badge"
        package.college = {"dialect_settings": {"open_badges": {"issuers": [listed()]}}}

    group.add(f"badges: {name}", expected, build)


def _nested(levels: int) -> dict[str, Any]:
    """A record in a record in a record; only the innermost is signed."""
    document = signed(badge_3())
    for _ in range(levels):
        document = clr_2(document, sign=False)
    return document


_FORGER = Key("forger")
_badges("as it should be", accepted("BDG-W01"), signed(badge_3()))
_badges("signed with another key", aside(1, "D05"), signed(badge_3(), _FORGER))
_badges(
    "a word changed after it was signed",
    aside(1, "D05"),
    changed(signed(badge_3()), "credentialSubject/achievement/name", "Surgery"),
)
_badges(
    "a leaf added after it was signed",
    aside(1, "D05"),
    changed(signed(badge_3()), "credentialSubject/creditsEarned", 60),
)
_badges(
    "a JWS of another key", aside(1, "D05"), _FORGER.jws({**badge_2(), "iss": LISTED})
)
_badges("records within records, 60 levels", aside(1, "F20"), _nested(60))
_badges(
    "levels without end in a signed badge",
    aside(1, "F20"),
    json.dumps(
        changed(signed(badge_3()), "credentialSubject/achievement/tag", [])
    ).replace('"tag": []', '"tag": ' + "[" * 20_000 + "]" * 20_000),
)
