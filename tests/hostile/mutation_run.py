"""Lands seeded mutations, many colleges a wave, and accounts for every row.

A share of them goes through the whole of landing, with ledger and return files; the
others through admission, reading and judging (``admit`` and ``settle``), which is all
that decides what becomes of a row.

Belongs here: the waves, the account, the summary. Does not belong here: the damage
(``mutate``).
"""

import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from hostile_package import Package
from hostile_world import account, account_of_tables, lines_of, unhandled
from landing_warehouse import CLOCK, Warehouse
from mutate import DAY, KITS, SPOKEN, mutated
from package_builder import CONTRACTS, college_state, send
from rich.console import Console
from rich.table import Table

from pipelines.contracts.model import Contracts
from pipelines.landing.kept.ledger import History, read_ledger
from pipelines.landing.kept.store import prepare
from pipelines.landing.land import land
from pipelines.landing.package.admission import admit, read_waiting
from pipelines.landing.package.inbox import find_deliveries
from pipelines.landing.package.parcel import Parcel, SourceAccount
from pipelines.landing.wave import Settled, settle
from pipelines.settings import Home

GOOD = "CVCC"
WAVE = 250
WHOLE_SHARE = 0.1
_log = logging.getLogger(__name__)
_MODEL = CONTRACTS.colleges["CACC"]


@dataclass
class Summary:
    """What a run found.

    Attributes:
        whole: Mutations that went through the whole of landing.
        spoken: Packages in the dialect of a student system.
        verdicts: How many got each verdict.
        edits: How many packages each edit was told of.
        rows: Records counted in applied files.
        problems: Seed, and what was wrong.
    """

    mutations: int = 0
    whole: int = 0
    spoken: int = 0
    seconds: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Landed:
    """What became of one wave, however it was landed."""

    entries: dict[str, dict[str, Any]]
    log: dict[str, dict[str, list[int]]]
    kept: dict[str, dict[str, list[int]]]
    told: dict[str, list[dict[str, str]]]


def run(
    first: int, count: int, *, whole: float = WHOLE_SHARE, spoken: float = SPOKEN
) -> Summary:
    """Land the mutations of these seeds.

    Args:
        first: The first seed.
        count: How many seeds.
        whole: Share of the waves that go through the whole of landing.
        spoken: Share of the packages that are in the dialect of a student system.
    """
    summary = Summary()
    start = time.monotonic()
    waves = [range(s, min(s + WAVE, first + count)) for s in _steps(first, count)]
    for number, seeds in enumerate(waves):
        is_whole = number % round(1 / whole) == 0
        with tempfile.TemporaryDirectory() as folder:
            packages = [mutated(seed, spoken) for seed in seeds]
            _wave(Home(Path(folder)), seeds, packages, summary, is_whole=is_whole)
        if len(waves) > 1:
            done, wrong = summary.mutations, len(summary.problems)
            sys.stderr.write(f"\r{done:,} mutations, {wrong} problems ")
    summary.seconds = time.monotonic() - start
    return summary


def _steps(first: int, count: int) -> Iterator[int]:
    return iter(range(first, first + count, WAVE))


def _contracts(codes: Sequence[str], packages: Sequence[Package]) -> Contracts:
    """A college a mutation, which has to send what its kit has."""
    kits = {frozenset(kit): kit for kit in KITS.values() if kit}
    made = {
        code: replace(
            _MODEL,
            code=code,
            required_feeds=kits.get(frozenset(package.state), _MODEL.required_feeds),
            **package.college,
        )
        for code, package in zip(codes, packages, strict=True)
    }
    return replace(CONTRACTS, colleges={GOOD: CONTRACTS.colleges[GOOD], **made})


def _wave(
    home: Home,
    seeds: range,
    packages: Sequence[Package],
    summary: Summary,
    *,
    is_whole: bool,
) -> None:
    house = Warehouse(home)
    send(house.inbox, GOOD, DAY, college_state())
    codes = [f"M{seed:06d}" for seed in seeds]
    for code, package in zip(codes, packages, strict=True):
        package.write(house.inbox, code)
    contracts = _contracts(codes, packages)
    summary.mutations += len(seeds)
    summary.spoken += sum(bool(package.tables) for package in packages)
    summary.whole += len(seeds) * is_whole
    how = _by_landing if is_whole else _by_settling
    try:
        landed = how(house, contracts)
    except Exception as error:  # noqa: BLE001 - a night that breaks is the finding
        summary.problems.append((seeds[0], f"the night broke: {type(error).__name__}"))
        _log.warning("seeds %d to %d", seeds.start, seeds.stop, exc_info=True)
        return
    good = landed.entries.get(GOOD)
    if good is None or good["verdict"] != "accepted":
        summary.problems.append((seeds[0], "the good college is harmed"))
    for seed, code, package in zip(seeds, codes, packages, strict=True):
        try:
            _judge(seed, code, package, landed, summary)
        except Exception as error:  # noqa: BLE001 - a file nobody can count is one too
            wrong = f"what was accepted cannot be counted: {type(error).__name__}"
            summary.problems.append((seed, wrong))
            _log.warning("seed %d", seed, exc_info=True)


