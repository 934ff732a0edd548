"""The published snapshot: signed records and analyst Parquet behind one pointer."""

from datetime import timedelta

import dagster as dg

from pipelines import progress
from pipelines.contracts.load import load_contracts
from pipelines.defs.groups import PUBLISH
from pipelines.defs.publish.inputs import published_models
from pipelines.defs.publish.report import publish_metadata
from pipelines.publishing.publish import publish
from pipelines.settings import home, time_zone


@dg.asset(
    key=["publish", "snapshot"],
    deps=published_models(),
    group_name=PUBLISH,
    kinds={"parquet"},
    pool="warehouse",
    freshness_policy=dg.FreshnessPolicy.cron(
        deadline_cron="0 6 * * *",
        lower_bound_delta=timedelta(hours=6),
        timezone=time_zone(),
    ),
    description="What leaves the building: analyst tables, signed CLR 2.0 records, "
    "the did document and a manifest with the SHA-256 of every file.",
)
def snapshot() -> dg.MaterializeResult:
    """Publish what changed; a night with nothing new moves no pointer."""
    result = publish(home(), load_contracts(), on_progress=progress.report)
    return dg.MaterializeResult(metadata=publish_metadata(result))
