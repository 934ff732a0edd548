"""Emptying a drop zone of what is kept here.

Belongs here: when a package is kept, and removing exactly what was taken. Does not
belong here: taking it (``taking``).

Kept means: the ledger has a verdict on what lies in the inbox, whatever it is, and each
file that was taken is in the landing store under its SHA-256. What was refused from the
listing alone was never read, so it is not kept and stays where it is.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import polars as pl

from pipelines.delivery.candidates import Candidate
from pipelines.delivery.journal import Taken
from pipelines.delivery.zone import CHUNK, Zone, ZoneError, copy_whole
from pipelines.durable import sync_folder
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.kept.store import keep_file, object_path
from pipelines.landing.package.admission import read_waiting
from pipelines.landing.package.inbox import Delivery
from pipelines.settings import Home


def judged(home: Home) -> frozenset[tuple[str, str, str]]:
    """Sender, delivery and manifest hash of everything in the ledger."""
    rows = read_ledger(home).select("institution_code", "delivery", "manifest_sha256")
    return frozenset(rows.filter(pl.all_horizontal(pl.all().is_not_null())).iter_rows())


def is_kept(
    home: Home,
    taken: Taken,
    delivery: Delivery | None,
    known: frozenset[tuple[str, str, str]],
) -> bool:
    """Whether a package may go from the drop zone; stores what landing did not read.

    Args:
        home: The warehouse.
        taken: What was copied.
        delivery: What the inbox holds under that name; None when it is gone.
        known: As ``judged`` gives it.
    """
    if delivery is None or delivery.sealed:
        return False
    digest = read_waiting(delivery).manifest_sha256
    if (delivery.sender, delivery.name, digest) not in known:
        return False
    place = home.inbox / delivery.sender / delivery.name
    for name, wanted in taken.stored.items():
        if object_path(home, wanted).exists():
            continue
        if not _store(home, place / name if place.is_dir() else place, wanted):
            return False
    return True


def is_unchanged(zone: Zone, candidate: Candidate, taken: Taken) -> bool:
    """Whether a drop zone still holds what was taken, read again where versions lie.

    Raises:
        ZoneError: It cannot be read.
    """
    if zone.exact:
        return True
    with Path(os.devnull).open("wb") as nowhere:
        return all(
            copy_whole(zone, item, nowhere) == taken.stored.get(item.name)
            for item in candidate.files
            if taken.has(item)
        )


def remove(zone: Zone, candidate: Candidate, taken: Taken) -> bool:
    """Remove a package's files, the manifest first, so that no rest looks complete.

    Returns:
        Whether all of it is gone; what was replaced since stays.

    Raises:
        ZoneError: The drop zone refuses.
    """
    items = [*candidate.files, *candidate.marks]
    items.sort(key=lambda item: not item.name.startswith("manifest.json"))
    if any(not taken.has(item) for item in items):
        return False
    for item in items:
        zone.remove(item)
    if candidate.is_folder:
        # Hidden files that were never taken keep the folder.
        with suppress(ZoneError):
            zone.remove(candidate.top)
    return True


def _store(home: Home, path: Path, wanted: str) -> bool:
    """Copy a file of the inbox into the landing store, if it is what was taken."""
    folder = home.collected / ".keeping"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copy = folder / wanted
    copy.unlink(missing_ok=True)
    digest = sha256()
    try:
        with path.open("rb") as file, copy.open("xb") as out:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != wanted:
            return False
        keep_file(home, copy, wanted)
        sync_folder(object_path(home, wanted).parent)
    except FileNotFoundError:
        return False
    finally:
        copy.unlink(missing_ok=True)
    return True
