"""What Dagster is told of landing: runs to ask for, materialisations, the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from hashlib import sha256

import dagster as dg
import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.defs.land.partitions import senders
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.decided.verdicts import with_states
from pipelines.landing.kept.ledger import in_effect, read_ledger
from pipelines.landing.land import LandedPackage, LandingResult
from pipelines.landing.package.parcel import APPLIED
from pipelines.settings import Home
from pipelines.status import latest_packages

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def through(partition_keys: Iterable[str]) -> date:
    """The last delivery date among the keys of a landing run."""
    return date.fromisoformat(max(_delivered_on(key) for key in partition_keys))


def _delivered_on(key: str) -> str:
    """Dagster writes a key's dimensions in the order of their names: date, sender."""
    return key.split("|", maxsplit=1)[0]


def partition_tags(delivered_on: date, waiting: Iterable[str]) -> dict[str, str]:
    """Tags of one run over the senders of one delivery date, whoever has sent.

    A run covers a range, so senders between the first and the last are in it too;
    only those that delivered get an event.
    """
    known = senders()
    day = delivered_on.isoformat()
    order = sorted(known.index(code) for code in waiting if code in known)
    first, last = (order[0], order[-1]) if order else (0, len(known) - 1)
    return {
        RANGE_START: _key(day, known[first]),
        RANGE_END: _key(day, known[last]),
    }


def _key(day: str, sender: str) -> dg.MultiPartitionKey:
    return dg.MultiPartitionKey({"sender": sender, "delivered_on": day})


def run_request(waiting: Mapping[date, list[str]]) -> dg.RunRequest:
    """One landing run for the oldest date that waits; its key names who is in it.

    The run key makes a second tick ask for the same run; a delivery that joins later
    makes another key, and so another run.
    """
    delivered_on = min(waiting)
    names = f"{delivered_on}:{','.join(sorted(waiting[delivered_on]))}"
    return dg.RunRequest(
        run_key=sha256(names.encode()).hexdigest(),
        tags=partition_tags(delivered_on, waiting[delivered_on]),
    )


def materializations(
    result: LandingResult, known: set[str]
) -> Iterator[dg.AssetMaterialization]:
    """One event a feed and delivery that was applied, for the partitions of the run."""
    for package in result.packages:
        yield from _of_package(package, known)


def _of_package(
    package: LandedPackage, known: set[str]
) -> Iterator[dg.AssetMaterialization]:
    key = _key(package.delivery[:10], package.institution_code)
    if package.verdict not in APPLIED or str(key) not in known:
        return
    for feed, counts in package.counts.items():
        yield dg.AssetMaterialization(
            ["landing", feed],
            partition=key,
            metadata={**counts, "verdict": package.verdict},
        )


def ledger_table(home: Home) -> dict[str, dg.MetadataValue]:
    """The newest package of each sender as a Markdown table, and totals."""
    ledger = with_states(read_ledger(home), Decisions.read(home))
    latest = latest_packages(ledger).select(
        "institution_code",
        "delivery",
        "verdict",
        "rows_read",
        "loaded",
        "collapsed",
        "quarantined",
        "edits",
    )
    with pl.Config(
        tbl_formatting="MARKDOWN",
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        tbl_rows=-1,
        fmt_str_lengths=80,
    ):
        table = str(latest)
    return {
        "senders": dg.MetadataValue.int(latest.height),
        "quarantined": dg.MetadataValue.int(int(latest["quarantined"].sum())),
        "latest_packages": dg.MetadataValue.md(table),
    }


def edit_results(
    home: Home, contracts: Contracts, ledger: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """What the edits of each feed found in the newest package of each sender."""
    found = (
        latest_packages(read_ledger(home))
        .select(pl.col("findings").explode())
        .unnest("findings")
        .drop_nulls("edit_id")
        .group_by("feed", "edit_id", "severity")
        .agg(pl.col("count").sum())
        .sort("edit_id")
    )
    by_feed = {name[0]: rows for name, rows in found.group_by("feed")}
    for feed in contracts.feeds:
        yield _edit_result(feed, by_feed.get(feed, found.clear()), ledger)


def _edit_result(
    feed: str, found: pl.DataFrame, ledger: dg.AssetKey
) -> dg.AssetCheckResult:
    refused = found.filter(pl.col("severity") != "W")
    return dg.AssetCheckResult(
        asset_key=ledger,
        check_name=f"edits_{feed}",
        passed=refused.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={row["edit_id"]: row["count"] for row in found.iter_rows(named=True)},
    )


def lost_rows(home: Home) -> list[str]:
    """Applied files whose rows do not add up, as sender, delivery and feed."""
    files = (
        in_effect(read_ledger(home))
        .filter(pl.col("verdict").is_in(list(APPLIED)))
        .select("institution_code", "delivery", pl.col("files"))
        .explode("files")
        .unnest("files")
    )
    accounted = pl.sum_horizontal("loaded", "collapsed", "quarantined")
    wrong = files.filter(pl.col("rows_read") != accounted)
    named = wrong.select(
        pl.format("{} {} {}", "institution_code", "delivery", "feed").alias("file")
    )
    return named["file"].to_list()
