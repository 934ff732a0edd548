from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from recount import SUMS, count, in_force

from pipelines.contracts.model import Contracts
from pipelines.sample import SampleSummary

NIGHTS = [date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)]


def _disagreements(contracts: Contracts, sample: SampleSummary, night: date) -> list:
    truth = pl.read_parquet(sample.out / "truth/total.parquet")
    found = []
    for row in truth.filter(pl.col("night") == night).iter_rows(named=True):
        code = row["institution_code"]
        counted = count(in_force(contracts, sample.out / "inbox", code, night))
        found += [
            (code, name, counted[name], row[name])
            for name in SUMS
            if counted[name] != Decimal(str(row[name]))
        ]
    return found


@pytest.mark.parametrize("night", NIGHTS)
def test_an_independent_recount_of_the_packages_gives_the_truth(
    contracts: Contracts, clean: SampleSummary, night: date
) -> None:
    assert _disagreements(contracts, clean, night) == []


def test_a_recount_of_the_technical_colleges_gives_the_truth(
    contracts: Contracts, clean_tbr: SampleSummary
) -> None:
    assert _disagreements(contracts, clean_tbr, NIGHTS[-1]) == []


def test_the_recount_would_notice_a_lost_row(
    contracts: Contracts, clean: SampleSummary
) -> None:
    state = in_force(contracts, clean.out / "inbox", "CALHOUN", NIGHTS[0])
    whole = count(state)
    state["course_result"] = state["course_result"].head(-1)
    assert count(state)["course_results"] == whole["course_results"] - 1


def test_term_summaries_equal_the_sums_over_results_on_every_night(
    contracts: Contracts, clean: SampleSummary
) -> None:
    key = ["student_id", "term_code", "level"]
    for night in NIGHTS:
        state = in_force(contracts, clean.out / "inbox", "COASTAL", night)
        sums = (
            state["course_result"]
            .group_by(key)
            .agg(
                attempted=pl.col("attempted_credit").cast(pl.Decimal(9, 3)).sum(),
                earned=pl.col("earned_credit").cast(pl.Decimal(9, 3)).sum(),
            )
        )
        stated = state["term_enrollment"].select(
            *key,
            pl.col("attempted").cast(pl.Decimal(9, 3)),
            pl.col("earned").cast(pl.Decimal(9, 3)),
        )
        assert stated.height == sums.height > 100
        assert stated.sort(key).equals(
            sums.sort(key).cast(dict(stated.schema))  # type: ignore[arg-type]
        )


def test_colleges_that_send_the_same_state_have_equal_published_totals(
    clean: SampleSummary,
) -> None:
    total = pl.read_parquet(clean.out / "truth/total.parquet")
    assert total.equals(pl.read_parquet(clean.out / "truth/published_total.parquet"))
    assert total.height == 24 * 3
