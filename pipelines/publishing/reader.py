"""Reading what is published: one look at the pointer, then one snapshot to the end.

Belongs here: the analyst connection and single records. Does not belong here: anything
that writes below ``published/``.
"""

import re
from pathlib import Path

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing import snapshot as store
from pipelines.publishing.snapshot import Snapshot
from pipelines.settings import Home

_MEMORY = "2GB"
_SECONDS = 600


def resolve(home: Home) -> Snapshot:
    """The current snapshot; keep it for as long as one answer takes.

    Raises:
        OperatorError: nothing is published, or the pointer is damaged.
    """
    found = store.current(home)
    if found is None:
        raise OperatorError("nothing is published yet: run a night first")
    return found


def connect(home: Home) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory with a view per analyst table, and no way out of them.

    The connection reads the folder of analyst tables and nothing else: no other file,
    no network, no extension, no Python variable; and its settings are locked.

    Raises:
        OperatorError: nothing is published, or a table cannot be read.
    """
    folder = resolve(home).path / store.ANALYST
    con = duckdb.connect(
        config={
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": _MEMORY,
            "temp_directory": "",
        }
    )
    try:
        for path in sorted(folder.glob("*.parquet")):
            con.execute(
                f'CREATE VIEW "{path.stem}" AS SELECT * FROM '
                f"read_parquet('{path}', hive_partitioning = false)"
            )
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"SET allowed_directories = ['{folder}/']")
        con.execute(f"SET max_execution_time = {_SECONDS * 1000}")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        con.close()
        raise OperatorError(
            f"the analyst tables cannot be read ({type(error).__name__}): "
            "run lrw verify snapshot"
        ) from None
    return con


def only_select(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one reading statement in ``sql``, to be handed to ``con.execute``.

    DuckDB lets ``COPY … TO`` write wherever it may read, so what is not a SELECT
    (DESCRIBE, SHOW and SUMMARIZE are) or a plain EXPLAIN is refused.

    Raises:
        OperatorError: it is no SQL, several statements, or one that could write.
    """
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise OperatorError(str(error).strip().splitlines()[0]) from None
    if len(statements) != 1:
        raise OperatorError("one statement at a time")
    statement = statements[0]
    plain = statement.type == duckdb.StatementType.EXPLAIN and not re.search(
        r"\banalyze\b", statement.query, re.IGNORECASE
    )
    if statement.type != duckdb.StatementType.SELECT and not plain:
        raise OperatorError(
            "the snapshot is read-only: SELECT, DESCRIBE, SHOW or EXPLAIN"
        )
    return statement


def record(home: Home, learner_id: str) -> str:
    """One learner's signed CLR, as JSON text, byte for byte as published.

    Args:
        home: the warehouse.
        learner_id: a learner; of an id that a merge retired, the record is that of
            the learner it redirects to, and says so in ``credentialSubject.id``.

    Raises:
        OperatorError: nothing is published, or the learner has no record.
    """
    snapshot = resolve(home)
    meant = _redirected(snapshot, learner_id)
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT clr FROM read_parquet(?, hive_partitioning = false) "
            "WHERE learner_id = ?",
            [_records(snapshot), meant],
        ).fetchall()
    if not rows:
        merged = f", merged into {meant}," if meant != learner_id else ""
        raise OperatorError(f"learner {learner_id}{merged} has no published record")
    return rows[0][0]


def export_jsonl(home: Home, to: Path, limit: int | None = None) -> int:
    """Write signed CLRs, one a line, by learner_id.

    Args:
        home: the warehouse.
        to: file to write; it appears when it is complete.
        limit: at most this many.

    Returns:
        How many were written.

    Raises:
        OperatorError: nothing is published.
    """
    partial = to.with_name(f".{to.name}.tmp")
    count = 0
    with duckdb.connect() as con, partial.open("w", encoding="utf-8") as out:
        cursor = con.execute(
            "SELECT clr FROM read_parquet(?, hive_partitioning = false) "
            "ORDER BY learner_id LIMIT ?",
            [_records(resolve(home)), limit if limit is not None else 2**62],
        )
        while batch := cursor.fetchmany(500):
            out.writelines(f"{row[0]}\n" for row in batch)
            count += len(batch)
    partial.replace(to)
    return count


def _redirected(snapshot: Snapshot, learner_id: str) -> str:
    """The id that ``learner_id`` means in a snapshot: itself unless retired."""
    path = snapshot.path / store.ANALYST / store.REDIRECTS
    if not path.exists():
        return learner_id
    with duckdb.connect() as con:
        rows = con.execute(
            "SELECT to_learner_id FROM read_parquet(?, hive_partitioning = false) "
            "WHERE learner_id = ?",
            [str(path), learner_id],
        ).fetchall()
    return rows[0][0] if rows else learner_id


def _records(snapshot: Snapshot) -> str:
    return f"{snapshot.path / store.RECORDS}/*.parquet"
