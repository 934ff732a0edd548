"""A college that sends one PESC College Transcript a student.

The inverse of ``data_contracts/dialects/pesc``. What the schema has no place for stands
in UserDefinedExtensions, as colleges do it. With it go what real transcripts bring and
nobody may count: the high school's record, a planned course, a summary of the whole
record, a second summary of a term, a casual name; and every third file is UTF-16
without an XML declaration, like the public sample transcript.

Belongs here: rows to documents. Does not belong here: any rule that reads them back.
"""

import codecs
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import polars as pl
from lxml import etree

from pipelines.sample.dialects import TableFile

CARRIES = frozenset(
    {
        "person",
        "person_name",
        "person_identifier",
        "course_result",
        "term_enrollment",
        "transfer_credit",
        "credential_award",
    }
)

SETTINGS: Mapping[str, Any] = {
    # The calendar and the programmes come as generic files beside the transcripts.
    "terms_from_sessions": "N",
    "programs_from_awards": "N",
    "term_code_from": "suffix",
}
"""What the profile of such a college says under ``dialect_settings: {pesc: …}``."""

_MESSAGE = "urn:org:pesc:message:CollegeTranscript:v1.6.0"
_RECORD = "urn:org:pesc:sector:AcademicRecord:v1.9.0"
_CORE = "urn:org:pesc:core:CoreMain:v1.14.0"
_LOCAL = "urn:x-college:transcript-extensions:1"

_LEVELS = {"UG": "Undergraduate", "DE": "DualHighSchoolCollege", "TC": "Vocational",
           "ND": "Ungraded"}  # fmt: skip
_UNITS = {"SH": "Semester", "QH": "Quarter", "CLOCK": "ClockHours",
          "CEU": "ContinuingEducationUnits", "NONE": "NoCredit"}  # fmt: skip
_SESSION_TYPES = {"SEMESTER": "Semester", "TRIMESTER": "Trimester",
                  "QUARTER": "Quarter", "MINI": "MiniTerm",
                  "OPEN": "Continuous"}  # fmt: skip
_REPEATS = {"COUNT": "ReplacementCounted", "EXCLUDE": "ReplacedNotCounted"}
_SITES = {"F2F": "OnCampus", "ONLINE_ASYNC": "Telecommunication",
          "CORRECTIONAL": "Correctional", "CLINICAL": "ClinicHospital",
          "WORKSITE": "OffCampus"}  # fmt: skip
_SCALES = {"STANDARD": "25", "PASS_FAIL": "501"}
_NAME_CODES = {"LEGAL": "Legal", "FORMER": "Former", "PREFERRED": "Nickname",
               "DIPLOMA": "Formal"}  # fmt: skip
_SCHOOL_CODES = {"UNITID": "IPEDS", "OPEID8": "OPEID", "OPEID6": "OPEID",
                 "FICE": "FICE", "CEEB": "CEEBACT", "ATP": "ATP"}  # fmt: skip
_BASES = {"AP": "AdvancedPlacement", "IB": "InternationalBaccalaureate",
          "MILITARY": "Military", "CHALLENGE_EXAM": "CreditByExam",
          "PLA_PORTFOLIO": "LifeExperience"}  # fmt: skip

Row = Mapping[str, str | None]


def tables(
    text: Mapping[str, pl.DataFrame], college: Mapping[str, Any]
) -> list[TableFile]:
    """One document a student of the package; without a name if no person row came.

    Args:
        text: Feeds as strings under the names of the files; ``term`` is read too.
        college: The sender's profile.
    """
    by_student = {
        name: _grouped(text[name]) for name in sorted(CARRIES) if name in text
    }
    persons = by_student.pop("person")
    # A window of terms may hold rows of students whose own row did not change.
    nobody = dict.fromkeys(text["person"].columns)
    for student in sorted({s for rows in by_student.values() for s in rows}):
        persons.setdefault(student, [{**nobody, "student_id": student}])
    terms = {str(row["term_code"]): row for row in text["term"].iter_rows(named=True)}
    files = []
    for number, (student, (person,)) in enumerate(persons.items(), start=1):
        parts = {name: rows.get(student, []) for name, rows in by_student.items()}
        root = _Transcript(number, person, parts, terms, college).root
        files.append(
            TableFile(
                table="transcript",
                name=f"transcript_{number:06}.xml",
                rows=1,
                data=_bytes(root, number),
            )
        )
    return files


