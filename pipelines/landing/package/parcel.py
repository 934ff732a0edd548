"""A package while it is being judged, and the tally of each of its files.

Belongs here: the mutable state of one package in one wave. Does not belong here: its
rows, which stay in one frame a feed for all colleges of the wave.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from pipelines.contracts.model import Contracts, Edit, Sender
from pipelines.landing.package.inbox import Delivery
from pipelines.landing.package.manifest import DeclaredFile, Manifest
from pipelines.landing.package.notes import Note

ACCEPTED = "accepted"
WITH_QUARANTINE = "accepted_with_quarantine"
HELD = "held"
REJECTED = "rejected"
REPEAT = "repeat"
RETIRED = "retired"
REPLAYED = "replayed"
APPLIED = (ACCEPTED, WITH_QUARANTINE)

# What nobody can release by hand: the file itself cannot be used.
_DAMAGE = {"F05", "F06", "F07", "F08", "F20", "D01", "D04"}
# A delta is nothing without the package before it; that one has to come.
_CHAIN = "F10"

# The system's own name of a column of a feed, in one file of a dialect.
OWN_COLUMNS = {
    "feed": pl.String,
    "file": pl.String,
    "column": pl.String,
    "own": pl.String,
}


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
        rejudged: Rows in force that left it because what they refer to has changed.
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
    rejudged: int = 0
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
class SourceAccount:
    """What became of the records of one table in one file of a dialect.

    Attributes:
        file: The file's name.
        table: The table of the student system.
        rows_read: The independent count; None while the file is unread.
        used: Records that became rows of feeds, or stand behind such rows.
        set_aside: Records that by a rule became nothing, a rule.
        unreadable: Records that are none.
        verdict: accepted, held or rejected.
    """

    file: str
    table: str
    sha256: str = ""
    bytes: int = 0
    rows_read: int | None = None
    used: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    verdict: str = ACCEPTED

    def conserve(self) -> None:
        """Check that every record read has become exactly one thing.

        Raises:
            ConservationError: The sums differ.
        """
        out = self.used + sum(self.set_aside.values()) + self.unreadable
        if self.rows_read is not None and self.rows_read != out:
            message = f"{self.table}: {self.rows_read} records in, {out} out"
            raise ConservationError(message)


@dataclass
class Parcel:
    """One admitted package of a wave.

    Attributes:
        sources: The files of dialects; ``tallies`` has the feeds made of them.
        freed: Edits that people have let the package through; ``*`` stands for all.
        own_columns: ``feed``, ``file``, ``column``, ``own``: names in those files.
        overrides: (feed, edit id) to the decision by which the edit only warns.
    """

    delivery: Delivery
    manifest: Manifest
    manifest_bytes: bytes
    manifest_sha256: str
    sender: Sender
    package_seq: int
    freed: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    sources: list[SourceAccount] = field(default_factory=list)
    own_columns: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=OWN_COLUMNS)
    )
    publishable: bool = True
    overrides: dict[tuple[str, str], str] = field(default_factory=dict)

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
        """Add a remark that keeps the package from being applied, if it counts."""
        decision_id = self.overrides.get((note.feed or "", note.edit_id))
        if decision_id is not None:
            note = replace(note, severity="W", overridden_by=decision_id)
            self.notes.append(note)
            return
        self.notes.append(note)
        if note.severity != "F" or self.is_freed(note.edit_id):
            return
        tally = self.tallies.get(note.feed or "")
        if tally is not None and tally.verdict == ACCEPTED:
            tally.verdict = HELD

    def is_freed(self, edit_id: str) -> bool:
        """Whether a person has let the package through this edit."""
        return is_freed(edit_id, self.freed)

    def is_blocked(self, contracts: Contracts) -> bool:
        """Whether a remark keeps the package from being applied as a whole."""
        return any(
            blocks(contracts.edit(note.edit_id), note.severity)
            and not self.is_freed(note.edit_id)
            for note in self.notes
        )


def is_freed(edit_id: str, freed: Collection[str]) -> bool:
    """Whether one of the edits that people let a package through is this one.

    Args:
        edit_id: The edit that was broken.
        freed: Ids; ``*`` stands for all that can be released.
    """
    return edit_id not in _DAMAGE and (edit_id in freed or "*" in freed)


def blocks(edit: Edit, severity: str) -> bool:
    """Whether a finding under this edit keeps its package from being applied.

    Every finding of severity F does, except that a missing disclosure file stops
    publication only.
    """
    return severity == "F" and edit.action != "stop_publication"


def can_be_released(edit: Edit) -> bool:
    """Whether a person may let a package through that broke this edit."""
    return edit.action == "hold" and edit.id not in _DAMAGE | {_CHAIN}
