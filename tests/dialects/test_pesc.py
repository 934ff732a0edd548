"""PESC College Transcripts: what is read, what is set aside, what is refused."""

import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from transcripts import college, course, read, rows, session, summary, transcript

from pipelines.landing.reading.unpack import FileRefusedError

GOOD = transcript(session(course("101"), course("102", None), summary("6", "3")))


def refusal(content: str | bytes, **settings: Any) -> tuple[str, str, int | None]:
    """Why a document is refused: edit, words, line."""
    with pytest.raises(FileRefusedError) as refused:
        read(content, **settings)
    note = refused.value.notes[0]
    assert note.severity == "F"
    return note.edit_id, str(note.value), note.line


def test_a_transcript_becomes_rows_that_name_their_line() -> None:
    found = read(GOOD)
    assert rows(found, "person", "student_id", "last_name", "birth_date") == [
        ("A001", "Núñez", "1999-05-17")
    ]
    assert rows(found, "term", "term_code", "title", "term_type") == [
        ("2025-08", "Fall 2025", "SEMESTER")
    ]
    columns = ("section_id", "grade_local", "registration_status", "earned_credit")
    assert rows(found, "course_result", *columns) == [
        ("HIST-1", "A", "COMPLETED", "3"),
        ("HIST-2", None, "ENROLLED", None),
    ]
    lines = GOOD.split("\n")
    for line, number in rows(found, "course_result", "_line", "course_number"):
        assert f">{number}</CourseNumber>" in lines[line - 1] + lines[line - 2]
    assert rows(found, "term_enrollment", "attempted", "earned") == [("6", "3")]
    assert found.notes == []


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-16"),
        b"\xff\xfe" + GOOD.encode("utf-16-le"),
        b"\xfe\xff" + GOOD.encode("utf-16-be"),
        GOOD.encode("utf-16-le"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + GOOD).encode("utf-16"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + GOOD).encode("utf-16-le"),
        b"\xef\xbb\xbf" + GOOD.encode(),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>\n' + GOOD).encode("latin-1"),
        ('<?xml version="1.0" encoding="windows-1252"?>' + GOOD).encode("cp1252"),
    ],
    ids=[
        "16",
        "16le",
        "16be",
        "16le bare",
        "16 decl",
        "16le decl",
        "bom",
        "l1",
        "1252",
    ],
)
def test_the_encoding_is_found_with_and_without_a_declaration(content: bytes) -> None:
    assert rows(read(content), "person", "first_name", "last_name") == [
        ("María", "Núñez")
    ]


def test_a_document_on_one_line_still_tells_its_rows_apart() -> None:
    found = read(GOOD.replace("\n", ""))
    lines = rows(found, "course_result", "_line")
    assert len(set(lines)) == 2
    assert found.notes == []


@pytest.mark.parametrize(
    ("content", "edit_id", "words"),
    [
        ('<?xml version="1.0" encoding="utf-16"?>' + GOOD, "F08", "declares utf-16"),
        (b"\xff" + GOOD.encode(), "F08", "undecodable"),
        (GOOD.encode("latin-1"), "F08", "undecodable"),
        (GOOD.encode("utf-32"), "F08", "UTF-32"),
        (GOOD.replace("María", "Mar\ufffda"), "F08", "lost before"),
        (GOOD.replace("María", "Mar\0a"), "F20", "NUL"),
        (GOOD[:-10], "F20", "not well-formed"),
        ("", "F20", "not XML"),
        ("student_id,last_name\nA001,Nunez\n", "F20", "not XML"),
        ("<html><body>Proxy error</body></html>", "F07", "not a CollegeTranscript"),
        (GOOD.replace("Transcript:v1.6.0", "Transcript:v2.0.0"), "F07", "not a"),
        (GOOD.replace("CollegeTranscript", "HighSchoolTranscript"), "F07", "not a"),
    ],
)
def test_what_is_no_transcript_is_refused_by_name(
    content: str | bytes, edit_id: str, words: str
) -> None:
    found = refusal(content)
    assert found[0] == edit_id
    assert words in found[1]


