"""Each way in which Banner's tables double or lose a row, one by one."""

from dataclasses import replace

import pytest
from banner_files import (
    SMALLEST,
    banner,
    biography,
    course,
    grade,
    level,
    person,
    registration,
    table,
    torn,
)
from spoken import (
    AS_OF,
    CONTRACTS,
    account_of,
    findings,
    refused,
    rows_of,
)

from pipelines.dialects.source import DialectError, Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.reading.unpack import FileRefusedError

TAKEN = {"SHRTCKN": [course()], "SHRTCKG": [grade("B")], "SHRTCKL": [level("UG")]}


def test_change_rows_give_one_person_with_the_names_and_ids_of_before() -> None:
    changes = [
        person(SPRIDEN_CHANGE_IND="N", SPRIDEN_LAST_NAME="Nunez"),
        person(SPRIDEN_CHANGE_IND="I", number="A00098811"),
    ]
    found = banner(SPRIDEN=[*changes, person()], **TAKEN)
    assert rows_of(found, "person", "student_id", "last_name") == [
        ("A00104233", "Núñez-O'Neal")
    ]
    assert len(rows_of(found, "course_result", "student_id")) == 1
    assert rows_of(found, "person_name", "name_type", "last_name") == [
        ("FORMER", "Nunez"),
        ("LEGAL", "Núñez-O'Neal"),
    ]
    old = found.feeds["person_identifier"].frame.filter(id_type="OLD_STUDENT_ID")
    assert old.select("student_id", "id_value", "is_current").rows() == [
        ("A00104233", "A00098811", "N")
    ]
    assert refused(found) == []


def test_a_change_row_that_only_mends_the_case_is_no_other_name() -> None:
    mended = person(
        SPRIDEN_CHANGE_IND="N",
        SPRIDEN_LAST_NAME="NÚÑEZ-O'NEAL",
        SPRIDEN_FIRST_NAME="MARÍA",
    )
    found = banner(SPRIDEN=[mended, person()])
    assert rows_of(found, "person_name", "name_type") == ["LEGAL"]
    assert account_of(found, "SPRIDEN")["set_aside"] == {"no_other_name": 1}


def test_companies_are_no_persons() -> None:
    company = person("9", "C00000009", SPRIDEN_ENTITY_IND="C")
    found = banner(SPRIDEN=[company, person()])
    assert rows_of(found, "person", "student_id") == ["A00104233"]
    assert account_of(found, "SPRIDEN") == {
        "rows_read": 2,
        "used": 1,
        "set_aside": {"company": 1},
        "unreadable": 0,
    }


@pytest.mark.parametrize("turned", [False, True])
def test_only_the_last_of_several_grades_counts(turned: bool) -> None:
    grades = [grade("I", "1"), grade("B", "2"), grade("A", "10")]
    found = banner(**{**TAKEN, "SHRTCKG": grades[::-1] if turned else grades})
    assert rows_of(
        found, "course_result", "grade_local", "grade_seq", "earned_credit"
    ) == [("A", "10", "3.000")]
    assert account_of(found, "SHRTCKG")["set_aside"] == {"superseded_grade": 2}


def test_a_course_at_two_levels_counts_once_at_its_primary_level() -> None:
    levels = [level("CE"), level("UG", SHRTCKL_PRIMARY_LEVL_IND="Y")]
    found = banner(**{**TAKEN, "SHRTCKL": levels})
    assert rows_of(found, "course_result", "level", "attempted_credit") == [("UG", "3")]
    assert account_of(found, "SHRTCKL")["set_aside"] == {"further_level": 1}


def test_a_grade_described_for_two_levels_is_one_grade() -> None:
    grades = SMALLEST["SHRGRDE"]
    other = [
        row | {"SHRGRDE_LEVL_CODE": "CE", "SHRGRDE_QUALITY_POINTS": "9"}
        for row in grades
    ]
    found = banner(**{**TAKEN, "SHRGRDE": [*other, *grades]})
    assert len(rows_of(found, "grade_scheme", "grade_local")) == len(grades)
    assert rows_of(found, "course_result", "quality_points") == ["9.000"]


