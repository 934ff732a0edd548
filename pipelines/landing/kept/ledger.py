"""The ledger: one Parquet file a wave, and a wave has happened when its file is there.

Belongs here: the rows of the ledger, the commit, what earlier waves say about a
sender. Does not belong here: rows of feeds (``store``).

Nothing in it is ever changed. Where a sender's packages were landed again in another
order, a row with the verdict ``replayed`` names the package and, in
``supersedes_wave_id``, the wave whose word on it no longer counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.landing.package.parcel import APPLIED, HELD, REPLAYED
from pipelines.sealed import write_sealed
from pipelines.settings import Home

_INSTANT = pl.Datetime("us", "UTC")
FILE_STRUCT = pl.Struct(
    {
        "feed": pl.String,
        "name": pl.String,
        "sha256": pl.String,
        "bytes": pl.Int64,
        "rows_read": pl.Int64,
        "loaded": pl.Int64,
        "collapsed": pl.Int64,
        "quarantined": pl.Int64,
        "released": pl.Int64,
        "changed": pl.Int64,
        "removed": pl.Int64,
        "rejudged": pl.Int64,
        "verdict": pl.String,
    }
)
SOURCE_STRUCT = pl.Struct(
    {
        "file": pl.String,
        "table": pl.String,
        "sha256": pl.String,
        "bytes": pl.Int64,
        "rows_read": pl.Int64,
        "used": pl.Int64,
        "set_aside": pl.List(pl.Struct({"rule": pl.String, "count": pl.Int64})),
        "unreadable": pl.Int64,
        "verdict": pl.String,
    }
)
FINDING_STRUCT = pl.Struct(
    {
        "feed": pl.String,
        "edit_id": pl.String,
        "severity": pl.String,
        "count": pl.Int64,
    }
)
STOPPED_STRUCT = pl.Struct(
    {
        "feed": pl.String,
        "edit_id": pl.String,
        "column": pl.String,
        "value": pl.String,
    }
)
LEDGER_SCHEMA: dict[str, pl.DataType] = {
    "institution_code": pl.String(),
    "package_id": pl.String(),
    "wave_id": pl.String(),
    "package_seq": pl.Int64(),
    "as_of": _INSTANT,
    "mode": pl.String(),
    "scope_kind": pl.String(),
    "scope_terms": pl.List(pl.String),
    "previous_package_id": pl.String(),
    "delivery": pl.String(),
    "manifest_sha256": pl.String(),
    "verdict": pl.String(),
    "publishable": pl.Boolean(),
    "contract_version": pl.String(),
    "landed_at": _INSTANT,
    "files": pl.List(FILE_STRUCT),
    "sources": pl.List(SOURCE_STRUCT),
    "findings": pl.List(FINDING_STRUCT),
    "freed": pl.List(pl.String),
    "supersedes_wave_id": pl.String(),
    # Findings of severity F in their own words; null in waves of an older release.
    "stopped_by": pl.List(STOPPED_STRUCT),
}

IN_EFFECT = """
    select entry.*
    from {ledger} as entry
    where entry.verdict <> 'replayed'
        and not exists (
            select 1 from {ledger} as replayed
            where replayed.verdict = 'replayed'
                and replayed.institution_code = entry.institution_code
                and replayed.package_id = entry.package_id
                and replayed.supersedes_wave_id = entry.wave_id
        )
"""
"""SQL of the ledger's rows that count, ``{ledger}`` being all of them."""


@dataclass(frozen=True)
class Applied:
    """An applied package, as later packages of its sender need to know it.

    Attributes:
        as_of_us: Microseconds since 1970, as the manifest said.
        package_seq: The order in which it counts.
        rows: Rows read, a feed.
        hashes: SHA-256 of its files, those of dialects too.
        order: Its place among the sender's packages: ``as_of``, then the delivery.
    """

    package_id: str
    wave_id: str
    as_of_us: int
    package_seq: int
    mode: str
    scope_kind: str
    scope_terms: frozenset[str]
    delivery: str
    publishable: bool
    manifest_sha256: str
    rows: dict[str, int]
    hashes: frozenset[str]

    @property
    def order(self) -> tuple[int, str]:
        """Its place among the sender's packages."""
        return self.as_of_us, self.delivery