def _with_doctype(declarations: str, use: str = "&x;") -> str:
    return f"<!DOCTYPE t [{declarations}]>\n" + GOOD.replace("María", use)


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)
)
BOMBS = {
    "billion laughs": _with_doctype(LAUGHS, "&l9;"),
    "quadratic": _with_doctype(f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 500),
    "external file": _with_doctype('<!ENTITY x SYSTEM "file:///etc/hostname">'),
    "external address": _with_doctype('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">'),
    "parameter entity": _with_doctype(
        '<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;'
    ),
    "external DTD": '<!DOCTYPE t SYSTEM "http://127.0.0.1:9/t.dtd">\n' + GOOD,
    "harmless DTD": "<!DOCTYPE t>" + GOOD,
    "behind comments": f"<?pi x?> <!-- a --> <!-- <b --><!DOCTYPE t>{GOOD}",
}


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_outright(kind: str, encoding: str) -> None:
    found = refusal(BOMBS[kind].encode(encoding))
    assert found[:2] == ("F20", "the document has a document type (DOCTYPE)")


def test_the_word_doctype_in_a_comment_refuses_nothing() -> None:
    assert rows(read("<!-- <!DOCTYPE t> -->" + GOOD), "person", "student_id") == [
        "A001"
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<a>" * 200_000 + "</a>" * 200_000, "nested too deeply"),
        (GOOD.replace("María", "x" * 11_000_000), "too large"),
        (GOOD.replace("María", "x" * 17_000_000), "larger than"),
        (GOOD.replace("</Student>", "<a/>" * 200_001 + "</Student>"), "elements"),
    ],
    ids=["200,000 deep", "long text", "large file", "many elements"],
)
def test_depth_and_size_are_bounded(content: str, words: str) -> None:
    edit_id, value, _ = refusal(content)
    assert edit_id == "F20"
    assert words in value


def test_nothing_is_fetched_whatever_a_document_points_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read me")
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                asked.append(port)
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        include = (
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
            f'href="file://{secret}"/>'
        )
        pointing = GOOD.replace("127.0.0.1:9", f"127.0.0.1:{port}")
        styled = f'<?xml-stylesheet href="http://127.0.0.1:{port}/x"?>{pointing}'
        assert rows(read(styled), "person", "student_id") == ["A001"]
        found = refusal(pointing.replace("María", include))
        assert found[:2] == ("F20", "the document includes another (XInclude)")
    assert asked == []


def test_elements_out_of_schema_order_are_refused_with_their_line() -> None:
    title = "<CourseTitle>English 101</CourseTitle>"
    number = "<CourseNumber>101</CourseNumber>"
    moved = GOOD.replace(title, "").replace(number, title + number)
    edit_id, value, line = refusal(moved)
    assert edit_id == "F07"
    assert value == "CourseNumber stands after CourseTitle in Course"
    assert "<Course>" in moved.split("\n")[(line or 0) - 1]


def test_an_element_that_stands_twice_leaves_nobody_to_guess_which_counts() -> None:
    grade = "<CourseAcademicGrade>A</CourseAcademicGrade>"
    edit_id, value, _ = refusal(GOOD.replace(grade, grade + grade.replace("A<", "F<")))
    assert edit_id == "F07"
    assert value == "CourseAcademicGrade stands twice in Course"


def test_a_college_may_have_the_order_warned_of_instead() -> None:
    moved = GOOD.replace("<SessionType>Semester</SessionType>", "").replace(
        "<SessionName>", "<SessionType>Semester</SessionType><SessionName>"
    )
    found = read(moved, schema_order="warn")
    (note,) = found.notes
    assert (note.edit_id, note.severity) == ("F07", "W")
    assert rows(found, "term", "term_type") == ["SEMESTER"]


def test_elements_of_later_versions_and_vendors_may_stand_anywhere() -> None:
    newer = GOOD.replace(
        "<CourseNumber>", "<CourseModality>X</CourseModality><CourseNumber>"
    )
    assert len(rows(read(newer), "course_result", "course_number")) == 2


def test_a_term_in_two_sessions_is_one_enrolment_of_both() -> None:
    halves = (
        session(course("101"), summary("3", "3")),
        session(course("102", "F", "4", "0"), summary("4", "0")),
    )
    found = read(transcript(*halves))
    assert rows(found, "term", "term_code") == ["2025-08"]
    assert rows(found, "course_result", "section_id") == ["HIST-1", "HIST-2"]
    assert rows(found, "term_enrollment", "attempted", "earned") == [("7.000", "3.000")]
    accounts = {one.table: one for one in found.accounts}
    assert accounts["summary"].set_aside == {"added_to_its_term": 1}
    assert accounts["session"].set_aside == {"told_before": 1}


