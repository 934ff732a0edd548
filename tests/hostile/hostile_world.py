"""Lands hostile packages beside good ones and says what came of each.

Belongs here: running landing on cases, and comparing its counts with the independent
counter. Does not belong here: what a case expects (``corpus_*``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from college_keys import COLLEGE
from hostile_counter import is_well_quoted, lines_in, starting_lines
from hostile_package import FEEDS, Case, Expected, Package, hostile_state
from hostile_speech import records_of
from landing_warehouse import CLOCK, Warehouse
from package_builder import CONTRACTS, send

from pipelines.contracts.delivery import DeliveryProfile, read_delivery
from pipelines.delivery.openpgp import Keyring
from pipelines.landing.land import LandingResult, land
from pipelines.settings import Home

GOOD = "CVCC"
DAY = "2026-09-01"

WAVE = 150

# Colleges that the contracts do not have, each for one case; all like one that is.
CODES = [f"H{number:03d}" for number in range(WAVE)]
_MODEL = replace(
    CONTRACTS.colleges["CACC"], required_feeds=FEEDS, also=("pesc", "open_badges")
)


@dataclass(frozen=True)
class Outcome:
    """What came of a case, and every reason to call it a failure."""

    seen: Expected
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Sent:
    """A case as it was delivered."""

    case: Case
    package: Package
    sender: str

    @classmethod
    def first(cls, case: Case, code: str = CODES[0]) -> "Sent":
        """The only case of an inbox."""
        package = case.package()
        return cls(case, package, package.mailbox or code)

    def sends(self) -> "Sender":
        """What landing has to know before it meets the package."""
        return Sender(self.sender, dict(self.package.college), self.package.signs)


@dataclass(frozen=True)
class Sender:
    """A case's college; without the package, which can take gigabytes to make.

    Attributes:
        code: Of the college.
        college: Fields of its profile that differ from the others'.
        signs: It has agreed to sign its packages.
    """

    code: str
    college: Mapping[str, Any]
    signs: bool


def judge_cases(cases: Sequence[Case], root: Path) -> dict[str, Outcome]:
    """Land these cases in one wave, each as a college of its own.

    Args:
        cases: At most as many as ``CODES`` has.
        root: A folder for the warehouse.
    """
    house = Warehouse(Home(root))
    sent = deliver(cases, house.inbox)
    return outcomes(house, sent, land_all(house, [one.sends() for one in sent]))


def land_all(house: Warehouse, senders: Sequence[Sender]) -> LandingResult:
    """Land what is in the inbox; each case's college is as the case has it."""
    made = {code: replace(_MODEL, code=code) for code in (GOOD, *CODES)}
    for one in senders:
        if one.code in made:
            college = dict(one.college)
            if one.signs:
                college["delivery"] = _signing(house)
            made[one.code] = replace(made[one.code], **college)
    contracts = replace(CONTRACTS, colleges=CONTRACTS.colleges | made)
    return land(house.home, contracts, now=CLOCK)


def _signing(house: Warehouse) -> DeliveryProfile:
    """The profile of a college whose packages are signed."""
    keys = Keyring(house.home.openpgp).keys()
    own = [key.fingerprint for key in keys if key.owner == COLLEGE]
    return read_delivery({"signing_keys": own})


def deliver(cases: Sequence[Case], inbox: Path) -> list[Sent]:
    """Write the packages of the cases, and one good one."""
    send(inbox, GOOD, DAY, hostile_state())
    sent = []
    for case, code in zip(cases, CODES, strict=False):
        package = case.package()
        package.write(inbox, code)
        sent.append(Sent(case, package, package.mailbox or code))
    assert len(sent) == len(cases)
    return sent


def outcomes(
    house: Warehouse, sent: Sequence[Sent], result: LandingResult
) -> dict[str, Outcome]:
    """Compare what landed with what was expected."""
    good = next((p for p in result.packages if p.institution_code == GOOD), None)
    harm = (
        [] if good is not None and good.verdict == "accepted" else ["the good college"]
    )
    if good is not None and good.counts["person"]["loaded"] != len(
        hostile_state()["person"]
    ):
        harm.append("rows of the good college")
    log = lines_of(house.home.accepted, "_line")
    kept = lines_of(house.home.quarantine, "line")
    return {one.case.name: _outcome(house, one, harm, log, kept) for one in sent}


def lines_of(root: Path, column: str) -> dict[str, dict[str, list[int]]]:
    """Lines that were written below a folder, by feed and college."""
    return {feed: _rows(root / feed, column) for feed in CONTRACTS.feeds}


