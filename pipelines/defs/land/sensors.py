"""The arrivals sensor: what waits in the inbox and is not in the ledger.

It keeps no cursor. A cursor says "asked for", the ledger says "done"; where the two
part after a failed run, the deliveries in between are lost.
"""

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.defs.land.report import run_request
from pipelines.landing.land import waiting_deliveries
from pipelines.settings import home


@dg.sensor(
    job_name="land",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def arrivals() -> dg.SensorResult | dg.SkipReason:
    """Ask for one landing run for the oldest date that has deliveries waiting."""
    waiting = waiting_deliveries(home(), load_contracts())
    if not waiting:
        return dg.SkipReason("Nothing waits: every complete delivery is in the ledger.")
    return dg.SensorResult(run_requests=[run_request(waiting)])
