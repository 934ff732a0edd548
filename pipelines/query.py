"""One read-only statement on the current snapshot, and its rows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing.reader import connect, only_select
from pipelines.settings import Home


@dataclass(frozen=True)
class Rows:
    """The answer to a query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows as objects, keys in the order of the columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def query(
    home: Home,
    sql: str,
    limit: int | None = None,
    on: date | None = None,
    *,
    guarded: bool = False,
) -> Rows:
    """Run one statement on the published tables.

    Args:
        home: The warehouse whose current snapshot is read.
        sql: One SELECT (or DESCRIBE, SHOW, EXPLAIN).
        limit: Return at most this many rows and say so.
        on: Ask what was published on this day; None is now.
        guarded: Let the statement see the guarded tables too.

    Raises:
        OperatorError: Nothing is published, or DuckDB refuses the statement.
    """
    with connect(home, on, guarded=guarded) as con:
        try:
            cursor = con.execute(only_select(con, sql))
        except duckdb.Error as error:
            raise OperatorError(str(error).strip().splitlines()[0]) from None
        columns = [column[0] for column in cursor.description or []]
        rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
    truncated = limit is not None and len(rows) > limit
    return Rows(columns, rows[:limit], truncated)
