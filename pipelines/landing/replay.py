"""A late package in its place: what is landed again, and what that supersedes.

Belongs here: which packages of a sender a replay is made of, and where they are read
from. Does not belong here: whether a package may be released (``land``), and how the
steps of a replay are judged and committed (``round``).

What a sender's packages add up to is a fold over them in the order of ``as_of``
(clarification 6). A late package therefore is never laid on top: every package known
of the sender from its place on is landed again behind it, also held and retired ones,
whose chain it may make whole. A refused package and a repeat change nothing and are
left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.landing.kept.ledger import LEDGER_SCHEMA, Applied, History, Seen
from pipelines.landing.kept.store import object_path
from pipelines.landing.package.admission import Waiting
from pipelines.landing.package.inbox import Delivery
from pipelines.landing.package.manifest import ManifestError, parse_manifest
from pipelines.landing.package.parcel import HELD, REPLAYED, RETIRED
from pipelines.settings import Home

_WAITED = (HELD, RETIRED)


@dataclass(frozen=True)
class Known:
    """A package that was looked at before, and the wave whose word on it counts."""

    package_id: str
    wave_id: str
    delivery: str
    manifest_sha256: str
    order: tuple[int, str]


@dataclass(frozen=True)
class Unit:
    """Packages of one sender that are landed together or not at all.

    Attributes:
        packages: In the order in which they are judged.
        superseded: Whose earlier verdicts they replace; none for a single package.
    """

    sender: str
    packages: tuple[Waiting, ...]
    superseded: tuple[Known, ...] = ()


def replay_of(
    home: Home, history: History, late: Waiting, refused: frozenset[str]
) -> Unit:
    """Everything that is landed when a late package is put in its place.

    Args:
        home: The warehouse.
        history: The ledger.
        late: The package; it may be known, or new.
        refused: Ids of packages that are never applied.

    Returns:
        The late package and those after it, each as it was first taken in.
    """
    sender = late.delivery.sender
    later = [
        known
        for known in known_packages(history, sender)
        if known.order >= late.order and known.package_id not in refused
    ]
    packages = [
        waiting
        for known in later
        if known.package_id != late.package_id
        for waiting in [from_store(home, history, sender, known)]
        if waiting is not None
    ]
    behind = {waiting.package_id for waiting in packages} | {late.package_id}
    return Unit(
        sender,
        tuple(sorted([late, *packages], key=lambda waiting: waiting.order)),
        tuple(known for known in later if known.package_id in behind),
    )


def known_packages(history: History, sender: str) -> list[Known]:
    """The sender's packages that are applied, or wait, or were overtaken; each once."""
    applied = [_of_applied(one) for one in history.applied(sender)]
    taken = {known.package_id for known in applied}
    waited: dict[str, Known] = {}
    for seen in sorted(history.deliveries(sender), key=lambda seen: seen.order):
        if seen.verdict in _WAITED and seen.package_id not in taken:
            waited.setdefault(seen.package_id, _of_seen(seen))
    return sorted([*applied, *waited.values()], key=lambda known: known.order)


def from_store(
    home: Home, history: History, sender: str, known: Known
) -> Waiting | None:
    """A known package as the object store has it; None when its manifest is not one."""
    path = object_path(home, known.manifest_sha256)
    if not path.exists():
        return None
    content = path.read_bytes()
    try:
        manifest = parse_manifest(content)
    except ManifestError:
        return None
    delivery = Delivery(
        sender=sender,
        name=known.delivery,
        folder=home.inbox / sender / known.delivery,
        files=frozenset(file.name for file in manifest.files),
        objects=home.objects,
    )
    freed = history.freed(sender, known.package_id)
    return Waiting(delivery, content, manifest, freed=freed)


def replayed_entries(
    units: Iterable[Unit], wave_id: str, landed_at: datetime
) -> list[dict[str, Any]]:
    """One ledger row for each earlier verdict that a wave supersedes."""
    nothing: dict[str, Any] = dict.fromkeys(LEDGER_SCHEMA)
    return [
        nothing
        | {
            "institution_code": unit.sender,
            "package_id": known.package_id,
            "wave_id": wave_id,
            "delivery": known.delivery,
            "manifest_sha256": known.manifest_sha256,
            "verdict": REPLAYED,
            "publishable": False,
            "landed_at": landed_at,
            "scope_terms": [],
            "files": [],
            "findings": [],
            "freed": [],
            "supersedes_wave_id": known.wave_id,
        }
        for unit in units
        for known in unit.superseded
    ]


def _of_applied(one: Applied) -> Known:
    return Known(
        one.package_id, one.wave_id, one.delivery, one.manifest_sha256, one.order
    )


def _of_seen(seen: Seen) -> Known:
    return Known(
        seen.package_id,
        str(seen.row["wave_id"]),
        seen.delivery,
        seen.manifest_sha256,
        seen.order,
    )
