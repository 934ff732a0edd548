"""A damaged file holds its package with the right edit and line; nothing is lost."""

import gzip
import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import college_state, csv_bytes, entry, send

from pipelines.landing.land import LandingResult
from pipelines.settings import Home

DAY = "2026-09-01"
Damage = Callable[[bytes], bytes]


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _open_quote(content: bytes) -> bytes:
    lines = _lines(content)
    lines[2] = b'"' + lines[2]
    return b"".join(lines)


def _joined_by_stray_quotes(content: bytes) -> bytes:
    lines = _lines(content)
    lines[1] = lines[1].replace(b"Learner", b'Lear"ner')
    lines[2] = lines[2].replace(b"Learner", b'Lear"ner')
    return b"".join(lines)


def _nul(content: bytes) -> bytes:
    return content.replace(b"Learner1", b"Lear\x00er1")


def _bom_inside(content: bytes) -> bytes:
    lines = _lines(content)
    return b"".join([*lines[:3], b"\xef\xbb\xbf", *lines[3:]])


def _cut_off(content: bytes) -> bytes:
    return content[: content.rindex(b"FULL")]


def _wrong_trailer(content: bytes) -> bytes:
    return content + b"TRAILER,99\n"


def _long_line(content: bytes) -> bytes:
    return content.replace(b"Given2", b"G" * 1_100_000)


def _html(content: bytes) -> bytes:
    return b"<!DOCTYPE html>\n<html><body>Session expired</body></html>\n"


def _workbook(content: bytes) -> bytes:
    return b"PK\x03\x04" + bytes(200)


def _no_header(content: bytes) -> bytes:
    return b"".join(_lines(content)[1:])


def _column_missing(content: bytes) -> bytes:
    return content.replace(b"birth_date_quality", b"quality_of_birth", 1)


def _column_twice(content: bytes) -> bytes:
    return content.replace(b"middle_name", b"first_name", 1)


def _empty(content: bytes) -> bytes:
    return b""


# One college a fault, all in one inbox: what one does must not touch the others.
DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "ESCC": (_open_quote, "F20", "3"),
    "BEVILL": (_joined_by_stray_quotes, "F20", "2"),
    "BISHOP": (_nul, "F20", "3"),
    "CALHOUN": (_bom_inside, "F20", "4"),
    "CHSCC": (_cut_off, "F20", "5"),
    "COASTAL": (_wrong_trailer, "F20", "6"),
    "DRAKE": (_long_line, "F20", "4"),
    "GSCC": (_html, "F07", "1"),
    "CACC": (_workbook, "F07", "1"),
    "LAWSON": (_no_header, "F07", "1"),
    "LBW": (_column_missing, "F07", "1"),
    "NACC": (_column_twice, "F07", "1"),
    "NESCC": (_empty, "F07", "1"),
}


@pytest.fixture(scope="module")
def one_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Warehouse, LandingResult]:
    house = Warehouse(Home(tmp_path_factory.mktemp("home")))
    state = college_state()
    good = csv_bytes("person", state["person"])
    for code, (damage, _, _) in DAMAGES.items():
        send(house.inbox, code, DAY, state, files={"person": damage(good)})
    send(house.inbox, "CVCC", DAY, state)
    return house, house.land()


@pytest.mark.parametrize("code", DAMAGES)
def test_a_damaged_file_holds_its_package_and_names_the_line(
    one_night: tuple[Warehouse, LandingResult], code: str
) -> None:
    house, result = one_night
    _, edit_id, line = DAMAGES[code]
    bad = package_of(result, code)
    assert (bad.verdict, set(bad.edits)) == ("held", {edit_id})
    assert sum(c["loaded"] + c["quarantined"] for c in bad.counts.values()) == 0
    finding = house.findings(code, DAY)[0]
    assert (finding["edit_id"], finding["feed"]) == (edit_id, "person")
    assert (finding["file"], finding["line"]) == ("person.csv", line)
    files = {f["feed"]: f["verdict"] for f in house.summary(code, DAY)["files"]}
    assert files["person"] == "rejected"
    assert house.in_force("course", code) == []


