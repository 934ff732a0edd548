"""Tables of a snapshot: two schemas as Parquet; same rows, same bytes.

Belongs here: copying tables. Does not belong here: what a table may hold
(``data_contracts/products/``, enforced by dbt before anything is copied).
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipelines.contracts.products import Layer, Product
from pipelines.errors import OperatorError

SCHEMA = "published"
GUARDED: Layer = "guarded"
"""The schema of the guarded tables, which have a folder of their own."""
DOCUMENTS = "record_document"
"""The unsigned documents: signed into ``records/``, never copied as a table."""

_PARQUET = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880"


def guarded_tables(con: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """Names of the guarded tables and views, sorted."""
    return _named(con, database, GUARDED)


def tables(con: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """Names of the published tables and views to copy, sorted.

    Raises:
        OperatorError: the build holds none, or no documents.
    """
    found = _named(con, database, SCHEMA)
    if DOCUMENTS not in found:
        raise OperatorError(
            f"the build has no {SCHEMA}.{DOCUMENTS}: run dbt before publishing"
        )
    return [name for name in found if name != DOCUMENTS]


def _named(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> list[str]:
    rows = con.execute(
        "SELECT table_name FROM information_schema.tables "
        "WHERE table_catalog = ? AND table_schema = ? ORDER BY ALL",
        [database, schema],
    ).fetchall()
    return [row[0] for row in rows]


def refuse_unagreed(
    con: duckdb.DuckDBPyConnection, database: str, products: Mapping[str, Product]
) -> None:
    """Hold the tables to what was agreed to leave the building.

    dbt builds the projections from the same contracts; this stands for the day on which
    a model is written by hand.

    Raises:
        OperatorError: a table or a column is in no product contract, or is personal.
    """
    allowed = {
        (SCHEMA, product.name, column.name)
        for product in products.values()
        for column in product.columns_in("published")
        if column.leaves_the_building
    } | {
        (GUARDED, product.name, column.name)
        for product in products.values()
        if GUARDED in product.layers
        for column in product.columns_in(GUARDED)
    }
    found = con.execute(
        "SELECT table_schema, table_name, column_name "
        "FROM information_schema.columns WHERE table_catalog = ? "
        "AND table_schema IN (?, ?) AND table_name <> ? ORDER BY ALL",
        [database, SCHEMA, GUARDED, DOCUMENTS],
    ).fetchall()
    for schema, table, column in found:
        if (schema, table, column) not in allowed:
            raise OperatorError(
                f"column {table}.{column} is not agreed for publication: see "
                f"data_contracts/products/{table}.odcs.yaml"
            )


def copy(
    con: duckdb.DuckDBPyConnection,
    database: str,
    name: str,
    to: Path,
    schema: str = SCHEMA,
) -> None:
    """Write one table, rows in the order of all its columns.

    Without the order, two threads write other bytes than one.

    Raises:
        OperatorError: DuckDB cannot read the table or write the file; its own
            message may quote rows and is dropped.
    """
    try:
        con.execute(
            f'COPY (SELECT * FROM "{database}"."{schema}"."{name}" ORDER BY ALL) '
            f"TO '{_quoted(to)}' ({_PARQUET})"
        )
    except duckdb.Error as error:
        raise OperatorError(
            f"table {schema}.{name} cannot be published ({type(error).__name__}): look "
            "at free disk space and rebuild with dbt"
        ) from None


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
