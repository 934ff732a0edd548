"""One look at every drop zone: what is kept goes, what is complete comes.

Belongs here: the order of things for one college, and that no college stops another.
Does not belong here: the steps themselves.

The order makes a killed run harmless: copy, rename into the inbox, journal; later, once
the ledger has it and the store keeps it, removal. Every step repeats without effect.
"""

import fcntl
import logging
import os
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from pipelines.contracts.model import Contracts, Sender
from pipelines.delivery.candidates import Candidate, sort_out
from pipelines.delivery.journal import Journal, read_journal
from pipelines.delivery.opening import Event, open_packages
from pipelines.delivery.quiet import is_quiet
from pipelines.delivery.removing import is_kept, is_unchanged, judged, remove
from pipelines.delivery.taking import NotYetError, Patience, take
from pipelines.delivery.zone import Zone, ZoneError
from pipelines.delivery.zones import open_zone
from pipelines.errors import OperatorError, UsageError
from pipelines.landing.package.inbox import Delivery, find_deliveries
from pipelines.landing.package.opened import Opened, forget_opened, write_opened
from pipelines.settings import Home

# After a day of waiting for a file the package is judged without it.
GIVE_UP_SECONDS = 86_400
# Connections wait more than they work.
_AT_ONCE = 8

_log = logging.getLogger(__name__)


def collect(
    home: Home,
    contracts: Contracts,
    codes: Sequence[str] = (),
    *,
    now: float | None = None,
) -> list[Event]:
    """Take what is complete from the drop zones, remove what is kept, open the rest.

    Args:
        home: The warehouse.
        contracts: The colleges' profiles.
        codes: Whose drop zones; by default everybody's.
        now: Seconds since 1970; the wall clock by default.

    Returns:
        What became of each delivery that was looked at, by sender.

    Raises:
        OperatorError: Another run is collecting.
        UsageError: A code is nobody's.
    """
    clock = time.time() if now is None else now
    senders = _senders(contracts, codes)
    with _alone(home):
        events = _each(_Look(home, clock, empty_only=False), senders)
    return events + open_packages(home, contracts, now=clock)


def remove_kept(home: Home, contracts: Contracts) -> list[Event]:
    """Empty the drop zones of what is kept by now; nothing is taken."""
    senders = [
        sender
        for sender in _senders(contracts, ())
        if sender.delivery.remove_after_storing
        and read_journal(home.collected, sender.sender).taken
    ]
    if not senders:
        return []
    with _alone(home):
        return _each(_Look(home, time.time(), empty_only=True), senders)


def _senders(contracts: Contracts, codes: Sequence[str]) -> list[Sender]:
    known = {sender.sender: sender for sender in contracts.senders}
    for code in codes:
        if code not in known:
            raise UsageError(f"No college, system office or agency sends as {code}.")
    chosen = codes or sorted(known)
    return [known[code] for code in chosen if known[code].delivery.kind != "inbox"]


def _each(look: "_Look", senders: list[Sender]) -> list[Event]:
    if not senders:
        return []
    look.prepare()
    with ThreadPoolExecutor(min(_AT_ONCE, len(senders))) as pool:
        found = pool.map(partial(_in_one_line, look), senders)
        return [event for events in found for event in events]


def _in_one_line(look: "_Look", sender: Sender) -> list[Event]:
    """Whatever goes wrong at one college is one line and stops no other."""
    code = sender.sender
    try:
        return look.at(sender)
    except Exception as error:  # noqa: BLE001 - no college stops another
        return [Event(code, "", "failed", _reason(code, error))]


def _reason(code: str, error: Exception) -> str:
    """A failure as one line that holds no content."""
    if isinstance(error, ZoneError | OperatorError):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    where = traceback.extract_tb(error.__traceback__)
    steps = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(where[-6:]))
    _log.error("%s: %s at %s", code, type(error).__name__, steps)
    return f"not collected ({type(error).__name__})"


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    home.collected.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home.collected / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "Another run is collecting packages; wait until it has ended."
            raise OperatorError(message) from None
        yield
    finally:
        os.close(descriptor)


