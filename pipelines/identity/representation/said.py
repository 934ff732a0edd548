"""What the colleges said: tonight's rows, and the older ones of the same students.

Belongs here: reading landing's files, and adding to what was said tonight of a student
what the cache knows was said before. Does not belong here: which packages are read
(``collect``), what becomes of a row (``gather``).
"""

import duckdb
import polars as pl

from pipelines.identity.representation.columns import NAMES, SENT
from pipelines.settings import Home

Package = tuple[str, str, str, int]
"""College, package, wave, and the sequence that orders a college's packages."""

FEEDS = {
    "person": f"student_id, {', '.join(SENT)}",
    "person_name": f"student_id, {', '.join(NAMES)}",
    "person_identifier": "student_id, id_type, id_value, is_current = 'Y' as current",
    "person_merge": "from_student_id, to_student_id, kind, merged_on",
}
_SAID = {
    "person": "said_person",
    "person_name": "said_name",
    "person_identifier": "said_identifier",
    "person_merge": "said_merge",
}


def read_said(
    con: duckdb.DuckDBPyConnection, home: Home, packages: list[Package]
) -> None:
    """Fill the tables that ``gather`` uses up with what some packages said.

    Args:
        con: Any connection.
        home: The warehouse.
        packages: The packages; rows of others in the same waves do not exist.
    """
    con.register(
        "_fresh_package",
        pl.DataFrame(
            packages,
            schema={
                "institution_code": pl.String,
                "package_id": pl.String,
                "wave_id": pl.String,
                "package_seq": pl.Int64,
            },
            orient="row",
        ),
    )
    waves = sorted({wave for _, _, wave, _ in packages})
    for feed, columns in FEEDS.items():
        _said(con, home, feed, columns, waves)
    con.unregister("_fresh_package")


def _said(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    feed: str,
    columns: str,
    waves: list[str],
) -> None:
    root = home.accepted / feed
    files = [root / f"{wave}.parquet" for wave in waves]
    files = [file for file in files if file.exists()]
    anchor = root / "anchor.parquet"
    listed = ", ".join(
        "'" + str(file).replace("'", "''") + "'" for file in (files or [anchor])
    )
    con.execute(
        f"""
        create or replace temp table {_SAID[feed]} as
        select landed.institution_code, {columns},
            landed._package_seq as package_seq, landed._as_of as as_of,
            landed._op as op
        from read_parquet([{listed}]) as landed
        semi join _fresh_package as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        """
    )


def recall(con: duckdb.DuckDBPyConnection) -> None:
    """Add to what was said tonight all that was said before of the same students."""
    con.execute(
        """
        create or replace temp table touched as
        select *, student_no_of(institution_code, student_id) as student_no
        from (
            select institution_code, student_id from said_person
            union select institution_code, student_id from said_name
            union select institution_code, student_id from said_identifier
            union select institution_code, from_student_id from said_merge
            union select institution_code, to_student_id from said_merge
        )
        """
    )
    con.execute(
        """
        create or replace temp table recalled as
        select representation.*
        from representation
        semi join touched using (student_no)
        """
    )
    sent = ", ".join(SENT)
    con.execute(
        f"""
        insert into said_person by name
        select institution_code, student_id, {sent}, last_seq as package_seq,
            first_as_of as as_of, 'U' as op
        from recalled where source = 'person'
        union all by name
        select institution_code, student_id, max(last_seq) as package_seq,
            min(first_as_of) as as_of, 'D' as op
        from recalled where source = 'person'
        group by institution_code, student_id having not bool_or(is_current)
        """
    )
    con.execute(
        f"""
        insert into said_name by name
        select institution_code, student_id, {", ".join(NAMES)},
            last_seq as package_seq, first_as_of as as_of, 'U' as op
        from recalled where source = 'name'
        """
    )
    con.execute(
        """
        insert into said_identifier by name
        select institution_code, student_id, id_type, id_value,
            is_current as current, last_seq as package_seq, first_as_of as as_of,
            'U' as op
        from identifier_ever
        semi join touched using (student_no)
        """
    )
    con.execute(
        """
        insert into said_merge by name
        select institution_code, from_student_id, to_student_id, kind, merged_on,
            last_seq as package_seq, first_as_of as as_of, 'U' as op
        from college_merge
        where exists (
            select 1 from touched
            where touched.institution_code = college_merge.institution_code
                and touched.student_id
                    in (college_merge.from_student_id, college_merge.to_student_id)
        )
        """
    )


def keep_changed(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``gathered_changed``: the students of whom something new is known.

    A date of change is nothing.
    """
    con.execute(
        """
        create or replace temp table gathered_changed as
        with before as (
            select student_no, any_value(evidence_digest) as digest,
                max(representation_id) filter (is_current) as current_id
            from recalled group by student_no
        ),
        now as (
            select student_no, any_value(evidence_digest) as digest,
                max(representation_id) filter (is_current) as current_id
            from gathered group by student_no
        )
        select gathered.*
        from gathered
        semi join (
            select now.student_no
            from now left join before using (student_no)
            where now.digest is distinct from before.digest
                or now.current_id is distinct from before.current_id
        ) using (student_no)
        """
    )
