"""``lrw identity explain`` and ``find``: looking at one learner, and for one.

Belongs here: parsing, calling and printing. Does not belong here: what is the case
(``pipelines.identity.explain``, ``pipelines.identity.find``), how it looks
(``identity_told``).
"""

from datetime import datetime
from typing import Annotated

import typer

from pipelines.commands.identity_told import print_explanation, print_found
from pipelines.commands.shared import Told, ToldOption, out, write_json
from pipelines.settings import home, time_zone


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
        out.print(f"\nDates are of {time_zone()}.", highlight=False)


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
    from pipelines.landing.decided.college import sender_of

    if college:
        sender_of(load_contracts(), college)
    person = Person(family, birth_date.date(), given, email, phone, state_id)
    with connect(home()) as con:
        told = look(con, person, college)
    if form is Told.JSON:
        write_json(told)
    else:
        print_found(out, told)