@dataclass
class _Look:
    """One look, and what it knows of the warehouse.

    Attributes:
        empty_only: Take nothing, only remove.
    """

    home: Home
    now: float
    empty_only: bool

    def prepare(self) -> None:
        """Read the ledger and the inbox once for all senders."""
        self.known = judged(self.home)
        self.inbox: dict[tuple[str, str], Delivery] = {
            (delivery.sender, delivery.name): delivery
            for delivery in find_deliveries(self.home)
        }

    def at(self, sender: Sender) -> list[Event]:
        """Look at one drop zone."""
        opened = open_zone(sender.delivery)
        if opened is None:
            return []
        journal = read_journal(self.home.collected, sender.sender)
        with opened as zone:
            items = zone.look()
            candidates, strays = sort_out(items, sender.delivery)
            journal.prune({candidate.name for candidate in candidates})
            try:
                events = [
                    self._one(sender, zone, journal, candidate)
                    for candidate in candidates
                ]
            finally:
                journal.write()
        events += [
            Event(sender.sender, stray.name, "waiting", stray.reason)
            for stray in strays
            if not self.empty_only
        ]
        return [event for event in events if event is not None]

    def _one(
        self, sender: Sender, zone: Zone, journal: Journal, candidate: Candidate
    ) -> Event | None:
        """What becomes of one delivery; whatever goes wrong at it stops no other."""
        try:
            return self._outcome(sender, zone, journal, candidate)
        except Exception as error:  # noqa: BLE001 - the others' events are kept
            reason = _reason(sender.sender, error)
            return Event(sender.sender, candidate.name, "failed", reason)

    def _outcome(
        self, sender: Sender, zone: Zone, journal: Journal, candidate: Candidate
    ) -> Event | None:
        tell = partial(Event, sender.sender, candidate.name)
        try:
            if self._remove(sender, zone, journal, candidate):
                return tell("removed")
            if self.empty_only or self._was_taken(journal, candidate):
                return None
            if candidate.refusal is not None:
                return tell("refused", self._refuse(sender, candidate))
            if candidate.waits is not None:
                return tell("waiting", candidate.waits)
            patience = self._patience(sender, zone, journal, candidate)
            taken = take(self.home, sender.sender, zone, candidate, patience)
        except NotYetError as error:
            return tell("waiting", str(error))
        if (sender.sender, candidate.name) not in self.inbox:
            forget_opened(self.home, sender.sender, candidate.name)
        journal.taken[candidate.name] = taken
        journal.write()
        return tell("taken")

    def _was_taken(self, journal: Journal, candidate: Candidate) -> bool:
        """Whether it was taken as it is, or is the rest of a removal."""
        taken = journal.taken.get(candidate.name)
        if taken is None:
            return False
        if taken.fingerprint == candidate.fingerprint:
            return True
        is_rest = candidate.waits is not None or not candidate.files
        return is_rest and all(taken.has(item) for item in candidate.files)

    def _remove(
        self, sender: Sender, zone: Zone, journal: Journal, candidate: Candidate
    ) -> bool:
        taken = journal.taken.get(candidate.name)
        if taken is None or not sender.delivery.remove_after_storing:
            return False
        if not self._was_taken(journal, candidate):
            return False
        delivery = self.inbox.get((sender.sender, candidate.name))
        if not is_kept(self.home, taken, delivery, self.known):
            return False
        if not is_unchanged(zone, candidate, taken):
            # Replaced by a file of the same size and date: it is taken like any other.
            del journal.taken[candidate.name]
            return False
        if not remove(zone, candidate, taken):
            return False
        del journal.taken[candidate.name]
        return True

    def _refuse(self, sender: Sender, candidate: Candidate) -> str:
        """Make the refusal a verdict that landing writes down; returns the reason."""
        reason = candidate.refusal or ""
        if (sender.sender, candidate.name) not in self.inbox:
            record = Opened(
                sender.sender, candidate.name, "", edit_id="F21", value=reason
            )
            write_opened(self.home, record)
        return reason

    def _patience(
        self, sender: Sender, zone: Zone, journal: Journal, candidate: Candidate
    ) -> Patience:
        since = journal.since(candidate.name, candidate.fingerprint, self.now)
        quiet = is_quiet(
            self.now,
            changed=candidate.modified,
            since=since,
            agreed=sender.delivery.settled_after,
        )
        whole = zone.atomic and not candidate.is_folder
        settled = whole or bool(candidate.marks) or quiet
        return Patience(settled, self.now - since >= GIVE_UP_SECONDS)
