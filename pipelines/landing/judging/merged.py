"""Rows of an id that was given up, where they stand under the new id too.

Belongs here: which rows a merge or a change of id has doubled. Does not belong here:
what the merge says of persons (``pipelines.identity``).

Rows may go on under the old id; they stay in force and resolvable through
``person_merge`` (X01). When the same row comes under the new id, the old one leaves
force, so that nothing counts twice. After ID_CHANGED the rest of the key says what the
same row is. After MERGED_INTO numbers of awards or attempts may mean another row of
the other person, so the whole content has to agree.
"""

import duckdb
import polars as pl

from pipelines.contracts.model import Feed

_STUDENT = "student_id"
_NOT_ROWS_OF = {"person", "person_merge"}


def can_double(feed: Feed) -> bool:
    """Whether a learner's id is part of the feed's key."""
    return _STUDENT in feed.key and feed.name not in _NOT_ROWS_OF


def doubled_rows(feed: Feed, con: duckdb.DuckDBPyConnection) -> pl.DataFrame | None:
    """Rows in force of given-up ids that stand under the id in use too.

    Args:
        feed: A feed of which ``can_double`` holds.
        con: Has the views ``person``, ``person_merge`` and that of the feed.

    Returns:
        The sender and data columns of the doubled rows; None when there are none. An
        id that is still in the person file was not given up.
    """
    if not con.execute("select 1 from person_merge limit 1").fetchall():
        return None
    rest = [name for name in feed.key if name != _STUDENT]
    content = [
        column.name
        for column in feed.data_columns
        if column.name not in {_STUDENT, "record_updated_at"}
    ]
    columns = ", ".join(f"old.{name}" for name in ("institution_code", *_data(feed)))
    found = con.sql(
        f"""
        with recursive link as (
            select institution_code, from_student_id as old_id,
                to_student_id as new_id, kind = 'ID_CHANGED' as same_person
            from person_merge
            where kind in ('ID_CHANGED', 'MERGED_INTO')
                and from_student_id <> to_student_id and not is_closed
        ), given_up as (
            select * from link
            union
            select given_up.institution_code, given_up.old_id, link.new_id,
                given_up.same_person and link.same_person
            from given_up
            inner join link
                on given_up.institution_code = link.institution_code
                and given_up.new_id = link.old_id
            where given_up.old_id <> link.new_id
        )
        select distinct {columns}
        from {feed.name} as old
        inner join given_up
            on old.institution_code = given_up.institution_code
            and old.{_STUDENT} = given_up.old_id
        inner join {feed.name} as new
            on old.institution_code = new.institution_code
            and new.{_STUDENT} = given_up.new_id
            and {_same(rest)}
        where not old.is_closed and not new.is_closed
            and (given_up.same_person or ({_same(content)}))
            and not exists (
                select 1 from person
                where person.institution_code = old.institution_code
                    and person.student_id = given_up.old_id
            )
        """
    )
    rows = pl.DataFrame(found.to_arrow_table())
    return None if rows.is_empty() else rows


def _data(feed: Feed) -> list[str]:
    return [column.name for column in feed.data_columns]


def _same(names: list[str]) -> str:
    return (
        " and ".join(f"old.{name} is not distinct from new.{name}" for name in names)
        or "true"
    )
