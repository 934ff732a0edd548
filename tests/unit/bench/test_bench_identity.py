"""``lrw bench identity`` tells what it measured and fails when a target is missed."""

import json
from dataclasses import replace

from typer.testing import CliRunner

from pipelines.bench.identity import IdentityBench, Run, Targets
from pipelines.cli import app

RUN = Run(50.0, {}, 4000, 1_386_000, 1_485_000)
REACHED = IdentityBench(
    learners=1_110_000,
    college_students=1_400_000,
    rounds=1,
    scratch=RUN,
    night=replace(RUN, seconds=4.0, representations=1_500_000),
    ratio=0.08,
)


def test_a_state_too_small_for_the_targets_is_no_success() -> None:
    words = ["bench", "identity", "--learners", "400", "--targets", "--format", "json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    found = json.loads(result.stdout.splitlines()[0])
    assert found["scratch"]["representations"] > 100
    assert found["night"]["representations"] >= found["scratch"]["representations"]
    assert "representations are fewer than 1,500,000" in str(result.exception)


def test_every_target_that_is_missed_is_told() -> None:
    assert REACHED.missed(Targets()) == []
    slow = replace(REACHED, scratch=replace(RUN, seconds=61.0), ratio=0.11)
    assert slow.missed(Targets()) == ["61.0 s, not 60", "a night in 0.110, not 0.1"]
    large = replace(REACHED, night=replace(REACHED.night, peak_megabytes=4097))
    assert large.missed(Targets()) == ["4,097 MiB, not 4,096"]
