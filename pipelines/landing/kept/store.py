"""Where landed bytes and rows lie: objects by SHA-256, change logs, quarantine.

Belongs here: writing so that a reader sees all of a file or none, and clearing what a
killed wave left behind. Does not belong here: the commit (``ledger``).
"""

import ctypes
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.arrow import landing_schema
from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.decided.certified import prepare_certified
from pipelines.landing.decided.decisions import prepare_decisions
from pipelines.landing.kept.ledger import History, committed_waves
from pipelines.settings import Home

ANCHOR = "anchor.parquet"
# ``package_id`` is the package that was judged, ``sent_package_id`` the one whose file
# holds the row: another one where the row was in force until ``rejudged``.
QUARANTINE_SCHEMA: dict[str, Any] = {
    "institution_code": pl.String,
    "package_id": pl.String,
    "wave_id": pl.String,
    "package_seq": pl.Int64,
    "file_name": pl.String,
    "line": pl.Int64,
    "edit_ids": pl.List(pl.String),
    "row_json": pl.String,
    "sent_package_id": pl.String,
    "rejudged": pl.Boolean,
}

EXTENSION_SCHEMA: dict[str, Any] = {
    "institution_code": pl.String,
    "package_id": pl.String,
    "line": pl.Int64,
    "key_json": pl.String,
    "name": pl.String,
    "value": pl.String,
}


def prepare(home: Home, contracts: Contracts) -> None:
    """Give every feed its folder, and clear waves that never happened."""
    home.ledger.mkdir(parents=True, exist_ok=True)
    prepare_decisions(home)
    prepare_certified(home, contracts)
    anchor(home, contracts)
    happened = committed_waves(home)
    for root in _written_by_waves(home):
        for file in root.glob("**/*.parquet"):
            if file.name != ANCHOR and wave_of(file) not in happened:
                file.unlink()
    for root in (*_written_by_waves(home), home.ledger, home.objects):
        for partial in root.glob("**/.*.tmp"):
            partial.unlink()


def anchor(home: Home, contracts: Contracts) -> None:
    """Give every feed its folder and a file without rows.

    It lets every reader glob a feed that nobody sent yet, also one that was agreed
    after the last package landed.
    """
    for feed in contracts.feeds.values():
        folder = home.accepted / feed.name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ANCHOR).exists():
            _write(folder / ANCHOR, landing_schema(feed).empty_table())


def keep_object(home: Home, content: bytes) -> str:
    """Store bytes once under their SHA-256, read-only; returns the hash."""
    digest = sha256(content).hexdigest()
    path = object_path(home, digest)
    if path.exists():
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{digest}.tmp")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
    return digest


def keep_file(home: Home, path: Path, digest: str) -> None:
    """Store a file of ours under its SHA-256 without copying it: a second name for it.

    Args:
        home: The warehouse.
        path: On the same volume; flushed, and never written again.
        digest: Its SHA-256, taken while it was written.
    """
    target = object_path(home, digest)
    path.chmod(0o400)
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        target.hardlink_to(path)


def object_path(home: Home, digest: str) -> Path:
    """Where the bytes of that SHA-256 lie."""
    return home.objects / digest[:2] / digest


def write_log(
    home: Home, feed: Feed, wave_id: str, log: pl.DataFrame, part: int = 0
) -> None:
    """Write a wave's changed rows of one feed; nothing when none changed.

    Args:
        home: The warehouse.
        feed: The feed.
        wave_id: The wave; readers ignore the file until the ledger names it.
        log: Every column of ``landing_schema``.
        part: Which step of the wave, where it replays several packages of a sender.
    """
    if log.is_empty():
        return
    schema = landing_schema(feed)
    ordered = log.select(schema.names).sort("institution_code", *feed.key, "_line")
    table = ordered.to_arrow().cast(schema)
    _write(home.accepted / feed.name / _name(wave_id, part), table)


def write_quarantine(
    home: Home, feed: str, wave_id: str, rows: pl.DataFrame, part: int = 0
) -> None:
    """Write a wave's quarantined rows of one feed; nothing when there are none."""
    if rows.is_empty():
        return
    folder = home.quarantine / feed
    folder.mkdir(parents=True, exist_ok=True)
    ordered = rows.select(*QUARANTINE_SCHEMA).sort("institution_code", "line")
    _write(folder / _name(wave_id, part), ordered.to_arrow())


def forget(home: Home, wave_id: str) -> None:
    """Clear what a wave has written before its commit, so that it can be tried anew."""
    for root in _written_by_waves(home):
        for file in root.glob(f"**/{wave_id}*.parquet"):
            file.unlink()


def read_quarantine(home: Home, feed: str, history: History) -> pl.DataFrame:
    """Every quarantined row of a feed, of the packages that are applied.

    Args:
        home: The warehouse.
        feed: The feed's name.
        history: The ledger: rows of packages that it does not count as applied, by
            the wave they are of, do not exist.
    """
    files = sorted((home.quarantine / feed).glob("*.parquet"))
    nothing = pl.DataFrame(schema=QUARANTINE_SCHEMA)
    if not files:
        return nothing
    rows = pl.concat([nothing, *map(pl.read_parquet, files)], how="diagonal_relaxed")
    return rows.join(
        history.packages(),
        on=["institution_code", "package_id", "wave_id"],
        how="semi",
        maintain_order="left",
    )


def write_extension(
    home: Home, feed: str, wave_id: str, rows: pl.DataFrame, part: int = 0
) -> None:
    """Write what a wave's files carried in ``x_`` columns; nothing when none did."""
    if rows.is_empty():
        return
    folder = home.extension / feed
    folder.mkdir(parents=True, exist_ok=True)
    # Nobody has said what is in these columns: the warehouse's own user reads them.
    home.extension.chmod(0o700)
    ordered = rows.select(*EXTENSION_SCHEMA).sort("institution_code", "line", "name")
    _write(folder / _name(wave_id, part), ordered.to_arrow())


def write_open_findings(
    home: Home, wave_id: str, rows: pl.DataFrame, part: int = 0
) -> None:
    """Write what is open after a wave; nothing when nothing is."""
    if rows.is_empty():
        return
    home.open_findings.mkdir(parents=True, exist_ok=True)
    _write(home.open_findings / _name(wave_id, part), rows.to_arrow())


def read_open_findings(
    home: Home, wave_id: str, schema: dict[str, Any]
) -> pl.DataFrame:
    """What was open after a wave, of all its packages."""
    parts = sorted(home.open_findings.glob(f"{wave_id}*.parquet"))
    return pl.concat([pl.DataFrame(schema=schema), *map(pl.read_parquet, parts)])


def flush(home: Home) -> None:
    """Bring everything written below the warehouse to the disk, in one call.

    One ``syncfs`` instead of an fsync a file: 740 files of a night took 0.1 s
    instead of 3 s.
    """
    descriptor = os.open(home.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError, AttributeError):
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) == 0:
                return
        os.sync()
    finally:
        os.close(descriptor)


def _written_by_waves(home: Home) -> tuple[Path, ...]:
    return home.accepted, home.quarantine, home.extension, home.open_findings


def _name(wave_id: str, part: int) -> str:
    return f"{wave_id}.{part}.parquet" if part else f"{wave_id}.parquet"


def wave_of(file: Path) -> str:
    """The wave that wrote a file below landing."""
    return file.name.split(".", maxsplit=1)[0]


def _write(final: Path, table: pa.Table) -> None:
    partial = final.with_name(f".{final.stem}.tmp")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(final)
