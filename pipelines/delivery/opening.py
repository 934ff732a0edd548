"""Opening what lies in the inbox as an archive or encrypted, before landing reads it.

Belongs here: from ``<date>.zip``, ``<date>.zip.pgp`` or a folder of ``.pgp`` files to
plain files in a private folder, or to a refusal with its reason. Does not belong here:
how a zip or a signature is judged (``archive``, ``openpgp``).
"""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pipelines.contracts.delivery import INBOX, DeliveryProfile
from pipelines.contracts.model import Contracts
from pipelines.delivery.archive import ArchiveError, UnfinishedError, expand
from pipelines.delivery.journal import read_journal
from pipelines.delivery.names import is_passing, plain_name, twins
from pipelines.delivery.openpgp import (
    BrokenSealError,
    Keyring,
    SealError,
    shred,
    stop_agent,
)
from pipelines.delivery.quiet import is_quiet, last_change
from pipelines.delivery.zone import CHUNK, shown
from pipelines.durable import sync_folder
from pipelines.errors import OperatorError
from pipelines.landing.kept.store import keep_file
from pipelines.landing.limits import MAX_FILE_BYTES, MAX_PACKAGE_FILES
from pipelines.landing.package.inbox import (
    SEALED,
    Delivery,
    find_deliveries,
    is_sealed,
    look_of,
)
from pipelines.landing.package.opened import (
    Opened,
    Stored,
    forget_opened,
    make_private,
    opened_folder,
    write_opened,
)
from pipelines.settings import Home

DONE = ".done"
_PART = ".part"
# No sender's code begins with a dot.
_SEEN = ".seen"


@dataclass(frozen=True)
class Event:
    """What became of one delivery, or of a drop zone when ``delivery`` is empty."""

    institution_code: str
    delivery: str
    outcome: Literal["taken", "opened", "waiting", "refused", "removed", "failed"]
    reason: str = ""


class _ChangingError(Exception):
    """Somebody writes the delivery while it is copied."""


def open_packages(
    home: Home, contracts: Contracts, *, now: float | None = None
) -> list[Event]:
    """Open every sealed delivery of the inbox; most nights there is none.

    A refusal waits while its file may still be growing. What opens whole and verifies
    is complete, however young it is.

    Args:
        home: The warehouse.
        contracts: Whose keys sign.
        now: Seconds since 1970; the wall clock by default.

    Returns:
        One event a sealed delivery.
    """
    waits = any(delivery.sealed for delivery in find_deliveries(home))
    if not waits and not _left_over(home):
        return []
    clock = time.time() if now is None else now
    with _in_turn(home):
        try:
            return [
                _open(home, contracts, delivery, clock)
                for delivery in find_deliveries(home)
                if delivery.sealed
            ]
        finally:
            stop_agent(home.openpgp)


