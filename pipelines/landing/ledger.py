"""The ledger: one Parquet file a wave, and a wave has happened when its file is there.

Belongs here: the rows of the ledger, the commit, what earlier waves say about a
sender. Does not belong here: rows of feeds (``store``).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from pipelines.durable import replace_durably
from pipelines.landing.parcel import APPLIED
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
    "findings": pl.List(FINDING_STRUCT),
}


@dataclass(frozen=True)
class Applied:
    """An applied package, as later packages of its sender need to know it.

    Attributes:
        as_of_us: Microseconds since 1970, as the manifest said.
        package_seq: The order in which it counts.
        rows: Rows read, a feed.
        hashes: (feed, sha256) of its files.
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
    hashes: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Seen:
    """The newest word on one delivery."""

    package_id: str
    delivery: str
    manifest_sha256: str
    verdict: str
    edit_ids: frozenset[str]
    as_of_us: int | None
    scope_kind: str | None
    row: dict[str, Any]


def read_ledger(home: Home) -> pl.DataFrame:
    """Every row of the ledger, oldest wave first; empty before the first night."""
    files = sorted(home.ledger.glob("*.parquet"))
    if not files:
        return pl.DataFrame(schema=LEDGER_SCHEMA)
    return pl.concat(pl.read_parquet(file) for file in files)


def committed_waves(home: Home) -> frozenset[str]:
    """Ids of the waves that have happened."""
    return frozenset(file.stem for file in home.ledger.glob("*.parquet"))


def commit(home: Home, wave_id: str, rows: pl.DataFrame) -> None:
    """Make a wave real: its ledger file appears whole, after everything it names."""
    home.ledger.mkdir(parents=True, exist_ok=True)
    final = home.ledger / f"{wave_id}.parquet"
    partial = home.ledger / f".{wave_id}.tmp"
    pq.write_table(rows.to_arrow(), partial, compression="zstd")
    replace_durably(partial, final)


class History:
    """What the ledger says, kept current while waves are added."""

    def __init__(self, rows: pl.DataFrame) -> None:
        """Index the rows of ``read_ledger``."""
        self._applied: dict[str, list[Applied]] = defaultdict(list)
        self._seen: dict[tuple[str, str], Seen] = {}
        self.add(rows)

    def add(self, rows: pl.DataFrame) -> None:
        """Take the rows of one more wave into account."""
        for row in rows.iter_rows(named=True):
            code = row["institution_code"]
            self._seen[code, row["delivery"]] = _seen(row)
            if row["verdict"] in APPLIED:
                self._applied[code].append(_applied(row))
                self._applied[code].sort(key=lambda applied: applied.package_seq)

    def applied(self, institution_code: str) -> list[Applied]:
        """Applied packages of a sender, in the order in which they count."""
        return self._applied[institution_code]

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
        return self._seen.get((sender, delivery))

    def waiting_before(self, sender: str, as_of_us: int) -> list[Seen]:
        """Held deliveries of a sender that speak for an earlier or equal instant."""
        return [
            seen
            for (code, _), seen in self._seen.items()
            if code == sender
            and seen.verdict == "held"
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
        hashes=frozenset((str(f["feed"]), str(f["sha256"])) for f in files),
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
    )
