"""The two jobs of a night.

Landing is a job of its own because an asset that skips, as a feed nobody sent does,
skips everything after it in the same run.
"""

import dagster as dg

from pipelines.defs.groups import LANDING
from pipelines.defs.land.partitions import deliveries

landed = dg.AssetSelection.groups(LANDING) - dg.AssetSelection.assets(
    ["ledger", "package"]
)

land = dg.define_asset_job(
    "land",
    selection=landed,
    partitions_def=deliveries,
    executor_def=dg.in_process_executor,
    description="Take in what colleges delivered: one run a wave, whoever sent.",
)

# One process: build.duckdb has one writer, and a process a step costs 3 s each.
night = dg.define_asset_job(
    "night",
    selection=dg.AssetSelection.all() - landed,
    executor_def=dg.in_process_executor,
    description="Link, build, publish: unpartitioned, once a night.",
)
