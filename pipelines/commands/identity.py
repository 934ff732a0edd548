"""``lrw identity``: the learner's id, from the command line; review and decide.

Belongs here: the list of verbs, the worklist out and back. Does not belong here: what
may be decided (``pipelines.identity``); looking at a learner (``identity_look``), a
steward's word (``identity_steward``), training and measuring (``identity_model``).
"""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipelines.commands import identity_look, identity_model, identity_steward
from pipelines.commands.identity_steward import ByOption
from pipelines.commands.identity_told import print_tasks
from pipelines.commands.shared import (
    Format,
    FormatOption,
    err,
    out,
    write_csv,
    write_json,
)
from pipelines.decider import named
from pipelines.errors import OperatorError
from pipelines.identity.log.schema import SAME
from pipelines.settings import home, time_zone

if TYPE_CHECKING:
    from pipelines.identity.review.deciding import Plan

app = typer.Typer(
    no_args_is_help=True, help="The learner's id: review, decide, explain."
)
LISTED = 20
PROBLEMS = 50


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
    from pipelines.identity.review.worklist import COLUMNS, decided_since, worklist
    from pipelines.landing.decided.college import sender_of

    contracts = load_contracts()
    if college:
        sender_of(contracts, college)
    refused = guard_refused(home())
    if refused:
        err.print(f"The guard refused the last night: {refused}.", markup=False)
        err.print("Look at why, then: lrw identity accept --by NAME --reason TEXT")
    today = datetime.now(ZoneInfo(time_zone())).date()
    paths: list[Path] = []
    with connect(home()) as con:
        found = worklist(con, college=college, limit=limit)
        pending = decided_since(con)
        if found.open:
            names = {code: one.name for code, one in contracts.colleges.items()}
            place = (folder or default_folder(home(), today)).absolute()
            paths = write_worklist(con, place, found, names, today, college)
    if pending:
        why = (
            "the last one was refused and acted on none" if refused else "it joins them"
        )
        err.print(f"{pending:,} decided to be the same wait for the next night; {why}.")
    rows = sheet_rows(found.tasks)
    if form is Format.JSON:
        told = [
            {**row, "reasons": list(reasons)}
            for row, reasons in zip(
                rows.to_dicts(), found.tasks["reasons"].to_list(), strict=True
            )
        ]
        files = [str(path) for path in paths]
        counts = {"open": found.open, "waiting_for_night": pending}
        write_json({**counts, "files": files, "tasks": told})
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

    who = named(by)
    rows = read_filled(file)
    with connect(home()) as con:
        planned = plan(con, rows, who, reason)
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
    same = sum(one.verdict == SAME for one in planned.decisions)
    taken_back = sum(one.takes_back for one in planned.decisions)
    told = {
        "applied": applied,
        "same": same,
        "different": len(planned.decisions) - same,
        "unsure": planned.unsure,
        "empty": planned.empty,
        "already": planned.already,
        "taken_back": taken_back,
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
        if taken_back:
            done = "would take" if dry_run else "take"
            out.print(f"{taken_back:,} of them {done} back a same; no night joined it.")
        if applied:
            out.print("The next night acts on them.")


app.command()(identity_look.explain)
app.command()(identity_look.find)
app.command()(identity_steward.merge)
app.command()(identity_steward.split)
app.command()(identity_steward.accept)
app.command()(identity_steward.erase)
app.command()(identity_model.train)
app.command()(identity_model.report)
