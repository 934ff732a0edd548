"""Copying a package from a drop zone into the inbox, all of it or nothing.

Belongs here: whether a package is complete, the copy and its place in the inbox. Does
not belong here: which things are packages (``candidates``), removal (``removing``).
"""

import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipelines.delivery.candidates import Candidate
from pipelines.delivery.journal import Taken
from pipelines.delivery.zone import CHUNK, ChangedError, Item, Zone, copy_whole, shown
from pipelines.durable import sync_folder
from pipelines.landing.package.inbox import MANIFEST
from pipelines.landing.package.manifest import (
    MAX_BYTES,
    DeclaredFile,
    ManifestError,
    parse_manifest,
)
from pipelines.settings import Home


class NotYetError(Exception):
    """A package is not complete; the text says what is missing."""


@dataclass(frozen=True)
class Patience:
    """How long a package has looked as it does.

    Attributes:
        settled: Nobody writes it any more.
        given_up: It has been incomplete for so long that its sender should be told.
    """

    settled: bool
    given_up: bool


def take(
    home: Home, sender: str, zone: Zone, candidate: Candidate, patience: Patience
) -> Taken:
    """Copy a package into the inbox if it is complete.

    A folder is complete when every file of its manifest is there with its size, and
    proven so when each has its SHA-256; an archive and an encrypted package when they
    have settled. What has settled and is still wrong is taken as it is: landing says
    what is wrong with it.

    Raises:
        NotYetError: It is not complete.
        ZoneError: The drop zone cannot be read.
    """
    declared = _declared(zone, candidate, patience)
    part = home.inbox / sender / f".{candidate.name}.part"
    _clear(part)
    _clear(_aside(part))
    part.parent.mkdir(parents=True, exist_ok=True)
    stored = {}
    try:
        if candidate.is_folder:
            part.mkdir(mode=0o700)
            for item in candidate.files:
                stored[item.name] = _copy(zone, item, part / item.name)
            sync_folder(part)
        else:
            stored[candidate.name] = _copy(zone, candidate.top, part)
        for file in declared:
            if stored.get(file.name) not in (file.sha256.lower(), None) and (
                not patience.settled
            ):
                raise NotYetError(f"{file.name} is not what the manifest says yet")
        _place(part, part.with_name(candidate.name))
    finally:
        _clear(part)
    marks = (*candidate.files, *candidate.marks)
    versions = {"/".join(item.path): item.version for item in marks}
    return Taken(candidate.fingerprint, versions, stored)


def _declared(
    zone: Zone, candidate: Candidate, patience: Patience
) -> Sequence[DeclaredFile]:
    """What the manifest says of the files, when it is there in plain and complete."""
    by_name = {item.name: item for item in candidate.files}
    item = by_name.get(MANIFEST)
    sealed = item is None or any(
        name.lower().endswith((".pgp", ".gpg")) for name in by_name
    )
    if not candidate.is_folder or sealed:
        if not patience.settled:
            raise NotYetError("it may still be growing")
        return ()
    if item is None or item.size > MAX_BYTES:
        return ()
    content = io.BytesIO()
    copy_whole(zone, item, content)
    try:
        files = parse_manifest(content.getvalue()).files
    except ManifestError:
        if not patience.settled:
            raise NotYetError("its manifest.json may still be growing") from None
        return ()
    if patience.given_up:
        return files
    for file in files:
        there = by_name.get(file.name)
        if there is None:
            raise NotYetError(f"{file.name} is not there yet")
        if there.size < file.bytes or (
            there.size > file.bytes and not patience.settled
        ):
            sizes = f"has {there.size} of {file.bytes} bytes"
            raise NotYetError(f"{file.name} {sizes}")
    return files


def _copy(zone: Zone, item: Item, to: Path) -> str:
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        try:
            digest = copy_whole(zone, item, out)
        except ChangedError:
            raise NotYetError(f"{shown(item.name)} changes while it is read") from None
        out.flush()
        os.fsync(descriptor)
    return digest


def _place(part: Path, final: Path) -> None:
    """Give a package its name; one that is there already and the same stays."""
    if final.exists() or final.is_symlink():
        if _content(final) == _content(part):
            return
        old = _aside(part)
        final.rename(old)
        part.rename(final)
        _clear(old)
    else:
        part.rename(final)
    sync_folder(final.parent)


def _aside(part: Path) -> Path:
    """Where a package lies while another takes its name."""
    return part.with_suffix(".old")


def _content(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(path.iterdir())
    found = {}
    for file in files:
        digest = sha256()
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as opened:
                while chunk := opened.read(CHUNK):
                    digest.update(chunk)
        found["" if file == path else file.name] = digest.hexdigest()
    return found


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
