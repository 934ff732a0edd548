"""Collection as a job: drop zones are looked at all day, landing follows by its sensor.

An op and no asset: what it brings is a delivery, which has its partition once landed.
"""

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.delivery.collect import collect as run
from pipelines.settings import home


@dg.op(pool="collection", description="Take complete packages into the inbox.")
def collect_packages(context: dg.OpExecutionContext) -> None:
    """Log one line a delivery; a drop zone that fails is tried again next time."""
    for event in run(home(), load_contracts()):
        context.log.info(str(event))


@dg.job(
    executor_def=dg.in_process_executor,
    description="Look at every drop zone: take what is complete, remove what is kept.",
)
def collect() -> None:
    """One look."""
    collect_packages()
