"""A few college students, described by hand, and what the evidence says of them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb

from pipelines.identity.evidence import find_pairs, load_policy
from pipelines.identity.representation.collect import prepare
from pipelines.identity.representation.columns import NAMES, SENT
from pipelines.identity.representation.gather import gather

POLICY = load_policy()
ANNA = {
    "first_name": "Anna",
    "last_name": "Kowalczyk",
    "birth_date": date(2003, 4, 9),
    "sex": "F",
}
_AS_OF = datetime(2026, 9, 1, tzinfo=UTC)
_TEXT = [name for name in SENT if name not in ("birth_date", "high_school_grad_year")]


class World:
    """What colleges said; every statement is a package of its own."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        prepare(self.con)
        sent = ", ".join(
            f"{name} varchar" if name in _TEXT
            else f"{name} {'date' if name == 'birth_date' else 'integer'}"
            for name in SENT
        )  # fmt: skip
        names = ", ".join(f"{name} varchar" for name in NAMES)
        about = "package_seq bigint, as_of timestamptz, op varchar"
        key = "institution_code varchar, student_id varchar"
        for table in (
            f"said_person ({key}, {sent}, {about})",
            f"said_name ({key}, {names}, {about})",
            (
                f"said_identifier ({key}, id_type varchar, id_value varchar, "
                f"current boolean, {about})"
            ),
            (
                "said_merge (institution_code varchar, from_student_id varchar, "
                f"to_student_id varchar, kind varchar, merged_on date, {about})"
            ),
        ):
            self.con.execute(f"create table {table}")
        self.said = ("said_person", "said_name", "said_identifier", "said_merge")
        self.sequence = 0
        self.bystanders()

    def bystanders(self) -> None:
        """Enough other people that names have frequencies."""
        given = ["Jayden", "Jaylen", "Maria", "Marie", "James", "Linda", "Sarah"]
        family = ["Smith", "Jones", "Garcia", "Baker", "Young"]
        for number in range(105):
            self.person(
                "OTHER",
                f"B{number}",
                first_name=given[number % 7],
                last_name=family[number % 5] + "son" * (number % 3),
                birth_date=date(1960 + number % 35, 1 + number % 12, 1 + number % 28),
            )

    def _insert(self, table: str, row: dict) -> None:
        self.sequence += 1
        row |= {"package_seq": self.sequence, "as_of": _AS_OF}
        row.setdefault("op", "U")
        self.con.execute(
            f"insert into {table} ({', '.join(row)}) "
            f"values ({', '.join('?' * len(row))})",
            list(row.values()),
        )

    def person(self, college: str, student: str, ids: dict | None = None, **said):
        row = {"institution_code": college, "student_id": student}
        said.setdefault("birth_date_quality", "FULL")
        self._insert("memory.said_person", row | said)
        for id_type, value in (ids or {}).items():
            self._insert(
                "memory.said_identifier",
                {"institution_code": college, "student_id": student,
                 "id_type": id_type, "id_value": value, "current": True},
            )  # fmt: skip

    def former(self, college: str, student: str, **names):
        row = {"institution_code": college, "student_id": student}
        self._insert("memory.said_name", row | names)

    def merge(self, college: str, source: str, target: str, kind: str, day: date):
        self._insert(
            "memory.said_merge",
            {"institution_code": college, "from_student_id": source,
             "to_student_id": target, "kind": kind, "merged_on": day},
        )  # fmt: skip

    def gathered(self) -> duckdb.DuckDBPyConnection:
        for table in self.said:
            self.con.execute(
                f"create or replace temp table {table} as from memory.{table}"
            )
        gather(self.con)
        for view, table in (
            ("representation", "gathered"),
            ("identifier_ever", "gathered_identifier"),
            ("college_merge", "gathered_merge"),
        ):
            self.con.execute(f"create or replace temp view {view} as from {table}")
        return self.con

    def rows(self, columns: str, student: str) -> list[tuple]:
        return (
            self.gathered()
            .execute(
                f"select {columns} from representation where student_id = ? "
                "order by is_current desc, representation_id",
                [student],
            )
            .fetchall()
        )

    def pairs(self, new: str | None = None, **changed) -> dict[tuple, dict]:
        """By the two students ``college:id`` everything that ``pair`` says."""
        find_pairs(self.gathered(), replace(POLICY, **changed), new=new)
        found = self.con.execute("select * from pair")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return {
            (
                f"{row['a_institution_code']}:{row['a_student_id']}",
                f"{row['b_institution_code']}:{row['b_student_id']}",
            ): row
            for row in rows
        }

    def verdict(self) -> tuple[str, str | None]:
        """Verdict and gate of CACC:1 and SNEAD:1; ("no", None) without a row."""
        pair = self.pairs().get(("CACC:1", "SNEAD:1"))
        return (pair["verdict"], pair["gate"]) if pair else ("no", None)


def two(first: dict, second: dict, **both) -> World:
    """A world with CACC:1 and SNEAD:1."""
    world = World()
    for college, said in (("CACC", first), ("SNEAD", second)):
        ids = {**both.get("ids", {}), **said.get("ids", {})}
        rest = {k: v for k, v in {**both, **said}.items() if k != "ids"}
        world.person(college, "1", ids, **rest)
    return world
