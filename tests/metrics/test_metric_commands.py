"""``lrw metric`` as an analyst calls it."""

import csv
import io

from worked import RETIRED, expected

from pipelines.metrics.load import load_definitions

DEFINITIONS = load_definitions()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_list_says_whose_definition_each_is(lrw):
    told = lrw("metric", "list", "--format", "json").json()
    assert [row["metric"] for row in told] == list(DEFINITIONS.metrics)
    assert all(row["publication"] and row["effective_year"] > 2000 for row in told)
    assert "ipeds_gr" in lrw("metric", "list").out


def test_show_counts_the_hand_worked_learners(lrw):
    told = lrw(
        "metric", "show", "nsc_persistence", "--cohort", "2021", "--format", "csv"
    )
    found = {row["outcome"]: row for row in rows(told.out)}
    wanted = [row for row in expected("nsc_persistence") if " 2021 in " in row]
    for place, outcome in enumerate(("retained", "persisted")):
        rules = [row.rsplit(": ", 1)[1].split()[place] for row in wanted]
        yes = [rule for rule in rules if DEFINITIONS.rules[rule].decides == "yes"]
        assert found[outcome]["denominator"] == str(len(wanted))
        assert found[outcome]["numerator"] == str(len(yes))


def test_show_tells_how_many_were_excluded(lrw):
    told = lrw("metric", "show", "ipeds_gr", "--cohort", "2021", "--format", "json")
    gone = [row for row in expected("ipeds_gr") if row.endswith(" 2021 out died")]
    assert {row["excluded"] for row in told.json()} == {len(gone)} != {0}


def test_show_by_college_and_by_a_disaggregation(lrw):
    for by, values in (
        ("college", {"NORTH", "SOUTH", "TECH", "JOINING"}),
        ("dual_before", {"True", "False"}),
    ):
        asked = ("metric", "show", "ipeds_gr", "--cohort", "2021", "--by", by)
        told = lrw(*asked, "--format", "csv")
        assert {row[by] for row in rows(told.out)} == values


def test_show_prints_rules_what_is_not_applied_and_that_nothing_is_suppressed(lrw):
    out = lrw("metric", "show", "ipeds_gr").out
    metric = DEFINITIONS.metrics["ipeds_gr"]
    assert "NOT suppressed" in out
    for part in metric.parts:
        for name in (*part.ordered, part.otherwise):
            assert f"{name}: {DEFINITIONS.rules[name].says}" in out
    for part in metric.not_applied:
        assert part.reason in out
    assert metric.source.url in out


def test_a_cohort_whose_time_is_not_over_says_until_when(lrw):
    told = lrw("metric", "show", "ipeds_gr", "--format", "json").json()
    final = {(row["outcome"], row["cohort_year"]): row["is_final"] for row in told}
    # the record published beside the cohort is of January 2026
    assert final["completed_200", 2018] is True
    assert final["completed_100", 2021] is True
    assert final["completed_200", 2021] is False


def test_explain_tells_apart_what_two_definitions_treat_differently(lrw):
    learner = "degree at a sister college"
    by_ipeds = lrw(
        "metric", "explain", "ipeds_ef_ft", learner, "--format", "json"
    ).json()
    by_nsc = lrw(
        "metric", "explain", "nsc_persistence", learner, "--format", "json"
    ).json()
    (north, south) = by_ipeds["cohorts"]
    assert (north["is_in"], south["is_in"]) == (True, False)
    (retained,) = north["outcomes"]
    assert retained["is_reached"] is False
    assert retained["rule"] == "only_elsewhere_in_fall"
    persisted = by_nsc["cohorts"][0]["outcomes"][1]
    assert persisted["is_reached"] is True
    facts = {fact["input"]: fact["value"] for fact in persisted["facts"]}
    assert facts["next_fall_sister_on"] == "2022-08-17"
    assert south["rule"] == "attended_sister_before"
    assert {"input", "value", "what"} == set(south["facts"][0])


def test_explain_in_words(lrw):
    out = lrw("metric", "explain", "ipeds_gr", "transferred in with 60 credits").out
    assert "NORTH 2021  OUT  brought_outside_credit" in out
    assert DEFINITIONS.rules["brought_outside_credit"].says in out
    assert "outside_credit_on = 2021-08-17" in out


def test_a_retired_id_is_the_surviving_learner(lrw):
    told = lrw("metric", "explain", "ipeds_gr", RETIRED, "--format", "json").json()
    assert told["learner_id"] == "summer starter"
    assert told["asked"] == RETIRED
    assert told["cohorts"][0]["is_in"] is True


def test_somebody_in_no_cohort_is_told_so(lrw):
    said = lrw("metric", "explain", "ipeds_gr", "audit and examination only")
    assert said.code == 0
    assert "In no cohort" in said.out


def test_what_cannot_be_answered_is_one_line(lrw):
    for arguments, code, words in (
        (("show", "nope"), 2, "ipeds_gr"),
        (("explain", "nope", "summer starter"), 2, "no such metric"),
        (("explain", "ipeds_gr", "nobody"), 1, "not published"),
        (("explain", "ipeds_gr", "erased"), 1, "erased"),
        (("show", "ipeds_gr", "--by", "hair"), 2, "dual_before"),
        (("show", "ipeds_gr", "--cohort", "soon"), 2, "cohort"),
    ):
        said = lrw("metric", *arguments)
        assert (said.code, said.out) == (code, "")
        assert words in said.line


def test_nothing_published_is_one_line(lrw, tmp_path, monkeypatch):
    monkeypatch.setenv("LRW_HOME", str(tmp_path))
    said = lrw("metric", "show", "ipeds_gr")
    assert said.code == 1
    assert "run a night first" in said.line