def test_of_several_addresses_the_best_one_counts() -> None:
    def address(kind: str, number: str, street: str, **more: str) -> dict[str, str]:
        return {
            "SPRADDR_PIDM": "104233",
            "SPRADDR_ATYP_CODE": kind,
            "SPRADDR_SEQNO": number,
            "SPRADDR_STREET_LINE1": street,
            "SPRADDR_CITY": "Tanner",
            "SPRADDR_STAT_CODE": "AL",
            "SPRADDR_ZIP": "35671",
            **more,
        }

    addresses = [
        address("BI", "9", "billing"),
        address("MA", "8", "mailing"),
        address("PR", "3", "given up", SPRADDR_STATUS_IND="I"),
        address("PR", "4", "ended", SPRADDR_TO_DATE="31-DEC-25"),
        address("PR", "5", "not yet", SPRADDR_FROM_DATE="01-JAN-27"),
        address("PR", "2", "home"),
    ]
    found = banner(SPRADDR=addresses)
    assert rows_of(found, "person", "address_line1") == ["home"]
    assert account_of(found, "SPRADDR")["set_aside"] == {"another_address": 5}


def test_a_course_in_registration_and_in_history_counts_once() -> None:
    found = banner(**TAKEN, SFRSTCR=[registration()])
    assert rows_of(found, "course_result", "section_id", "grade_local") == [
        ("10001", "B")
    ]
    assert account_of(found, "SFRSTCR")["set_aside"] == {"in_academic_history": 1}


def test_a_registration_that_is_not_in_history_yet_counts() -> None:
    rows = [
        registration("202410"),
        registration("202380", SFRSTCR_ERROR_FLAG="F"),
        registration("202380", "DD"),
    ]
    found = banner(SFRSTCR=rows)
    assert rows_of(
        found, "course_result", "term_code", "registration_status", "grade_seq"
    ) == [("202410", "ENROLLED", "0")]
    assert account_of(found, "SFRSTCR")["set_aside"] == {
        "dropped": 1,
        "registration_error": 1,
    }


def test_the_flags_of_a_status_count_not_its_code() -> None:
    found = banner(SFRSTCR=[registration(status="ZZ")])
    assert rows_of(found, "course_result", "registration_status") == ["WITHDRAWN"]


def test_a_crn_that_is_used_again_names_the_section_of_its_term() -> None:
    found = banner(
        SHRTCKN=[course("202380"), course("202410")],
        SHRTCKG=[grade("B"), grade("A", term="202410")],
        SHRTCKL=[level("UG"), level("UG", "202410")],
    )
    assert rows_of(found, "course_result", "term_code", "delivery") == [
        ("202380", "F2F"),
        ("202410", "ONLINE_ASYNC"),
    ]


def test_a_section_has_the_credit_of_its_course_as_catalogued_that_term() -> None:
    first = SMALLEST["SCBCRSE"][0]
    later = first | {"SCBCRSE_EFF_TERM": "202410", "SCBCRSE_CREDIT_HR_LOW": "4"}
    found = banner(SCBCRSE=[later, first])
    assert rows_of(found, "section", "term_code", "credit_value") == [
        ("202380", "3"),
        ("202410", "4"),
    ]
    assert sorted(rows_of(found, "course", "valid_from_term", "valid_to_term")) == [
        ("202380", "202380"),
        ("202410", None),
    ]


def test_what_a_student_was_is_the_row_with_the_greatest_earlier_term() -> None:
    def standing(term: str, kind: str) -> dict[str, str]:
        return {
            "SGBSTDN_PIDM": "104233",
            "SGBSTDN_TERM_CODE_EFF": term,
            "SGBSTDN_STYP_CODE": kind,
            "SGBSTDN_RESD_CODE": "R",
        }

    def totals(term: str) -> dict[str, str]:
        hours = ("HOURS_ATTEMPTED", "HOURS_EARNED", "GPA_HOURS")
        return {
            "SHRTGPA_PIDM": "104233",
            "SHRTGPA_TERM_CODE": term,
            "SHRTGPA_LEVL_CODE": "UG",
            "SHRTGPA_GPA_TYPE_IND": "I",
            **{f"SHRTGPA_{name}": "3" for name in (*hours, "QUALITY_POINTS", "GPA")},
        }

    found = banner(
        SGBSTDN=[standing("202410", "R"), standing("202180", "H")],
        SHRTGPA=[totals("202380"), totals("202410")],
    )
    assert rows_of(
        found, "term_enrollment", "term_code", "student_type", "dual_enrollment"
    ) == [("202380", "H", "Y"), ("202410", "R", "N")]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("03-SEP-45", "1945-09-03"),
        ("02-SEP-26", "1926-09-02"),
        ("01-SEP-26", "2026-09-01"),
        ("29-FEB-04", "2004-02-29"),
        ("29-FEB-00", "2000-02-29"),
        ("17-MAY-1931", "1931-05-17"),
        ("31-FEB-99", "31-FEB-99"),
    ],
)
def test_a_birth_of_two_digits_is_never_in_the_future(sent: str, meant: str) -> None:
    found = banner(SPBPERS=[biography(sent)])
    assert rows_of(found, "person", "birth_date") == [meant]


