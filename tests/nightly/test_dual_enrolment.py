"""Dual enrolment of a whole state against a second count, row by row in Python."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from warehouse import in_force

pytestmark = pytest.mark.night

NOT_RECORDED = {"DROPPED_NO_RECORD", "CANCELLED", "WAITLISTED"}


@pytest.fixture(scope="module")
def published(clean_state):
    """The table by learner, college, term code and unit."""
    rows = clean_state.query(
        "select dual_enrolment.*, term_code from dual_enrolment "
        "join term using (term_id)"
    )
    by_key = {
        (
            row["learner_id"],
            row["institution_code"],
            row["term_code"],
            row["credit_unit"],
        ): row
        for row in rows
    }
    count = clean_state.query("select count(*) as rows from dual_enrolment")
    assert len(by_key) == len(rows) == count[0]["rows"]
    return by_key


@pytest.fixture(scope="module")
def learners(clean_state):
    return {
        (row["institution_code"], row["student_id"]): row["learner_id"]
        for row in clean_state.links().to_dicts()
    }


@pytest.fixture(scope="module")
def results(clean_state):
    return in_force(
        clean_state,
        "select institution_code, student_id, term_code, credit_unit, "
        "registration_status, dual_enrollment, attempted_credit, earned_credit "
        "from course_result",
    )


@pytest.fixture(scope="module")
def first_days(clean_state):
    sent = in_force(
        clean_state, "select institution_code, term_code, start_date from term"
    )
    return {(college, code): day for college, code, day in sent}


@pytest.fixture(scope="module")
def schools(clean_state, learners):
    """What colleges sent of each learner: code and year of graduation."""
    sent = in_force(
        clean_state,
        "select institution_code, student_id, high_school_code, high_school_grad_year "
        "from person",
    )
    told = defaultdict(set)
    for college, student, code, year in sent:
        told[learners[college, student], college].add((code, year))
    return told


def test_courses_and_credit_are_those_of_the_colleges_files(
    published, learners, results
):
    counted = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for college, student, term, unit, status, dual, attempted, earned in results:
        if dual == "Y" and status not in NOT_RECORDED:
            tally = counted[learners[college, student], college, term, unit]
            tally[0] += 1
            tally[1] += attempted
            tally[2] += earned or 0
    got = {
        key: [
            row["courses"],
            Decimal(str(row["attempted_credit"])),
            Decimal(str(row["earned_credit"])),
        ]
        for key, row in published.items()
    }
    assert len(counted) > 100
    assert got == dict(counted)
    assert {row["told_by"] for row in published.values()} == {"both"}


def test_a_school_is_the_one_sent_and_only_a_ceeb_code_means_it_at_two_colleges(
    published, schools
):
    colleges = defaultdict(set)
    kinds = defaultdict(set)
    for (learner, college, _, _), row in published.items():
        code, year = row["high_school_code"], row["high_school_grad_year"]
        assert (code, year) in schools[learner, college]
        kind = row["high_school_code_kind"]
        is_ceeb = code is not None and len(code) == 6 and code.isdigit()
        assert kind == ("CEEB" if is_ceeb else "OTHER" if code else None)
        assert (row["high_school_id"] is None) == (code is None)
        colleges[kind, row["high_school_id"]].add(college)
        kinds[kind].add(code)
    assert any(len(of) > 1 for (kind, _), of in colleges.items() if kind == "CEEB")
    assert all(len(of) == 1 for (kind, _), of in colleges.items() if kind == "OTHER")
    assert len(kinds["CEEB"]) == sum(kind == "CEEB" for kind, _ in colleges)
    assert kinds["OTHER"], "the sample mangles some codes"


def test_what_came_after_high_school_is_the_first_ordinary_term_anywhere(
    clean_state, published, learners, results, first_days
):
    ordinary = defaultdict(set)
    for college, student, term, _, status, dual, _, _ in results:
        if dual == "N" and status not in NOT_RECORDED:
            day = first_days[college, term]
            ordinary[learners[college, student]].add((day, college))
    summaries = in_force(
        clean_state,
        "select institution_code, student_id, term_code from term_enrollment "
        "where dual_enrollment = 'N'",
    )
    for college, student, term in summaries:
        day = first_days[college, term]
        ordinary[learners[college, student]].add((day, college))
    later = 0
    for (learner, college, term, _), row in published.items():
        year = row["high_school_grad_year"]
        begins = date(year, 5, 1) if year else date.min
        after = sorted(
            (day, where)
            for day, where in ordinary[learner]
            if day > first_days[college, term] and day >= begins
        )
        first = after[0] if after else (None, None)
        told = row["enrolled_later_on"]
        assert (told and date.fromisoformat(told), row["later_institution_code"]) == (
            first
        )
        assert row["is_later_here"] == any(where == college for _, where in after)
        assert row["is_later_elsewhere"] == any(where != college for _, where in after)
        later += bool(after)
    assert later > 5


def test_missing_and_doubtful_schools_are_counted_for_their_college(
    clean_state, published
):
    expected = defaultdict(int)
    for (_, college, _, _), row in published.items():
        if row["high_school_code"] is None:
            expected[college, "dual_without_high_school"] += 1
        elif row["high_school_code_kind"] == "OTHER":
            expected[college, "high_school_code_not_ceeb"] += 1
        if row["high_school_grad_year"] is None:
            expected[college, "dual_without_graduation_year"] += 1
    build = clean_state.root / "warehouse" / "build.duckdb"
    with duckdb.connect(str(build), read_only=True) as con:
        found = con.execute(
            "select institution_code, finding, found from quality.quality_scorecard "
            "where found > 0 and finding in ('dual_without_high_school', "
            "'high_school_code_not_ceeb', 'dual_without_graduation_year')"
        ).fetchall()
    assert {(college, what): n for college, what, n in found} == dict(expected)
    assert {what for _, what in expected} >= {
        "dual_without_high_school",
        "high_school_code_not_ceeb",
    }
