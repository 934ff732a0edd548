"""dbt's manifest while processes load the project side by side."""

import json
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

LOAD = """
import json, sys
from pathlib import Path
from pipelines.dbt_runs import ensure_manifest
print(len(json.loads(ensure_manifest(Path(sys.argv[1])).read_bytes())["nodes"]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.sql").write_text("select 1 as a")
    (tmp_path / "dbt_project.yml").write_text(
        "name: small\nprofile: small\nflags: {send_anonymous_usage_stats: false}\n"
    )
    (tmp_path / "profiles.yml").write_text(
        "small: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}"
    )
    return tmp_path


def test_a_manifest_is_whole_whoever_looks_and_when(project: Path) -> None:
    """Three of Dagster's processes met a fresh clone; one read half a file."""
    manifest = project / "target" / "manifest.json"
    loads = [
        Popen([sys.executable, "-c", LOAD, project], stdout=PIPE, text=True)
        for _ in range(3)
    ]
    seen: set[int] = set()
    while any(load.poll() is None for load in loads):
        if manifest.exists():
            seen.add(manifest.stat().st_size)
    assert [load.communicate()[0].strip() for load in loads] == ["1", "1", "1"]
    assert seen == {manifest.stat().st_size}


def test_a_changed_model_makes_it_anew(project: Path) -> None:
    from pipelines.dbt_runs import ensure_manifest

    ensure_manifest(project)
    (project / "models" / "two.sql").write_text("select 2 as b")
    nodes = json.loads(ensure_manifest(project).read_bytes())["nodes"]
    assert sorted(nodes) == ["model.small.one", "model.small.two"]
