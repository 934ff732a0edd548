"""What a learner's record would count as at another college of the system.

Belongs here: reading the published answer for one learner and one college, and adding
it up. Does not belong here: how it is worked out (``dbt_project/models/mobility``,
docs/decisions/016), printing (``pipelines.commands.transfer_told``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing.reader import connect
from pipelines.settings import Home

_ROWS = """
    with rows as (
        select *
        from transfer_yield
        where learner_id = $learner and target_code in ($college, $system)
            and counts_in = $counts_in and from_institution_code <> $college
    ), told as (
        select *
        from rows
        -- rows of the college itself stand instead of the system's
        where target_code = (
            select case when bool_or(target_code = $college) then $college
                else $system end from rows
        )
    ), taught as (
        select subject, course_number, title
        from course
        where institution_code = $college and effective_from <= $asked_on
            and effective_to > $asked_on and not is_closed
    )
    select
        told.* exclude (learner_id, target_code, counts_in),
        coalesce(attempt.subject, brought.source_subject) as subject,
        coalesce(attempt.course_number, brought.source_number) as course_number,
        coalesce(attempt.title, brought.source_title) as title,
        coalesce(attempt.status, brought.source_type) as status,
        coalesce(attempt.grade, brought.source_grade) as grade,
        attempt.start_date,
        taught.title as title_there,
    from told
    left join fact_section_enrolment as attempt
        on told.record_kind = 'course'
        and told.source_record_key = attempt.source_record_key
    left join fact_transfer_credit as brought
        on told.record_kind = 'transfer'
        and told.source_record_key = brought.source_record_key
    left join taught
        on told.counts_as = 'DIRECT'
        and told.as_subject = taught.subject and told.as_number = taught.course_number
    order by told.is_counted desc, attempt.start_date nulls last, subject,
        course_number, told.source_record_key, told.part
"""

_CORE = """
    with own as (
        select area_code, max(earned_credit) as held_there
        from requirement_progress
        where learner_id = $learner and institution_code = $college
            and credit_unit = 'SH'
        group by area_code
    )
    select
        held_to.set_code, held_to.title as set_title, requirement.area_code,
        requirement.title, requirement.inner_rule,
        -- a quarter hour is two thirds of a semester hour
        cast(requirement.least_credit * case requirement.credit_unit
            when 'QH' then 2 else 3 end / 3 as decimal(9, 3)) as required_hours,
        own.held_there
    from requirement_set as held_to
    inner join requirement using (set_code)
    left join own using (area_code)
    where held_to.system_code = $system
        and held_to.award_level = $award_level
        and held_to.credential_type = $credential_type
        and requirement.credit_unit in ('SH', 'QH')
        and $asked_on between coalesce(held_to.valid_from, date '0001-01-01')
            and coalesce(held_to.valid_to, date '9999-12-31')
        and $asked_on between coalesce(requirement.valid_from, date '0001-01-01')
            and coalesce(requirement.valid_to, date '9999-12-31')
    order by requirement.area_code
"""

_OWN = """
    select 1
    from fact_section_enrolment
    where learner_id = $learner and institution_code = $college
        and status = 'completed' and earned_credit > 0
    limit 1
