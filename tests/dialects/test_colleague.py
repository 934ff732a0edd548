"""What makes Colleague's files hard, one trap a test."""

import pytest
from colleague_site import MARK, credit, files, grade, person, restriction, said, site
from spoken import account_of, findings, quoted, refused, rows_of, source, spoken

from pipelines.landing.reading.unpack import FileRefusedError


def test_the_clean_site_becomes_feeds_with_every_record_accounted_for() -> None:
    found = said(site())
    assert refused(found) == []
    assert rows_of(
        found,
        "course_result",
        "student_id",
        "term_code",
        "section_id",
        "subject",
        "course_number",
        "title",
        "grade_local",
        "registration_status",
        "status_date",
    ) == [
        (
            "0123456",
            "2024FA",
            "0081234",
            "MATH",
            "108",
            'Beginning Algebra, Part "A"',
            "W",
            "WITHDRAWN",
            "2024-10-02",
        )
    ]
    for account in found.accounts:
        accounted = account.used + sum(account.set_aside.values()) + account.unreadable
        assert accounted == account.rows_read


def test_utf_8_with_a_byte_order_mark_and_latin_1_say_the_same() -> None:
    tables = site()
    tables["PERSON"][0]["PERSON.EMAIL.ADDRESSES"] = f"a@x.example{MARK}b@x.example"
    tables["PERSON"][0]["PERSON.EMAIL.TYPES"] = f"PER{MARK}COL"
    columns = ("student_id", "last_name", "email_college", "email_personal")
    with_mark = rows_of(said(tables), "person", *columns)
    latin = spoken("colleague", files(tables, "latin-1", encoding="latin-1"))
    assert rows_of(latin, "person", *columns) == with_mark
    # 0xFD parts values where a list is meant, and is a letter in a name.
    assert with_mark == [
        ("0123456", "Nuñez", "b@x.example", "a@x.example"),
        ("0000777", "Ýmir", None, None),
    ]


SUB, TEXT = "\u00fc", "\u00fb"


@pytest.mark.parametrize("mark", [SUB, TEXT])
def test_a_sub_value_mark_in_a_code_is_a_finding_and_no_part_of_it(mark: str) -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"] = [
        credit("1"),
        credit("2", **{"STC.STATUS": f"N{mark}A{MARK}D"}),
    ]
    found = said(tables)
    assert len(rows_of(found, "course_result", "student_id")) == 1
    assert findings(found, "course_result") == [("D06", 3)]
    (value,) = found.feeds["course_result"].bad["value"]
    assert value == "STUDENT.ACAD.CRED: stc_status has a sub-value mark inside"
    # Which rows it would have been nobody can tell: absence proves nothing tonight.
    assert found.feeds["course_result"].is_partial
    assert account_of(found, "STUDENT.ACAD.CRED")["unreadable"] == 1
    assert refused(found) == []


def test_the_letters_that_are_marks_stay_letters_in_names() -> None:
    tables = site()
    tables["PERSON"] = [
        person("1", **{"LAST.NAME": "Müller"}),
        person("2", **{"LAST.NAME": "Özgü", "FIRST.NAME": "Benoû"}),
        person("3", **{"LAST.NAME": f"DIAZ{SUB}NUNEZ"}),
        person("4", **{"FIRST.NAME": f"Maria{TEXT}Luz"}),
    ]
    found = said(tables)
    assert rows_of(found, "person", "last_name") == ["Müller", "Özgü"]
    assert findings(found, "person") == [("D06", 4), ("D06", 5)]


def test_a_mark_in_a_table_that_others_lean_on_holds_the_package() -> None:
    tables = site()
    tables["STUDENT.COURSE.SEC"][0]["SCS.COURSE.SECTION"] = f"19034{SUB}19035"
    assert refused(said(tables)) == ["F20"]


def test_headers_of_sql_server_sites_have_underscores() -> None:
    tables = {
        table: [
            {name.replace(".", "_"): value for name, value in row.items()}
            for row in rows
        ]
        for table, rows in site().items()
    }
    assert rows_of(said(tables), "course_result", "section_id") == ["0081234"]


@pytest.mark.parametrize("mark", [MARK, ";"])
def test_the_newest_status_counts_and_its_action_not_its_code(mark: str) -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"] = [
        credit("1", **{"STC.STATUS": f"Q{mark}N", "STC.VERIFIED.GRADE": "1"}),
        credit("2", **{"STC.STATUS": f"N{mark}Q", "STC.STUDENT.COURSE.SEC": ""}),
    ]
    local = {"colleague": {"status_actions": {"Q": 4, "N": 1}}}
    found = said(tables, dialect_settings=local)
    assert rows_of(found, "course_result", "registration_status") == [
        "WITHDRAWN",
        "COMPLETED",
    ]


