"""``lrw collect`` and ``lrw keys import``: packages on their way to the inbox.

Belongs here: parsing, calling and printing. Does not belong here: drop zones, archives
and signatures (``pipelines.delivery``).
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.commands.shared import Format, FormatOption, out, write_csv, write_json
from pipelines.errors import OperatorError
from pipelines.settings import home

if TYPE_CHECKING:
    from pipelines.delivery.opening import Event

COLUMNS = ("institution_code", "delivery", "outcome", "reason")

CollegesArgument = Annotated[
    list[str] | None, typer.Argument(help="Codes; everybody's when left out.")
]


def collect(
    colleges: CollegesArgument = None, form: FormatOption = Format.TABLE
) -> None:
    """Take complete packages from the colleges' drop zones into the inbox."""
    from pipelines.contracts.load import load_contracts
    from pipelines.delivery.collect import collect as run

    events = run(home(), load_contracts(), colleges or ())
    if form is Format.JSON:
        write_json([asdict(event) for event in events])
    elif form is Format.CSV:
        write_csv(COLUMNS, [asdict(event) for event in events])
    else:
        for event in events:
            print_event(event)
        if not events:
            out.print("Nothing waits in any drop zone.")
    failed = [event for event in events if event.outcome == "failed"]
    if failed:
        names = ", ".join(sorted({event.institution_code for event in failed}))
        raise OperatorError(f"Not everything could be collected: {names}.")


def print_event(event: "Event") -> None:
    """One line about one delivery, or about a drop zone that failed."""
    parts = (event.institution_code, event.delivery, event.outcome, event.reason)
    out.print(escape("  ".join(part for part in parts if part)))


def import_keys(
    file: Annotated[Path, typer.Argument(help="OpenPGP keys, armored or not.")],
) -> None:
    """Take OpenPGP keys into the office's ring: its own, and the colleges' public ones.

    A college's key signs nothing until its fingerprint is in that college's profile.
    """
    from pipelines.contracts.load import load_contracts
    from pipelines.delivery.openpgp import Keyring

    contracts = load_contracts()
    owners = {
        fingerprint: sender.sender
        for sender in contracts.senders
        for fingerprint in sender.delivery.signing_keys
    }
    for key in Keyring(home().openpgp).import_keys(file):
        owner = owners.get(key.fingerprint, "in no college's profile")
        use = "decrypts, the office's own" if key.is_secret else f"signs: {owner}"
        out.print(escape(f"{key.fingerprint}  {key.owner}  {use}"))
