"""A state small enough to know by heart, as landing leaves it.

Two colleges and four people. Ana attends both and has one record of every kind. Hal's
college withholds his record. Rae's only award was revoked. Nobody knows who G1 is.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.arrow import landing_schema
from pipelines.contracts.load import load_contracts
from pipelines.landing.decided.certified import (
    freeze,
    numbers_in_force,
    prepare_certified,
)
from pipelines.landing.decided.decisions import Decision, decide, prepare_decisions
from pipelines.landing.kept.store import ANCHOR
from pipelines.settings import Home

Row = dict[str, Any]

STUDENT_IDS = ("CANARY-A1", "CANARY-B7", "CANARY-H1", "CANARY-R1", "CANARY-G1")
NAMES = ("Zyxwena", "Quillfeather", "Haldor", "Raemond")

ANA, HAL, RAE, OLD = (f"0198f000-0000-7000-8000-00000000000{n}" for n in range(1, 5))
"""OLD is an id that was merged into Ana's."""

LINKS = [
    ("CACC", "CANARY-A1", ANA),
    ("COASTAL", "CANARY-B7", ANA),
    ("COASTAL", "CANARY-H1", HAL),
    ("CACC", "CANARY-R1", RAE),
]

MONDAY = datetime(2026, 9, 1, 6, tzinfo=UTC)
TUESDAY = datetime(2026, 9, 2, 6, tzinfo=UTC)
WEDNESDAY = datetime(2026, 9, 3, 6, tzinfo=UTC)

# college, night, may be published
PACKAGES = [
    ("CACC", MONDAY, True),
    ("CACC", TUESDAY, True),
    ("CACC", WEDNESDAY, False),
    ("COASTAL", MONDAY, True),
]


def course_result(student: str, section: str, **values: Any) -> Row:
    return {
        "student_id": student,
        "term_code": "2025FA",
        "section_id": section,
        "attempt_seq": 1,
        "subject": "ENG",
        "course_number": section[:3],
        "title": f"Composition {section[:3]}",
        "level": "UG",
        "registration_status": "COMPLETED",
        "credit_unit": "SH",
        "attempted_credit": Decimal(3),
        "grade_mode": "STANDARD",
        "grade_seq": 1,
        "dual_enrollment": "N",
        "grade_posted_on": date(2025, 12, 15),
        **values,
    }


PASSED: Row = {"grade_local": "B+", "earned_credit": Decimal(3)}

