"""Landing: from the inbox to accepted rows, wave after wave until nothing waits.

Belongs here: which packages are looked at and in what order, what a release lets
through, the result. Does not belong here: the commit of a wave (``round``) and how a
package is judged (``wave``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pipelines.contracts.model import Contracts
from pipelines.delivery.opening import open_packages
from pipelines.landing.alone import alone
from pipelines.landing.decided.decisions import RELEASE, Decisions
from pipelines.landing.kept.ledger import History, Seen, read_ledger
from pipelines.landing.kept.store import prepare
from pipelines.landing.package.admission import Waiting, read_waiting
from pipelines.landing.package.inbox import Delivery, find_deliveries
from pipelines.landing.package.parcel import HELD, REJECTED, RETIRED
from pipelines.landing.reading.unpack import FileRefusedError, stored_bytes
from pipelines.landing.replay import Unit, from_store, known_packages, replay_of
from pipelines.landing.round import Ground, land_units
from pipelines.returns.scorecard_pages import write_scorecards
from pipelines.settings import Home

Progress = Callable[[int, int], None]

# Verdicts that a package keeps; F04 and F05 can be mended in the mailbox.
_MENDABLE = {"F04", "F05"}
_BY_ORDER = {"F09", "F10"}


@dataclass(frozen=True)
class LandedPackage:
    """One package that a run looked at.

    Attributes:
        counts: A feed's rows_read, loaded, collapsed, quarantined, released, changed,
            removed and rejudged.
        edits: Findings by edit id.
    """

    institution_code: str
    delivery: str
    package_id: str
    wave_id: str
    verdict: str
    publishable: bool
    counts: dict[str, dict[str, int]]
    edits: dict[str, int]


@dataclass
class LandingResult:
    """What one run of landing did; ``waves`` is empty when nothing was waiting."""

    packages: list[LandedPackage] = field(default_factory=list)
    waves: list[str] = field(default_factory=list)

    def count(self, *verdicts: str) -> int:
        """How many packages got one of these verdicts."""
        return sum(package.verdict in verdicts for package in self.packages)


def land(
    home: Home,
    contracts: Contracts,
    until: date | None = None,
    on_progress: Progress | None = None,
    *,
    now: datetime | None = None,
    release: frozenset[str] = frozenset(),
    senders: frozenset[str] | None = None,
) -> LandingResult:
    """Land every package that waits, in waves of at most one a college.

    Args:
        home: The warehouse.
        contracts: What was agreed with the colleges.
        until: Deliveries of later days are left for a later run.
        on_progress: Called with packages done and packages to do.
        now: The clock of F09 and of the scorecards. By default the end of ``until``,
            for F09 anywhere on earth and on a scorecard at the sender; without it
            the wall clock.
        release: Ids of held packages that a person has looked at and lets through.
        senders: Only their deliveries are looked at; by default everybody's.

    Returns:
        One entry a package; a package whose verdict did not change is not listed.

    Raises:
        OperatorError: Another run is landing into the same warehouse.
    """
    with alone(home):
        prepare(home, contracts)
        open_packages(home, contracts)
        run = _Run(home, contracts, _clock(until, now), release)
        found = find_deliveries(home, until)
        mine = [d for d in found if senders is None or d.sender in senders]
        queues = run.queues(mine, until, senders)
        total = sum(len(unit.packages) for q in queues.values() for unit in q)
        done = 0
        while any(queues.values()):
            units = [queue.pop(0) for queue in queues.values() if queue]
            run.wave(units)
            done += sum(len(unit.packages) for unit in units)
            if on_progress is not None:
                on_progress(done, total)
        # By its own clock: that of F09 is past the next cut-off of every college.
        write_scorecards(home, contracts, now or until or datetime.now(UTC))
        return run.result


def waiting_deliveries(
    home: Home, contracts: Contracts, until: date | None = None
) -> dict[date, list[str]]:
    """What ``land`` would look at: delivery date to the senders with packages that day.

    A package that waits for another is in it each time, since it may have come.
    """
    run = _Run(home, contracts, _clock(until, None), frozenset())
    found: dict[date, list[str]] = {}
    queues = run.queues(find_deliveries(home, until), until)
    for sender, queue in queues.items():
        for unit in queue:
            found.setdefault(unit.packages[0].delivery.day, []).append(sender)
    return found


def _clock(until: date | None, now: datetime | None) -> datetime:
    if now is not None:
        return now
    if until is None:
        return datetime.now(UTC)
    # The last place on earth where it is still that day.
    return datetime.combine(until, time.max, UTC) + timedelta(hours=12)


class _Run:
    """One call of ``land``: the ledger as it grows, and the result."""

    def __init__(
        self,
        home: Home,
        contracts: Contracts,
        now: datetime,
        release: frozenset[str],
    ) -> None:
        self.release = release
        self.history = History(read_ledger(home))
        self.ground = Ground(home, contracts, Decisions.read(home), now)
        self.result = LandingResult()

    def queues(
        self,
        deliveries: list[Delivery],
        until: date | None = None,
        senders: frozenset[str] | None = None,
    ) -> dict[str, list[Unit]]:
        """What is to be landed, a sender: a replay first, then by ``as_of``."""
        waiting: dict[str, list[Waiting]] = {}
        for delivery in deliveries:
            if not delivery.sealed:
                waiting.setdefault(delivery.sender, []).append(read_waiting(delivery))
        for sender in self.history.senders():
            if senders is None or sender in senders:
                here = {d.name for d in deliveries if d.sender == sender}
                waiting.setdefault(sender, []).extend(self._gone(sender, here, until))
        queues = {
            sender: self._units(sender, [w for w in mine if self._is_open(w)])
            for sender, mine in waiting.items()
        }
        return {sender: queue for sender, queue in queues.items() if queue}

    def _gone(self, sender: str, here: set[str], until: date | None) -> list[Waiting]:
        """Packages that wait although their delivery was removed."""
        home = self.ground.home
        known = (k for k in known_packages(self.history, sender))
        found = [
            from_store(home, self.history, sender, one)
            for one in known
            if one.delivery not in here
            and one.package_id not in self._applied(sender)
            and (until is None or date.fromisoformat(one.delivery[:10]) <= until)
        ]
        return [waiting for waiting in found if waiting is not None]

    def _units(self, sender: str, waiting: list[Waiting]) -> list[Unit]:
        """Single packages by ``as_of``, after the replay that a released one needs."""
        freed = [self._freed(one) for one in waiting]
        last = self.history.applied(sender)[-1:]
        late = [
            one
            for one in freed
            if last
            and one.manifest is not None
            and one.order < last[0].order
            and one.package_id not in self._applied(sender)
            and self._is_released(one)
        ]
        units = []
        if late:
            first = min(late, key=lambda one: one.order)
            refused = self.ground.decisions.refused(sender)
            replay = replay_of(self.ground.home, self.history, first, refused)
            others = {one.package_id: one for one in freed if self._is_released(one)}
            units = [
                replace(
                    replay,
                    packages=tuple(
                        others.get(one.package_id, one) for one in replay.packages
                    ),
                )
            ]
        inside = {one.package_id for unit in units for one in unit.packages}
        single = [one for one in freed if one.package_id not in inside]
        single.sort(key=lambda one: one.order)
        return [*units, *(Unit(sender, (one,)) for one in single)]

    def _freed(self, waiting: Waiting) -> Waiting:
        """The package with the edits that people let it through.

        A release is about what the person saw: the edits that held the package then,
        and its place among the others. What else holds it later is seen by a person
        again. A package nobody has judged yet is released from everything.
        """
        delivery = waiting.delivery
        freed = self.history.freed(delivery.sender, waiting.package_id)
        if self._is_released(waiting):
            seen = self._seen(waiting)
            freed |= {"*"} if seen is None else seen.blocking | {"F09"}
        return replace(waiting, freed=freed)

    def _is_released(self, waiting: Waiting) -> bool:
        """Whether a person released the package after the newest word on it."""
        if waiting.package_id in self.release:
            return True
        decision = self.ground.decisions.about(
            waiting.delivery.sender, waiting.package_id
        )
        if decision is None or decision.kind != RELEASE:
            return False
        if decision.manifest_sha256 not in (None, waiting.manifest_sha256):
            return False
        seen = self._seen(waiting)
        return seen is None or decision.decided_at > seen.landed_at

    def _seen(self, waiting: Waiting) -> Seen | None:
        """The newest word on these very bytes in this delivery."""
        seen = self.history.seen(waiting.delivery.sender, waiting.delivery.name)
        if seen is None or seen.manifest_sha256 != waiting.manifest_sha256:
            return None
        return seen

    def _applied(self, sender: str) -> set[str]:
        return {one.package_id for one in self.history.applied(sender)}

    def _is_open(self, waiting: Waiting) -> bool:
        """Whether there is anything to decide that was not decided before.

        A package that an edit on the order holds is looked at each time while nothing
        later is applied: its predecessor, or its day, may have come. Behind a later
        one it lies where it belongs, and only a person can put it in its place.
        """
        sender = waiting.delivery.sender
        if waiting.package_id in self.ground.decisions.refused(sender):
            return False
        seen = self._seen(waiting)
        if seen is None:
            return True
        if seen.verdict in (HELD, RETIRED) and self._is_released(waiting):
            return True
        if seen.verdict not in (HELD, REJECTED):
            return False
        if seen.edit_ids & _BY_ORDER:
            last = self.history.applied(sender)[-1:]
            is_last = not last or waiting.order > last[0].order
            return is_last or waiting.package_id in self._applied(sender)
        return bool(seen.edit_ids & _MENDABLE) and _is_mended(waiting)

    def wave(self, units: list[Unit]) -> None:
        """Land one unit a sender and take what came of it into the result."""
        landed, self.history = land_units(self.ground, self.history, units)
        for one in landed:
            self.result.waves.append(one.wave_id)
            self.result.packages += [_landed(row) for row in one.rows]


def _is_mended(waiting: Waiting) -> bool:
    """Whether every file now is what the manifest says."""
    if waiting.manifest is None:
        return False
    try:
        for declared in waiting.manifest.files:
            stored_bytes(waiting.delivery, declared)
    except FileRefusedError:
        return False
    return True


def _landed(row: dict[str, Any]) -> LandedPackage:
    kinds = (
        "rows_read",
        "loaded",
        "collapsed",
        "quarantined",
        "released",
        "changed",
        "removed",
        "rejudged",
    )
    edits: dict[str, int] = {}
    for finding in row["findings"]:
        edits[finding["edit_id"]] = edits.get(finding["edit_id"], 0) + finding["count"]
    return LandedPackage(
        institution_code=row["institution_code"],
        delivery=row["delivery"],
        package_id=row["package_id"],
        wave_id=row["wave_id"],
        verdict=row["verdict"],
        publishable=row["publishable"],
        counts={
            file["feed"]: {kind: file[kind] or 0 for kind in kinds}
            for file in row["files"]
        },
        edits=edits,
    )


__all__ = ["LandedPackage", "LandingResult", "land"]
