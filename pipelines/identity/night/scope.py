"""Which college students a night decides about: the new, and those with new evidence.

Belongs here: what was compared before, kept in the vault, and who is new since. Does
not belong here: comparing.

Evidence is compared once. A student is looked at again when something is known that was
never compared: another description, another identifier. So a rebuilt warehouse, or one
that gets its nights in another order, decides nothing anew: the vault knows all of it.
A killed night has not written what it compared, so the next compares it again.

The night's tables are in a schema of their own, ``night``: the evidence makes tables
too.
"""

from pathlib import Path

import duckdb

from pipelines.identity.night.places import (
    compared_folder,
    private_folder,
    write_table,
)
from pipelines.settings import Home


def register_scope(
    con: duckdb.DuckDBPyConnection, home: Home, candidates: str, students: int
) -> int:
    """Create the tables of who is there and who is decided about tonight.

    Needs ``representation``, ``identifier_ever`` and the views of the log. Creates

    - ``night.linked``: (institution_code, student_id, learner_id) of the log;
    - ``night.unlinked``: students who are nobody yet, without those of erased learners;
    - ``night.changed``: candidates of whom the vault does not know that they were
      compared as they are described now;
    - ``night.new_element``: what of that was never compared, one row a piece;
    - ``night.deciding``: students with such a piece, and the unlinked; a link is made
      only where one of a pair is in it.

    Args:
        con: The connection.
        home: The warehouse.
        candidates: Table (institution_code, student_id) of whoever may be new.
        students: How many students there are in ``representation``.

    Returns:
        How many students are in ``night.deciding``.
    """
    con.execute("create schema if not exists night")
    con.execute(
        "create or replace table night.linked as "
        "select institution_code, student_id, learner_id from identity_link"
    )
    con.execute(
        """
        create or replace table night.set_apart as
        select distinct institution_code, student_id
        from identity_event
        where event_type = 'unlink'
        """
    )
    con.execute(
        f"""
        create or replace table night.candidate as
        select
            any_value(institution_code) as institution_code,
            any_value(student_id) as student_id,
            student_no,
            md5_number_lower(any_value(evidence_digest)) as digest
        from representation as known
        semi join {candidates} as candidate using (institution_code, student_id)
        group by student_no
        """
    )
    _register_unlinked(con, "night.candidate")
    if _known(con) != students:
        # The vault is older than the cache, or landing took a package back.
        _register_unlinked(con, "representation")
    _register_changed(con, _compared_files(home))
    con.execute(
        """
        create or replace table night.deciding as
        select institution_code, student_id
        from night.changed semi join night.new_element using (student_no)
        union
        select institution_code, student_id from night.unlinked
        """
    )
    return count(con, "night.deciding")


def keep_compared(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Write to the vault what tonight compared; call when its events are in the log.

    Rows are hashes and nothing else: (digest, elements).
    """
    if not count(con, "night.changed"):
        return
    folder = private_folder(compared_folder(home))
    number = max((int(path.stem) for path in folder.glob("*.parquet")), default=0) + 1
    write_table(
        con,
        """
        select changed.digest,
            coalesce(list_sort(list(new_element.element)
                filter (new_element.element is not null)), []) as elements
        from night.changed
        left join night.new_element using (student_no)
        group by changed.digest
        """,
        folder / f"{number:06d}.parquet",
    )


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows of a table."""
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _register_unlinked(con: duckdb.DuckDBPyConnection, students: str) -> None:
    con.execute(
        f"""
        create or replace table night.unlinked as
        select distinct institution_code, student_id
        from {students}
        anti join night.linked using (institution_code, student_id)
        anti join night.set_apart using (institution_code, student_id)
        """
    )


def _known(con: duckdb.DuckDBPyConnection) -> int:
    con.execute(
        "create or replace table night.nobody as from night.set_apart "
        "anti join night.linked using (institution_code, student_id)"
    )
    tables = ("night.linked", "night.unlinked", "night.nobody")
    return sum(count(con, table) for table in tables)


def _register_changed(con: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    con.execute(
        "create or replace view night.compared as "
        + (
            f"from read_parquet([{', '.join(files)}])"
            if files
            else "select 0::ubigint as digest, [0::ubigint] as elements where false"
        )
    )
    con.execute(
        """
        create or replace table night.changed as
        from night.candidate anti join night.compared using (digest)
        """
    )
    # A digest never seen may be of less than was seen before: an older package that
    # comes late to a rebuilt landing. Only what was never an element is new. The join
    # that keeps few rows of what was compared comes first: that is all of history.
    con.execute(
        """
        create or replace table night.new_element as
        with element as (
            select student_no, md5_number_lower(representation_id) as element
            from representation
            semi join night.changed using (student_no)
            union all
            select student_no,
                md5_number_lower(
                    concat_ws('|', institution_code, student_id, id_type, id_value)
                )
            from identifier_ever
            semi join night.changed using (student_no)
        ),
        before as (
            select element
            from (select unnest(elements) as element from night.compared)
            semi join element using (element)
        )
        from element anti join before using (element)
        """
    )


def _compared_files(home: Home) -> list[str]:
    found: list[Path] = sorted(compared_folder(home).glob("*.parquet"))
    return ["'" + str(path).replace("'", "''") + "'" for path in found]
