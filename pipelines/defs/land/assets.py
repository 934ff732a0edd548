"""Landing assets: one a feed, one run a wave of deliveries, one event a delivery.

All colleges of a wave are judged together in one run. An asset a feed with a run a
college would be 1,400 runs a night for 66 senders.
"""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from pipelines import progress
from pipelines.contracts.load import load_contracts
from pipelines.defs.groups import LANDING
from pipelines.defs.land.partitions import after_landing, deliveries
from pipelines.defs.land.report import ledger_table, materializations, through
from pipelines.landing.land import land
from pipelines.settings import home

FEEDS = load_contracts().feeds


@dg.multi_asset(
    name="landing",
    specs=[
        dg.AssetSpec(
            ["landing", feed.name],
            description=feed.description,
            group_name=LANDING,
            kinds={"parquet"},
            skippable=True,
            code_version=feed.version,
        )
        for feed in FEEDS.values()
    ],
    partitions_def=deliveries,
    backfill_policy=dg.BackfillPolicy.single_run(),
    pool="landing",
)
def landing(context: dg.AssetExecutionContext) -> Iterator[dg.Output]:
    """Take in every package waiting up to the last delivery date of this run."""
    result = land(
        home(),
        load_contracts(),
        until=through(context.partition_keys),
        on_progress=partial(progress.report, "Landing"),
    )
    for event in materializations(result, set(context.partition_keys)):
        context.log_event(event)
    yield from ()


@dg.asset(
    key=["ledger", "package"],
    deps=[after_landing(name) for name in FEEDS],
    group_name=LANDING,
    kinds={"parquet"},
    description="Every package ever sent, its verdict, and its rows: in, loaded, "
    "collapsed, quarantined.",
)
def ledger() -> dg.MaterializeResult:
    """Show where each sender stands; the landing run itself wrote the ledger."""
    return dg.MaterializeResult(metadata=ledger_table(home()))
