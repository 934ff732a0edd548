"""What a person decides about a college: checked, logged, carried out.

Belongs here: release, refuse, override, certify and withdraw, each with what speaks
against it. Does not belong here: the log (``decisions``) and how it is printed.

A decision is made and carried out while nobody else lands: what it is about cannot
change in between, and one that cannot be carried out is not logged.

Every function raises ``OperatorError`` in one line when a decision is not possible,
and ``UsageError`` when it cannot be meant; nothing is logged then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from pipelines.contracts.model import Contracts, Edit
from pipelines.decider import who_and_why
from pipelines.errors import OperatorError, UsageError
from pipelines.landing.alone import alone
from pipelines.landing.decided.certified import (
    TermDays,
    freeze,
    numbers_in_force,
    prepare_certified,
    term_days,
)
from pipelines.landing.decided.college import (
    Package,
    find_package,
    held,
    is_damage,
    last_applied,
    newest_day,
    packages_of,
    sender_of,
)
from pipelines.landing.decided.decisions import (
    CERTIFY,
    OVERRIDE,
    REFUSE,
    RELEASE,
    WITHDRAW,
    Decision,
    Decisions,
    decide,
)
from pipelines.landing.decided.overriding import why_not
from pipelines.landing.decided.verdicts import REFUSED
from pipelines.landing.kept.ledger import History, read_ledger
from pipelines.landing.kept.store import read_quarantine
from pipelines.landing.land import LandedPackage, land
from pipelines.landing.package.parcel import APPLIED, HELD
from pipelines.returns.again import write_again
from pipelines.settings import Home

MAX_DAYS = 180
CENSUS, END_OF_TERM = "census", "end_of_term"
KINDS = (CENSUS, END_OF_TERM)
CERTIFIED, RECERTIFIED = "Certified", "Recertified"


@dataclass(frozen=True)
class Person:
    """Who decides, and why; neither may be empty."""

    name: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision that nobody stands for."""
        who_and_why(self.name, self.reason)


@dataclass(frozen=True)
class Released:
    """A release and what became of the package.

    Attributes:
        verdict: The new verdict.
        edits: Ids of the edits that still hold it, if any do.
        others: Deliveries that waited for this one, each with its new verdict.
    """

    decision: Decision
    package: Package
    verdict: str
    edits: tuple[str, ...]
    others: dict[str, str]


@dataclass(frozen=True)
class Overridden:
    """An override and what it would have changed in the newest package.

    Attributes:
        package: The newest package that was judged; None before the first.
        findings: Findings of the edit in that package.
        rows: Quarantined rows that broke this edit and no other.
    """

    decision: Decision
    package: Package | None
    findings: int
    rows: int


def release(
    home: Home, contracts: Contracts, code: str, package: str, person: Person
) -> Released:
    """Let a held package through, and land it at once.

    A package whose files are damaged cannot be released: nobody can judge what is not
    there. A release of an older package replays it. What has come since the last
    night is left to the next one: the person has not seen it.
    """
    code = sender_of(contracts, code).sender
    with alone(home):
        packages = packages_of(home, code, Decisions.read(home))
        found = find_package(packages, package)
        _must_wait(found, "released")
        damage = [edit for edit in found.blocking if is_damage(contracts.edit(edit))]
        if damage:
            message = (
                f"{found.delivery} cannot be released: {', '.join(damage)} says that "
                "the file itself cannot be used; the college has to send it again."
            )
            raise OperatorError(message)
        decision = decide(home, _about_package(code, RELEASE, found, person))
        result = land(
            home,
            contracts,
            until=max(date.fromisoformat(seen.delivery[:10]) for seen in packages),
            now=datetime.now(UTC),
            release=frozenset({found.package_id}),
            senders=frozenset({code}),
        )
    waited = {seen.delivery for seen in packages if seen.verdict == HELD}
    return _released(decision, found, result.packages, waited, contracts)


def _released(
    decision: Decision,
    found: Package,
    landed: Sequence[LandedPackage],
    waited: set[str],
    contracts: Contracts,
) -> Released:
    last = {package.package_id: package for package in landed}
    mine = last.pop(found.package_id, None)
    # A replay lands later packages again, which waited for nothing.
    others = {p.delivery: p.verdict for p in last.values() if p.delivery in waited}
    if mine is None:
        return Released(decision, found, found.verdict, found.blocking, others)
    edits = tuple(e for e in mine.edits if contracts.edit(e).severity == "F")
    return Released(decision, found, mine.verdict, edits, others)


def refuse(
    home: Home, contracts: Contracts, code: str, package: str, person: Person
) -> tuple[Decision, Package]:
    """Set a held package aside for good; what is in force stays in force."""
    code = sender_of(contracts, code).sender
    with alone(home):
        found = find_package(packages_of(home, code, Decisions.read(home)), package)
        _must_wait(found, "refused")
        decision = decide(home, _about_package(code, REFUSE, found, person))
        _tell_again(home, contracts, decision)
    return decision, found


