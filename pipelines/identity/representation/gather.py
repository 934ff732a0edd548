"""From rows of the change log to representations of the students they are about.

Belongs here: which rows of person, name, identifier and merge make a representation.
Does not belong here: comparable forms (``normalise``), files (``store``).

Tables that go in and are used up, all with ``institution_code``, ``package_seq``
(bigint, orders packages of a college), ``as_of`` (timestamptz) and ``op`` (U or D):
``said_person`` (``student_id``, ``columns.SENT``), ``said_name`` (``student_id``,
``columns.NAMES``), ``said_identifier`` (``student_id``, ``id_type``, ``id_value``,
``current``), ``said_merge`` (``from_student_id``, ``to_student_id``, ``kind``,
``merged_on``), and ``nickname`` (``name``, ``roots``).
"""

import duckdb

from pipelines.identity.representation.columns import (
    COLUMNS,
    IDENTIFIERS,
    NAMES,
    SENT,
)
from pipelines.identity.representation.normalise import normalised

_STUDENT = "institution_code, student_id"
_SEPARATOR = "chr(31)"
_NUMBERS = "'SSN', 'ITIN', 'STATE_PS_ID', 'STATE_K12_ID'"
_STUDENT_NO = f"student_no_of({_STUDENT})"


def _hash(*parts: str) -> str:
    # A null and an empty text differ, and no text holds the separator.
    known = ", ".join(f"coalesce({part}::varchar, chr(30))" for part in parts)
    return f"md5(concat_ws({_SEPARATOR}, {known}))"


def gather(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``gathered``, ``gathered_identifier`` and ``gathered_merge``.

    ``gathered`` has ``columns.COLUMNS``, and is a view: a first night writes it to the
    cache and never holds it. The others are the tables of that purpose in ``store``.
    """
    # A million and a half rows are held once, not at every step.
    _identifiers(con)
    _drop(con, "said_identifier")
    _merges(con)
    _persons(con)
    _drop(con, "said_person")
    _names(con)
    _given_up(con)
    _put_together(con)


def _drop(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    for table in tables:
        con.execute(f"drop table if exists {table}")


def _identifiers(con: duckdb.DuckDBPyConnection) -> None:
    """What was ever said of an identifier; most were said once, and need no sorting."""
    number = "number_of(id_type || chr(31) || _plausible(id_value))"
    one = f"{_STUDENT}, id_type, id_value"
    con.execute(
        f"""
        create or replace temp table gathered_identifier as
        with keyed as (
            select *, hash({one}) as _key from said_identifier
            where id_value is not null
        ),
        several as (select _key from keyed group by _key having count(*) > 1),
        sorted as (
            select
                {one},
                min(as_of) filter (op <> 'D') as first_as_of,
                max(package_seq) as last_seq,
                coalesce(arg_max(op <> 'D' and current, package_seq), false)
                    as is_current
            from keyed
            semi join several using (_key)
            group by {one}
            having bool_or(op <> 'D')
            union all
            select {one}, as_of, package_seq, coalesce(current, false)
            from keyed
            anti join several using (_key)
            where op <> 'D'
        )
        select
            {_STUDENT},
            {_STUDENT_NO} as student_no,
            id_type,
            id_value,
            why_not is null as is_plausible,
            why_not,
            if(why_not is null and id_type in ({_NUMBERS}), {number}, null)
                as number_no,
            first_as_of,
            last_seq,
            is_current
        from (select *, why_not_plausible(id_value) as why_not from sorted)
        """
    )


def _merges(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace temp table gathered_merge as
        select
            institution_code,
            from_student_id,
            to_student_id,
            arg_max(kind, (merged_on, package_seq)) as kind,
            max(merged_on) as merged_on,
            max(package_seq) as last_seq,
            min(as_of) as first_as_of
        from said_merge
        where op <> 'D' and from_student_id <> to_student_id
        group by institution_code, from_student_id, to_student_id
        """
    )


