"""Looking a person up: one record made by hand, scored against everybody.

Belongs here: the record, the answer word and the candidates. Does not belong here: the
evidence (``evidence``), and anything that would be remembered: nothing is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.errors import UsageError
from pipelines.identity.evidence import find_pairs, load_policy
from pipelines.identity.representation.collect import prepare
from pipelines.identity.representation.columns import NAMES, SENT
from pipelines.identity.representation.gather import gather
from pipelines.identity.review.masking import masked
from pipelines.identity.review.words import ANSWER, TOO_MANY, Answer

_ASKED = "~asked"
"""Stands where a college's code does; no code begins so."""
_WHOLE = ("representation", "identifier_ever")


@dataclass(frozen=True)
class Person:
    """Who is looked for, as a form would give it; None where it is not known.

    Attributes:
        state_id: A state postsecondary or K-12 id; compared as both.
    """

    family: str
    birth_date: date
    given: str | None = None
    email: str | None = None
    phone: str | None = None
    state_id: str | None = None


def find(
    con: duckdb.DuckDBPyConnection, person: Person, college: str | None = None
) -> dict[str, Any]:
    """Look for a person by the evidence that also links.

    Args:
        con: As ``sources.connect`` makes it; its views are replaced.
        person: Who is looked for.
        college: Only learners who are a student there.

    Returns:
        Stable keys: ``answer`` (exact, linked, possible, none or too_many),
        ``meaning``, ``count`` and ``candidates`` (best first, masked; none where there
        are too many).

    Raises:
        UsageError: There is no family name.
    """
    if not person.family.strip():
        raise UsageError("A family name is needed; a mononym is a family name.")
    _ask(con, person)
    con.execute(
        "create or replace temp table asked_student as select "
        f"'{_ASKED}' as institution_code, '{_ASKED}' as student_id"
    )
    find_pairs(con, load_policy(), new="asked_student")
    candidates = _candidates(con, college)
    answer = _answer(candidates)
    shown = [] if answer is Answer.TOO_MANY else candidates
    return {
        "answer": answer.value,
        "meaning": ANSWER[answer],
        "count": len(candidates),
        "candidates": shown,
    }


def _ask(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Add the record to what colleges said, for this connection only."""
    prepare(con)
    head = {
        "institution_code": _ASKED,
        "student_id": _ASKED,
        "package_seq": 1,
        "as_of": None,
        "op": "U",
    }
    said = {
        "first_name": person.given,
        "last_name": person.family,
        "birth_date": person.birth_date,
        "birth_date_quality": "FULL",
        "email_personal": person.email,
        "phone": person.phone,
    }
    identifiers = [
        {**head, "id_type": kind, "id_value": person.state_id, "current": True}
        for kind in ("STATE_PS_ID", "STATE_K12_ID")
        if person.state_id
    ]
    sent = {**dict.fromkeys(SENT), **said}
    _table(con, "said_person", [{**head, **sent}], SENT)
    _table(con, "said_name", [], NAMES)
    _table(con, "said_identifier", identifiers, ("id_type", "id_value", "current"))
    merge = ("from_student_id", "to_student_id", "kind", "merged_on")
    _table(con, "said_merge", [], merge)
    gather(con)
    for view, asked in zip(_WHOLE, ("gathered", "gathered_identifier"), strict=True):
        con.execute(f"alter view {view} rename to kept_{view}")
        con.execute(
            f"create temp view {view} as "
            f"select * from kept_{view} union all by name select * from {asked}"
        )


_TYPES = {
    "package_seq": pa.int64(),
    "as_of": pa.timestamp("us", tz="UTC"),
    "birth_date": pa.date32(),
    "merged_on": pa.date32(),
    "high_school_grad_year": pa.int32(),
    "current": pa.bool_(),
}


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    rows: list[dict[str, Any]],
    columns: Sequence[str],
) -> None:
    head = ("institution_code", "student_id", "package_seq", "as_of", "op")
    names = dict.fromkeys((*head, *columns))
    schema = pa.schema([(one, _TYPES.get(one, pa.string())) for one in names])
    con.register(f"_{name}", pa.Table.from_pylist(rows, schema))
    con.execute(f"create or replace temp table {name} as from _{name}")
    con.unregister(f"_{name}")


def _candidates(
    con: duckdb.DuckDBPyConnection, college: str | None
) -> list[dict[str, Any]]:
    """One entry a learner, best first; a student without a learner is its own."""
    con.execute(
        f"""
        create or replace temp table hit as
        with found as (
            select
                if(a_institution_code = '{_ASKED}', b_institution_code,
                   a_institution_code) as institution_code,
                if(a_institution_code = '{_ASKED}', b_student_id,
                   a_student_id) as student_id,
                verdict, probability, reasons, decided_by
            from pair
            where '{_ASKED}' in (a_institution_code, b_institution_code)
              and verdict in ('link', 'review')
        )
        select found.*, link.learner_id,
            if(link.linked_to <> link.learner_id, link.linked_to, null) as merged_from,
            coalesce(link.learner_id,
                     found.institution_code || ':' || found.student_id) as who
        from found
        left join identity_link as link using (institution_code, student_id)
        """
    )
    rows = con.sql(
        """
        select
            who,
            any_value(learner_id) as learner_id,
            bool_or(verdict = 'link') as is_sure,
            max(probability) as score,
            arg_max(reasons, (verdict = 'link', probability)) as reasons,
            arg_max(decided_by, (verdict = 'link', probability)) as decided_by,
            list_sort(list_distinct(list(merged_from) filter (merged_from is not null)))
                as merged_from,
            bool_and(merged_from is not null) as is_retired
        from hit
        where $college is null
           or learner_id in (
               select learner_id from identity_link where institution_code = $college
           )
        group by who
        order by is_sure desc, score desc, who
        """,
        params={"college": college},
    ).to_arrow_table()
    students = _students(con)
    return [
        {
            **one,
            "merged_from": one["merged_from"] or [],
            "students": students[one["who"]],
        }
        for one in rows.to_pylist()
    ]


def _students(con: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """The records that were hit, masked, by whose they are."""
    rows = con.sql(
        """
        select hit.who, said.*
        from hit
        inner join kept_representation as said using (institution_code, student_id)
        qualify row_number() over (
            partition by institution_code, student_id
            order by said.is_current desc, said.first_as_of desc,
                     said.representation_id
        ) = 1
        order by hit.who, institution_code, student_id
        """
    ).to_arrow_table()
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        student = {name: row[name] for name in ("institution_code", "student_id")}
        found.setdefault(row["who"], []).append({**student, **masked(row)})
    return found


def _answer(candidates: list[dict[str, Any]]) -> Answer:
    if not candidates:
        return Answer.NONE
    if len(candidates) > TOO_MANY:
        return Answer.TOO_MANY
    sure = [one for one in candidates if one["is_sure"]]
    if len(sure) != 1:
        return Answer.POSSIBLE
    return Answer.LINKED if sure[0]["is_retired"] else Answer.EXACT
