"""A few hand-made students on one connection, in the shape the night leaves them."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl

from pipelines.identity.review.worklist import register_tasks

NIGHT = datetime(2026, 11, 2, 3, tzinfo=UTC)
LEARNER = {name: f"0192-{name}" for name in "abcdefgh"}

STUDENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("CACC", "0001"): {
        "first_name": "María",
        "last_name": "O'Neal-Núñez",
        "birth_date": date(2001, 4, 7),
        "email_personal": "maria.oneal@example.org",
        "phone": "(205) 555-0101",
        "ssn": "hmac-sha256:aa",
        "city": "Alexander City",
    },
    ("JSCC", "0001"): {
        "first_name": "Maria",
        "last_name": "Nunez",
        "birth_date": date(2001, 7, 4),
        "email_personal": "maria.oneal@example.org",
        "phone": "205-555-0101",
        "city": "Birmingham",
        "high_school_code": "010123",
    },
    ("CACC", "0002"): {
        "first_name": "=cmd|' /C calc'!A0",
        "last_name": "Smith",
        "birth_date": date(1999, 1, 2),
    },
    ("CACC", "-3"): {
        "first_name": "Jon\u202e",
        "last_name": "Smith",
        "birth_date": date(1999, 1, 2),
    },
    ("LBW", "9"): {
        "first_name": "Jon",
        "last_name": "Smith",
        "birth_date": date(1999, 1, 3),
    },
}
LINKS = dict(zip(STUDENTS, "abcde", strict=True))

PARTS = [
    {"comparison": "given_name", "level": "Equal but for accents", "bits": 5.2},
    {"comparison": "family_name", "level": "One part of a double name", "bits": 4.1},
    {"comparison": "birth_date", "level": "Day and month swapped", "bits": 6.4},
    {"comparison": "email", "level": "Equal", "bits": 9.7},
    {"comparison": "phone", "level": "Equal", "bits": 8.0},
    {"comparison": "address", "level": "Different city", "bits": -3.1},
]


def pair(
    a: tuple[str, str],
    b: tuple[str, str],
    probability: float = 0.9,
    evidence: str = "e1",
    **other: Any,
) -> dict[str, Any]:
    return {
        "a_institution_code": a[0],
        "a_student_id": a[1],
        "b_institution_code": b[0],
        "b_student_id": b[1],
        "kind": "model",
        "decided_by": "splink-model/1",
        "weight": 6.5,
        "probability": probability,
        "verdict": "review",
        "reasons": ["Same family name, rare in the state", "Day and month swapped"],
        "parts": PARTS,
        "evidence_hash": evidence,
        "written_at": NIGHT,
        **other,
    }


PAIRS = [
    pair(("CACC", "0001"), ("JSCC", "0001"), 0.973),
    pair(("CACC", "-3"), ("CACC", "0002"), 0.6, weight=-2.0),
    pair(("CACC", "0002"), ("LBW", "9"), 0.7, weight=None, parts=[], kind="exact"),
]
PAIR_TYPES = """
    a_institution_code varchar, a_student_id varchar, b_institution_code varchar,
    b_student_id varchar, kind varchar, decided_by varchar, weight double,
    probability double, verdict varchar, reasons varchar[],
    parts struct(comparison varchar, level varchar, bits double)[],
    evidence_hash varchar, written_at timestamptz
"""
COLUMNS = [
    *("first_name", "middle_name", "last_name", "suffix", "preferred_first_name"),
    *("birth_date_quality", "sex", "email_personal", "email_college", "phone"),
    *("address_line1", "city", "postal_code", "high_school_code"),
    *("ssn", "itin", "pseudo_ssn", "state_ps_id", "state_k12_id"),
]


def build(con: duckdb.DuckDBPyConnection) -> None:
    """All tables of the desk, with ``PAIRS`` open and nothing decided."""
    con.execute("set timezone = 'UTC'")
    texts = ", ".join(f"{name} varchar" for name in COLUMNS)
    con.execute(
        "create table representation (representation_id varchar, institution_code "
        "varchar, student_id varchar, first_as_of timestamptz, is_current boolean, "
        f"birth_date date, high_school_grad_year integer, {texts})"
    )
    for number, ((code, student), row) in enumerate(STUDENTS.items()):
        represent(con, code, student, f"r{number}", row)
    represent(
        con,
        "JSCC",
        "0001",
        "r0old",
        {**STUDENTS["JSCC", "0001"], "last_name": "O'Neal-Nunez"},
        current=False,
    )
    con.execute(
        "create table identity_link "
        "(institution_code varchar, student_id varchar, learner_id varchar)"
    )
    for (code, student), letter in LINKS.items():
        row = [code, student, LEARNER[letter]]
        con.execute("insert into identity_link values (?, ?, ?)", row)
    con.execute("create table published_learner (learner_id varchar)")
    con.execute(
        "insert into published_learner values (?), (?), (?)",
        [LEARNER["a"], LEARNER["b"], LEARNER["c"]],
    )
    con.execute(
        "create table override (a_institution_code varchar, a_student_id varchar, "
        "b_institution_code varchar, b_student_id varchar, verdict varchar, decided_by "
        "varchar, reason varchar, decided_at timestamptz, evidence_hash varchar, "
        "event_id varchar, seq bigint)"
    )
    con.execute(f"create table review_pair ({PAIR_TYPES})")
    propose(con, PAIRS)
    register_tasks(con)


def propose(con: duckdb.DuckDBPyConnection, pairs: list[dict[str, Any]]) -> None:
    """Pairs that wait for a person."""
    for one in pairs:
        con.execute(
            f"insert into review_pair values ({', '.join('?' * len(one))})",
            list(one.values()),
        )


def represent(
    con: duckdb.DuckDBPyConnection,
    code: str,
    student: str,
    name: str,
    row: dict[str, Any],
    *,
    current: bool = True,
) -> None:
    """One way a college described a student."""
    full = {
        "representation_id": name,
        "institution_code": code,
        "student_id": student,
        "first_as_of": datetime(2026, 10 if current else 9, 1, tzinfo=UTC),
        "is_current": current,
        **row,
    }
    values = ", ".join(f"? as {name}" for name in full)
    con.execute(
        f"insert into representation by name select {values}", list(full.values())
    )


def decide(
    con: duckdb.DuckDBPyConnection,
    a: tuple[str, str],
    b: tuple[str, str],
    verdict: str,
    evidence: str | None = "e1",
    at: datetime = NIGHT,
) -> None:
    """A steward's earlier word on a pair."""
    con.execute(
        "insert into override "
        "values (?, ?, ?, ?, ?, 'steward:A. Clerk', 'Asked', ?, ?, 'ev', 1)",
        [*a, *b, verdict, at, evidence],
    )


def tasks(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return pl.DataFrame(con.sql("from review_task").to_arrow_table())
