"""Whether a package may be read at all: what its manifest and the ledger say.

Belongs here: F01 to F04, F09, F10 and the order of packages. Does not belong here:
anything that needs a file's content.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pipelines.contracts.model import Contracts, Sender
from pipelines.landing.inbox import MANIFEST, Delivery, read_regular
from pipelines.landing.ledger import Applied, History
from pipelines.landing.manifest import (
    MAX_BYTES,
    DeclaredFile,
    Manifest,
    ManifestError,
    parse_manifest,
)
from pipelines.landing.notes import Note
from pipelines.landing.parcel import HELD, REJECTED, REPEAT, Parcel, Tally

_SYSTEM_FEEDS = {"equivalency"}


@dataclass(frozen=True)
class Waiting:
    """A delivery whose manifest was read.

    Attributes:
        manifest: None when it is not one; ``problems`` then says why.
    """

    delivery: Delivery
    content: bytes
    manifest: Manifest | None
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of the manifest as delivered."""
        return sha256(self.content).hexdigest()

    @property
    def package_id(self) -> str:
        """The package's id, or one made from the mailbox when it has none."""
        if self.manifest is not None:
            return self.manifest.package_id
        return f"unreadable-{self.manifest_sha256[:16]}"

    @property
    def order(self) -> tuple[int, str]:
        """Position in the sender's queue: ``as_of``, then the folder's name."""
        seq = -1 if self.manifest is None else self.manifest.as_of_us
        return seq, self.delivery.name


@dataclass(frozen=True)
class Refusal:
    """A package that is not read, and why."""

    waiting: Waiting
    verdict: str
    notes: tuple[Note, ...]


def read_waiting(delivery: Delivery) -> Waiting:
    """Read a delivery's manifest; what is wrong with it becomes ``problems``."""
    try:
        content = read_regular(delivery.folder / MANIFEST, MAX_BYTES)
    except OSError as error:
        problem = ("", f"cannot be read: {error.strerror or error}")
        return Waiting(delivery, b"", None, (problem,))
    try:
        return Waiting(delivery, content, parse_manifest(content))
    except ManifestError as error:
        return Waiting(delivery, content, None, tuple(error.problems))


def admit(
    waiting: Waiting,
    contracts: Contracts,
    history: History,
    now: datetime,
    release: frozenset[str],
) -> Parcel | Refusal:
    """Decide from the manifest alone whether a package is read now.

    Args:
        waiting: The package.
        contracts: Senders and feeds.
        history: What the ledger says of the sender.
        now: The clock that F09 compares with.
        release: Package ids that a person has released by hand.

    Returns:
        The package to read, or a refusal with its verdict.
    """
    manifest = waiting.manifest
    if manifest is None:
        notes = tuple(
            Note("F01", "F", column=where or None, value=what)
            for where, what in waiting.problems
        )
        return Refusal(waiting, REJECTED, notes)
    sender = contracts.sender(manifest.institution_code)
    misfits = _sender_notes(waiting.delivery, manifest, sender, contracts)
    if misfits or sender is None:
        return Refusal(waiting, REJECTED, tuple(misfits))
    applied = history.applied(sender.sender)
    repeat = _repeat(waiting, manifest, applied)
    if repeat is not None:
        return repeat
    absent = [f for f in manifest.files if f.name not in waiting.delivery.files]
    if absent:
        missing = tuple(Note("F04", "F", feed=f.feed, value=f.name) for f in absent)
        return Refusal(waiting, REJECTED, missing)
    by_hand = manifest.package_id in release
    last = applied[-1] if applied else None
    hold = None if by_hand else _order_note(manifest, last, now)
    if hold is not None:
        return Refusal(waiting, HELD, (hold,))
    return _parcel(waiting, manifest, sender, last, by_hand=by_hand)


def _sender_notes(
    delivery: Delivery,
    manifest: Manifest,
    sender: Sender | None,
    contracts: Contracts,
) -> list[Note]:
    """F03, and F01 for feeds that do not exist or are not the sender's."""
    code = manifest.institution_code
    if sender is None:
        return [Note("F03", "F", value=f"{code} is not known")]
    if delivery.sender != code:
        return [Note("F03", "F", value=f"{code} in the mailbox of {delivery.sender}")]
    day = manifest.as_of_date(sender.timezone)
    if not sender.open_on(day):
        return [Note("F03", "F", value=f"{code} is closed on {day}")]
    is_system = code.startswith("SYSTEM:")
    notes = []
    for file in manifest.files:
        feed = contracts.feeds.get(file.feed)
        if feed is None:
            notes.append(Note("F01", "F", column="files.feed", value=file.feed[:60]))
        elif (feed.kind == "system") != is_system:
            notes.append(Note("F03", "F", value=f"{code} does not send {file.feed}"))
    return notes


def _repeat(
    waiting: Waiting, manifest: Manifest, applied: list[Applied]
) -> Refusal | None:
    """F02: the package is in force already, with the same files or with others."""
    same = next((a for a in applied if a.package_id == manifest.package_id), None)
    if same is None:
        return None
    hashes = frozenset(_hash_of(file) for file in manifest.files)
    if hashes == same.hashes:
        return Refusal(waiting, REPEAT, (Note("F02", "W", value=same.delivery),))
    value = f"accepted before with other files, delivery {same.delivery}"
    return Refusal(waiting, REJECTED, (Note("F02", "F", value=value),))


def _hash_of(file: DeclaredFile) -> tuple[str, str]:
    return file.feed, file.sha256.lower()


def _order_note(manifest: Manifest, last: Applied | None, now: datetime) -> Note | None:
    """F09 and F10."""
    if manifest.as_of > now:
        return Note("F09", "F", value="as_of lies in the future")
    if last is not None and manifest.as_of_us < last.as_of_us:
        return Note("F09", "F", value="as_of is older than the last accepted package's")
    if manifest.mode == "delta" and (
        last is None or manifest.previous_package_id != last.package_id
    ):
        expected = last.package_id if last else "none"
        value = f"applies to {manifest.previous_package_id}, last accepted {expected}"
        return Note("F10", "F", value=value)
    return None


def _parcel(
    waiting: Waiting,
    manifest: Manifest,
    sender: Sender,
    last: Applied | None,
    *,
    by_hand: bool,
) -> Parcel:
    listed = {file.name for file in manifest.files}
    unlisted = sorted(waiting.delivery.files - listed)
    # Equal instants, and packages replayed on purpose, still come after the last one.
    after_last = last.package_seq + 1 if last else 0
    parcel = Parcel(
        delivery=waiting.delivery,
        manifest=manifest,
        manifest_bytes=waiting.content,
        manifest_sha256=waiting.manifest_sha256,
        sender=sender,
        package_seq=max(manifest.as_of_us, after_last),
        released_by_hand=by_hand,
        notes=[Note("F04", "W", value=name[:120]) for name in unlisted],
    )
    for file in manifest.files:
        parcel.tallies[file.feed] = Tally(
            feed=file.feed, name=file.name, sha256=file.sha256.lower(), bytes=file.bytes
        )
    return parcel