def test_sessions_of_one_month_are_told_apart_by_their_suffix() -> None:
    two = (session(course("101"), suffix="1"), session(course("101"), suffix="2"))
    found = read(transcript(*two), terms={"2025-08-2": "202580"})
    assert rows(found, "course_result", "term_code") == ["2025-08-1", "202580"]


def test_students_of_one_term_tell_it_once() -> None:
    found = read(GOOD, GOOD.replace("A001", "A002"))
    assert rows(found, "term", "term_code") == ["2025-08"]
    assert rows(found, "person", "student_id") == ["A001", "A002"]
    assert found.notes == []


def test_sums_that_a_transcript_states_are_control_totals() -> None:
    wrong = transcript(
        session(course("101"), summary("4", "3")), before=summary("9", "3")
    )
    found = read(wrong)
    told = [(n.edit_id, n.severity, n.column, n.value) for n in found.notes]
    assert told == [
        ("F18", "W", "CreditHoursAttempted", "states 9, the courses add up to 3"),
        ("F18", "W", "CreditHoursAttempted", "states 4, the courses add up to 3"),
    ]
    assert rows(found, "term_enrollment", "attempted") == ["4"]


@pytest.mark.parametrize("attempted", ["10", "7", "6", "3"])
def test_schools_may_count_running_and_replaced_work_or_not(attempted: str) -> None:
    replaced = "<CourseRepeatCode>ReplacedNotCounted</CourseRepeatCode>"
    first = course("101", "F", "4", "0").replace(
        "<CourseSubject", replaced + "<CourseSubject", 1
    )
    content = session(
        first, course("101"), course("102", None), summary(attempted, "3")
    )
    assert read(transcript(content)).notes == []


def test_repeats_map_to_what_counts() -> None:
    after = "<CourseSubject"
    coded = [
        course(str(number)).replace(
            after, f"<CourseRepeatCode>{code}</CourseRepeatCode>{after}", 1
        )
        for number, code in enumerate(
            ["RepeatCounted", "ReplacementCounted", "RepeatNotCounted",
             "ReplacedNotCounted", "NotCountedOther"]
        )
    ]  # fmt: skip
    found = read(transcript(session(*coded)))
    assert rows(found, "course_result", "repeat_code") == [
        "COUNT", "COUNT", "EXCLUDE", "EXCLUDE", "EXCLUDE",
    ]  # fmt: skip


def test_work_at_another_school_is_transfer_credit() -> None:
    override = (
        "<CourseOverrideSchool><OrganizationName>Troy University</OrganizationName>"
        "<IPEDS>102368</IPEDS></CourseOverrideSchool>"
    )
    original = "<OriginalCourseID>EH 101</OriginalCourseID><CourseTitle>"
    elsewhere = course("102", more=override).replace("<CourseTitle>", original)
    found = read(
        transcript(
            session(course("101"), elsewhere, course("103", basis="AdvancedPlacement")),
            session(course("104"), month="2024-08", school="Austin College"),
        )
    )
    assert rows(found, "course_result", "course_number") == ["101"]
    assert rows(found, "term", "term_code") == ["2025-08"]
    columns = (
        "source_type", "source_code_type", "source_code", "source_name",
        "source_subject", "source_number", "equiv_type", "equiv_number",
    )  # fmt: skip
    assert rows(found, "transfer_credit", *columns) == [
        ("INSTITUTION", "UNITID", "102368", "Troy University", "EH", "101", "DIRECT",
         "102"),
        ("AP", None, None, None, "ENG", "103", "ELECTIVE", None),
        ("INSTITUTION", None, None, "Austin College", "ENG", "104", "ELECTIVE", None),
    ]  # fmt: skip
    assert found.notes == []


def test_the_senders_own_school_is_no_other_school() -> None:
    own = (
        "<School><OrganizationName>Snead</OrganizationName>"
        f"<IPEDS>{college().unitid}</IPEDS></School>"
    )
    found = read(transcript(session(course("101")), before=own))
    assert rows(found, "course_result", "course_number") == ["101"]
    assert rows(found, "transfer_credit", "source_code") == []


