"""The one code location: whatever ``pipelines/defs`` holds."""

from pathlib import Path

import dagster as dg

from pipelines.settings import export_home

export_home()


@dg.definitions
def defs() -> dg.Definitions:
    """Load every definition below ``pipelines/defs``."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
