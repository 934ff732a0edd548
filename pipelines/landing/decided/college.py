"""Where one college stands: its packages, what is held and why, what was decided.

Belongs here: answers, as values that a terminal or a program can print. Does not
belong here: deciding anything (``judgements``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.model import Contracts, Edit, Sender
from pipelines.errors import UsageError
from pipelines.landing.decided.certified import Numbers, numbers_in_force
from pipelines.landing.decided.decisions import OVERRIDE, Decision, Decisions
from pipelines.landing.decided.verdicts import state_of
from pipelines.landing.kept.ledger import in_effect, read_ledger
from pipelines.landing.package.parcel import APPLIED, HELD, REJECTED, REPEAT, RETIRED
from pipelines.settings import Home

_VERDICTS = (*APPLIED, HELD, REJECTED, REPEAT, RETIRED)
_COUNTS = ("rows_read", "loaded", "collapsed", "quarantined")
# A prefix that short names a package by chance.
_SHORTEST_PREFIX = 4


@dataclass(frozen=True)
class Package:
    """The newest word on one delivery.

    Attributes:
        verdict: As in the ledger, or ``refused`` where a person decided so.
        edits: Findings counted: (feed, edit id, severity, count).
        stopped_by: Findings of severity F: (feed, edit id, column, value).
        return_folder: Where the college reads about it.
        decision: The release or refusal that counts now.
    """

    package_id: str
    delivery: str
    as_of: datetime | None
    mode: str | None
    verdict: str
    rows_read: int
    loaded: int
    collapsed: int
    quarantined: int
    edits: tuple[tuple[str | None, str, str, int], ...]
    stopped_by: tuple[tuple[str | None, str, str | None, str | None], ...]
    manifest_sha256: str
    return_folder: Path
    decision: Decision | None

    @property
    def blocking(self) -> tuple[str, ...]:
        """Ids of the edits of severity F, once each."""
        return tuple(
            dict.fromkeys(
                edit for _, edit, severity, _ in self.edits if severity == "F"
            )
        )

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for programs."""
        return {
            "package_id": self.package_id,
            "delivery": self.delivery,
            "as_of": self.as_of,
            "mode": self.mode,
            "verdict": self.verdict,
            **{name: getattr(self, name) for name in _COUNTS},
            "edits": [
                {"feed": feed, "edit_id": edit, "severity": severity, "count": count}
                for feed, edit, severity, count in self.edits
            ],
            "stopped_by": [
                {"feed": feed, "edit_id": edit, "column": column, "value": value}
                for feed, edit, column, value in self.stopped_by
            ],
            "return_folder": str(self.return_folder),
            "decision_id": self.decision.decision_id if self.decision else None,
        }


@dataclass(frozen=True)
class Reported:
    """One number of a term: as certified, as it is in force, and the difference."""

    term_code: str
    certification: str | None
    status: str | None
    sequence: int | None
    certified_at: datetime | None
    measure: str
    certified: Any
    in_force: Any
    difference: Any

    def as_dict(self) -> dict[str, Any]:
        """With stable keys, for programs."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def sender_of(contracts: Contracts, code: str) -> Sender:
    """The college, office or agency of that code, in whatever case it was typed.

    Raises:
        UsageError: Nobody sends under it.
    """
    sender = contracts.sender(code.strip().upper())
    if sender is None:
        message = f"{code} is no college, office or agency of the contracts."
        raise UsageError(message)
    return sender


def packages_of(home: Home, code: str, decisions: Decisions) -> list[Package]:
    """The newest word on every delivery of a sender, oldest delivery first."""
    rows = (
        in_effect(read_ledger(home))
        .filter(pl.col("institution_code") == code, pl.col("verdict").is_in(_VERDICTS))
        .sort("wave_id", maintain_order=True)
        .unique("delivery", keep="last", maintain_order=True)
        .sort("delivery")
    )
    return [_package(home, row, decisions) for row in rows.iter_rows(named=True)]


def find_package(packages: list[Package], text: str) -> Package:
    """The package that a person means by its id, a prefix of it, or its delivery.

    Raises:
        UsageError: None is meant, or several.
    """
    wanted = text.strip().casefold()
    for matches in (
        [p for p in packages if p.delivery.casefold() == wanted],
        [p for p in packages if p.package_id.casefold() == wanted],
        [
            p
            for p in packages
            if len(wanted) >= _SHORTEST_PREFIX
            and p.package_id.casefold().startswith(wanted)
        ],
    ):
        ids = {p.package_id for p in matches}
        if len(ids) > 1:
            message = f"{text} is the beginning of {len(ids)} package ids; say more."
            raise UsageError(message)
        if matches:
            waiting = [p for p in matches if p.verdict == HELD]
            return (waiting or matches)[-1]
    message = f"No package {text}: name its id, the beginning of it, or its delivery."
    raise UsageError(message)


def held(packages: list[Package]) -> list[Package]:
    """The packages that wait for a person, a file or another package."""
    return [package for package in packages if package.verdict == HELD]


def why_held(package: Package, contracts: Contracts) -> list[str]:
    """A line for each finding that holds a package: id, feed, rule, what was seen."""
    known = {edit.id: edit for edit in contracts.all_edits()}
    told = {(feed, edit) for feed, edit, _, _ in package.stopped_by}
    # Waves of an older release do not say what was seen.
    silent = [
        (feed, edit, None, None)
        for feed, edit, severity, _ in package.edits
        if severity == "F" and (feed, edit) not in told
    ]
    return [
        f"{edit}{f' {feed}' if feed else ''}: {_seen(known[edit], column, value)}"
        for feed, edit, column, value in (*package.stopped_by, *silent)
        if edit in known
    ]


def _seen(edit: Edit, column: str | None, value: str | None) -> str:
    title = edit.title.rstrip(".")
    if value is None:
        return f"{title}{f': {column}' if column else ''}."
    named = column is None or column in value
    return f"{title}: {value if named else f'{column}: {value}'}."


def newest_day(packages: list[Package], sender: Sender) -> date | None:
    """The sender's own date of the newest package it described, of any verdict."""
    instants = [package.as_of for package in packages if package.as_of is not None]
    if not instants:
        return None
    return max(instants).astimezone(ZoneInfo(sender.timezone)).date()


