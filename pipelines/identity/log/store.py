"""Adding to the log and checking it: immutable segments in a chain of SHA-256.

Belongs here: segments, their numbers and the lock. Does not belong here: what events
mean, and the head (``pipelines.chain``).

A segment is named after the first ``seq`` in it and carries the digest of the segment
before it (``pipelines.chain``). Segments are written once, under a lock that the kernel
frees however its holder ends. The order of events is ``seq``; no clock is asked.
"""

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.chain import (
    HEAD,
    BrokenChainError,
    Link,
    append_to_chain,
    head_bytes,
    settle_head,
    verify_chain,
)
from pipelines.durable import sync_folder
from pipelines.errors import OperatorError
from pipelines.identity.log.schema import EVENT_SCHEMA, MINT

At = Callable[[str], None]

_LOCK = ".lock"
_SEGMENT = re.compile(r"\d{12}\.parquet")
_PREVIOUS = b"lrw.previous_sha256"
_WAIT = 60.0


class LogError(OperatorError):
    """The log is not what was written; nothing may be decided until it is restored."""


@dataclass(frozen=True)
class Tail:
    """Where the log ends: the last ``seq`` and the last segment."""

    last_seq: int
    link: Link | None


class Writer:
    """The right to append, held together with the lock; see ``writing``."""

    def __init__(self, folder: Path, tail: Tail) -> None:
        self._folder = folder
        self.tail = tail

    def append(
        self, events: pa.Table | pa.RecordBatchReader, at: At = lambda _: None
    ) -> Path | None:
        """Add one segment, durable before this returns.

        Args:
            events: Rows of ``NEW_EVENT_SCHEMA`` in their order; none: nothing happens.
                A reader's are never held together: a state's first night has 2.5
                million.
            at: Called at every step with its name; for crash tests.

        Returns:
            The new segment, or None where there was nothing to add.

        Raises:
            LogError: An event mints an id a second time, or speaks of one that was
                never minted. Nothing is added.
        """
        first = self.tail.last_seq + 1
        final = self._folder / f"{first:012d}.parquet"
        partial = self._folder / f".{final.stem}.tmp"
        rows = self._write(partial, events, first)
        if not rows:
            partial.unlink()
            return None
        try:
            _refuse_impossible(segments(self._folder), partial)
        except LogError:
            partial.unlink()
            raise
        at("segment written")
        link = append_to_chain(self._folder, self.tail.link, partial, final, at)
        self.tail = Tail(first + rows - 1, link)
        return final

    def _write(
        self, partial: Path, events: pa.Table | pa.RecordBatchReader, first: int
    ) -> int:
        previous = (self.tail.link.sha256 if self.tail.link else "").encode()
        schema = EVENT_SCHEMA.with_metadata({_PREVIOUS: previous})
        _private(partial)
        rows = 0
        batches = events.to_batches() if isinstance(events, pa.Table) else events
        with pq.ParquetWriter(partial, schema, compression="zstd") as file:
            for batch in batches:
                seq = pa.array(range(first + rows, first + rows + len(batch)))
                table = pa.Table.from_batches([batch])
                numbered = table.add_column(0, EVENT_SCHEMA.field("seq"), seq)
                file.write_table(numbered.cast(EVENT_SCHEMA))
                rows += len(batch)
        return rows


@contextmanager
def writing(folder: Path, wait: float = _WAIT) -> Iterator[Writer]:
    """Hold the log alone: nobody else decides meanwhile.

    Args:
        folder: The log's folder in the vault; made (mode 0700) when absent.
        wait: Seconds to wait for another who holds it.

    Raises:
        OperatorError: Another still holds the log.
        LogError: The log is torn, incomplete or altered.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_folder(folder.parent)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, wait)
        # What a writer that died left behind never got its name: it never was.
        for left in folder.glob(".*.tmp"):
            left.unlink()
        tail = verify_log(folder)
        if tail.link:
            settle_head(folder, tail.link)
        yield Writer(folder, tail)
    finally:
        os.close(descriptor)


def segments(folder: Path) -> list[Path]:
    """The segments in their order; none before the first night."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))


def verify_log(folder: Path) -> Tail:
    """Check that every segment is there, whole and unaltered.

    Returns:
        Where the log ends.

    Raises:
        LogError: One line that names the first segment that is not as written.
    """
    while True:
        before = head_bytes(folder)
        try:
            return _verified(folder, segments(folder))
        except LogError:
            # A reader holds no lock: what it saw may be half of a night's append.
            if head_bytes(folder) == before:
                raise


def _verified(folder: Path, found: list[Path]) -> Tail:
    follows: dict[Path, Link | None] = {}
    seq, previous = 0, None
    for path in found:
        rows, sha256 = _footer(path)
        if int(path.stem) != seq + 1:
            raise _damaged(f"the segment that begins at {seq + 1} is missing")
        follows[path] = Link(previous or "", sha256) if sha256 else None
        seq, previous = seq + rows, path.stem
    try:
        links = verify_chain(folder, found, follows.__getitem__)
    except BrokenChainError as broken:
        what = "its head" if broken.name == HEAD else f"segment {broken.name}"
        raise _damaged(f"{what} is missing or not as it was written") from None
    return Tail(seq, links[-1] if links else None)


def _lock(descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise OperatorError(
                    "Another run is deciding identities; try again when it has ended."
                ) from None
            time.sleep(0.05)
        else:
            return


def _refuse_impossible(known: list[Path], added: Path) -> None:
    """Every id is minted once, and before anything is said of it."""
    with duckdb.connect() as con:
        con.read_parquet(str(added)).create_view("new_event")
        con.execute(
            "create temp table minted as select learner_id, count(*) as times "
            "from new_event where event_type = $mint group by learner_id",
            {"mint": MINT},
        )
        con.execute(
            "create temp table named as "
            "select learner_id from new_event where learner_id is not null "
            "union select other_learner_id from new_event "
            "where other_learner_id is not null"
        )
        con.execute("create temp table before (learner_id varchar)")
        if known:
            con.execute(
                "insert into before select learner_id from read_parquet($files) "
                "semi join named using (learner_id) where event_type = $mint",
                {"files": [str(path) for path in known], "mint": MINT},
            )
        wrong = con.execute(
            "select (select count(*) from minted where times > 1 "
            "or learner_id in (from before)), "
            "(select count(*) from named anti join minted using (learner_id) "
            "anti join before using (learner_id))"
        ).fetchall()[0]
    if wrong[0]:
        raise LogError(f"{wrong[0]} learner ids would be minted twice; nothing written")
    if wrong[1]:
        raise LogError(f"{wrong[1]} learner ids were never minted; nothing written")


def _footer(path: Path) -> tuple[int, str]:
    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError):
        raise _damaged(f"segment {path.stem} is torn") from None
    previous = (footer.metadata or {}).get(_PREVIOUS)
    if previous is None:
        raise _damaged(f"segment {path.stem} was not written by this warehouse")
    return int(footer.num_rows), previous.decode()


def _damaged(what: str) -> LogError:
    return LogError(
        f"The identity log is damaged: {what}; restore the vault from its backup."
    )


def _private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
