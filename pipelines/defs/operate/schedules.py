"""When things run: the night an hour before the registrars read their return files."""

import dagster as dg

from pipelines.defs.land.collect import collect
from pipelines.defs.operate.jobs import night
from pipelines.settings import time_zone

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=night,
    cron_schedule="0 5 * * *",
    execution_timezone=time_zone(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

# An upload settles within a minute; ten are soon enough for whoever mends a package.
collection = dg.ScheduleDefinition(
    name="collection",
    job=collect,
    cron_schedule="*/10 * * * *",
    execution_timezone=time_zone(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
