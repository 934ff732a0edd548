"""Every planted fault gets its verdict, everyone else publishes, nothing is lost."""

import csv
import json
import shutil

import polars as pl
import pytest
from sweeps import sweep
from warehouse import differing_totals, generated_state

from pipelines.contracts.load import load_contracts

pytestmark = pytest.mark.night

APPLIED = ["accepted", "accepted_with_quarantine"]


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    warehouse = generated_state(
        tmp_path_factory.mktemp("faulty"),
        *("--system", "accs", "--learners", "1000", "--nights", "3"),
        *("--seed", "7", "--faults", "standard"),
    )
    warehouse.lrw("night")
    return warehouse


@pytest.fixture(scope="module")
def verdicts(state):
    """The verdict each delivery got when it was first looked at, and the last one."""
    looks = state.ledger().sort("wave_id").group_by("institution_code", "delivery")
    return looks.agg(
        pl.col("verdict").first(), pl.col("verdict").last().alias("in_the_end")
    )


@pytest.fixture(scope="module")
def faults(state):
    return state.truth("fault").filter(pl.col("package_verdict") != "late")


def test_the_state_plants_every_kind_of_fault(faults):
    edits = load_contracts().all_edits()
    carried_out = {edit.id: edit.implements for edit in edits}
    planted = set(faults["edit_id"])
    planted |= {general for edit in planted for general in carried_out[edit]}
    general = {f"F{n:02}" for n in (*range(1, 19), 20)}
    assert general - planted == set()
    assert len([edit for edit in planted if "-" in edit]) > 25


def test_every_planted_fault_gets_its_expected_verdict(faults, verdicts):
    joined = faults.join(verdicts, on=["institution_code", "delivery"], how="left")
    wrong = joined.filter(pl.col("verdict") != pl.col("package_verdict"))
    assert joined["verdict"].null_count() == 0
    assert (
        wrong.select("fault", "edit_id", "package_verdict", "verdict").to_dicts() == []
    )


def test_what_waits_is_healed_by_its_predecessor_or_by_a_snapshot(faults, verdicts):
    waiting = faults.filter(pl.col("edit_id") == "F10").join(
        verdicts, on=["institution_code", "delivery"]
    )
    assert set(waiting["package_verdict"]) == {"held"}
    assert set(waiting["in_the_end"]) <= {"accepted", "retired"}


def test_every_planted_fault_is_reported_by_its_own_edit(state, faults):
    """Over every look at a delivery: a held one may be retired by a later snapshot."""
    said = (
        state.ledger()
        .explode("findings")
        .unnest("findings")
        .select("institution_code", "delivery", "edit_id")
        .unique()
    )
    keys = ["institution_code", "delivery", "edit_id"]
    silent = faults.join(said, on=keys, how="anti")
    assert silent.select("fault", "edit_id", "institution_code").to_dicts() == []


def test_colleges_without_a_fault_are_all_accepted(state, verdicts):
    truth = state.truth("package").filter(pl.col("fault").is_null())
    joined = truth.join(verdicts, on=["institution_code", "delivery"], suffix="_got")
    assert joined.height > 30
    wrong = joined.filter(pl.col("verdict") != pl.col("verdict_got"))
    assert wrong.select("institution_code", "delivery", "verdict_got").to_dicts() == []


def test_the_totals_of_every_college_are_those_of_the_state_in_force(state):
    assert differing_totals(state) == []


def test_every_row_of_every_applied_file_is_loaded_collapsed_or_quarantined(state):
    files = (
        state.ledger()
        .filter(pl.col("verdict").is_in(APPLIED))
        .select("institution_code", "delivery", pl.col("files"))
        .explode("files")
        .unnest("files")
    )
    expected = state.truth("file").filter(pl.col("verdict").is_in(APPLIED))
    joined = expected.join(
        files, on=["institution_code", "delivery", "feed"], how="left"
    )
    counts = ("loaded", "collapsed", "quarantined")
    wrong = joined.filter(
        (pl.col("rows") != pl.col("rows_read"))
        | pl.any_horizontal(pl.col(n) != pl.col(f"{n}_right") for n in counts)
    )
    assert wrong.select("institution_code", "delivery", "feed").to_dicts() == []
    lost = pl.col("rows_read") - pl.sum_horizontal(*counts)
    assert files.filter(lost != 0).is_empty()
    assert files["quarantined"].sum() > 20
    assert files["collapsed"].sum() > 0


def test_a_quarantined_row_is_kept_with_its_line_and_every_edit(state, faults):
    planted = faults.filter(pl.col("fault") == "row_edits").explode("lines")
    kept = pl.concat(
        [
            pl.read_parquet(path).with_columns(feed=pl.lit(path.parent.name))
            for path in (state.root / "quarantine").glob("*/*.parquet")
        ]
    )
    joined = planted.join(
        kept,
        left_on=["institution_code", "package_id", "feed", "lines"],
        right_on=["institution_code", "package_id", "feed", "line"],
        how="left",
    )
    assert joined.height > 25
    assert joined["edit_ids"].null_count() == 0
    assert joined.filter(
        ~pl.col("edit_ids").list.contains(pl.col("edit_id"))
    ).is_empty()


def test_the_return_file_names_line_value_and_remedy_of_each_fault(state, faults):
    row = faults.filter(pl.col("edit_id") == "CRR-Q03").row(0, named=True)
    folder = state.root / "outbox" / row["institution_code"] / row["delivery"]
    (findings,) = folder.glob("*.findings.csv")
    with findings.open(newline="") as file:
        told = [line for line in csv.DictReader(file) if line["edit_id"] == "CRR-Q03"]
    assert [int(line["line"]) for line in told] == row["lines"]
    assert told[0]["institution_code"] == row["institution_code"]
    assert told[0]["feed"] == "course_result"
    assert told[0]["value"]
    assert told[0]["message"]
    assert told[0]["remedy"]
    (summary,) = folder.glob("*.return.json")
    assert json.loads(summary.read_bytes())["verdict"] == row["package_verdict"]


@sweep
def test_a_second_night_changes_nothing_though_packages_still_wait(state):
    before = state.snapshot
    # As where this feed was agreed after the last package landed.
    shutil.rmtree(state.root / "landing" / "accepted" / "employment_quarter")
    assert "0 signed" in state.lrw("night")
    assert state.snapshot == before
    assert "verified" in state.lrw("verify", "snapshot")
