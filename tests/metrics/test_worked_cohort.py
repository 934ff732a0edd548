"""Every learner of the hand-worked cohort, in every metric, by the deciding rule."""

import pytest
from told import told
from worked import WORKED, expected, published, worked_tables

from pipelines.metrics.answers import counted, decided
from pipelines.metrics.load import load_definitions

DEFINITIONS = load_definitions()


@pytest.fixture(scope="module")
def con():
    with published(worked_tables()) as made:
        yield made


@pytest.mark.parametrize("name", DEFINITIONS.metrics)
def test_every_learner_is_where_the_definition_puts_them(con, name):
    metric = DEFINITIONS.metrics[name]
    rows = decided(con, DEFINITIONS, metric)
    assert sorted(told(row, metric) for row in rows) == expected(name)


@pytest.mark.parametrize("name", DEFINITIONS.metrics)
def test_an_outcome_is_reached_where_its_rule_says_yes(con, name):
    metric = DEFINITIONS.metrics[name]
    for row in decided(con, DEFINITIONS, metric):
        for outcome in metric.outcomes:
            rule = row[f"{outcome.id}_rule"]
            decides = None if rule is None else DEFINITIONS.rules[rule].decides
            assert row[outcome.id] == {None: None, "yes": True, "no": False}[decides]


@pytest.mark.parametrize("name", DEFINITIONS.metrics)
def test_one_learner_alone_is_decided_as_among_all(con, name):
    metric = DEFINITIONS.metrics[name]
    some = sorted(WORKED["learners"])[::5]
    rows = decided(con, DEFINITIONS, metric)
    alone = [row for who in some for row in decided(con, DEFINITIONS, metric, who)]
    assert alone == [row for row in rows if row["learner_id"] in some]


def test_the_state_is_the_sum_of_its_colleges(con):
    """Counts are those of the hand-worked rows."""
    metric = DEFINITIONS.metrics["ipeds_gr"]
    state = counted(con, DEFINITIONS, metric, 2021)
    by_college = counted(con, DEFINITIONS, metric, 2021, "college")
    in_cohort = [r for r in expected("ipeds_gr") if " 2021 in " in r]
    done = [r for r in in_cohort if "completed_within_150" in r]
    row = next(row for row in state if row["outcome"] == "completed_150")
    assert (row["denominator"], row["numerator"]) == (len(in_cohort), len(done))
    assert row["rate"] == round(100 * len(done) / len(in_cohort), 1)
    for number in ("denominator", "numerator"):
        assert sum(r[number] for r in by_college) == sum(r[number] for r in state)
    north = [r for r in in_cohort if " NORTH " in r]
    assert {r["denominator"] for r in by_college if r["college"] == "NORTH"} == {
        len(north)
    }


def test_every_rule_decides_somebody():
    """A rule that no story reaches is a rule that no test would miss."""
    words = {
        word.rstrip(":")
        for name in DEFINITIONS.metrics
        for row in expected(name)
        for word in row.split()
    }
    assert set(DEFINITIONS.rules) - words == set()
