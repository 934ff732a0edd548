"""StudentTracker return files: what happened elsewhere, and nothing that did not."""

from spoken import Row, account_of, findings, quoted, refused, rows_of, source, spoken

from pipelines.dialects.source import Translation

HEADER = [
    "Your Unique Identifier",
    "First Name",
    "Middle Initial",
    "Last Name",
    "Name Suffix",
    "Requester Return Field",
    "Record Found Y/N",
    "Search Date",
    "College Code/Branch",
    "College Name",
    "College State",
    "2-year / 4-year",
    "Public / Private",
    "Enrollment Begin",
    "Enrollment End",
    "Enrollment Status",
    "Class Level",
    "Enrollment Major 1",
    "Enrollment CIP 1",
    "Enrollment Major 2",
    "Enrollment CIP 2",
    "Graduated?",
    "Graduation Date",
    "Degree Title",
    *(f"Degree {what} {n}" for n in (1, 2, 3, 4) for what in ("Major", "CIP")),
    "College Sequence",
]
TERM: Row = {
    "Your Unique Identifier": "0123456_",
    "First Name": "MARÍA",
    "Last Name": "NUÑEZ",
    "Requester Return Field": "0123456_",
    "Record Found Y/N": "Y",
    "Search Date": "20260830",
    "College Code/Branch": "001052-00",
    "College Name": "UNIVERSITY OF ALABAMA AT BIRMINGHAM",
    "College State": "AL",
    "2-year / 4-year": "4",
    "Public / Private": "Public",
    "Enrollment Begin": "20250108",
    "Enrollment End": "20250502",
    "Enrollment Status": "Q",
    "Class Level": "J",
    "Enrollment Major 1": "NURSING",
    "Enrollment CIP 1": "513801",
    "Graduated?": "N",
    "College Sequence": "1",
}
DEGREE: Row = {
    **{k: v for k, v in TERM.items() if not k.startswith(("Enrollment", "Class"))},
    "Graduated?": "Y",
    "Graduation Date": "20250502",
    "Degree Title": "BACHELOR OF SCIENCE IN NURSING",
    "Degree Major 1": "NURSING",
    "Degree CIP 1": "51.3801",
}


def told(*rows: Row, **profile: object) -> Translation:
    content = quoted(list(rows), HEADER).encode("cp1252")
    return spoken(
        "nsc_studenttracker", [source("DETAIL", content, len(rows))], **profile
    )


def test_a_term_elsewhere_becomes_one_row_with_our_words_for_its_codes() -> None:
    columns = (
        "student_id",
        "college_code",
        "enrollment_begin",
        "enrollment_end",
        "college_level",
        "college_control",
        "enrollment_status",
        "class_level",
        "cip_1",
        "searched_on",
        "source_system",
    )
    assert rows_of(told(TERM), "enrollment_elsewhere", *columns) == [
        (
            "0123456",
            "001052-00",
            "2025-01-08",
            "2025-05-02",
            "4_YEAR",
            "PUBLIC",
            "THREE_QUARTER_TIME",
            "JUNIOR",
            "51.3801",
            "2026-08-30",
            "NSC",
        )
    ]


def test_a_credential_is_an_award_and_no_enrolment() -> None:
    found = told(TERM, DEGREE)
    columns = ("student_id", "awarded_on", "title", "cip_1")
    assert rows_of(found, "award_elsewhere", *columns) == [
        ("0123456", "2025-05-02", "BACHELOR OF SCIENCE IN NURSING", "51.3801")
    ]
    assert len(rows_of(found, "enrollment_elsewhere", "student_id")) == 1
    assert refused(found) == []


def test_a_degree_without_a_title_can_still_be_keyed() -> None:
    found = told({**DEGREE, "Degree Title": ""})
    assert rows_of(found, "award_elsewhere", "title") == ["UNSPECIFIED (NURSING)"]


def test_degrees_of_one_day_without_titles_are_told_apart_by_their_majors() -> None:
    one = {**DEGREE, "Degree Title": ""}
    other = {**one, "Degree Major 1": "BIOLOGY", "Degree CIP 1": "260101"}
    found = told(one, other, {**one, "Degree Major 1": ""})
    assert rows_of(found, "award_elsewhere", "title") == [
        "UNSPECIFIED (NURSING)",
        "UNSPECIFIED (BIOLOGY)",
        "UNSPECIFIED",
    ]


def test_a_row_that_does_not_say_it_was_found_is_quarantined_by_name() -> None:
    found = told(TERM, {**TERM, "Record Found Y/N": ""})
    assert len(rows_of(found, "enrollment_elsewhere", "student_id")) == 1
    assert findings(found, "enrollment_elsewhere") == [("D06", 3)]
    assert account_of(found, "DETAIL")["set_aside"] == {"neither_found_nor_not": 1}
    assert refused(found) == []


def test_a_term_and_a_degree_in_one_row_are_no_file_of_the_clearinghouse() -> None:
    both = {**TERM, "Graduated?": "Y", "Graduation Date": "20250502"}
    found = told(TERM, both)
    assert rows_of(found, "award_elsewhere", "title") == []
    assert findings(found, "enrollment_elsewhere") == [("D06", 3)]
    assert account_of(found, "DETAIL")["set_aside"] == {"term_and_credential": 1}
    assert refused(found) == []


def test_who_was_not_found_and_our_own_terms_are_set_aside_and_counted() -> None:
    nobody = {"Requester Return Field": "0000777", "Record Found Y/N": "N"}
    own = {**TERM, "College Code/Branch": "005697-01"}
    found = told(TERM, nobody, own)
    assert account_of(found, "DETAIL") == {
        "rows_read": 3,
        "used": 1,
        "set_aside": {"not_found": 1, "own_college": 1},
        "unreadable": 0,
    }
    assert refused(found) == []


def test_a_status_kept_private_is_null_and_an_unknown_code_is_shown() -> None:
    private = {**TERM, "Enrollment Status": ""}
    unknown = {**TERM, "Enrollment Status": "Z", "Enrollment Begin": "20240108"}
    found = told(private, unknown)
    assert rows_of(found, "enrollment_elsewhere", "enrollment_status") == [None, "Z"]


def test_a_college_says_in_which_field_it_put_its_id() -> None:
    row = {**TERM, "Requester Return Field": "x", "Your Unique Identifier": "7.2024FA"}
    local = {
        "nsc_studenttracker": {
            "student_id_field": "your_unique_identifier",
            "student_id_pattern": r"^([^.]+)\.",
        }
    }
    found = told(row, dialect_settings=local)
    assert rows_of(found, "enrollment_elsewhere", "student_id") == ["7"]


def test_names_of_persons_stay_in_the_file() -> None:
    found = told(TERM)
    for read in found.feeds.values():
        assert "NUÑEZ" not in str(read.frame.rows())