@dataclass(frozen=True)
class Seen:
    """The newest word on one delivery.

    Attributes:
        edit_ids: Everything that was found.
        blocking: Edits of severity F among them.
        freed: Edits that people have let through; ``*`` stands for all.
        landed_at: When that word was given.
    """

    package_id: str
    delivery: str
    manifest_sha256: str
    verdict: str
    edit_ids: frozenset[str]
    as_of_us: int | None
    scope_kind: str | None
    row: dict[str, Any]
    blocking: frozenset[str] = frozenset()
    freed: frozenset[str] = frozenset()

    @property
    def order(self) -> tuple[int, str]:
        """Its place among the sender's packages."""
        return (-1 if self.as_of_us is None else self.as_of_us), self.delivery

    @property
    def landed_at(self) -> datetime:
        """When that word was given."""
        landed_at: datetime = self.row["landed_at"]
        return landed_at


def read_ledger(home: Home) -> pl.DataFrame:
    """Every row of the ledger, oldest wave first; empty before the first night."""
    files = sorted(home.ledger.glob("*.parquet"))
    nothing = pl.DataFrame(schema=LEDGER_SCHEMA)
    if not files:
        return nothing
    # Waves of an older release lack the newer columns.
    return pl.concat([nothing, *map(pl.read_parquet, files)], how="diagonal_relaxed")


def in_effect(ledger: pl.DataFrame) -> pl.DataFrame:
    """The rows of the ledger that count: no replays, and not what they superseded.

    Args:
        ledger: As ``read_ledger`` gives it.
    """
    replayed = ledger.filter(pl.col("verdict") == REPLAYED)
    return ledger.filter(pl.col("verdict") != REPLAYED).join(
        replayed.select("institution_code", "package_id", wave_id="supersedes_wave_id"),
        on=["institution_code", "package_id", "wave_id"],
        how="anti",
        maintain_order="left",
    )


def committed_waves(home: Home) -> frozenset[str]:
    """Ids of the waves that have happened."""
    return frozenset(file.stem for file in home.ledger.glob("*.parquet"))


def commit(home: Home, wave_id: str, rows: pl.DataFrame) -> None:
    """Make a wave real: its ledger file appears whole, after everything it names."""
    home.ledger.mkdir(parents=True, exist_ok=True)
    write_sealed(home.ledger / f"{wave_id}.parquet", rows.to_arrow())


