"""The open review pairs, in the order in which they should be looked at.

Belongs here: which pairs are open, their names for ever (``task_id``), severity and
order. Does not belong here: how they are written (``sheets``, ``page``).
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from pipelines.identity.log.schema import DIFFERENT, SAME
from pipelines.identity.review.words import TOO_MANY

DEFAULT_LIMIT = 500
PAIR_HASH = """
    substr(sha256(concat_ws(chr(31), {a}_institution_code, {a}_student_id,
                            {b}_institution_code, {b}_student_id)), 1, 16)
"""
"""The pair's part of a task id; a before b, as everywhere."""

COLUMNS = (
    "no",
    "task_id",
    "severity",
    "answer",
    "score",
    "a_institution_code",
    "a_student_id",
    "a_name",
    "a_learner_id",
    "b_institution_code",
    "b_student_id",
    "b_name",
    "b_learner_id",
    "proposed_by",
    "reasons",
)
FILL_IN = ("decision", "reason", "decided_by")


@dataclass(frozen=True)
class Worklist:
    """Open tasks.

    Attributes:
        tasks: ``COLUMNS`` (``severity`` as ``severity_rank``), ``weight``, ``parts``
            and ``evidence_hash``; one row a pair, in order.
        open: How many are open in all, also those beyond the limit.
    """

    tasks: pl.DataFrame
    open: int


def register_tasks(con: duckdb.DuckDBPyConnection) -> None:
    """Create the views ``review_decided``, ``review_pair_task`` and ``review_task``.

    Needs ``review_pair`` (with ``written_at``), ``identity_link``, ``override``,
    ``representation`` and ``published_learner``.

    ``review_pair_task``: every pair the night put to a person; ``is_open`` unless both
    students have one learner by now, or a steward decided since, or on this evidence.
    (Two decided to be the same whom the night could not join are asked about again.)
    ``task_id`` names the pair for ever and, after the dot, the evidence it is about; it
    starts with a letter and holds a dot between hexadecimals, so that no spreadsheet
    takes it for a number. ``review_task``: the open ones with severity and names.
    """
    con.execute(
        f"create or replace temp view review_decided as "
        f"select {PAIR_HASH.format(a='a', b='b')} as pair_hash, * from override"
    )
    con.execute(
        f"""
        create or replace temp view review_pair_task as
        with named as (
            select
                review_pair.*,
                {PAIR_HASH.format(a="a", b="b")} as pair_hash,
                mine.learner_id as a_learner_id,
                theirs.learner_id as b_learner_id
            from review_pair
            left join identity_link as mine
                on mine.institution_code = a_institution_code
                and mine.student_id = a_student_id
            left join identity_link as theirs
                on theirs.institution_code = b_institution_code
                and theirs.student_id = b_student_id
        )
        select
            named.*,
            'P' || named.pair_hash
                || '.' || substr(sha256(coalesce(named.evidence_hash, '')), 1, 8)
                as task_id,
            a_learner_id is not distinct from b_learner_id
                and a_learner_id is not null as is_one_learner,
            told.pair_hash is not null as is_decided,
            not is_one_learner and not is_decided as is_open
        from named
        left join review_decided as told
            on told.pair_hash = named.pair_hash
            and (told.decided_at >= named.written_at
                 or (told.verdict = '{DIFFERENT}'
                     and told.evidence_hash = named.evidence_hash))
        """
    )
    con.execute(
        f"""
        create or replace temp view review_task as
        with waiting as (
            select * from review_pair_task where is_open
        ),
        crowd as (
            select institution_code, student_id, count(*) as candidates
            from (
                select a_institution_code as institution_code,
                       a_student_id as student_id from waiting
                union all
                select b_institution_code, b_student_id from waiting
            )
            group by all
        ),
        person_name as (
            select
                institution_code, student_id,
                concat_ws(' ', first_name, middle_name, last_name, suffix) as name
            from representation
            semi join crowd using (institution_code, student_id)
            qualify row_number() over (
                partition by institution_code, student_id
                order by is_current desc, first_as_of desc, representation_id
            ) = 1
        )
        select
            case
                when a_learner_id in (select learner_id from published_learner)
                 and b_learner_id in (select learner_id from published_learner) then 1
                when a_institution_code = b_institution_code then 2
                else 3
            end as severity_rank,
            if(greatest(mine.candidates, theirs.candidates) > {TOO_MANY},
               'too_many', 'possible') as answer,
            if(weight is null, null, probability) as score,
            waiting.* exclude (decided_by),
            decided_by as proposed_by,
            a_name.name as a_name,
            b_name.name as b_name
        from waiting
        inner join crowd as mine
            on mine.institution_code = a_institution_code
            and mine.student_id = a_student_id
        inner join crowd as theirs
            on theirs.institution_code = b_institution_code
            and theirs.student_id = b_student_id
        left join person_name as a_name
            on a_name.institution_code = a_institution_code
            and a_name.student_id = a_student_id
        left join person_name as b_name
            on b_name.institution_code = b_institution_code
            and b_name.student_id = b_student_id
        """
    )


def worklist(
    con: duckdb.DuckDBPyConnection,
    *,
    college: str | None = None,
    limit: int | None = DEFAULT_LIMIT,
) -> Worklist:
    """The open tasks, gravest first.

    Args:
        con: Has the view of ``register_tasks``.
        college: Only pairs with a student of this college.
        limit: At most so many; None for all.
    """
    rows = con.sql(
        """
        select *, row_number() over (
            order by severity_rank, a_institution_code <> b_institution_code,
                     probability desc nulls last, task_id
        ) as no
        from review_task
        where $college is null
           or a_institution_code = $college or b_institution_code = $college
        order by no
        """,
        params={"college": college},
    ).to_arrow_table()
    tasks = pl.DataFrame(rows)
    return Worklist(tasks if limit is None else tasks.head(limit), tasks.height)


def decided_since(con: duckdb.DuckDBPyConnection) -> int:
    """How many pairs were decided to be the same since a night acted on decisions.

    Args:
        con: Has the views of ``register_tasks``.
    """
    rows = con.execute(
        f"""
        select count(*)
        from override
        inner join identity_link as a
            on a.institution_code = a_institution_code and a.student_id = a_student_id
        inner join identity_link as b
            on b.institution_code = b_institution_code and b.student_id = b_student_id
        where verdict = '{SAME}' and a.learner_id <> b.learner_id
          and decided_at >= (select max(written_at) from review_pair)
        """
    ).fetchall()
    return int(rows[0][0])


def representations_of(
    con: duckdb.DuckDBPyConnection, students: pl.DataFrame
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Everything colleges sent about some students, the current record first.

    Args:
        con: Has ``representation``.
        students: ``institution_code`` and ``student_id``.
    """
    con.register("_asked_student", students.unique())
    rows = con.sql(
        """
        select representation.*
        from representation
        semi join _asked_student using (institution_code, student_id)
        order by institution_code, student_id, is_current desc, first_as_of desc,
                 representation_id
        """
    ).to_arrow_table()
    con.unregister("_asked_student")
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        key = (row["institution_code"], row["student_id"])
        found.setdefault(key, []).append(row)
    return found