def test_a_drop_without_a_grade_leaves_no_record_and_one_with_a_grade_does() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"] = [
        credit("1", **{"STC.STATUS": "D"}),
        credit(
            "2",
            **{
                "STC.STATUS": "D",
                "STC.VERIFIED.GRADE": "",
                "STC.STUDENT.COURSE.SEC": "",
            },
        ),
    ]
    assert rows_of(said(tables), "course_result", "registration_status") == [
        "WITHDRAWN",
        "DROPPED_NO_RECORD",
    ]


def test_a_verified_grade_is_an_id_of_grades_and_never_the_letter() -> None:
    tables = site()
    tables["GRADES"].append(grade("A", "F"))
    tables["STUDENT.ACAD.CRED"] = [
        credit("1", **{"STC.VERIFIED.GRADE": "1", "STC.STATUS": "A"}),
        credit(
            "2",
            **{
                "STC.VERIFIED.GRADE": "A",
                "STC.STATUS": "A",
                "STC.STUDENT.COURSE.SEC": "",
            },
        ),
    ]
    assert rows_of(said(tables), "course_result", "grade_local") == ["A", "F"]


def test_a_pointer_that_leads_nowhere_is_a_finding_with_its_line() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"] = [
        credit("1"),
        credit("2", **{"STC.VERIFIED.GRADE": "99"}),
        credit("3", **{"STC.STUDENT.COURSE.SEC": "404"}),
        credit("4", **{"STC.STATUS": "TR", "STC.EXTERNAL.TRANSCRIPT": "x"}),
    ]
    for row in tables["STUDENT.ACAD.CRED"]:
        row.setdefault("STC.EXTERNAL.TRANSCRIPT", "")
    found = said(tables)
    assert refused(found) == []
    assert findings(found, "course_result") == [("D03", 3), ("D03", 4), ("D03", 5)]
    assert account_of(found, "STUDENT.ACAD.CRED")["used"] == 1


def test_one_section_pointed_at_twice_does_not_double_a_result() -> None:
    tables = site()
    tables["STUDENT.COURSE.SEC"] *= 2
    tables["COURSE.SECTIONS"] *= 2
    tables["GRADES"] *= 2
    found = said(tables)
    assert rows_of(found, "course_result", "section_id") == ["0081234"]
    assert refused(found) == []


def test_pass_and_audit_are_said_by_the_section_not_by_the_grade() -> None:
    tables = site()
    for flag, mode in (("A", "AUDIT"), ("P", "PASS_FAIL"), ("", "STANDARD")):
        tables["STUDENT.COURSE.SEC"][0]["SCS.PASS.AUDIT"] = flag
        assert rows_of(said(tables), "course_result", "grade_mode") == [mode]


def test_history_without_a_section_keeps_the_id_of_its_row() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"] = [credit("1048812", **{"STC.STUDENT.COURSE.SEC": ""})]
    assert rows_of(said(tables), "course_result", "section_id") == ["HIST-1048812"]


def test_a_replaced_attempt_is_excluded() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"][0]["STC.REPL.CODE"] = "R"
    assert rows_of(said(tables), "course_result", "repeat_code") == ["EXCLUDE"]


def test_a_course_is_split_at_its_first_hyphen() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"][0]["STC.COURSE.NAME"] = "MATH-1-XX"
    columns = ("subject", "course_number")
    assert rows_of(said(tables), "course_result", *columns) == [("MATH", "1-XX")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("08/14/24", "2024-08-14"),
        ("8/4/2024", "2024-08-04"),
        # Days since 1967-12-31, as raw UniData counts them.
        ("20681", "2024-08-14"),
        ("-1", "1967-12-30"),
        ("14.08.2024", "14.08.2024"),
    ],
)
def test_a_date_is_read_in_each_of_its_shapes(written: str, meant: str) -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"][0]["STC.VERIFIED.GRADE.DATE"] = written
    assert rows_of(said(tables), "course_result", "grade_posted_on") == [meant]


def test_two_digits_of_a_year_never_put_a_birth_into_the_future() -> None:
    tables = site()
    tables["PERSON"] = [
        person("1", **{"BIRTH.DATE": "03/01/27"}),
        person("2", **{"BIRTH.DATE": "03/01/26"}),
        person("3", **{"BIRTH.DATE": ""}),
    ]
    columns = ("birth_date", "birth_date_quality")
    assert rows_of(said(tables), "person", *columns) == [
        ("1927-03-01", "FULL"),
        ("2026-03-01", "FULL"),
        (None, "UNKNOWN"),
    ]


