"""Decisions that cannot all hold, among themselves or with those made before.

Belongs here: carrying "same" on from pair to pair, and what then speaks against it.
Does not belong here: writing decisions (``override``), the rows of a list they came in
(``pipelines.identity.review``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.identity.log.schema import DIFFERENT, SAME, person

Student = tuple[str, str]
"""A college student: (institution_code, student_id)."""

Word = tuple[Student, Student, str]
"""Two students, the lesser first, and ``SAME`` or ``DIFFERENT``."""

_NAMED = 3


@dataclass(frozen=True)
class Contradiction:
    """What cannot hold, and what to do.

    Attributes:
        place: Of the decision in the list that was asked about.
    """

    place: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


class _Groups:
    """Learners that "same" makes one person, and by which decisions.

    ``by`` holds the place of a decision in the list, or the words for an earlier one.
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._by: dict[str, list[int | str]] = {}

    def root(self, node: str) -> str:
        while (parent := self._parent.get(node, node)) != node:
            node = parent
        return node

    def join(self, a: str, b: str, by: int | str) -> None:
        left, right = self.root(a), self.root(b)
        every = [*self._by.pop(left, []), by]
        if left != right:
            every = [*self._by.pop(right, []), *every]
        self._parent[left] = right
        self._by[right] = every

    def are_one(self, a: str, b: str) -> bool:
        return self.root(a) == self.root(b)

    def listed(self, node: str) -> list[int]:
        """Places of the decisions of the list that made this group."""
        every = self._by.get(self.root(node), [])
        return sorted(one for one in every if isinstance(one, int))

    def earlier(self, node: str) -> list[str]:
        every = self._by.get(self.root(node), [])
        return [one for one in every if isinstance(one, str)]


def contradictions(
    con: duckdb.DuckDBPyConnection, words: Sequence[Word], names: Sequence[str]
) -> list[Contradiction]:
    """Decisions that cannot all hold, also with what was decided before.

    Same is carried on: whoever is the same as two others makes them one person. So is
    an earlier "same" that no night has acted on yet.

    Args:
        con: Has ``identity_link`` and ``override``.
        words: All that is to be decided; each student has a learner.
        names: What to call each of them in a message.
    """
    learners = _learners(con, words)
    told = _told(con, {(a, b) for a, b, _ in words})
    groups = _Groups()
    for one in told:
        if one["verdict"] == SAME:
            groups.join(one["a_learner"], one["b_learner"], _who(one, pair=True))
    # What was contradictory before this list is not its fault.
    parted = [
        one
        for one in told
        if one["verdict"] == DIFFERENT
        and not groups.are_one(one["a_learner"], one["b_learner"])
    ]
    for place, (a, b, verdict) in enumerate(words):
        if verdict == SAME:
            groups.join(learners[a], learners[b], place)
    return [
        *_among_themselves(words, names, learners, groups),
        *_with_earlier(parted, groups),
    ]


def _among_themselves(
    words: Sequence[Word],
    names: Sequence[str],
    learners: dict[Student, str],
    groups: _Groups,
) -> Iterator[Contradiction]:
    for place, (a, b, verdict) in enumerate(words):
        if verdict == SAME or not groups.are_one(learners[a], learners[b]):
            continue
        earlier = groups.earlier(learners[a])
        same = [f"in {names[one]}" for one in groups.listed(learners[a])]
        same += [f"by {one}" for one in earlier]
        what = f"different, while same {_listed(same)} makes the two one person"
        remedy = (
            "decide these together, or take an earlier one back: different on its pair"
            if earlier
            else "decide these rows together"
        )
        yield Contradiction(place, what, remedy)


def _with_earlier(
    parted: list[dict[str, Any]], groups: _Groups
) -> Iterator[Contradiction]:
    for told in parted:
        if not groups.are_one(told["a_learner"], told["b_learner"]):
            continue
        what = (
            f"same joins {_student(told, 'a')} and {_student(told, 'b')}, who were "
            f"decided to be different ({_who(told)})"
        )
        remedy = "ask them, or use lrw identity merge, which lifts that decision"
        yield Contradiction(groups.listed(told["a_learner"])[-1], what, remedy)


def _listed(parts: Sequence[str]) -> str:
    shown = list(parts[:_NAMED])
    if len(parts) > _NAMED:
        shown.append(f"{len(parts) - _NAMED} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)


def _student(told: dict[str, Any], side: str) -> str:
    return f"{told[f'{side}_institution_code']}:{told[f'{side}_student_id']}"


def _who(told: dict[str, Any], *, pair: bool = False) -> str:
    day = f"{told['decided_at']:%Y-%m-%d}"
    who = person(told["decided_by"])
    if not pair:
        return f"{who}, {day}"
    return f"{who} on {day} ({_student(told, 'a')} and {_student(told, 'b')})"


def _learners(
    con: duckdb.DuckDBPyConnection, words: Sequence[Word]
) -> dict[Student, str]:
    students = sorted({student for a, b, _ in words for student in (a, b)})
    rows = con.execute(
        """
        select asked.code, asked.student, identity_link.learner_id
        from (select unnest($codes) as code, unnest($students) as student) as asked
        inner join identity_link
            on identity_link.institution_code = asked.code
            and identity_link.student_id = asked.student
        """,
        {
            "codes": [code for code, _ in students],
            "students": [student for _, student in students],
        },
    ).fetchall()
    return {(code, student): learner for code, student, learner in rows}


def _told(
    con: duckdb.DuckDBPyConnection, settled: set[tuple[Student, Student]]
) -> list[dict[str, Any]]:
    """Earlier decisions on two learners of today, less those that are decided anew."""
    rows = con.sql(
        """
        select override.*, a.learner_id as a_learner, b.learner_id as b_learner
        from override
        inner join identity_link as a
            on a.institution_code = a_institution_code and a.student_id = a_student_id
        inner join identity_link as b
            on b.institution_code = b_institution_code and b.student_id = b_student_id
        where a.learner_id <> b.learner_id
        order by override.seq
        """
    ).to_arrow_table()
    return [
        row
        for row in rows.to_pylist()
        if (
            (row["a_institution_code"], row["a_student_id"]),
            (row["b_institution_code"], row["b_student_id"]),
        )
        not in settled
    ]
