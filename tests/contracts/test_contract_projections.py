"""What is made of a feed: strings, types, what is in force, one logic, two engines."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from contract_plants import PLANTS
from contract_world import CONTRACTS, WORLD, raw_frame, typed_frame

from pipelines.contracts.arrow import LINEAGE, landing_schema
from pipelines.contracts.load import parse_type
from pipelines.contracts.model import Column, Edit, Feed
from pipelines.contracts.pandera import column_schema, row_schema
from pipelines.contracts.polars import cast, fits, normalise, typed
from pipelines.contracts.sql import in_force_columns, in_force_select

FEEDS = list(CONTRACTS.feeds.values())
ROW_CONDITIONS = [edit for feed in FEEDS for edit in feed.edits_of("row")]


def cell(kind: str, text: str) -> tuple[object, bool]:
    """The typed value of ``text`` and whether it fits the type."""
    column = Column("x", parse_type(kind), "Y", "", "public", False, "x")
    frame = pl.DataFrame({"x": [text]})
    return frame.select(cast(column))["x"][0], frame.select(fits(column))["x"][0]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("dec(5,3)", "3", Decimal("3.000")),
        ("dec(5,3)", "-12.5000000", Decimal("-12.500")),
        ("dec(5,3)", ".125", Decimal("0.125")),
        ("dec(7,2)", "+0012345.60", Decimal("12345.60")),
        ("int", "-7", -7),
        ("int", "0042", 42),
        ("ts", "2026-09-01T22:15:00-05:00", datetime(2026, 9, 2, 3, 15, tzinfo=UTC)),
        ("ts", "2026-09-01t22:15:00.25z", datetime(2026, 9, 1, 22, 15, 0, 250000, UTC)),
    ],
)
def test_a_value_is_typed_exactly(kind: str, text: str, value: object) -> None:
    assert cell(kind, text) == (value, True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "2026-02-30"),
        ("date", "02/03/2026"),
        ("date", "2026-2-3"),
        ("date", "2026-02-03 00:00:00"),
        ("dec(5,3)", "3.1234"),
        ("dec(5,3)", "123"),
        ("dec(5,3)", "1,5"),
        ("dec(5,3)", "1e1"),
        ("dec(5,3)", "3."),
        ("dec(5,3)", "NaN"),
        ("int", "3.0"),
        ("int", "1 000"),
        ("int", "99999999999999999999"),
        ("ts", "2026-09-01T22:15:00"),
        ("ts", "2026-09-01"),
        ("ts", "2026-09-01T25:15:00Z"),
    ],
)
def test_what_does_not_fit_is_never_guessed(kind: str, text: str) -> None:
    assert cell(kind, text) == (None, False)


def test_strings_are_trimmed_composed_and_codes_folded() -> None:
    feed = CONTRACTS.feeds["person"]
    sent = pl.DataFrame(
        {"student_id": [" 0123 "], "last_name": ["Nu\u0301n\u0303ez"], "sex": ["f"]}
    ).with_columns(suffix=pl.lit("  "), extra=pl.lit("kept "))
    clean = normalise(feed, sent)
    row = clean.row(0, named=True)
    assert row["student_id"] == "0123"
    assert row["last_name"] == "N\u00fa\u00f1ez"
    assert row["sex"] == "F"
    assert row["suffix"] is None
    assert row["birth_date"] is None
    assert row["extra"] == "kept "


def test_the_members_institution_has_a_name_of_its_own() -> None:
    feed = CONTRACTS.feeds["equivalency"]
    clean = normalise(feed, pl.DataFrame({"institution_code": ["CVCC"]}))
    assert clean["member_institution_code"].to_list() == ["CVCC"]
    assert "institution_code" not in clean.columns


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_typed_rows_fit_the_landing_schema(feed: Feed) -> None:
    names = [column.name for column in feed.data_columns]
    arrow = typed_frame(feed, WORLD[feed.name]).select(names).to_arrow()
    schema = landing_schema(feed)
    assert arrow.cast(schema_of(schema, names)).num_rows == len(WORLD[feed.name])
    assert schema.names == names + LINEAGE.names


def schema_of(schema: pa.Schema, names: list[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in names])


@pytest.mark.parametrize("edit", ROW_CONDITIONS, ids=lambda edit: edit.id)
def test_a_condition_says_the_same_in_polars_and_duckdb(edit: Edit) -> None:
    feed = CONTRACTS.feeds[edit.feed or ""]
    rows = [row for e in feed.edits_of("row") for row in PLANTS[e.id].rows(feed.name)]
    frame = typed(feed, raw_frame(feed, [*rows, {}]))
    in_polars = frame.select(pl.sql_expr(edit.condition or ""))
    in_duckdb = duckdb.sql(f"SELECT ({edit.condition}) AS holds FROM frame").pl()
    assert in_polars.to_series().to_list() == in_duckdb["holds"].to_list()
    assert False in in_duckdb["holds"].to_list()


def landed(feed_name: str, *rows: dict[str, object]) -> pa.Table:
    schema = landing_schema(CONTRACTS.feeds[feed_name])
    base = {
        "institution_code": "CACC",
        "_op": "U",
        "_wave_id": "w1",
        "_as_of": datetime(2026, 9, 1, tzinfo=UTC),
        "_line": 2,
        "_contract_version": "1.0.0",
    }
    return pa.Table.from_pylist([{**base, **row} for row in rows], schema=schema)


def test_the_newest_row_of_a_key_is_in_force() -> None:
    feed = CONTRACTS.feeds["person_name"]
    key = {"student_id": "A1", "name_type": "LEGAL", "last_name": "X"}
    gone = {**key, "student_id": "A2"}
    other = {**key, "institution_code": "CVCC", "middle_name": "other college"}
    p1 = {"_package_id": "p1", "_package_seq": 1}
    p2 = {"_package_id": "p2", "_package_seq": 2}
    held = {"_package_id": "p3", "_package_seq": 3}
    rows = landed(
        "person_name",
        {**key, **p1, "middle_name": "old"},
        {**key, **p2, "middle_name": "new"},
        {**key, **held, "middle_name": "held"},
        {**gone, **p1},
        {**gone, **p2, "_op": "D"},
        {**other, **p1},
    )
    packages = pa.table(
        {
            "institution_code": ["CACC", "CACC", "CVCC"],
            "package_id": ["p1", "p2", "p1"],
            "wave_id": ["w1", "w1", "w1"],
        }
    )
    with duckdb.connect() as con:
        con.register("rows", rows)
        con.register("packages", packages)
        found = con.sql(in_force_select(feed, "rows", "packages")).pl()
    assert tuple(found.columns) == in_force_columns(feed)
    assert sorted(found["middle_name"].to_list()) == ["new", "other college"]


def test_a_closed_row_stays_and_says_so() -> None:
    feed = CONTRACTS.feeds["term"]
    rows = landed(
        "term",
        {"term_code": "1", "_package_id": "p1", "_package_seq": 1},
        {"term_code": "1", "_package_id": "p2", "_package_seq": 2, "_op": "C"},
        {"term_code": "2", "_package_id": "p2", "_package_seq": 2},
    )
    packages = pa.table(
        {
            "institution_code": ["CACC", "CACC"],
            "package_id": ["p1", "p2"],
            "wave_id": ["w1", "w1"],
        }
    )
    with duckdb.connect() as con:
        con.register("rows", rows)
        con.register("packages", packages)
        found = con.sql(in_force_select(feed, "rows", "packages"))
        closed = dict(found.project("term_code, is_closed").fetchall())
    assert closed == {"1": True, "2": False}


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_pandera_is_asked_about_nothing_in_rows_that_hold(feed: Feed) -> None:
    columns, rows = column_schema(feed, CONTRACTS.codes), row_schema(feed)
    assert columns.broken_by(raw_frame(feed, WORLD[feed.name])) is None
    assert rows.broken_by(typed_frame(feed, WORLD[feed.name])) is None


def test_pandera_is_asked_about_what_fails_alone() -> None:
    feed = CONTRACTS.feeds["person"]
    first, *others = WORLD["person"]
    frame = raw_frame(feed, [{**first, "birth_date": "soon"}, *others])
    broken = column_schema(feed, CONTRACTS.codes).broken_by(frame)
    assert broken is not None
    asked = {n: [c.name for c in col.checks] for n, col in broken.columns.items()}
    assert asked == {"birth_date": ["PER-birth_date-TYPE"]}


def test_pandera_says_what_is_amiss_with_a_frame_that_does_not_fit() -> None:
    feed = CONTRACTS.feeds["person"]
    columns, rows = column_schema(feed, CONTRACTS.codes), row_schema(feed)
    raw, known = (of(feed, WORLD["person"]) for of in (raw_frame, typed_frame))
    assert columns.broken_by(raw.drop("birth_date")) is columns.schema
    number = pl.lit(7).alias("birth_date")
    assert columns.broken_by(raw.with_columns(number)) is columns.schema
    assert rows.broken_by(known.drop("birth_date")) is rows.schema
    unnamed = known.with_columns(pl.lit(None, pl.Int64).alias("_row"))
    assert rows.broken_by(unnamed) is rows.schema