@contextmanager
def _in_turn(home: Home) -> Iterator[None]:
    make_private(home, home.opened)
    descriptor = os.open(home.opened / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in _left_over(home):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def _left_over(home: Home) -> list[Path]:
    """What a killed run was working on, perhaps decrypted."""
    return list(home.opened.glob(f"*/.*{_PART}"))


def _open(home: Home, contracts: Contracts, delivery: Delivery, now: float) -> Event:
    code, name = delivery.sender, delivery.name
    sender = contracts.sender(code)
    work = _Work(home, delivery, INBOX if sender is None else sender.delivery)
    try:
        work.begin()
        record = work.open()
    except (UnfinishedError, BrokenSealError) as error:
        if not work.has_settled(now):
            return Event(code, name, "waiting", f"{error}; it may not be complete yet")
        edit_id = "F21" if isinstance(error, UnfinishedError) else "F22"
        record = work.refused(edit_id, str(error))
    except ArchiveError as error:
        record = work.refused("F21", str(error))
    except SealError as error:
        record = work.refused("F22", str(error))
    except _ChangingError:
        return Event(code, name, "waiting", "it is being written")
    except OperatorError as error:
        return Event(code, name, "waiting", str(error))
    except OSError as error:
        return Event(code, name, "waiting", f"cannot be opened: {error.strerror}")
    finally:
        work.end()
    outcome: Literal["opened", "refused"] = "refused" if record.problem else "opened"
    return Event(code, name, outcome, record.value or "")


class _Work:
    """One delivery on its way, in a folder that nobody else enters."""

    def __init__(
        self, home: Home, delivery: Delivery, profile: DeliveryProfile
    ) -> None:
        self.home = home
        self.delivery = delivery
        self.profile = profile
        self.source = home.inbox / delivery.sender / delivery.name
        self.folder = home.opened / delivery.sender / f".{delivery.name}{_PART}"
        self.content = self.folder / "content"
        self.stored: dict[str, Stored] = {}
        self.fingerprint = ""

    def begin(self) -> None:
        """Copy what was delivered: the copy is what is judged, kept and read."""
        shutil.rmtree(self.folder, ignore_errors=True)
        make_private(self.home, self.folder.parent)
        make_private(self.home, self.folder)
        self.content.mkdir()
        (self.folder / "sent").mkdir()
        paths = self._paths()
        if len(paths) > MAX_PACKAGE_FILES:
            raise ArchiveError(f"the package has more than {MAX_PACKAGE_FILES} files")
        try:
            self.fingerprint = look_of(paths)
            for path in paths:
                self.stored[path.name] = _copy(path, self.folder / "sent" / path.name)
            if look_of(self._paths()) != self.fingerprint:
                raise _ChangingError
        except FileNotFoundError:
            raise _ChangingError from None
        for stored in self.stored.values():
            keep_file(self.home, self.folder / "sent" / stored.name, stored.sha256)

    def open(self) -> Opened:
        """Open it and give the content its place.

        Raises:
            ArchiveError: F21.
            SealError: F22.
        """
        archive = self.source.is_file()
        if archive and self.profile.archive == "none":
            raise ArchiveError("the college agreed to send folders, not archives")
        signed_by = self._archive() if archive else self._folder()
        for path in self.content.iterdir():
            keep_file(self.home, path, _digest(path))
        sync_folder(self.content)
        place = opened_folder(self.home, self.delivery.sender, self.delivery.name)
        # Without its record nobody looks at the folder.
        forget_opened(self.home, self.delivery.sender, self.delivery.name)
        shutil.rmtree(place, ignore_errors=True)
        self.content.rename(place)
        sync_folder(place.parent)
        return self._record(signed_by=signed_by)

    def refused(self, edit_id: str, value: str) -> Opened:
        """Keep the refusal; the bytes are kept already."""
        place = opened_folder(self.home, self.delivery.sender, self.delivery.name)
        shutil.rmtree(place, ignore_errors=True)
        return self._record(edit_id=edit_id, value=value)

    def has_settled(self, now: float) -> bool:
        """Whether nobody has written it for the agreed while, or its sender said so."""
        if self.source.with_name(self.source.name + DONE).is_file():
            return True
        changed = max(
            (last_change(path.lstat()) for path in self._paths()), default=now
        )
        journal = read_journal(self.home.opened / _SEEN, self.delivery.sender)
        look = f"{self.fingerprint}:{changed}"
        since = journal.since(self.delivery.name, look, now)
        agreed = self.profile.settled_after
        quiet = is_quiet(now, changed=changed, since=since, agreed=agreed)
        if quiet:
            del journal.seen[self.delivery.name]
        journal.write()
        return quiet

    def end(self) -> None:
        """Leave nothing decrypted behind but what landing may read."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _paths(self) -> list[Path]:
        if not self.source.is_dir():
            return [self.source]
        return [
            path
            for path in sorted(self.source.iterdir())
            if stat.S_ISREG(path.lstat().st_mode)
        ]

    def _archive(self) -> str | None:
        sent = self.folder / "sent" / self.source.name
        if not is_sealed([sent.name]):
            expand(sent, self.content)
            return None
        plain = self.folder / "plain.zip"
        signed_by = self._decrypt(self._ring(), sent, plain)
        try:
            expand(plain, self.content)
        except UnfinishedError as error:
            # It decrypted whole: what is in it will not grow.
            raise ArchiveError(str(error)) from None
        finally:
            shred(plain)
        return signed_by

    def _folder(self) -> str | None:
        """Open a folder's files; it is signed when each of them is."""
        ring = self._ring()
        signers: set[str | None] = set()
        names = {
            name: _without_seal(name) for name in self.stored if not is_passing(name)
        }
        for twin in twins(list(names.values())):
            raise ArchiveError(f"{shown(twin)} is in the package more than once")
        for name, plain in names.items():
            if not plain_name(name):
                raise ArchiveError(f"{shown(name)} is not a plain name")
            sent, to = self.folder / "sent" / name, self.content / plain
            if name == plain:
                to.hardlink_to(sent)
                signers.add(None)
                continue
            try:
                signers.add(self._decrypt(ring, sent, to))
            except SealError as error:
                raise type(error)(f"{name}: {error}") from None
        return None if None in signers else min(filter(None, signers))

    def _ring(self) -> Keyring:
        ring = Keyring(self.home.openpgp)
        if not ring.has_own_key():
            raise OperatorError(
                "The office has no OpenPGP key to decrypt with; `lrw keys import` it."
            )
        return ring

    def _decrypt(self, ring: Keyring, sent: Path, to: Path) -> str | None:
        return ring.decrypt(
            sent,
            to,
            frozenset(self.profile.signing_keys),
            needs_signature=self.profile.sealed_needs_signature,
        )

    def _record(
        self,
        *,
        signed_by: str | None = None,
        edit_id: str | None = None,
        value: str | None = None,
    ) -> Opened:
        record = Opened(
            self.delivery.sender,
            self.delivery.name,
            self.fingerprint,
            tuple(self.stored[name] for name in sorted(self.stored)),
            signed_by,
            edit_id,
            value,
        )
        write_opened(self.home, record)
        return record


def _without_seal(name: str) -> str:
    return name[:-4] if name.lower().endswith(SEALED) else name


def _copy(path: Path, to: Path) -> Stored:
    """Copy a regular file, never through a link, and flush it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    digest, size = sha256(), 0
    with os.fdopen(descriptor, "rb") as file, to.open("xb") as out:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _ChangingError
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                named = shown(path.name)
                raise ArchiveError(f"{named} is larger than {MAX_FILE_BYTES} bytes")
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Stored(path.name, size, digest.hexdigest())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        os.fsync(file.fileno())
    return digest.hexdigest()
