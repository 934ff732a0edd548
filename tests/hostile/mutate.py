"""Seeded damage to good packages: what editors, transfers and exports do to files.

Belongs here: making one damaged package from one seed. Does not belong here: landing
it and counting its rows (``mutation_run``).
"""

import gzip
import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import polars as pl
from hostile_counter import starting_lines
from hostile_package import DAY, Package, experience
from hostile_speech import PROFILES, records_of, speaking
from package_builder import Row, State, college_state, csv_bytes

STUDENTS = 8
# A package of a student system has up to forty files, and costs as much.
SPOKEN = 0.02
KITS = {
    "students": ("person", "person_identifier", "noncredit_completion", "experience"),
    "records": (
        "term",
        "grade_scheme",
        "course",
        "section",
        "person",
        "course_result",
        "term_enrollment",
    ),
    "whole": (),
}
_PIECES = [
    b'"',
    b'""',
    b",",
    b"|",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\x00",
    b"\x1a",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xe9",
    b"\xfd",
    b"\xc3",
    "Ã©".encode(),
    "\ufffd".encode(),
    "\u2028".encode(),
    "\u00a0".encode(),
    b"  ",
    b"'",
    b"\\",
    b"NULL",
    b"(null)",
    b"=1+1",
    b"1e400",
    b"-",
    b"0000-00-00",
    b"TRAILER,8\n",
    b"x" * 300,
]

Damage = Callable[[bytes, random.Random], bytes]


def mutated(seed: int, spoken: float = SPOKEN) -> Package:
    """The damaged package of a seed: the same at every call.

    Args:
        seed: Any number.
        spoken: Share of the packages that are in the dialect of a student system.
    """
    chance = random.Random(seed)
    if chance.random() < spoken:
        return _spoken(chance)
    kit = chance.choices(list(KITS), weights=[85, 10, 5])[0]
    package = Package(state=_state(kit))
    package.feed = chance.choice(list(package.state))
    _store(package, chance)
    if chance.random() < 0.12:
        package.manifest = _damaged_manifest(chance)
    if chance.random() < 0.9:
        _damage(package, chance)
    return package


def _spoken(chance: random.Random) -> Package:
    """A package of a dialect with one of its tables damaged."""
    package = speaking(chance.choice(list(PROFILES)), STUDENTS)
    name = chance.choice([t for t, table in package.tables.items() if table.rows])
    good = package.tables[name]
    content = good.content
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        content = chance.choice(_ON_TABLES)(content, chance)
    damaged = replace(good, content=content)
    if chance.random() < 0.75:
        # What an exporter would have counted; the old number if it cannot.
        with suppress(Exception):
            damaged = replace(damaged, rows=max(records_of(damaged), 0))
    package.tables[name] = damaged
    return package


def _state(kit: str) -> State:
    state = college_state(STUDENTS)
    ids = [row["student_id"] for row in state["person"]]
    for index, row in enumerate(state["person"]):
        row["last_name"] = ("Núñez-O'Neal", 'The "Kid", Jr', "Łódź")[index % 3]
        row["address_line1"] = "1 Main St\nApt 2" if index == 2 else "1 Main St"
    state["experience"] = [experience(one, index) for index, one in enumerate(ids)]
    state["noncredit_completion"] = [_noncredit(one) for one in ids]
    return {feed: state[feed] for feed in KITS[kit] or state}


def _noncredit(student: str) -> Row:
    return {
        "student_id": student,
        "offering_id": "WELD-1",
        "enrolled_on": "2026-01-10",
        "title": "Welding, part 1",
        "provider_system": "LUMENS",
        "outcome": "COMPLETED",
        "completed_on": "2026-03-10",
        "contact_hours": "40.00",
        "ceu": "4.000",
    }


def _store(package: Package, chance: random.Random) -> None:
    """Choose how the file is sent: encoding, line ends, gzip, Parquet."""
    feed = package.feed
    content = csv_bytes(feed, package.state[feed])
    how = chance.random()
    if how < 0.08:
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
        out = io.BytesIO()
        frame.write_parquet(out, compression="zstd")
        package.replace(out.getvalue(), name=f"{feed}.parquet")
        return
    if how < 0.3:
        content = content.replace(b"\n", b"\r\n")
    if 0.3 <= how < 0.4:
        encoding = chance.choice(["utf-16", "utf-16-le", "iso-8859-15", "utf-8-sig"])
        text = content.decode().encode(encoding, errors="replace")
        package.replace(text, encoding=encoding)
    else:
        package.replace(content)


def _damage(package: Package, chance: random.Random) -> None:
    feed = package.feed
    content = package.bytes_of()
    for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 5])):
        content = chance.choice(_DAMAGES)(content, chance)
    said: dict[str, Any] = {}
    if not package.said[feed].get("name") and chance.random() < 0.12:
        packed = gzip.compress(content, mtime=0)
        if chance.random() < 0.6:
            packed = chance.choice(_ON_BYTES)(packed, chance)
        content = packed
        said["name"] = f"{feed}.csv.gz"
    as_told = package.entry()
    package.replace(content, **said)
    if chance.random() < 0.1:
        # A transfer that nobody noticed: the manifest tells of the good file.
        package.said[feed] |= {"bytes": as_told["bytes"], "sha256": as_told["sha256"]}
    elif chance.random() < 0.75:
        package.rows[feed] = _counted(package)