def _persons(con: duckdb.DuckDBPyConnection) -> None:
    """Versions of a student's row; few students have more than one to sort out."""
    sent = ", ".join(SENT)
    con.execute(
        f"""
        create or replace temp table gathered_person as
        with several as (
            select {_STUDENT}, max(package_seq) as newest_seq,
                arg_max(op, (package_seq, op = 'D')) = 'D' as is_gone
            from said_person
            group by {_STUDENT}
            having count(*) > 1
        ),
        version as (
            select
                {_STUDENT},
                {sent},
                min(as_of) as first_as_of,
                max(package_seq) as last_seq,
                not any_value(is_gone) and max(package_seq) = any_value(newest_seq)
                    as is_current
            from said_person
            inner join several using ({_STUDENT})
            where op <> 'D'
            group by {_STUDENT}, {sent}
        ),
        every as (
            select *, row_number() over (
                partition by {_STUDENT} order by last_seq desc
            ) = 1 as is_newest
            from version
            union all by name
            select {_STUDENT}, {sent}, as_of as first_as_of, package_seq as last_seq,
                true as is_current, true as is_newest
            from said_person
            anti join several using ({_STUDENT})
            where op <> 'D'
        )
        select
            *,
            {_hash("institution_code", "student_id", *SENT)} as representation_id,
            'person' as source
        from every
        """
    )


def _names(con: duckdb.DuckDBPyConnection) -> None:
    rest = ", ".join(f"person.{name}" for name in SENT if name not in NAMES)
    names = ", ".join(NAMES)
    con.execute(
        f"""
        create or replace temp table gathered_name as
        with version as (
            select {_STUDENT}, {names}, min(as_of) as first_as_of,
                max(package_seq) as last_seq
            from said_name
            where op <> 'D'
            group by {_STUDENT}, {names}
        )
        select
            institution_code, student_id,
            {", ".join(f"version.{name}" for name in NAMES)}, {rest},
            version.first_as_of,
            version.last_seq,
            false as is_current,
            false as is_newest,
            {
            _hash(
                "institution_code",
                "student_id",
                "'name'",
                *(f"version.{name}" for name in NAMES),
            )
        } as representation_id,
            'name' as source
        from version
        left join (from gathered_person where is_newest) as person
            using ({_STUDENT})
        where _words(version.last_name) is distinct from _words(person.last_name)
            or _words(version.first_name) is distinct from _words(person.first_name)
        """
    )


def _given_up(con: duckdb.DuckDBPyConnection) -> None:
    nothing = ", ".join(f"null as {name}" for name in SENT)
    con.execute(
        f"""
        create or replace temp table gathered_given_up as
        select
            institution_code,
            student_id,
            {nothing},
            min(first_as_of) as first_as_of,
            max(last_seq) as last_seq,
            false as is_current,
            false as is_newest,
            {_hash("institution_code", "student_id", "'merge'")} as representation_id,
            'merge' as source
        from (
            select institution_code, unnest([from_student_id, to_student_id])
                as student_id, first_as_of, last_seq
            from gathered_merge
        )
        anti join gathered_person using ({_STUDENT})
        anti join gathered_name using ({_STUDENT})
        group by {_STUDENT}
        """
    )


def _put_together(con: duckdb.DuckDBPyConnection) -> None:
    sent = ", ".join(SENT)
    # The greatest of (current, plausible, newest, value), as text of fixed widths.
    newest = ",\n".join(
        f"substr(max(place || id_value) filter (id_type = '{kind}'), 23) as {name}"
        for name, kind in IDENTIFIERS.items()
    )
    kinds = ", ".join(f"'{kind}'" for kind in IDENTIFIERS.values())
    con.execute(
        f"""
        create or replace temp table gathered_sent as
        with placed as (
            select student_no, id_type, id_value,
                is_current::integer || is_plausible::integer
                    || lpad(last_seq::varchar, 20, '0') as place
            from gathered_identifier
            where id_type in ({kinds})
        ),
        known as (select student_no, {newest} from placed group by student_no),
        every as (
            select *, {_STUDENT_NO} as student_no from (
                from gathered_person
                union all by name from gathered_name
                union all by name from gathered_given_up
            )
        )
        select
            representation_id,
            number_of(representation_id) as rid,
            student_no,
            {_STUDENT}, first_as_of, is_current, source, last_seq,
            {sent}, {", ".join(IDENTIFIERS)}
        from every
        left join known using (student_no)
        """
    )
    _drop(con, "gathered_person", "gathered_name", "gathered_given_up")
    columns = ", ".join(name for name in COLUMNS if name != "evidence_digest")
    con.execute(
        f"""
        create or replace temp view gathered as
        with digest as (
            -- Exclusive or: the same whatever the order of what is known.
            select student_no, lpad(to_hex(bit_xor(what)::uhugeint), 32, '0')
                as evidence_digest
            from (
                select student_no, md5_number(representation_id) as what
                from gathered_sent
                union all
                select student_no,
                    md5_number(id_type || {_SEPARATOR} || id_value)
                from gathered_identifier
            )
            group by student_no
        )
        select {columns}, evidence_digest
        from ({normalised("gathered_sent")}) as comparable
        inner join digest using (student_no)
        """
    )
