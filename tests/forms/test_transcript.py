"""A transcript where PESC has less room, or another place, than a record."""

import json
from datetime import date

import pytest
from lxml import etree
from measured import BESIDE, everything, profile, record_of

from pipelines.forms.beside import NOTHING, Beside, ClaimFacts, Term
from pipelines.forms.page import page
from pipelines.forms.pesc import transcript
from pipelines.forms.record import Record


def course_record(**changed) -> Record:
    (kind,) = (one for one in profile().kinds if one.kind == "course")
    whole = record_of(kind)
    (claim,) = whole["credentialSubject"]["verifiableCredential"]
    claim["credentialSubject"].update(changed)
    return Record.of(json.dumps(whole))


def clocked() -> Record:
    whole = course_record().body
    (claim,) = whole["credentialSubject"]["verifiableCredential"]
    subject = claim["credentialSubject"]
    del subject["creditsEarned"], subject["achievement"]["creditsAvailable"]
    hours = "urn:uuid:3d000000-0000-5000-8000-000000000001"
    subject["achievement"]["resultDescription"].append(
        {
            "id": hours,
            "type": ["ResultDescription"],
            "name": "Clock hours",
            "resultType": "ext:ClockHours",
        }
    )
    subject["result"] = [
        {"type": ["Result"], "resultDescription": hours, "value": "216"}
    ]
    return Record.of(json.dumps(whole))


def told(record: Record, known: Beside = NOTHING) -> etree._Element:
    return etree.fromstring(transcript(record, known))


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(one.text) for one in root.iterfind(path)]


def test_clock_hours_are_no_credit_hours():
    record = clocked()
    course = told(record).find(".//Course")
    assert course.findtext("CourseCreditUnits") == "ClockHours"
    assert course.find("CourseCreditEarned") is None
    assert "Clock hours: 216" in texts(course, "NoteMessage")
    assert '216<span class="under">clock hours</span>' in page(record, NOTHING)


def test_what_is_too_long_is_cut_and_stands_whole_in_notes():
    whole = course_record().body
    title = "Fundamentals of " + "very " * 12 + "long titles of courses in catalogues"
    (claim,) = whole["credentialSubject"]["verifiableCredential"]
    claim["credentialSubject"]["achievement"]["name"] = title
    name = "María de los Ángeles " * 3 + "Núñez"
    whole["credentialSubject"]["identifier"][0]["identityHash"] = name
    root = told(Record.of(json.dumps(whole)))
    course = root.find(".//Course")
    assert course.findtext("CourseTitle") == title[:60].rstrip()
    assert title in " ".join(texts(course, "NoteMessage"))
    person = root.find("Student/Person/Name")
    assert person.findtext("CompositeName") == name[:45].rstrip()
    assert name in " ".join(texts(person, "NoteMessage"))
    assert all(len(one) <= 80 for one in texts(root, ".//NoteMessage"))


def test_letters_that_xml_cannot_have_are_left_out():
    whole = course_record(term="Fall\x0b 2025\x00").body
    root = told(Record.of(json.dumps(whole)))
    assert root.findtext(".//SessionName") == "Fall 2025"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("Withdrew", "Withdrew"),
        ("Failed", "OtherFail"),
        ("OnHold", "Incomplete"),
        ("Enrolled", "NotYetReported"),
        ("InProgress", "InProgress"),
    ],
)
def test_a_status_has_a_code_of_pesc(status, code):
    record = course_record(result=[{"type": ["Result"], "status": status}])
    assert texts(told(record), ".//CourseAcademicGradeStatusCode") == [code]


def test_a_term_is_that_of_the_published_tables_and_a_course_without_one_stands_alone():
    record = course_record()
    (claim,) = record.claims
    term = Term(
        "202620", "Spring 2026", "QUARTER", date(2026, 1, 8), date(2026, 3, 27), 2026
    )
    known = Beside({claim.id: ClaimFacts(unit="QH", term=term)})
    root = told(record, known)
    detail = root.find(".//AcademicSessionDetail")
    assert {one.tag: one.text for one in detail} == {
        "SessionDesignator": "2026-01",
        "SessionDesignatorSuffix": "202620",
        "SessionName": "Spring 2026",
        "SessionType": "Quarter",
        "SessionSchoolYear": "2025-2026",
        "SessionBeginDate": "2026-01-08",
        "SessionEndDate": "2026-03-27",
    }
    assert root.findtext(".//CourseCreditUnits") == "Quarter"
    whole = course_record().body
    (body,) = whole["credentialSubject"]["verifiableCredential"]
    for name in ("term", "activityStartDate", "activityEndDate"):
        del body["credentialSubject"][name]
    alone = told(Record.of(json.dumps(whole)))
    assert alone.find("Student/AcademicRecord/Course") is not None
    assert alone.find(".//AcademicSession") is None


def test_what_is_no_course_or_award_has_its_place():
    root = told(Record.of(json.dumps(everything())), BESIDE)
    achieved = root.find(".//AdditionalStudentAchievements")
    assert "Peer Mentor" in texts(achieved, "Attribute/RAPName")
    assert "Leadership" in texts(achieved, "Attribute/RAPSubName")
    assert texts(achieved, "Proficiency/RAPName") == ["Active Listening"]
    assert root.findtext(".//DocumentCompleteCode") == "Partial"
    assert root.findtext(".//School/IPEDS") == "101240"
