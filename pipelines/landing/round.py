"""One wave from admission to its commit, with nothing visible before the commit.

Belongs here: the steps of a wave, the one commit that makes all of them count, and
finding out which sender breaks a wave. Does not belong here: what waits (``land``),
what a replay is made of (``replay``), how packages are judged (``wave``).

A wave judges one package a sender in a step. It has one step, unless packages are
replayed: then each step sees what the steps before it wrote, through a copy of the
ledger that nobody else sees. Killed at any point it leaves what was in force before,
because the rows it has written are named by no ledger file; the next run clears them
and lands the same packages again.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from ulid import ULID

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.decided.overriding import set_overrides
from pipelines.landing.judging import findings as said
from pipelines.landing.judging.spoken import Spoken
from pipelines.landing.kept.entries import (
    findings_of,
    judged_entry,
    refused_entry,
    retired_entry,
)
from pipelines.landing.kept.ledger import LEDGER_SCHEMA, History, commit
from pipelines.landing.kept.store import (
    flush,
    forget,
    keep_object,
    write_extension,
    write_log,
    write_open_findings,
    write_quarantine,
)
from pipelines.landing.package.admission import Refusal, Waiting, admit
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import APPLIED, HELD, ConservationError, Parcel
from pipelines.landing.reading.unpack import FileRefusedError, stored_bytes
from pipelines.landing.replay import Unit, replayed_entries
from pipelines.landing.wave import Settled, settle
from pipelines.returns.write import write_return
from pipelines.settings import Home

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ground:
    """What a wave stands on: the warehouse, what was agreed and decided, the clock."""

    home: Home
    contracts: Contracts
    decisions: Decisions
    now: datetime


@dataclass(frozen=True)
class Landed:
    """A committed wave: its id, its ledger rows, and the ledger with them."""

    wave_id: str
    rows: list[dict[str, Any]]
    history: History


@dataclass(frozen=True)
class _Step:
    settled: Settled
    refusals: list[Refusal]
    rows: list[dict[str, Any]]


class _BrokenWaveError(Exception):
    """Something in one of several packages breaks the frames they have in common."""


def land_units(
    ground: Ground, history: History, units: Sequence[Unit]
) -> tuple[list[Landed], History]:
    """Land units of different senders, in one wave if none of them breaks it.

    Args:
        ground: Where and by what rules.
        history: The ledger so far; it is not changed.
        units: At most one a sender.

    Returns:
        What was committed, and the ledger with it.

    Raises:
        ConservationError: Rows in and rows out differ, which is a fault here.
    """
    wave = _Wave(ground, history.fork(), units)
    try:
        landed = wave.run()
    except ConservationError:
        raise
    except _BrokenWaveError:
        forget(ground.home, wave.wave_id)
        done = []
        for unit in units:
            more, history = land_units(ground, history, [unit])
            done += more
        return done, history
    return ([], history) if landed is None else ([landed], landed.history)


class _Wave:
    """A wave on its way; ``history`` is its own copy of the ledger."""

    def __init__(self, ground: Ground, history: History, units: Sequence[Unit]) -> None:
        self.ground = ground
        self.history = history
        self.units = units
        self.wave_id = str(ULID())
        self.landed_at = datetime.now(UTC)

    def run(self) -> Landed | None:
        """Judge every step and commit; None when there is nothing new to say."""
        home = self.ground.home
        replayed = replayed_entries(self.units, self.wave_id, self.landed_at)
        self.history.add(_ledger(replayed))
        steps = [
            self._step(part)
            for part in range(max(len(unit.packages) for unit in self.units))
        ]
        rows = [row for step in steps for row in step.rows]
        if not rows:
            return None
        for part, step in enumerate(steps):
            left_open = [self._return(row, step) for row in step.rows]
            if left_open:
                write_open_findings(home, self.wave_id, pl.concat(left_open), part)
        flush(home)
        commit(home, self.wave_id, _ledger(replayed + rows))
        return Landed(self.wave_id, rows, self.history)

    def _step(self, part: int) -> _Step:
        """Judge one package of each sender that still has one."""
        ground = self.ground
        parcels, refusals = [], []
        for unit in self.units:
            for waiting in unit.packages[part : part + 1]:
                outcome = admit(waiting, ground.contracts, self.history, ground.now)
                if isinstance(outcome, Parcel):
                    parcels.append(outcome)
                elif unit.superseded or not self._is_known(outcome):
                    refusals.append(outcome)
        set_overrides(parcels, ground.contracts, ground.decisions)
        settled = self._settled(parcels)
        rows = [
            judged_entry(parcel, settled, self.wave_id, self.landed_at)
            for parcel in settled.parcels.values()
        ]
        rows += [refused_entry(one, self.wave_id, self.landed_at) for one in refusals]
        rows += self._retired(settled)
        for name, log in settled.logs.items():
            feed = ground.contracts.feeds[name]
            named = log.with_columns(_wave_id=pl.lit(self.wave_id))
            write_log(ground.home, feed, self.wave_id, named, part)
        for name, aside in settled.quarantine.items():
            named = aside.with_columns(wave_id=pl.lit(self.wave_id))
            write_quarantine(ground.home, name, self.wave_id, named, part)
        for name, extension in settled.extension.items():
            write_extension(ground.home, name, self.wave_id, extension, part)
        for refusal in refusals:
            _keep(ground.home, refusal)
        self.history.add(_ledger(rows))
        return _Step(settled, refusals, rows)

    def _settled(self, parcels: list[Parcel]) -> Settled:
        if not parcels:
            return _nothing()
        ground = self.ground
        try:
            return settle(ground.home, ground.contracts, self.history, parcels)
        except ConservationError:
            raise
        except Exception as error:
            if len(self.units) > 1:
                # Slow and never wanted, so it is told: 24 packages took 40 s, not 2.
                _log.warning(
                    "A wave of %d packages is judged one by one: %s at %s",
                    len(self.units),
                    type(error).__name__,
                    _where(error),
                )
                raise _BrokenWaveError from error
            return _given_up(parcels, error)

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

    def _retired(self, settled: Settled) -> list[dict[str, Any]]:
        """Packages that waited and are overtaken by a full snapshot applied now."""
        rows = []
        for code, parcel in settled.parcels.items():
            if settled.verdicts[code] not in APPLIED:
                continue
            full = parcel.manifest.is_full_snapshot
            for seen in self.history.waiting_before(code, parcel.manifest.as_of_us):
                same = seen.package_id == parcel.manifest.package_id
                if seen.delivery != parcel.delivery.name and (full or same):
                    rows.append(retired_entry(seen, self.wave_id, self.landed_at))
        return rows

    def _return(self, row: dict[str, Any], step: _Step) -> pl.DataFrame:
        """Write the return files of one package; what is open after it."""
        settled = step.settled
        parcel = settled.parcels.get(row["institution_code"])
        if parcel is not None and parcel.delivery.name == row["delivery"]:
            mine = pl.col("institution_code") == row["institution_code"]
            findings = settled.findings.filter(mine)
            spoken = settled.spoken.of(row["institution_code"])
        else:
            spoken = Spoken()
            notes = [
                note
                for refusal in step.refusals
                if refusal.waiting.delivery.name == row["delivery"]
                and refusal.waiting.delivery.sender == row["institution_code"]
                for note in refusal.notes
            ]
            findings = findings_of(row["institution_code"], notes)
        return write_return(
            self.ground.home,
            self.ground.contracts,
            row,
            findings,
            history=self.history,
            spoken=spoken,
            decision=self.ground.decisions.about(
                row["institution_code"], row["package_id"]
            ),
        )


def _ledger(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=LEDGER_SCHEMA)


def _keep(home: Home, refusal: Refusal) -> None:
    """Store what was delivered: a package that only waits may be needed later on.

    The mailbox may be emptied once a package was taken in. A file that is not what
    the manifest says is left to the day on which the package is judged.
    """
    waiting: Waiting = refusal.waiting
    if waiting.content:
        keep_object(home, waiting.content)
    if refusal.verdict != HELD or waiting.manifest is None:
        return
    for declared in waiting.manifest.files:
        try:
            keep_object(home, stored_bytes(waiting.delivery, declared))
        except FileRefusedError:
            continue


def _nothing() -> Settled:
    return Settled({}, {}, pl.DataFrame(schema=said.FINDINGS), {}, {})


def _where(error: Exception) -> str:
    """The innermost places of an error, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{f.name}:{f.lineno}" for f in reversed(frames[-6:]))


def _given_up(parcels: list[Parcel], error: Exception) -> Settled:
    """A package that breaks this program is held; the error's text may quote a row."""
    value = f"cannot be judged ({type(error).__name__})"
    for parcel in parcels:
        _log.error(
            "%s %s: %s at %s",
            parcel.institution_code,
            parcel.delivery.name,
            value,
            _where(error),
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
