"""Faults of files and manifests: bytes, hashes, headers, encodings, totals.

Belongs here: functions that spoil one draft's bytes, manifest or folder. Does not
belong here: rows with wrong values (``fault_rows``).
"""

import json

from pipelines.sample.draft import Draft

_LATIN_E = b"\xe9"


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def manifest_lacks_field(draft: Draft) -> None:
    """F01: no ``mode``."""
    del draft.body["mode"]


def manifest_not_json(draft: Draft) -> None:
    """F01: the manifest breaks off."""
    text = json.dumps(draft.body, indent=2)
    draft.spoilt_body = text[: len(text) // 2].encode()


def unknown_college(draft: Draft) -> None:
    """F03: a code that is nobody's."""
    draft.body["institution_code"] = "XXCC"


def another_college(draft: Draft) -> None:
    """F03: the code of a college that does not own the mailbox."""
    other = "PSCC" if draft.system == "TBR" else "CALHOUN"
    if draft.package.institution_code == other:
        other = "NSCC" if draft.system == "TBR" else "COASTAL"
    draft.body["institution_code"] = other


def _name(draft: Draft, feed: str) -> str:
    entries = [e for e in draft.body["files"] if e["feed"] == feed]
    if not entries:
        entries = draft.body["files"][:1]
    return str(entries[0]["name"])


def file_absent(draft: Draft) -> None:
    """F04: a listed file is not there."""
    del draft.disk[_name(draft, "course_result")]


def file_unlisted(draft: Draft) -> None:
    """F04: a file that the manifest does not list."""
    draft.disk["readme.txt"] = b"Export of the registrar's office.\n"


def file_altered(draft: Draft) -> None:
    """F05: one byte differs from what was hashed."""
    name = _name(draft, "course_result")
    data = bytearray(draft.disk[name])
    data[len(data) // 2] ^= 0x01
    draft.disk[name] = bytes(data)


def rows_miscounted(draft: Draft) -> None:
    """F06: the manifest counts three rows more."""
    for entry in draft.body["files"]:
        if entry["feed"] == "person":
            entry["rows"] += 3


def column_repeated(draft: Draft) -> None:
    """F07: the header names a column twice; every line has the field twice."""
    lines = _lines(draft.data["course"])
    mark = draft.delimiter.encode()
    draft.data["course"] = b"".join(
        line.split(mark, 1)[0] + mark + line for line in lines
    )


def _damaged(draft: Draft, count: int) -> list[int]:
    """Puts a Latin-1 byte in front of ``count`` last names; returns the lines.

    Only of persons in force, so that their rows have something to stay with.
    """
    chosen = draft.settled["person"][:count]
    lines = _lines(draft.data["person"])
    mark = draft.delimiter.encode()
    for position in chosen:
        index = position + 1
        head, second, rest = lines[index].split(mark, 2)
        opened = b'"' if rest.startswith(b'"') else b""
        lines[index] = mark.join(
            [head, second, opened + _LATIN_E + rest.removeprefix(opened)]
        )
    draft.data["person"] = b"".join(lines)
    return [position + 2 for position in chosen]


def few_undecodable(draft: Draft) -> None:
    """F08: bytes that are not UTF-8 in under 1 % of the rows."""
    expected = draft.expect("person")
    expected.lines = _damaged(draft, max(1, draft.rows["person"] // 250))
    expected.quarantined = len(expected.lines)


def without_student_count(draft: Draft) -> None:
    """Leaves out how many students the damaged file has: F18 is not meant here."""
    for entry in draft.body["files"]:
        if entry["feed"] == "person":
            entry.pop("distinct_students")


def many_undecodable(draft: Draft) -> None:
    """F08: bytes that are not UTF-8 in over 1 % of the rows."""
    rows = draft.rows["person"]
    draft.expect("person").lines = _damaged(draft, min(rows, max(3, rows // 20)))


def control_totals_differ(draft: Draft) -> None:
    """F18: the manifest claims three credits more than the file has."""
    draft.body["control"]["attempted_credit"] += 3


def last_line_cut(draft: Draft) -> None:
    """F20: the file breaks off in its last record."""
    draft.data["person"] = draft.data["person"].rstrip(b"\r\n")[:-60]
    draft.expect("person").lines = [draft.rows["person"] + 1]


def quote_unbalanced(draft: Draft) -> None:
    """F20: a quote is opened in the last record and never closed."""
    lines = _lines(draft.data["course_result"])
    mark = draft.delimiter.encode()
    head, rest = lines[-1].split(mark, 1)
    lines[-1] = head + mark + b'"' + rest
    draft.data["course_result"] = b"".join(lines)
    draft.expect("course_result").lines = [len(lines)]


def nul_bytes(draft: Draft) -> None:
    """F20: NUL bytes in the first record."""
    lines = _lines(draft.data["person"])
    lines[1] = lines[1].replace(
        draft.delimiter.encode(), b"\x00\x00" + draft.delimiter.encode(), 1
    )
    draft.data["person"] = b"".join(lines)
    draft.expect("person").lines = [2]
