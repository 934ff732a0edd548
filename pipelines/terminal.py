"""How results look in a terminal, and the formats that programs read."""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from pipelines.commands.delivery import print_event

# Importing Dagster and landing to print one row took 2.5 of 5 seconds of `lrw query`.
if TYPE_CHECKING:
    from pipelines.night import NightSummary
    from pipelines.progress import Listener
    from pipelines.query import Rows
    from pipelines.settings import Home
    from pipelines.status import Status

TABLE_ROWS = 200


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_rows(out: Console, rows: "Rows", form: str) -> None:
    """Print a query's rows as a table, as CSV or as a list of JSON objects."""
    if form == "json":
        json.dump(rows.as_dicts(), sys.stdout, default=str, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows(rows.rows)
        return
    table = Table(*rows.columns, header_style="bold")
    for row in rows.rows:
        table.add_row(*(_plain(value) for value in row))
    out.print(table)
    if rows.truncated:
        out.print(f"(first {len(rows.rows):,} rows; add a limit, or --format csv)")


@contextmanager
def night_bars(err: Console) -> "Iterator[Listener]":
    """A bar a step, on stderr, as the night reports it; silent where no one watches."""
    progress = Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
    )
    tasks: dict[str, Any] = {}

    def listener(step: str, done: int, total: int | None) -> None:
        if step not in tasks or (done == 0 and progress.tasks[tasks[step]].finished):
            tasks[step] = progress.add_task(step, total=total)
        progress.update(tasks[step], completed=done, total=total)

    with progress:
        yield listener


def print_night(out: Console, home: "Home", summary: "NightSummary") -> None:
    """Say what landed, what was published, and where it lies."""
    for event in summary.events:
        print_event(event)
    for landing in summary.landings:
        verdicts = ", ".join(f"{n} {name}" for name, n in landing.verdicts.items())
        out.print(
            f"{landing.delivered_on}  {verdicts or 'nothing taken in'}; "
            f"{landing.rows_read:,} rows = {landing.loaded:,} loaded "
            f"+ {landing.collapsed:,} collapsed + {landing.quarantined:,} quarantined"
        )
    for publication in summary.publications:
        _print_identity(out, publication.get("identity", {}))
        if publication.get("published"):
            restored = publication.get("restored", 0)
            out.print(
                f"snapshot {publication['seq']}  {publication['learners']:,} records: "
                f"{publication['signed']:,} signed, "
                f"{publication['reused']:,} unchanged, "
                f"{publication['withdrawn']:,} withdrawn"
                + (f", {restored:,} as before a merge" if restored else "")
            )
        else:
            out.print(f"0 signed: {publication.get('reason')}")
    out.print(f"records   {home.snapshots}/<seq>/records  (see {home.current})")
    out.print(f'analysts  {home.snapshots}/<seq>/analyst  (lrw query "SQL")')
    out.print(f"verdicts  {home.outbox}/<college>/<date>  (lrw status)")


def _print_identity(out: Console, told: dict[str, dict]) -> None:
    """Who is whom since tonight, or that the guard kept yesterday's links."""
    link, learner, held = (told.get(name, {}) for name in ("link", "learner", "held"))
    if not link:
        return
    if held["refused"] != "no":
        out.print(
            f"identity  refused: {held['refused']}; yesterday's links stand, "
            f"{held['college_students']:,} students wait (lrw identity accept)"
        )
        return
    out.print(
        f"identity  {learner['learners']:,} learners, {learner['minted_tonight']:,} "
        f"new, {learner['merged_tonight']:,} merged; {link['linked_tonight']:,} "
        f"students linked, {link['waiting_for_review']:,} pairs for a person "
        "(lrw identity review)"
    )


def print_status(out: Console, status: "Status", form: str) -> None:
    """Print the current snapshot and one row a sender."""
    if form == "json":
        json.dump(status.as_dict(), sys.stdout, default=str)
        sys.stdout.write("\n")
        return
    columns, rows = status.table()
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        return
    out.print(status.headline())
    if rows:
        _print_table(out, columns, rows)


def _print_table(
    out: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*(_plain(value) for value in row))
    out.print(table)
