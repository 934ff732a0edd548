"""Banner's effective-dated tables: which row holds when, whatever the file's order."""

import pytest
from banner_files import SMALLEST, banner, course, grade, level
from spoken import Row, account_of, findings, refused, rows_of

FIRST = SMALLEST["SCBCRSE"][0]
TAKEN = {"SHRTCKN": [course()], "SHRTCKG": [grade("B")], "SHRTCKL": [level("UG")]}


def catalogued(number: str, term: str, credit: str) -> Row:
    return FIRST | {
        "SCBCRSE_CRSE_NUMB": number,
        "SCBCRSE_EFF_TERM": term,
        "SCBCRSE_CREDIT_HR_LOW": credit,
    }


def sections(*numbers: str) -> list[Row]:
    """A section of each course in each of the calendar's two terms."""
    return [
        row | {"SSBSECT_CRN": number, "SSBSECT_CRSE_NUMB": number}
        for row in SMALLEST["SSBSECT"]
        for number in numbers
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_of_rows_from_before_the_calendar_the_latest_counts(turned: bool) -> None:
    rows = [
        catalogued("100", "199010", "5"),
        catalogued("100", "200510", "3"),
        catalogued("100", "202410", "4"),
    ]
    found = banner(SCBCRSE=rows[::-1] if turned else rows)
    assert sorted(
        rows_of(found, "course", "valid_from_term", "valid_to_term", "credit_min")
    ) == [("202380", "202380", "3"), ("202410", None, "4")]
    assert rows_of(found, "section", "credit_value") == ["3", "4"]
    assert account_of(found, "SCBCRSE") == {
        "rows_read": 3,
        "used": 2,
        "set_aside": {"holds_in_no_term": 1},
        "unreadable": 0,
    }
    assert refused(found) == []


def test_a_code_that_the_calendar_lacks_stands_where_banner_compares_it() -> None:
    rows = [
        catalogued("100", "000000", "3"),
        # Between the two terms: in force from the second on.
        catalogued("100", "202390", "4"),
        catalogued("200", "000000", "3"),
        # Beyond the last: of no term that is known yet.
        catalogued("200", "203010", "6"),
        catalogued("200", "999999", "7"),
    ]
    found = banner(SCBCRSE=rows, SSBSECT=sections("100", "200"))
    columns = ("course_number", "valid_from_term", "valid_to_term", "credit_min")
    assert rows_of(found, "course", *columns) == [
        ("100", "202380", "202380", "3"),
        ("100", "202410", None, "4"),
        ("200", "202380", None, "3"),
    ]
    values = rows_of(found, "section", "term_code", "section_id", "credit_value")
    assert sorted(values) == [
        ("202380", "100", "3"),
        ("202380", "200", "3"),
        ("202410", "100", "4"),
        ("202410", "200", "3"),
    ]
    assert account_of(found, "SCBCRSE")["set_aside"] == {"holds_in_no_term": 2}


def test_the_beginning_of_time_is_no_first_term_where_it_has_a_day() -> None:
    time = SMALLEST["STVTERM"][0] | {
        "STVTERM_CODE": "000000",
        "STVTERM_START_DATE": "01-JAN-1900",
        "STVTERM_END_DATE": "01-JAN-1900",
    }
    found = banner(STVTERM=[time, *SMALLEST["STVTERM"]])
    assert rows_of(found, "course", "valid_from_term") == ["202380"]


def test_two_rows_of_one_effective_term_are_left_for_f14_to_show() -> None:
    found = banner(
        SCBCRSE=[catalogued("100", "000000", "3"), catalogued("100", "000000", "4")]
    )
    assert rows_of(found, "course", "credit_min") == ["3", "4"]


@pytest.mark.parametrize("turned", [False, True])
def test_of_grades_from_before_the_calendar_the_latest_meaning_counts(
    turned: bool,
) -> None:
    (b,) = (row for row in SMALLEST["SHRGRDE"] if row["SHRGRDE_CODE"] == "B")
    rest = [row for row in SMALLEST["SHRGRDE"] if row["SHRGRDE_CODE"] != "B"]
    rows = [
        b
        | {
            "SHRGRDE_TERM_CODE_EFFECTIVE": "199010",
            "SHRGRDE_QUALITY_POINTS": "9",
        },
        b | {"SHRGRDE_TERM_CODE_EFFECTIVE": "200510"},
        # A level that the profile does not name comes after those it does.
        b | {"SHRGRDE_LEVL_CODE": "AA", "SHRGRDE_QUALITY_POINTS": "7"},
    ]
    found = banner(**TAKEN, SHRGRDE=[*rest, *(rows[::-1] if turned else rows)])
    assert rows_of(found, "course_result", "quality_points") == ["9.000"]
    points = dict(rows_of(found, "grade_scheme", "grade_local", "grade_points"))
    assert points["B"] == "3"
    assert account_of(found, "SHRGRDE")["set_aside"] == {
        "further_level": 1,
        "holds_in_no_term": 1,
    }


@pytest.mark.parametrize("turned", [False, True])
def test_of_programmes_from_before_the_calendar_the_latest_counts(turned: bool) -> None:
    rows = [
        {
            "SMRPRLE_PROGRAM": "AS.GEN",
            "SMRPRLE_PROGRAM_DESC": title,
            "SMRPRLE_LEVL_CODE": "UG",
            "SMRPRLE_DEGC_CODE": "AS",
            "SMRPRLE_MAJR_CODE": "GEN",
            "SMRPRLE_TERM_CODE_EFF": term,
        }
        for title, term in (("Old studies", "199010"), ("General studies", "200510"))
    ]
    award = {
        "SHRDGMR_PIDM": "104233",
        "SHRDGMR_SEQ_NO": "1",
        "SHRDGMR_DEGS_CODE": "AW",
        "SHRDGMR_DEGC_CODE": "AS",
        "SHRDGMR_PROGRAM": "AS.GEN",
        "SHRDGMR_GRAD_DATE": "10-MAY-24 00:00:00",
        "SHRDGMR_TERM_CODE_GRAD": "202410",
    }
    found = banner(
        SMRPRLE=rows[::-1] if turned else rows,
        STVMAJR=[{"STVMAJR_CODE": "GEN", "STVMAJR_CIPC_CODE": "240102"}],
        SHRDGMR=[award],
    )
    assert rows_of(found, "program", "valid_from_term", "title", "cip_code") == [
        ("202380", "General studies", "24.0102")
    ]
    assert rows_of(found, "credential_award", "title", "awarded_on") == [
        ("General studies", "2024-05-10")
    ]
    assert account_of(found, "SMRPRLE")["set_aside"] == {"holds_in_no_term": 1}
    assert findings(found, "program") == []
