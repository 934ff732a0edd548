"""What records count as elsewhere and toward a core, audited against plain loops."""

import json
import random
from decimal import Decimal

import polars as pl
import pytest
from naive_requirements import TABLES as OF_REQUIREMENTS
from naive_requirements import Registrar
from naive_requirements import differing as differing_requirements
from naive_transfer import State, differing
from warehouse import Warehouse, generated_state

from pipelines.errors import OperatorError
from pipelines.settings import Home
from pipelines.transfer import transfer

pytestmark = pytest.mark.night

TABLES = (
    "organization", "course", "fact_section_enrolment", "fact_transfer_credit",
    "course_equivalency",
)  # fmt: skip


def read_again(warehouse: Warehouse) -> State:
    tables = {name: warehouse.analyst(name).to_dicts() for name in TABLES}
    asked_on = warehouse.analyst("transfer_target")["asked_on"].unique().to_list()
    assert len(asked_on) == 1
    return State(tables, asked_on[0])


def audited(warehouse: Warehouse, count: int | None = None) -> list[str]:
    """Hold the table against the loops; return whom.

    Args:
        warehouse: A published state.
        count: How many learners, drawn; all when None.
    """
    told = warehouse.analyst("transfer_yield")
    learners = warehouse.analyst("learner").filter(
        pl.col("merged_into_learner_id").is_null()
    )["learner_id"]
    whom = learners.sort().to_list()
    if count is not None:
        whom = random.Random(20260901).sample(whom, count)
    rows = told.filter(pl.col("learner_id").is_in(whom))
    # A learner with two colleges and one with one; else half of it is untested.
    assert rows["target_code"].str.starts_with("SYSTEM:").n_unique() == 2
    assert rows.filter("is_counted").height > len(whom)
    assert differing(read_again(warehouse), rows.to_dicts(), whom) == []
    return whom


def audited_requirements(warehouse: Warehouse, count: int | None = None) -> int:
    """Hold ``requirement_progress`` against the loops; return how many programmes.

    Args:
        warehouse: A published state.
        count: How many learners, drawn; all when None.
    """
    told = warehouse.analyst("requirement_progress")
    whom = told["learner_id"].unique().sort().to_list()
    if count is not None:
        whom = random.Random(20260901).sample(whom, min(count, len(whom)))
    tables = {name: warehouse.analyst(name).to_dicts() for name in OF_REQUIREMENTS}
    rows = told.filter(pl.col("learner_id").is_in(whom))
    assert differing_requirements(Registrar(tables), rows.to_dicts(), whom) == []
    assert {True, False} < set(rows["is_met"])
    for column in ("earned", "accepted", "in_progress"):
        assert rows[f"{column}_credit"].sum() > 0, column
    return rows.n_unique(["learner_id", "institution_code", "program_code"])


def test_every_requirement_of_every_learner_as_worked_out_by_hand(clean_state):
    assert audited_requirements(clean_state) > 50


def test_the_areas_of_a_programme_add_up_to_its_credit(clean_state):
    """Credit without an area, or of another, is a row of its own and not lost."""
    amounts = ["earned_credit", "accepted_credit", "in_progress_credit"]
    key = ["learner_id", "institution_code", "program_code"]
    areas = (
        clean_state.analyst("requirement_progress")
        .group_by(key)
        .agg(pl.col(amounts).sum())
    )
    programmes = clean_state.analyst("program_progress").select(*key, *amounts)
    both = areas.join(programmes, on=key, suffix="_whole")
    assert both.height == areas.height > 50
    for name in amounts:
        assert (both[name] == both[f"{name}_whole"]).all(), name


