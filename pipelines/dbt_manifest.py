"""The dbt manifest that Dagster reads: parsed anew when the project is newer."""

import subprocess
import sys
from pathlib import Path

from pipelines.errors import OperatorError

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
    manifest = project / "target" / "manifest.json"
    if manifest.exists() and manifest.stat().st_mtime >= _newest_source(project):
        return manifest
    parsed = subprocess.run(
        [
            sys.executable,
            "-m",
            "dbt.cli.main",
            "parse",
            "--quiet",
            "--project-dir",
            str(project),
            "--profiles-dir",
            str(project),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode:
        raise OperatorError(f"dbt cannot parse {project.name}: {parsed.stdout.strip()}")
    manifest.touch()
    return manifest
