"""``lrw bench land`` measures both contestants on the same files and says the ratio."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import app


def test_landing_and_the_bare_copy_are_measured_on_the_same_files() -> None:
    words = ["bench", "land", "--learners", "60", "--rounds", "1", "--format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["rows"] > 60
    assert found["files"] > 24
    for contestant in ("land", "bare"):
        speed = found[contestant]
        assert speed["rows_per_second"] > 0
        assert speed["peak_megabytes"] > 50
    assert found["ratio"] == pytest.approx(
        found["land"]["seconds"] / found["bare"]["seconds"], abs=0.02
    )
