"""``lrw disclosures``: to whom a learner's record was handed out.

Belongs here: options and how entries print. Does not belong here: the ledger.
"""

from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.commands.shared import Format, FormatOption, out, write_csv, write_json
from pipelines.disclosure.ledger import Entry, entries
from pipelines.errors import UsageError
from pipelines.settings import home

_COLUMNS = (
    "at",
    "learner_id",
    "to",
    "purpose",
    "by",
    "form",
    "credentials",
    "record_id",
)


def disclosures(
    learner: Annotated[str | None, typer.Argument(help="A learner_id.")] = None,
    form: FormatOption = Format.TABLE,
    check: Annotated[
        bool, typer.Option("--check", help="Check every entry of the ledger.")
    ] = False,
) -> None:
    """To whom a learner's record was handed out, when and what for.

    Under any id that the learner has or had, where ids were merged.
    """
    from pipelines.identity.same import ids_of_person

    if check == (learner is not None):
        raise UsageError("name a learner, or --check the whole ledger")
    ids = None if learner is None else ids_of_person(home(), learner)
    found = entries(home().disclosures, ids)
    if check:
        out.print(f"{len(found):,} disclosures, all as they were written")
    elif form is Format.JSON:
        write_json([asdict(entry) for entry in found])
    elif form is Format.CSV:
        write_csv(_COLUMNS, [_row(entry) for entry in found])
    elif not found:
        out.print("This record was handed to nobody.")
    else:
        for entry in found:
            out.print(_sentence(entry), markup=False, highlight=False)


def _row(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at,
        "learner_id": entry.content.learner_id,
        "to": entry.request.audience,
        "purpose": entry.request.purpose or "",
        "by": entry.request.by,
        "form": entry.content.form,
        "credentials": len(entry.content.credentials),
        "record_id": entry.content.record_id,
    }


def _sentence(entry: Entry) -> str:
    held = len(entry.content.credentials)
    return (
        f"{entry.at}: handed out for {entry.request.audience} "
        f"by {entry.request.by}; purpose: {entry.request.purpose or 'not said'}; "
        f"{held} credential{'' if held == 1 else 's'} as {entry.content.form}, "
        f"record {entry.content.record_id}, learner {entry.content.learner_id}"
    )