def test_an_expiry_of_two_digits_may_be_in_the_future() -> None:
    final = grade("I", SHRTCKG_INCOMPLETE_EXT_DATE="22-NOV-27")
    found = banner(**{**TAKEN, "SHRTCKG": [final]})
    assert rows_of(found, "course_result", "incomplete_expires_on") == ["2027-11-22"]


def test_the_pidm_stands_in_no_column_but_its_own() -> None:
    found = banner(
        **TAKEN, SFRSTCR=[registration("202410")], SPBPERS=[biography(ssn="815562596")]
    )
    for feed, read in found.feeds.items():
        frame = read.frame.drop("_file", "_line")
        if feed == "person":
            frame = frame.drop("source_pk")
        if feed == "person_identifier":
            frame = frame.filter(frame["id_type"] != "SOURCE_PK")
        values = {str(value) for row in frame.rows() for value in row}
        assert "104233" not in values, feed


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("815-56-2596", "SSN"),
        ("990104233", "PSEUDO_SSN"),
        ("986838882", "ITIN"),
        ("2596", "SSN_LAST4"),
        ("T00104233", "OTHER"),
    ],
)
def test_the_digits_of_the_ssn_column_say_what_it_is(typed: str, kind: str) -> None:
    found = banner(SPBPERS=[biography(ssn=typed)])
    kinds = rows_of(found, "person_identifier", "id_type")
    assert sorted(kinds) == sorted(["SOURCE_PK", kind])


def test_an_attribute_of_a_course_holds_for_its_sections() -> None:
    attribute = {
        "SCRATTR_SUBJ_CODE": "MTH",
        "SCRATTR_CRSE_NUMB": "100",
        "SCRATTR_EFF_TERM": "000000",
        "SCRATTR_ATTR_CODE": "HWBL",
    }
    own = {
        "SSRATTR_TERM_CODE": "202380",
        "SSRATTR_CRN": "10001",
        "SSRATTR_ATTR_CODE": "HWBL",
    }
    found = banner(SCRATTR=[attribute], SSRATTR=[own])
    assert sorted(rows_of(found, "section_attribute", "term_code", "hip_code")) == [
        ("202380", "WBL"),
        ("202410", "WBL"),
    ]
    assert refused(found) == []


def test_history_of_nobody_is_quarantined_by_line_and_counted() -> None:
    stranger = course(SHRTCKN_PIDM="777")
    found = banner(**{**TAKEN, "SHRTCKN": [course(), stranger]})
    assert findings(found, "course_result") == [("D03", 3)]
    assert found.feeds["course_result"].rows == 2
    assert account_of(found, "SHRTCKN") == {
        "rows_read": 2,
        "used": 1,
        "set_aside": {"nobody": 1},
        "unreadable": 0,
    }


def test_a_select_that_doubles_rows_holds_the_package() -> None:
    """A dialect that forgets the grade sequence is found out by its own rows."""
    declared = CONTRACTS.dialects["banner"]
    rule = declared.feeds["course_result"]
    broken = replace(rule, sql=rule.sql.replace("final_grade()", "shrtckg"))
    dialect = replace(declared, feeds={**declared.feeds, "course_result": broken})
    tables = {
        **SMALLEST,
        **TAKEN,
        "SPRIDEN": [person()],
        "SHRTCKG": [grade("I", "1"), grade("B", "2")],
    }
    sources = [table(name, rows) for name, rows in tables.items()]
    college = CONTRACTS.colleges["NWSCC"]
    found = translate(dialect, sources, college, AS_OF, CONTRACTS)
    assert refused(found) == ["D04"]


def test_a_select_that_loses_rows_holds_the_package() -> None:
    declared = CONTRACTS.dialects["banner"]
    rule = declared.feeds["person"]
    broken = replace(rule, sql=rule.sql + " and false")
    dialect = replace(declared, feeds={**declared.feeds, "person": broken})
    tables = {**SMALLEST, "SPRIDEN": [person()]}
    sources = [table(name, rows) for name, rows in tables.items()]
    college = CONTRACTS.colleges["NWSCC"]
    found = translate(dialect, sources, college, AS_OF, CONTRACTS)
    assert refused(found) == ["D04"]


def test_a_second_current_row_of_one_person_is_quarantined() -> None:
    found = banner(SPRIDEN=[person(), person(number="A00104234")], **TAKEN)
    assert rows_of(found, "person", "student_id") == ["A00104233"]
    assert rows_of(found, "course_result", "student_id") == ["A00104233"]
    assert findings(found, "person") == [("D03", 3)]
    assert refused(found) == []


