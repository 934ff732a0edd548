"""``lrw college CODE``: the feed lifecycle of one college, from the command line.

Belongs here: parsing and calling. Does not belong here: what may be decided
(``landing.decided.judgements``), what is the case (``landing.decided.college``) and how
it looks (``college_told``).
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from pipelines.commands.college_told import (
    PACKAGE_COLUMNS,
    Teller,
    print_rows,
    say,
)
from pipelines.commands.shared import Format, FormatOption, out, write_csv, write_json
from pipelines.errors import OperatorError, UsageError
from pipelines.settings import Home, home

if TYPE_CHECKING:
    from pipelines.contracts.model import Contracts
    from pipelines.landing.decided.judgements import Person


class _CodeFirst(TyperGroup):
    """Takes ``CODE --format json`` as well as ``--format json CODE``.

    A group reads its options before its arguments only, since what follows belongs
    to a verb.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Move the code behind the options that follow it."""
        if args and not args[0].startswith("-"):
            end = 1
            while end < len(args) and args[end].startswith("-"):
                takes_value = args[end] == "--format"
                end += 2 if takes_value else 1
            args = [*args[1:end], args[0], *args[end:]]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_CodeFirst,
    invoke_without_command=True,
    no_args_is_help=True,
    help="What became of a college's packages, and what people decide about them.",
)

LAST_PACKAGES = 10

PackageArgument = Annotated[
    str, typer.Argument(help="Its id, the beginning of it, or its delivery.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]
ByOption = Annotated[str, typer.Option("--by", help="Name of the person who decides.")]


@dataclass(frozen=True)
class _College:
    """The college of this call."""

    home: Home
    contracts: "Contracts"
    tell: Teller

    @property
    def code(self) -> str:
        """Its code, in the case of the contracts."""
        return self.tell.sender.sender


@app.callback()
def college(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The college, for example CACC.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """See a college's packages, holds and decisions; decide with a verb."""
    from pipelines.contracts.load import load_contracts
    from pipelines.landing.decided.college import sender_of

    contracts = load_contracts()
    sender = sender_of(contracts, code)
    context.obj = _College(home(), contracts, Teller(contracts, sender))
    if context.invoked_subcommand is None:
        _overview(context.obj, form)