def test_raw_numbers_have_their_decimals_implied() -> None:
    tables = site()
    tables["STUDENT.TERMS"][0]["STTR.ATT.CRED"] = "450"
    raw = {"colleague": {"implied_decimals": 2}}
    found = said(tables, dialect_settings=raw)
    assert [float(x) for x in rows_of(found, "term_enrollment", "attempted")] == [4.5]


def test_keys_joined_with_stars_fall_apart_into_student_term_and_level() -> None:
    columns = ("student_id", "term_code", "level")
    assert rows_of(said(site()), "term_enrollment", *columns) == [
        ("0123456", "2024FA", "UG")
    ]


def test_alternate_ids_belong_to_their_types_position_by_position() -> None:
    tables = site()
    tables["PERSON"] = [
        person(
            "0123456",
            **{
                "SSN": "212-34-5678",
                "PERSON.ALT.IDS": f"AL1{MARK}{MARK}123456{MARK}OLD9",
                "PERSON.ALT.ID.TYPES": f"SPS{MARK}K12{MARK}PK{MARK}OLD",
            },
        )
    ]
    found = said(tables)
    columns = ("id_type", "id_value", "is_current")
    assert sorted(rows_of(found, "person_identifier", *columns)) == [
        ("OLD_STUDENT_ID", "OLD9", "N"),
        ("SOURCE_PK", "123456", "Y"),
        ("SSN", "212345678", "Y"),
        ("STATE_PS_ID", "AL1", "Y"),
    ]
    assert rows_of(found, "person", "source_pk") == ["123456"]
    assert refused(found) == []


@pytest.mark.parametrize(
    ("digits", "kind"),
    [
        ("212345678", "SSN"),
        ("990001234", "PSEUDO_SSN"),
        ("912701234", "ITIN"),
        ("5678", "SSN_LAST4"),
        ("T00001234", "OTHER"),
    ],
)
def test_what_stands_in_the_ssn_field_is_typed_by_its_digits(
    digits: str, kind: str
) -> None:
    tables = site()
    tables["PERSON"] = [person("1", SSN=digits)]
    assert rows_of(said(tables), "person_identifier", "id_type") == [kind]


def test_former_names_are_lists_of_their_own_length() -> None:
    tables = site()
    tables["PERSON"] = [
        person(
            "0123456",
            **{
                "NAMEHIST.LAST.NAME": f"Díaz{MARK}Nuñez-Díaz",
                "NAMEHIST.FIRST.NAME": f"{MARK}María",
                "NAMEHIST.TYPE": f"F{MARK}D",
                "NAMEHIST.CHGDATE": "05/01/22",
            },
        )
    ]
    columns = ("name_type", "last_name", "first_name", "effective_from")
    assert sorted(rows_of(said(tables), "person_name", *columns)) == [
        ("DIPLOMA", "Nuñez-Díaz", "María", "1900-01-01"),
        ("FORMER", "Díaz", None, "2022-05-01"),
    ]


def test_vendors_among_the_persons_are_set_aside_and_counted() -> None:
    tables = site()
    tables["PERSON"].append(person("9", **{"PERSON.CORP.INDICATOR": "Y"}))
    tables["PERSON"][0]["PERSON.CORP.INDICATOR"] = ""
    found = said(tables)
    assert rows_of(found, "person", "student_id") == ["0123456", "0000777"]
    assert account_of(found, "PERSON")["set_aside"] == {"company": 1}


def test_privacy_death_and_known_restrictions_become_disclosures() -> None:
    tables = site()
    tables["PERSON"] = [
        person(
            "0123456",
            **{"PERSON.PRIVACY.FLAG": "Y", "DECEASED.DATE": "01/05/25"},
        )
    ]
    tables["PERSON.RESTRICTIONS"] = [restriction("PARK"), restriction("AR")]
    found = said(tables)
    columns = ("kind", "valid_from", "note_code")
    assert sorted(rows_of(found, "disclosure", *columns)) == [
        ("DECEASED", "2025-01-05", None),
        ("FERPA_BLOCK", "1900-01-01", None),
        ("FINANCIAL_HOLD", "2024-09-02", "AR"),
    ]
    assert account_of(found, "PERSON.RESTRICTIONS")["set_aside"] == {
        "not_a_disclosure": 1
    }
    assert refused(found) == []


def test_a_row_confers_a_degree_and_a_certificate_at_each_position() -> None:
    tables = site()
    tables["ACAD.CREDENTIALS"][0] |= {
        "ACAD.CCD": f"WLD1{MARK}WLD9",
        "ACAD.CCD.DATE": f"12/13/24{MARK}05/09/25",
    }
    found = said(tables)
    columns = ("award_id", "program_code", "credential_type", "cip_code", "awarded_on")
    assert sorted(rows_of(found, "credential_award", *columns)) == [
        ("9001", "AS.GEN", "AS", "24.0102", "2025-05-09"),
        ("9001-1", "C.WLD", "CER", "48.0508", "2024-12-13"),
        ("9001-2", "WLD9", "WLD9", None, "2025-05-09"),
    ]
    assert refused(found) == []


