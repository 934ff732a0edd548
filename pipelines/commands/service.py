"""``lrw serve`` and ``lrw service``: the record service from the command line.

Belongs here: parsing, calling and printing. Does not belong here: the service
(``pipelines.service``).
"""

from typing import Annotated

import typer

from pipelines.commands.shared import err, out
from pipelines.settings import home

app = typer.Typer(
    no_args_is_help=True,
    help="Who may use the record service: invitations of learners, and their end.",
)

DAYS, MOST_DAYS = 14, 90
LearnerArgument = Annotated[str, typer.Argument(help="A learner_id.")]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
    url: Annotated[
        str | None,
        typer.Option(help="https://… where a proxy in front is reached."),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address of the proxy, whose word on https is believed."),
    ] = None,
) -> None:
    """Serve published records to the applications that learners allow (CLR 2.0 API)."""
    from pipelines.service.serve import serve as run

    def listening(reached: str, at: str) -> None:
        err.print(f"Serving {reached} at {at}; end with Ctrl-C", highlight=False)

    run(home(), host, port, url, proxy or ["127.0.0.1", "::1"], listening)


@app.command()
def invite(
    learner: LearnerArgument,
    days: Annotated[
        int, typer.Option(min=1, max=MOST_DAYS, help="How long it is good.")
    ] = DAYS,
) -> None:
    """Print a code with which a learner signs in once; an earlier one is void."""
    from pipelines.service.serve import invite as make

    code, ends = make(home(), learner, days)
    out.print(code, highlight=False)
    err.print(
        f"Good once, until {ends:%Y-%m-%d %H:%M} UTC, for learner {learner}. "
        "It is kept nowhere: hand it over in person or by a letter, not by e-mail.",
        highlight=False,
    )


@app.command("end")
def end_(learner: LearnerArgument) -> None:
    """End what a learner allowed: every application's access, and invitations.

    Under every id of the learner, where ids were merged.
    """
    from pipelines.identity.same import ids_of_person
    from pipelines.service.access import end_access

    ended = end_access(home(), ids_of_person(home(), learner))
    out.print(f"{ended.consents} consents and {ended.invitations} invitations ended")
