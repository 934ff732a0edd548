"""When the night runs: an hour before the registrars read their return files."""

import dagster as dg

from pipelines.defs.operate.jobs import night
from pipelines.settings import time_zone

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=night,
    cron_schedule="0 5 * * *",
    execution_timezone=time_zone(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
