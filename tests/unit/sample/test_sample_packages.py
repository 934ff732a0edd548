import gzip
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, time
from pathlib import Path

import polars as pl
import pytest
from recount import manifests, read, tree

from pipelines.contracts.model import Contracts
from pipelines.errors import OperatorError, UsageError
from pipelines.sample import SampleSummary, generate

CHECKOUT = Path(__file__).resolve().parents[3]


def _all(sample: SampleSummary) -> list[tuple[Path, dict]]:
    inbox = sample.out / "inbox"
    return [
        one for code in sorted(inbox.iterdir()) for one in manifests(inbox, code.name)
    ]


def test_the_same_arguments_give_the_same_bytes_with_any_number_of_threads(
    clean: SampleSummary, tmp_path: Path
) -> None:
    script = (
        "from pathlib import Path; from pipelines.sample import generate;"
        f"generate('accs', 400, 3, 5, 'none', Path({str(tmp_path)!r}))"
    )
    env = os.environ | {"POLARS_MAX_THREADS": "1"}
    subprocess.run([sys.executable, "-c", script], check=True, env=env, cwd=CHECKOUT)
    assert tree(tmp_path) == tree(clean.out)


def test_faults_are_deterministic_too(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate("accs", 60, 2, 8, "standard", tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_another_seed_gives_other_learners(
    tmp_path: Path, clean: SampleSummary
) -> None:
    other = generate("accs", 400, 1, 6, "none", tmp_path)
    name = "inbox/CALHOUN/2026-09-01/person.csv"
    assert (other.out / name).read_bytes() != (clean.out / name).read_bytes()


def test_every_file_is_what_its_manifest_says(clean: SampleSummary) -> None:
    for folder, manifest in _all(clean):
        entries = manifest["files"]
        listed = {entry["name"] for entry in entries} | {"manifest.json"}
        assert {path.name for path in folder.iterdir()} == listed
        for entry in entries:
            data = (folder / entry["name"]).read_bytes()
            assert len(data) == entry["bytes"]
            assert hashlib.sha256(data).hexdigest() == entry["sha256"]
            assert read(folder, entry).height == entry["rows"]


def test_headers_are_those_of_the_contracts(
    contracts: Contracts, clean: SampleSummary
) -> None:
    for folder, manifest in _all(clean):
        for entry in manifest["files"]:
            feed = contracts.feeds[entry["feed"]]
            wanted = [column.source_name for column in feed.data_columns]
            if manifest["mode"] == "delta":
                wanted.append("_op")
            assert read(folder, entry).columns == wanted


def test_deltas_chain_to_the_package_before(clean: SampleSummary) -> None:
    inbox = clean.out / "inbox"
    modes = set()
    for code in sorted(inbox.iterdir()):
        last = None
        for _, manifest in manifests(inbox, code.name):
            modes.add(manifest["mode"] + manifest.get("scope", {}).get("kind", ""))
            if manifest["mode"] == "delta":
                assert manifest["previous_package_id"] == last
            else:
                assert "previous_package_id" not in manifest
            last = manifest["package_id"]
    assert modes == {"snapshotfull", "snapshotterms", "delta"}


def test_packages_describe_an_instant_before_the_cut_off_of_their_day(
    clean_tbr: SampleSummary,
) -> None:
    zones = set()
    for folder, manifest in _all(clean_tbr):
        as_of = datetime.fromisoformat(manifest["as_of"])
        assert as_of.date().isoformat() == folder.name
        assert as_of.astimezone(UTC).date() == as_of.date()
        assert as_of.time() < time(6)
        zones.add(manifest["timezone"])
    assert zones == {"America/Chicago", "America/New_York"}


def test_formats_encodings_and_line_endings_differ(clean: SampleSummary) -> None:
    entries = [entry for _, manifest in _all(clean) for entry in manifest["files"]]
    suffixes = {"".join(Path(entry["name"]).suffixes) for entry in entries}
    assert suffixes == {".csv", ".csv.gz", ".parquet"}
    text = [entry for entry in entries if "encoding" in entry]
    assert {e["encoding"] for e in text} == {"utf-8", "windows-1252", "iso-8859-1"}
    assert {e["delimiter"] for e in text} == {",", ";"}
    assert {e["line_ending"] for e in text} == {"LF", "CRLF"}


def test_gzip_files_carry_no_time(clean: SampleSummary) -> None:
    path = next((clean.out / "inbox").rglob("person.csv.gz"))
    data = path.read_bytes()
    assert data[4:8] == b"\0\0\0\0"
    assert gzip.decompress(data).startswith(b"student_id,")


def test_control_totals_are_those_of_the_results_in_the_package(
    clean: SampleSummary,
) -> None:
    seen = 0
    for folder, manifest in _all(clean):
        if "control" not in manifest:
            continue
        entry = next(e for e in manifest["files"] if e["feed"] == "course_result")
        rows = read(folder, entry).with_columns(
            pl.col("attempted_credit", "earned_credit").cast(pl.Float64)
        )
        control = manifest["control"]
        assert control["headcount"] == rows["student_id"].n_unique()
        assert control["attempted_credit"] == pytest.approx(
            rows["attempted_credit"].sum()
        )
        for term, totals in control["terms"].items():
            part = rows.filter(pl.col("term_code") == term)
            assert totals["earned_credit"] == pytest.approx(part["earned_credit"].sum())
        seen += 1
    assert seen >= 24


def test_the_system_office_sends_its_rules_and_a_revision(clean: SampleSummary) -> None:
    office = manifests(clean.out / "inbox", "SYSTEM:ACCS")
    assert [(f.name, m["mode"]) for f, m in office] == [
        ("2026-09-01", "snapshot"),
        ("2026-09-03", "delta"),
    ]
    folder, manifest = office[1]
    rows = read(folder, manifest["files"][0])
    assert set(rows["status"]) == {"RETIRED", "ACTIVE"}
    assert "institution_code" in rows.columns


def test_an_inbox_with_other_packages_is_left_alone(tmp_path: Path) -> None:
    generate("accs", 30, 1, 1, "none", tmp_path)
    before = tree(tmp_path)
    with pytest.raises(OperatorError, match="packages of another state"):
        generate("accs", 30, 1, 2, "none", tmp_path)
    generate("accs", 30, 1, 1, "none", tmp_path)
    assert tree(tmp_path) == before


def test_arguments_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="take 2 or more"):
        generate("accs", 30, 1, 1, "standard", tmp_path)
    with pytest.raises(UsageError, match="no system"):
        generate("ohio", 30, 1, 1, "none", tmp_path)  # type: ignore[arg-type]
    assert not (tmp_path / "inbox").exists()


def test_a_state_of_one_learner_can_be_written(tmp_path: Path) -> None:
    summary = generate("tbr", 1, 2, 3, "none", tmp_path)
    assert summary.colleges == 35
    manifest = json.loads(
        (tmp_path / "inbox/PSCC/2026-09-01/manifest.json").read_text()
    )
    assert {entry["feed"] for entry in manifest["files"]} >= {"person", "disclosure"}
