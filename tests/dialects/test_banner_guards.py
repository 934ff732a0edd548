"""The traps of Banner can fail: without its guard each of them changes what is told."""

from dataclasses import replace
from typing import Any

import pytest
from banner_files import SMALLEST, course, grade, level, person, table
from spoken import AS_OF, CONTRACTS, rows_of

from pipelines.dialects.model import Dialect
from pipelines.dialects.translate import translate

DECLARED = CONTRACTS.dialects["banner"]
FIRST = SMALLEST["SCBCRSE"][0]


def address(kind: str, street: str) -> dict[str, str]:
    return {
        "SPRADDR_PIDM": "104233",
        "SPRADDR_ATYP_CODE": kind,
        "SPRADDR_SEQNO": "1",
        "SPRADDR_STREET_LINE1": street,
        "SPRADDR_CITY": "Tanner",
        "SPRADDR_STAT_CODE": "AL",
        "SPRADDR_ZIP": "35671",
    }


# One learner in whose tables every trap is laid at once.
TABLES = {
    **SMALLEST,
    "SPRIDEN": [person(SPRIDEN_CHANGE_IND="I", number="A00098811"), person()],
    "SPRADDR": [address("MA", "mailing"), address("PR", "home")],
    "SHRTCKN": [course(), course("202410")],
    "SHRTCKG": [grade("A", "10"), grade("B", "2"), grade("A", term="202410")],
    "SHRTCKL": [
        level("CE"),
        level("UG", SHRTCKL_PRIMARY_LEVL_IND="Y"),
        level("UG", "202410"),
    ],
    "SCBCRSE": [
        FIRST,
        FIRST | {"SCBCRSE_EFF_TERM": "202410", "SCBCRSE_CREDIT_HR_LOW": "4"},
    ],
}
TRUTH: dict[str, tuple[str, tuple[str, ...], list[Any]]] = {
    "change rows": ("course_result", ("student_id",), ["A00104233"] * 2),
    "grade sequences": ("course_result", ("grade_local",), ["A", "A"]),
    "levels": ("course_result", ("level",), ["UG", "UG"]),
    "address types": ("person", ("address_line1",), ["home"]),
    "CRN reuse": (
        "course_result",
        ("term_code", "delivery"),
        [("202380", "F2F"), ("202410", "ONLINE_ASYNC")],
    ),
    "effective dating": ("section", ("credit_value",), ["3", "4"]),
}
# The file, what guards in it, and what somebody in a hurry would have written.
NAIVE = {
    "change rows": (
        "macros",
        "        spriden_change_ind is null\n        and ",
        "        ",
    ),
    "grade sequences": (
        "macros",
        "order by number_in(shrtckg_seq_no) desc, _line desc",
        "order by shrtckg_seq_no desc",
    ),
    "levels": (
        "macros",
        "order by is_yes(shrtckl_primary_levl_ind) desc, _line",
        "order by _line",
    ),
    "address types": (
        "macros",
        "order by number_in(kind.value), number_in(a.spraddr_seqno) desc, a._line",
        "order by a._line",
    ),
    "CRN reuse": (
        "course_result",
        "g.shrtckn_term_code = c.ssbsect_term_code and ",
        "",
    ),
    "effective dating": (
        "macros",
        "partition by scbcrse_subj_code, scbcrse_crse_numb, starts",
        "partition by scbcrse_subj_code, scbcrse_crse_numb",
    ),
}


def told(dialect: Dialect) -> dict[str, list[Any]]:
    """What each trap is about, as the dialect has it."""
    sources = [table(name, rows) for name, rows in TABLES.items()]
    college = CONTRACTS.colleges["NWSCC"]
    found = translate(dialect, sources, college, AS_OF, CONTRACTS)
    return {
        trap: rows_of(found, feed, *columns)
        for trap, (feed, columns, _) in TRUTH.items()
    }


def without(guard: str) -> Dialect:
    where, guarded, naive = NAIVE[guard]
    if where == "macros":
        assert DECLARED.macros.count(guarded) == 1
        return replace(DECLARED, macros=DECLARED.macros.replace(guarded, naive))
    rule = DECLARED.feeds[where]
    assert rule.sql.count(guarded) == 1
    mended = replace(rule, sql=rule.sql.replace(guarded, naive))
    return replace(DECLARED, feeds={**DECLARED.feeds, where: mended})


def test_with_every_guard_the_truth_is_told() -> None:
    assert told(DECLARED) == {trap: rows for trap, (*_, rows) in TRUTH.items()}


@pytest.mark.parametrize("trap", TRUTH)
def test_without_its_guard_a_trap_closes(trap: str) -> None:
    assert told(without(trap))[trap] != TRUTH[trap][2]