"""


def transfer(
    home: Home, learner: str, college: str, program: str | None = None
) -> dict[str, Any]:
    """What one learner's record yields at one college under the rules in force.

    Args:
        home: The warehouse; its current snapshot is read.
        learner: A learner_id; of an id that a merge retired, the surviving learner's.
        college: Code of a college of the learner's system.
        program: Code of a programme of that college, to hold the credit against.

    Returns:
        Stable keys: ``learner_id``, ``college`` (code, name, system, ``counts_in``),
        ``asked_on`` (the day the rules are read on), ``rows`` (the learner's courses
        and other credit with what they count as or why not; those that count first),
        ``totals`` and, when asked for, ``program`` (else None). Credit is in the units
        sent; ``totals`` are in semester hours, and clock hours apart. A programme's
        ``core`` is what a published core asks of it (None where none is published), by
        area, in semester hours: ``required_hours``, ``counted_hours`` (brought),
        ``held_there`` (earned at the college; None where no programme with that core is
        declared there, then ``leaves_out_own`` says whether anything was earned),
        ``left_hours`` and ``is_met``; an area without required hours has neither.

    Raises:
        OperatorError: Nothing is published, the snapshot is older than this table, or
            the learner, college or programme is unknown.
    """
    with connect(home) as con:
        try:
            return _answer(con, learner.strip(), college.strip(), program)
        except duckdb.CatalogException:
            raise OperatorError(
                "the snapshot was published before it told what transfers: run a night"
            ) from None


def _answer(
    con: duckdb.DuckDBPyConnection, asked: str, college: str, program: str | None
) -> dict[str, Any]:
    learner = _learner(con, asked)
    target = _target(con, college)
    system = f"SYSTEM:{target['system_code']}"
    rows = _fetch(
        con,
        _ROWS,
        learner=learner,
        college=target["institution_code"],
        system=system,
        counts_in=target["counts_in"],
        asked_on=target["asked_on"],
    )
    if not rows:
        _say_why_nothing(con, learner, target)
    asked_on = target.pop("asked_on")
    totals = _totals(rows)
    return {
        "learner_id": learner,
        "college": target,
        "asked_on": asked_on,
        "rows": rows,
        "totals": totals,
        "program": _program(con, learner, target, asked_on, program.strip(), totals)
        if program
        else None,
    }


def _fetch(
    con: duckdb.DuckDBPyConnection, sql: str, **values: Any
) -> list[dict[str, Any]]:
    cursor = con.execute(sql, values)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _learner(con: duckdb.DuckDBPyConnection, asked: str) -> str:
    found = _fetch(
        con,
        """
        select coalesce(redirect.to_learner_id, learner.learner_id) as learner_id
        from learner
        left join learner_redirect as redirect using (learner_id)
        where learner_id = $asked
        """,
        asked=asked,
    )
    if not found:
        raise OperatorError(f"{asked}: no learner of the snapshot has this id")
    return str(found[0]["learner_id"])


def _target(con: duckdb.DuckDBPyConnection, college: str) -> dict[str, Any]:
    found = _fetch(
        con,
        """
        select
            college.institution_code, college.name, college.system_code,
            college.status, target.counts_in, target.asked_on
        from organization as college
        left join transfer_target as target using (institution_code)
        where college.kind = 'college'
            and upper(college.institution_code) = upper($college)
        """,
        college=college,
    )
    if not found:
        raise OperatorError(f"{college}: no college has this code")
    target = found[0]
    if target["counts_in"] is None:
        reason = (
            "is closed"
            if target["status"] == "closed_merged"
            else "has sent no catalogue of credit courses"
        )
        raise OperatorError(f"{target['institution_code']} {reason}")
    target.pop("status")
    return target


def _say_why_nothing(
    con: duckdb.DuckDBPyConnection, learner: str, target: Mapping[str, Any]
) -> None:
    """Tell a record that has nothing to bring from one of another system.

    Raises:
        OperatorError: Nothing of the learner is held in the college's system.
    """
    held = _fetch(
        con,
        """
        select 1
        from fact_section_enrolment as fact
        inner join organization using (institution_code)
        where fact.learner_id = $learner and system_code = $system
        limit 1
        """,
        learner=learner,
        system=target["system_code"],
    )
    if not held:
        raise OperatorError(
            f"learner {learner} has no course at a college of {target['system_code']}"
        )


def _totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums: what is brought by unit, what counts by certainty and by area."""
    brought: dict[str, Decimal] = defaultdict(Decimal)
    certain: dict[str, Decimal] = defaultdict(Decimal)
    areas: dict[str, Decimal] = defaultdict(Decimal)
    reasons: dict[str, int] = defaultdict(int)
    clock_hours = Decimal(0)
    for row in rows:
        if row["earned_credit"]:
            brought[row["credit_unit"]] += row["earned_credit"]
        if row["reason"]:
            reasons[row["reason"]] += 1
        elif row["semester_hours"] is not None:
            certain[row["certainty"]] += row["semester_hours"]
            if row["area_code"]:
                areas[row["area_code"]] += row["semester_hours"]
        elif row["given_unit"] == "CLOCK":
            clock_hours += row["credits"]
    return {
        "brought": dict(sorted(brought.items())),
        "semester_hours": sum(certain.values(), Decimal(0)),
        "semester_hours_by_certainty": dict(sorted(certain.items())),
        "semester_hours_by_area": dict(sorted(areas.items())),
        "clock_hours": clock_hours,
        "not_counted": dict(sorted(reasons.items())),
    }


