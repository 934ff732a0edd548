"""Landing: from the inbox to accepted rows, wave after wave until nothing waits.

Belongs here: which packages are looked at and in what order, the commit of a wave,
the result. Does not belong here: how a package is judged (``wave``).
"""

import fcntl
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
from ulid import ULID

from pipelines.contracts.model import Contracts
from pipelines.errors import OperatorError
from pipelines.landing import findings as said
from pipelines.landing.admission import Refusal, Waiting, admit, read_waiting
from pipelines.landing.entries import (
    findings_of,
    judged_entry,
    refused_entry,
    retired_entry,
)
from pipelines.landing.inbox import Delivery, find_deliveries
from pipelines.landing.ledger import (
    LEDGER_SCHEMA,
    History,
    commit,
    read_ledger,
)
from pipelines.landing.notes import Note
from pipelines.landing.parcel import (
    APPLIED,
    HELD,
    REJECTED,
    ConservationError,
    Parcel,
)
from pipelines.landing.returns import write_return
from pipelines.landing.store import (
    flush,
    keep_object,
    prepare,
    write_log,
    write_quarantine,
)
from pipelines.landing.unpack import FileRefusedError, stored_bytes
from pipelines.landing.wave import Settled, settle
from pipelines.settings import Home

Progress = Callable[[int, int], None]

_log = logging.getLogger(__name__)

# Verdicts that a package keeps; F04 and F05 can be mended in the mailbox.
_MENDABLE = {"F04", "F05"}
_BY_ORDER = {"F09", "F10"}


