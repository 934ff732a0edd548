"""What every drop zone can do, whatever it is made of.

Belongs here: the shape of a listing, and the one error a zone raises. Does not belong
here: any protocol (``folder``, ``sftp``, ``s3``) and any decision about a package.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Literal, Protocol

# A mailbox holds some nights of some thirty files; more is somebody's mistake.
MAX_ITEMS = 20_000
CHUNK = 1 << 20

Kind = Literal["file", "folder", "link", "other"]


class ZoneError(Exception):
    """A drop zone, or a file of it, cannot be used now; one line says why."""


class ChangedError(ZoneError):
    """A file is not what the listing said: somebody is writing it."""


@dataclass(frozen=True)
class Item:
    """One thing in a drop zone.

    Attributes:
        path: Its names from the drop zone down: one, or a package and a file in it.
        size: Bytes; 0 for a folder.
        modified: Seconds since 1970 by the zone's clock.
        version: Differs once the content was replaced.
    """

    path: tuple[str, ...]
    kind: Kind
    size: int = 0
    modified: float = 0.0
    version: str = ""

    @property
    def name(self) -> str:
        """The last of its names."""
        return self.path[-1]


def fingerprint(items: list[Item]) -> str:
    """A digest that differs once any of these was replaced, added or removed."""
    words = sorted((i.path, i.kind, i.size, i.version) for i in items)
    return sha256(repr(words).encode("utf-8", "backslashreplace")).hexdigest()


class Zone(Protocol):
    """An open drop zone.

    Attributes:
        atomic: A file appears whole, so that one look at an archive is enough. The
            files of a folder come one after the other everywhere.
        exact: A file's version differs whenever its content does.
    """

    atomic: bool
    exact: bool

    def look(self) -> list[Item]:
        """Everything in the zone and, one level down, in its folders.

        Raises:
            ZoneError: It cannot be listed, or holds more than ``MAX_ITEMS``.
        """
        ...

    def read(self, item: Item) -> Iterator[bytes]:
        """The content of a listed file, never more than its listed size.

        Raises:
            ChangedError: It is not the listed file any more.
            ZoneError: It cannot be read.
        """
        ...

    def remove(self, item: Item) -> None:
        """Remove a listed file, or an empty folder; one that changed stays.

        Raises:
            ChangedError: It is not the listed file any more.
            ZoneError: It cannot be removed.
        """
        ...


OpenZone = AbstractContextManager[Zone]


def copy_whole(zone: Zone, item: Item, to: BinaryIO) -> str:
    """Copy a listed file and return its SHA-256.

    Raises:
        ChangedError: It has fewer or more bytes than the listing says.
        ZoneError: It cannot be read.
    """
    digest, size = sha256(), 0
    for chunk in zone.read(item):
        size += len(chunk)
        if size > item.size:
            break
        digest.update(chunk)
        to.write(chunk)
    if size != item.size:
        raise ChangedError(f"{shown(item.name)} changes while it is read")
    return digest.hexdigest()


def shown(name: str) -> str:
    """A name as it may be shown: printable ASCII, and not much of it."""
    text = name.encode("ascii", "backslashreplace").decode("ascii")
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return safe if len(safe) <= 60 else f"{safe[:57]}..."
