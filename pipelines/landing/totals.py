"""Sums that have to agree: the manifest's control totals (F18), term totals (X02).

Belongs here: comparing two statements of one total. Does not belong here: conserving
rows, which ``parcel.Tally`` asserts.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

import duckdb
import polars as pl

from pipelines.landing.gather import Gathered
from pipelines.landing.limits import (
    FEW,
    TERM_TOTAL_HOLD,
    TERM_TOTAL_WARN,
    TOTAL_TOLERANCE,
)
from pipelines.landing.notes import Note
from pipelines.landing.parcel import Parcel

# Control totals of a manifest, all over course_result: students, and sums of credit.
_TOTALS = {
    "headcount",
    "attempted_credit",
    "earned_credit",
    "gpa_credit",
    "quality_points",
}


class SentRows(Protocol):
    """What this module needs to know of a feed's rows."""

    gathered: Gathered
    typed: pl.DataFrame


def check_controls(rows: Mapping[str, SentRows], live: dict[str, Parcel]) -> None:
    """F18: students a file, and the manifest's control totals, against the rows.

    Records that are no rows are quarantined already; what they would have added to a
    total is unknown, so the totals of their file are not compared.
    """
    broken = {
        (code, name)
        for name, mine in rows.items()
        for code in mine.gathered.bad["institution_code"].unique()
    }
    typed = {name: mine.typed for name, mine in rows.items()}
    for parcel in live.values():
        mine = pl.col("institution_code") == parcel.institution_code
        for declared in parcel.manifest.files:
            sent = typed[declared.feed]
            if declared.distinct_students is None or "student_id" not in sent.columns:
                continue
            if (parcel.institution_code, declared.feed) in broken:
                continue
            found = sent.filter(mine)["student_id"].drop_nulls().n_unique()
            if found != declared.distinct_students:
                value = f"{found} students, manifest says {declared.distinct_students}"
                parcel.hold(Note("F18", "F", declared.feed, value=value))
        if (parcel.institution_code, "course_result") in broken:
            continue
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
                sum(attempted_credit) as attempted,
                sum(coalesce(earned_credit, 0)) as earned
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
