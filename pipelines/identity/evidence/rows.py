"""The rows that tonight's comparisons need, read once.

Belongs here: which rows can matter for a pair of tonight's students, and how common
names are. Does not belong here: comparing them.

Reading Parquet anew at every step took two thirds of a night's comparison (1.5 million
representations, 1 % new).
"""

import duckdb

from pipelines.identity.evidence import compare, model
from pipelines.identity.evidence.policy import Policy
from pipelines.identity.evidence.sharing import KINDS

_NEEDED = tuple(
    dict.fromkeys(
        (
            *model.COLUMNS,
            *compare.COLUMNS,
            *KINDS.values(),
            "institution_code",
            "student_id",
            "evidence_digest",
        )
    )
)
_KEYS = (
    *KINDS.values(),
    "(n_birth, n_given, n_family)",
    "(n_birth, n_given, n_school)",
)
"""The keys of ``model.BLOCKS`` and the values whose carriers ``sharing`` counts."""
_KEY_COLUMNS = tuple(
    dict.fromkeys(
        (
            model.UNIQUE_ID,
            "student_no",
            *KINDS.values(),
            *("n_birth", "n_given", "n_family", "n_school"),
            *model.TERM_FREQUENCIES,
        )
    )
)
"""What tells which rows a night of few students needs whole: a third of the columns."""

_FEW = 4


def load(con: duckdb.DuckDBPyConnection, policy: Policy, new: str | None) -> str | None:
    """Create ``near_row``, ``number_row``, the frequencies and ``tonight_no``.

    ``near_row`` has every representation that can matter: all of them, or those that
    share a key with one of tonight's students; ``given_up_row`` the students of whom
    nothing is known but that their id was given up. ``number_row`` has (``student_no``,
    ``number_no``, ``id_type``) of every plausible number of which that is true.
    ``tonight_no`` has the ``student_no`` of tonight's students.

    Args:
        con: Has ``representation``, ``identifier_ever`` and ``college_merge``.
        policy: Says from how many carriers on a value is nobody's.
        new: Table of tonight's students; None for all.

    Returns:
        ``new``, or None where there are so many that all are compared with all.
    """
    con.execute(
        "create or replace temp table given_up_row as "
        "select institution_code, student_id, evidence_digest "
        "from representation where source = 'merge'"
    )
    con.execute(
        "create or replace temp table number_row as "
        "select student_no, number_no, id_type from identifier_ever "
        "where number_no is not null"
    )
    near = new if new and _are_few(con, new) else None
    if near:
        _read(con, "key_row", _KEY_COLUMNS)
        _frequencies(con, "key_row")
        _only_near(con, near)
        _read(con, "near_row", _NEEDED, "semi join near_rid using (rid)")
        con.execute("drop table key_row")
        con.execute("drop table near_rid")
    else:
        _read(con, "near_row", _NEEDED)
        _frequencies(con, "near_row")
    for column in KINDS.values():
        _forget_everybodys(con, column, policy.most_carriers)
    return near


def _read(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: tuple[str, ...],
    only: str = "",
) -> None:
    con.execute(
        f"create or replace temp table {table} as "
        f"select {', '.join(columns)} from representation {only} "
        "where source <> 'merge'"
    )


def _are_few(con: duckdb.DuckDBPyConnection, new: str) -> bool:
    """Whether looking for tonight's relations is cheaper than comparing all."""
    counts = con.execute(
        f"select (select count(*) from {new}), (select count(*) from representation)"
    ).fetchall()
    return bool(counts[0][0] * _FEW < counts[0][1])


def _frequencies(con: duckdb.DuckDBPyConnection, rows: str) -> None:
    """How common each name is in the state, whatever tonight's selection."""
    for column in model.TERM_FREQUENCIES:
        con.execute(
            f"""
            create or replace temp table frequency_{column} as
            select {column}, count(*)::double / sum(count(*)) over () as tf_{column}
            from {rows}
            where {column} is not null
            group by {column}
            """
        )
    con.execute(
        f"""
        create or replace temp table given_name_count as
        select n_given, count(distinct student_no) as students
        from {rows} where n_given is not null
        group by n_given
        """
    )


def _forget_everybodys(con: duckdb.DuckDBPyConnection, column: str, most: int) -> None:
    """A value of an office or a made-up one would pair all its carriers."""
    con.execute(
        f"""
        create or replace temp table everybodys as
        with often as (
            select {column} as value from near_row where {column} is not null
            group by {column} having count(*) > $most
        )
        select value
        from (select {column} as value, student_no from near_row)
        semi join often using (value)
        group by value having count(distinct student_no) > $most
        """,
        {"most": most},
    )
    if con.execute("select 1 from everybodys limit 1").fetchall():
        con.execute(
            f"update near_row set {column} = null "
            f"where {column} in (select value from everybodys)"
        )


def _only_near(con: duckdb.DuckDBPyConnection, new: str) -> None:
    con.execute(
        f"""
        create or replace temp table tonight_no as
        select student_no_of(institution_code, student_id) as student_no
        from {new}
        """
    )
    con.execute(
        """
        create or replace temp table number_row as
        from number_row
        where number_no in (
            select number_no from number_row
            where student_no in (select student_no from tonight_no)
        )
        """
    )
    con.execute(
        "create or replace temp table tonight_row as "
        "from key_row where student_no in (select student_no from tonight_no)"
    )
    sides = [
        f"student_no_of(institution_code, {side}_student_id)" for side in ("from", "to")
    ]
    con.execute(
        f"""
        create or replace temp table merged_no as
        select unnest([{", ".join(sides)}]) as student_no
        from college_merge
        where {" or ".join(f"{side} in (from tonight_no)" for side in sides)}
        """
    )
    shares = " or ".join(f"{key} in (select {key} from tonight_row)" for key in _KEYS)
    con.execute(
        f"""
        create or replace temp table near_rid as
        select rid from key_row
        where {shares}
            or student_no in (select student_no from number_row)
            or student_no in (from merged_no)
            or student_no in (from tonight_no)
        """
    )
    con.execute("drop table tonight_row")
