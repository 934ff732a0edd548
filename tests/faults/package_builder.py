"""Small valid packages: a college of a few students, written as the specification says.

A test changes one thing and lands it beside a college that changed nothing.
"""

import csv
import io
import json
import uuid
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.contracts.load import load_contracts

CONTRACTS = load_contracts()

Row = dict[str, str]
State = dict[str, list[Row]]
Edit = Callable[[dict[str, Any]], None]

TERMS = ("202610", "202680")


def college_state(students: int = 4) -> State:
    """Every required feed for so many students, each with a result in two terms."""
    ids = [f"A{number:04d}" for number in range(1, students + 1)]
    return {
        "term": [
            _term("202610", "Spring 2026", "2026-01-07", "2026-05-08", "2026"),
            _term("202680", "Fall 2026", "2026-08-17", "2026-12-11", "2027"),
        ],
        "grade_scheme": [
            _grade("A", "PASS", "4.000"),
            _grade("B", "PASS", "3.000"),
            _grade("F", "FAIL", "0.000"),
        ],
        "program": [_program()],
        "course": [_course("101"), _course("102")],
        "section": [_section(term, number) for term in TERMS for number in ("1", "2")],
        "person": [person(student, index) for index, student in enumerate(ids)],
        "person_identifier": [
            identifier(student, index) for index, student in enumerate(ids)
        ],
        "disclosure": [],
        "program_enrollment": [_enrolment(student) for student in ids],
        "course_result": [
            result(student, term, str(1 + index % 2), "AB"[index % 2])
            for index, student in enumerate(ids)
            for term in TERMS
        ],
        "term_enrollment": [
            term_row(student, term, "AB"[index % 2])
            for index, student in enumerate(ids)
            for term in TERMS
        ],
        "credential_award": [award(ids[0])],
    }


def _term(code: str, title: str, start: str, end: str, year: str) -> Row:
    return {
        "term_code": code,
        "title": title,
        "term_type": "SEMESTER",
        "start_date": start,
        "end_date": end,
        "academic_year_end": year,
    }


def _grade(letter: str, outcome: str, points: str) -> Row:
    return {
        "grade_mode": "STANDARD",
        "grade_local": letter,
        "valid_from_term": "202610",
        "outcome": outcome,
        "grade_points": points,
        "counts_attempted": "Y",
        "counts_earned": "Y" if outcome == "PASS" else "N",
        "counts_gpa": "Y",
    }


def _program() -> Row:
    return {
        "program_code": "CER-BUS",
        "valid_from_term": "202610",
        "title": "Business",
        "cip_code": "52.0101",
        "cip_version": "2020",
        "award_level": "2",
        "credential_type": "CER",
        "credit_unit": "SH",
        "required_credits": "30",
    }


def _course(number: str) -> Row:
    return {
        "subject": "ENG",
        "course_number": number,
        "valid_from_term": "202610",
        "title": f"English {number}",
        "credit_unit": "SH",
        "credit_min": "3",
        "credit_max": "3",
        "developmental": "N",
    }


def _section(term: str, number: str) -> Row:
    return {
        "term_code": term,
        "section_id": number,
        "subject": "ENG",
        "course_number": f"10{number}",
        "credit_value": "3",
    }


def person(student: str, index: int = 0) -> Row:
    """A student born in 2000, with a name of their own."""
    return {
        "student_id": student,
        "source_pk": str(9000 + index),
        "last_name": f"Learner{index}",
        "first_name": f"Given{index}",
        "birth_date": f"2000-01-{1 + index % 28:02d}",
        "birth_date_quality": "FULL",
        "sex": "FMX"[index % 3],
        "email_college": f"{student.lower()}@college.example",
        "record_updated_at": "2026-08-30T08:00:00-05:00",
    }


def identifier(student: str, index: int = 0) -> Row:
    """A Social Security number nobody else has."""
    return {
        "student_id": student,
        "id_type": "SSN",
        "id_value": f"4123{index + 10001:05d}",
        "is_current": "Y",
    }


def _enrolment(student: str) -> Row:
    return {
        "student_id": student,
        "program_code": "CER-BUS",
        "start_term": "202610",
        "status": "ACTIVE",
        "level": "UG",
    }


