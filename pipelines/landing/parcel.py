"""A package while it is being judged, and the tally of each of its files.

Belongs here: the mutable state of one package in one wave. Does not belong here: its
rows, which stay in one frame a feed for all colleges of the wave.
"""

from dataclasses import dataclass, field
from datetime import date

from pipelines.contracts.model import Contracts, Edit, Sender
from pipelines.landing.inbox import Delivery
from pipelines.landing.manifest import DeclaredFile, Manifest
from pipelines.landing.notes import Note

ACCEPTED = "accepted"
WITH_QUARANTINE = "accepted_with_quarantine"
HELD = "held"
REJECTED = "rejected"
REPEAT = "repeat"
RETIRED = "retired"
APPLIED = (ACCEPTED, WITH_QUARANTINE)

# What nobody can release by hand: the file itself cannot be used.
_DAMAGE = {"F05", "F06", "F07", "F08", "F20"}


class ConservationError(Exception):
    """Rows in and out of a file differ: a fault of this program, never a verdict."""


@dataclass
class Tally:
    """What became of the rows of one file.

    Attributes:
        rows_read: The independent count; None while the file is unread.
        released: Rows quarantined on earlier nights whose parent came tonight.
        changed: Rows written to the change log because they differ from before.
        removed: Rows that ended tonight, by absence or by an explicit row.
        verdict: accepted, held or rejected.
    """

    feed: str
    name: str
    sha256: str = ""
    bytes: int = 0
    rows_read: int | None = None
    loaded: int = 0
    collapsed: int = 0
    quarantined: int = 0
    released: int = 0
    changed: int = 0
    removed: int = 0
    verdict: str = ACCEPTED

    def conserve(self) -> None:
        """Check that every row read has become exactly one thing.

        Raises:
            ConservationError: The sums differ.
        """
        out = self.loaded + self.collapsed + self.quarantined
        if self.rows_read is not None and self.rows_read != out:
            message = f"{self.feed}: {self.rows_read} rows in, {out} rows out"
            raise ConservationError(message)


@dataclass
class Parcel:
    """One admitted package of a wave."""

    delivery: Delivery
    manifest: Manifest
    manifest_bytes: bytes
    manifest_sha256: str
    sender: Sender
    package_seq: int
    released_by_hand: bool = False
    notes: list[Note] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    publishable: bool = True

    @property
    def institution_code(self) -> str:
        """The sender's code."""
        return self.sender.sender

    @property
    def as_of_date(self) -> date:
        """The sender's own date at ``as_of``."""
        return self.manifest.as_of_date(self.sender.timezone)

    @property
    def scope_kind(self) -> str:
        """full, terms or delta: what absence means."""
        if self.manifest.mode == "delta":
            return "delta"
        return self.manifest.scope.kind

    def declared(self, feed: str) -> DeclaredFile | None:
        """The manifest's entry of a feed."""
        return next((f for f in self.manifest.files if f.feed == feed), None)

    def hold(self, note: Note) -> None:
        """Add a remark that keeps the package from being applied."""
        self.notes.append(note)
        tally = self.tallies.get(note.feed or "")
        if tally is not None and tally.verdict == ACCEPTED:
            tally.verdict = HELD

    def is_blocked(self, contracts: Contracts) -> bool:
        """Whether a remark keeps the package from being applied as a whole."""
        return any(
            blocks(contracts.edit(note.edit_id), note)
            and not (self.released_by_hand and note.edit_id not in _DAMAGE)
            for note in self.notes
        )


def blocks(edit: Edit, note: Note) -> bool:
    """Whether a remark under this edit keeps its package from being applied.

    Every remark of severity F does, except that a missing disclosure file stops
    publication only.
    """
    return note.severity == "F" and edit.action != "stop_publication"
