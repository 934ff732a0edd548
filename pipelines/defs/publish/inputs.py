"""What the snapshot waits for: every published model and the quality models."""

import dagster as dg

from pipelines.defs.groups import DBT_FOLDERS
from pipelines.defs.transform.dbt import dbt_build


def published_models() -> list[dg.AssetKey]:
    """Keys of the dbt models that must stand before anything leaves the building."""
    wanted = {DBT_FOLDERS["published"], DBT_FOLDERS["quality"]}
    return sorted(
        key for key, group in dbt_build.group_names_by_key.items() if group in wanted
    )
