"""Why a learner is who it is: every representation, link and event, in plain words.

Belongs here: reading the log back for one learner. Does not belong here: deciding
anything, and how it is printed (``pipelines.commands.identity_told``).
"""

import re
from typing import Any

import duckdb

from pipelines.errors import OperatorError
from pipelines.identity.log.schema import STEWARD, person
from pipelines.identity.review.masking import masked

_STUDENT = re.compile(r"(?P<code>[A-Za-z0-9_]+):(?P<student>.+)")


def explain(con: duckdb.DuckDBPyConnection, asked: str) -> dict[str, Any]:
    """Everything the warehouse can say about one learner's identity.

    Args:
        con: As ``sources.connect`` makes it.
        asked: A learner_id, also a retired one, or ``COLLEGE:STUDENT``.

    Returns:
        Stable keys: ``asked``, ``learner_id``, ``status`` (active or erased),
        ``minted_at``, ``went`` (the steps from the asked id to this one), ``students``,
        ``representations`` (newest first, masked), ``events`` (oldest first),
        ``retired_ids`` and ``open_questions``.

    Raises:
        OperatorError: No learner and no student has that id, or the student has no
            learner.
    """
    started = _learner_of(con, asked)
    went = _way(con, started)
    learner = went[-1]["to_learner_id"] if went else started
    row = _rows(con, "from learner where learner_id = $learner", learner=learner)[0]
    retired = _rows(
        con,
        """
        select merged.retired as learner_id, event.learner_id as merged_into,
               event.decided_at as merged_at, event.decided_by, event.reasons,
               event.event_id
        from merged
        inner join identity_event as event on event.event_id = merged.merged_by_event
        where merged.survivor = $learner
        order by event.seq
        """,
        learner=learner,
    )
    ids = [learner, *(one["learner_id"] for one in retired)]
    students = _students(con, learner)
    return {
        "asked": asked,
        "learner_id": learner,
        "status": row["status"],
        "minted_at": row["minted_at"],
        "split_from": row["split_from_learner_id"],
        "went": went,
        "students": students,
        "representations": _representations(con, learner),
        "events": _events(con, ids),
        "retired_ids": [_by_whom(one) for one in retired],
        "open_questions": _open(con, learner),
    }


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, **values: Any
) -> list[dict[str, Any]]:
    return con.sql(sql, params=values).to_arrow_table().to_pylist()


def _learner_of(con: duckdb.DuckDBPyConnection, asked: str) -> str:
    if _rows(con, "select 1 from learner where learner_id = $learner", learner=asked):
        return asked
    found = _STUDENT.fullmatch(asked)
    if not found:
        raise OperatorError(
            "No learner has that id; a student of a college is COLLEGE:STUDENT."
        )
    one = {"code": found["code"], "student": found["student"]}
    linked = _rows(
        con,
        "select learner_id from identity_link "
        "where institution_code = $code and student_id = $student",
        **one,
    )
    if linked:
        return str(linked[0]["learner_id"])
    if _rows(
        con,
        "from erased_student where institution_code = $code and student_id = $student",
        **one,
    ):
        raise OperatorError("That student's learner was erased at a person's demand.")
    known = _rows(
        con,
        "select 1 from representation "
        "where institution_code = $code and student_id = $student limit 1",
        **one,
    )
    if known:
        raise OperatorError(
            "That student has no learner yet: the night has not linked it, or the "
            "guard held the night back; see lrw identity review and lrw status."
        )
    raise OperatorError(f"No student of {one['code']} has that id.")


def _way(con: duckdb.DuckDBPyConnection, learner: str) -> list[dict[str, Any]]:
    """The merges from a retired id to the one that holds its students now."""
    way: list[dict[str, Any]] = []
    at = learner
    while True:
        step = _rows(
            con,
            """
            select event.other_learner_id as from_learner_id,
                   event.learner_id as to_learner_id, event.decided_at as merged_at,
                   event.decided_by, event.reasons, event.event_id
            from merged
            inner join identity_event as event
                on event.event_id = merged.merged_by_event
            where merged.retired = $learner
            """,
            learner=at,
        )
        if not step:
            return way
        way.append(_by_whom(step[0]))
        at = str(step[0]["to_learner_id"])


def _students(con: duckdb.DuckDBPyConnection, learner: str) -> list[dict[str, Any]]:
    rows = _rows(
        con,
        """
        select link.institution_code, link.student_id, link.linked_at as since,
               link.linked_by as decided_by, link.score, link.reasons,
               link.since_event, link.linked_to,
               event.other_institution_code as joined_to_institution_code,
               event.other_student_id as joined_to_student_id,
               merge.event_id as came_by_event, merge.decided_at as came_at
        from identity_link as link
        left join identity_event as event on event.event_id = link.since_event
        left join merged on merged.retired = link.linked_to
        left join identity_event as merge on merge.event_id = merged.merged_by_event
        where link.learner_id = $learner
        order by link.linked_at, link.institution_code, link.student_id
        """,
        learner=learner,
    )
    return [_by_whom(row) for row in rows]


def _representations(
    con: duckdb.DuckDBPyConnection, learner: str
) -> list[dict[str, Any]]:
    rows = _rows(
        con,
        """
        select representation.*
        from representation
        semi join (from identity_link where learner_id = $learner) as mine
            using (institution_code, student_id)
        order by first_as_of desc, is_current desc, institution_code, student_id,
                 representation_id
        """,
        learner=learner,
    )
    head = ("institution_code", "student_id", "first_as_of", "is_current")
    return [{**{name: row[name] for name in head}, **masked(row)} for row in rows]


def _events(con: duckdb.DuckDBPyConnection, ids: list[str]) -> list[dict[str, Any]]:
    rows = _rows(
        con,
        """
        select seq, event_id, event_type, learner_id, other_learner_id,
               institution_code, student_id, other_institution_code, other_student_id,
               decided_by, score, reasons, undoes, decided_at
        from identity_event
        where learner_id in (select unnest($ids))
           or other_learner_id in (select unnest($ids))
        order by seq
        """,
        ids=ids,
    )
    return [_by_whom(row) for row in rows]


def _open(con: duckdb.DuckDBPyConnection, learner: str) -> list[dict[str, Any]]:
    return _rows(
        con,
        """
        select task_id, if(weight is null, null, probability) as score, reasons,
               a_institution_code, a_student_id, b_institution_code, b_student_id
        from review_pair_task
        where is_open and (a_learner_id = $learner or b_learner_id = $learner)
        order by probability desc nulls last, task_id
        """,
        learner=learner,
    )


def _by_whom(row: dict[str, Any]) -> dict[str, Any]:
    """A steward by name, and whether it was one."""
    decided_by = str(row["decided_by"])
    by_person = decided_by.startswith(STEWARD)
    return {**row, "decided_by": person(decided_by), "by_person": by_person}
