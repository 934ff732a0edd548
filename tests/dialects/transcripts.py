"""Transcripts made for tests: small documents in schema order, and their reading."""

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import College
from pipelines.dialects.source import Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.package.manifest import DeclaredFile

DAY = date(2026, 9, 1)
_HEAD = (
    '<t:CollegeTranscript xmlns:t="urn:org:pesc:message:CollegeTranscript:v1.6.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="urn:org:pesc http://127.0.0.1:9/never-fetched.xsd">'
)


def college(**settings: Any) -> College:
    """A college that speaks PESC."""
    one = load_contracts().colleges["SNEAD"]
    return replace(one, dialect="pesc", dialect_settings={"pesc": settings})


def course(
    number: str = "101",
    grade: str | None = "A",
    value: str = "3",
    earned: str = "3",
    more: str = "",
    basis: str = "Regular",
) -> str:
    """A course; ``more`` stands after the title."""
    graded = f"<CourseAcademicGrade>{grade}</CourseAcademicGrade>" if grade else ""
    credit = f"<CourseCreditEarned>{earned}</CourseCreditEarned>" if grade else ""
    return (
        f"<Course><CourseCreditBasis>{basis}</CourseCreditBasis>"
        "<CourseCreditUnits>Semester</CourseCreditUnits>"
        "<CourseCreditLevel>LowerDivision</CourseCreditLevel>"
        f"<CourseCreditValue>{value}</CourseCreditValue>{credit}{graded}"
        "<CourseSubjectAbbreviation>ENG</CourseSubjectAbbreviation>"
        f"<CourseNumber>{number}</CourseNumber>"
        f"<CourseTitle>English {number}</CourseTitle>{more}</Course>\n"
    )


def summary(attempted: str, earned: str, kind: str = "SenderOnly") -> str:
    """A summary of a session or a record."""
    return (
        f"<AcademicSummary><AcademicSummaryType>{kind}</AcademicSummaryType>"
        f"<GPA><CreditHoursAttempted>{attempted}</CreditHoursAttempted>"
        f"<CreditHoursEarned>{earned}</CreditHoursEarned></GPA></AcademicSummary>\n"
    )


def session(
    *content: str, month: str = "2025-08", suffix: str = "", school: str = ""
) -> str:
    """A session of an own or another school."""
    told = f"<SessionDesignatorSuffix>{suffix}</SessionDesignatorSuffix>" * bool(suffix)
    other = f"<School><OrganizationName>{school}</OrganizationName></School>"
    return (
        f"<AcademicSession><AcademicSessionDetail><SessionDesignator>{month}"
        f"</SessionDesignator>{told}<SessionName>Fall {month[:4]}</SessionName>"
        "<SessionType>Semester</SessionType></AcademicSessionDetail>\n"
        + (other if school else "")
        + "".join(content)
        + "</AcademicSession>\n"
    )


def transcript(
    *sessions: str, student: str = "A001", before: str = "", person: str = ""
) -> str:
    """A whole document; ``before`` stands first in the academic record."""
    return (
        f"{_HEAD}\n<TransmissionData><DocumentID>1</DocumentID></TransmissionData>\n"
        f"<Student><Person><SchoolAssignedPersonID>{student}</SchoolAssignedPersonID>"
        "<Birth><BirthDate>1999-05-17</BirthDate></Birth><Name><FirstName>María"
        f"</FirstName><LastName>Núñez</LastName></Name>{person}</Person>\n"
        f"<AcademicRecord>\n{before}{''.join(sessions)}</AcademicRecord>\n"
        "</Student></t:CollegeTranscript>"
    )


def source(content: str | bytes, name: str = "1.xml", rows: int = 1) -> Source:
    """The document as a delivered file."""
    data = content.encode() if isinstance(content, str) else content
    declared = DeclaredFile(
        feed="transcript",
        name=name,
        rows=rows,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return Source(declared, data)


def read(*contents: str | bytes, rows: int = 1, **settings: Any) -> Translation:
    """What the dialect makes of one package of transcripts."""
    contracts = load_contracts()
    sources = [
        source(content, f"{number}.xml", rows)
        for number, content in enumerate(contents, start=1)
    ]
    dialect = contracts.dialects["pesc"]
    return translate(dialect, sources, college(**settings), DAY, contracts)


def rows(found: Translation, feed: str, *columns: str) -> list[Any]:
    """Rows of a feed as they stand: values of one column, or tuples of several."""
    frame = found.feeds[feed].frame.sort("_file", "_line").select(columns)
    return frame.to_series().to_list() if len(columns) == 1 else frame.rows()
