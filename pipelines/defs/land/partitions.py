"""Deliveries: one partition a sender and delivery date. Only landing is partitioned."""

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Sender

FIRST_DELIVERY = "2026-08-01"


def senders() -> list[str]:
    """Codes of all who may send a package: active colleges, offices, agencies.

    One system's senders stand together, so that the range of a wave is no wider than
    the system: Dagster writes a planned event for each feed and sender in it, 6 ms
    apiece, which for both systems' 66 senders took 9 s a wave.
    """
    contracts = load_contracts()
    known: list[Sender] = [
        *(c for c in contracts.colleges.values() if c.status == "active"),
        *contracts.systems.values(),
        *contracts.agencies.values(),
    ]
    known.sort(key=lambda sender: (sender.system, sender.sender))
    return [sender.sender for sender in known]


# Beyond 100,000 keys Dagster's UI slows down: 65 senders reach that after four years.
# Then move FIRST_DELIVERY on; the ledger keeps the history.
deliveries = dg.MultiPartitionsDefinition(
    {
        "sender": dg.StaticPartitionsDefinition(senders()),
        "delivered_on": dg.DailyPartitionsDefinition(FIRST_DELIVERY, end_offset=1),
    }
)


def after_landing(feed: str) -> dg.AssetDep:
    """Lineage from a landing asset to an unpartitioned one, on no partition at all.

    What is in force comes from the whole ledger, so no partition's version says
    whether a build is stale. Asking for all of them, or only for the last, lists
    24,000 keys a year for each of 23 feeds: 8 s of every night in the first quarter.
    """
    return dg.AssetDep(
        ["landing", feed], partition_mapping=dg.SpecificPartitionsPartitionMapping([])
    )
