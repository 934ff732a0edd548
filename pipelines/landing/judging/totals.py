"""Sums that have to agree: the manifest's control totals (F18), term totals (X02).

Belongs here: comparing two statements of one total. Does not belong here: conserving
rows, which ``parcel.Tally`` asserts.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import duckdb
import polars as pl

from pipelines.dialects.model import GENERIC
from pipelines.landing.limits import (
    FEW,
    TERM_TOTAL_HOLD,
    TERM_TOTAL_WARN,
    TOTAL_TOLERANCE,
)
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.reading.gather import Gathered

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
    sums = _sums(typed.get("course_result"))
    for parcel in live.values():
        code = parcel.institution_code
        whole = {name for name in typed if (code, name) not in broken}
        _compare_students(parcel, {name: typed[name] for name in whole})
        if "course_result" in whole:
            _compare_totals(parcel, sums)


def _compare_students(parcel: Parcel, typed: Mapping[str, pl.DataFrame]) -> None:
    mine = pl.col("institution_code") == parcel.institution_code
    for declared in parcel.manifest.files_of(GENERIC):
        sent = typed.get(declared.feed)
        if sent is None or declared.distinct_students is None:
            continue
        if "student_id" not in sent.columns:
            continue
        found = sent.filter(mine)["student_id"].drop_nulls().n_unique()
        if found != declared.distinct_students:
            value = f"{found} students, manifest says {declared.distinct_students}"
            parcel.hold(Note("F18", "F", declared.feed, value=value))


def _compare_totals(
    parcel: Parcel, sums: Mapping[tuple[str, str | None], Mapping[str, Any]]
) -> None:
    for term, name, wanted in _controls(parcel.manifest.control):
        if name not in _TOTALS:
            continue
        mine = sums.get((parcel.institution_code, term), {})
        found = float(mine.get(name) or 0)
        if abs(found - wanted) > TOTAL_TOLERANCE:
            where = f" in {term}" if term else ""
            value = f"{name}{where} is {found:g}, manifest says {wanted:g}"
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


def _sums(
    rows: pl.DataFrame | None,
) -> dict[tuple[str, str | None], dict[str, Any]]:
    """The totals of each college, and of each of its terms, over the rows as sent.

    All at once: 24 colleges with a dozen terms of five totals took 1,500 passes.
    """
    if rows is None:
        return {}
    names = sorted(_TOTALS - {"headcount"})
    totals = [
        pl.col("student_id").drop_nulls().n_unique().alias("headcount"),
        *(pl.col(name).sum() for name in names),
    ]
    whole = rows.group_by("institution_code").agg(totals)
    parts = [
        rows.filter(pl.col("term_code").is_not_null())
        .group_by("institution_code", "term_code")
        .agg(totals),
        whole.with_columns(term_code=pl.lit(None, pl.String)),
    ]
    return {
        (row["institution_code"], row["term_code"]): row
        for row in pl.concat(parts, how="diagonal").iter_rows(named=True)
    }


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
