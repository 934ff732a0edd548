"""Counting by hand on six students: two people, one of them at three colleges."""

import polars as pl
import pytest

from pipelines.identity.accuracy.curves import calibration, links_at, odds, sweep
from pipelines.identity.accuracy.measure import measure, without_planted

TRUTH = pl.DataFrame(
    {
        "institution_code": ["A", "B", "C", "A", "B", "A"],
        "student_id": ["1", "1", "1", "2", "2", "3"],
        "true_learner": [1, 1, 1, 2, 2, 1],
        "current": [True, True, True, True, True, True],
        "cases": [["nickname"], [], ["twin"], ["twin"], [], []],
        "traps": [[], [], ["twin:0"], ["twin:0"], [], []],
    },
    schema_overrides={"cases": pl.List(pl.String), "traps": pl.List(pl.String)},
)


def _links(*learners: str | None) -> pl.DataFrame:
    return TRUTH.select(
        "institution_code", "student_id", learner_id=pl.Series(learners)
    )


def _pairs(*rows: tuple[str, str, str, str, str, float, bool]) -> pl.DataFrame:
    names = (
        "a_institution_code", "a_student_id", "b_institution_code", "b_student_id",
        "kind", "probability", "may_link",
    )  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")


def test_every_pair_is_counted_once() -> None:
    got = measure(TRUTH, _links("x", "x", "y", "y", "z", "w"))
    assert (got.true_pairs, got.joined_pairs, got.found) == (7, 2, 1)
    assert got.precision == 0.5
    assert got.recall == pytest.approx(1 / 7)
    # A1 and A3 are two ids in force at one college.
    assert (got.between, got.between_found) == (6, 1)
    assert got.false_merges == 1
    assert (got.exact_clusters, got.clusters, got.largest) == (0, 4, 2)


def test_a_planted_pair_that_is_joined_is_named() -> None:
    got = measure(TRUTH, _links("x", "x", "y", "y", "z", "w"))
    by_case = {kind.case: kind for kind in got.kinds}
    twin = by_case["twin"]
    assert (twin.true_pairs, twin.found) == (4, 0)
    assert (twin.planted, twin.trapped, twin.false_merges) == (1, 1, 1)
    assert by_case["nickname"].recall == pytest.approx(1 / 3)
    assert got.trapped == 1


def test_the_truth_itself_is_without_fault() -> None:
    got = measure(TRUTH, _links("x", "x", "x", "y", "y", "x"))
    assert (got.precision, got.recall, got.f1, got.trapped) == (1, 1, 1, 0)
    assert got.exact_clusters == got.learners == 2


def test_a_student_without_a_link_is_a_learner_of_its_own() -> None:
    got = measure(TRUTH, _links(None, None, None, None, None, None))
    assert (got.joined_pairs, got.precision, got.recall) == (0, 1, 0)
    assert got.clusters == 6


def test_the_sweep_joins_by_falling_probability() -> None:
    pairs = _pairs(
        ("A", "1", "B", "1", "exact", 1.0, True),
        ("B", "1", "C", "1", "model", 0.97, True),
        ("A", "2", "B", "2", "model", 0.9, False),
        ("A", "2", "C", "1", "model", 0.6, True),
    )
    points = {p.threshold: p for p in sweep(TRUTH, pairs, (0.5, 0.96, 0.99))}
    assert points[0.99].recall == pytest.approx(1 / 7)
    assert points[0.96].recall == pytest.approx(3 / 7)
    # A2 is another id in force at A: C1 is with A1 by then, and the pair is refused.
    assert points[0.5] == points[0.5].__class__(0.5, 1.0, pytest.approx(3 / 7), 0)


def test_links_at_a_threshold_are_those_of_the_sweep() -> None:
    pairs = _pairs(
        ("A", "1", "B", "1", "model", 0.97, True),
        ("A", "2", "B", "2", "model", 0.6, True),
    )
    for threshold, joined in ((0.99, 0), (0.9, 1), (0.5, 2)):
        assert measure(TRUTH, links_at(TRUTH, pairs, threshold)).joined_pairs == joined


def test_calibration_counts_what_was_one_person() -> None:
    pairs = _pairs(
        ("A", "1", "B", "1", "model", 0.92, True),
        ("A", "2", "C", "1", "model", 0.94, True),
        ("A", "2", "B", "2", "model", 0.02, True),
        ("B", "1", "C", "1", "exact", 1.0, True),
    )
    low, high = calibration(TRUTH, pairs)
    assert (low.low, low.pairs, low.observed) == (0.01, 1, 1.0)
    assert (high.low, high.pairs, high.observed) == (0.9, 2, 0.5)
    assert high.predicted == pytest.approx(0.93)
    # The planted twins are the false pair, whichever comes first.
    assert without_planted(TRUTH, pairs).height == 3


def test_odds_are_bits() -> None:
    assert odds(0.5) == 0
    assert odds(0.8) == pytest.approx(2)
