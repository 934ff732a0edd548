import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_state import write_small_state

from pipelines.settings import DBT_PROJECT, Home


@dataclass(frozen=True)
class Build:
    """One `dbt build` of the small state: its database and dbt's own account of it."""

    database: Path
    manifest: dict[str, Any]
    results: dict[str, str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as con:
            return con.execute(sql).fetchall()

    def models(self, folder: str) -> list[dict[str, Any]]:
        return [
            node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model" and node["fqn"][1] == folder
        ]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds the small state with every model, data test and unit test."""
    root = tmp_path_factory.mktemp("dbt")
    home = Home(root / "home")
    write_small_state(home)
    target = root / "target"
    done = subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            "--no-use-colors",
            "build",
            f"--project-dir={DBT_PROJECT}",
            f"--profiles-dir={DBT_PROJECT}",
            f"--target-path={target}",
            f"--log-path={root}",
        ],
        env={**os.environ, "LRW_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    outcome = json.loads((target / "run_results.json").read_text())
    return Build(
        database=home.build_db,
        manifest=json.loads((target / "manifest.json").read_text()),
        results={one["unique_id"]: one["status"] for one in outcome["results"]},
    )
