"""How much a command loads before it answers."""

import subprocess
import sys


def test_what_reads_the_snapshot_loads_neither_dagster_nor_splink() -> None:
    """`lrw query` took 5 s, of which its answer 0.1."""
    wanted = "pipelines.cli, pipelines.terminal, pipelines.query, pipelines.status"
    heavy = "dagster", "splink", "pandera", "dbt"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, {wanted}; print([m for m in {heavy} if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
