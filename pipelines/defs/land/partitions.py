"""Deliveries: one partition a sender and delivery date. Only landing is partitioned."""

import dagster as dg

from pipelines.contracts.load import load_contracts

FIRST_DELIVERY = "2026-08-01"


def senders() -> list[str]:
    """Codes of everyone who may send a package: active colleges and system offices."""
    contracts = load_contracts()
    return sorted(
        [
            code
            for code, college in contracts.colleges.items()
            if college.status == "active"
        ]
        + [system.sender for system in contracts.systems.values()]
    )


# Beyond 100,000 keys Dagster's UI slows down: 65 senders reach that after four years.
# Then move FIRST_DELIVERY on; the ledger keeps the history.
deliveries = dg.MultiPartitionsDefinition(
    {
        "sender": dg.StaticPartitionsDefinition(senders()),
        "delivered_on": dg.DailyPartitionsDefinition(FIRST_DELIVERY, end_offset=1),
    }
)


def newest(key: dg.AssetKey | list[str]) -> dg.AssetDep:
    """A dependency of an unpartitioned asset on the last partition of a landing asset.

    The default maps to all partitions: 24,000 keys a year for each of 21 feeds, which
    on the first quarter's keys alone took 8 s of every night.
    """
    return dg.AssetDep(key, partition_mapping=dg.LastPartitionMapping())