def test_degrees_of_other_colleges_are_not_ours() -> None:
    tables = site()
    other = {**tables["ACAD.CREDENTIALS"][0], "ACAD.INSTITUTIONS.ID": "0000999"}
    tables["ACAD.CREDENTIALS"].append(other)
    found = said(tables)
    assert rows_of(found, "credential_award", "award_id") == ["9001"]
    assert account_of(found, "ACAD.CREDENTIALS")["set_aside"] == {
        "other_institution": 1
    }


def test_a_programme_taken_up_again_is_two_periods_with_their_own_status() -> None:
    tables = site()
    tables["STUDENT.PROGRAMS"] = [
        {
            "STUDENT.PROGRAMS.ID": "0123456*AS.GEN",
            "STPR.STATUS": f"A{MARK}I{MARK}A",
            "STPR.STATUS.DATE": f"01/14/25{MARK}12/01/24{MARK}08/20/24",
            "STPR.START.DATE": f"01/14/25{MARK}08/20/24",
            "STPR.END.DATE": f"{MARK}12/13/24",
        }
    ]
    found = said(tables)
    columns = ("program_code", "start_term", "end_term", "status")
    assert sorted(rows_of(found, "program_enrollment", *columns)) == [
        ("AS.GEN", "2024FA", "2024FA", "INACTIVE"),
        ("AS.GEN", "2025SP", None, "ACTIVE"),
    ]
    assert refused(found) == []


def test_transferred_credit_is_no_registration_and_keeps_its_source() -> None:
    tables = site()
    tables["STUDENT.ACAD.CRED"].append(
        credit(
            "1048990",
            **{
                "STC.TERM": "",
                "STC.COURSE.NAME": "BIOL-1XX",
                "STC.CMPL.CRED": "4.00",
                "STC.VERIFIED.GRADE": "2",
                "STC.STATUS": "TR",
                "STC.STUDENT.COURSE.SEC": "",
                "STC.EXTERNAL.TRANSCRIPT": "0123456*5",
            },
        )
    )
    tables["STUDENT.ACAD.CRED"][0]["STC.EXTERNAL.TRANSCRIPT"] = ""
    tables["EXTERNAL.TRANSCRIPTS"] = [
        {
            "EXTERNAL.TRANSCRIPTS.ID": f"0123456*{n}",
            "EXTL.INSTITUTION": "100654",
            "EXTL.INST.CODE.TYPE": "UNITID",
            "EXTL.COURSE": "BI-101",
            "EXTL.TITLE": "Biology",
            "EXTL.CRED": "4",
            "EXTL.STATUS": status,
            "EXTL.EQUIV.EVAL": f"0123456*{n}",
        }
        for n, status in ((5, "A"), (6, "R"))
    ]
    found = said(tables)
    columns = ("transfer_seq", "decision", "equiv_group", "accepted_credit")
    assert sorted(rows_of(found, "transfer_credit", *columns)) == [
        ("5", "ACCEPTED", "5", "4.00"),
        ("6", "REJECTED", "6", "0"),
    ]
    assert rows_of(found, "course_result", "course_number") == ["108"]
    assert refused(found) == []


def test_the_year_of_a_term_follows_the_rule_of_the_college() -> None:
    assert rows_of(said(site()), "term", "academic_year_end") == ["2025", "2025"]
    local = {"colleague": {"reporting_year_offset": 0}}
    found = said(site(), dialect_settings=local)
    assert rows_of(found, "term", "academic_year_end") == ["2024", "2024"]


def test_the_census_day_may_be_that_of_a_location() -> None:
    tables = site()
    tables["TERMS.LOCATIONS"] = [
        {"TERMS.LOCATIONS.ID": "2024FA*MAIN", "TLOC.CENSUS.DATES": "09/03/24"}
    ]
    assert rows_of(said(tables), "term", "census_date") == ["2024-09-03", None]


def test_a_missing_table_or_column_is_named_and_no_value_is() -> None:
    tables = site()
    del tables["GRADES"]
    with pytest.raises(FileRefusedError) as caught:
        said(tables)
    assert [(n.edit_id, n.value) for n in caught.value.notes] == [
        ("D01", "the table GRADES is missing")
    ]
    rest = files(site())[1:]
    cut = [{k: v for k, v in r.items() if k != "TERM.DESC"} for r in site()["TERMS"]]
    with pytest.raises(FileRefusedError) as caught:
        spoken("colleague", [source("TERMS", quoted(cut).encode(), 2), *rest])
    assert [(n.edit_id, n.column) for n in caught.value.notes] == [("D01", "TERM.DESC")]