def test_a_stacked_award_is_due_to_who_has_neither_declared_nor_been_awarded_it(
    clean_state,
):
    progress = clean_state.analyst("program_progress")
    due = progress.drop_nulls("inner_program_code")
    key = ["learner_id", "institution_code"]
    inner = due.select(*key, program_code="inner_program_code")
    assert due.height > 0
    assert inner.join(progress, on=[*key, "program_code"], how="semi").is_empty()
    awards = clean_state.analyst("fact_award").filter(pl.col("status") != "REVOKED")
    assert inner.join(awards, on=[*key, "program_code"], how="semi").is_empty()
    stack = clean_state.analyst("program_stack").select(
        "institution_code", "inner_program_code", "inner_required_credit",
        program_code="outer_program_code",
    ).unique()  # fmt: skip
    related = due.join(
        stack, on=["institution_code", "program_code", "inner_program_code"]
    )
    assert related.height >= due.height
    there = pl.col("earned_credit") + pl.col("accepted_credit")
    assert related.filter(there < pl.col("inner_required_credit")).is_empty()


def test_an_implied_programme_is_nobodys_declared_one(clean_state):
    implied = clean_state.analyst("program_implied")
    declared = clean_state.analyst("program_progress")
    key = ["learner_id", "institution_code"]
    active = declared.filter(pl.col("status") == "ACTIVE")
    assert implied.height > 0
    assert implied.join(active, on=key, how="semi").is_empty()
    assert implied.join(declared, on=[*key, "program_code"], how="semi").is_empty()


def test_every_learner_at_every_college_as_worked_out_by_hand(clean_state):
    assert len(audited(clean_state)) > 300


def test_every_attempt_of_every_learner_is_asked_at_the_system(clean_state):
    """No attempt is lost to a join: what is not brought is named with its reason."""
    attempts = clean_state.analyst("fact_section_enrolment").filter(
        pl.col("learner_id").is_not_null() & (pl.col("status") != "not_recorded")
    )
    asked = clean_state.analyst("transfer_yield").filter(
        pl.col("target_code").str.starts_with("SYSTEM:") & (pl.col("part") == 1)
    )
    courses = asked.filter(pl.col("record_kind") == "course")
    assert courses["source_record_key"].is_unique().all()
    assert set(courses["source_record_key"]) == set(attempts["source_record_key"])
    assert courses["earned_credit"].sum() == attempts["earned_credit"].sum()
    unexplained = pl.col("reason").is_null() != pl.col("is_counted")
    assert clean_state.analyst("transfer_yield").filter(unexplained).is_empty()


def test_the_ledger_says_what_the_college_sent_and_where_it_stopped(clean_state):
    """The truth of the generator, by college, is what the ledger adds up to."""
    ledger = clean_state.analyst("credit_ledger")
    expected = clean_state.expected_totals()
    for amount, measure in (
        ("attempted_credit", "attempted_credit"),
        ("earned_credit", "earned_credit"),
        ("accepted_credit", "transfer_accepted_credit"),
        ("applied_credit", "transfer_applied_credit"),
    ):
        true = expected.filter(measure=measure).select("institution_code", "expected")
        summed = ledger.group_by("institution_code").agg(
            pl.col(amount).sum().cast(pl.Float64)
        )
        both = true.join(summed, on="institution_code", how="left").fill_null(0)
        assert both["expected"].sum() > 100
        wrong = both.filter((pl.col("expected") - pl.col(amount)).abs() > 0.0005)
        assert wrong.is_empty(), measure
    stages = set(ledger["stage"])
    assert stages >= {"earned", "not_earned", "in_progress", "pending", "rejected"}
    assert stages >= {"accepted", "applied"}
    rejected = ledger.filter(stage="rejected")
    assert rejected["reason"].null_count() == 0
    assert rejected["lost_credit"].sum() > 0
    sent = ledger.filter(pl.col("from_record_key").is_not_null())
    assert sent.height > 20
    origin = sent.join(
        ledger.select("source_record_key", origin_learner="learner_id", was="stage"),
        left_on="from_record_key",
        right_on="source_record_key",
    )
    assert origin.filter(pl.col("learner_id") != pl.col("origin_learner")).is_empty()


def someone_of_two_colleges(state: Warehouse) -> str:
    """The learner of several colleges whose record counts for most elsewhere."""
    facts = state.analyst("fact_section_enrolment").drop_nulls("learner_id")
    places = facts.group_by("learner_id").agg(pl.col("institution_code").n_unique())
    counted = state.analyst("transfer_yield").filter(
        pl.col("is_counted") & pl.col("target_code").str.starts_with("SYSTEM:")
    )
    several = places.filter(pl.col("institution_code") > 1).join(
        counted.group_by("learner_id").len(), on="learner_id"
    )
    return several.sort("len", "learner_id")["learner_id"][-1]


