"""Decisions that cannot all hold, among themselves or with those made before.

Belongs here: carrying "same" on from pair to pair, and what then speaks against it.
Does not belong here: judging single rows (``deciding``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.identity.review.words import Verdict, person

Student = tuple[str, str]


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be applied, and what to do."""

    row: int
    column: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.what}; {self.remedy}"


@dataclass(frozen=True)
class Decision:
    """One row to apply; ``a`` before ``b``."""

    row: int
    task_id: str
    a: Student
    b: Student
    verdict: Verdict
    by: str
    reason: str
    evidence_hash: str


class _Groups:
    """Learners that the rows with "same" make one person, and those rows."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._rows: dict[str, list[int]] = {}

    def root(self, node: str) -> str:
        while (parent := self._parent.get(node, node)) != node:
            node = parent
        return node

    def join(self, a: str, b: str, row: int) -> None:
        left, right = self.root(a), self.root(b)
        rows = [*self._rows.pop(left, []), *self._rows.pop(right, []), row]
        self._parent[left] = right
        self._rows[right] = rows

    def rows(self, node: str) -> list[int]:
        return sorted(self._rows.get(self.root(node), []))


def contradictions(
    con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]
) -> list[Problem]:
    """Rows that cannot all hold, also with what was decided before.

    Same is carried on: whoever is the same as two others makes them one person.

    Args:
        con: Has ``identity_link`` and ``override``.
        decisions: All rows to apply.
    """
    learners = _learners(con, decisions)
    groups = _Groups()
    for one in decisions:
        if one.verdict is Verdict.SAME:
            groups.join(learners[one.a], learners[one.b], one.row)
    return [
        *_among_themselves(decisions, learners, groups),
        *_with_earlier(con, decisions, groups),
    ]


def _among_themselves(
    decisions: Sequence[Decision], learners: dict[Student, str], groups: _Groups
) -> Iterator[Problem]:
    for one in decisions:
        if one.verdict is not Verdict.DIFFERENT:
            continue
        a, b = learners[one.a], learners[one.b]
        if groups.root(a) == groups.root(b):
            others = ", ".join(str(row) for row in groups.rows(a))
            what = f"different, while same in row {others} makes the two one person"
            remedy = "decide these rows together"
            yield Problem(one.row, "decision", what, remedy)


def _with_earlier(
    con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision], groups: _Groups
) -> Iterator[Problem]:
    settled = {(one.a, one.b) for one in decisions}
    for told in _parted(con):
        a, b = told["a_node"], told["b_node"]
        if (told["a"], told["b"]) in settled or a == b:
            continue
        if groups.root(a) == groups.root(b):
            who = f"{person(told['decided_by'])}, {told['decided_at']:%Y-%m-%d}"
            what = f"same joins two students who were decided to be different ({who})"
            remedy = "ask them, or use lrw identity merge, which lifts that decision"
            yield Problem(groups.rows(a)[-1], "decision", what, remedy)


def _node(learner: str | None, student: Student) -> str:
    return learner or "\x1f".join(student)


def _learners(
    con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]
) -> dict[Student, str]:
    """The learner of each student of the decisions; the student itself without one."""
    students = sorted({student for one in decisions for student in (one.a, one.b)})
    rows = con.execute(
        """
        select asked.code, asked.student, identity_link.learner_id
        from (select unnest($codes) as code, unnest($students) as student) as asked
        left join identity_link
            on identity_link.institution_code = asked.code
            and identity_link.student_id = asked.student
        """,
        {
            "codes": [code for code, _ in students],
            "students": [student for _, student in students],
        },
    ).fetchall()
    return {
        (code, student): _node(learner, (code, student))
        for code, student, learner in rows
    }


def _parted(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    rows = con.sql(
        """
        select
            override.*, mine.learner_id as a_learner, theirs.learner_id as b_learner
        from override
        left join identity_link as mine
            on mine.institution_code = a_institution_code
            and mine.student_id = a_student_id
        left join identity_link as theirs
            on theirs.institution_code = b_institution_code
            and theirs.student_id = b_student_id
        where verdict = 'different'
        """
    ).to_arrow_table()
    parted = []
    for row in rows.to_pylist():
        a = (row["a_institution_code"], row["a_student_id"])
        b = (row["b_institution_code"], row["b_student_id"])
        parted.append(
            {
                **row,
                "a": a,
                "b": b,
                "a_node": _node(row["a_learner"], a),
                "b_node": _node(row["b_learner"], b),
            }
        )
    return parted