@app.command("held")
def held_packages(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """What is held, and why."""
    from pipelines.landing.decided.college import held, packages_of
    from pipelines.landing.decided.decisions import Decisions

    here: _College = context.obj
    waiting = held(packages_of(here.home, here.code, Decisions.read(here.home)))
    if form is Format.TABLE:
        here.tell.print_held(waiting)
    elif form is Format.JSON:
        write_json([here.tell.held(package) for package in waiting])
    else:
        rows = [
            {**here.tell.line(p), "why": " | ".join(here.tell.held(p)["why"])}
            for p in waiting
        ]
        write_csv([*PACKAGE_COLUMNS, "why"], rows)


@app.command()
def extension(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(help="The feed, for example course.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """What the college sent in x_ columns of a feed, as text, by row key."""
    from pipelines.landing.kept.extension import COLUMNS, read_extension

    here: _College = context.obj
    found = read_extension(here.home, here.contracts, here.code, feed)
    none = f"{here.code} sent no x_ columns of {feed}."
    print_rows(form, COLUMNS, found.to_dicts(), none)


@app.command()
def release(
    context: typer.Context,
    package: PackageArgument,
    reason: ReasonOption,
    by: ByOption,
    form: FormatOption = Format.TABLE,
) -> None:
    """Let a held package through and land it now; an older one is replayed."""
    from pipelines.landing.decided import judgements
    from pipelines.landing.package.parcel import APPLIED

    here: _College = context.obj
    person = _person(by, reason)
    done = judgements.release(here.home, here.contracts, here.code, package, person)
    told = {
        "decision_id": done.decision.decision_id,
        "package_id": done.package.package_id,
        "delivery": done.package.delivery,
        "verdict": done.verdict,
        "edits": list(done.edits),
        "others": done.others,
    }
    rest = f": {', '.join(done.edits)}" if done.verdict not in APPLIED else ""
    line = (
        f"{here.code} {done.package.delivery} released: "
        f"{done.verdict.replace('_', ' ')}{rest}  ({done.decision.decision_id})"
    )
    for delivery, verdict in sorted(done.others.items()):
        line += f"\n{here.code} {delivery} waited for it: {verdict.replace('_', ' ')}"
    say(form, told, line)
    if done.verdict not in APPLIED:
        raise typer.Exit(1)


@app.command()
def refuse(
    context: typer.Context,
    package: PackageArgument,
    reason: ReasonOption,
    by: ByOption,
    form: FormatOption = Format.TABLE,
) -> None:
    """Set a held package aside; what is in force stays in force."""
    from pipelines.landing.decided import judgements

    here: _College = context.obj
    decision, found = judgements.refuse(
        here.home, here.contracts, here.code, package, _person(by, reason)
    )
    say(
        form,
        {
            "decision_id": decision.decision_id,
            "package_id": found.package_id,
            "delivery": found.delivery,
            "verdict": "refused",
        },
        f"{here.code} {found.delivery} refused  ({decision.decision_id})",
    )


@app.command()
def override(
    context: typer.Context,
    edit_id: Annotated[str, typer.Argument(help="The edit, for example CRR-Q04.")],
    until: Annotated[str, typer.Option("--until", help="Last as_of date, YYYY-MM-DD.")],
    reason: ReasonOption,
    by: ByOption,
    feed: Annotated[
        str | None, typer.Option("--feed", help="For edits of every feed.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make an edit of one feed only warn, for a time; its rows then load."""
    from pipelines.landing.decided import judgements

    here: _College = context.obj
    done = judgements.override(
        here.home,
        here.contracts,
        here.code,
        edit_id,
        feed,
        _day(until),
        _person(by, reason),
    )
    decision, last = done.decision, done.package
    told = {
        "decision_id": decision.decision_id,
        "edit_id": decision.edit_id,
        "feed": decision.feed,
        "expires_on": decision.expires_on,
        "last_package": last.delivery if last else None,
        "last_findings": done.findings,
        "last_rows": done.rows,
    }
    say(
        form,
        told,
        f"{here.code} {decision.edit_id} {decision.feed} only warns, for packages as "
        f"of {decision.expires_on} and earlier  ({decision.decision_id})",
    )
    if form is Format.TABLE and last is not None:
        out.print(
            f"In the last package, {last.delivery} ({last.verdict.replace('_', ' ')}), "
            f"that would have been warnings: {done.findings:,}; "
            f"quarantined rows loaded: {done.rows:,}."
        )


@app.command()
def certify(
    context: typer.Context,
    term: Annotated[str, typer.Argument(help="The college's own term code.")],
    kind: Annotated[str, typer.Option("--kind", help="census or end_of_term.")],
    reason: ReasonOption,
    by: ByOption,
    supersede: Annotated[
        bool, typer.Option("--supersede", help="Certify again; the old one is kept.")
    ] = False,
    early: Annotated[
        bool, typer.Option("--early", help="Before the term's census day, or its end.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Freeze a term's rows and numbers as they are in force now."""
    from pipelines.landing.decided import judgements
    from pipelines.landing.decided.certified import Numbers

    here: _College = context.obj
    decision = judgements.certify(
        here.home,
        here.contracts,
        here.code,
        term,
        kind,
        _person(by, reason),
        supersede=supersede,
        early=early,
    )
    numbers = Numbers.of(decision.numbers or {}).values()
    told = {
        "decision_id": decision.decision_id,
        "term_code": term,
        "kind": kind,
        "status": decision.status,
        "sequence": decision.sequence,
        "as_of": here.tell.at(decision.as_of),
        **numbers,
    }
    counted = ", ".join(f"{v:,} {k.replace('_', ' ')}" for k, v in numbers.items())
    say(
        form,
        told,
        f"{here.code} {term} {kind} {decision.status}: {counted}  "
        f"({decision.decision_id})",
    )


@app.command()
def withdraw(
    context: typer.Context,
    decision_id: Annotated[str, typer.Argument(help="The decision to take back.")],
    reason: ReasonOption,
    by: ByOption,
    form: FormatOption = Format.TABLE,
) -> None:
    """Take a decision back by a new one; both stay in the log."""
    from pipelines.landing.decided import judgements

    here: _College = context.obj
    made, taken_back = judgements.withdraw(
        here.home, here.contracts, here.code, decision_id, _person(by, reason)
    )
    say(
        form,
        {"decision_id": made.decision_id, "withdraws": taken_back.decision_id},
        f"{here.code} {taken_back.kind} {taken_back.decision_id} withdrawn  "
        f"({made.decision_id})",
    )


@app.command()
def report(
    context: typer.Context,
    term: Annotated[str | None, typer.Argument(help="One term only.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Numbers in force beside the certified ones, and the difference."""
    from pipelines.landing.decided.certified import damaged
    from pipelines.landing.decided.college import Reported
    from pipelines.landing.decided.college import report as read
    from pipelines.landing.decided.decisions import Decisions

    here: _College = context.obj
    decisions = Decisions.read(here.home)
    lines = read(here.home, here.contracts, here.code, decisions, term)
    rows = [here.tell.reported(line) for line in lines]
    columns = list(Reported.__dataclass_fields__)
    print_rows(form, columns, rows, f"{here.code} has no numbers yet.")
    scorecard = here.home.outbox / here.code / "scorecard.html"
    if form is Format.TABLE and scorecard.is_file():
        out.print(f"scorecard  {scorecard}", markup=False)
    broken = damaged(here.home, decisions.certifications(here.code))
    if broken:
        message = f"Certified rows are not as certified: restore {broken[0]}."
        raise OperatorError(message)


def _overview(here: _College, form: Format) -> None:
    from datetime import UTC, datetime

    from pipelines.landing.decided.college import (
        held,
        is_expired,
        packages_of,
        standing,
    )
    from pipelines.landing.decided.decisions import Decisions
    from pipelines.landing.freshness import NEVER, freshness

    sender, tell = here.tell.sender, here.tell
    decisions = Decisions.read(here.home)
    packages = packages_of(here.home, here.code, decisions)
    last = packages[-LAST_PACKAGES:]
    if form is Format.CSV:
        write_csv(PACKAGE_COLUMNS, [tell.line(package) for package in last])
        return
    ages = {
        age.institution_code: age
        for age in freshness(here.home, here.contracts, datetime.now(UTC))
    }
    age = ages.get(here.code)
    profile = {
        "institution_code": here.code,
        "name": sender.name,
        "system": sender.system,
        "dialect": sender.dialect,
        "timezone": sender.timezone,
        "cut_off": sender.cut_off,
        "required_feeds": list(sender.required_feeds),
        "as_of": tell.at(age.as_of if age else None),
        "freshness": age.status if age else NEVER,
    }
    waiting = held(packages)
    in_force = standing(decisions, packages, sender)
    expired = [
        d for d in decisions.overrides(here.code) if is_expired(d, packages, sender)
    ]
    if form is Format.TABLE:
        tell.print_overview(profile, last, waiting, in_force, expired)
        return
    write_json(
        {
            "profile": profile,
            "packages": [tell.package(package) for package in last],
            "held": [tell.held(package) for package in waiting],
            "decisions": [tell.decision(d) for d in in_force],
            "expired_overrides": [tell.decision(d) for d in expired],
            "return_folder": str(here.home.outbox / here.code),
        }
    )


def _person(by: str, reason: str) -> "Person":
    from pipelines.landing.decided.judgements import Person

    return Person(by, reason)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        message = f"--until {text} is no date; write YYYY-MM-DD."
        raise UsageError(message) from None