def override(
    home: Home,
    contracts: Contracts,
    code: str,
    edit_id: str,
    feed: str | None,
    until: date,
    person: Person,
) -> Overridden:
    """Make an edit of one feed a warning, for packages up to a date.

    It applies to packages that describe a later instant than the one in force, so
    what was judged already stays as it was judged. The days are counted from the
    newest package's own date, not from the clock: a backlog is judged alike. An
    earlier override of the same edit and feed ends, also where it would last longer.
    """
    sender = sender_of(contracts, code)
    code = sender.sender
    edit = _edit(contracts, edit_id)
    name = _feed_of(contracts, edit, feed)
    reason = why_not(edit)
    if reason is not None:
        raise OperatorError(f"{reason}; it cannot be overridden.")
    with alone(home):
        decisions = Decisions.read(home)
        packages = packages_of(home, code, decisions)
        _check_until(until, newest_day(packages, sender))
        before = decisions.override(code, name, edit.id)
        if before is not None and before.expires_on == until:
            message = (
                f"{code} {edit.id} {name} is overridden until {until} already, by "
                f"{before.decided_by} ({before.decision_id}); nothing was decided."
            )
            raise OperatorError(message)
        last = last_applied(packages)
        decision = decide(
            home,
            Decision(
                institution_code=code,
                kind=OVERRIDE,
                reason=person.reason,
                decided_by=person.name,
                edit_id=edit.id,
                feed=name,
                names=before.decision_id if before else None,
                starts_after=last.as_of if last else None,
                expires_on=until,
            ),
        )
    return _what_it_changes(home, decision, packages)


def certify(
    home: Home,
    contracts: Contracts,
    code: str,
    term: str,
    kind: str,
    person: Person,
    *,
    supersede: bool = False,
    early: bool = False,
) -> Decision:
    """Freeze a term's rows and numbers as they are in force now.

    Args:
        home: The warehouse.
        contracts: Its feeds and senders.
        code: The college.
        term: Its term code.
        kind: census or end_of_term.
        person: Who certifies.
        supersede: Certify again what is certified already.
        early: Certify before the term's census date, or before its end.

    Raises:
        OperatorError: A package is held, nothing is in force, the kind is certified
            already and ``supersede`` is not said, or its day has not come by the
            newest package in force and ``early`` is not said.
        UsageError: No such term or kind.
    """
    sender = sender_of(contracts, code)
    code = sender.sender
    if kind not in KINDS:
        raise UsageError(f"--kind is {' or '.join(KINDS)}, not {kind}.")
    with alone(home):
        decisions = Decisions.read(home)
        packages = packages_of(home, code, decisions)
        numbers = numbers_in_force(home, contracts, code).get(term)
        if numbers is None:
            raise UsageError(f"{code} has no term {term} in force.")
        waiting = held(packages)
        if waiting:
            message = (
                f"{code} has a held package, {waiting[0].delivery}: release or refuse "
                "it before a term is certified."
            )
            raise OperatorError(message)
        standing = decisions.certification(code, term, kind)
        _check_sequence(standing, code, term, kind, supersede=supersede)
        last = last_applied(packages)
        if not early:
            day = newest_day([last] if last else [], sender)
            _check_day(day, term_days(home, contracts, code, term), code, term, kind)
        before = decisions.times_certified(code, term, kind)
        prepare_certified(home, contracts)
        return decide(
            home,
            Decision(
                institution_code=code,
                kind=CERTIFY,
                reason=person.reason,
                decided_by=person.name,
                term_code=term,
                certification=kind,
                status=RECERTIFIED if before else CERTIFIED,
                sequence=before + 1,
                names=standing.decision_id if standing else None,
                as_of=last.as_of if last else None,
                numbers=numbers.values(),
            ),
            lambda decision_id: freeze(home, contracts, code, term, decision_id),
        )


def withdraw(
    home: Home, contracts: Contracts, code: str, decision_id: str, person: Person
) -> tuple[Decision, Decision]:
    """Take a decision back by a new one; the old one stays in the log.

    Returns:
        The withdrawal, and what was withdrawn.

    Raises:
        OperatorError: It is withdrawn already, is itself a withdrawal, or released a
            package that is in force.
        UsageError: The college has no such decision.
    """
    code = sender_of(contracts, code).sender
    with alone(home):
        decisions = Decisions.read(home)
        found = decisions.find(code, decision_id.strip().upper())
        if found is None:
            raise UsageError(f"{code} has no decision {decision_id}.")
        if found.kind == WITHDRAW or decisions.is_withdrawn(found):
            raise OperatorError(
                f"{found.decision_id} is not in force; nothing to withdraw."
            )
        if found.kind == RELEASE and any(
            p.package_id == found.package_id and p.verdict in APPLIED
            for p in packages_of(home, code, decisions)
        ):
            message = (
                "The released package is in force; only a later package corrects it."
            )
            raise OperatorError(message)
        made = decide(
            home,
            Decision(
                institution_code=code,
                kind=WITHDRAW,
                reason=person.reason,
                decided_by=person.name,
                names=found.decision_id,
            ),
        )
        _tell_again(home, contracts, found)
    return made, found


