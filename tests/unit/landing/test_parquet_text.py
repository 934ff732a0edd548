"""What a Parquet column becomes as text: not rounded, not lost, and never an error."""

from datetime import UTC, date, datetime

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.contracts.load import load_contracts
from pipelines.contracts.polars import typed
from pipelines.landing.reading.parquet import as_text, damaged_text

FEED = load_contracts().feeds["experience"]
HOURS = FEED.column("hours")
START = FEED.column("start_date")
UPDATED = FEED.column("record_updated_at")


def _text(values: list[object], kind: pa.DataType, column: object = HOURS) -> list[str]:
    chunked = pa.chunked_array([pa.array(values, kind)])
    return as_text(chunked, column).to_list()  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.integers(-99_999_999, 99_999_999))
def test_a_float_of_two_places_is_that_decimal(hundredths: int) -> None:
    (text,) = _text([hundredths / 100], pa.float64())
    assert round(float(text) * 100) == hundredths
    assert len(text.rpartition(".")[2]) == 2


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=True, allow_infinity=True))
@example(1.797693134862316e306)
@example(-1.797693134862316e308)
def test_any_float_whatever_becomes_a_text(value: float) -> None:
    (text,) = _text([value], pa.float64())
    assert text


@pytest.mark.parametrize("value", [12.345, 0.001, float("nan"), float("inf"), 1e300])
def test_a_float_that_the_type_cannot_hold_is_left_to_the_edits(value: float) -> None:
    raw = pl.DataFrame({"hours": _text([value, None], pa.float64())}).with_columns(
        pl.lit(None, pl.String).alias(c.name) for c in FEED.columns if c.name != "hours"
    )
    assert raw["hours"][0] is not None
    assert raw["hours"][1] is None
    assert typed(FEED, raw)["hours"].to_list() == [None, None]


def test_dates_and_instants_print_as_the_specification_has_them() -> None:
    days = _text([date(2026, 2, 1), None], pa.date32(), START)
    assert days == ["2026-02-01", None]
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)
    (instant,) = _text([noon], pa.timestamp("ns", "America/Chicago"), UPDATED)
    assert instant.startswith("2026-02-01T12:00:00")
    assert instant.endswith("Z")


def test_a_day_that_no_calendar_prints_is_a_number() -> None:
    far = pa.chunked_array([pa.array([2**31 - 1, -(2**31)], pa.int32())])
    assert as_text(far.cast(pa.date32()), START).to_list() == [
        "2147483647",
        "-2147483648",
    ]


def test_damaged_rows_are_told_with_their_lines_and_many_refuse_the_file() -> None:
    names = [f"Food bank {number}" for number in range(200)]
    frame = pl.DataFrame({"_line": range(2, 202), "title": names})
    assert damaged_text(frame)[0].is_empty()
    one = frame.with_columns(
        title=pl.when(pl.col("_line") == 9).then(pl.lit("Caf\ufffd")).otherwise("title")
    )
    bad, refusals = damaged_text(one)
    assert bad.select("line", "edit_id", "raw").rows() == [(9, "F08", "Caf\ufffd")]
    assert refusals == []
    _, refusals = damaged_text(frame.with_columns(title=pl.lit("CafÃ©")))
    assert [note.edit_id for note in refusals] == ["F08"]
