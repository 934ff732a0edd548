"""What was found, as frames: by row first, then as a college will read it.

Belongs here: the shapes of findings and which of them quarantine a row. Does not
belong here: the sentences (``pipelines.returns``).
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.judging.duplicates import required_key
from pipelines.landing.judging.redact import MASK, is_shown
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import OWN_COLUMNS, Parcel
from pipelines.landing.reading.gather import Gathered

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
    "key": pl.String,
    "value": pl.String,
    "count": pl.Int64,
    "overridden_by": pl.String,
}
_OVERRIDES = {
    "institution_code": pl.String,
    "edit_id": pl.String,
    "overridden_by": pl.String,
}


class JudgedFeed(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    findings: pl.DataFrame


def no_row_findings() -> pl.DataFrame:
    """An empty frame of findings with severity."""
    more = {"severity": pl.String, "overridden_by": pl.String}
    return pl.DataFrame(schema={**ROW_FINDINGS, **more})


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
    """What is wrong with ``_op`` (F24), and with rows that delete no key.

    The other columns of such a row are not judged: its key is all it has to say.
    """
    marked = sent.filter(pl.col("_op") != "U").join(
        scopes.select("institution_code", "scope_kind"), on="institution_code"
    )
    if marked.is_empty():
        return row_findings(no_row_findings())
    is_delete = pl.col("_op") == "D"
    misplaced = marked.filter(~is_delete | (pl.col("scope_kind") != "delta")).select(
        "_row",
        edit_id=pl.lit("F24"),
        column=pl.lit("_op"),
        value=pl.when(is_delete).then(pl.lit("D outside a delta")).otherwise("_op"),
    )
    deletes = marked.filter(is_delete)
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


def overrides_in(feed: str, parcels: Iterable[Parcel]) -> pl.DataFrame:
    """What people overrode in one feed: sender, edit and the decision."""
    return pl.DataFrame(
        [
            (parcel.institution_code, edit_id, decision_id)
            for parcel in parcels
            for (name, edit_id), decision_id in parcel.overrides.items()
            if name == feed
        ],
        schema=_OVERRIDES,
        orient="row",
    )


def with_severity(
    found: pl.DataFrame,
    contracts: Contracts,
    owners: pl.DataFrame,
    overrides: pl.DataFrame,
) -> pl.DataFrame:
    """Add each edit's severity; a row that another stands for only warns.

    Args:
        found: Findings about rows, as in ``ROW_FINDINGS``.
        contracts: The edits.
        owners: ``_row`` and ``institution_code`` of at least those rows.
        overrides: ``overrides_in`` the feed: these only warn, and name the decision.
    """
    edits = pl.DataFrame(
        [(edit.id, edit.severity) for edit in contracts.all_edits()],
        schema={"edit_id": pl.String, "severity": pl.String},
        orient="row",
    )
    senders = owners.select("_row", "institution_code")
    joined = (
        found.join(edits, on="edit_id", how="left")
        .join(senders, on="_row", how="left", maintain_order="left")
        .join(
            overrides,
            on=["institution_code", "edit_id"],
            how="left",
            maintain_order="left",
        )
        .drop("institution_code")
    )
    collapsed = pl.col("value").eq_missing(pl.lit("collapsed"))
    collapsed &= pl.col("edit_id").is_in(["F13", "F14"])
    return joined.with_columns(
        severity=pl.when(collapsed | pl.col("overridden_by").is_not_null())
        .then(pl.lit("W"))
        .otherwise("severity")
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
        schema={"institution_code": pl.String, "feed": pl.String, "_named": pl.String},
        orient="row",
    )
    parts = [_package_findings(parcels)]
    for judged in feeds:
        owner = judged.gathered.raw.select(
            "_row", "institution_code", *judged.feed.key, line="_line", file="_file"
        )
        by_row = judged.findings.join(owner, on="_row").with_columns(
            key=key_text(judged.feed)
        )
        bad = judged.gathered.bad.with_columns(
            severity=pl.lit("Q"),
            column=pl.lit(None, pl.String),
            key=pl.lit(None, pl.String),
            overridden_by=pl.lit(None, pl.String),
        )
        columns = list(FINDINGS)
        parts += [
            frame.with_columns(
                feed=pl.lit(judged.feed.name), count=pl.lit(1, pl.Int64)
            ).select(columns)
            for frame in (by_row, bad)
        ]
    whole = pl.concat(parts).join(
        names, on=["institution_code", "feed"], how="left", maintain_order="left"
    )
    whole = whole.with_columns(pl.coalesce("file", "_named").alias("file"))
    return _in_own_columns(whole, parcels).select(list(FINDINGS))


def _in_own_columns(found: pl.DataFrame, parcels: Sequence[Parcel]) -> pl.DataFrame:
    """Columns under the names of the student system, in files of a dialect."""
    own = pl.concat(
        [
            pl.DataFrame(schema={"institution_code": pl.String, **OWN_COLUMNS}),
            *(
                parcel.own_columns.select(
                    pl.lit(parcel.institution_code).alias("institution_code"), "*"
                )
                for parcel in parcels
            ),
        ]
    )
    if own.is_empty() or found.is_empty():
        return found
    at = found.with_row_index("_at")
    place = ["institution_code", "feed", "file", "column"]
    renamed = (
        at.select("_at", *place)
        .with_columns(pl.col("column").str.split("+"))
        .explode("column")
        .join(own, on=place, how="inner", maintain_order="left")
        .group_by("_at", maintain_order=True)
        .agg(pl.col("own").unique(maintain_order=True).str.join("+").first())
    )
    return (
        at.join(renamed, on="_at", how="left", maintain_order="left")
        .with_columns(pl.coalesce("own", "column").alias("column"))
        .drop("_at", "own")
    )


def key_text(feed: Feed) -> pl.Expr:
    """The row's own key as its college knows it: ``student_id=A001; level=UG``.

    Protected parts are masked; a row whose key is empty altogether has none.
    """
    parts = []
    for name in feed.key:
        column = feed.column(name)
        value = pl.col(name) if is_shown(column) else pl.lit(MASK)
        filled = pl.when(pl.col(name).is_not_null()).then(value)
        shown = filled.fill_null("(empty)")
        parts.append(pl.concat_str(pl.lit(f"{column.source_name}="), shown))
    text = pl.concat_str(parts, separator="; ")
    return pl.when(~pl.all_horizontal(pl.col(n).is_null() for n in feed.key)).then(text)


def of_note(institution_code: str, note: Note) -> dict[str, str | int | None]:
    """A remark about a package as the row of a finding."""
    return {
        "institution_code": institution_code,
        "feed": note.feed,
        "edit_id": note.edit_id,
        "severity": note.severity,
        "file": note.file,
        "line": note.line,
        "column": note.column,
        "key": None,
        "value": note.value,
        "count": note.count,
        "overridden_by": note.overridden_by,
    }


def _package_findings(parcels: Sequence[Parcel]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            of_note(parcel.institution_code, note)
            for parcel in parcels
            for note in parcel.notes
        ],
        schema=FINDINGS,
    )


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value") if "value" in rows.columns else pl.lit(None, pl.String)
    return rows.select(
        pl.col("_row").cast(pl.UInt32),
        "edit_id",
        pl.lit(None, pl.String).alias("column"),
        value.alias("value"),
    )
