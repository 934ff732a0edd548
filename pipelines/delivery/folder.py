"""A drop zone that is a folder of this machine, for example a mounted share.

Belongs here: looking at and reading files that somebody else can replace at any time.
Does not belong here: which of them are a package.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from pipelines.contracts.delivery import FolderDelivery
from pipelines.delivery.quiet import last_change
from pipelines.delivery.zone import (
    CHUNK,
    MAX_ITEMS,
    ChangedError,
    Item,
    Kind,
    ZoneError,
    shown,
)

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe that nobody writes to would hold a plain open for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """The zone, held open: every name is looked up below it and never through a link.

    Attributes:
        atomic: False: a file grows in place.
        exact: True: nobody sets the time of an inode's change.
    """

    atomic = False
    exact = True

    def __init__(self, profile: FolderDelivery) -> None:
        """Remember where it is; ``with`` opens it."""
        self._path = profile.path
        self._root = -1

    def __enter__(self) -> Self:
        """Open the folder; the path itself may lead through links, a mount may."""
        try:
            self._root = os.open(
                self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
            )
        except OSError as error:
            raise ZoneError(
                f"the folder {self._path} cannot be opened: {error.strerror}"
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        """Close the folder."""
        os.close(self._root)

    def look(self) -> list[Item]:
        """See ``Zone.look``."""
        found = list(self._below(self._root, ()))
        for item in list(found):
            if item.kind != "folder":
                continue
            try:
                with self._parent((*item.path, "")) as folder:
                    found += self._below(folder, item.path)
            except OSError as error:
                raise ZoneError(
                    f"{shown(item.name)} cannot be listed: {error.strerror}"
                ) from None
            if len(found) > MAX_ITEMS:
                raise ZoneError(f"more than {MAX_ITEMS} files in the drop zone")
        return found

    def read(self, item: Item) -> Iterator[bytes]:
        """See ``Zone.read``."""
        try:
            with self._parent(item.path) as folder:
                descriptor = os.open(item.name, _FILE, dir_fd=folder)
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                _same(item, os.fstat(descriptor))
                left = item.size
                while left and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
                _same(item, os.fstat(descriptor))
        except OSError as error:
            raise ZoneError(
                f"{shown(item.name)} cannot be read: {error.strerror}"
            ) from None

    def remove(self, item: Item) -> None:
        """See ``Zone.remove``."""
        try:
            with self._parent(item.path) as folder:
                if item.kind == "folder":
                    os.rmdir(item.name, dir_fd=folder)
                    return
                _same(item, os.lstat(item.name, dir_fd=folder))
                os.unlink(item.name, dir_fd=folder)
        except OSError as error:
            raise ZoneError(
                f"{shown(item.name)} cannot be removed: {error.strerror}"
            ) from None

    @contextmanager
    def _parent(self, path: tuple[str, ...]) -> Iterator[int]:
        """The folder of a path; a path has one name, or two."""
        if len(path) == 1:
            yield self._root
            return
        descriptor = os.open(path[0], _FOLDER, dir_fd=self._root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _below(self, folder: int, above: tuple[str, ...]) -> Iterator[Item]:
        names = os.listdir(folder)
        if len(names) > MAX_ITEMS:
            raise ZoneError(f"more than {MAX_ITEMS} files in the drop zone")
        for name in sorted(names):
            try:
                seen = os.lstat(name, dir_fd=folder)
            except FileNotFoundError:
                continue
            yield Item(
                (*above, name),
                _kind(seen.st_mode),
                seen.st_size if stat.S_ISREG(seen.st_mode) else 0,
                last_change(seen),
                _version(seen),
            )


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _version(seen: os.stat_result) -> str:
    if stat.S_ISDIR(seen.st_mode):
        return ""
    # A writer that sets the time of modification back cannot set that of the inode.
    times = f"{seen.st_mtime_ns}:{seen.st_ctime_ns}"
    return f"{seen.st_ino}:{times}:{seen.st_size}"


def _same(item: Item, seen: os.stat_result) -> None:
    if not stat.S_ISREG(seen.st_mode) or _version(seen) != item.version:
        raise ChangedError(f"{shown(item.name)} changes while it is read")
