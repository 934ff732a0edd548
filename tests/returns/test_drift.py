"""Columns that changed: told with the likely match; x_ columns pass through."""

import csv
import io
import stat

import polars as pl
import pyarrow.parquet as pq
import pytest
from landing_warehouse import Warehouse
from package_builder import State, college_state, csv_bytes, send
from return_files import returned

from pipelines.landing.kept.store import EXTENSION_SCHEMA

DAY, NEXT = "2026-09-01", "2026-09-02"


def _renamed(feed: str, state: State, **names: str) -> bytes:
    """The feed's file with other names in its header."""
    header, body = csv_bytes(feed, state[feed]).decode().split("\n", 1)
    columns = [names.get(name, name) for name in header.split(",")]
    return f"{','.join(columns)}\n{body}".encode()


def _with_columns(feed: str, state: State, **added: list[str]) -> bytes:
    """The feed's file with more columns at its end."""
    lines = list(csv.reader(io.StringIO(csv_bytes(feed, state[feed]).decode())))
    lines[0] += list(added)
    for at, line in enumerate(lines[1:]):
        line += [values[at % len(values)] for values in added.values()]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode()


def _told(warehouse: Warehouse, feed: str, content: bytes) -> dict[str, str]:
    """What is said of each column of a delivered file."""
    warehouse.night("CACC", DAY, college_state(8), files={feed: content})
    rows = returned(warehouse, "CACC", DAY).rows
    return {r["column"]: r["value"] for r in rows if r["edit_id"] == "F07"}


@pytest.mark.parametrize(
    ("feed", "column", "name"),
    [
        ("course_result", "student_id", "STUDENT_NO"),
        ("course_result", "student_id", "StudentId"),
        ("term", "start_date", "term_start"),
        ("person", "last_name", "lastname"),
        ("course_result", "earned_credit", "CREDIT_EARNED"),
        ("course_result", "grade_posted_on", "posted_date"),
        ("term_enrollment", "level", "levl"),
    ],
)
def test_a_renamed_column_is_told_with_what_it_looks_like(
    warehouse: Warehouse, feed: str, column: str, name: str
) -> None:
    content = _renamed(feed, college_state(8), **{column: name})

    told = _told(warehouse, feed, content)

    assert told[column] == f"column is missing; {name.lower()} looks like it"


def test_a_renamed_column_is_not_matched_with_one_its_values_cannot_be(
    warehouse: Warehouse,
) -> None:
    state = college_state(8)
    content = (
        _renamed("term", state, start_date="start_date_text")
        .replace(b"2026-01-07", b"in January")
        .replace(b"2026-08-17", b"in August")
    )

    assert _told(warehouse, "term", content)["start_date"] == "column is missing"


def test_an_unlike_new_column_only_warns(warehouse: Warehouse) -> None:
    content = _with_columns("course", college_state(8), campus_building=["North"])

    told = _told(warehouse, "course", content)

    assert told["campus_building"] == "column is not in the contract"
    assert returned(warehouse, "CACC", DAY).summary["verdict"] == "accepted"


def test_an_optional_column_that_came_under_another_name_warns_on_both_sides(
    warehouse: Warehouse,
) -> None:
    content = _renamed("course", college_state(8), cip_code="cipcode")

    told = _told(warehouse, "course", content)

    assert told["cip_code"] == "column is missing; cipcode looks like it"
    assert told["cipcode"].endswith("; it looks like cip_code")


def test_a_file_without_a_header_is_told_so_and_its_first_row_is_not_quoted(
    warehouse: Warehouse,
) -> None:
    body = csv_bytes("person", college_state(8)["person"]).split(b"\n", 1)[1]
    lines = body.rstrip(b"\n").split(b"\n")

    def one_less(manifest: dict[str, list[dict[str, object]]]) -> None:
        for entry in manifest["files"]:
            if entry["feed"] == "person":
                entry["rows"] = len(lines) - 1

    send(
        warehouse.inbox, "CACC", DAY, college_state(8),
        files={"person": body}, edit_manifest=one_less,
    )  # fmt: skip
    warehouse.land()

    told = returned(warehouse, "CACC", DAY)
    (finding,) = (f for f in told.summary["findings"] if f["edit_id"] == "F07")
    assert "is the header missing?" in finding["value"]
    assert b"learner0" not in told.everything().lower()


@pytest.mark.parametrize(
    ("feed", "column", "values", "way"),
    [
        ("course_result", "grade_posted_on", "05/1{}/2026", "MM/DD/YYYY"),
        ("course_result", "earned_credit", "3,00{}", "numbers with a decimal comma"),
        ("person", "birth_date", "2000010{}", "YYYYMMDD"),
        ("course_result", "student_id", "1.23E+0{}", "exponent"),
    ],
)
def test_a_column_written_in_another_way_is_told_once_for_the_file(
    warehouse: Warehouse, feed: str, column: str, values: str, way: str
) -> None:
    state = college_state(9)
    for at, row in enumerate(state[feed]):
        row[column] = values.format(1 + at % 9)
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)

    (finding,) = (f for f in told.summary["findings"] if f["edit_id"] == "F23")
    assert (finding["feed"], finding["column"]) == (feed, column)
    assert way in finding["value"]
    assert f"of {len(state[feed])} values" in finding["value"]


