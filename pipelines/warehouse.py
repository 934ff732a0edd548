"""Tonight's DuckDB file: made by dbt from nothing, gone before the next build."""

from pipelines.settings import Home


def discard_build(home: Home) -> None:
    """Remove the last build and its write-ahead log together.

    A log left beside a new file makes DuckDB refuse to open it.
    """
    home.warehouse.mkdir(parents=True, exist_ok=True)
    for suffix in (".duckdb", ".duckdb.wal"):
        home.build_db.with_suffix(suffix).unlink(missing_ok=True)
