"""What colleges have delivered: complete packages in the mailbox folders.

Belongs here: which folders are packages and which regular files they hold. Does not
belong here: what the files say (``manifest``, ``preflight``).
"""

import os
import re
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

MANIFEST = "manifest.json"

# A resend on the same day carries a suffix: 2026-09-01, 2026-09-01-2.
_DELIVERY = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[-._][A-Za-z0-9-]{1,40})?$")


@dataclass(frozen=True)
class Delivery:
    """One complete package folder, ``inbox/<sender>/<name>/``.

    Attributes:
        sender: The mailbox, which is the only code its packages may claim (F03).
        name: The folder's name, a date with an optional suffix.
        folder: Where it is.
        files: Names of the regular files beside the manifest.
    """

    sender: str
    name: str
    folder: Path
    files: frozenset[str]

    @property
    def day(self) -> date:
        """The date the mailbox put on the package."""
        return date.fromisoformat(self.name[:10])


def find_deliveries(inbox: Path, until: date | None = None) -> list[Delivery]:
    """Every complete package in the inbox, by sender and name.

    A package is complete when ``manifest.json`` is there, because it is written last
    (delivery rule 1). Only regular files count: a link, a pipe or a device in a
    mailbox is never opened, since reading one can hang or leave the mailbox.

    Args:
        inbox: The folder of mailboxes; it may be missing.
        until: Deliveries of later days are left alone.

    Returns:
        The packages, whether they were judged before or not.
    """
    found = []
    for sender in _folders(inbox):
        for folder in _folders(sender):
            day = _delivery_day(folder.name)
            if day is None or (until is not None and day > until):
                continue
            files = _regular_files(folder)
            if MANIFEST in files:
                found.append(
                    Delivery(sender.name, folder.name, folder, files - {MANIFEST})
                )
    return found


def read_regular(path: Path, limit: int) -> bytes:
    """Read a regular file, never through a link.

    Args:
        path: The file.
        limit: Bytes read at most.

    Returns:
        The content; longer than ``limit`` by one byte when the file is larger.

    Raises:
        OSError: It cannot be read, or is a link or not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            message = "not a regular file"
            raise OSError(message)
        return file.read(limit + 1)


def _delivery_day(name: str) -> date | None:
    match = _DELIVERY.match(name)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def _folders(parent: Path) -> list[Path]:
    """Folders in ``parent`` by name, without links and without dot files."""
    try:
        with os.scandir(parent) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
            ]
    except OSError:
        return []
    return [parent / name for name in sorted(names)]


def _regular_files(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(
                entry.name for entry in entries if entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return frozenset()
