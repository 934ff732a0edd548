import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from recount import count, in_force, manifests

from pipelines.contracts.model import Contracts
from pipelines.sample import SampleSummary, generate
from pipelines.sample.faults import STANDARD


@pytest.fixture(scope="module")
def fault(faulty: SampleSummary) -> pl.DataFrame:
    return pl.read_parquet(faulty.out / "truth/fault.parquet")


@pytest.fixture(scope="module")
def package(faulty: SampleSummary) -> pl.DataFrame:
    return pl.read_parquet(faulty.out / "truth/package.parquet")


@pytest.fixture(scope="module")
def total(faulty: SampleSummary) -> pl.DataFrame:
    return pl.read_parquet(faulty.out / "truth/total.parquet")


def test_every_kind_of_fault_finds_room_in_three_nights_after_the_first(
    faulty: SampleSummary, fault: pl.DataFrame
) -> None:
    assert faulty.left_out == ()
    assert set(fault["fault"]) == {one.name for one in STANDARD}
    assert fault["night"].min() == date(2026, 9, 2)


def test_each_fault_has_a_college_and_night_of_its_own(fault: pl.DataFrame) -> None:
    places = fault.group_by("night", "institution_code").agg(pl.col("fault").n_unique())
    assert places["fault"].max() == 1
    assert fault["institution_code"].n_unique() < 24


def test_faults_without_room_are_named(tmp_path: Path) -> None:
    summary = generate("accs", 40, 2, 2, "standard", tmp_path)
    assert summary.left_out
    planted = pl.read_parquet(tmp_path / "truth/fault.parquet")
    assert not set(planted["fault"]) & set(summary.left_out)


def test_every_edit_id_is_one_of_the_contracts(
    contracts: Contracts, fault: pl.DataFrame
) -> None:
    for edit in fault["edit_id"].unique():
        assert contracts.edit(edit).id == edit


def test_a_package_that_is_not_applied_leaves_yesterday_in_force(
    fault: pl.DataFrame, total: pl.DataFrame
) -> None:
    blocked = fault.filter(
        pl.col("package_verdict").is_in(["held", "rejected", "late"])
        & ~pl.col("fault").is_in(["id_with_other_content"])
    )
    assert blocked.height > 15
    for row in blocked.iter_rows(named=True):
        mine = total.filter(pl.col("institution_code") == row["institution_code"])
        tonight = mine.filter(pl.col("night") == row["night"]).drop("night")
        before = mine.filter(
            pl.col("night") == row["night"] - pl.duration(days=1)
        ).drop("night")
        assert tonight.equals(before), row["fault"]


def test_the_next_package_brings_everything_up_to_date(
    fault: pl.DataFrame, total: pl.DataFrame
) -> None:
    healed = 0
    places = set(fault.select("night", "institution_code").iter_rows())
    for night, code in places:
        following = night.replace(day=night.day + 1)
        if (following, code) in places or following > date(2026, 9, 4):
            continue
        row = total.filter(
            (pl.col("institution_code") == code) & (pl.col("night") == following)
        )
        assert row["state_of"].item() == following
        healed += 1
    assert healed > 20


def test_after_a_refused_delta_the_next_applies_to_the_last_accepted(
    faulty: SampleSummary, package: pl.DataFrame
) -> None:
    applied = {
        row["package_id"]
        for row in package.iter_rows(named=True)
        if row["verdict"].startswith("accepted")
    }
    waiting = set(
        package.filter(pl.col("fault") == "delta_before_predecessor")["package_id"]
    )
    for row in package.iter_rows(named=True):
        if row["mode"] == "delta" and row["verdict"].startswith("accepted"):
            assert row["previous_package_id"] in applied | waiting


# What these spoil is for a landing to sort out, so a plain recount cannot.
_ROWS_SPOILT = {
    "row_edits",
    "orphans",
    "differing_duplicates",
    "undecodable_few",
    "superseded_duplicates",
    "identical_duplicates",
    "delta_before_predecessor",
}


