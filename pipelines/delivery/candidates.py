"""Which things in a drop zone are packages, which are refused, which are neither.

Belongs here: decisions from the listing alone. Does not belong here: reading a byte.
"""

from collections import defaultdict
from dataclasses import dataclass

from pipelines.contracts.delivery import DeliveryProfile
from pipelines.delivery.names import is_passing, plain_name, twins
from pipelines.delivery.opening import DONE
from pipelines.delivery.zone import Item, fingerprint, shown
from pipelines.landing.limits import MAX_FILE_BYTES, MAX_PACKAGE_FILES
from pipelines.landing.package.inbox import delivery_day, is_complete

_WHAT = {"link": "a link", "folder": "a folder", "other": "not a regular file"}


@dataclass(frozen=True)
class Candidate:
    """Something in a drop zone that carries a delivery's name.

    Attributes:
        name: The delivery.
        top: Its folder or archive.
        files: The files to take; of an archive the archive.
        marks: ``.done`` files that speak of it.
        refusal: Why it is refused (F21).
        waits: Why it is not complete yet.
    """

    name: str
    top: Item
    files: tuple[Item, ...]
    marks: tuple[Item, ...] = ()
    refusal: str | None = None
    waits: str | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return self.top.kind == "folder"

    @property
    def fingerprint(self) -> str:
        """What it looks like."""
        return fingerprint([self.top, *self.files])

    @property
    def modified(self) -> float:
        """When anything of it was last written, by the zone's clock."""
        return max((item.modified for item in self.files), default=self.top.modified)


@dataclass(frozen=True)
class Stray:
    """Something that is left where it is, and why."""

    name: str
    reason: str


def sort_out(
    items: list[Item], profile: DeliveryProfile
) -> tuple[list[Candidate], list[Stray]]:
    """Sort a listing into packages and strays, each by name."""
    below: dict[str, list[Item]] = defaultdict(list)
    top = []
    for item in items:
        if len(item.path) > 1:
            below[item.path[0]].append(item)
        elif not is_passing(item.name):
            top.append(item)
    marks = {
        item.name: item
        for item in top
        if item.name.endswith(DONE) and item.kind == "file"
    }
    candidates, strays = [], []
    for item in sorted(top, key=lambda item: item.name):
        if item.name in marks:
            continue
        if _is_delivery(item):
            mark = marks.get(item.name + DONE)
            candidates.append(_candidate(item, below[item.name], mark, profile))
        else:
            strays.append(Stray(shown(item.name), "its name is not a delivery's"))
    for twin in twins([candidate.name for candidate in candidates]):
        candidates = [
            _refused(c, "differs from another delivery by case only")
            if c.name == twin
            else c
            for c in candidates
        ]
    return candidates, strays


def _is_delivery(item: Item) -> bool:
    kinds = {"file": (False,), "folder": (True,)}.get(item.kind, (True, False))
    return any(delivery_day(item.name, folder=kind) for kind in kinds)


def _candidate(
    top: Item, below: list[Item], mark: Item | None, profile: DeliveryProfile
) -> Candidate:
    if top.kind == "folder":
        return _folder(top, below, mark, profile)
    marks = (mark,) if mark else ()
    found = Candidate(top.name, top, (top,), marks)
    if top.kind != "file":
        return _refused(found, f"is {_WHAT[top.kind]}")
    if top.size > MAX_FILE_BYTES:
        return _refused(found, f"is larger than {MAX_FILE_BYTES} bytes")
    if profile.archive == "none":
        return _refused(found, "the college agreed to send folders, not archives")
    return found


def _folder(
    top: Item, below: list[Item], mark: Item | None, profile: DeliveryProfile
) -> Candidate:
    shown_ones = [item for item in below if not is_passing(item.name)]
    marks = [
        item
        for item in shown_ones
        if item.name.endswith(DONE) and item.kind == "file" and plain_name(item.name)
    ]
    inside = [item for item in shown_ones if item not in marks]
    # A name that no package may carry is not handed on to any file system.
    files = tuple(i for i in inside if i.kind == "file" and plain_name(i.name))
    found = Candidate(top.name, top, files, (*marks, mark) if mark else tuple(marks))
    if not is_complete(item.name for item in files):
        return Candidate(
            found.name, top, files, found.marks, waits="manifest.json is not there yet"
        )
    for item in inside:
        if item.kind != "file":
            return _refused(found, f"{shown(item.name)} is {_WHAT[item.kind]}")
        if not plain_name(item.name):
            return _refused(found, f"{shown(item.name)} is not a plain name")
        if item.size > MAX_FILE_BYTES:
            named = shown(item.name)
            return _refused(found, f"{named} is larger than {MAX_FILE_BYTES} bytes")
    for twin in twins([item.name for item in inside]):
        return _refused(found, f"{shown(twin)} differs from another file by case only")
    if len(inside) > MAX_PACKAGE_FILES:
        return _refused(found, f"it has more than {MAX_PACKAGE_FILES} files")
    if profile.archive == "zip":
        return _refused(found, "the college agreed to send an archive, not a folder")
    return found


def _refused(found: Candidate, reason: str) -> Candidate:
    return Candidate(found.name, found.top, found.files, found.marks, refusal=reason)