def test_high_school_work_and_plans_are_set_aside_and_counted() -> None:
    school = (
        "<AcademicRecord><School><OrganizationName>High</OrganizationName>"
        "<SchoolLevel>Secondary</SchoolLevel></School><AcademicAward>"
        "<AcademicAwardDate>2020-05-01</AcademicAwardDate></AcademicAward>"
        f"{course('9')}</AcademicRecord>"
    )
    planned = course("200", None).replace(
        "<CourseSubject",
        "<CourseAcademicGradeStatusCode>PlanningToTake</CourseAcademicGradeStatusCode>"
        "<CourseSubject",
        1,
    )
    content = transcript(session(course("101"), planned)).replace(
        "</Person>\n", f"</Person>\n{school}"
    )
    found = read(content)
    accounts = {one.table: one for one in found.accounts}
    assert accounts["course"].set_aside == {"high_school_course": 1, "planned": 1}
    assert accounts["award"].set_aside == {"elsewhere": 1}
    assert rows(found, "course_result", "course_number") == ["101"]
    assert found.notes == []


def test_an_own_course_without_a_session_is_quarantined() -> None:
    content = transcript(session(course("101"))).replace(
        "</AcademicRecord>", course("102") + "</AcademicRecord>"
    )
    found = read(content)
    bad = found.feeds["course_result"].bad
    assert bad["edit_id"].to_list() == ["D03"]
    assert rows(found, "course_result", "course_number") == ["101"]


def test_awards_carry_their_programme_and_the_nearest_term() -> None:
    award = (
        "<AcademicAward><AcademicAwardLevel>2.3</AcademicAwardLevel>"
        "<AcademicAwardDate>2025-12-12</AcademicAwardDate>"
        "<AcademicAwardTitle>Associate in Arts</AcademicAwardTitle>"
        "<AcademicCompletionIndicator>true</AcademicCompletionIndicator>"
        "<AcademicAwardProgram><ProgramCIPCode>24.0101</ProgramCIPCode>"
        "</AcademicAwardProgram><AcademicAwardProgram><ProgramLocalCode>AA-LIB"
        "</ProgramLocalCode></AcademicAwardProgram></AcademicAward>"
    )
    begun = award.replace("true", "false")
    found = read(
        transcript(
            session(course("101"), month="2024-08"),
            session(course("102"), month="2025-08"),
            before=award + begun,
        )
    )
    columns = ("award_id", "program_code", "award_level", "cip_code", "award_term")
    assert rows(found, "credential_award", *columns) == [
        ("1", "AA-LIB", "3", "24.0101", "2025-08")
    ]
    assert rows(found, "program", "program_code", "valid_from_term", "award_level") == [
        ("AA-LIB", "2024-08", "3")
    ]


def test_the_grade_scheme_of_the_profile_is_sent_for_the_grades_in_use() -> None:
    scheme = [
        {"grade_mode": "STANDARD", "grade_local": grade, "outcome": outcome,
         "grade_points": points, "counts_attempted": "Y", "counts_earned": earned,
         "counts_gpa": "Y"}
        for grade, outcome, points, earned in (
            ("A", "PASS", 4, "Y"), ("F", "FAIL", 0, "N"),
        )
    ]  # fmt: skip
    found = read(GOOD, GOOD.replace("A001", "A002"), grade_scheme=scheme)
    assert rows(found, "grade_scheme", "grade_local", "outcome", "grade_points") == [
        ("A", "PASS", "4")
    ]


def test_identifiers_are_typed_by_what_they_are() -> None:
    agency = (
        "<AgencyIdentifier><AgencyAssignedID>AL123</AgencyAssignedID>"
        "<AgencyCode>State</AgencyCode></AgencyIdentifier>"
    )
    content = GOOD.replace("<Birth>", f"{agency}<SSN>990-00-1000</SSN><Birth>")
    found = read(content)
    assert rows(found, "person_identifier", "id_type", "id_value") == [
        ("STATE_PS_ID", "AL123"),
        ("PSEUDO_SSN", "990001000"),
    ]


def test_the_manifest_says_one_transcript_a_file() -> None:
    with pytest.raises(FileRefusedError) as refused:
        read(GOOD, rows=2)
    assert refused.value.notes[0].edit_id == "F06"


def test_every_document_that_is_refused_is_named() -> None:
    with pytest.raises(FileRefusedError) as refused:
        read(GOOD, BOMBS["billion laughs"], GOOD[:-9])
    assert [note.file for note in refused.value.notes] == ["2.xml", "3.xml"]
