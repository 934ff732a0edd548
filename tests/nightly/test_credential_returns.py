"""The second night's return files against the first night's credentials, counted."""

import json
from collections import Counter

import polars as pl
import pytest

pytestmark = pytest.mark.night


def test_a_return_file_tells_the_quality_of_what_was_published_before(clean_state):
    first = clean_state.root / "published" / "snapshots" / "000001" / "analyst"
    scores = pl.read_parquet(first / "credential_quality.parquet").to_dicts()
    learners = set(pl.read_parquet(first / "learner.parquet")["learner_id"])
    told = 0
    for file in sorted(
        (clean_state.root / "outbox").glob("*/2026-09-02/*.return.json")
    ):
        text = file.read_text()
        summary = json.loads(text)
        mine = [
            row
            for row in scores
            if row["institution_code"] == summary["institution_code"]
        ]
        quality = summary["credentials"]
        if not mine:
            assert quality is None
            continue
        told += 1
        assert quality["snapshot"] == 1
        assert quality["credentials"] == len(mine)
        mean = sum(float(row["score"]) for row in mine) / len(mine)
        assert abs(quality["mean_score"] - mean) <= 0.051
        lacking = Counter(rule for row in mine for rule in row["missing"])
        assert {one["rule"]: one["lacking"] for one in quality["lacking"]} == lacking
        by_kind = Counter(
            (row["kind"], rule) for row in mine for rule in row["missing"]
        )
        assert {
            (kind["kind"], one["rule"]): kind["lacking"]
            for one in quality["lacking"]
            for kind in one["kinds"]
        } == by_kind
        assert all(one["remedy"] for one in quality["lacking"])
        page = file.with_name(file.name.replace(".return.json", ".return.html"))
        assert "Quality of your published credentials" in page.read_text()
        assert not [learner for learner in learners if learner in text]
    assert told > 15


def test_the_first_night_tells_nothing_and_an_agency_never(clean_state):
    outbox = clean_state.root / "outbox"
    first = [
        json.loads(file.read_text())["credentials"]
        for file in outbox.glob("*/2026-09-01/*.return.json")
    ]
    assert len(first) > 20
    assert set(first) == {None}
    for file in outbox.glob("AGENCY:*/*/*.return.json"):
        assert json.loads(file.read_text())["credentials"] is None