def _program(
    con: duckdb.DuckDBPyConnection,
    learner: str,
    target: Mapping[str, Any],
    asked_on: Any,
    program: str,
    totals: Mapping[str, Any],
) -> dict[str, Any]:
    """The programme as its college describes it, and the credit held against it."""
    found = _fetch(
        con,
        """
        select program_code, title, award_level, credential_type, cip_code,
            required_credits, credit_unit
        from program
        where institution_code = $college and upper(program_code) = upper($program)
            and effective_from <= $asked_on and effective_to > $asked_on
            and not is_closed
        """,
        college=target["institution_code"],
        program=program,
        asked_on=asked_on,
    )
    if not found:
        raise OperatorError(
            f"{program}: no programme of {target['institution_code']} has this code "
            f"on {asked_on}"
        )
    described = found[0]
    counted = _in_unit_of(described, totals)
    required = described["required_credits"]
    left = (
        max(required - counted, Decimal(0))
        if counted is not None and required is not None
        else None
    )
    return {
        **described,
        "counted": counted,
        "at_least_left": left,
        "core": _core(con, learner, target, asked_on, described, totals),
    }


def _core(
    con: duckdb.DuckDBPyConnection,
    learner: str,
    target: Mapping[str, Any],
    asked_on: Any,
    program: Mapping[str, Any],
    totals: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The published core of the programme with what is brought and held of it."""
    if program["credit_unit"] not in ("SH", "QH"):
        return None
    asked = _fetch(
        con,
        _CORE,
        learner=learner,
        college=target["institution_code"],
        system=target["system_code"],
        award_level=program["award_level"],
        credential_type=program["credential_type"],
        asked_on=asked_on,
    )
    if not asked:
        return None
    counted: Mapping[str, Decimal] = totals["semester_hours_by_area"]
    areas = []
    for row in asked:
        hours = counted.get(row["area_code"], Decimal(0))
        required, held = row["required_hours"], row["held_there"]
        left = (
            None
            if required is None
            else max(required - hours - (held or Decimal(0)), Decimal(0))
        )
        areas.append(
            {
                "area_code": row["area_code"],
                "title": row["title"],
                "inner_rule": row["inner_rule"],
                "required_hours": required,
                "counted_hours": hours,
                "held_there": held,
                "left_hours": left,
                "is_met": None if left is None else left == 0,
            }
        )
    placed = sum((area["counted_hours"] for area in areas), Decimal(0))
    return {
        "set_code": asked[0]["set_code"],
        "title": asked[0]["set_title"],
        "areas": areas,
        "leaves_out_own": all(area["held_there"] is None for area in areas)
        and bool(
            _fetch(con, _OWN, learner=learner, college=target["institution_code"])
        ),
        "hours_in_no_area": totals["semester_hours"] - placed,
    }


def _in_unit_of(
    program: Mapping[str, Any], totals: Mapping[str, Any]
) -> Decimal | None:
    """Credit that counts, in the programme's own unit; None when it does not convert.

    A quarter hour is two thirds of a semester hour.
    """
    hours: Decimal = totals["semester_hours"]
    clock_hours: Decimal = totals["clock_hours"]
    by_unit = {"SH": hours, "QH": hours * 3 / 2, "CLOCK": clock_hours}
    return by_unit.get(program["credit_unit"])