def test_the_command_tells_the_same_for_every_college(clean_state):
    learner = someone_of_two_colleges(clean_state)
    again = read_again(clean_state)
    seen = 0
    for college in sorted(again.targets):
        told = transfer(Home(clean_state.root), learner, college)
        expected = again.plan(learner, college, again.ways(college))
        assert [
            (row["source_record_key"], row["part"], row["reason"], row["credits"])
            for row in sorted(
                told["rows"], key=lambda row: (row["source_record_key"], row["part"])
            )
        ] == [(row[0], row[1], row[3], row[12]) for row in expected]
        assert told["totals"]["semester_hours"] == sum(row[12] for row in expected)
        assert sum(told["totals"]["not_counted"].values()) == len(
            [row for row in expected if row[3]]
        )
        seen += told["totals"]["semester_hours"] > 0
    # all but those of the learner's own that have nothing to gain from the others
    assert seen >= 21
    assert len(again.targets) == 24


def test_the_command_prints_courses_reasons_sums_and_the_programme(clean_state):
    learner = someone_of_two_colleges(clean_state)
    programs = clean_state.analyst("program").filter(
        (pl.col("institution_code") == "CACC")
        & pl.col("required_credits").is_not_null()
    )
    program = programs.sort("program_code").row(0, named=True)
    asked = ("transfer", learner, "--to", "cacc", "--program", program["program_code"])
    printed = clean_state.lrw(*asked)
    told = json.loads(clean_state.lrw(*asked, "--format", "json"))
    assert told["college"]["institution_code"] == "CACC"
    assert told["learner_id"] == learner
    for row in told["rows"]:
        assert f"{row['subject']} {row['course_number']}" in printed
    for part in ("What counts", "Together", "common number", program["title"]):
        assert part in printed
    assert "not its courses and areas" in printed
    counted = Decimal(told["program"]["counted"])
    assert counted == Decimal(told["totals"]["semester_hours"]) > 0
    core = told["program"]["core"]
    assert [area["area_code"] for area in core["areas"]] == ["1", "2", "3", "4", "5"]
    for area in core["areas"]:
        assert area["title"] in printed
    placed = sum(Decimal(area["counted_hours"]) for area in core["areas"])
    assert placed + Decimal(core["hours_in_no_area"]) == counted
    first = core["areas"][0]
    there = Decimal(first["counted_hours"]) + Decimal(first["held_there"] or 0)
    assert Decimal(first["left_hours"]) == max(6 - there, 0)
    assert first["is_met"] == (there >= 6)
    assert core["areas"][4]["is_met"] is None
    left = Decimal(told["program"]["at_least_left"])
    assert left == max(program["required_credits"] - counted, 0)


def test_what_is_unknown_is_one_line(clean_state):
    learner = someone_of_two_colleges(clean_state)
    assert clean_state.lrw("transfer", "x", "--to", "CACC", code=1).count("\n") == 1
    home = Home(clean_state.root)
    with pytest.raises(OperatorError, match="no college has this code"):
        transfer(home, learner, "HARVARD")
    with pytest.raises(OperatorError, match="no learner of the snapshot"):
        transfer(home, "x", "CACC")
    with pytest.raises(OperatorError, match="no programme of CACC has this code"):
        transfer(home, learner, "CACC", "NOPE")
    with pytest.raises(OperatorError, match="has sent no catalogue"):
        transfer(home, learner, "NSCC")


@pytest.mark.sweep
@pytest.mark.parametrize("system", ["accs", "tbr"])
def test_a_thousand_learners_of_a_larger_state(tmp_path, system):
    """Tennessee's technical colleges count in clock hours and bring blocks."""
    warehouse = generated_state(
        tmp_path,
        *("--system", system, "--learners", "20000", "--nights", "1"),
        *("--seed", "5", "--faults", "none"),
    )
    warehouse.lrw("night")
    assert len(audited(warehouse, 1000)) == 1000
    assert audited_requirements(warehouse, 1000) > 1000