def test_a_recount_without_the_refused_packages_gives_the_truth(
    contracts: Contracts,
    faulty: SampleSummary,
    package: pl.DataFrame,
    total: pl.DataFrame,
    tmp_path: Path,
) -> None:
    spoilt = package.filter(pl.col("fault").is_in(_ROWS_SPOILT))["institution_code"]
    plain = package.filter(
        ~pl.col("institution_code").is_in(spoilt.implode())
        & ~pl.col("institution_code").str.starts_with("SYSTEM:")
    )
    for row in plain.iter_rows(named=True):
        if row["verdict"].startswith("accepted"):
            place = f"{row['institution_code']}/{row['delivery']}"
            shutil.copytree(faulty.out / "inbox" / place, tmp_path / place)
    codes = plain["institution_code"].unique().sort()
    assert codes.len() >= 15
    for night in (date(2026, 9, 2), date(2026, 9, 4)):
        for code in codes:
            row = total.filter(
                (pl.col("institution_code") == code) & (pl.col("night") == night)
            ).row(0, named=True)
            counted = count(in_force(contracts, tmp_path, code, night))
            assert {n: float(v) for n, v in counted.items()} == {
                n: float(row[n]) for n in counted
            }, (code, night)


def test_planted_rows_stand_where_the_truth_says(
    faulty: SampleSummary, fault: pl.DataFrame
) -> None:
    edits = fault.filter(pl.col("fault") == "row_edits")
    assert edits.height > 25
    row = edits.filter(pl.col("edit_id") == "CRR-Q02").row(0, named=True)
    folder = faulty.out / "inbox" / row["institution_code"] / row["delivery"]
    lines = (folder / "course_result.csv").read_text().splitlines()
    assert ",QQ," in lines[row["lines"][0] - 1]


def test_rows_sent_are_loaded_collapsed_or_quarantined(faulty: SampleSummary) -> None:
    files = pl.read_parquet(faulty.out / "truth/file.parquet")
    applied = files.filter(pl.col("loaded").is_not_null())
    sums = applied["loaded"] + applied["collapsed"] + applied["quarantined"]
    assert (sums == applied["rows"]).all()
    assert applied["quarantined"].sum() > 30
    assert applied["collapsed"].sum() == 5
    held = files.filter(pl.col("verdict").is_in(["held", "rejected", "repeat"]))
    assert held["loaded"].null_count() == held.height > 0


def test_orphans_count_from_the_night_their_people_arrive(
    fault: pl.DataFrame, total: pl.DataFrame
) -> None:
    row = fault.filter(pl.col("fault") == "orphans").row(0, named=True)
    assert row["quarantined_rows"] == 3
    assert row["lines"]
    mine = total.filter(pl.col("institution_code") == row["institution_code"]).sort(
        "night"
    )
    nights = mine["night"].to_list()
    rows = mine["noncredit_rows"].to_list()
    at = nights.index(row["night"])
    assert rows[at + 1] >= rows[at] + 3


def test_without_its_disclosure_file_a_college_publishes_yesterday(
    faulty: SampleSummary, fault: pl.DataFrame, total: pl.DataFrame
) -> None:
    row = fault.filter(pl.col("fault") == "disclosure_missing").row(0, named=True)
    published = pl.read_parquet(faulty.out / "truth/published_total.parquet")
    mine = (pl.col("institution_code") == row["institution_code"]) & (
        pl.col("night") == row["night"]
    )
    assert total.filter(mine)["state_of"].item() == row["night"]
    assert published.filter(mine)["state_of"].item() < row["night"]
    manifest = next(
        m
        for f, m in manifests(faulty.out / "inbox", row["institution_code"])
        if f.name == row["delivery"]
    )
    assert "disclosure" not in {entry["feed"] for entry in manifest["files"]}


def test_a_manifest_that_is_not_json_cannot_be_parsed(
    faulty: SampleSummary, fault: pl.DataFrame
) -> None:
    row = fault.filter(pl.col("fault") == "manifest_not_json").row(0, named=True)
    folder = faulty.out / "inbox" / row["institution_code"] / row["delivery"]
    with pytest.raises(json.JSONDecodeError):
        json.loads((folder / "manifest.json").read_text())


def test_colleges_without_a_fault_hold_what_they_would_hold_anyway(
    faulty: SampleSummary, fault: pl.DataFrame, total: pl.DataFrame, tmp_path: Path
) -> None:
    generate("accs", 1200, 4, 5, "none", tmp_path)
    without = pl.read_parquet(tmp_path / "truth/total.parquet")
    clean = ~pl.col("institution_code").is_in(fault["institution_code"].implode())
    assert total.filter(clean).height >= 8
    assert total.filter(clean).equals(without.filter(clean))
