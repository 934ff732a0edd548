"""Colleges whose students share evidence, as tests of a night plant it.

A piece of evidence is a key and what it is worth: students who hold the same key make
pairs. A test says who shares what, and a night sees the tables that it would see.
"""

from dataclasses import dataclass, field
from hashlib import md5
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.identity.log.store import writing
from pipelines.identity.log.views import register
from pipelines.identity.night.link import Candidates, LinkResult, decide
from pipelines.settings import Home

Student = tuple[str, str]

EXACT, MODEL, REVIEW, COLLEGE = "exact", "model", "review", "college"
RULE = {
    EXACT: "tax-id-and-birth-date/2",
    MODEL: "splink-model/1",
    REVIEW: "splink-model/1",
    COLLEGE: "college-merge/1",
}
PART = [("comparison", pa.string()), ("level", pa.string()), ("bits", pa.float64())]
PAIR = pa.schema(
    [
        *((name, pa.string()) for name in (
            "a_institution_code", "a_student_id", "b_institution_code", "b_student_id",
            "kind", "decided_by",
        )),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("verdict", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("parts", pa.list_(pa.struct(PART))),
        ("evidence_hash", pa.string()),
    ]
)  # fmt: skip


@dataclass
class Colleges:
    """What the colleges sent so far, and their nights."""

    home: Home
    model: str = "1"
    people: dict[Student, set[str]] = field(default_factory=dict)
    gone: set[Student] = field(default_factory=set)
    worth: dict[str, tuple[str, float]] = field(default_factory=dict)

    def add(self, college: str, student: str, *keys: str) -> Student:
        """A student with the evidence it holds."""
        self.people.setdefault((college, student), set()).update(keys)
        return college, student

    def means(self, key: str, kind: str, weight: float = 20.0) -> None:
        """What sharing a key is worth; exact unless said."""
        self.worth[key] = kind, weight

    def pairs(self, new: set[Student] | None) -> list[dict[str, Any]]:
        """The strongest pair of every two students who share a key."""
        found: dict[tuple[Student, Student], dict[str, Any]] = {}
        order = [COLLEGE, EXACT, MODEL, REVIEW]
        keys = sorted({key for held in self.people.values() for key in held})
        keys.sort(key=lambda k: order.index(self.worth.get(k, (EXACT, 0))[0]))
        for key in keys:
            kind, weight = self.worth.get(key, (EXACT, 0.0))
            holders = sorted(s for s, held in self.people.items() if key in held)
            for a, b in combinations(holders, 2):
                if kind == COLLEGE and a[0] != b[0]:
                    continue
                if new is None or a in new or b in new:
                    found.setdefault((a, b), self._pair(a, b, kind, weight))
        return list(found.values())

    def _pair(self, a: Student, b: Student, kind: str, weight: float) -> dict[str, Any]:
        is_scored = kind in (MODEL, REVIEW)
        return {
            "a_institution_code": a[0],
            "a_student_id": a[1],
            "b_institution_code": b[0],
            "b_student_id": b[1],
            "kind": MODEL if is_scored else EXACT,
            "decided_by": RULE[kind].replace("/1", f"/{self.model}"),
            "weight": weight if is_scored else None,
            "probability": 1 - 2.0**-weight if is_scored else 1.0,
            "verdict": "review" if kind == REVIEW else "link",
            "reasons": ["They share what a test planted."],
            "parts": [],
            "evidence_hash": _digest(self.known(a), self.known(b)),
        }

    def known(self, student: Student) -> str:
        return _digest(*student, *sorted(self.people[student]))

    def connect(self, con: duckdb.DuckDBPyConnection) -> None:
        """The tables that representation leaves for a night."""
        representation = pa.table(
            {
                "representation_id": [_digest(*s) for s in self.people],
                "student_no": [_number(s) for s in self.people],
                "institution_code": [s[0] for s in self.people],
                "student_id": [s[1] for s in self.people],
                "is_current": [s not in self.gone for s in self.people],
                "evidence_digest": [self.known(s) for s in self.people],
            },
            pa.schema(
                [
                    ("representation_id", pa.string()),
                    ("student_no", pa.int64()),
                    ("institution_code", pa.string()),
                    ("student_id", pa.string()),
                    ("is_current", pa.bool_()),
                    ("evidence_digest", pa.string()),
                ]
            ),
        )
        held = [
            (_number(s), *s, "KEY", key)
            for s, keys in self.people.items()
            for key in keys
        ]
        names = ("institution_code", "student_id", "id_type", "id_value")
        identifiers = pa.table(
            {
                name: [row[n] for row in held]
                for n, name in enumerate(("student_no", *names))
            },
            pa.schema(
                [("student_no", pa.int64()), *((name, pa.string()) for name in names)]
            ),
        )
        con.register("representation", representation)
        con.register("identifier_ever", identifiers)

    def tonight(self, **options: Any) -> dict[Student, str]:
        """Run a night; the links after it."""
        with writing(self.home.identity_events) as log, duckdb.connect() as con:
            self.connect(con)

            def compare(con: duckdb.DuckDBPyConnection, new: str | None) -> None:
                some = new and set(con.execute(f"from {new}").fetchall())
                table = pa.Table.from_pylist(
                    self.pairs(some if new else None), schema=PAIR
                )
                con.register("pair", table)

            self.result: LinkResult = decide(
                con,
                self.home,
                log,
                Candidates("representation", len(self.people)),
                compare,
                **options,
            )
        return self.links()

    def links(self) -> dict[Student, str]:
        return {
            (row[0], row[1]): row[2]
            for row in self.ask(
                "select institution_code, student_id, learner_id from identity_link"
            )
        }

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """A question to the views of the log."""
        with duckdb.connect() as con:
            register(con, self.home.identity_events)
            return con.execute(sql).fetchall()

    def waiting(self) -> set[frozenset[Student]]:
        """The pairs that wait for a person."""
        path = self.home.warehouse / "identity" / "review_pair.parquet"
        with duckdb.connect() as con:
            rows = con.execute(
                f"select a_institution_code, a_student_id, b_institution_code, "
                f"b_student_id from read_parquet('{path}')"
            ).fetchall()
        return {frozenset((row[:2], row[2:])) for row in rows}

    def reasons(self) -> dict[frozenset[Student], list[str]]:
        """Why each pair waits."""
        path = self.home.warehouse / "identity" / "review_pair.parquet"
        with duckdb.connect() as con:
            rows = con.execute(
                f"select a_institution_code, a_student_id, b_institution_code, "
                f"b_student_id, reasons from read_parquet('{path}')"
            ).fetchall()
        return {frozenset((row[:2], row[2:4])): row[4] for row in rows}

    def partition(self) -> set[frozenset[Student]]:
        """Who is together, without the ids."""
        groups: dict[str, set[Student]] = {}
        for student, learner in self.links().items():
            groups.setdefault(learner, set()).add(student)
        return {frozenset(group) for group in groups.values()}

    def events(self) -> list[tuple[Any, ...]]:
        return self.ask("select * exclude (segment) from identity_event order by seq")


def colleges_at(root: Path) -> Colleges:
    return Colleges(Home(root))


def _number(student: Student) -> int:
    return int(_digest(*student)[:15], 16)


def _digest(*parts: str) -> str:
    return md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()
