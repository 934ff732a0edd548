"""Someone who has all tables and all releases recovers nothing that was hidden."""

import random
from itertools import product

import polars as pl
import pytest
from attacker import attacked, naive
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_tables import rolled, state
from sweeps import sweep

from pipelines.suppression import Rules, suppress

WIDTH = Rules().width


def holds(report) -> None:
    assert report.recovered == [], report
    assert report.narrowest >= WIDTH - 0.01, (report.where, str(report))
    assert report.moves_recovered == [], report
    assert report.narrowest_move >= WIDTH - 0.01, report
    assert report.averages_recovered == [], report


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_release_and_its_corrections(seed: int) -> None:
    table = state(colleges=14, metrics=2, releases=2, seed=seed)
    report = attacked(suppress(table).public(), table)
    print(report)
    assert report.hidden > 300
    assert report.moves > 10
    holds(report)


def test_leaving_out_small_cells_alone_is_broken() -> None:
    table = state(colleges=60, metrics=1, releases=1, seed=7, size=7)
    report = attacked(naive(table), table)
    print(report)
    assert len(report.recovered) > report.hidden / 20
    holds(attacked(suppress(table).public(), table))


def test_small_corrections_show_in_a_naive_second_release() -> None:
    table = state(colleges=14, metrics=1, releases=2, seed=4)
    report = attacked(naive(table), table)
    assert len(report.moves_recovered) > report.moves / 2


counts = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
    lambda pair: [min(pair), max(pair)]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(counts, min_size=4, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), counts), max_size=3),
)
def test_any_small_tables(first, corrections) -> None:
    """Hardly a count of these reaches the minimum; two releases of three grains."""
    leaves = {(f"C{i % 3}", f"G{i // 3}"): cell for i, cell in enumerate(first)}
    rows = [
        {"release": "1", "metric": "m"} | row
        for row in rolled(leaves, "college", "group")
    ]
    for i, cell in corrections:
        leaves[sorted(leaves)[i % len(leaves)]] = cell
    rows += [
        {"release": "2", "metric": "m"} | row
        for row in rolled(leaves, "college", "group")
    ]
    table = pl.DataFrame(rows)
    holds(attacked(suppress(table).public(), table))


@pytest.mark.parametrize("grain", ["all", "no college printed", "no pairs printed"])
def test_three_dimensions(grain: str) -> None:
    """College × group × age, without the margins or the pairs that follow from it."""
    drawn = random.Random(grain)
    leaves = {}
    for cell in product("ABCDE", ("x", "y", "z"), ("young", "older", "old")):
        denominator = round(drawn.lognormvariate(3.5, 1))
        leaves[cell] = [drawn.randint(0, denominator), denominator]
    dimensions = ("college", "group", "age")
    table = pl.DataFrame(
        [{"release": "1", "metric": "m"} | r for r in rolled(leaves, *dimensions)]
    )
    known = pl.sum_horizontal(pl.col(dimensions).is_not_null().cast(pl.Int8))
    alone = pl.col("college").is_not_null() & (known == 1)
    if grain == "no college printed":
        table = table.filter(~alone)
    elif grain == "no pairs printed":
        table = table.filter(known != 2)
    report = attacked(suppress(table).public(), table)
    assert report.hidden
    holds(report)


@sweep
def test_a_whole_state_of_three_releases() -> None:
    table = state(colleges=60, metrics=1, releases=3, seed=1)
    report = attacked(suppress(table).public(), table)
    print(report)
    holds(report)
