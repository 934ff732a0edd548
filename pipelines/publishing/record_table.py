"""The table of signed records: its columns, and reading it without telling its rows.

Belongs here: what ``records.py`` and ``replaced.py`` share. Does not belong here: which
records are signed, kept or given back (those two).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.errors import OperatorError

SCHEMA = pa.schema(
    [
        pa.field("learner_id", pa.string(), nullable=False),
        pa.field("clr_id", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("valid_from", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("issued_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("credential_count", pa.int64(), nullable=False),
        pa.field("clr", pa.string(), nullable=False),
    ]
)
"""One row a learner; ``clr`` is the signed JSON, ``issued_at`` the as-of of signing."""

LEARNERS_A_GROUP = 100
"""One learner's record costs a reader one row group."""

COLUMNS = ", ".join(SCHEMA.names)

NONE = (
    "(SELECT ''::VARCHAR AS learner_id, ''::VARCHAR AS clr_id, "
    "''::VARCHAR AS content_hash, now() AS valid_from, now() AS issued_at, "
    "0::BIGINT AS credential_count, ''::VARCHAR AS clr WHERE false)"
)
"""A relation with the columns of ``SCHEMA`` and no row."""


def relation(path: Path | None, empty: str = NONE) -> str:
    """SQL that reads a Parquet file, or every one in a folder.

    Args:
        path: what to read; None, or what an older snapshot has not, is ``empty``.
        empty: a relation without rows.
    """
    if path is None or not path.exists():
        return empty
    files = f"{path}/*.parquet" if path.is_dir() else str(path)
    return f"read_parquet('{quoted(files)}', hive_partitioning = false)"


def signed_by(column: str, multikeys: tuple[str, ...]) -> str:
    """SQL that holds of a record of which one of the keys signed anything."""
    found = [f"contains({column}, '#{quoted(key)}\"')" for key in multikeys]
    return f"({' OR '.join(found)})" if found else "false"


def quoted(text: Path | str) -> str:
    """A text fit to stand between single quotes in SQL."""
    return str(text).replace("'", "''")


class Quiet:
    """A connection whose failures are told without what DuckDB quotes of the rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement and fetch what it gives.

        Raises:
            OperatorError: DuckDB refuses it, or the disk does.
        """
        with _without_data():
            return self._con.execute(sql).fetchall()

    def count(self, sql: str) -> int:
        """The single number that a statement gives."""
        return int(self.rows(sql)[0][0])

    def arrow(self, sql: str) -> pa.Table:
        """Run one query for a table; raises as ``rows``."""
        with _without_data():
            return self._con.sql(sql).to_arrow_table()


@contextlib.contextmanager
def _without_data() -> Iterator[None]:
    """DuckDB quotes rows in its messages; none leaves this module."""
    try:
        yield
    except duckdb.IOException:
        raise OperatorError(
            "the disk refused a read or a write of the records: look at free space, "
            "then run again"
        ) from None
    except duckdb.Error as error:
        raise OperatorError(
            f"the record documents cannot be read ({type(error).__name__}): rebuild "
            "with dbt and look at published.record_document"
        ) from None