def test_a_few_odd_values_are_no_drift(warehouse: Warehouse) -> None:
    state = college_state(30)
    for row in state["course_result"][:6]:
        row["grade_posted_on"] = "05/12/2026"
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)
    assert "F23" not in {row["edit_id"] for row in told.rows}


def _extension(warehouse: Warehouse, feed: str) -> pl.DataFrame:
    files = sorted((warehouse.home.extension / feed).glob("*.parquet"))
    nothing = pl.DataFrame(schema=EXTENSION_SCHEMA)
    return pl.concat([nothing, *map(pl.read_parquet, files)])


def test_x_columns_pass_through_with_line_and_key_and_are_not_warned_of(
    warehouse: Warehouse,
) -> None:
    content = _with_columns(
        "course", college_state(8), x_lms_id=["17", " "], X_Note=["on campus"]
    )

    assert _told(warehouse, "course", content) == {}
    assert returned(warehouse, "CACC", DAY).summary["verdict"] == "accepted"
    kept = _extension(warehouse, "course")
    assert kept.select("institution_code", "line", "name", "value").rows() == [
        ("CACC", 2, "x_lms_id", "17"),
        ("CACC", 2, "x_note", "on campus"),
        ("CACC", 3, "x_note", "on campus"),
    ]
    assert '"course_number":"101"' in kept["key_json"][0]
    assert stat.S_IMODE(warehouse.home.extension.stat().st_mode) == 0o700


def test_x_columns_of_a_restricted_feed_do_not_name_the_number(
    warehouse: Warehouse,
) -> None:
    content = _with_columns("person_identifier", college_state(8), x_seen=["Y"])
    _told(warehouse, "person_identifier", content)

    kept = _extension(warehouse, "person_identifier")
    assert kept.height == 8
    assert not kept["key_json"].str.contains("4123").any()
    assert kept["key_json"].str.contains("A0001").any()


def test_numbers_of_the_government_are_withheld_with_a_warning(
    warehouse: Warehouse,
) -> None:
    content = _with_columns(
        "course", college_state(8),
        x_ssn=["none"], x_note=["see 412-31-0001", "on campus"],
        x_old_id=["412310002", "17"], x_birth_date=["2000-01-02"],
    )  # fmt: skip

    assert _told(warehouse, "course", content) == {}

    kept = dict(_extension(warehouse, "course").group_by("name").agg("value").rows())
    assert kept == {
        "x_ssn": ["[withheld]"] * 2,
        "x_note": ["[withheld]", "on campus"],
        "x_old_id": ["[withheld]", "17"],
        "x_birth_date": ["[withheld]"] * 2,
    }
    told = returned(warehouse, "CACC", DAY)
    warned = {
        f["column"]: f["count"]
        for f in told.summary["findings"]
        if f["edit_id"] == "F27"
    }
    assert warned == {"x_ssn": 2, "x_note": 1, "x_old_id": 1, "x_birth_date": 2}
    assert told.summary["verdict"] == "accepted"
    assert b"41231" not in told.everything()
    assert b"412-31" not in told.everything()


def test_an_x_column_that_does_not_pass_through_is_told_why(
    warehouse: Warehouse,
) -> None:
    many = {f"x_c{number}": ["1"] for number in range(51)}
    content = _with_columns("course", college_state(8), **{"x_Bad-Name": ["1"]}, **many)

    told = _told(warehouse, "course", content)

    assert "letters, digits and underscores only" in told["x_bad-name"]
    assert told["x_c50"] == "only the first 50 x_ columns of a file pass through"
    assert len(told) == 2


def test_x_columns_of_a_held_package_are_not_kept(warehouse: Warehouse) -> None:
    content = _with_columns("course", college_state(8), x_lms_id=["17"])
    send(
        warehouse.inbox, "CACC", DAY, college_state(8),
        files={"course": content, "term": b""},
    )  # fmt: skip
    warehouse.land()

    assert _extension(warehouse, "course").is_empty()


def test_x_columns_of_parquet_pass_through_too(warehouse: Warehouse) -> None:
    state = college_state(8)
    frame = pl.read_csv(csv_bytes("course", state["course"]), infer_schema=False)
    out = io.BytesIO()
    more = frame.with_columns(x_seats=pl.lit(30), x_room=pl.lit("12"))
    pq.write_table(more.to_arrow(), out)
    folder = warehouse.inbox / "CACC" / DAY

    def as_parquet(manifest: dict[str, list[dict[str, object]]]) -> None:
        for entry in manifest["files"]:
            if entry["feed"] == "course":
                (folder / "course.csv").rename(folder / "course.parquet")
                entry["name"] = "course.parquet"

    send(
        warehouse.inbox, "CACC", DAY, state,
        files={"course": out.getvalue()}, edit_manifest=as_parquet,
    )  # fmt: skip
    warehouse.land()

    kept = _extension(warehouse, "course")
    assert returned(warehouse, "CACC", DAY).summary["verdict"] == "accepted"
    assert kept.select("line", "name", "value").rows() == [
        (2, "x_room", "12"),
        (2, "x_seats", "30"),
        (3, "x_room", "12"),
        (3, "x_seats", "30"),
    ]
