"""What a return file tells of a college's published credentials."""

import hashlib
import json

import polars as pl
import pytest

from pipelines.publishing.files import write_durably
from pipelines.publishing.manifest import Manifest
from pipelines.returns.credentials import credential_quality
from pipelines.returns.page import environment
from pipelines.settings import Home


@pytest.fixture
def published(tmp_path):
    """A snapshot of two colleges' credentials, as publishing leaves it."""
    home = Home(tmp_path)
    folder = home.snapshots / "000003" / "analyst"
    folder.mkdir(parents=True)
    scores = [("CACC", "course", 40), ("CACC", "course", 61), ("CACC", "badge", 100)]
    pl.DataFrame(
        [*scores, ("CVCC", "course", 10)],
        schema=["institution_code", "kind", "score"],
        orient="row",
    ).write_parquet(folder / "credential_quality.parquet")
    pl.DataFrame(
        [
            ("CACC", "course", "criteria", 2, 2, 50.5),
            ("CACC", "course", "alignment", 2, 0, 50.5),
            ("CACC", "badge", "alignment", 1, 0, 100.0),
            ("CACC", "badge", "evidence", 1, 0, 100.0),
            ("CVCC", "course", "criteria", 1, 0, 10.0),
        ],
        schema=[
            "institution_code",
            "kind",
            "rule",
            "credentials",
            "met",
            "mean_score",
        ],
        orient="row",
    ).write_parquet(folder / "credential_scorecard.parquet")
    pl.DataFrame(
        [
            (rule, f"{rule} expected", f"Guide: {rule}", f"Send {rule}.")
            for rule in ("criteria", "alignment", "evidence")
        ],
        schema=["rule", "expects", "source", "remedy"],
        orient="row",
    ).write_parquet(folder / "credential_quality_rule.parquet")
    manifest = Manifest(
        seq=3,
        previous=2,
        as_of="2026-09-02T05:00:00Z",
        issuer="did:web:records.accs.example",
        code="",
        ledger="",
        schema="",
        learners=0,
        credentials=0,
        files=(),
    ).to_bytes()
    (folder.parent / "manifest.json").write_bytes(manifest)
    pointer = {"seq": 3, "manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    write_durably(home.current, json.dumps(pointer).encode())
    return home


def test_the_mean_and_what_is_lacking_are_the_colleges_own(published):
    told = credential_quality(published, "CACC")
    assert (told["snapshot"], told["as_of"]) == (3, "2026-09-02T05:00:00Z")
    assert (told["credentials"], told["mean_score"]) == (3, 67.0)
    assert told["kinds"] == [
        {"kind": "badge", "credentials": 1, "mean_score": 100.0},
        {"kind": "course", "credentials": 2, "mean_score": 50.5},
    ]
    lacking = {
        one["rule"]: (one["credentials"], one["lacking"]) for one in told["lacking"]
    }
    assert lacking == {"alignment": (3, 3), "evidence": (1, 1)}
    first = told["lacking"][0]
    assert (first["rule"], first["remedy"]) == ("alignment", "Send alignment.")
    assert first["kinds"] == [
        {"kind": "badge", "credentials": 1, "lacking": 1},
        {"kind": "course", "credentials": 2, "lacking": 2},
    ]


def test_nothing_is_told_before_anything_is_published(published, tmp_path):
    assert credential_quality(Home(tmp_path / "new"), "CACC") is None
    assert credential_quality(published, "LAWSON") is None


def test_a_damaged_pointer_does_not_stop_landing(published):
    published.current.write_text("{}")
    assert credential_quality(published, "CACC") is None


def test_the_page_shows_counts_and_remedies(published):
    template = '{% from "marks.html.j2" import credentials %}{{ credentials(q) }}'
    shown = environment().from_string(template)
    page = shown.render(q=credential_quality(published, "CACC"))
    assert "<b>67.0</b> of 100 on average, over 3 active credentials" in page
    assert "Send alignment." in page
    assert "credential_scorecard" in page
    assert shown.render(q=None).strip() == ""