def _tell_again(home: Home, contracts: Contracts, decision: Decision) -> None:
    """Write the return file and scorecards anew: a college does not read the log."""
    if decision.kind in (RELEASE, REFUSE) and decision.package_id is not None:
        write_again(home, contracts, decision.package_id)


def _must_wait(package: Package, what: str) -> None:
    if package.verdict == HELD:
        return
    if package.verdict == REFUSED and what == "released":
        return
    state = package.verdict.replace("_", " ")
    message = f"{package.delivery} is {state}; only a held package can be {what}."
    raise OperatorError(message)


def _about_package(code: str, kind: str, package: Package, person: Person) -> Decision:
    return Decision(
        institution_code=code,
        kind=RELEASE if kind == RELEASE else REFUSE,
        reason=person.reason,
        decided_by=person.name,
        package_id=package.package_id,
        manifest_sha256=package.manifest_sha256,
    )


def _edit(contracts: Contracts, edit_id: str) -> Edit:
    """The edit of that id, in whatever case it was typed."""
    wanted = edit_id.strip().casefold()
    for edit in contracts.all_edits():
        if edit.id.casefold() == wanted:
            return edit
    raise UsageError(f"No edit has the id {edit_id}.")


def _feed_of(contracts: Contracts, edit: Edit, feed: str | None) -> str:
    """The feed an override is about; an edit of one feed needs no saying."""
    feed = feed.strip().lower() if feed else None
    if edit.feed is not None:
        if feed not in (None, edit.feed):
            raise UsageError(f"{edit.id} is an edit of {edit.feed}, not of {feed}.")
        return edit.feed
    if feed is None:
        raise UsageError(f"{edit.id} is an edit of every feed: say --feed NAME.")
    if feed not in contracts.feeds:
        raise UsageError(f"No feed has the name {feed}.")
    return feed


def _check_until(until: date, newest: date | None) -> None:
    start = newest or datetime.now(UTC).date()
    said = f"{start}, the date of the newest package"
    if newest is None:
        said = f"today, {start}: no package has come yet"
    last = start + timedelta(days=MAX_DAYS)
    if until < start:
        raise UsageError(f"--until {until} is before {said}.")
    if until > last:
        message = (
            f"--until {last} or earlier: an override lasts at most {MAX_DAYS} days "
            f"from {said}."
        )
        raise UsageError(message)


def _check_sequence(
    standing: Decision | None, code: str, term: str, kind: str, *, supersede: bool
) -> None:
    what = f"{code} {term} {kind}"
    if standing is not None and not supersede:
        message = (
            f"{what} is certified already, on {standing.decided_at:%Y-%m-%d}; "
            "--supersede makes a recertification."
        )
        raise OperatorError(message)
    if standing is None and supersede:
        raise OperatorError(f"{what} is not certified; there is nothing to supersede.")


def _check_day(
    today: date | None, days: TermDays, code: str, term: str, kind: str
) -> None:
    """A term has numbers to certify when its day has come in the data itself."""
    if kind == CENSUS:
        day, what = days.census or days.start, "has its census on"
        if days.census is None:
            what = "begins on"
    else:
        day, what = days.end, "ends on"
    if today is None or day is None or day <= today:
        return
    message = (
        f"{code} {term} {what} {day} and the newest package in force is as of {today}: "
        "--early certifies it nevertheless."
    )
    raise OperatorError(message)


def _what_it_changes(
    home: Home, decision: Decision, packages: list[Package]
) -> Overridden:
    judged = [p for p in packages if p.as_of is not None and p.edits is not None]
    last = max(judged, key=lambda p: (p.as_of, p.delivery), default=None)
    if last is None:
        return Overridden(decision, None, 0, 0)
    findings = sum(
        count
        for feed, edit, severity, count in last.edits
        if (feed, edit) == (decision.feed, decision.edit_id) and severity != "W"
    )
    history = History(read_ledger(home))
    alone_at_fault = read_quarantine(home, str(decision.feed), history).filter(
        pl.col("institution_code") == decision.institution_code,
        pl.col("package_id") == last.package_id,
        pl.col("edit_ids").list.len() == 1,
        pl.col("edit_ids").list.first() == decision.edit_id,
    )
    return Overridden(decision, last, findings, alone_at_fault.height)