def test_a_damaged_file_stops_no_other_college(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    house, result = one_night
    assert package_of(result, "CVCC").verdict == "accepted"
    assert len(house.in_force("person", "CVCC")) == 4


@pytest.mark.parametrize("damage", ["bytes", "hash", "gone"])
def test_a_file_that_differs_from_the_manifest_waits_for_its_resend(
    warehouse: Warehouse, damage: str
) -> None:
    state = college_state()
    send(warehouse.inbox, "CACC", DAY, state)
    path = warehouse.inbox / "CACC" / DAY / "course.csv"
    good = path.read_bytes()
    if damage == "bytes":
        path.write_bytes(good + b"x")
    elif damage == "hash":
        path.write_bytes(good.replace(b"English", b"Anglish"))
    else:
        path.unlink()
    expected = ("rejected", "F04") if damage == "gone" else ("held", "F05")

    first = package_of(warehouse.land(), "CACC")
    assert (first.verdict, set(first.edits)) == (expected[0], {expected[1]})
    assert warehouse.land().waves == []

    path.write_bytes(good)
    assert package_of(warehouse.land(), "CACC").verdict == "accepted"


def test_fewer_rows_than_the_manifest_says_is_f06(warehouse: Warehouse) -> None:
    def edit(manifest: dict[str, list[dict[str, int]]]) -> None:
        manifest["files"][5]["rows"] = 5

    send(warehouse.inbox, "CACC", DAY, college_state(), edit_manifest=edit)

    assert package_of(warehouse.land(), "CACC").edits == {"F06": 1}
    (finding,) = warehouse.findings("CACC", DAY)
    assert finding["value"] == "4 rows, manifest says 5"


def test_one_undecodable_row_is_quarantined_and_many_refuse_the_file(
    warehouse: Warehouse,
) -> None:
    state = college_state(120)
    good = csv_bytes("person", state["person"])
    one = good.replace(b"Learner7,", b"Learner\xe9,")
    many = good.replace(b"Learner1", b"Learner\xe9")
    send(warehouse.inbox, "CACC", DAY, state, files={"person": one})
    send(warehouse.inbox, "CVCC", DAY, state, files={"person": many})

    result = warehouse.land()

    few = package_of(result, "CACC")
    assert few.verdict == "accepted_with_quarantine"
    assert few.counts["person"]["quarantined"] == 1
    (row,) = warehouse.quarantine("person")
    assert (row["line"], row["edit_ids"]) == (9, ["F08"])
    assert "A0008" not in warehouse.ids("person", "CACC")
    assert package_of(result, "CVCC").verdict == "held"
    assert package_of(result, "CVCC").edits["F08"] >= 10


def test_text_decoded_twice_is_found(warehouse: Warehouse) -> None:
    state = college_state(120)
    state["person"][3]["last_name"] = "Núñez".encode().decode("cp1252")
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.edits["F08"] == 1
    assert warehouse.quarantine("person")[0]["line"] == 5


def test_ragged_records_are_quarantined_with_their_physical_lines(
    warehouse: Warehouse,
) -> None:
    state = college_state(6)
    state["person"][0]["address_line1"] = "Line one\nLine two"
    lines = _lines(csv_bytes("person", state["person"]))
    lines[4] = lines[4].rstrip(b"\n") + b",one,too,many\n"
    lines[6] = b"A0005,short\n"
    lines.insert(4, b"\n")
    send(warehouse.inbox, "CACC", DAY, state, files={"person": b"".join(lines)})

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted_with_quarantine"
    assert landed.counts["person"] | {"changed": 0} == {
        "rows_read": 6,
        "loaded": 4,
        "collapsed": 0,
        "quarantined": 2,
        "released": 0,
        "changed": 0,
        "rejudged": 0,
        "removed": 0,
    }
    assert [row["line"] for row in warehouse.quarantine("person")] == [6, 8]
    assert {tuple(r["edit_ids"]) for r in warehouse.quarantine("person")} == {("F20",)}
    lines_in_force = warehouse.ids("person", "CACC", "_line")
    assert sorted(lines_in_force) == [2, 4, 7, 9]


def test_an_unknown_column_warns_and_its_values_are_not_read(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    content = csv_bytes("course", state["course"])
    lines = [line.rstrip(b"\n") + b",x\n" for line in _lines(content)]
    send(warehouse.inbox, "CACC", DAY, state, files={"course": b"".join(lines)})

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, landed.edits) == ("accepted", {"F07": 1})


def test_columns_are_found_by_name_in_any_order_and_case(warehouse: Warehouse) -> None:
    state = college_state()
    frame = pl.read_csv(
        io.BytesIO(csv_bytes("person", state["person"])), infer_schema=False
    )
    turned = frame.select(reversed(frame.columns)).rename(str.upper)
    content = turned.write_csv().encode()
    send(warehouse.inbox, "CACC", DAY, state, files={"person": content})

    assert package_of(warehouse.land(), "CACC").verdict == "accepted"
    (first, *_) = warehouse.in_force("person", "CACC", "student_id, last_name")
    assert first == {"student_id": "A0001", "last_name": "Learner0"}


def _replace_file(
    folder: Path, feed: str, name: str, content: bytes, rows: int, **extra: str
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    old = next(f for f in manifest["files"] if f["feed"] == feed)
    (folder / old["name"]).unlink()
    (folder / name).write_bytes(content)
    manifest["files"][manifest["files"].index(old)] = (
        entry(feed, name, rows, content) | extra
    )
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_gzip_is_read_and_a_cut_or_endless_one_is_refused(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    plain = csv_bytes("person", state["person"])
    packed = gzip.compress(plain, mtime=0)
    wrong_crc = bytearray(packed)
    wrong_crc[-6] ^= 0xFF
    bomb = gzip.compress(bytes(80 << 20), mtime=0)
    contents = {
        "CACC": packed,
        "CVCC": packed[:-4],
        "COASTAL": bytes(wrong_crc),
        "BISHOP": bomb,
    }
    for code, content in contents.items():
        send(warehouse.inbox, code, DAY, state)
        folder = warehouse.inbox / code / DAY
        _replace_file(folder, "person", "person.csv.gz", content, 4)

    result = warehouse.land()

    assert package_of(result, "CACC").verdict == "accepted"
    for code in ("CVCC", "COASTAL", "BISHOP"):
        assert package_of(result, code).verdict == "held"
        assert package_of(result, code).edits == {"F20": 1}


def test_declared_encoding_delimiter_quote_and_null_tokens_are_obeyed(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["person"][0]["last_name"] = "Núñez"
    state["person"][1]["first_name"] = "(null)"
    text = csv_bytes("person", state["person"]).decode().replace(",", "|")
    content = text.replace("\n", "\r\n").encode("cp1252")
    send(warehouse.inbox, "CACC", DAY, state)
    _replace_file(
        warehouse.inbox / "CACC" / DAY,
        "person",
        "person.csv",
        content,
        4,
        encoding="windows-1252",
        delimiter="|",
        quote="",
        null_tokens=["(null)"],  # type: ignore[arg-type]
    )

    assert package_of(warehouse.land(), "CACC").verdict == "accepted"
    rows = warehouse.in_force("person", "CACC", "student_id, last_name, first_name")
    assert rows[0]["last_name"] == "Núñez"
    assert rows[1]["first_name"] is None


def _parquet(rows: list[dict[str, str]], **casts: pl.DataType) -> bytes:
    frame = pl.read_csv(
        io.BytesIO(csv_bytes("course_result", rows)), infer_schema=False
    )
    out = io.BytesIO()
    frame.with_columns(pl.col(c).cast(t) for c, t in casts.items()).write_parquet(out)
    return out.getvalue()


def test_parquet_is_read_with_its_types_and_numbered_like_lines(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    rows = state["course_result"]
    typed = _parquet(
        rows,
        attempt_seq=pl.Int64(),
        attempted_credit=pl.Float64(),
        grade_seq=pl.Int32(),
    )
    number_for_text = _parquet(rows, section_id=pl.Int64())
    damaged = typed[:-20]
    for code, content in (
        ("CACC", typed),
        ("CVCC", number_for_text),
        ("COASTAL", damaged),
    ):
        send(warehouse.inbox, code, DAY, state)
        folder = warehouse.inbox / code / DAY
        _replace_file(folder, "course_result", "course_result.parquet", content, 8)

    result = warehouse.land()

    assert package_of(result, "CACC").verdict == "accepted"
    found = warehouse.in_force("course_result", "CACC", "_line, attempted_credit")
    assert [row["_line"] for row in found] == list(range(2, 10))
    assert {str(row["attempted_credit"]) for row in found} == {"3.000"}
    assert package_of(result, "CVCC").edits == {"F07": 1}
    assert package_of(result, "COASTAL").edits == {"F20": 1}


def test_every_byte_that_was_delivered_is_kept_under_its_hash(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state())
    delivered = {
        sha256(path.read_bytes()).hexdigest()
        for path in (warehouse.inbox / "CACC" / DAY).iterdir()
    }
    warehouse.land()

    kept = {p.name: p for p in warehouse.home.objects.glob("*/*")}
    assert delivered == set(kept)
    for name, path in kept.items():
        assert sha256(path.read_bytes()).hexdigest() == name
        assert path.stat().st_mode & 0o777 == 0o400
