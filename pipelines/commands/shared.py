"""What commands share: the consoles, the formats, the states.

Belongs here: nothing but that. Does not belong here: any command.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

# A pipe has no width: 80 columns would cut codes and counts in a log.
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, soft_wrap=True)


class SystemName(StrEnum):
    """The states that ship as configuration."""

    ACCS = "accs"
    TBR = "tbr"


class Format(StrEnum):
    """How a command prints its rows."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format")]


class Told(StrEnum):
    """How an answer that is no list of rows is printed."""

    TABLE = "table"
    JSON = "json"


ToldOption = Annotated[Told, typer.Option("--format")]

AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="As published on this day; today's when left out.",
    ),
]


def write_json(value: object) -> None:
    """One object or one list on one line, for programs."""
    json.dump(value, sys.stdout, default=str, ensure_ascii=False)
    sys.stdout.write("\n")


def write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """A header and a line a row, for programs."""
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