def _judge(
    seed: int, code: str, package: Package, landed: _Landed, summary: Summary
) -> None:
    entry = landed.entries.get(code)
    if entry is None:
        summary.problems.append((seed, "no verdict"))
        return
    summary.verdicts[entry["verdict"]] += 1
    summary.edits.update({told["edit_id"] for told in landed.told.get(code, [])})
    problems = unhandled(landed.told.get(code, []))
    for file in entry["files"]:
        here = landed.log.get(file["feed"], {}).get(code, [])
        there = landed.kept.get(file["feed"], {}).get(code, [])
        if entry["verdict"].startswith("accepted"):
            problems += account(package, file, here, there)
            summary.rows["counted"] += file["rows_read"]
            for what in ("loaded", "collapsed", "quarantined"):
                summary.rows[what] += file[what]
        elif here or there:
            problems.append(f"{file['feed']}: rows of a package that is not applied")
    if entry["verdict"].startswith("accepted"):
        problems += account_of_tables(package, entry["sources"])
        for source in entry["sources"]:
            summary.rows["of tables"] += source["rows_read"]
            summary.rows["used"] += source["used"]
            summary.rows["unreadable"] += source["unreadable"]
            summary.rows["set aside"] += sum(r["count"] for r in source["set_aside"])
    elif not landed.told.get(code):
        problems.append(f"{entry['verdict']} without a named edit")
    summary.problems += [(seed, problem) for problem in problems]


def _by_landing(house: Warehouse, contracts: Contracts) -> _Landed:
    land(house.home, contracts, now=CLOCK)
    ledger = read_ledger(house.home).to_dicts()
    return _Landed(
        entries={entry["institution_code"]: entry for entry in ledger},
        log=lines_of(house.home.accepted, "_line"),
        kept=lines_of(house.home.quarantine, "line"),
        told={
            entry["institution_code"]: house.findings(
                entry["institution_code"], entry["delivery"]
            )
            for entry in ledger
        },
    )


def _by_settling(house: Warehouse, contracts: Contracts) -> _Landed:
    prepare(house.home, contracts)
    history = History(read_ledger(house.home))
    entries: dict[str, dict[str, Any]] = {}
    told: dict[str, list[dict[str, str]]] = {}
    parcels = []
    for delivery in find_deliveries(house.home, date.fromisoformat(DAY)):
        outcome = admit(read_waiting(delivery), contracts, history, CLOCK)
        if isinstance(outcome, Parcel):
            parcels.append(outcome)
            continue
        entries[delivery.sender] = {"verdict": outcome.verdict, "files": []}
        told[delivery.sender] = [
            {"edit_id": note.edit_id, "value": str(note.value)}
            for note in outcome.notes
        ]
    settled = settle(house.home, contracts, history, parcels)
    for code, verdict in settled.verdicts.items():
        files = [vars(tally) for tally in settled.parcels[code].tallies.values()]
        sources = [_source(account) for account in settled.parcels[code].sources]
        entries[code] = {"verdict": verdict, "files": files, "sources": sources}
    for row in settled.findings.iter_rows(named=True):
        mine = told.setdefault(row["institution_code"], [])
        mine.append({"edit_id": row["edit_id"], "value": str(row["value"])})
    return _Landed(entries, _lines(settled, "_line"), _lines(settled, "line"), told)


def _source(account: SourceAccount) -> dict[str, Any]:
    """An account as the ledger would have it."""
    aside = [{"rule": r, "count": count} for r, count in account.set_aside.items()]
    return {**vars(account), "set_aside": aside}


def _lines(settled: Settled, column: str) -> dict[str, dict[str, list[int]]]:
    frames = settled.logs if column == "_line" else settled.quarantine
    return {
        feed: dict(frame.group_by("institution_code").agg(pl.col(column)).iter_rows())
        for feed, frame in frames.items()
    }


def main(words: list[str]) -> int:
    """``make mutations``: so many from so many on, 20,000 from seed 1 by default."""
    count = int(words[0]) if words else 20_000
    first = int(words[1]) if len(words) > 1 else 1
    summary = run(first, count)
    console = Console(width=120)
    table = Table("verdict", "packages", header_style="bold")
    for verdict, number in summary.verdicts.most_common():
        table.add_row(verdict, f"{number:,}")
    console.print(table)
    edits = ", ".join(
        f"{name} {number:,}" for name, number in summary.edits.most_common(12)
    )
    console.print(f"most told: {edits}")
    rows = summary.rows
    console.print(
        f"{summary.mutations:,} mutations (seeds {first} to {first + count - 1}), "
        f"{summary.whole:,} through the whole of landing, in {summary.seconds:.0f} s; "
        f"{rows['counted']:,} rows of applied files = {rows['loaded']:,} loaded + "
        f"{rows['collapsed']:,} collapsed + {rows['quarantined']:,} quarantined; "
        f"{summary.spoken:,} packages in dialects, {rows['of tables']:,} records of "
        f"applied tables = {rows['used']:,} used + {rows['set aside']:,} set aside + "
        f"{rows['unreadable']:,} unreadable; "
        f"{len(summary.problems)} problems"
    )
    for seed, problem in summary.problems[:40]:
        console.print(f"seed {seed}: {problem}", style="red", markup=False)
    return 1 if summary.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
