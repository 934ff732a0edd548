"""``lrw corrections``: what learners ask colleges to correct.

Belongs here: options and how requests print. Does not belong here: the log of them
(``pipelines.corrections``).
"""

from dataclasses import asdict, fields
from getpass import getuser
from typing import Annotated

import typer

from pipelines.commands.shared import Format, FormatOption, out, write_csv, write_json
from pipelines.corrections.requests import Answer, Correction
from pipelines.errors import OperatorError
from pipelines.settings import home

app = typer.Typer(
    no_args_is_help=True,
    help="What learners ask colleges to correct, and what became of it.",
)

ByOption = Annotated[
    str | None, typer.Option(help="Who writes it down; else who is logged in.")
]


@app.command()
def ask(
    credential: Annotated[str, typer.Argument(help="The id of a credential.")],
    says: Annotated[str, typer.Option(help="What is wrong, in the learner's words.")],
    by: ByOption = None,
) -> None:
    """Ask the college whose line a claim stands on to correct it."""
    from pipelines.corrections.outbox import write_corrections
    from pipelines.corrections.requests import ask as write

    made = write(home(), credential, says, by or getuser())
    write_corrections(home(), made.institution_code)
    out.print(
        f"request {made.number} to {made.institution_code}: {made.claim}; "
        f"{made.file}, line {made.line}",
        markup=False,
        highlight=False,
    )


@app.command()
def answer(
    number: Annotated[int, typer.Argument(help="The number of the request.")],
    decided: Annotated[
        Answer,
        typer.Argument(help="accepted: the college sends the line anew."),
    ],
    reason: Annotated[str, typer.Option(help="The college's words.")],
    by: ByOption = None,
) -> None:
    """Write down what the college decided."""
    from pipelines.corrections.outbox import write_corrections
    from pipelines.corrections.requests import answer as write

    made = write(home(), number, decided, reason, by or getuser())
    write_corrections(home(), made.institution_code)
    out.print(f"request {made.number} is {made.answer}", highlight=False)


@app.command()
def state(
    number: Annotated[int, typer.Argument(help="The number of a refused request.")],
    says: Annotated[str, typer.Option(help="The statement, in the learner's words.")],
    by: ByOption = None,
) -> None:
    """Put a refused learner's statement beside the claim; it goes wherever that goes.

    A later statement takes the place of the one before.
    """
    from pipelines.corrections.requests import state as write

    made = write(home(), number, says, by or getuser())
    out.print(
        f"the learner's statement stands beside {made.credential_id}: {made.claim}",
        markup=False,
        highlight=False,
    )


@app.command("list")
def list_(
    college: Annotated[str | None, typer.Option(help="Of one college.")] = None,
    learner: Annotated[str | None, typer.Option(help="Of one learner.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Those that are answered, too.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Requests that are open, oldest first."""
    from pipelines.contracts.load import load_contracts
    from pipelines.corrections.requests import requests
    from pipelines.identity.same import ids_of_person

    if college is not None and college not in load_contracts().colleges:
        raise OperatorError(f"{college} is not a college")
    ids = None if learner is None else ids_of_person(home(), learner)
    found = requests(home(), college, ids, answered=every)
    rows = [asdict(one) for one in found]
    if form is Format.JSON:
        write_json(rows)
    elif form is Format.CSV:
        write_csv([one.name for one in fields(Correction)], rows)
    elif not found:
        out.print("No request is open." if not every else "No request was ever made.")
    for one in found if form is Format.TABLE else ():
        became = f"{one.answer}: {one.reason}" if one.answer else "open"
        if one.statement is not None:
            became += f"\n    statement: {one.statement}"
        out.print(
            f"{one.number}  {one.at[:10]}  {one.institution_code}  {one.claim}\n"
            f"    {one.file}, line {one.line}, package {one.package_id}\n"
            f"    says: {one.says}\n"
            f"    {became}",
            markup=False,
            highlight=False,
        )