def _grouped(frame: pl.DataFrame) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        found[str(row["student_id"])].append(row)
    return found


def _bytes(root: etree._Element, number: int) -> bytes:
    etree.indent(root)
    if number % 3 == 0:
        text = etree.tostring(root, encoding="unicode")
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A child; without text nothing is added where a text was meant."""
    child = etree.SubElement(parent, name)
    child.text = text
    return child


def _put(parent: etree._Element, **values: str | None) -> None:
    """Children with text, in the order given; null ones are left out."""
    for name, value in values.items():
        if value is not None:
            _add(parent, name, value)


def _extend(parent: etree._Element, name: str, **values: str | None) -> None:
    """UserDefinedExtensions with one element of the college's, if it has content."""
    if any(value is not None for value in values.values()):
        extensions = _add(parent, "UserDefinedExtensions")
        own = etree.SubElement(extensions, f"{{{_LOCAL}}}{name}", nsmap={"x": _LOCAL})
        for key, value in values.items():
            if value is not None:
                etree.SubElement(own, f"{{{_LOCAL}}}{key}").text = value


class _Transcript:
    """One document while it is written."""

    def __init__(
        self,
        number: int,
        person: Row,
        parts: Mapping[str, list[Row]],
        terms: Mapping[str, Row],
        college: Mapping[str, Any],
    ) -> None:
        self._number = number
        self._parts = parts
        self._terms = terms
        self.root = etree.Element(
            f"{{{_MESSAGE}}}CollegeTranscript",
            nsmap={"ColTrn": _MESSAGE, "AcRec": _RECORD, "core": _CORE},
        )
        self._transmission(college)
        student = _add(self.root, "Student")
        self._person(student, person)
        if number % 5 == 0:
            self._high_school_record(student)
        self._own_record(student)
        self._records_elsewhere(student)
        self._student_extensions(student, person)

    def _transmission(self, college: Mapping[str, Any]) -> None:
        data = _add(self.root, "TransmissionData")
        _put(
            data,
            DocumentID=f"{self._number:09}",
            CreatedDateTime="2026-09-01T02:00:00Z",
            DocumentTypeCode="InstitutionRequest",
            TransmissionType="Original",
        )
        source = _add(_add(data, "Source"), "Organization")
        _put(source, IPEDS=college.get("unitid"), OrganizationName=college.get("name"))
        target = _add(_add(data, "Destination"), "Organization")
        _put(target, OrganizationName="State learner record")

    def _person(self, student: etree._Element, row: Row) -> None:
        person = _add(student, "Person")
        _put(person, SchoolAssignedPersonID=row["student_id"])
        if row["birth_date"] is not None:
            _put(_add(person, "Birth"), BirthDate=row["birth_date"])
        self._name(person, "Name", row, "Legal")
        for former in self._parts.get("person_name", []):
            self._former_name(person, former)
        if self._number % 7 == 0:
            # A casual name that the history does not keep.
            _put(_add(person, "AlternateName"), NameCode="Casual", FirstName="Buddy")
        if row["high_school_code"] is not None:
            school = _add(person, "HighSchool")
            _put(school, OrganizationName="High School")
            _put(school, MutuallyDefined=row["high_school_code"])
        self._contacts(person, row)
        gender = {"M": "Male", "F": "Female", "U": "Unreported"}.get(row["sex"] or "")
        if gender is not None:
            _put(_add(person, "Gender"), GenderCode=gender)

    def _name(self, person: etree._Element, tag: str, row: Row, code: str) -> None:
        _put(
            _add(person, tag),
            NameCode=code,
            FirstName=row["first_name"],
            MiddleName=row["middle_name"],
            LastName=row["last_name"],
            NameSuffix=row["suffix"],
        )

    def _former_name(self, person: etree._Element, row: Row) -> None:
        kind = str(row["name_type"])
        self._name(person, "AlternateName", row, _NAME_CODES[kind])
        name = person[-1]
        _add(name, "NoteMessage", f"TYPE:{kind}")
        for label, column in (
            ("EFFECTIVE", "effective_from"),
            ("UPDATED", "record_updated_at"),
        ):
            if row[column] is not None:
                _add(name, "NoteMessage", f"{label}: {row[column]}")

    def _contacts(self, person: etree._Element, row: Row) -> None:
        contacts = _add(person, "Contacts")
        if row["address_line1"] is not None:
            address = _add(contacts, "Address")
            _put(address, AddressLine=row["address_line1"])
            _put(address, AddressLine=row["address_line2"])
            _put(
                address,
                City=row["city"],
                StateProvinceCode=row["state"],
                PostalCode=row["postal_code"],
                CountryCode=row["country"],
            )
        if row["phone"] is not None:
            _put(_add(contacts, "Phone"), PhoneNumber=row["phone"])
        if row["email_personal"] is not None:
            _put(_add(contacts, "Email"), EmailAddress=row["email_personal"])

    def _student_extensions(self, student: etree._Element, row: Row) -> None:
        plain = row["birth_date"] is not None and row["birth_date_quality"] == "FULL"
        _extend(
            student,
            "Student",
            SourceKey=row["source_pk"],
            BirthDateQuality=None if plain else row["birth_date_quality"],
            Sex=None if row["sex"] in ("M", "F", "U") else row["sex"],
            PreferredFirstName=row["preferred_first_name"],
            CollegeEmailAddress=row["email_college"],
            HighSchoolGraduationYear=row["high_school_grad_year"],
            FirstTermCode=row["first_term_code"],
            UpdatedAt=row["record_updated_at"],
        )
        rows = self._parts.get("person_identifier", [])
        if not rows:
            return
        if student[-1].tag != "UserDefinedExtensions":
            _add(student, "UserDefinedExtensions")
        for one in rows:
            # PESC has an SSN and agency ids, but neither their dates nor their history.
            own = etree.SubElement(
                student[-1], f"{{{_LOCAL}}}Identifier", nsmap={"x": _LOCAL}
            )
            for tag, column in (
                ("Type", "id_type"),
                ("Value", "id_value"),
                ("Issuer", "issuer"),
                ("IsCurrent", "is_current"),
                ("ValidFrom", "valid_from"),
                ("ValidTo", "valid_to"),
                ("UpdatedAt", "record_updated_at"),
            ):
                if one[column] is not None:
                    etree.SubElement(own, f"{{{_LOCAL}}}{tag}").text = one[column]

    def _high_school_record(self, student: etree._Element) -> None:
        record = _add(student, "AcademicRecord")
        school = _add(record, "School")
        _put(school, OrganizationName="High School", SchoolLevel="Secondary")
        award = _add(record, "AcademicAward")
        _put(
            award,
            AcademicAwardLevel="B18",
            AcademicAwardDate="2015-05-20",
            AcademicAwardTitle="High School Diploma",
            AcademicCompletionIndicator="true",
        )
        course = _add(record, "Course")
        _put(
            course,
            CourseCreditBasis="HighSchoolCreditOnly",
            CourseCreditUnits="CarnegieUnits",
            CourseCreditValue="1",
            CourseAcademicGrade="A",
            CourseTitle="Algebra II",
        )

    def _own_record(self, student: etree._Element) -> None:
        record = _add(student, "AcademicRecord")
        for award in self._parts.get("credential_award", []):
            self._award(record, award)
        courses: dict[str, list[Row]] = defaultdict(list)
        for row in self._parts.get("course_result", []):
            courses[str(row["term_code"])].append(row)
        sums: dict[str, list[Row]] = defaultdict(list)
        for row in self._parts.get("term_enrollment", []):
            sums[str(row["term_code"])].append(row)
        self._whole_summary(record, self._parts.get("term_enrollment", []))
        for code in sorted({*courses, *sums}):
            self._session(record, code, courses[code], sums[code])
        for row in self._parts.get("transfer_credit", []):
            if row["source_type"] != "INSTITUTION":
                self._transfer(record, row)
        if self._number % 4 == 0:
            _put(
                _add(record, "Course"),
                CourseCreditBasis="Regular",
                CourseCreditValue="3",
                CourseAcademicGradeStatusCode="PlanningToTake",
                CourseTitle="A course for next year",
            )

    def _whole_summary(self, record: etree._Element, rows: list[Row]) -> None:
        """A control total over the record: what is attempted in all its terms."""
        if not rows:
            return
        summary = _add(record, "AcademicSummary")
        _put(summary, AcademicSummaryType="SenderOnly")
        total = sum(int((row["attempted"] or "0").replace(".", "")) for row in rows)
        _put(
            _add(summary, "GPA"),
            CreditHoursAttempted=f"{total / 1000:.3f}",
            CreditUnit=_UNITS[str(rows[0]["credit_unit"])],
        )

    def _session(
        self, record: etree._Element, code: str, courses: list[Row], sums: list[Row]
    ) -> None:
        session = _add(record, "AcademicSession")
        term = self._terms[code]
        year = int(term["academic_year_end"] or 0)
        _put(
            _add(session, "AcademicSessionDetail"),
            SessionDesignator=str(term["start_date"])[:7],
            SessionDesignatorSuffix=code,
            SessionName=term["title"],
            SessionType=_SESSION_TYPES.get(str(term["term_type"]), "Other"),
            SessionSchoolYear=f"{year - 1}-{year}",
            SessionBeginDate=term["start_date"],
            SessionEndDate=term["end_date"],
        )
        for row in courses:
            self._course(session, row)
        for row in sums:
            self._summary(session, row)

    def _summary(self, session: etree._Element, row: Row) -> None:
        level = _LEVELS[str(row["level"])]
        if self._number % 2:
            other = _add(session, "AcademicSummary")
            _put(other, AcademicSummaryType="All", AcademicSummaryLevel=level)
            _put(_add(other, "GPA"), CreditHoursAttempted=row["attempted"])
        summary = _add(session, "AcademicSummary")
        _put(summary, AcademicSummaryType="SenderOnly", AcademicSummaryLevel=level)
        _put(
            _add(summary, "GPA"),
            CreditHoursAttempted=row["attempted"],
            CreditHoursEarned=row["earned"],
            CreditUnit=_UNITS[str(row["credit_unit"])],
            GradePointAverage=row["term_gpa"],
            TotalQualityPoints=row["quality_points"],
            CreditHoursforGPA=row["gpa_credits"],
        )
        natural = "Y" if row["level"] == "DE" else "N"
        _extend(
            summary,
            "Term",
            StudentType=row["student_type"],
            Residency=row["residency"],
            DualEnrollment=_unless(row["dual_enrollment"], natural),
            AcademicStanding=row["academic_standing"],
            CumulativeGradePointAverage=row["cum_gpa"],
            UpdatedAt=row["record_updated_at"],
        )

    def _course(self, session: etree._Element, row: Row) -> None:
        course = _add(session, "Course")
        mode, grade = str(row["grade_mode"]), row["grade_local"]
        status = _status_code(row)
        value = row["attempted_credit"]
        counts = _gpa_applicability(row)
        _put(
            course,
            CourseCreditBasis="Remedial" if mode == "DEVELOPMENTAL" else "Regular",
            CourseCreditUnits=_UNITS[str(row["credit_unit"])],
            CourseCreditLevel=_LEVELS[str(row["level"])],
            CourseCreditValue=value,
            CourseCreditEarned=row["earned_credit"],
            CourseAcademicGradeScaleCode=_SCALES.get(mode),
            CourseAcademicGrade=grade,
            CourseAcademicGradeStatusCode=status,
            CourseRepeatCode=_REPEATS[row["repeat_code"]]
            if row["repeat_code"]
            else None,
            CourseQualityPointsEarned=row["quality_points"],
            CourseGPAApplicabilityCode=counts,
            CourseSubjectAbbreviation=row["subject"],
            CourseNumber=row["course_number"],
            CourseTitle=row["title"],
            CourseBeginDate=row["start_date"],
            CourseEndDate=row["end_date"],
            CourseInstructionSite=_SITES.get(row["delivery"] or ""),
        )
        told = {"AUDIT": "AUDIT", "WITHDRAWN": "WITHDRAWN", "ENROLLED": "ENROLLED"}
        natural = told.get(str(row["registration_status"]))
        if row["registration_status"] == "COMPLETED" and grade is not None:
            natural = "COMPLETED"
        _extend(
            course,
            "Course",
            SectionID=row["section_id"],
            AttemptSequence=_unless(row["attempt_seq"], "1"),
            RegistrationStatus=_unless(row["registration_status"], natural),
            StatusDate=row["status_date"],
            GPACredit=row["gpa_credit"] if counts is None else None,
            GradeMode=_unless(mode, _natural_mode(row, status)),
            GradeSequence=row["grade_seq"],
            GradePostedDate=row["grade_posted_on"],
            GradeChangeCode=row["grade_change_code"],
            IncompleteExpirationDate=row["incomplete_expires_on"],
            LastAttendanceDate=row["last_attendance_date"],
            ClockHoursScheduled=row["clock_hours_scheduled"],
            ClockHoursAttended=row["clock_hours_attended"],
            DualEnrollment=_unless(
                row["dual_enrollment"], "Y" if row["level"] == "DE" else "N"
            ),
            Delivery=None if row["delivery"] in _SITES else row["delivery"],
            UpdatedAt=row["record_updated_at"],
        )

    def _award(self, record: etree._Element, row: Row) -> None:
        award = _add(record, "AcademicAward")
        _put(
            award,
            AcademicAwardLevel=row["award_level"],
            AcademicAwardDate=row["awarded_on"],
            AcademicAwardTitle=row["title"],
        )
        if row["honors"] is not None:
            _put(_add(award, "AcademicHonors"), HonorsTitle=row["honors"])
        _put(award, AcademicCompletionIndicator="true")
        classified = _add(award, "AcademicAwardProgram")
        _put(classified, ProgramCIPCode=row["cip_code"], AcademicProgramType="Major")
        _extend(
            classified,
            "Award",
            AwardID=row["award_id"],
            CredentialType=row["credential_type"],
            AwardTerm=row["award_term"],
            AwardStatus=_unless(row["status"], "AWARDED"),
            ReverseTransfer=_unless(row["reverse_transfer"], "N"),
            CTID=row["ctid"],
            UpdatedAt=row["record_updated_at"],
        )
        local = _add(award, "AcademicAwardProgram")
        _put(local, ProgramLocalCode=row["program_code"])
        if row["credits_at_award"] is not None or row["gpa_at_award"] is not None:
            _put(
                _add(_add(award, "AcademicSummary"), "GPA"),
                CreditHoursEarned=row["credits_at_award"],
                GradePointAverage=row["gpa_at_award"],
            )

    def _records_elsewhere(self, student: etree._Element) -> None:
        schools: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
        for row in self._parts.get("transfer_credit", []):
            if row["source_type"] == "INSTITUTION":
                key = row["source_code_type"], row["source_code"], row["source_name"]
                schools[key].append(row)
        for (kind, code, name), rows in schools.items():
            record = _add(student, "AcademicRecord")
            school = _add(record, "School")
            _put(school, OrganizationName=name)
            if kind in _SCHOOL_CODES:
                _add(school, _SCHOOL_CODES[kind], code)
            elif code is not None:
                local = _add(school, "LocalOrganizationID")
                _put(local, LocalOrganizationIDCode=code)
            _put(school, SchoolOverrideCode="Transfer", SchoolLevel="Postsecondary")
            for row in rows:
                self._transfer(record, row)

    def _transfer(self, record: etree._Element, row: Row) -> None:
        course = _add(record, "Course")
        kind = str(row["source_type"])
        subject, number = row["source_subject"], row["source_number"]
        original = None
        if subject and number and " " not in number:
            original = f"{subject} {number}"
        unit = row["source_credit_unit"]
        _put(
            course,
            CourseCreditBasis="Regular"
            if kind == "INSTITUTION"
            else _BASES.get(kind, "AdvancedStanding"),
            CourseCreditUnits=_UNITS[unit] if unit else None,
            CourseCreditValue=row["source_credit"],
            CourseCreditEarned=row["accepted_credit"],
            CourseAcademicGrade=row["source_grade"],
            CourseGPAApplicabilityCode="Applicable"
            if row["in_gpa"] == "Y"
            else "NotApplicable",
            CourseSubjectAbbreviation=row["equiv_subject"],
            CourseNumber=row["equiv_number"],
            OriginalCourseID=original,
            CourseTitle=row["source_title"],
        )
        elsewhere = kind == "INSTITUTION"
        _extend(
            course,
            "Transfer",
            TransferSequence=row["transfer_seq"],
            SourceType=kind,
            SourceCodeType=None if elsewhere else row["source_code_type"],
            SourceCode=None if elsewhere else row["source_code"],
            SourceName=None if elsewhere else row["source_name"],
            SourceTerm=row["source_term_text"],
            SourceSubject=None if original else subject,
            SourceNumber=None if original else number,
            EquivalenceGroup=row["equiv_group"],
            EquivalenceType=row["equiv_type"],
            Decision=row["decision"],
            RejectReason=row["reject_reason"],
            AcceptedCreditUnits=row["credit_unit"],
            Applied=row["applied"],
            AppliedProgram=row["applied_program_code"],
            AppliedCredit=row["applied_credit"],
            RuleID=row["rule_id"],
            EvaluatedDate=row["evaluated_on"],
            EffectiveTerm=row["effective_term"],
            UpdatedAt=row["record_updated_at"],
        )


def _unless(value: str | None, natural: str | None) -> str | None:
    """The value where a reader could not tell it from the standard elements."""
    return None if value == natural else value


def _status_code(row: Row) -> str | None:
    if row["registration_status"] == "AUDIT":
        return "AuditedCourse"
    if row["registration_status"] == "WITHDRAWN":
        return "Withdrew"
    if row["registration_status"] == "ENROLLED":
        return "InProgress" if row["grade_local"] is None else "Incomplete"
    return "Completed"


def _natural_mode(row: Row, status: str | None) -> str:
    mode = str(row["grade_mode"])
    if status == "AuditedCourse":
        return "AUDIT"
    if row["credit_unit"] == "CLOCK":
        return "CLOCK"
    return mode if mode in {"DEVELOPMENTAL", *_SCALES} else "STANDARD"


def _gpa_applicability(row: Row) -> str | None:
    """The code that says the GPA credit; None when it has to be stated."""
    credit = row["gpa_credit"]
    if row["grade_local"] is None or credit is None:
        return None
    if not float(credit):
        return "NotApplicable"
    return "Applicable" if credit == row["attempted_credit"] else None
