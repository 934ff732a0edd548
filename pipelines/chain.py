"""Files of a log that only grows: each names the one before it by its SHA-256.

Belongs here: the lock, the head, and the check of every link. Does not belong here:
what the files hold, and where in a file its link is kept (``landing.decisions``,
``identity.log.store``).

The head names the last file. Before a file gets its name the head says which one is
coming, so that a writer that was killed in between is caught up with, while a file
that nobody announced is found. Hashes without a secret do not stop somebody who
rewrites the file and the head alike; the signed witness of a snapshot does
(``publishing.witness``).
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.durable import replace_durably
from pipelines.sealed import digest

HEAD = "head.json"


@dataclass(frozen=True)
class Link:
    """One file of a chain: its name without suffix, and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class _Head:
    last: Link | None
    coming: Link | None


class BrokenChainError(Exception):
    """The files are not what was written; ``name`` is the first that is not."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@contextmanager
def locked(folder: Path, operation: int) -> Iterator[None]:
    """Hold the chain, shared or alone; the lock goes with the process.

    Args:
        folder: Where the files lie; nothing is held while it does not exist.
        operation: ``fcntl.LOCK_SH`` or ``fcntl.LOCK_EX``.
    """
    if not folder.is_dir():
        yield
        return
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


def verify_chain(
    folder: Path, paths: Iterable[Path], follows: Callable[[Path], Link | None]
) -> list[Link]:
    """Check every link, under the lock.

    Args:
        folder: Where the head lies.
        paths: The files in their order.
        follows: The file that a file says it follows; None for the first.

    Raises:
        BrokenChainError: A file was changed, removed or put in.
    """
    links: list[Link] = []
    for path in paths:
        before = links[-1] if links else None
        said = follows(path)
        if (said and said.name) != (before and before.name):
            raise BrokenChainError(said.name if said else path.stem)
        if before is not None and said != before:
            raise BrokenChainError(before.name)
        links.append(Link(path.stem, digest(path)))
    last = links[-1] if links else None
    head = _read_head(folder)
    if head is None:
        if links:
            raise BrokenChainError(HEAD)
    elif last != head.last and (head.coming is None or last != head.coming):
        named = head.last or head.coming
        raise BrokenChainError(named.name if named else HEAD)
    return links


def last_link(folder: Path, path: Path | None) -> Link | None:
    """The end of a chain whose earlier links are checked elsewhere, under the lock.

    Args:
        folder: Where the head lies.
        path: The last file; None while there is none.

    Raises:
        BrokenChainError: The head names another end.
    """
    last = None if path is None else Link(path.stem, digest(path))
    head = _read_head(folder) or _Head(None, None)
    if last not in (head.last, head.coming or head.last):
        raise BrokenChainError(last.name if last else HEAD)
    return last


def append_to_chain(
    folder: Path,
    before: Link | None,
    partial: Path,
    final: Path,
    at: Callable[[str], None] = lambda _: None,
) -> Link:
    """Give a written file its name at the end of the chain, held alone.

    Args:
        folder: Where the head lies.
        before: The last link so far.
        partial: The file, written beside its final place.
        final: Its name for good.
        at: Called at every step with its name; for crash tests.
    """
    link = Link(final.stem, digest(partial))
    _write_head(folder, _Head(before, coming=link))
    at("announced")
    replace_durably(partial, final)
    at("in place")
    settle_head(folder, link)
    at("head written")
    return link


def settle_head(folder: Path, last: Link) -> None:
    """Let the head name the last file, where a writer died before it said so."""
    settled = _Head(last, coming=None)
    if _read_head(folder) != settled:
        _write_head(folder, settled)


def head_bytes(folder: Path) -> bytes | None:
    """The head as it lies there; whoever holds no lock sees by it that all stayed."""
    try:
        return (folder / HEAD).read_bytes()
    except FileNotFoundError:
        return None


def _read_head(folder: Path) -> _Head | None:
    try:
        head = orjson.loads((folder / HEAD).read_bytes())
        return _Head(_link(head), _link(head.get("coming")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BrokenChainError(HEAD) from None


def _link(said: Any) -> Link | None:
    # Heads of an older release say ``decision_id``.
    name = None if said is None else said.get("name", said.get("decision_id"))
    return None if name is None else Link(str(name), str(said["sha256"]))


def _write_head(folder: Path, head: _Head) -> None:
    last = asdict(head.last) if head.last else {"name": None, "sha256": None}
    coming = asdict(head.coming) if head.coming else None
    partial = folder / f".{HEAD}.tmp"
    partial.touch(mode=0o600)
    partial.write_bytes(orjson.dumps({**last, "coming": coming}))
    replace_durably(partial, folder / HEAD)
