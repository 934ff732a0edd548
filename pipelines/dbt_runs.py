"""What dbt leaves behind: its manifest, kept fresh, and what failed in its last build.

Does not belong here: running the build (``defs/transform``).
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock

from pipelines.errors import OperatorError
from pipelines.settings import Home

GENERATED = {"target", "logs", "dbt_packages"}


def _newest_source(project: Path) -> float:
    return max(
        path.stat().st_mtime
        for path in project.rglob("*")
        if path.is_file() and path.relative_to(project).parts[0] not in GENERATED
    )


def ensure_manifest(project: Path) -> Path:
    """Return the project's manifest, parsing the project (3 s) where it is stale.

    Raises:
        OperatorError: dbt cannot parse the project.
    """
    target = project / "target"
    manifest = target / "manifest.json"
    if _is_fresh(manifest, project):
        return manifest
    target.mkdir(exist_ok=True)
    # Dagster's processes load the project side by side: while one parses, another
    # must find the old manifest or none, not the half that is written.
    with FileLock(target / "parsing.lock"):
        if not _is_fresh(manifest, project):
            _parse(project, target / "parsing").replace(manifest)
    return manifest


def _is_fresh(manifest: Path, project: Path) -> bool:
    return manifest.exists() and manifest.stat().st_mtime >= _newest_source(project)


def _parse(project: Path, target: Path) -> Path:
    started = time.time()
    parsed = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "parse", "--quiet"),
            *("--project-dir", str(project), "--profiles-dir", str(project)),
            *("--target-path", str(target)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode:
        raise OperatorError(f"dbt cannot parse {project.name}: {parsed.stdout.strip()}")
    manifest = target / "manifest.json"
    # As of what was read: a file saved while dbt parsed makes it stale.
    os.utime(manifest, (started, started))
    return manifest


def failed_nodes(home: Home) -> str:
    """One line on the last build: which models broke and which tests found what.

    A model's own error text stays in dbt's log in the warehouse: DuckDB quotes the
    row that it could not take.
    """
    results = home.warehouse / "dbt" / "run_results.json"
    if not results.exists():
        return "dbt stopped before it ran a model; see warehouse/dbt/dbt.log"
    told = []
    for result in json.loads(results.read_bytes())["results"]:
        name = result["unique_id"].split(".")[2]
        if result["status"] == "fail":
            told.append(f"{name} found {result['failures']}")
        elif result["status"] == "error":
            told.append(f"{name} broke")
    return "; ".join(told) or "dbt failed; see warehouse/dbt/dbt.log"
