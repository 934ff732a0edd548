"""What every decision of a steward needs: the log held, its views, who and why.

Belongs here: asking the log about learners and students, and writing events down. Does
not belong here: any one decision.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.decider import who_and_why
from pipelines.errors import OperatorError
from pipelines.identity.log.schema import (
    NEW_EVENT_SCHEMA,
    OVERRIDE,
    STEWARD,
)
from pipelines.identity.log.store import At, Writer, writing
from pipelines.identity.log.views import register, work_out
from pipelines.identity.night.places import review_file
from pipelines.identity.steward.contradictions import Student
from pipelines.settings import Home, time_zone


@dataclass
class Desk:
    """One decision while it is made.

    Attributes:
        con: Has the log's views and ``waiting``: (a_institution_code, a_student_id,
            b_institution_code, b_student_id, evidence_hash) of what waits for a person.
        home: The warehouse.
        by: Who decides.
        reason: Why.
        events: What will be written, in order.
    """

    con: duckdb.DuckDBPyConnection
    home: Home
    by: str
    reason: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def say(self, event_type: str, learner_id: str, **values: Any) -> str:
        """Put one event on the list; returns its id."""
        event_id = self.new_id()
        self.events.append(
            {
                **dict.fromkeys(NEW_EVENT_SCHEMA.names),
                "event_id": event_id,
                "event_type": event_type,
                "learner_id": learner_id,
                "decided_by": STEWARD + self.by,
                "reasons": [self.reason],
                "decided_at": datetime.now(UTC),
                **values,
            }
        )
        return event_id

    def say_of_pair(
        self,
        event_type: str,
        learners: tuple[str, str],
        students: tuple[Student, Student],
        evidence_hash: str | None = None,
        **values: Any,
    ) -> str:
        """Put a decision about two students on the list, the lesser student first."""
        (one, mine), (other, theirs) = sorted(zip(students, learners, strict=True))
        return self.say(
            event_type,
            mine,
            other_learner_id=theirs,
            institution_code=one[0],
            student_id=one[1],
            other_institution_code=other[0],
            other_student_id=other[1],
            evidence_hash=evidence_hash or self.evidence(one, other),
            **values,
        )

    def say_of_all(
        self,
        verdict: str,
        learners: tuple[str, str],
        mine: Iterable[Student],
        theirs: Iterable[Student],
    ) -> None:
        """Say of every student of one learner that it is, or is not, one of another."""
        for pair in product(sorted(mine), sorted(theirs)):
            if self.verdict(*pair) != verdict:
                self.say_of_pair(OVERRIDE[verdict], learners, pair)

    def new_id(self) -> str:
        """An id that sorts by when it was made and says nothing else."""
        return str(self.one("select uuidv7()::varchar")[0])

    def status(self, learner_id: str) -> tuple[str, str | None]:
        """What became of an id, and where it leads.

        Raises:
            OperatorError: It was never minted.
        """
        found = self.rows(
            "select status, merged_into_learner_id from learner where learner_id = $id",
            id=learner_id,
        )
        if not found:
            raise OperatorError(f"There is no learner {learner_id}.")
        return found[0][0], found[0][1]

    def active(self, learner_id: str) -> str:
        """The id, when it is a learner today.

        Raises:
            OperatorError: It was never minted, was merged or erased.
        """
        status, into = self.status(learner_id)
        if status == "merged_into":
            raise OperatorError(f"{learner_id} was merged into {into}; name that one.")
        if status != "active":
            raise OperatorError(f"{learner_id} is {status}.")
        return learner_id

    def students(self, learner_id: str) -> list[Student]:
        """The college students that a learner is."""
        return self.rows(
            "select institution_code, student_id from identity_link "
            "where learner_id = $id order by all",
            id=learner_id,
        )

    def learner_of(self, student: Student) -> str:
        """The learner that a college student is.

        Raises:
            OperatorError: Nobody knows the student, or it has no learner.
        """
        found = self.rows(
            "select learner_id from identity_link "
            "where institution_code = $college and student_id = $student",
            college=student[0],
            student=student[1],
        )
        if not found:
            raise OperatorError(f"{student[0]}:{student[1]} has no learner.")
        return str(found[0][0])

    def verdict(self, one: Student, other: Student) -> str | None:
        """What a steward last said about two students."""
        return self._verdicts().get(_pair(one, other))

    def evidence(self, one: Student, other: Student) -> str | None:
        """Which evidence waits for a decision about two students, where any does."""
        return self._evidence().get(_pair(one, other))

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """The rows of a query."""
        return self.con.execute(sql, values).fetchall()

    def one(self, sql: str, **values: Any) -> Any:
        """The only row of a query."""
        return self.rows(sql, **values)[0]

    def _verdicts(self) -> dict[tuple[Student, Student], str]:
        if self._told is None:
            self._told = {
                ((row[0], row[1]), (row[2], row[3])): row[4]
                for row in self.rows(
                    "select a_institution_code, a_student_id, b_institution_code, "
                    "b_student_id, verdict from override"
                )
            }
        return self._told

    def _evidence(self) -> dict[tuple[Student, Student], str]:
        if self._waiting is None:
            self._waiting = {
                ((row[0], row[1]), (row[2], row[3])): row[4]
                for row in self.rows("from waiting")
            }
        return self._waiting

    _told: dict[tuple[Student, Student], str] | None = field(default=None, repr=False)
    _waiting: dict[tuple[Student, Student], str] | None = field(
        default=None, repr=False
    )


@contextmanager
def deciding(
    home: Home, by: str, reason: str, at: At = lambda _: None
) -> Iterator[Desk]:
    """Hold the log, let a decision be put together, then write it down as one segment.

    Raises:
        UsageError: The name or the reason is missing.
        OperatorError: Another decides, or the log is damaged; nothing is written then.
    """
    who, why = who_and_why(by, reason)
    with writing(home.identity_events) as log, duckdb.connect() as con:
        con.execute(f"set timezone = '{time_zone()}'")
        register(con, home.identity_events)
        work_out(con)
        _register_waiting(con, home)
        desk = Desk(con, home, who, why)
        yield desk
        _write(log, desk, at)


def _register_waiting(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    columns = (
        "a_institution_code, a_student_id, b_institution_code, b_student_id, "
        "evidence_hash"
    )
    path = review_file(home)
    if path.exists():
        quoted = str(path).replace("'", "''")
        select = f"select {columns} from read_parquet('{quoted}')"
    else:
        nothing = ", ".join(f"null::varchar as {one}" for one in columns.split(", "))
        select = f"select {nothing} where false"
    con.execute(f"create or replace temp view waiting as {select}")


def _write(log: Writer, desk: Desk, at: At) -> None:
    at("decided")
    log.append(pa.Table.from_pylist(desk.events, NEW_EVENT_SCHEMA), at)


def _pair(one: Student, other: Student) -> tuple[Student, Student]:
    return (one, other) if one <= other else (other, one)