def _counted(package: Package) -> int:
    """The rows that an exporter would have counted; the old number if it cannot."""
    try:
        return len(starting_lines(package.bytes_of(), package.entry()))
    except Exception:  # noqa: BLE001 - damaged beyond counting
        return len(package.state[package.feed])


def _flip(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return (
        content[:at]
        + bytes([_byte(content, at) ^ (1 << chance.randrange(8))])
        + (content[at + 1 :])
    )


def _put(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + chance.choice(_PIECES) + content[at:]


def _delete(content: bytes, chance: random.Random) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice([1, 1, 2, 10, 100]) :]


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _place(content, chance)]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True) or [b""]


def _twice(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    at = chance.randrange(len(lines))
    return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])


def _without(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def _swapped(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _doubled(content: bytes, chance: random.Random) -> bytes:
    return content + b"".join(_lines(content)[chance.choice([0, 1]) :])


def _replaced(content: bytes, chance: random.Random) -> bytes:
    """One sign for another: once, or everywhere."""
    old, new = chance.sample(
        [b",", b"|", b";", b'"', b"'", b"\n", b"\r\n", b"-", b"."], 2
    )
    return content.replace(old, new, chance.choice([1, 1, 3, -1]))


def _quoted(content: bytes, chance: random.Random) -> bytes:
    """Quotes around, into or away from one field."""
    lines = _lines(content)
    at = chance.randrange(len(lines))
    fields = lines[at].split(b",")
    which = chance.randrange(len(fields))
    field = fields[which]
    fields[which] = chance.choice(
        [b'"' + field + b'"', b'"' + field, field + b'"', field.replace(b'"', b"")]
    )
    lines[at] = b",".join(fields)
    return b"".join(lines)


def _recoded(content: bytes, chance: random.Random) -> bytes:
    """From some line on in another encoding, or decoded twice."""
    lines = _lines(content)
    at = chance.randrange(len(lines))
    tail = b"".join(lines[at:]).decode(errors="replace")
    encoding = chance.choice(["cp1252", "utf-16-le", "utf-8", "utf-8-sig"])
    coded = tail.encode(encoding, errors="replace")
    if encoding == "utf-8":
        coded = tail.encode().decode("cp1252", errors="replace").encode()
    return b"".join(lines[:at]) + coded


def _header(content: bytes, chance: random.Random) -> bytes:
    lines = _lines(content)
    names = lines[0].rstrip(b"\r\n").split(b",")
    at = chance.randrange(len(names))
    match chance.randrange(6):
        case 0:
            names[at] = names[at].upper()
        case 1:
            names[at] = names[at][::-1]
        case 2:
            names[at] = chance.choice(names)
        case 3:
            del names[at]
        case 4:
            names.insert(at, b"x_more")
        case _:
            other = chance.randrange(len(names))
            names[at], names[other] = names[other], names[at]
    return b"".join([b",".join(names) + b"\n", *lines[1:]])


def _place(content: bytes, chance: random.Random) -> int:
    return chance.randrange(len(content) + 1)


def _byte(content: bytes, at: int) -> int:
    return content[at] if at < len(content) else 0


_ON_BYTES: list[Damage] = [_flip, _put, _insert, _delete, _cut]
_DAMAGES: list[Damage] = [
    *_ON_BYTES,
    _flip,
    _insert,
    _insert,
    _delete,
    _twice,
    _without,
    _swapped,
    _doubled,
    _replaced,
    _quoted,
    _quoted,
    _recoded,
    _header,
]


def _shifted(content: bytes, chance: random.Random) -> bytes:
    """A record one place to the right, or without its last signs."""
    lines = _lines(content)
    at = chance.randrange(len(lines))
    body = lines[at].rstrip(b"\r\n")
    end = lines[at][len(body) :]
    lines[at] = chance.choice([b" " + body[:-1], body[:-3], body + b"   "]) + end
    return b"".join(lines)


def _marked(content: bytes, chance: random.Random) -> bytes:
    """The mark between values of one field, as UTF-8 or as the byte that it was."""
    at = _place(content, chance)
    mark = chance.choice(["\u00fd".encode(), b"\xfd", "\u00fc".encode()])
    return content[:at] + mark * chance.choice([1, 1, 2, 200]) + content[at:]


# The generic header is no header of theirs.
_ON_TABLES: list[Damage] = [
    *(damage for damage in _DAMAGES if damage is not _header),
    _shifted,
    _shifted,
    _marked,
    _marked,
]
_VALUES: list[Any] = [
    None,
    "",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    "2026-09-01T22:00:00Z",
    "\ud800",
    "x" * 5000,
    10**40,
    "utf-16",
    "delta",
]


def _damaged_manifest(chance: random.Random) -> Callable[[dict[str, Any]], bytes]:
    """Bytes flipped in the text, or a value, a key or an entry changed."""
    seed = chance.getrandbits(64)

    def damage(document: dict[str, Any]) -> bytes:
        mine = random.Random(seed)
        if mine.random() < 0.4:
            return mine.choice(_ON_BYTES)(json.dumps(document).encode(), mine)
        place: dict[str, Any] = document
        if mine.random() < 0.6 and document["files"]:
            place = mine.choice(document["files"])
        key = mine.choice(list(place))
        match mine.randrange(4):
            case 0:
                del place[key]
            case 1:
                place[key + "_"] = place.pop(key)
            case 2:
                document["files"].append(dict(mine.choice(document["files"])))
            case _:
                place[key] = mine.choice(_VALUES)
        return json.dumps(document).encode()

    return damage


__all__ = ["DAY", "KITS", "mutated"]
