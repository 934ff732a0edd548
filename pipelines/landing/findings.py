"""What was found, as frames: by row first, then as a college will read it.

Belongs here: the shapes of findings and which of them quarantine a row. Does not
belong here: the sentences (``returns``).
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.duplicates import required_key
from pipelines.landing.gather import Gathered
from pipelines.landing.notes import Note
from pipelines.landing.parcel import Parcel

ROW_FINDINGS = {
    "_row": pl.UInt32,
    "edit_id": pl.String,
    "column": pl.String,
    "value": pl.String,
}
FINDINGS = {
    "institution_code": pl.String,
    "feed": pl.String,
    "edit_id": pl.String,
    "severity": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "count": pl.Int64,
}


class JudgedFeed(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    findings: pl.DataFrame


def no_row_findings() -> pl.DataFrame:
    """An empty frame of findings with severity."""
    return pl.DataFrame(schema={**ROW_FINDINGS, "severity": pl.String})


def no_quarantine() -> pl.DataFrame:
    """An empty frame of quarantined rows."""
    return pl.DataFrame(schema={"_row": pl.UInt32, "edit_ids": pl.List(pl.String)})


def row_findings(found: pl.DataFrame) -> pl.DataFrame:
    """Findings of the judge in the shape used here."""
    return found.select(pl.col(name).cast(kind) for name, kind in ROW_FINDINGS.items())


def conflict_findings(conflicting: pl.DataFrame) -> pl.DataFrame:
    """F14 for rows with one key that nobody can order."""
    return _told(conflicting)


def collapse_findings(collapsed: pl.DataFrame) -> pl.DataFrame:
    """F13 and F14 for rows that another row stands for."""
    return _told(collapsed.with_columns(value=pl.lit("collapsed")))


def deletion_findings(
    feed: Feed, raw: pl.DataFrame, sent: pl.DataFrame, scopes: pl.DataFrame
) -> pl.DataFrame:
    """What is wrong with rows that delete a key: no key, or no delta.

    The other columns of such a row are not judged: its key is all it has to say.
    """
    deletes = sent.filter(pl.col("_op") == "D").join(
        scopes.select("institution_code", "scope_kind"), on="institution_code"
    )
    if deletes.is_empty():
        return row_findings(no_row_findings())
    misplaced = deletes.filter(pl.col("scope_kind") != "delta").select(
        "_row",
        edit_id=pl.lit(f"{feed.prefix}-_op-CODE"),
        column=pl.lit("_op"),
        value=pl.lit("D outside a delta"),
    )
    as_sent = raw.select("_row", *(pl.col(n).alias(f"_sent_{n}") for n in feed.key))
    keyed = deletes.join(as_sent, on="_row")
    missing = [
        keyed.filter(pl.col(name).is_null()).select(
            "_row",
            edit_id=pl.when(pl.col(f"_sent_{name}").is_null())
            .then(pl.lit(f"{feed.prefix}-{name}-REQUIRED"))
            .otherwise(pl.lit(f"{feed.prefix}-{name}-TYPE")),
            column=pl.lit(name),
            value=f"_sent_{name}",
        )
        for name in required_key(feed)
    ]
    return pl.concat(row_findings(part) for part in [misplaced, *missing])


def with_severity(found: pl.DataFrame, contracts: Contracts) -> pl.DataFrame:
    """Add each edit's severity; a row that another stands for only warns."""
    edits = pl.DataFrame(
        [(edit.id, edit.severity) for edit in contracts.all_edits()],
        schema={"edit_id": pl.String, "severity": pl.String},
        orient="row",
    )
    joined = found.join(edits, on="edit_id", how="left")
    collapsed = pl.col("value").eq_missing(pl.lit("collapsed"))
    collapsed &= pl.col("edit_id").is_in(["F13", "F14"])
    return joined.with_columns(
        severity=pl.when(collapsed).then(pl.lit("W")).otherwise("severity")
    )


def quarantined_rows(found: pl.DataFrame) -> pl.DataFrame:
    """Rows with at least one Q finding, once each, with all those edits."""
    return (
        found.filter(pl.col("severity") == "Q")
        .group_by("_row")
        .agg(edit_ids=pl.col("edit_id").unique().sort())
    )


def all_findings(
    parcels: Sequence[Parcel], feeds: Iterable[JudgedFeed]
) -> pl.DataFrame:
    """Every finding of a wave, of packages, files and rows.

    Returns:
        The columns of ``FINDINGS``; rows that broke two edits have two lines.
    """
    names = pl.DataFrame(
        [
            (parcel.institution_code, tally.feed, tally.name)
            for parcel in parcels
            for tally in parcel.tallies.values()
        ],
        schema={"institution_code": pl.String, "feed": pl.String, "file": pl.String},
        orient="row",
    )
    parts = [_package_findings(parcels)]
    for judged in feeds:
        owner = judged.gathered.raw.select(
            "_row", "institution_code", pl.col("_line").alias("line")
        )
        by_row = judged.findings.join(owner, on="_row")
        bad = judged.gathered.bad.with_columns(
            severity=pl.lit("Q"), column=pl.lit(None, pl.String)
        )
        columns = [name for name in FINDINGS if name != "file"]
        parts += [
            frame.with_columns(
                feed=pl.lit(judged.feed.name), count=pl.lit(1, pl.Int64)
            ).select(columns)
            for frame in (by_row, bad)
        ]
    whole = pl.concat(parts).join(names, on=["institution_code", "feed"], how="left")
    return whole.select(list(FINDINGS))


def of_note(institution_code: str, note: Note) -> dict[str, str | int | None]:
    """A remark about a package as the row of a finding."""
    return {
        "institution_code": institution_code,
        "feed": note.feed,
        "edit_id": note.edit_id,
        "severity": note.severity,
        "line": note.line,
        "column": note.column,
        "value": note.value,
        "count": note.count,
    }


def _package_findings(parcels: Sequence[Parcel]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            of_note(parcel.institution_code, note)
            for parcel in parcels
            for note in parcel.notes
        ],
        schema={name: kind for name, kind in FINDINGS.items() if name != "file"},
    )


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value") if "value" in rows.columns else pl.lit(None, pl.String)
    return rows.select(
        pl.col("_row").cast(pl.UInt32),
        "edit_id",
        pl.lit(None, pl.String).alias("column"),
        value.alias("value"),
    )
