"""Checks on whole files and packages: volumes, shares, totals, required feeds.

Belongs here: F11, F12, F15, F17, F18, X02 and the file edits of feeds that need the
ledger or what was in force. Does not belong here: the limits themselves (``limits``)
and edits that a contract states as a query (``judge``).
"""

from collections.abc import Iterable
from typing import Protocol

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.gather import Gathered
from pipelines.landing.judge import FILE_FINDINGS
from pipelines.landing.ledger import History
from pipelines.landing.limits import (
    CONSTANT_ROWS,
    CONSTANT_SHARE_BEFORE,
    FALL,
    FALL_OF_FEED,
    FEW,
    NULL_SHARE,
    NULL_SHARE_BEFORE,
    QUARANTINED_SHARE,
    RISE,
    TERM_TOTAL_HOLD,
    TERM_TOTAL_WARN,
    TOTAL_TOLERANCE,
    VANISHED_AWARD_SHARE,
)
from pipelines.landing.notes import Note
from pipelines.landing.parcel import Parcel
from pipelines.landing.semantics import Effect

_GRADE_COLUMNS = {"grade_local", "grade_points", "earned_credit"}
# Control totals of a manifest, all over course_result: students, and sums of credit.
_TOTALS = {
    "headcount",
    "attempted_credit",
    "earned_credit",
    "gpa_credit",
    "quality_points",
}