def last_applied(packages: list[Package]) -> Package | None:
    """The package in force that describes the latest instant."""
    applied = [p for p in packages if p.verdict in APPLIED and p.as_of is not None]
    return max(applied, key=lambda p: (p.as_of, p.delivery), default=None)


def is_expired(override: Decision, packages: list[Package], sender: Sender) -> bool:
    """Whether an override's last day is before the newest package's date."""
    day = newest_day(packages, sender)
    return (
        day is not None
        and override.expires_on is not None
        and override.expires_on < day
    )


def standing(
    decisions: Decisions, packages: list[Package], sender: Sender
) -> list[Decision]:
    """Decisions in force: on packages, overrides not expired, certifications."""
    code = sender.sender
    about = [p.decision for p in packages if p.decision is not None]
    overrides = [
        d
        for d in decisions.overrides(code)
        if d.kind == OVERRIDE and not is_expired(d, packages, sender)
    ]
    found = [*about, *overrides, *decisions.certifications(code)]
    return sorted(found, key=lambda decision: decision.decision_id)


def report(
    home: Home,
    contracts: Contracts,
    code: str,
    decisions: Decisions,
    term: str | None = None,
) -> list[Reported]:
    """Numbers in force beside the certified ones, a line a term, kind and number.

    Args:
        home: The warehouse.
        contracts: Its feeds.
        code: The college.
        decisions: The log.
        term: That term only; by default every term with a number or a certification.

    Raises:
        UsageError: The college has no such term, now or certified.
    """
    now = numbers_in_force(home, contracts, code)
    certified: dict[str, list[Decision]] = {}
    for decision in decisions.certifications(code):
        certified.setdefault(str(decision.term_code), []).append(decision)
    terms = list(dict.fromkeys([*now, *certified]))
    if term is not None:
        if term not in terms:
            message = f"{code} has no term {term}."
            raise UsageError(message)
        terms = [term]
    lines = []
    for one in terms:
        numbers = now.get(one)
        if one in certified:
            for decision in certified[one]:
                lines += _beside(decision, numbers)
        elif term is not None or (numbers and any(numbers.values().values())):
            lines += _uncertified(one, numbers)
    return lines


def _beside(decision: Decision, now: Numbers | None) -> list[Reported]:
    certified = Numbers.of(decision.numbers or {}).values()
    in_force = now.values() if now else dict.fromkeys(certified)
    return [
        Reported(
            term_code=str(decision.term_code),
            certification=decision.certification,
            status=decision.status,
            sequence=decision.sequence,
            certified_at=decision.decided_at,
            measure=name,
            certified=value,
            in_force=in_force[name],
            difference=None if in_force[name] is None else in_force[name] - value,
        )
        for name, value in certified.items()
    ]


def _uncertified(term: str, now: Numbers | None) -> list[Reported]:
    return [
        Reported(term, None, None, None, None, name, None, value, None)
        for name, value in (now.values() if now else {}).items()
    ]


def _package(home: Home, row: dict[str, Any], decisions: Decisions) -> Package:
    code, package_id = row["institution_code"], row["package_id"]
    decision = decisions.about(code, package_id)
    sums = {name: sum(file[name] or 0 for file in row["files"]) for name in _COUNTS}
    return Package(
        package_id=package_id,
        delivery=row["delivery"],
        as_of=row["as_of"],
        mode=row["mode"],
        verdict=state_of(row["verdict"], decision),
        edits=tuple(
            (f["feed"], f["edit_id"], f["severity"], f["count"])
            for f in row["findings"]
        ),
        stopped_by=tuple(
            (f["feed"], f["edit_id"], f["column"], f["value"])
            for f in row["stopped_by"] or ()
        ),
        manifest_sha256=row["manifest_sha256"],
        return_folder=home.outbox / code / row["delivery"],
        decision=decision,
        **sums,
    )


def is_damage(edit: Edit) -> bool:
    """Whether an edit says that the file or package itself cannot be used."""
    return edit.action in ("reject_package", "reject_file", "repeat")
