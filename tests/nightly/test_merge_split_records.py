"""A steward merges two learners and parts them again; what readers find each night."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from sweeps import sweep
from warehouse import Warehouse, generated_state

from pipelines.identity.steward import merge, split
from pipelines.settings import Home

# Three nights by the command line: five minutes. What a merge does to records by
# themselves is in tests/unit/publishing/test_replaced.py.
pytestmark = [pytest.mark.night, sweep]

BY, WHY = "Ann Lee", "One person by the registrar's word"


@dataclass(frozen=True)
class Nights:
    """The snapshots before the merge, with it, and after the split that undid it."""

    warehouse: Warehouse
    survivor: str
    retired: str
    merged_on: dict[str, str]
    before: Path
    merged: Path
    parted: Path
    printed: tuple[str, str]

    def records(self, snapshot: Path) -> pl.DataFrame:
        return pl.read_parquet(snapshot / "records" / "*.parquet").sort("learner_id")

    def record(self, snapshot: Path, learner: str) -> dict:
        rows = self.records(snapshot).filter(pl.col("learner_id") == learner)
        return json.loads(rows["clr"].item())

    def steward(self, snapshot: Path, name: str) -> pl.DataFrame:
        return pl.read_parquet(snapshot / "steward" / f"{name}.parquet")


def credentials(record: dict) -> dict[str, dict]:
    return {
        one["id"]: one for one in record["credentialSubject"]["verifiableCredential"]
    }


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    warehouse = generated_state(
        tmp_path_factory.mktemp("merged"),
        *("--system", "accs", "--learners", "150", "--nights", "1"),
        *("--seed", "5", "--faults", "none"),
    )
    warehouse.lrw("night")
    before = warehouse.snapshot
    # Two people whom no college has in common, each with a record.
    first, *others = warehouse.query(
        "select learner_id, any_value(institution_code) as institution_code "
        "from assertion where status = 'active' group by learner_id "
        "having count(distinct institution_code) = 1 order by learner_id"
    )
    second = next(
        one for one in others if one["institution_code"] != first["institution_code"]
    )
    home = Home(warehouse.root)
    done = merge(home, first["learner_id"], second["learner_id"], BY, WHY)
    printed_merged = warehouse.lrw("night")
    merged = warehouse.snapshot
    (redirect,) = warehouse.query("from learner_redirect")
    by_old_id = warehouse.lrw("record", done.retired)
    (warehouse.root / "by_old_id.json").write_text(by_old_id)
    assert "verified" in warehouse.lrw("verify", "snapshot")
    split(home, done.survivor, undo=done.event_id, by=BY, reason="Two after all")
    printed_parted = warehouse.lrw("night")
    return Nights(
        warehouse,
        done.survivor,
        done.retired,
        redirect,
        before,
        merged,
        warehouse.snapshot,
        (printed_merged, printed_parted),
    )


def test_only_the_survivor_is_signed_on_the_night_of_the_merge(nights: Nights) -> None:
    before, after = (
        nights.records(snapshot) for snapshot in (nights.before, nights.merged)
    )
    assert nights.before != nights.merged
    assert " 1 signed," in nights.printed[0]
    others = ~pl.col("learner_id").is_in([nights.survivor, nights.retired])
    assert before.filter(others).equals(after.filter(others))
    assert after.height == before.height - 1
    assert nights.retired not in after["learner_id"]


def test_the_survivor_has_both_histories_each_credential_as_it_was(
    nights: Nights,
) -> None:
    own = nights.record(nights.before, nights.survivor)
    taken_over = nights.record(nights.before, nights.retired)
    merged = nights.record(nights.merged, nights.survivor)
    assert credentials(merged) == credentials(own) | credentials(taken_over)
    assert len(credentials(merged)) == len(credentials(own)) + len(
        credentials(taken_over)
    )
    assert merged["id"] == own["id"]
    assert merged["credentialSubject"]["id"] == own["credentialSubject"]["id"]
    assert merged["credentialSubject"]["id"] == f"urn:uuid:{nights.survivor}"
    assert merged["validFrom"] > own["validFrom"]


def test_whoever_holds_the_old_id_finds_the_record(nights: Nights) -> None:
    redirect = nights.merged_on
    assert redirect["learner_id"] == nights.retired
    assert redirect["to_learner_id"] == nights.survivor
    assert redirect["since"]
    for learner, name in ((nights.retired, "clr_id"), (nights.survivor, "to_clr_id")):
        before = nights.record(nights.before, learner)
        assert before["id"] == f"urn:uuid:{redirect[name]}"
    text = (nights.warehouse.root / "by_old_id.json").read_text()
    assert json.loads(text) == nights.record(nights.merged, nights.survivor)
    learners = pl.read_parquet(nights.merged / "analyst" / "learner.parquet")
    (retired,) = learners.filter(pl.col("learner_id") == nights.retired).to_dicts()
    assert retired["status"] == "merged_into"
    assert retired["merged_into_learner_id"] == nights.survivor


def test_the_facts_of_both_are_the_survivor_s(nights: Nights) -> None:
    before, merged = (
        pl.read_parquet(snapshot / "analyst" / "assertion.parquet")
        for snapshot in (nights.before, nights.merged)
    )
    both = before.filter(pl.col("learner_id").is_in([nights.survivor, nights.retired]))
    now = merged.filter(pl.col("learner_id") == nights.survivor)
    # Ids of assertions do not move with the learner.
    assert set(now["assertion_id"]) == set(both["assertion_id"])
    assert nights.retired not in merged["learner_id"]


def test_after_the_split_every_record_is_byte_for_byte_as_before(
    nights: Nights,
) -> None:
    before, parted = (
        nights.records(snapshot) for snapshot in (nights.before, nights.parted)
    )
    assert before.equals(parted)
    assert " 0 signed," in nights.printed[1]
    for name in ("learner", "assertion", "learner_redirect"):
        tables = [
            (snapshot / "analyst" / f"{name}.parquet").read_bytes()
            for snapshot in (nights.before, nights.parted)
        ]
        assert tables[0] == tables[1], name
    assert "verified" in nights.warehouse.lrw("verify", "snapshot")


def test_the_redirect_is_gone_after_the_split(nights: Nights) -> None:
    assert nights.warehouse.query("from learner_redirect") == []
    text = nights.warehouse.lrw("record", nights.retired)
    assert json.loads(text) == nights.record(nights.before, nights.retired)


def test_stewards_see_what_happened_and_old_versions_are_private(
    nights: Nights,
) -> None:
    names = (nights.merged, nights.parted)
    changes = [nights.steward(name, "record_change").sort("change") for name in names]
    assert [dict(change.iter_rows()) for change in changes] == [
        {nights.survivor: "changed", nights.retired: "merged"},
        {nights.survivor: "restored", nights.retired: "restored"},
    ]
    kept = nights.steward(nights.merged, "replaced_record").sort("learner_id")
    before = nights.records(nights.before).filter(
        pl.col("learner_id").is_in([nights.survivor, nights.retired])
    )
    assert kept.equals(before)
    assert nights.steward(nights.parted, "replaced_record").is_empty()
    folder = nights.merged / "steward"
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "replaced_record.parquet").stat().st_mode & 0o077 == 0
    later = nights.steward(nights.parted, "issued_later")
    assert later["learner_id"].to_list() == [nights.survivor]


def test_the_night_after_has_nothing_new(nights: Nights) -> None:
    assert "nothing new" in nights.warehouse.lrw("night")
    assert nights.warehouse.snapshot == nights.parted


def test_of_landing_vault_and_keys_alone_the_same_learners_are_published(
    nights: Nights, tmp_path: Path
) -> None:
    """Everything else is gone; the log has the merge and the split that undid it."""
    rebuilt = Warehouse(tmp_path / "home")
    for kept in ("landing", "vault", "keys"):
        shutil.copytree(nights.warehouse.root / kept, rebuilt.root / kept)
    rebuilt.lrw("night")
    for table, ids in (
        ("learner", ["learner_id", "status"]),
        ("assertion", ["assertion_id", "learner_id"]),
    ):
        before = nights.warehouse.analyst(table).select(ids).sort(ids)
        assert rebuilt.analyst(table).select(ids).sort(ids).equals(before), table
    assert nights.retired in rebuilt.analyst("learner")["learner_id"]
