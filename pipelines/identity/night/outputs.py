"""The log's views as files, for whoever comes after identity in the night.

Belongs here: what dbt and the accounts of a night read. Does not belong here: what the
views mean (``log.views``).
"""

import duckdb

from pipelines.identity.night.places import write_table
from pipelines.settings import Home

_LEARNER = "learner.parquet"


def register_links(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``night.link_now``: ``identity_link`` as it is after tonight's events.

    The view reads the whole log each time it is asked.
    """
    con.execute(
        """
        create or replace table night.link_now as
        select institution_code, student_id, learner_id, linked_by, linked_at
        from identity_link
        """
    )


def write_outputs(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Write the current links, the learners and who is held.

    ``identity_link.parquet``: (institution_code, student_id, learner_id, linked_by,
    linked_at). ``learner.parquet``: the view ``learner`` without ``minted_in``.
    ``identity_held.parquet``: (institution_code, student_id, reason) of college
    students without a learner; ``reason`` is guard or erased. Links and learners are
    in no order: publishing sorts what it writes.

    Args:
        con: Has the view ``learner``, ``night.link_now``, and ``night.unlinked`` as
            it was before the night.
        home: The warehouse.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    write_table(
        con,
        "from night.link_now",
        home.warehouse / "identity_link.parquet",
    )
    write_table(
        con,
        "select * exclude (minted_in) from learner",
        home.warehouse / _LEARNER,
    )
    write_table(
        con,
        """
        from (
            select institution_code, student_id, 'guard' as reason from night.unlinked
            union all
            select institution_code, student_id, 'erased' from night.set_apart
        )
        anti join night.link_now using (institution_code, student_id)
        order by institution_code, student_id
        """,
        home.warehouse / "identity_held.parquet",
    )


def active_learners(con: duckdb.DuckDBPyConnection, home: Home) -> int:
    """How many learners of ``write_outputs`` are active."""
    file = con.read_parquet(str(home.warehouse / _LEARNER))
    return int(file.filter("status = 'active'").count("*").fetchall()[0][0])
