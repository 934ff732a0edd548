"""Parquet files that are written once: whole, on the disk, read-only, known by hash.

Belongs here: writing one and its SHA-256. Does not belong here: which files follow
each other (``chain``) and what is in them.
"""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.durable import replace_durably


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prepare_sealed(final: Path, table: pa.Table) -> Path:
    """Write the table beside ``final`` under a hidden name, read-only; return it."""
    partial = final.with_name(f".{final.stem}.tmp")
    partial.unlink(missing_ok=True)
    pq.write_table(table, partial, compression="zstd")
    partial.chmod(0o440)
    return partial


def write_sealed(final: Path, table: pa.Table) -> None:
    """Write the table so that readers see all of it or nothing, and nobody changes it.

    The mode keeps off accidents; who owns the file can still change it, which is why
    hashes of it are kept elsewhere.
    """
    replace_durably(prepare_sealed(final, table), final)
