"""New, persisting, resolved: tonight's findings beside those still open before.

Belongs here: which earlier package is compared with, when a finding is the same one,
and the open findings kept for the next night. Does not belong here: the pages.

A finding is the same one when feed, edit and the row's own key are the same; where a
row has no key, its line. An earlier finding is resolved only by a package that speaks
for its row: a full snapshot, a window with the row's term, or a file that carries the
row itself. What nobody spoke of stays open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from pipelines.landing.judging.spoken import Spoken
from pipelines.landing.kept.ledger import History
from pipelines.landing.kept.store import read_open_findings
from pipelines.landing.package.parcel import REPEAT, RETIRED
from pipelines.settings import Home

OPEN: dict[str, Any] = {
    "institution_code": pl.String,
    "package_id": pl.String,
    "delivery": pl.String,
    "feed": pl.String,
    "edit_id": pl.String,
    "severity": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "column": pl.String,
    "key": pl.String,
    "nth": pl.UInt32,
    "first_seen": pl.Date,
}
_SAME = ["feed", "edit_id", "_about", "nth"]
_TERM = r"(?:^|; )term_code=([^;]*)"
# Verdicts about a package that was not looked into: nobody's findings change.
_SILENT = {REPEAT, RETIRED}


@dataclass(frozen=True)
class Previous:
    """The package that tonight's is compared with, and what was open after it."""

    package_id: str
    delivery: str
    findings: pl.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Tonight's findings against the last package's.

    Attributes:
        previous: None when the sender sent nothing before.
        findings: Tonight's, with state (new or persisting), nth and first_seen.
        resolved: What was open and is not any more, columns of ``OPEN``.
        unmentioned: What was open and this package does not speak of.
    """

    previous: Previous | None
    findings: pl.DataFrame
    resolved: pl.DataFrame
    unmentioned: pl.DataFrame

    def still_open(self, row: Mapping[str, Any]) -> pl.DataFrame:
        """What the next night compares with, columns of ``OPEN``.

        Args:
            row: The package's ledger row.
        """
        meta = {
            name: pl.lit(row[name])
            for name in ("institution_code", "package_id", "delivery")
        }
        both = [
            frame.with_columns(**meta).select(
                pl.col(name).cast(kind) for name, kind in OPEN.items()
            )
            for frame in (self.findings, self.unmentioned)
        ]
        return pl.concat(both)


def previous_of(
    home: Home, history: History, row: Mapping[str, Any]
) -> Previous | None:
    """The sender's package before this one, by ``as_of``, and what it left open.

    The order is that of the data and not of arrival, so that a replay tells the same.

    Args:
        home: The warehouse.
        history: The ledger without tonight's wave.
        row: Tonight's ledger row of the package.
    """
    mine = _place(row)
    earlier = [
        seen
        for seen in history.deliveries(row["institution_code"])
        if seen.verdict not in _SILENT and _place(seen.row) < mine
    ]
    if not earlier:
        return None
    last = max(earlier, key=lambda seen: _place(seen.row))
    findings = read_open_findings(home, last.row["wave_id"], OPEN).filter(
        pl.col("institution_code") == row["institution_code"],
        pl.col("delivery") == last.delivery,
    )
    return Previous(last.package_id, last.delivery, findings)


def _place(row: Mapping[str, Any]) -> tuple[datetime, str]:
    """Where a package stands among its sender's; without ``as_of`` by its folder."""
    delivery: str = row["delivery"]
    if row["as_of"] is not None:
        return row["as_of"], delivery
    try:
        day = date.fromisoformat(delivery[:10])
    except ValueError:
        return datetime.min.replace(tzinfo=UTC), delivery
    return datetime.combine(day, time.max, UTC), delivery


def compare(
    previous: Previous | None,
    row: Mapping[str, Any],
    findings: pl.DataFrame,
    spoken: Spoken,
    day: date,
) -> Comparison:
    """Say of each finding whether it is new, and what became of the earlier ones.

    Args:
        previous: The package compared with.
        row: Tonight's ledger row.
        findings: Tonight's, as in ``findings.FINDINGS``.
        spoken: What tonight's package speaks for.
        day: Tonight's date at the sender, when a finding is new.
    """
    mine = _identified(findings)
    if previous is None or row["verdict"] in _SILENT:
        first = mine.with_columns(state=pl.lit("new"), first_seen=pl.lit(day, pl.Date))
        left = pl.DataFrame(schema=OPEN) if previous is None else previous.findings
        nothing = pl.DataFrame(schema=OPEN)
        return Comparison(previous, first.drop("_about"), nothing, left)
    before = _identified(previous.findings, numbered=True)
    seen = before.select(*_SAME, "first_seen")
    told = mine.join(seen, on=_SAME, how="left", nulls_equal=True).with_columns(
        state=pl.when(pl.col("first_seen").is_null())
        .then(pl.lit("new"))
        .otherwise(pl.lit("persisting")),
        first_seen=pl.col("first_seen").fill_null(day),
    )
    gone = before.join(mine, on=_SAME, how="anti", nulls_equal=True)
    answered = _answered(gone, spoken)
    columns = list(OPEN)
    return Comparison(
        previous,
        told.drop("_about"),
        gone.filter(answered).select(columns),
        gone.filter(~answered).select(columns),
    )


def _identified(findings: pl.DataFrame, *, numbered: bool = False) -> pl.DataFrame:
    """Add what a finding is about; equal ones are numbered by line."""
    line = pl.col("line").cast(pl.String).fill_null("")
    column = pl.col("column").fill_null("")
    about = pl.coalesce("key", pl.format("{} {}", line, column)).alias("_about")
    told = findings.with_columns(about)
    if numbered:
        return told
    same = ["feed", "edit_id", "_about"]
    ordered = told.sort("line", nulls_last=False, maintain_order=True)
    return ordered.with_columns(nth=pl.int_range(pl.len(), dtype=pl.UInt32).over(same))


def _answered(gone: pl.DataFrame, spoken: Spoken) -> pl.Series:
    """Which earlier findings this package speaks for."""
    scopes = spoken.scopes.select("feed", "scope_kind", "terms", "has_term")
    carried = spoken.keys.select("feed", "key").unique().with_columns(_carried=True)
    told = (
        gone.join(scopes, on="feed", how="left", maintain_order="left")
        .join(carried, on=["feed", "key"], how="left", maintain_order="left")
        .with_columns(_term=pl.col("key").str.extract(_TERM))
    )
    of_file = pl.col("line").is_null() & pl.col("key").is_null()
    in_window = (
        (pl.col("scope_kind") == "terms")
        & pl.col("has_term")
        & pl.col("terms").list.contains(pl.col("_term"))
    )
    return told.select(
        answered=pl.when(pl.col("feed").is_null())
        .then(pl.lit(value=True))
        .otherwise(
            (of_file & pl.col("scope_kind").is_not_null())
            | (pl.col("scope_kind") == "full")
            | in_window
            | pl.col("_carried")
        )
        .fill_null(value=False)
    )["answered"]
