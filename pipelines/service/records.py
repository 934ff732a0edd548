"""Records as they are published: one look at the pointer an answer, one snapshot whole.

Belongs here: finding a learner's record in the current snapshot, fast. Does not belong
here: who may have it (``grants.py``), or anything outside ``published/``.
"""

import bisect
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import OperatorError
from pipelines.publishing import snapshot as store
from pipelines.publishing.reader import resolve
from pipelines.publishing.snapshot import Snapshot
from pipelines.settings import Home

_COLUMNS = ["learner_id", "issued_at", "clr"]


@dataclass(frozen=True)
class Published:
    """One learner's record in one snapshot.

    Attributes:
        learner_id: whose, in that snapshot.
        text: the signed CLR, byte for byte.
        issued_at: as-of of the snapshot that it was first part of.
    """

    learner_id: str
    text: str
    issued_at: datetime

    @cached_property
    def version(self) -> str:
        """Which bytes these are: 128 bits of their SHA-256 in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    @cached_property
    def clr(self) -> dict[str, Any]:
        """The record as an object."""
        return orjson.loads(self.text)

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """The nested credentials, each signed for itself."""
        return self.clr["credentialSubject"]["verifiableCredential"]


@dataclass(frozen=True)
class _Group:
    """A row group of a file, and the learner ids between which it lies."""

    first: str
    last: str
    file: Path
    number: int


class Reading:
    """One snapshot, ready to be asked for single records.

    Learners are sorted within a file and a row group holds a hundred: statistics of
    the files' footers say which one to read.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.did_document = snapshot.did_document()
        self._groups = sorted(
            (
                group
                for file in sorted((snapshot.path / store.RECORDS).glob("*.parquet"))
                for group in _groups(file)
            ),
            key=lambda group: group.first,
        )
        self._firsts = [group.first for group in self._groups]
        self._redirects = _redirects(snapshot.path / store.ANALYST / store.REDIRECTS)

    def record(self, learner_id: str) -> Published | None:
        """The learner's record, or that of whom a merge made of the learner.

        None for who is not published: on hold, withdrawn, erased, unknown.
        """
        meant = self._redirects.get(learner_id, learner_id)
        at = bisect.bisect_right(self._firsts, meant) - 1
        if at < 0 or self._groups[at].last < meant:
            return None
        return _record(self._groups[at], meant)

    @cached_property
    def system(self) -> str:
        """The issuer's name as its records give it; its DID when there are none."""
        for group in self._groups[:1]:
            found = _record(group, group.first)
            if found is not None:
                issuer = found.clr["issuer"]
                return str(issuer.get("name") or self.snapshot.manifest.issuer)
        return self.snapshot.manifest.issuer


class Records:
    """The current snapshot, resolved anew when the pointer is another file.

    A pointer is replaced, never written into: its inode and time tell.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._reading: Reading | None = None

    def now(self) -> Reading:
        """The current snapshot; keep it for as long as one answer takes.

        Raises:
            OperatorError: nothing is published, or the pointer is damaged.
        """
        with self._lock:
            seen = self._pointer()
            if self._reading is None or seen is None or seen != self._seen:
                found = resolve(self._home)
                # The pointer may have moved on since ``seen``: then it is read again.
                if self._reading is None or found.seq != self._reading.snapshot.seq:
                    self._reading = _read(found)
                self._seen = seen
            return self._reading

    def _pointer(self) -> tuple[int, int, int] | None:
        try:
            found = self._home.current.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _read(snapshot: Snapshot) -> Reading:
    try:
        return Reading(snapshot)
    except (OSError, pa.ArrowException) as error:
        raise OperatorError(
            f"snapshot {snapshot.seq} cannot be read ({type(error).__name__}): "
            "run lrw verify snapshot"
        ) from None


def _groups(file: Path) -> Sequence[_Group]:
    footer = pq.read_metadata(file)
    column = footer.schema.names.index("learner_id")
    found = []
    for number in range(footer.num_row_groups):
        ends = footer.row_group(number).column(column).statistics
        if footer.row_group(number).num_rows:
            found.append(_Group(ends.min, ends.max, file, number))
    return found


def _record(group: _Group, learner_id: str) -> Published | None:
    with pq.ParquetFile(group.file) as file:
        rows = file.read_row_group(group.number, columns=_COLUMNS, use_threads=False)
    at = pc.index(rows["learner_id"], learner_id).as_py()
    if at < 0:
        return None
    return Published(learner_id, rows["clr"][at].as_py(), rows["issued_at"][at].as_py())


def _redirects(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    rows = pq.read_table(file, columns=["learner_id", "to_learner_id"])
    return dict(
        zip(
            rows["learner_id"].to_pylist(),
            rows["to_learner_id"].to_pylist(),
            strict=True,
        )
    )