@dataclass(frozen=True)
class LandedPackage:
    """One package that a run looked at.

    Attributes:
        counts: A feed's rows_read, loaded, collapsed, quarantined, released, changed
            and removed.
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
) -> LandingResult:
    """Land every package that waits, in waves of at most one a college.

    Args:
        home: The warehouse.
        contracts: What was agreed with the colleges.
        until: Deliveries of later days are left for a later run.
        on_progress: Called with packages done and packages to do.
        now: The clock of F09. By default the end of ``until``, or the wall clock.
        release: Ids of held packages that a person has looked at and lets through.

    Returns:
        One entry a package; a package whose verdict did not change is not listed.

    Raises:
        OperatorError: Another run is landing into the same warehouse.
    """
    with _alone(home):
        prepare(home, contracts)
        run = _Run(home, contracts, _clock(until, now), release)
        queues = run.queues(find_deliveries(home.inbox, until))
        total = sum(len(queue) for queue in queues.values())
        done = 0
        while any(queues.values()):
            batch = [queue.pop(0) for queue in queues.values() if queue]
            run.wave(batch)
            done += len(batch)
            if on_progress is not None:
                on_progress(done, total)
        return run.result


def waiting_deliveries(
    home: Home, contracts: Contracts, until: date | None = None
) -> dict[date, list[str]]:
    """What ``land`` would look at: delivery date to the senders with packages that day.

    A package that waits for another is in it each time, since it may have come.
    """
    run = _Run(home, contracts, _clock(until, None), frozenset())
    found: dict[date, list[str]] = {}
    for sender, queue in run.queues(find_deliveries(home.inbox, until)).items():
        for waiting in queue:
            found.setdefault(waiting.delivery.day, []).append(sender)
    return found


def _clock(until: date | None, now: datetime | None) -> datetime:
    if now is not None:
        return now
    if until is None:
        return datetime.now(UTC)
    # The last place on earth where it is still that day.
    return datetime.combine(until, time.max, UTC) + timedelta(hours=12)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    home.landing.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home.landing / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "Another run is landing packages; wait until it has ended."
            raise OperatorError(message) from None
        yield
    finally:
        os.close(descriptor)


class _Run:
    """One call of ``land``: the ledger as it grows, and the result."""

    def __init__(
        self,
        home: Home,
        contracts: Contracts,
        now: datetime,
        release: frozenset[str],
    ) -> None:
        self.home = home
        self.contracts = contracts
        self.now = now
        self.release = release
        self.history = History(read_ledger(home))
        self.result = LandingResult()

    def queues(self, deliveries: list[Delivery]) -> dict[str, list[Waiting]]:
        """What waits, a sender, oldest ``as_of`` first."""
        queues: dict[str, list[Waiting]] = {}
        for delivery in deliveries:
            waiting = read_waiting(delivery)
            if self._is_open(waiting):
                queues.setdefault(delivery.sender, []).append(waiting)
        for queue in queues.values():
            queue.sort(key=lambda waiting: waiting.order)
        return queues

    def _is_open(self, waiting: Waiting) -> bool:
        """Whether there is anything to decide that was not decided before."""
        delivery = waiting.delivery
        seen = self.history.seen(delivery.sender, delivery.name)
        if seen is None or seen.manifest_sha256 != waiting.manifest_sha256:
            return True
        if seen.verdict not in (HELD, REJECTED):
            return False
        if waiting.package_id in self.release or seen.edit_ids & _BY_ORDER:
            return True
        return bool(seen.edit_ids & _MENDABLE) and _is_mended(waiting)

    def wave(self, batch: list[Waiting]) -> None:
        """Judge one batch and commit what came of it."""
        parcels, refusals = [], []
        for waiting in batch:
            outcome = admit(
                waiting, self.contracts, self.history, self.now, self.release
            )
            if isinstance(outcome, Parcel):
                parcels.append(outcome)
            elif not self._is_known(outcome):
                refusals.append(outcome)
        if not parcels and not refusals:
            return
        try:
            settled = settle(self.home, self.contracts, self.history, parcels)
        except ConservationError:
            raise
        except Exception as error:  # noqa: BLE001 - no college stops another
            if len(parcels) > 1:
                # Something in one package breaks the common frames: find out whose.
                self._commit(_nothing(), refusals)
                for parcel in parcels:
                    self.wave([_again(parcel)])
                return
            settled = _given_up(parcels, error)
        self._commit(settled, refusals)

    def _is_known(self, refusal: Refusal) -> bool:
        """Whether the ledger says the same already."""
        delivery = refusal.waiting.delivery
        seen = self.history.seen(delivery.sender, delivery.name)
        return (
            seen is not None
            and seen.manifest_sha256 == refusal.waiting.manifest_sha256
            and seen.verdict == refusal.verdict
            and seen.edit_ids == {note.edit_id for note in refusal.notes}
        )

    def _commit(self, settled: Settled, refusals: list[Refusal]) -> None:
        wave_id = str(ULID())
        landed_at = datetime.now(UTC)
        rows = [
            judged_entry(parcel, settled, wave_id, landed_at)
            for parcel in settled.parcels.values()
        ]
        rows += [refused_entry(refusal, wave_id, landed_at) for refusal in refusals]
        rows += self._retired(settled, wave_id, landed_at)
        if not rows:
            return
        for name, log in settled.logs.items():
            feed = self.contracts.feeds[name]
            write_log(self.home, feed, wave_id, _of_wave(log, wave_id))
        for name, rows_aside in settled.quarantine.items():
            aside = _of_wave(rows_aside, wave_id, "wave_id")
            write_quarantine(self.home, name, wave_id, aside)
        for refusal in refusals:
            if refusal.waiting.content:
                keep_object(self.home, refusal.waiting.content)
        for row in rows:
            self._return(row, settled, refusals)
        flush(self.home)
        ledger = pl.DataFrame(rows, schema=LEDGER_SCHEMA)
        commit(self.home, wave_id, ledger)
        self.history.add(ledger)
        self.result.waves.append(wave_id)
        self.result.packages += [_landed(row) for row in rows]

    def _return(
        self, row: dict[str, Any], settled: Settled, refusals: list[Refusal]
    ) -> None:
        parcel = settled.parcels.get(row["institution_code"])
        if parcel is not None and parcel.delivery.name == row["delivery"]:
            tallies = list(parcel.tallies.values())
            mine = pl.col("institution_code") == row["institution_code"]
            findings = settled.findings.filter(mine)
        else:
            tallies = []
            notes = [
                note
                for refusal in refusals
                if refusal.waiting.delivery.name == row["delivery"]
                and refusal.waiting.delivery.sender == row["institution_code"]
                for note in refusal.notes
            ]
            findings = findings_of(row["institution_code"], notes)
        write_return(self.home, self.contracts, row, tallies, findings)

    def _retired(
        self, settled: Settled, wave_id: str, landed_at: datetime
    ) -> list[dict[str, Any]]:
        """Packages that waited and are overtaken by a full snapshot applied now."""
        rows = []
        for code, parcel in settled.parcels.items():
            if settled.verdicts[code] not in APPLIED:
                continue
            full = parcel.manifest.is_full_snapshot
            for seen in self.history.waiting_before(code, parcel.manifest.as_of_us):
                same = seen.package_id == parcel.manifest.package_id
                if seen.delivery != parcel.delivery.name and (full or same):
                    rows.append(retired_entry(seen, wave_id, landed_at))
        return rows


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


def _again(parcel: Parcel) -> Waiting:
    return Waiting(parcel.delivery, parcel.manifest_bytes, parcel.manifest)


def _nothing() -> Settled:
    return Settled({}, {}, pl.DataFrame(schema=said.FINDINGS), {}, {})


def _given_up(parcels: list[Parcel], error: Exception) -> Settled:
    """A package that breaks this program is held; the error's text may quote a row."""
    value = f"cannot be judged ({type(error).__name__})"
    where = traceback.extract_tb(error.__traceback__)
    for parcel in parcels:
        _log.error(
            "%s %s: %s at %s",
            parcel.institution_code,
            parcel.delivery.name,
            value,
            " < ".join(f"{f.name}:{f.lineno}" for f in reversed(where[-6:])),
        )
        parcel.notes = [Note("F20", "F", value=value)]
        for tally in parcel.tallies.values():
            tally.rows_read = None
            tally.loaded = tally.collapsed = tally.quarantined = 0
            tally.verdict = HELD
    return Settled(
        parcels={parcel.institution_code: parcel for parcel in parcels},
        verdicts={parcel.institution_code: HELD for parcel in parcels},
        findings=said.all_findings(parcels, []),
        logs={},
        quarantine={},
    )


def _of_wave(
    rows: pl.DataFrame, wave_id: str, column: str = "_wave_id"
) -> pl.DataFrame:
    return rows.with_columns(pl.lit(wave_id).alias(column))


def _landed(row: dict[str, Any]) -> LandedPackage:
    kinds = (
        "rows_read",
        "loaded",
        "collapsed",
        "quarantined",
        "released",
        "changed",
        "removed",
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
