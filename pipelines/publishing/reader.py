"""Reading what is published: one look at the pointer, then one snapshot to the end.

Belongs here: the analyst connection and single records. Does not belong here: anything
that writes below ``published/``.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing import history, nights
from pipelines.publishing import snapshot as store
from pipelines.publishing.nights import Night
from pipelines.publishing.record_table import quoted, relation
from pipelines.publishing.snapshot import Snapshot
from pipelines.settings import Home

_MEMORY = "2GB"
_SECONDS = 600
_BATCH = 500
"""Records in memory at a time; one of 40 courses has 0.1 MB."""


def resolve(home: Home) -> Snapshot:
    """The current snapshot; keep it for as long as one answer takes.

    Raises:
        OperatorError: nothing is published, or the pointer is damaged.
    """
    found = store.current(home)
    if found is None:
        raise OperatorError("nothing is published yet: run a night first")
    return found


def connect(
    home: Home, on: date | None = None, *, guarded: bool = False
) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory with a view per analyst table, and no way out of them.

    The connection reads the folder of analyst tables and nothing else: no other file,
    no network, no extension, no Python variable; and its settings are locked.

    Args:
        home: the warehouse.
        on: the tables as they were published on this day, see ``nights.find``; without
            those who are erased by now. None is the current snapshot.
        guarded: With the guarded tables beside them, of the current snapshot only:
            nothing of them is kept once a snapshot is gone.

    Raises:
        OperatorError: nothing is published, a table cannot be read, or the guarded
            tables are asked for as of a day or by somebody who may not open them.
    """
    if guarded and on:
        raise OperatorError(
            "guarded tables are those of the current snapshot: ask without a day"
        )
    present = resolve(home)
    extra = _guarded(present) if guarded else {}
    night = nights.find(home, present, on) if on else nights.now(present)
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
        con.execute("SET TimeZone = 'UTC'")
        hidden = nights.hide_erased(con, present, night) if on else {}
        for table in night.tables:
            con.execute(
                f'CREATE VIEW "{table}" AS '
                f"SELECT * FROM ({night.rows(table)}) AS night {hidden.get(table, '')}"
            )
        for table, file in extra.items():
            con.execute(f'CREATE VIEW "{table}" AS SELECT * FROM {relation(file)}')
        readable = [*night.folders, *{file.parent for file in extra.values()}]
        folders = ", ".join(f"'{quoted(folder)}/'" for folder in readable)
        con.execute(f"SET allowed_directories = [{folders}]")
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


def _guarded(present: Snapshot) -> dict[str, Path]:
    """The files of the guarded tables by name.

    Raises:
        OperatorError: the folder is there for somebody else.
    """
    try:
        files = sorted((present.path / store.GUARDED).iterdir())
    except OSError as error:
        raise OperatorError(
            f"the guarded tables of snapshot {present.seq} cannot be read: "
            f"{error.strerror}; they are for the owner of the warehouse"
        ) from None
    return {file.stem: file for file in files}


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


def record(home: Home, learner_id: str, on: date | None = None) -> str:
    """One learner's signed CLR, as JSON text, byte for byte as published.

    Args:
        home: the warehouse.
        learner_id: a learner; of an id that a merge retired, the record is that of
            the learner it redirects to, and says so in ``credentialSubject.id``.
        on: as published on this day, see ``nights.find``; None is now.

    Raises:
        OperatorError: nothing is published, or the learner has no record (any more).
    """
    present = resolve(home)
    night = nights.find(home, present, on) if on else nights.now(present)
    with duckdb.connect() as con:
        meant = _redirected(con, night, learner_id)
        if on and nights.is_erased(con, present, learner_id, meant):
            raise OperatorError(f"learner {learner_id} was erased")
        said, clr = history.record(meant, night.chain)
        if not said:
            rows = con.execute(
                f"SELECT clr FROM {relation(night.base.path / store.RECORDS)} "
                "WHERE learner_id = ?",
                [meant],
            ).fetchall()
            clr = rows[0][0] if rows else None
    if clr is None:
        merged = f", merged into {meant}," if meant != learner_id else ""
        when = f" in snapshot {night.seq}" if on else ""
        raise OperatorError(
            f"learner {learner_id}{merged} has no published record{when}"
        )
    return clr


def signed_records(
    home: Home, limit: int | None = None
) -> Iterator[list[tuple[str, str]]]:
    """Learners and their signed CLRs as published, by learner_id, in batches.

    Args:
        home: the warehouse.
        limit: at most this many.

    Raises:
        OperatorError: nothing is published.
    """
    with duckdb.connect() as con:
        cursor = con.execute(
            "SELECT learner_id, clr FROM read_parquet(?, hive_partitioning = false) "
            "ORDER BY learner_id LIMIT ?",
            [_records(resolve(home)), limit if limit is not None else 2**62],
        )
        while batch := cursor.fetchmany(_BATCH):
            yield batch


def _redirected(con: duckdb.DuckDBPyConnection, night: Night, learner_id: str) -> str:
    """The id that ``learner_id`` meant on a night: itself unless retired."""
    if Path(store.REDIRECTS).stem not in night.tables:
        return learner_id
    rows = con.execute(
        f"SELECT to_learner_id FROM ({night.rows(Path(store.REDIRECTS).stem)}) "
        "WHERE learner_id = ?",
        [learner_id],
    ).fetchall()
    return rows[0][0] if rows else learner_id


def _records(snapshot: Snapshot) -> str:
    return f"{snapshot.path / store.RECORDS}/*.parquet"
