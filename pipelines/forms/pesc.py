"""A record as one PESC College Transcript, an XML document of version 1.6.

A transcript is of one sender; here the system sends, and each college has an
``AcademicRecord`` with its ``School``. Elements stand in the order of the schema
(College Transcript 1.6.0, Academic Record 1.9.0, Core Main 1.14.0), which
``data_contracts/dialects/pesc`` states for the way in. What is longer than the schema
allows is cut and stands whole in a note. Every claim has its credential id in a
``NoteMessage``: the document has no proof, the credential does. The only number of a
person in it is the learner's id, and there is no birth date: a record has none.

Belongs here: the shape of PESC. Does not belong here: what a claim is (``record``).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from textwrap import wrap

from lxml import etree

from pipelines.forms.beside import Beside, ClaimFacts, Term
from pipelines.forms.record import (
    COMMON_COURSE,
    TRANSFER,
    Claim,
    Org,
    Record,
    by_college,
)

_MESSAGE = "urn:org:pesc:message:CollegeTranscript:v1.6.0"
_RECORD = "urn:org:pesc:sector:AcademicRecord:v1.9.0"
_CORE = "urn:org:pesc:core:CoreMain:v1.14.0"

_UNITS = {"SH": "Semester", "QH": "Quarter", "CLOCK": "ClockHours",
          "CEU": "ContinuingEducationUnits", "NONE": "NoCredit"}  # fmt: skip
_SESSION_TYPES = {"SEMESTER": "Semester", "TRIMESTER": "Trimester",
                  "QUARTER": "Quarter", "MINI": "MiniTerm",
                  "OPEN": "Continuous"}  # fmt: skip
_STATES = {"Withdrew": "Withdrew", "Failed": "OtherFail", "OnHold": "Incomplete",
           "Enrolled": "NotYetReported", "InProgress": "InProgress",
           "Completed": "Completed"}  # fmt: skip
_BASES = {"AP": "AdvancedPlacement", "IB": "InternationalBaccalaureate",
          "MILITARY": "Military", "CHALLENGE_EXAM": "CreditByExam",
          "CLEP": "CreditByExam", "DSST": "CreditByExam",
          "PLA_PORTFOLIO": "LifeExperience"}  # fmt: skip
_LEVELS = {"AssociateDegree": "3", "BachelorDegree": "5", "MasterDegree": "7",
           "ResearchDoctorate": "17", "ProfessionalDoctorate": "18",
           "DoctoralDegree": "19"}  # fmt: skip
# The schema knows IPEDS' former code 1, which 20 and 21 have split.
_IPEDS_LEVELS = {
    "20": "1",
    "21": "1",
    **{str(n): str(n) for n in (*range(1, 12), 17, 18, 19)},
}
_CIP = "ext:CIP"
_NOTE = 80
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Session = tuple[str, str]


def transcript(record: Record, beside: Beside) -> bytes:
    """The document, UTF-8; the same record makes the same bytes."""
    return etree.tostring(
        _Transcript(record, beside).root,
        encoding="UTF-8",
        xml_declaration=True,
        pretty_print=True,
    )


def _add(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name)


def _put(parent: etree._Element, name: str, value: object, most: int = 0) -> None:
    """A child with text of at most ``most`` characters; nothing where there is none."""
    if value is None:
        return
    text = " ".join(_NOT_XML.sub("", _text(value)).split())
    if text:
        _add(parent, name).text = text[:most].rstrip() if most else text


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return format(Decimal(str(value)), "f")
    return str(value)


def _note(parent: etree._Element, *values: str | None) -> None:
    """Notes; what is longer than one may be goes on in the next."""
    for value in values:
        for line in wrap(value or "", _NOTE):
            _put(parent, "NoteMessage", line)


def _whole(text: str, most: int) -> str | None:
    """A text that its element has to cut, for a note."""
    return text if len(text) > most else None


class _Transcript:
    """One document while it is written."""

    def __init__(self, record: Record, beside: Beside) -> None:
        self._record = record
        self._beside = beside
        self.root = etree.Element(
            f"{{{_MESSAGE}}}CollegeTranscript",
            nsmap={"ColTrn": _MESSAGE, "AcRec": _RECORD, "core": _CORE},
        )
        self._transmission()
        student = _add(self.root, "Student")
        self._person(student)
        for college, claims in by_college(record.claims).items():
            self._academic_record(student, college, claims)

    def _transmission(self) -> None:
        record = self._record
        data = _add(self.root, "TransmissionData")
        _put(
            data, "DocumentID", record.id.removeprefix("urn:uuid:").replace("-", ""), 35
        )
        _put(data, "CreatedDateTime", record.valid_from)
        _put(data, "DocumentTypeCode", "StudentRequest")
        _put(data, "TransmissionType", "Original")
        source = _add(_add(data, "Source"), "Organization")
        _put(source, "MutuallyDefined", record.issuer.id, 60)
        _put(source, "OrganizationName", record.issuer.name, 60)
        target = _add(_add(data, "Destination"), "Organization")
        _put(target, "OrganizationName", "Whom the learner gives it to")
        _put(data, "DocumentProcessCode", "PRODUCTION")
        # Official is the signed record, which this is a copy of.
        _put(data, "DocumentOfficialCode", "Unofficial")
        _put(data, "DocumentCompleteCode", "Partial" if record.partial else "Complete")
        _note(data, f"Signed record: {record.id}", "This copy has no proof of its own.")

    def _person(self, student: etree._Element) -> None:
        person = _add(student, "Person")
        name = _add(person, "Name")
        # A record has one name, undivided.
        named = self._record.learner_name or "Unknown"
        _put(name, "CompositeName", named, 45)
        _note(name, _whole(named, 45))
        _note(person, f"Learner: {self._record.learner_id}")

    def _academic_record(
        self, student: etree._Element, college: Org, claims: list[Claim]
    ) -> None:
        record = _add(student, "AcademicRecord")
        self._school(_add(record, "School"), college)
        of: dict[str, list[Claim]] = {}
        for claim in claims:
            of.setdefault(claim.kind, []).append(claim)
        for claim in of.get("award", ()):
            self._award(_add(record, "AcademicAward"), claim)
        for claim in of.get("standing", ()):
            self._summary(_add(record, "AcademicSummary"), claim)
        taught = [*of.get("course", ()), *of.get("transfer", ())]
        sessions, loose = self._sessions(taught)
        for held, courses in sessions:
            self._session(_add(record, "AcademicSession"), held, courses)
        for claim in loose:
            self._course(_add(record, "Course"), claim)
        self._achievements(record, of)

    def _school(self, school: etree._Element, org: Org) -> None:
        facts = self._beside.of_org(org.id)
        _put(school, "OrganizationName", org.name, 60)
        _put(school, "OPEID", facts.opeid8, 8)
        _put(school, "IPEDS", facts.unitid)
        if facts.code and facts.state:
            local = _add(school, "LocalOrganizationID")
            _put(local, "LocalOrganizationIDCode", facts.code, 35)
            _put(local, "LocalOrganizationIDQualifier", facts.state)

    def _award(self, award: etree._Element, claim: Claim) -> None:
        level = self._beside.of(claim.id).award_level
        stated = _IPEDS_LEVELS.get(level or "") or _LEVELS.get(claim.type)
        _put(award, "AcademicAwardLevel", stated)
        _put(award, "AcademicAwardDate", claim.awarded)
        _put(award, "AcademicAwardTitle", claim.name, 400)
        honours = re.match("Honors: (.+)", claim.narrative or "")
        if honours:
            _put(_add(award, "AcademicHonors"), "HonorsTitle", honours[1], 30)
        _put(award, "AcademicCompletionIndicator", "true")
        cip = _cip(claim)
        if cip or claim.field_of_study:
            program = _add(award, "AcademicAwardProgram")
            _put(program, "ProgramCIPCode", cip, 20)
            _put(program, "AcademicProgramType", "Major")
            _put(program, "AcademicProgramName", claim.field_of_study, 60)
        if claim.code:
            program = _add(award, "AcademicAwardProgram")
            _put(program, "ProgramLocalCode", claim.code, 80)
        if claim.specialization:
            program = _add(award, "AcademicAwardProgram")
            _put(program, "AcademicProgramType", "Concentration")
            _put(program, "AcademicProgramName", claim.specialization, 60)
        average = claim.result("GradePointAverage")
        if average:
            _put(
                _add(_add(award, "AcademicSummary"), "GPA"),
                "GradePointAverage",
                average,
            )
        rest = None if honours else claim.narrative
        _note(award, *_further(claim), rest, claim.id)

    def _summary(self, summary: etree._Element, claim: Claim) -> None:
        _put(summary, "AcademicSummaryType", "Cumulative")
        average = claim.result("GradePointAverage")
        if average:
            _put(_add(summary, "GPA"), "GradePointAverage", average)
        term = f"As of {claim.term}" if claim.term else None
        _note(summary, claim.description, term, claim.narrative, claim.id)

    def _sessions(
        self, claims: Iterable[Claim]
    ) -> tuple[list[tuple[Term, list[Claim]]], list[Claim]]:
        """Courses by term in time; those that no dated term holds by themselves."""
        sessions: dict[Session, tuple[Term, list[Claim]]] = {}
        loose = []
        for claim in claims:
            term = self._beside.of(claim.id).term
            if term is None and claim.term:
                term = Term("", claim.term, None, claim.start, claim.end, None)
            if term is None or term.start is None:
                loose.append(claim)
            else:
                key = term.code, term.title
                sessions.setdefault(key, (term, []))[1].append(claim)
        in_time = sorted(sessions.values(), key=lambda one: (one[0].start, one[0].code))
        return in_time, loose

    def _session(
        self, session: etree._Element, term: Term, claims: Iterable[Claim]
    ) -> None:
        detail = _add(session, "AcademicSessionDetail")
        _put(detail, "SessionDesignator", str(term.start)[:7])
        if len(term.code) <= 10:
            _put(detail, "SessionDesignatorSuffix", term.code)
        _put(detail, "SessionName", term.title, 30)
        _put(detail, "SessionType", _SESSION_TYPES.get(term.type or "", "Other"))
        if term.academic_year_end:
            year = term.academic_year_end
            _put(detail, "SessionSchoolYear", f"{year - 1}-{year}")
        _put(detail, "SessionBeginDate", term.start)
        _put(detail, "SessionEndDate", term.end)
        for claim in claims:
            self._course(_add(session, "Course"), claim)

    def _course(self, course: etree._Element, claim: Claim) -> None:
        facts = self._beside.of(claim.id)
        _put(course, "CourseCreditBasis", _basis(claim, facts))
        clock = claim.result("ext:ClockHours")
        unit = facts.unit or ("CLOCK" if clock and claim.credits is None else None)
        _put(course, "CourseCreditUnits", _UNITS.get(unit or ""))
        _put(course, "CourseCreditValue", claim.credits_available)
        _put(course, "CourseCreditEarned", claim.credits)
        _put(course, "CourseAcademicGrade", claim.grade, 10)
        _put(course, "CourseAcademicGradeStatusCode", _STATES.get(claim.status or ""))
        _put(course, "CourseCIPCode", _cip(claim), 10)
        subject, number = _divided(claim.code)
        _put(course, "CourseSubjectAbbreviation", subject, 10)
        _put(course, "CourseNumber", number, 15)
        if claim.kind == "transfer":
            self._as_sent(course, claim)
        common = [tag for tag in claim.tags if tag.startswith(COMMON_COURSE)]
        if common:
            _put(course, "AgencyCourseID", common[0].removeprefix(COMMON_COURSE), 30)
        _put(course, "CourseTitle", claim.name, 60)
        if claim.kind == "transfer":
            # By name: with its number the sender would take it for a course of its own.
            sender = _add(course, "CourseOverrideSchool")
            _put(sender, "OrganizationName", claim.source.name, 60)
        _put(course, "CourseBeginDate", claim.start)
        _put(course, "CourseEndDate", claim.end)
        dated = "Accepted" if claim.kind == "transfer" else "Graded"
        _note(
            course,
            _whole(claim.name, 60),
            f"{dated} {claim.awarded}" if claim.awarded else None,
            f"Clock hours: {clock}" if clock else None,
            *(tag for tag in claim.tags if tag not in (*common[:1], TRANSFER)),
            claim.id,
        )

    def _as_sent(self, course: etree._Element, claim: Claim) -> None:
        codes = [str(one["humanCode"]) for one in self._record.sent_as(claim)
                 if one.get("humanCode")]  # fmt: skip
        _put(course, "OriginalCourseID", "; ".join(codes), 30)

    def _achievements(
        self, record: etree._Element, of: Mapping[str, list[Claim]]
    ) -> None:
        """What is no course, award or average, by name and day."""
        told: list[tuple[str, Claim]] = [
            *(("Attribute", claim) for kind in ("experience", "noncredit", "badge")
              for claim in of.get(kind, ())),
            *(("Proficiency", claim) for claim in of.get("skill", ())),
        ]  # fmt: skip
        licences = of.get("certification", [])
        if not told and not licences:
            return
        achieved = _add(record, "AdditionalStudentAchievements")
        for element, claim in told:
            one = _add(achieved, element)
            _put(one, "RAPName", claim.name, 60)
            _put(one, "RAPSubName", _below(claim), 60)
            _put(one, "ConditionsMetCode", "Yes")
            _put(one, "ConditionsMetDate", claim.awarded)
            _note(
                one,
                _whole(claim.name, 60),
                claim.description if claim.kind == "experience" else None,
                _held(claim),
                *_further(claim),
                claim.narrative,
                claim.id,
            )
        for claim in licences:
            one = _add(achieved, "Licensure")
            _put(one, "LicensureName", claim.name, 60)
            _put(one, "LicensurePassageDate", claim.awarded)
            _put(one, "LicensureFulfillmentCode", "Complete")
            body = f"Issued by {claim.creator.name}" if claim.creator else None
            _note(one, _whole(claim.name, 60), body, claim.id)


def _basis(claim: Claim, facts: ClaimFacts) -> str:
    if claim.kind == TRANSFER:
        return _BASES.get(facts.source_type or "", "Regular")
    return "Remedial" if "developmental" in claim.tags else "Regular"


def _cip(claim: Claim) -> str | None:
    return next((one.code for one in claim.targets if one.type == _CIP), None)


def _divided(code: str | None) -> tuple[str | None, str | None]:
    subject, _, number = (code or "").rpartition(" ")
    return subject or None, number or None


def _below(claim: Claim) -> str | None:
    """The framework of a skill, the category of an experience, else its type."""
    if claim.kind == "skill":
        return next((one.framework for one in claim.targets), None)
    if claim.kind == "experience" and claim.category:
        return claim.category.name
    return claim.type.removeprefix("ext:")


def _held(claim: Claim) -> str | None:
    days = [str(day) for day in (claim.start, claim.end) if day]
    return f"Held {' to '.join(days)}" if days else None


def _further(claim: Claim) -> list[str]:
    """Results that have no element, and when it ends."""
    told = [f"{name}: {value}" for name, type_, value in claim.results
            if type_ not in ("GradePointAverage", "LetterGrade")]  # fmt: skip
    if claim.valid_until:
        told.append(f"Valid until {claim.valid_until}")
    return told