# feed -> (college, night, rows)
ROWS: dict[str, list[tuple[str, datetime, list[Row]]]] = {
    "term": [
        (
            college,
            MONDAY,
            [
                {
                    "term_code": "2025FA",
                    "title": "Fall 2025",
                    "term_type": "SEMESTER",
                    "start_date": date(2025, 8, 15),
                    "end_date": date(2025, 12, 12),
                    "academic_year_end": 2026,
                }
            ],
        )
        for college in ("CACC", "COASTAL")
    ],
    "grade_scheme": [
        (
            college,
            MONDAY,
            [
                {
                    "grade_mode": "STANDARD",
                    "grade_local": grade,
                    "valid_from_term": "2025FA",
                    "outcome": outcome,
                    "counts_attempted": "Y",
                    "counts_earned": "Y" if outcome == "PASS" else "N",
                    "counts_gpa": "N",
                }
                for grade, outcome in (
                    ("B+", "PASS"),
                    ("F", "FAIL"),
                    ("W", "WITHDRAW"),
                )
            ],
        )
        for college in ("CACC", "COASTAL")
    ],
    "program": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "program_code": "AA1",
                    "valid_from_term": "2025FA",
                    "title": "General Studies",
                    "cip_code": "24.0101",
                    "cip_version": 2020,
                    "award_level": "3",
                    "credential_type": "AA",
                    "credit_unit": "SH",
                }
            ],
        )
    ],
    "course": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "subject": "ENG",
                    "course_number": "101",
                    "valid_from_term": "2025FA",
                    "title": "English Composition I",
                    "credit_unit": "SH",
                    "credit_min": Decimal(3),
                    "credit_max": Decimal(3),
                    "cip_code": "23.1301",
                    "developmental": "N",
                }
            ],
        )
    ],
    "section_attribute": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "term_code": "2025FA",
                    "section_id": "101-01",
                    "attribute_code": code,
                    "framework": "HIP",
                    "hip_code": "FYE",
                }
                for code in ("FYE1", "FYE2")
            ],
        )
    ],
    "person": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "last_name": "Quillfeather",
                    "first_name": "Zyxwena",
                    "suffix": "JR",
                    "birth_date_quality": "UNKNOWN",
                    "email_college": "Zyxwena@college.example",
                },
                {
                    "student_id": "CANARY-R1",
                    "last_name": "Raemond",
                    "birth_date_quality": "UNKNOWN",
                },
            ],
        ),
        (
            "COASTAL",
            MONDAY,
            [
                {
                    "student_id": "CANARY-B7",
                    "last_name": "Quillfeather",
                    "birth_date_quality": "UNKNOWN",
                },
                {
                    "student_id": "CANARY-H1",
                    "last_name": "Haldor",
                    "birth_date_quality": "UNKNOWN",
                },
            ],
        ),
    ],
    "disclosure": [
        (
            "COASTAL",
            MONDAY,
            [
                {
                    "student_id": "CANARY-H1",
                    "kind": "FERPA_BLOCK",
                    "valid_from": date(2026, 1, 1),
                }
            ],
        )
    ],
    "program_enrollment": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "program_code": "AA1",
                    "start_term": "2025FA",
                    "status": "COMPLETED",
                    "level": "UG",
                    "concentration": "Letters",
                }
            ],
        )
    ],
    "term_enrollment": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "term_code": "2025FA",
                    "level": "UG",
                    "dual_enrollment": "N",
                    "attempted": Decimal(12),
                    "earned": Decimal(3),
                    "cum_gpa": Decimal("3.220"),
                    "credit_unit": "SH",
                }
            ],
        )
    ],
    "course_result": [
        (
            "CACC",
            MONDAY,
            [
                course_result("CANARY-A1", "101-01", **PASSED),
                course_result(
                    "CANARY-A1", "102-01", grade_local="F", earned_credit=Decimal(0)
                ),
                course_result(
                    "CANARY-A1",
                    "103-01",
                    registration_status="WITHDRAWN",
                    grade_local="W",
                    earned_credit=Decimal(0),
                ),
                course_result(
                    "CANARY-A1",
                    "104-01",
                    registration_status="ENROLLED",
                    grade_seq=0,
                    grade_posted_on=None,
                ),
                course_result("CANARY-A1", "105-01", **PASSED),
                course_result("CANARY-R1", "101-01", **PASSED),
                course_result("CANARY-G1", "101-01", **PASSED),
            ],
        ),
        (
            "CACC",
            TUESDAY,
            [
                course_result("CANARY-A1", "102-01", **PASSED),
                course_result("CANARY-A1", "105-01", **PASSED, _op="D"),
            ],
        ),
        (
            "CACC",
            WEDNESDAY,
            [course_result("CANARY-A1", "199-01", **PASSED)],
        ),
        (
            "COASTAL",
            MONDAY,
            [
                course_result("CANARY-B7", "201-01", **PASSED),
                course_result("CANARY-H1", "201-01", **PASSED),
            ],
        ),
    ],
    "transfer_credit": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "transfer_seq": decision,
                    "source_type": "INSTITUTION",
                    "source_code_type": "UNITID",
                    "source_code": "101161",
                    "source_name": "Coastal",
                    "source_subject": "ENG",
                    "source_number": "201",
                    "source_title": "Composition 201",
                    "equiv_group": 1,
                    "decision": decision,
                    "equiv_type": "DIRECT",
                    "equiv_subject": "ENG",
                    "equiv_number": "201",
                    "accepted_credit": Decimal(credit),
                    "credit_unit": "SH",
                    "in_gpa": "N",
                }
                for decision, credit in (("ACCEPTED", "4.5"), ("REJECTED", "0"))
            ],
        )
    ],
    "credential_award": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": student,
                    "award_id": "1",
                    "program_code": "AA1",
                    "award_level": "3",
                    "credential_type": "AA",
                    "title": "Associate in Arts",
                    "cip_code": "24.0101",
                    "status": status,
                    "awarded_on": date(2026, 5, 12),
                    "award_term": "2025FA",
                    "gpa_at_award": Decimal("3.500"),
                    "reverse_transfer": "N",
                }
                for student, status in (
                    ("CANARY-A1", "AWARDED"),
                    ("CANARY-R1", "REVOKED"),
                )
            ],
        )
    ],
    "noncredit_completion": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "offering_id": "WF-1",
                    "enrolled_on": date(2026, 1, 5),
                    "title": "Forklift",
                    "provider_system": "LUMENS",
                    "outcome": "COMPLETED",
                    "completed_on": date(2026, 1, 9),
                    "contact_hours": Decimal("24.50"),
                    "industry_credential": "Certified Operator",
                    "industry_issuer": "Forklift Council",
                    "industry_credential_earned_on": date(2026, 1, 10),
                }
            ],
        )
    ],
    "experience": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "experience_id": "E1",
                    "experience_type": "INT",
                    "title": "Newsroom internship",
                    "organization": "The Gazette",
                    "hours": Decimal(120),
                    "verification": "EMPLOYER",
                    "evidence_url": "https://example.org/portfolio",
                }
            ],
        )
    ],
    "skill_assertion": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "skill_assertion_id": "S1",
                    "framework": "NACE",
                    "skill_code": "NACE-COM",
                    "skill_name": "Communication",
                    "level": "Proficient",
                    "asserted_on": date(2026, 2, 1),
                    "asserted_by": "FACULTY",
                    "basis_type": "ASSESSMENT",
                }
            ],
        )
    ],
    "badge": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "platform": "CREDLY",
                    "badge_assertion_id": "b1",
                    "recipient_email": "zyxwena@College.example",
                    "badge_class_id": "c1",
                    "badge_name": "Editor",
                    "issuer_name": "Gazette Badges",
                    "issued_on": date(2026, 3, 1),
                    "status": "ISSUED",
                    "skills": "editing; Editing ;layout",
                }
            ],
        )
    ],
    "enrollment_elsewhere": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "college_code": "001052-00",
                    "enrollment_begin": date(2025, 1, 8),
                    "enrollment_end": date(2025, 5, 2),
                    "college_name": "University of Alabama at Birmingham",
                    "enrollment_status": "FULL_TIME",
                    "source_system": "NSC",
                }
            ],
        )
    ],
    "award_elsewhere": [
        (
            "CACC",
            MONDAY,
            [
                {
                    "student_id": "CANARY-A1",
                    "college_code": "001052-00",
                    "awarded_on": date(2025, 5, 2),
                    "title": "Bachelor of Science",
                    "college_name": "University of Alabama at Birmingham",
                    "source_system": "NSC",
                }
            ],
        )
    ],
}