def test_a_row_nobody_can_read_in_a_table_others_lean_on_holds_the_package() -> None:
    grades = table("SHRTCKG", [grade("I", "1"), grade("B", "2")])
    found = with_file(torn(grades, "B     |S", "B     |S|too many"))
    assert refused(found) == ["F20"]


def with_file(one: Source) -> Translation:
    """A college whose files are whole but for this one."""
    tables = {**SMALLEST, **TAKEN, "SPRIDEN": [person()]}
    tables.pop(one.declared.feed, None)
    sources = [*(table(name, rows) for name, rows in tables.items()), one]
    college = CONTRACTS.colleges["NWSCC"]
    return translate(CONTRACTS.dialects["banner"], sources, college, AS_OF, CONTRACTS)


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [
        (
            "SPRADDR",
            {
                "SPRADDR_PIDM": "104233",
                "SPRADDR_ATYP_CODE": "PR",
                "SPRADDR_SEQNO": "1",
                "SPRADDR_STREET_LINE1": "12 Main",
                "SPRADDR_CITY": "Tanner",
                "SPRADDR_STAT_CODE": "AL",
                "SPRADDR_ZIP": "35671",
            },
            "address_line1",
        ),
        (
            "SPRTELE",
            {
                "SPRTELE_PIDM": "104233",
                "SPRTELE_SEQNO": "1",
                "SPRTELE_PHONE_NUMBER": "12 Main",
            },
            "phone",
        ),
        (
            "GOREMAL",
            {
                "GOREMAL_PIDM": "104233",
                "GOREMAL_EMAL_CODE": "PERS",
                "GOREMAL_EMAIL_ADDRESS": "12 Main",
                "GOREMAL_STATUS_IND": "A",
                "GOREMAL_PREFERRED_IND": "Y",
            },
            "email_personal",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_pipe_in_what_only_enriches_a_person_holds_nobody(
    name: str, row: dict[str, str], column: str
) -> None:
    whole = table(name, [row])
    assert rows_of(with_file(whole), "person", column) == ["12 Main"]
    found = with_file(torn(whole, "12 Main", "12 | Main"))
    assert refused(found) == []
    assert rows_of(found, "person", "student_id", column) == [("A00104233", None)]
    # Told by file and line, and in the feed's count.
    assert findings(found, "person") == [("F20", 2)]
    assert found.feeds["person"].rows == 2
    assert account_of(found, name)["unreadable"] == 1


def test_a_missing_or_wrong_trailer_refuses_the_file() -> None:
    tables = {**SMALLEST, "SPRIDEN": [person()]}
    sources = [
        table(name, rows, trailer=7 if name == "SPRIDEN" else None)
        for name, rows in tables.items()
    ]
    college = CONTRACTS.colleges["NWSCC"]
    with pytest.raises(FileRefusedError) as refusal:
        translate(CONTRACTS.dialects["banner"], sources, college, AS_OF, CONTRACTS)
    (note,) = refusal.value.notes
    assert (note.edit_id, note.file) == ("F20", "SPRIDEN_20260901.txt")


def test_a_missing_table_and_a_missing_column_are_both_told() -> None:
    tables = {**SMALLEST, "SPRIDEN": [person()]}
    sources = [table(name, rows) for name, rows in tables.items() if name != "SHRTCKG"]
    headless = table("STVTERM", [{"STVTERM_CODE": "202380", "STVTERM_DESC": "x"}])
    with pytest.raises(FileRefusedError) as refusal:
        translate(
            CONTRACTS.dialects["banner"],
            [s for s in sources if s.declared.feed != "STVTERM"] + [headless],
            CONTRACTS.colleges["NWSCC"],
            AS_OF,
            CONTRACTS,
        )
    assert {note.edit_id for note in refusal.value.notes} == {"D01"}
    told = {note.column or note.value for note in refusal.value.notes}
    assert {"STVTERM_START_DATE", "the table SHRTCKG is missing"} <= told


def test_a_row_that_names_no_line_is_a_fault_of_the_dialect() -> None:
    declared = CONTRACTS.dialects["banner"]
    rule = declared.feeds["term"]
    broken = replace(rule, sql="select null as _file, null as _line")
    dialect = replace(declared, feeds={**declared.feeds, "term": broken})
    sources = [table(name, rows) for name, rows in SMALLEST.items()]
    with pytest.raises(DialectError, match="names no line"):
        translate(dialect, sources, CONTRACTS.colleges["NWSCC"], AS_OF, CONTRACTS)
