"""``lrw bench sign`` signs what publishing signs and says how far from the floor."""

import json

import pytest
from sweeps import sweep
from typer.testing import CliRunner

from pipelines.bench.learners import record
from pipelines.cli import app


@sweep
def test_signing_and_the_floor_are_measured_on_the_same_records(monkeypatch) -> None:
    monkeypatch.setenv("LRW_WORKERS", "1")
    words = ["bench", "sign", "--learners", "12", "--rounds", "1", "--format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["learners"], found["credentials"], found["workers"]) == (12, 30, 1)
    assert found["learners_per_second"] > 0
    assert found["peak_mib"] > 50
    assert found["ratio_to_floor"] == pytest.approx(
        found["seconds"] / found["floor_seconds"], rel=0.1
    )
    assert found["ratio_to_slow"] > 1
    assert {"canonicalisation", "signatures", "writing"} <= found["parts"].keys()
    assert found["largest"]["canonical_ms"] > 0


def test_no_learner_takes_a_course_twice() -> None:
    nested = record(7, 60)["credentialSubject"]["verifiableCredential"]
    ids = {one["credentialSubject"]["achievement"]["id"] for one in nested}
    assert len(ids) == 60
