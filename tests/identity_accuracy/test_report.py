"""The report is written whole, and every run leaves a line."""

import json
from pathlib import Path

import pytest

from pipelines.identity.accuracy import report, trial
from pipelines.identity.accuracy.febrl import SETS, febrl
from pipelines.identity.accuracy.report import Targets, run
from pipelines.identity.evidence.model import BLOCKS


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    strict = Targets(recall=1.1)
    found = run(folder, 400, [3], public_sets=False, targets=strict)
    assert [line.split(":")[0] for line in found.missed] == ["seed 3"]
    assert found.trials[0].accuracy.precision == 1
    assert found.trials[0].accuracy.recall_between > 0.95
    run(folder, 300, [4], public_sets=False)
    return folder


def test_the_page_names_its_command_its_policy_and_what_was_missed(out: Path) -> None:
    page = (out / "identity-accuracy.md").read_text()
    assert page.startswith("<!-- Written by `lrw identity report --learners 300")
    assert "splink-model/" in page
    for words in BLOCKS:
        assert f"| {words} | " in page
    for part in ("Blocks", "By kind of case", "Calibration", "Another threshold"):
        assert f"## {part}" in page
    for name in ("kinds", "calibration", "threshold"):
        chart = out / "identity-accuracy" / f"{name}.svg"
        assert f"(identity-accuracy/{name}.svg)" in page
        assert chart.read_text().startswith("<svg")


def test_every_run_is_kept(out: Path) -> None:
    lines = [
        json.loads(line)
        for line in (out / "identity-accuracy.jsonl").read_text().splitlines()
    ]
    assert [line["learners"] for line in lines] == [400, 300]
    kept = lines[0]["seeds"]["3"]
    assert kept["false_merges"] == 0
    assert {"precision", "recall", "f1", "kinds"} <= set(kept)
    assert len(lines[0]["policy_sha256"]) == 64
    assert lines[0]["missed"]
    blocks = lines[0]["blocks"]["3"]
    assert set(blocks["added"]) == set(BLOCKS)
    # The first block brings up all that agree in a tax number, one person's mostly.
    assert blocks["added"]["tax number"] > 50
    assert sum(blocks["added"].values()) < blocks["possible"] / 100
    # A pair may be found through a third student and never be looked at itself.
    assert 0 < blocks["looked_at"] <= kept["true_pairs"]


def test_a_report_needs_a_seed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="seed"):
        run(tmp_path, 100, [])


def test_febrl_is_read_with_its_truth() -> None:
    sizes = {"febrl1": (1000, 500), "febrl2": (5000, 4000), "febrl3": (5000, 2000),
             "febrl4": (10000, 5000)}  # fmt: skip
    assert set(sizes) == set(SETS)
    for name, (records, people) in sizes.items():
        state = febrl(name)
        assert state.truth.height == records
        assert state.truth["true_learner"].n_unique() == people
        person = state.feeds["person"]
        assert person["last_name"].null_count() == 0
        known = person["birth_date"].is_not_null()
        assert (known == (person["birth_date_quality"] == "FULL")).all()


def test_a_model_learns_febrl1_from_itself(tmp_path: Path) -> None:
    got = trial.try_set("febrl1", tmp_path)
    assert got.even.f1 > 0.99
    assert got.whole.precision == 1
    assert report.Targets().febrl4_f1 == 0.99
