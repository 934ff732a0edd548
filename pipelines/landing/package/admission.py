"""Whether a package may be read at all: what its manifest and the ledger say.

Belongs here: F01 to F04, F09, F10 and the order of packages. Does not belong here:
anything that needs a file's content.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pipelines.contracts.model import Contracts, Sender, kinds_of
from pipelines.dialects.model import GENERIC
from pipelines.landing.kept.ledger import Applied, History
from pipelines.landing.package.inbox import MANIFEST, Delivery, read_regular
from pipelines.landing.package.manifest import (
    MAX_BYTES,
    Manifest,
    ManifestError,
    parse_manifest,
)
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import (
    HELD,
    REJECTED,
    REPEAT,
    RETIRED,
    Parcel,
    SourceAccount,
    Tally,
)

_SYSTEM_FEEDS = {"equivalency"}
# What another delivery with the same manifest and whole files mends.
_MENDABLE = {"F04", "F05"}


@dataclass(frozen=True)
class Waiting:
    """A delivery whose manifest was read.

    Attributes:
        manifest: None when it is not one; ``problems`` then says why.
        freed: Edits that people have let the package through; ``*`` stands for all.
    """

    delivery: Delivery
    content: bytes
    manifest: Manifest | None
    problems: tuple[tuple[str, str], ...] = ()
    freed: frozenset[str] = frozenset()

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
    if delivery.problem is not None:
        return Waiting(delivery, delivery.evidence, None)
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
) -> Parcel | Refusal:
    """Decide from the manifest alone whether a package is read now.

    Args:
        waiting: The package.
        contracts: Senders and feeds.
        history: What the ledger says of the sender.
        now: The clock that F09 compares with.

    Returns:
        The package to read, or a refusal with its verdict.
    """
    manifest = waiting.manifest
    if waiting.delivery.problem is not None:
        return Refusal(waiting, REJECTED, (waiting.delivery.problem,))
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
    is_signed = waiting.delivery.signed_by is not None or waiting.delivery.is_stored
    if not is_signed and not sender.delivery.plain_is_enough:
        unsigned = Note("F22", "F", value="the package is not signed")
        return Refusal(waiting, REJECTED, (unsigned,))
    applied = history.applied(sender.sender)
    repeat = _repeat(waiting, manifest, applied)
    repeat = repeat or _waits_already(waiting, history)
    if repeat is not None:
        return repeat
    absent = [f for f in manifest.files if f.name not in waiting.delivery.files]
    if absent:
        missing = tuple(Note("F04", "F", feed=f.feed, value=f.name) for f in absent)
        return Refusal(waiting, REJECTED, missing)
    last = applied[-1] if applied else None
    hold = _order_note(waiting, manifest, last, now)
    if hold is not None:
        return Refusal(waiting, HELD, (hold,))
    return _parcel(waiting, manifest, sender, last)


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
    notes = _dialect_notes(manifest, sender, contracts)
    for file in manifest.files_of(GENERIC):
        feed = contracts.feeds.get(file.feed)
        if feed is None:
            notes.append(Note("F01", "F", column="files.feed", value=file.feed[:60]))
        elif feed.kind not in kinds_of(sender):
            notes.append(Note("F03", "F", value=f"{code} does not send {file.feed}"))
    return notes


def _dialect_notes(
    manifest: Manifest, sender: Sender, contracts: Contracts
) -> list[Note]:
    """D02 and F03: the dialects of a package are known, agreed, and have its mode."""
    notes = []
    for name in manifest.dialects:
        dialect = contracts.dialects.get(name)
        if dialect is None:
            notes.append(Note("D02", "F", value=f"{name} is not known"))
        elif name not in {sender.dialect, *sender.also}:
            value = f"{name} is not agreed with {manifest.institution_code}"
            notes.append(Note("F03", "F", value=value))
        elif manifest.mode not in dialect.modes:
            notes.append(Note("D02", "F", value=f"{name} has no {manifest.mode}"))
    return notes


def _repeat(
    waiting: Waiting, manifest: Manifest, applied: list[Applied]
) -> Refusal | None:
    """F02: the package is in force already, with the same files or with others."""
    same = next((a for a in applied if a.package_id == manifest.package_id), None)
    if same is None:
        return None
    hashes = frozenset(file.sha256.lower() for file in manifest.files)
    if hashes == same.hashes:
        return Refusal(waiting, REPEAT, (Note("F02", "W", value=same.delivery),))
    value = f"accepted before with other files, delivery {same.delivery}"
    return Refusal(waiting, REJECTED, (Note("F02", "F", value=value),))


def _waits_already(waiting: Waiting, history: History) -> Refusal | None:
    """F02 for a package that waits, or was overtaken, in another delivery.

    Its place and its verdict are known; sent again it is no late package. Where files
    of the first delivery were damaged the second one is judged.
    """
    if waiting.delivery.is_stored:
        return None
    for seen in history.deliveries(waiting.delivery.sender):
        if (
            seen.package_id == waiting.package_id
            and seen.manifest_sha256 == waiting.manifest_sha256
            and seen.delivery != waiting.delivery.name
            and seen.verdict in (HELD, RETIRED)
            and seen.edit_ids.isdisjoint(_MENDABLE)
        ):
            value = f"waits in delivery {seen.delivery}"
            return Refusal(waiting, REPEAT, (Note("F02", "W", value=value),))
    return None


def _order_note(
    waiting: Waiting, manifest: Manifest, last: Applied | None, now: datetime
) -> Note | None:
    """F09 and F10.

    A late package is never applied after the last one, whoever lets it through: it is
    replayed in its place, where it is not late.
    """
    freed = waiting.freed
    if manifest.as_of > now and freed.isdisjoint({"F09", "*"}):
        return Note("F09", "F", value="as_of lies in the future")
    if last is not None and waiting.order < last.order:
        older = manifest.as_of_us < last.as_of_us
        what = "is older than" if older else "equals, and its delivery precedes,"
        value = f"as_of {what} the last accepted package's"
        return Note("F09", "F", value=value)
    if (
        manifest.mode == "delta"
        and freed.isdisjoint({"F10", "*"})
        and (last is None or manifest.previous_package_id != last.package_id)
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
) -> Parcel:
    listed = {file.name for file in manifest.files}
    unlisted = sorted(waiting.delivery.files - listed)
    # Of packages with equal instants the later delivery still comes after the other.
    after_last = last.package_seq + 1 if last else 0
    parcel = Parcel(
        delivery=waiting.delivery,
        manifest=manifest,
        manifest_bytes=waiting.content,
        manifest_sha256=waiting.manifest_sha256,
        sender=sender,
        package_seq=max(manifest.as_of_us, after_last),
        freed=waiting.freed,
        notes=[Note("F04", "W", value=name[:120]) for name in unlisted],
    )
    parcel.sources = [
        SourceAccount(file.name, file.feed, file.sha256.lower(), file.bytes)
        for name in manifest.dialects
        for file in manifest.files_of(name)
    ]
    for file in manifest.files_of(GENERIC):
        parcel.tallies[file.feed] = Tally(
            feed=file.feed, name=file.name, sha256=file.sha256.lower(), bytes=file.bytes
        )
    return parcel