class History:
    """What the ledger says, kept current while waves are added."""

    def __init__(self, rows: pl.DataFrame) -> None:
        """Index the rows of ``read_ledger``."""
        self._applied: dict[str, list[Applied]] = defaultdict(list)
        self._seen: dict[str, dict[str, Seen]] = defaultdict(dict)
        self._freed: dict[tuple[str, str], frozenset[str]] = {}
        self.add(rows)

    def fork(self) -> History:
        """A copy that a wave can be tried on."""
        twin = History(pl.DataFrame(schema=LEDGER_SCHEMA))
        for code, applied in self._applied.items():
            twin._applied[code] = list(applied)
        for code, seen in self._seen.items():
            twin._seen[code] = dict(seen)
        twin._freed = dict(self._freed)
        return twin

    def add(self, rows: pl.DataFrame) -> None:
        """Take the rows of one more wave into account."""
        for row in rows.iter_rows(named=True):
            code, package_id = row["institution_code"], row["package_id"]
            if row["verdict"] == REPLAYED:
                gone = (package_id, row["supersedes_wave_id"])
                self._applied[code] = [
                    a for a in self._applied[code] if (a.package_id, a.wave_id) != gone
                ]
                continue
            self._seen[code][row["delivery"]] = _seen(row)
            freed = frozenset(row["freed"] or ())
            if freed:
                before = self._freed.get((code, package_id), frozenset())
                self._freed[code, package_id] = before | freed
            if row["verdict"] in APPLIED:
                self._applied[code].append(_applied(row))
                self._applied[code].sort(key=lambda applied: applied.package_seq)

    def applied(self, institution_code: str) -> list[Applied]:
        """Applied packages of a sender, in the order in which they count."""
        return self._applied[institution_code]

    def packages(self) -> pl.DataFrame:
        """Every applied package: institution_code, package_id, wave_id."""
        return pl.DataFrame(
            [
                (code, applied.package_id, applied.wave_id)
                for code, packages in self._applied.items()
                for applied in packages
            ],
            schema=dict.fromkeys(
                ("institution_code", "package_id", "wave_id"), pl.String
            ),
            orient="row",
        )

    def last_of_scope(
        self, institution_code: str, scope_kind: str, terms: frozenset[str]
    ) -> Applied | None:
        """The last applied snapshot that spoke for the same part of the college."""
        return next(
            (
                applied
                for applied in reversed(self._applied[institution_code])
                if applied.mode == "snapshot"
                and applied.scope_kind == scope_kind
                and applied.scope_terms == terms
            ),
            None,
        )

    def seen(self, sender: str, delivery: str) -> Seen | None:
        """The newest word on a delivery."""
        return self._seen[sender].get(delivery)

    def deliveries(self, sender: str) -> list[Seen]:
        """The newest word on every delivery of a sender."""
        return list(self._seen[sender].values())

    def senders(self) -> Iterator[str]:
        """Everybody who ever delivered something."""
        return iter(list(self._seen))

    def freed(self, sender: str, package_id: str) -> frozenset[str]:
        """Edits that people have let through for a package; ``*`` stands for all."""
        return self._freed.get((sender, package_id), frozenset())

    def waiting_before(self, sender: str, as_of_us: int) -> list[Seen]:
        """Held deliveries of a sender that speak for an earlier or equal instant."""
        return [
            seen
            for seen in self._seen[sender].values()
            if seen.verdict == HELD
            and seen.as_of_us is not None
            and seen.as_of_us <= as_of_us
        ]


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else round(value.timestamp() * 1_000_000)


def _applied(row: dict[str, Any]) -> Applied:
    files: list[dict[str, Any]] = row["files"]
    as_of = _microseconds(row["as_of"])
    return Applied(
        package_id=str(row["package_id"]),
        wave_id=str(row["wave_id"]),
        as_of_us=as_of or 0,
        package_seq=int(row["package_seq"]),
        mode=str(row["mode"]),
        scope_kind=str(row["scope_kind"]),
        scope_terms=frozenset(row["scope_terms"]),
        delivery=str(row["delivery"]),
        publishable=bool(row["publishable"]),
        manifest_sha256=str(row["manifest_sha256"]),
        rows={str(file["feed"]): int(file["rows_read"] or 0) for file in files},
        hashes=frozenset(
            str(file["sha256"])
            for file in (*files, *(row["sources"] or ()))
            if file["sha256"]
        ),
    )


def _seen(row: dict[str, Any]) -> Seen:
    findings: list[dict[str, Any]] = row["findings"]
    kind = row["scope_kind"]
    return Seen(
        package_id=str(row["package_id"]),
        delivery=str(row["delivery"]),
        manifest_sha256=str(row["manifest_sha256"]),
        verdict=str(row["verdict"]),
        edit_ids=frozenset(str(finding["edit_id"]) for finding in findings),
        as_of_us=_microseconds(row["as_of"]),
        scope_kind=None if kind is None else str(kind),
        row=row,
        blocking=frozenset(
            str(finding["edit_id"])
            for finding in findings
            if finding["severity"] == "F"
        ),
        freed=frozenset(row["freed"] or ()),
    )