def result(student: str, term: str, section: str, grade: str) -> Row:
    """Three credits of English with a grade."""
    points = {"A": "12.000", "B": "9.000", "F": "0.000"}[grade]
    return {
        "student_id": student,
        "term_code": term,
        "section_id": section,
        "attempt_seq": "1",
        "subject": "ENG",
        "course_number": f"10{section}",
        "title": f"English 10{section}",
        "level": "UG",
        "registration_status": "COMPLETED",
        "credit_unit": "SH",
        "attempted_credit": "3.000",
        "earned_credit": "0.000" if grade == "F" else "3.000",
        "gpa_credit": "3.000",
        "quality_points": points,
        "grade_mode": "STANDARD",
        "grade_local": grade,
        "grade_seq": "1",
        "grade_posted_on": "2026-05-12",
        "dual_enrollment": "N",
    }


def term_row(student: str, term: str, grade: str) -> Row:
    """What the college computes from one result."""
    return {
        "student_id": student,
        "term_code": term,
        "level": "UG",
        "dual_enrollment": "N",
        "attempted": "3.000",
        "earned": "0.000" if grade == "F" else "3.000",
        "gpa_credits": "3.000",
        "quality_points": {"A": "12.000", "B": "9.000", "F": "0.000"}[grade],
        "term_gpa": {"A": "4.000", "B": "3.000", "F": "0.000"}[grade],
        "credit_unit": "SH",
    }


def award(student: str, award_id: str = "1", status: str = "AWARDED") -> Row:
    """A certificate in business."""
    return {
        "student_id": student,
        "award_id": award_id,
        "program_code": "CER-BUS",
        "award_level": "2",
        "credential_type": "CER",
        "title": "Business",
        "cip_code": "52.0101",
        "status": status,
        "awarded_on": "2026-05-09",
        "award_term": "202610",
        "reverse_transfer": "N",
    }


def csv_bytes(feed: str, rows: list[Row], *, delta: bool = False) -> bytes:
    """The rows as a file of that feed, header first, LF."""
    names = [column.source_name for column in CONTRACTS.feeds[feed].columns]
    if not delta:
        names.remove("_op")
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def send(
    inbox: Path,
    code: str,
    day: str,
    state: State,
    *,
    mode: str = "snapshot",
    terms: list[str] | None = None,
    previous: str | None = None,
    package_id: str | None = None,
    as_of: str | None = None,
    files: dict[str, bytes] | None = None,
    edit_manifest: Edit | None = None,
) -> str:
    """Deliver a package and return its id.

    Args:
        inbox: The inbox.
        code: The mailbox and sender.
        day: The folder, a date with an optional suffix.
        state: Rows a feed.
        mode: snapshot or delta.
        terms: The window of a windowed snapshot.
        previous: The package a delta applies to.
        package_id: A new one by default.
        as_of: 22:00 of the day in Alabama by default.
        files: Bytes that replace a feed's file; the manifest describes them.
        edit_manifest: Changes the manifest before it is written.
    """
    folder = inbox / code / day
    folder.mkdir(parents=True)
    package_id = package_id or str(uuid.uuid4())
    entries = []
    for feed, rows in state.items():
        content = (files or {}).get(feed)
        if content is None:
            content = csv_bytes(feed, rows, delta=mode == "delta")
        (folder / f"{feed}.csv").write_bytes(content)
        entries.append(entry(feed, f"{feed}.csv", len(rows), content))
    manifest: dict[str, Any] = {
        "spec_version": "1.0",
        "package_id": package_id,
        "institution_code": code,
        "mode": mode,
        "as_of": as_of or f"{day[:10]}T22:00:00-05:00",
        "files": entries,
    }
    if mode == "snapshot":
        manifest["scope"] = (
            {"kind": "terms", "terms": terms} if terms else {"kind": "full"}
        )
    if previous is not None:
        manifest["previous_package_id"] = previous
    if edit_manifest is not None:
        edit_manifest(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return package_id


def entry(feed: str, name: str, rows: int, content: bytes) -> dict[str, Any]:
    """A manifest's words about one file."""
    return {
        "feed": feed,
        "name": name,
        "rows": rows,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        "encoding": "utf-8",
        "delimiter": ",",
        "quote": '"',
    }
