"""What colleges have delivered: complete packages in the mailbox folders.

Belongs here: which folders and archives are packages and which regular files they
hold. Does not belong here: opening archives (``pipelines/delivery``), what the files
say (``manifest``, ``preflight``).
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BufferedReader
from pathlib import Path

from pipelines.landing.package.notes import Note
from pipelines.landing.package.opened import (
    Opened,
    opened_folder,
    read_opened,
    refused_elsewhere,
)
from pipelines.settings import Home

MANIFEST = "manifest.json"
SEALED = (".pgp", ".gpg")

# A resend on the same day carries a suffix: 2026-09-01, 2026-09-01-2.
_NAME = r"(\d{4}-\d{2}-\d{2})(?:[-._][A-Za-z0-9-]{1,40})?"
_FOLDER = re.compile(_NAME, re.ASCII)
_ARCHIVE = re.compile(_NAME + r"\.zip(?:\.pgp|\.gpg)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Delivery:
    """One complete package, ``inbox/<sender>/<name>/`` or an archive of that name.

    Attributes:
        sender: The mailbox, which is the only code its packages may claim (F03).
        name: The folder's or archive's name, a date with an optional suffix.
        folder: Where its files are; of an archive, where it was opened.
        files: Names of the regular files beside the manifest.
        problem: Why it is not read at all, F21 or F22.
        evidence: What the ledger keeps of a refused delivery in place of a manifest.
        signed_by: Fingerprint of the key that signed all of it, checked when opened.
        sealed: It has to be opened before landing can look at it.
        objects: The object store, for a package that was taken in before: its bytes
            are there, whatever became of the delivery.
    """

    sender: str
    name: str
    folder: Path
    files: frozenset[str]
    problem: Note | None = None
    evidence: bytes = b""
    signed_by: str | None = None
    sealed: bool = False
    objects: Path | None = None

    @property
    def is_stored(self) -> bool:
        """Whether it was taken in before and is read from the object store."""
        return self.objects is not None

    @property
    def day(self) -> date:
        """The date the mailbox put on the package."""
        return date.fromisoformat(self.name[:10])


def find_deliveries(home: Home, until: date | None = None) -> list[Delivery]:
    """Every complete package in the inbox, by sender and name.

    A package is complete when ``manifest.json`` is there, because it is written last
    (delivery rule 1). Only regular files count: a link, a pipe or a device in a
    mailbox is never opened, since reading one can hang or leave the mailbox.

    Args:
        home: The warehouse; its inbox may be missing.
        until: Deliveries of later days are left alone.

    Returns:
        The packages, whether they were judged before or not, and refused deliveries.
    """
    found: dict[tuple[str, str], Delivery] = {}
    for refused in refused_elsewhere(home):
        found[refused.sender, refused.delivery] = _outcome(home, refused)
    for sender in _folders(home.inbox):
        for delivery in _in_mailbox(home, sender):
            found[delivery.sender, delivery.name] = delivery
    return [
        delivery
        for _, delivery in sorted(found.items())
        if until is None or delivery.day <= until
    ]


def delivery_day(name: str, *, folder: bool) -> date | None:
    """The date in the name of a folder, or of an archive; None when it is neither's."""
    match = (_FOLDER if folder else _ARCHIVE).fullmatch(name)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def is_sealed(names: Iterable[str]) -> bool:
    """Whether OpenPGP files are among these."""
    return any(name.lower().endswith(SEALED) for name in names)


def is_complete(names: Iterable[str]) -> bool:
    """Whether the manifest is there, plain or sealed."""
    return not {MANIFEST, *(MANIFEST + ending for ending in SEALED)}.isdisjoint(names)


def look_of(paths: Iterable[Path]) -> str:
    """A digest of names, sizes and times that differs once a file was replaced.

    Raises:
        OSError: One of them is gone.
    """
    digest = sha256()
    for path in sorted(paths):
        seen = path.lstat()
        words = (path.name, seen.st_size, seen.st_mtime_ns, seen.st_ino)
        digest.update(repr(words).encode())
    return digest.hexdigest()


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
    with open_regular(path) as file:
        return file.read(limit + 1)


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, never through a link, and never waiting.

    Raises:
        OSError: It cannot be read, or is a link or not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        message = "not a regular file"
        raise OSError(message)
    return file


def _in_mailbox(home: Home, mailbox: Path) -> Iterator[Delivery]:
    """Packages of one sender, and things that carry a package's name but are none."""
    sender = mailbox.name
    for entry in _entries(mailbox):
        path = mailbox / entry.name
        if entry.is_dir(follow_symlinks=False):
            names = _regular_files(path)
            if delivery_day(entry.name, folder=True) and is_complete(names):
                if is_sealed(names):
                    yield _sealed(home, sender, entry.name, [path / n for n in names])
                else:
                    yield Delivery(sender, entry.name, path, names - {MANIFEST})
        elif entry.is_file(follow_symlinks=False):
            if delivery_day(entry.name, folder=False):
                yield _sealed(home, sender, entry.name, [path])
        elif any(delivery_day(entry.name, folder=kind) for kind in (True, False)):
            what = "is a link" if entry.is_symlink() else "is no regular file"
            refused = Opened(sender, entry.name, "", edit_id="F21", value=what)
            yield _outcome(home, refused)


def _sealed(home: Home, sender: str, name: str, paths: list[Path]) -> Delivery:
    record = read_opened(home, sender, name)
    try:
        current = look_of(paths)
    except OSError:
        current = ""
    if record is None or record.fingerprint != current:
        return Delivery(sender, name, paths[0].parent, frozenset(), sealed=True)
    return _outcome(home, record)


def _outcome(home: Home, record: Opened) -> Delivery:
    folder = opened_folder(home, record.sender, record.delivery)
    if record.problem is not None:
        return Delivery(
            record.sender,
            record.delivery,
            folder,
            frozenset(),
            problem=record.problem,
            evidence=record.evidence,
        )
    return Delivery(
        record.sender,
        record.delivery,
        folder,
        _regular_files(folder) - {MANIFEST},
        signed_by=record.signed_by,
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder by name, without dot files and names that are no text."""
    try:
        with os.scandir(folder) as entries:
            found = [
                entry
                for entry in entries
                if not entry.name.startswith(".") and _is_text(entry.name)
            ]
    except OSError:
        return []
    return sorted(found, key=lambda entry: entry.name)


def _is_text(name: str) -> bool:
    """Whether a name can be written down; bytes that are no UTF-8 are nobody's code."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folders(parent: Path) -> list[Path]:
    """Folders in ``parent`` by name, without links and without dot files."""
    return [
        parent / entry.name
        for entry in _entries(parent)
        if entry.is_dir(follow_symlinks=False)
    ]


def _regular_files(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(
                entry.name for entry in entries if entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return frozenset()
