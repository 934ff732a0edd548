"""What is published, how fresh it is, and where each sender stands."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.decided.verdicts import with_states
from pipelines.landing.freshness import NEVER, freshness
from pipelines.landing.kept.ledger import in_effect, read_ledger
from pipelines.publishing.reader import resolve
from pipelines.settings import Home


@dataclass(frozen=True)
class SenderStatus:
    """One sender: its newest delivery, what became of it, how old its data is."""

    institution_code: str
    delivery: str
    verdict: str
    rows_read: int
    loaded: int
    collapsed: int
    quarantined: int
    edits: str
    as_of: datetime | None
    freshness: str


@dataclass(frozen=True)
class Status:
    """The warehouse at a glance; ``seq`` is None before the first publication."""

    seq: int | None
    as_of: str | None
    learners: int | None
    path: str | None
    senders: list[SenderStatus]

    def headline(self) -> str:
        """One line on the current snapshot."""
        if self.seq is None:
            return "Nothing is published yet; run `lrw night`."
        return (
            f"snapshot {self.seq} as of {self.as_of}: {self.learners:,} records "
            f"in {self.path}"
        )

    def table(self) -> tuple[list[str], list[list[Any]]]:
        """Column names and a row a sender."""
        columns = list(SenderStatus.__dataclass_fields__)
        return columns, [list(asdict(sender).values()) for sender in self.senders]

    def as_dict(self) -> dict[str, Any]:
        """The same with stable keys, for programs."""
        return asdict(self)


def latest_packages(ledger: pl.DataFrame) -> pl.DataFrame:
    """The newest ledger row of each sender with its counts added up over files."""
    newest = (
        in_effect(ledger)
        .filter(pl.col("verdict") != "retired")
        .sort("delivery", "wave_id")
        .group_by("institution_code", maintain_order=True)
        .last()
        .sort("institution_code")
    )
    counted = ["rows_read", "loaded", "collapsed", "quarantined"]
    return newest.with_columns(
        pl.col("files")
        .list.eval(pl.element().struct.field(name).fill_null(0))
        .list.sum()
        .alias(name)
        for name in counted
    ).with_columns(
        pl.col("findings")
        .list.eval(
            pl.format(
                "{}:{}",
                pl.element().struct.field("edit_id"),
                pl.element().struct.field("count"),
            )
        )
        .list.join(" ")
        .alias("edits")
    )


def read_status(home: Home) -> Status:
    """Read the ledger, the clock and the pointer; no lock is taken."""
    ledger = with_states(read_ledger(home), Decisions.read(home))
    ages = {
        row.institution_code: row
        for row in freshness(home, load_contracts(), datetime.now(UTC))
    }
    senders = [
        SenderStatus(
            institution_code=row["institution_code"],
            delivery=row["delivery"],
            verdict=row["verdict"],
            rows_read=row["rows_read"],
            loaded=row["loaded"],
            collapsed=row["collapsed"],
            quarantined=row["quarantined"],
            edits=row["edits"] or "",
            as_of=age.as_of if (age := ages.get(row["institution_code"])) else None,
            freshness=age.status if age else NEVER,
        )
        for row in latest_packages(ledger).iter_rows(named=True)
    ]
    try:
        current = resolve(home)
    except OperatorError:
        return Status(None, None, None, None, senders)
    return Status(
        seq=current.seq,
        as_of=current.manifest.as_of,
        learners=current.manifest.learners,
        path=str(current.path),
        senders=senders,
    )
