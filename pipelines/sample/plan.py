"""Which package each sender delivers on which night, and what becomes of it.

Belongs here: modes, chains, instants and ids of packages, with or without faults.
Does not belong here: what a package holds (``content``).
"""

import hashlib
from collections.abc import Container
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample.articulation import REVISION_NIGHT, SYSTEM_OFFICE
from pipelines.sample.draw import Draw
from pipelines.sample.faults import Fault, Planting
from pipelines.sample.layout import COLLEGE, NEVER, TO
from pipelines.sample.package import Package
from pipelines.sample.presence import LAST_TERM
from pipelines.sample.state import State

# Of the nights after the first: shares of colleges that send a full or a windowed
# snapshot; the others send a delta.
FULL, WINDOWED = 0.16, 0.12
WINDOW_TERMS = 3


def package_id(seed: int, code: str, night: int, part: int = 0) -> str:
    """A UUID that belongs to the seed, the sender and the night."""
    text = f"{seed}/{code}/{night}/{part}".encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))


def described_at(draw: Draw, code: str, timezone: str, day: date) -> datetime:
    """An instant between 00:05 and 03:55 of the delivery day, local time.

    Early enough for the 06:00 cut-off, and the same date in UTC as at the college.
    """
    minutes = 5 + draw.constant(f"as of/{code}/{day}") % 230
    local = datetime.combine(day, time(), ZoneInfo(timezone))
    return local + timedelta(minutes=minutes)


def deliveries(
    contracts: Contracts,
    draw: Draw,
    seed: int,
    state: State,
    planting: Planting,
    snapshots_only: Container[str] = (),
) -> list[Package]:
    """Every package, in the order of nights and senders.

    Colleges of ``snapshots_only`` send full snapshots: tables of a student system
    have no deltas.

    After a package that is not applied the college goes on from the last one that
    was: with a full snapshot, or with a delta that covers both nights.
    """
    packages: list[Package] = []
    modes = _modes(draw, state, planting)
    last: dict[int, Package] = {}
    behind: dict[int, Package] = {}
    for night in range(1, state.nights + 1):
        day = state.start + timedelta(days=night - 1)
        for college in state.colleges.iter_rows(named=True):
            at, code = int(college["_c"]), str(college["institution_code"])
            package = Package(
                college=at,
                institution_code=code,
                timezone=college["timezone"],
                night=night,
                holds=night,
                mode="full" if code in snapshots_only else modes[night, at],
                base=0,
                package_id=package_id(seed, code, night),
                previous_package_id=None,
                as_of=described_at(draw, code, college["timezone"], day),
                folder=day.isoformat(),
            )
            late = behind.pop(at, None)
            if late is not None:
                # What was missing arrives; the delta that waited for it follows by
                # itself, and tonight's delta applies to that one.
                packages.append(late.changed(night=night, folder=day.isoformat()))
                package = package.changed(mode="delta", folder=f"{day}.2")
            before = last.get(at)
            if before is not None:
                if before.holds < night - 1 and planting.healing(night, at) is None:
                    healed = "full" if at % 2 else "delta"
                    fault = planting.fault(night, at)
                    mode = fault.mode if fault and fault.mode else healed
                    package = package.changed(mode=mode)
                package = package.changed(
                    base=before.holds, previous_package_id=before.package_id
                )
            sent, waits = _faulty(seed, package, planting.fault(night, at), day)
            packages += sent
            if waits is not None:
                behind[at] = waits
            chain = sent if waits else [one for one in sent if one.applied]
            if chain:
                last[at] = chain[-1]
        packages += _of_the_office(contracts, draw, seed, state, night, last)
    return packages


def _of_the_office(
    contracts: Contracts,
    draw: Draw,
    seed: int,
    state: State,
    night: int,
    last: dict[int, Package],
) -> list[Package]:
    """The system office sends its rules on the first night and once a revision."""
    if night not in (1, REVISION_NIGHT):
        return []
    office = contracts.systems[state.system]
    day = state.start + timedelta(days=night - 1)
    before = last.get(SYSTEM_OFFICE)
    package = Package(
        college=SYSTEM_OFFICE,
        institution_code=office.sender,
        timezone=office.timezone,
        night=night,
        holds=night,
        mode="delta" if before else "full",
        base=before.holds if before else 0,
        package_id=package_id(seed, office.sender, night),
        previous_package_id=before.package_id if before else None,
        as_of=described_at(draw, office.sender, office.timezone, day),
        folder=day.isoformat(),
    )
    last[SYSTEM_OFFICE] = package
    return [package]


def _faulty(
    seed: int, package: Package, fault: Fault | None, day: date
) -> tuple[list[Package], Package | None]:
    """What the mailbox gets of a package, and the package that comes a night late."""
    if fault is None:
        return [package], None
    spoilt = package.changed(
        verdict=fault.verdict, publishable=fault.publishable, fault=fault.name
    )
    code, night = package.institution_code, package.night
    if fault.delivery == "absent":
        return [], None
    if fault.delivery in ("again", "resent"):
        return [package, spoilt.changed(folder=f"{day}.2")], None
    if fault.delivery == "early":
        return [spoilt.changed(as_of=package.as_of.replace(year=day.year + 10))], None
    if fault.delivery == "old":
        return [spoilt.changed(as_of=package.as_of - timedelta(days=40))], None
    if fault.delivery == "stranger":
        unknown = package_id(seed, code, night, 9)
        return [spoilt.changed(previous_package_id=unknown)], None
    if fault.delivery == "gap":
        ahead = spoilt.changed(
            package_id=package_id(seed, code, night, 1),
            previous_package_id=package.package_id,
            base=package.holds,
            as_of=package.as_of + timedelta(minutes=60),
        )
        return [ahead], package
    return [spoilt], None


def _modes(draw: Draw, state: State, planting: Planting) -> dict[tuple[int, int], str]:
    """Modes by night and college.

    A windowed snapshot cannot say that a person is gone, so no college sends one on
    the night of a merge, and each sends at most one. Colleges with faults send none.
    """
    count = state.colleges.height
    merged = {
        (int(night), int(college))
        for college, night in state.feeds["person"]
        .filter(pl.col(TO) != NEVER)
        .join(
            state.feeds["person_merge"].select("_c", "_from").unique(),
            left_on=[COLLEGE, TO],
            right_on=["_c", "_from"],
            how="semi",
        )
        .select(COLLEGE, TO)
        .unique()
        .iter_rows()
    }
    modes = {(1, at): "full" for at in range(count)}
    windowed = set(planting.colleges)
    for night in range(2, state.nights + 1):
        order = sorted(range(count), key=lambda c: draw.constant(f"mode/{night}/{c}"))
        full = set(order[: round(FULL * count)])
        free = [
            c
            for c in order[len(full) :]
            if c not in windowed and (night, c) not in merged
        ]
        window = set(free[: round(WINDOWED * count)])
        windowed |= window
        for at in range(count):
            fault = planting.fault(night, at)
            modes[night, at] = (
                planting.healing(night, at)
                or (fault.mode if fault else None)
                or ("full" if at in full else "terms" if at in window else "delta")
            )
    return modes


def window(state: State, college: int) -> list[str]:
    """The terms of a college's windowed snapshot: the running one and two before."""
    terms = state.terms.filter(
        (pl.col("_c") == college) & (pl.col("_t") > LAST_TERM - WINDOW_TERMS)
    )
    return terms.sort("_t")["term_code"].to_list()