def write_small_state(home: Home) -> None:
    """Writes what dbt reads below ``home``: accepted rows, ledger, identities."""
    for feed in load_contracts().feeds.values():
        schema = landing_schema(feed)
        rows = [
            _landed(schema, feed.name, college, night, line, row)
            for college, night, sent in ROWS.get(feed.name, [])
            for line, row in enumerate(sent, start=2)
        ]
        path = home.accepted / feed.name / ("wave.parquet" if rows else ANCHOR)
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    home.ledger.mkdir()
    pq.write_table(
        pa.table(
            [
                [college for college, _, _ in PACKAGES],
                [_package(college, night) for college, night, _ in PACKAGES],
                ["wave"] * len(PACKAGES),
                [_order(night) for _, night, _ in PACKAGES],
                pa.array([night for _, night, _ in PACKAGES], _INSTANT),
                ["2026-09-01"] * len(PACKAGES),
                [publishable for _, _, publishable in PACKAGES],
                ["1.0"] * len(PACKAGES),
                ["accepted"] * len(PACKAGES),
                pa.nulls(len(PACKAGES), pa.string()),
            ],
            [
                "institution_code",
                "package_id",
                "wave_id",
                "package_seq",
                "as_of",
                "delivery",
                "publishable",
                "contract_version",
                "verdict",
                "supersedes_wave_id",
            ],
        ),
        home.ledger / "wave.parquet",
    )
    _certify_fall(home)
    home.warehouse.mkdir()
    colleges, students, learners = zip(*LINKS, strict=True)
    pq.write_table(
        pa.table(
            [colleges, students, learners, ["test"] * len(LINKS)],
            ["institution_code", "student_id", "learner_id", "linked_by"],
        ),
        home.warehouse / "identity_link.parquet",
    )
    held = ("institution_code", "student_id", "reason")
    pq.write_table(
        pa.schema([(name, pa.string()) for name in held]).empty_table(),
        home.warehouse / "identity_held.parquet",
    )
    pq.write_table(
        pa.table(
            [
                [ANA, HAL, RAE, OLD],
                ["active", "active", "active", "merged_into"],
                [None, None, None, ANA],
                pa.array([None, None, None, TUESDAY], _INSTANT),
            ],
            ["learner_id", "status", "merged_into_learner_id", "merged_at"],
        ),
        home.warehouse / "learner.parquet",
    )


def _certify_fall(home: Home) -> None:
    """Central Alabama certifies the fall as it is in force."""
    contracts = load_contracts()
    prepare_decisions(home)
    prepare_certified(home, contracts)
    numbers = numbers_in_force(home, contracts, "CACC")["2025FA"]
    decide(
        home,
        Decision(
            institution_code="CACC",
            kind="certify",
            reason="End of term",
            decided_by="Ann Lee",
            term_code="2025FA",
            certification="end_of_term",
            status="Certified",
            sequence=1,
            as_of=WEDNESDAY,
            numbers=numbers.values(),
        ),
        lambda decision_id: freeze(home, contracts, "CACC", "2025FA", decision_id),
    )


_INSTANT = pa.timestamp("us", tz="UTC")


def _package(college: str, night: datetime) -> str:
    return f"{college}-{night:%d}"


def _order(night: datetime) -> int:
    return int(night.timestamp()) * 1_000_000


def _landed(
    schema: pa.Schema, feed: str, college: str, night: datetime, line: int, row: Row
) -> Row:
    lineage = {
        "institution_code": college,
        "_op": "U",
        "_package_id": _package(college, night),
        "_wave_id": "wave",
        "_package_seq": _order(night),
        "_as_of": night,
        "_file_name": f"{feed}.csv",
        "_file_sha256": f"{feed}-{night:%d}",
        "_line": line,
        "_contract_version": "1.0.0",
    }
    return dict.fromkeys(schema.names) | lineage | row
