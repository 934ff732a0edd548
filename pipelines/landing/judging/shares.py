"""Checks of the columns and rows of one file as a whole: F15, F17, F26.

Belongs here: how many rows are in error, and columns that turned constant or empty.
Does not belong here: single rows (``judge``) and numbers of rows (``volumes``).
"""

from typing import Protocol

import duckdb
import polars as pl

from pipelines.contracts.model import Feed
from pipelines.landing.judging.judge import FILE_FINDINGS
from pipelines.landing.limits import (
    CONSTANT_ROWS,
    CONSTANT_SHARE_BEFORE,
    FEW,
    NULL_SHARE,
    NULL_SHARE_BEFORE,
    QUARANTINED_SHARE,
)
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.reading.gather import Gathered
from pipelines.landing.semantics import spoken_for

_GRADE_COLUMNS = {"grade_local", "grade_points", "earned_credit"}
# Both the rules and the model of identity compare it: who loses it is linked to nobody
# new, and what was linked without it is not undone by a correction.
_RECOGNISED_BY = {("person", "birth_date")}


class JudgedRows(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    typed: pl.DataFrame
    in_force: pl.DataFrame
    scopes: pl.DataFrame
    quarantined: pl.DataFrame
    findings: pl.DataFrame


def check_rows(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """F15, F17 and F26 for every college of the wave that sent the feed."""
    _quarantined_share(mine, live)
    _constant_columns(mine, live)
    _empty_columns(mine, live)


def file_edits_before_collapse(
    mine: JudgedRows, con: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """File edits of a feed over all its rows, also those another row stands for.

    Returns:
        institution_code, edit_id and value; the judge itself sees collapsed files.
    """
    parts = [pl.DataFrame(schema=FILE_FINDINGS)]
    if any(name in {"F13", "F14"} for name in mine.findings["edit_id"].unique()):
        # The judge's view ``this`` reads ``this_rows``.
        con.register("this_rows", mine.typed)
        for edit in mine.feed.edits_of("file"):
            if edit.query is None or "package_" in edit.query:
                continue
            try:
                found = pl.DataFrame(con.sql(edit.query).to_arrow_table())
            except duckdb.Error as error:
                # DuckDB quotes the row it failed on.
                message = f"edit {edit.id}: {type(error).__name__}"
                raise RuntimeError(message) from None
            parts.append(
                found.select(
                    pl.col("institution_code").cast(pl.String),
                    pl.lit(edit.id).alias("edit_id"),
                    pl.col("value").cast(pl.String),
                )
            )
    return pl.concat(parts)


def _quarantined_share(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """F15: too many rows in error.

    One quarantined student takes all of their results along, so the floor counts
    causes: rows wrong by themselves, and students whose rows only lack a parent.
    """
    orphan_edits = [e.id for e in mine.feed.edits if "F16" in e.implements]
    rows = mine.typed.join(mine.quarantined, on="_row").with_columns(
        orphan=pl.col("edit_ids").list.eval(pl.element().is_in(orphan_edits)).list.all()
    )
    student = "student_id" if "student_id" in mine.typed.columns else "_row"
    causes = rows.group_by("institution_code").agg(
        own=(~pl.col("orphan")).sum(),
        orphaned=pl.col(student).filter("orphan").n_unique(),
    )
    bad = mine.gathered.bad.group_by("institution_code").agg(
        bad=pl.col("line").n_unique()
    )
    known = causes.join(bad, on="institution_code", how="full", coalesce=True)
    for code, own, orphaned, broken in known.fill_null(0).iter_rows():
        tally = live[code].tallies[mine.feed.name]
        if own + orphaned + broken <= FEW or not tally.rows_read:
            continue
        if tally.quarantined > QUARANTINED_SHARE * tally.rows_read:
            share = tally.quarantined / tally.rows_read
            value = (
                f"{tally.quarantined} of {tally.rows_read} rows are quarantined "
                f"({share:.1%})"
            )
            live[code].hold(Note("F15", "F", mine.feed.name, value=value))


def _snapshot_rows(mine: JudgedRows) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows sent in snapshots, and those in force that the same snapshots speak for."""
    now = spoken_for(mine.feed, mine.typed, mine.scopes)
    return now, spoken_for(mine.feed, mine.in_force, mine.scopes)


def _constant_columns(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """F17: a column that is constant or empty tonight and was neither before."""
    if mine.in_force.is_empty():
        return
    now, before = _snapshot_rows(mine)
    names = [c.name for c in mine.feed.data_columns]
    flat = now.group_by("institution_code").agg(
        pl.len().alias("_rows"),
        *(pl.col(name).min().eq_missing(pl.col(name).max()) for name in names),
    )
    flat = flat.filter(pl.col("_rows") >= CONSTANT_ROWS)
    suspects = flat.unpivot(names, index="institution_code", variable_name="column")
    suspects = suspects.filter("value")
    for name in suspects["column"].unique(maintain_order=True):
        codes = suspects.filter(pl.col("column") == name).select("institution_code")
        for code, is_empty in _newly_constant(name, codes, now, before).iter_rows():
            what = "is empty" if is_empty else "has one value"
            value = f"{name} {what} in all rows"
            serious = name in mine.feed.key or name in _GRADE_COLUMNS
            note = Note(
                "F17", "F" if serious else "W", mine.feed.name, column=name, value=value
            )
            if serious:
                live[code].hold(note)
            else:
                live[code].notes.append(note)


def _newly_constant(
    name: str, codes: pl.DataFrame, now: pl.DataFrame, before: pl.DataFrame
) -> pl.DataFrame:
    """Of these senders the ones whose column was not so before; and whether empty.

    A column that was nearly constant or nearly empty before tells nothing when the
    few other values go.
    """
    earlier = before.join(codes, on="institution_code", how="semi")
    shares = (
        earlier.group_by("institution_code", name)
        .len()
        .group_by("institution_code")
        .agg(
            rows=pl.col("len").sum(),
            filled=pl.col("len").filter(pl.col(name).is_not_null()).sum(),
            top=pl.col("len").filter(pl.col(name).is_not_null()).max().fill_null(0),
        )
    )
    empty = now.group_by("institution_code").agg(is_empty=pl.col(name).is_null().all())
    varied = (pl.col("filled") >= CONSTANT_ROWS) & (
        pl.col("top") < CONSTANT_SHARE_BEFORE * pl.col("filled")
    )
    was_filled = (pl.col("rows") >= CONSTANT_ROWS) & (
        pl.col("filled") > (1 - CONSTANT_SHARE_BEFORE) * pl.col("rows")
    )
    return (
        shares.join(empty, on="institution_code")
        .filter(pl.when("is_empty").then(was_filled).otherwise(varied))
        .select("institution_code", "is_empty")
        .sort("institution_code")
    )


def _empty_columns(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """F15, second half, and F26: a column is empty that was filled before.

    F15 is about columns that are required, F26 about those that learners are
    recognised by, which may be empty in any single row. Terms that were not there
    before do not count: a term begins with results that have no grade yet.
    """
    edits = {
        c.name: "F15" if c.nullability != "Y" else "F26"
        for c in mine.feed.data_columns
        if c.nullability != "Y" or (mine.feed.name, c.name) in _RECOGNISED_BY
    }
    if mine.in_force.is_empty() or not edits:
        return
    now, before = _snapshot_rows(mine)
    if mine.feed.has_term:
        terms = ["institution_code", "term_code"]
        now = now.join(before.select(terms).unique(), on=terms, how="semi")
    shares = [
        frame.group_by("institution_code").agg(
            pl.len().alias(rows),
            *(pl.col(n).is_null().sum().name.suffix(end) for n in edits),
        )
        for frame, rows, end in ((now, "_now", ""), (before, "_before", "_b"))
    ]
    joined = shares[0].join(shares[1], on="institution_code").sort("institution_code")
    for row in joined.iter_rows(named=True):
        rows = row["_now"]
        for name, edit_id in edits.items():
            empty = row[name]
            if empty <= max(NULL_SHARE * rows, FEW):
                continue
            if row[f"{name}_b"] < NULL_SHARE_BEFORE * row["_before"]:
                value = (
                    f"{name} is empty in {empty} of {rows} rows ({empty / rows:.1%})"
                )
                live[row["institution_code"]].hold(
                    Note(edit_id, "F", mine.feed.name, column=name, value=value)
                )
