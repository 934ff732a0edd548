"""``lrw identity``: the learner's id, from the command line.

Belongs here: parsing, calling and printing. Does not belong here: what may be decided
(``pipelines.identity``), how a look at one learner is printed (``identity_told``),
training and measuring (``identity_model``).
"""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipelines.commands import identity_model
from pipelines.commands.identity_model import Told, ToldOption
from pipelines.commands.identity_told import (
    print_explanation,
    print_found,
    print_tasks,
)
from pipelines.commands.shared import (
    Format,
    FormatOption,
    err,
    out,
    write_csv,
    write_json,
)
from pipelines.errors import OperatorError, UsageError
from pipelines.settings import home, time_zone

if TYPE_CHECKING:
    from pipelines.identity.review.deciding import Plan

app = typer.Typer(
    no_args_is_help=True, help="The learner's id: review, decide, explain."
)
LISTED = 20
PROBLEMS = 50
ByOption = Annotated[str, typer.Option("--by", help="Name of the person who decides.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]


@app.command()
def review(
    folder: Annotated[
        Path | None, typer.Option("--out", help="outbox/steward/<date> when unset.")
    ] = None,
    college: Annotated[
        str | None, typer.Option(help="Only pairs with a student of this college.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many pairs.")] = 500,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write the worklist of pairs that wait for a person: workbook, CSV and page."""
    from pipelines.contracts.load import load_contracts
    from pipelines.identity.review.out import default_folder, write_worklist
    from pipelines.identity.review.sheets import sheet_rows
    from pipelines.identity.review.sources import connect, guard_refused
    from pipelines.identity.review.worklist import COLUMNS, worklist
    from pipelines.landing.college import sender_of

    contracts = load_contracts()
    if college:
        sender_of(contracts, college)
    if why := guard_refused(home()):
        err.print(f"The guard refused the last night: {why}.", markup=False)
        err.print("Look at why, then: lrw identity accept --by NAME --reason TEXT")
    today = datetime.now(ZoneInfo(time_zone())).date()
    paths: list[Path] = []
    with connect(home()) as con:
        found = worklist(con, college=college, limit=limit)
        if found.open:
            names = {code: one.name for code, one in contracts.colleges.items()}
            place = (folder or default_folder(home(), today)).absolute()
            paths = write_worklist(con, place, found, names, today, college)
    rows = sheet_rows(found.tasks)
    if form is Format.JSON:
        told = [
            {**row, "reasons": list(reasons)}
            for row, reasons in zip(
                rows.to_dicts(), found.tasks["reasons"].to_list(), strict=True
            )
        ]
        files = [str(path) for path in paths]
        write_json({"open": found.open, "files": files, "tasks": told})
    elif form is Format.CSV:
        write_csv(COLUMNS, rows.to_dicts())
    elif not found.open:
        out.print("No pair waits for a decision.")
    else:
        print_tasks(out, rows.head(LISTED).to_dicts())
        listed = rows.height
        beyond = f" (of {found.open:,} open)" if found.open > listed else ""
        out.print(f"{listed:,} pairs{beyond} in", *paths, sep="\n  ", markup=False)


@app.command()
def decide(
    file: Annotated[Path, typer.Argument(help="A worklist filled in: .csv or .xlsx.")],
    by: ByOption,
    reason: Annotated[
        str | None, typer.Option("--reason", help="For rows that give none.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row; decide nothing.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Read a worklist back; all rows are good, or nothing is decided."""
    from pipelines.identity.review.deciding import apply, plan
    from pipelines.identity.review.filled import read_filled
    from pipelines.identity.review.sources import connect

    if not by.strip():
        raise UsageError("A decision needs the name of a person: --by NAME.")
    rows = read_filled(file)
    with connect(home()) as con:
        planned = plan(con, rows, by.strip(), reason)
    applied = 0
    if not planned.problems and not dry_run:
        applied = apply(home(), planned)
    _print_plan(planned, applied, form, dry_run=dry_run)
    if planned.problems:
        count = len(planned.problems)
        raise OperatorError(
            f"{count} row{'s' if count > 1 else ''} of {file.name} cannot be applied; "
            "nothing was decided."
        )


def _print_plan(planned: "Plan", applied: int, form: Format, *, dry_run: bool) -> None:
    same = sum(one.verdict == "same" for one in planned.decisions)
    told = {
        "applied": applied,
        "same": same,
        "different": len(planned.decisions) - same,
        "unsure": planned.unsure,
        "empty": planned.empty,
        "already": planned.already,
    }
    if form is Format.JSON:
        write_json({**told, "problems": [asdict(one) for one in planned.problems]})
    elif form is Format.CSV:
        problems = [asdict(one) for one in planned.problems]
        write_csv(("row", "column", "what", "remedy"), problems)
    elif planned.problems:
        for problem in planned.problems[:PROBLEMS]:
            err.print(str(problem), markup=False, highlight=False)
        if len(planned.problems) > PROBLEMS:
            err.print(f"… and {len(planned.problems) - PROBLEMS} more")
    else:
        done = "would be decided" if dry_run else "decided"
        out.print(
            f"{told['same']:,} same and {told['different']:,} different {done}; "
            f"{planned.already:,} decided before; {planned.unsure:,} unsure and "
            f"{planned.empty:,} empty stay open."
        )
        if applied:
            out.print("The next night acts on them.")


@app.command()
def explain(
    learner: Annotated[
        str,
        typer.Argument(help="A learner_id, also a retired one, or COLLEGE:STUDENT."),
    ],
    form: ToldOption = Told.TABLE,
) -> None:
    """Every representation, link and event of one learner, and why."""
    from pipelines.identity.explain import explain as look
    from pipelines.identity.review.sources import connect

    with connect(home()) as con:
        told = look(con, learner.strip())
    if form is Told.JSON:
        write_json(told)
    else:
        print_explanation(out, told)


@app.command()
def find(
    family: Annotated[str, typer.Option(help="Family name, or the only name.")],
    birth_date: Annotated[datetime, typer.Option("--birth-date", formats=["%Y-%m-%d"])],
    given: Annotated[str | None, typer.Option(help="Given name.")] = None,
    email: Annotated[str | None, typer.Option(help="Personal e-mail.")] = None,
    phone: Annotated[str | None, typer.Option()] = None,
    state_id: Annotated[
        str | None, typer.Option("--state-id", help="State postsecondary or K-12 id.")
    ] = None,
    college: Annotated[
        str | None, typer.Option(help="Only learners who are a student there.")
    ] = None,
    form: ToldOption = Told.TABLE,
) -> None:
    """Look a person up: exact, linked, possible, none or too_many."""
    from pipelines.contracts.load import load_contracts
    from pipelines.identity.find import Person
    from pipelines.identity.find import find as look
    from pipelines.identity.review.sources import connect
    from pipelines.landing.college import sender_of

    if college:
        sender_of(load_contracts(), college)
    person = Person(family, birth_date.date(), given, email, phone, state_id)
    with connect(home()) as con:
        told = look(con, person, college)
    if form is Told.JSON:
        write_json(told)
    else:
        print_found(out, told)


@app.command()
def merge(
    a: Annotated[str, typer.Argument(help="A learner_id.")],
    b: Annotated[str, typer.Argument(help="Another; the longest-standing one stays.")],
    by: ByOption,
    reason: ReasonOption,
    form: ToldOption = Told.TABLE,
) -> None:
    """Join two learners; the next night republishes."""
    from pipelines.identity import steward

    done = steward.merge(home(), a.strip(), b.strip(), by, reason)
    _say(
        form,
        asdict(done),
        f"{done.retired} is {done.survivor} from now on; the next night republishes. "
        f"To undo: lrw identity split {done.survivor} --undo {done.event_id}",
    )


@app.command()
def split(
    learner: Annotated[str, typer.Argument(help="The learner that is two people.")],
    by: ByOption,
    reason: ReasonOption,
    undo: Annotated[
        str | None, typer.Option("--undo", help="The merge or link that was wrong.")
    ] = None,
    students: Annotated[
        list[str] | None,
        typer.Option("--student", help="COLLEGE:STUDENT that leaves; repeat it."),
    ] = None,
    form: ToldOption = Told.TABLE,
) -> None:
    """Part a learner in two, by undoing a merge or naming who leaves."""
    from pipelines.identity import steward

    leaving = [_student(text) for text in students or []]
    if not undo and not leaving:
        raise UsageError("Name what to undo (--undo EVENT) or who leaves (--student).")
    done = steward.split(
        home(), learner.strip(), undo=undo, students=leaving, by=by, reason=reason
    )
    own = "the new id" if done.is_new else "their own id"
    _say(
        form,
        asdict(done),
        f"{done.parted} is {own} of those who left {done.learner}; the next night "
        f"republishes both.  ({done.event_id})",
    )


@app.command()
def accept(by: ByOption, reason: ReasonOption, form: ToldOption = Told.TABLE) -> None:
    """Let the night that the guard refused through, once."""
    from pipelines.identity.night.guard import accept as let_through

    figures = let_through(home(), by, reason)
    counted = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in figures.items())
    _say(form, figures, f"The next night may go as far as this one did: {counted}")


def _student(text: str) -> tuple[str, str]:
    college, colon, student = text.strip().partition(":")
    if not (college and colon and student):
        raise UsageError("A student is COLLEGE:STUDENT, for example CACC:0012345.")
    return college, student


def _say(form: Told, told: dict[str, Any], line: str) -> None:
    if form is Told.JSON:
        write_json(told)
    else:
        out.print(line, markup=False, highlight=False)


app.command()(identity_model.train)
app.command()(identity_model.report)