def _rows(folder: Path, line: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for file in sorted(folder.glob("*.parquet")):
        frame = pl.read_parquet(file, columns=["institution_code", line])
        for code, number in frame.iter_rows():
            found.setdefault(code, []).append(number)
    return found


def _outcome(
    house: Warehouse,
    one: Sent,
    harm: list[str],
    log: dict[str, dict[str, list[int]]],
    kept: dict[str, dict[str, list[int]]],
) -> Outcome:
    expected = one.case.expected
    ledger = house.ledger()
    entries = ledger.filter(pl.col("institution_code") == one.sender).to_dicts()
    problems = [f"harmed: {what}" for what in harm]
    if len(entries) > 1:
        problems.append(f"{len(entries)} ledger entries")
    if not entries:
        seen = Expected("waiting", "", frozenset())
        problems += _compare(expected, seen)
        return Outcome(seen, tuple(problems))
    entry = entries[-1]
    feed = one.package.feed
    files = {file["feed"]: file for file in entry["files"]}
    mine = files.get(feed)
    edits = frozenset(
        finding["edit_id"]
        for finding in entry["findings"]
        if finding["feed"] in (feed, None)
    )
    seen = Expected(
        verdict=entry["verdict"],
        file=mine["verdict"] if mine else "",
        edits=edits,
        quarantined=mine["quarantined"] if mine else 0,
        collapsed=mine["collapsed"] if mine else 0,
    )
    problems += _compare(expected, seen)
    problems += unhandled(
        house.findings(one.sender, one.package.delivered_as or one.package.folder)
    )
    is_applied = entry["verdict"].startswith("accepted")
    for name, file in files.items():
        here = log.get(name, {}).get(one.sender, [])
        there = kept.get(name, {}).get(one.sender, [])
        if is_applied:
            problems += account(one.package, file, here, there)
        elif here or there:
            problems.append(f"{name}: rows of a package that was not applied")
    if is_applied:
        problems += account_of_tables(one.package, entry["sources"])
    return Outcome(seen, tuple(problems))


def _compare(expected: Expected, seen: Expected) -> list[str]:
    return [
        f"{what} is {_plain(found)}, not {_plain(wanted)}"
        for what in ("verdict", "file", "edits", "quarantined", "collapsed")
        for found, wanted in [(getattr(seen, what), getattr(expected, what))]
        if found != wanted and not (what == "file" and expected.verdict == "rejected")
    ]


def _plain(value: object) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(value)) or "none"
    return str(value)


def unhandled(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """A verdict that only says that the program broke is no verdict."""
    return [
        f"not handled: {row['value']}"
        for row in rows
        if str(row["value"]).startswith(("cannot be judged (", "cannot be read ("))
    ]


def account(
    package: Package, file: Mapping[str, Any], here: list[int], there: list[int]
) -> list[str]:
    """Every record is loaded, collapsed or quarantined; of a generic file by line.

    What became of a dialect's records before they were rows of feeds is another
    account, ``account_of_tables``.

    Args:
        package: What was sent.
        file: The tally of one of its files.
        here: Lines of the rows that were written.
        there: Lines of the rows that were put aside.
    """
    feed = file["feed"]
    problems = []
    counted = file["rows_read"]
    if set(here) & set(there):
        problems.append(f"{feed}: lines that are told twice")
    if feed in package.state:
        content, said = package.bytes_of(feed), package.entry(feed)
        lines = starting_lines(content, said)
        counted = len(lines)
        strange = (set(here) | set(there)) - set(lines)
        if strange and is_well_quoted(content, said):
            problems.append(f"{feed}: lines that are no records")
        if strange and max(strange) > lines_in(content, said):
            problems.append(f"{feed}: lines that the file does not have")
    if file["rows_read"] != counted:
        problems.append(f"{feed}: {file['rows_read']} rows read, {counted} counted")
    if counted != file["loaded"] + file["collapsed"] + file["quarantined"]:
        problems.append(f"{feed}: {counted} rows in, others out")
    if len(here) != file["loaded"] or len(there) != file["quarantined"]:
        problems.append(f"{feed}: {len(here)} written, {len(there)} put aside")
    return problems


def account_of_tables(
    package: Package, sources: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Every record of a student system's files became rows, or is told of as none.

    Args:
        package: What was sent.
        sources: The account of each of its files, as the ledger has it.
    """
    told = {account["file"]: account for account in sources}
    problems = []
    for name, table in package.tables.items():
        account = told.get(table.name)
        if account is None:
            problems.append(f"{name}: no account")
            continue
        aside = sum(rule["count"] for rule in account["set_aside"])
        out = account["used"] + aside + account["unreadable"]
        counted = records_of(table)
        if not counted == table.rows == account["rows_read"] == out:
            problems.append(
                f"{name}: {table.rows} rows told, {counted} counted, "
                f"{account['rows_read']} read, {out} out"
            )
    return problems
