"""Where a night keeps what; each file private to the owner.

Belongs here: paths and writing a table to one of them. Does not belong here: what is in
them.
"""

import os
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.durable import replace_durably
from pipelines.settings import Home

GROUP = 120_000
"""Rows a row group: DuckDB reads and writes them in parallel."""


def compared_folder(home: Home) -> Path:
    """Which evidence was ever compared: in the vault, for a rebuild must know it."""
    return home.vault / "identity_compared"


def accepted_folder(home: Home) -> Path:
    """What stewards let pass the guard, a file each, for ever."""
    return home.vault / "identity_accept"


def cache_folder(home: Home) -> Path:
    """What can be made again from landing and vault."""
    return home.warehouse / "identity"


def guard_file(home: Home) -> Path:
    """What the guard said last."""
    return cache_folder(home) / "guard.json"


def review_file(home: Home) -> Path:
    """The pairs that wait for a person."""
    return cache_folder(home) / "review_pair.parquet"


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 that readers see whole or not at all."""
    partial = path.with_name(f".{path.name}.tmp")
    _touch(partial)
    partial.write_bytes(content)
    replace_durably(partial, path)


def write_table(con: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    """Write a query's rows as Parquet of mode 0600, whole or not at all."""
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.tmp")
    _touch(partial)
    quoted = str(partial).replace("'", "''")
    con.execute(
        f"copy ({select}) to '{quoted}' "
        "(format parquet, compression zstd, compression_level 1, "
        f"row_group_size {GROUP})"
    )
    partial.chmod(0o600)
    replace_durably(partial, path)


def rows_in(path: Path) -> int:
    """Rows of a Parquet file; -1 where there is none."""
    return int(pq.read_metadata(path).num_rows) if path.exists() else -1


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
