"""Outcome metrics of a generated state, held against plain loops."""

import json

import naive_metrics
import pytest
from warehouse import Warehouse

pytestmark = pytest.mark.night


def explained(warehouse: Warehouse, metric: str, learner: str) -> list[str]:
    """What ``lrw metric explain`` says, as the loops write it."""
    told = json.loads(
        warehouse.lrw("metric", "explain", metric, learner, "--format", "json")
    )
    lines = []
    for cohort in told["cohorts"]:
        where = f"{learner}: {cohort['institution_code']} {cohort['cohort_year']}"
        rules = " ".join(outcome["rule"] for outcome in cohort["outcomes"])
        lines.append(
            f"{where} in {cohort['rule']}: {rules}"
            if cohort["is_in"]
            else f"{where} out {cohort['rule']}"
        )
    return sorted(lines)


def test_every_count_and_some_learners_are_those_of_the_loops(clean_state):
    by_loops = naive_metrics.worked_out(
        {name: clean_state.analyst(name).to_dicts() for name in naive_metrics.TABLES}
    )
    for metric, lines in by_loops.items():
        shown = json.loads(
            clean_state.lrw("metric", "show", metric, "--format", "json")
        )
        in_cohort = [line for line in lines if " in " in line]
        first = shown[0]["outcome"]
        counted = sum(r["denominator"] for r in shown if r["outcome"] == first)
        assert counted == len(in_cohort) > 20
        learner = in_cohort[len(in_cohort) // 2].partition(": ")[0]
        assert explained(clean_state, metric, learner) == [
            line for line in lines if line.startswith(f"{learner}: ")
        ]


def test_some_are_treated_differently_by_two_definitions(clean_state):
    """A learner who went on to a sister college has persisted and is not retained."""
    by_loops = naive_metrics.worked_out(
        {name: clean_state.analyst(name).to_dicts() for name in naive_metrics.TABLES}
    )
    went = [
        line.partition(": ")[0]
        for line in by_loops["nsc_persistence"]
        if line.endswith("only_elsewhere_in_fall elsewhere_in_fall")
    ]
    assert went
    told = clean_state.lrw("metric", "explain", "nsc_persistence", went[0])
    assert "Retained (same college, or an award of it): NO" in told
    assert "Persisted (any college, or an award of any): YES" in told