class JudgedRows(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    typed: pl.DataFrame
    in_force: pl.DataFrame
    scopes: pl.DataFrame
    quarantined: pl.DataFrame
    findings: pl.DataFrame
    effect: Effect | None


def check_required(parcel: Parcel, history: History) -> None:
    """F12 and DSC-F01, and whether the package may be published.

    A snapshot carries every feed the sender's profile requires. Without disclosure it
    is taken in but not published. A delta carries only what changed: it is as
    publishable as the package it applies to.
    """
    if parcel.manifest.mode == "delta":
        applied = history.applied(parcel.institution_code)
        parcel.publishable = not applied or applied[-1].publishable
        return
    for feed in parcel.sender.required_feeds:
        if feed in parcel.tallies:
            continue
        if feed == "disclosure":
            parcel.publishable = False
            parcel.notes.append(Note("DSC-F01", "F", feed, value=feed))
        else:
            parcel.notes.append(Note("F12", "F", feed, value=feed))


def check_volumes(parcel: Parcel, contracts: Contracts, history: History) -> None:
    """F11 and CRR-F01: rows against the last applied snapshot of the same scope."""
    if parcel.manifest.mode == "delta":
        return
    scope = parcel.manifest.scope
    last = history.last_of_scope(
        parcel.institution_code, scope.kind, frozenset(scope.terms)
    )
    if last is None:
        return
    for feed, tally in parcel.tallies.items():
        before, now = last.rows.get(feed), tally.rows_read
        if before is None or now is None or abs(now - before) <= FEW:
            continue
        fell = now < before * (1 - FALL_OF_FEED.get(feed, FALL))
        rose = now > before * (1 + RISE)
        if not fell and not rose:
            continue
        value = f"{now} rows after {before}"
        parcel.hold(Note("F11", "F", feed, value=value))
        fewer = f"{contracts.feeds[feed].prefix}-F01"
        if fell and fewer == "CRR-F01":
            parcel.hold(Note(fewer, "F", feed, value=value))


def file_edits_before_collapse(
    mine: JudgedRows, con: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """File edits of a feed over all its rows, also those another row stands for.

    Returns:
        institution_code, edit_id and value; the judge itself sees collapsed files.
    """
    parts = [pl.DataFrame(schema=FILE_FINDINGS)]
    if any(name in {"F13", "F14"} for name in mine.findings["edit_id"].unique()):
        con.register("this", mine.typed)
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


def check_rows(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """F15, F17 and AWD-F01 for every college of the wave that sent the feed."""
    _quarantined_share(mine, live)
    _constant_columns(mine, live)
    _empty_columns(mine, live)
    _kept_rows(mine, live)


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
            value = f"{tally.quarantined} of {tally.rows_read} rows are quarantined"
            live[code].hold(Note("F15", "F", mine.feed.name, value=value))


def _snapshot_rows(mine: JudgedRows) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows sent in snapshots, and those in force that the same snapshots speak for.

    A windowed snapshot speaks for nothing in a feed without terms.
    """
    kinds = ["full", "terms"] if mine.feed.has_term else ["full"]
    snapshots = mine.scopes.filter(pl.col("scope_kind").is_in(kinds))
    now = mine.typed.join(snapshots, on="institution_code", how="semi")
    full = snapshots.filter(pl.col("scope_kind") == "full")
    parts = [mine.in_force.join(full, on="institution_code", how="semi")]
    if mine.feed.has_term:
        windows = (
            snapshots.filter(pl.col("scope_kind") == "terms")
            .select("institution_code", term_code="terms")
            .explode("term_code")
        )
        on = ["institution_code", "term_code"]
        parts.append(mine.in_force.join(windows, on=on, how="semi"))
    return now, pl.concat(parts)


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
    empty = now.group_by("institution_code").agg(
        is_empty=pl.col(name).is_null().all()
    )
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
    """F15, second half: a required column is empty that was filled before."""
    names = [c.name for c in mine.feed.data_columns if c.nullability != "Y"]
    if mine.in_force.is_empty() or not names:
        return
    now, before = _snapshot_rows(mine)
    shares = [
        frame.group_by("institution_code").agg(
            pl.len().alias(rows), *(pl.col(n).is_null().sum().name.suffix(end) for n in names)
        )
        for frame, rows, end in ((now, "_now", ""), (before, "_before", "_b"))
    ]
    joined = shares[0].join(shares[1], on="institution_code")
    for row in joined.iter_rows(named=True):
        for name in names:
            empty = row[name]
            if empty <= max(NULL_SHARE * row["_now"], FEW):
                continue
            if row[f"{name}_b"] < NULL_SHARE_BEFORE * row["_before"]:
                value = f"{name} is empty in {empty} of {row['_now']} rows"
                live[row["institution_code"]].hold(
                    Note("F15", "F", mine.feed.name, column=name, value=value)
                )


def _kept_rows(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """AWD-F01, and a warning for what is absent but ends by an explicit row only."""
    assert mine.effect is not None
    kept = mine.effect.kept
    for code, count in kept.group_by("institution_code").len().iter_rows():
        value = f"{count} rows are absent and stay in force"
        live[code].notes.append(
            Note("F11", "W", mine.feed.name, value=value, count=count)
        )
    if mine.feed.name != "credential_award" or kept.is_empty():
        return
    awarded = pl.col("status") == "AWARDED"
    before = mine.in_force.filter(awarded).group_by("institution_code").len("before")
    gone = kept.filter(awarded).group_by("institution_code").len("gone")
    for code, count, total in gone.join(before, on="institution_code").iter_rows():
        if count > VANISHED_AWARD_SHARE * total:
            note = Note("AWD-F01", "F", mine.feed.name, value=str(count), count=count)
            live[code].hold(note)


def check_unknown_deletions(mine: JudgedRows, live: dict[str, Parcel]) -> None:
    """Clarification 4: deleting a key that is not in force is a warning."""
    assert mine.effect is not None
    counts = mine.effect.unknown.group_by("institution_code").len()
    for code, count in counts.iter_rows():
        value = f"{count} deleted keys were not in force"
        live[code].notes.append(
            Note("F16", "W", mine.feed.name, value=value, count=count)
        )


def check_controls(typed: dict[str, pl.DataFrame], live: dict[str, Parcel]) -> None:
    """F18: students a file, and the manifest's control totals, against the rows."""
    for parcel in live.values():
        mine = pl.col("institution_code") == parcel.institution_code
        for declared in parcel.manifest.files:
            rows = typed[declared.feed]
            if declared.distinct_students is None or "student_id" not in rows.columns:
                continue
            found = rows.filter(mine)["student_id"].drop_nulls().n_unique()
            if found != declared.distinct_students:
                value = f"{found} students, manifest says {declared.distinct_students}"
                parcel.hold(Note("F18", "F", declared.feed, value=value))
        for term, name, wanted in _controls(parcel.manifest.control):
            found_total = _total(typed, mine, term, name)
            if found_total is None or abs(found_total - wanted) <= TOTAL_TOLERANCE:
                continue
            where = f" in {term}" if term else ""
            value = f"{name}{where} is {found_total:g}, manifest says {wanted:g}"
            parcel.hold(Note("F18", "F", value=value))


def _controls(control: dict[str, object]) -> Iterable[tuple[str | None, str, float]]:
    """Totals of the whole package, and of single terms: term, name, value."""
    for name, value in control.items():
        if isinstance(value, dict):
            nested = value.items() if name not in {"terms", "by_term"} else ()
            yield from ((name, inner, float(x)) for inner, x in nested if _is_number(x))
            if name in {"terms", "by_term"}:
                yield from _controls(value)
        elif _is_number(value):
            yield None, name, float(value)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _total(
    typed: dict[str, pl.DataFrame], mine: pl.Expr, term: str | None, name: str
) -> float | None:
    """The total of that name over the rows as sent; None when nothing defines it."""
    rows = typed.get("course_result")
    if rows is None or name not in _TOTALS:
        return None
    chosen = rows.filter(mine if term is None else mine & (pl.col("term_code") == term))
    if name == "headcount":
        return float(chosen["student_id"].drop_nulls().n_unique())
    return float(chosen[name].sum() or 0)


def check_term_totals(
    con: duckdb.DuckDBPyConnection, feeds: Iterable[str], live: dict[str, Parcel]
) -> None:
    """X02: course results add up to term enrolments, by student and term.

    Terms without any result are left out: a college may send enrolments first.
    """
    if not {"course_result", "term_enrollment"} & set(feeds):
        return
    found = con.execute(
        """
        with result as (
            select institution_code, student_id, term_code,
                sum(attempted_credit) as attempted, sum(coalesce(earned_credit, 0)) as earned
            from course_result
            group by all
        ), enrolment as (
            select institution_code, student_id, term_code,
                sum(attempted) as attempted, sum(earned) as earned
            from term_enrollment
            group by all
        )
        select institution_code, count(*) as compared,
            count(*) filter (
                abs(result.attempted - enrolment.attempted) > $tolerance
                or abs(result.earned - enrolment.earned) > $tolerance
            ) as different
        from result
        inner join enrolment using (institution_code, student_id, term_code)
        group by institution_code
        """,
        {"tolerance": TOTAL_TOLERANCE},
    ).fetchall()
    for code, compared, different in found:
        if code not in live or different <= max(TERM_TOTAL_WARN * compared, FEW):
            continue
        value = f"{different} of {compared} student terms differ"
        if different > TERM_TOTAL_HOLD * compared:
            live[code].hold(Note("X02", "F", "course_result", value=value))
        else:
            live[code].notes.append(Note("X02", "W", "course_result", value=value))


__all__ = [
    "check_controls",
    "check_required",
    "check_rows",
    "check_term_totals",
    "check_unknown_deletions",
    "check_volumes",
    "file_edits_before_collapse",
]
