"""What goes into a translation and what comes out of it.

Belongs here: the values that landing and the parsers exchange. Does not belong here:
any step of a translation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from pipelines.dialects.model import Dialect, Table
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import SourceAccount
from pipelines.landing.reading.read import ReadFile

if TYPE_CHECKING:
    from pipelines.contracts.model import Contracts, Sender

BAD_SCHEMA = {
    "line": pl.Int64,
    "edit_id": pl.String,
    "value": pl.String,
    "raw": pl.String,
}


class DialectError(RuntimeError):
    """A dialect cannot be carried out. The message names the place and no data."""


def told(error: duckdb.Error) -> str:
    """What is wrong with a statement, without any value of a row.

    What does not bind was found before a row was read; a conversion quotes the value.
    """
    what = type(error).__name__
    if isinstance(error, duckdb.BinderException | duckdb.ParserException):
        return f"{what}: " + str(error).split("\n", 1)[0][:300]
    return what


@dataclass(frozen=True)
class Source:
    """One delivered file of a dialect.

    Attributes:
        declared: The manifest's entry; ``feed`` names the table or document.
        content: The bytes as delivered, already compared with the manifest.
    """

    declared: DeclaredFile
    content: bytes


@dataclass(frozen=True)
class Context:
    """What a parser may need to know beside the file.

    Attributes:
        as_of: The college's own date at the package's ``as_of``.
        emails: Addresses the college states of its persons, for badges whose
            recipient is hashed.
    """

    dialect: Dialect
    sender: "Sender"
    as_of: date
    contracts: "Contracts"
    emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParsedTable:
    """The records of one table in one file.

    Attributes:
        rows: The independent count of its records, the unreadable ones included.
        frame: ``_line`` (Int64) and the table's columns as String, as sent; names as
            sent or as in SQL. A record's line is that of its start, or its number
            where lines say nothing.
        bad: Records that are none: line, edit_id, value, raw.
        notes: Warnings about the file.
    """

    rows: int
    frame: pl.DataFrame
    bad: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BAD_SCHEMA))
    notes: tuple[Note, ...] = ()


# Text of the file (unpacked), its entry, the table it carries, and the circumstances
# give the records of each table in it. Raises FileRefusedError, quoting no value.
Parser = Callable[
    [bytes, DeclaredFile, Table, Context],
    Mapping[str, ParsedTable],
]


@dataclass(frozen=True)
class Translation:
    """The files of one dialect in one package as files of feeds.

    Attributes:
        feeds: A feed's rows as if a generic file had been read, with ``_file`` a row.
        accounts: What became of the records of each file.
        notes: Remarks; one of severity F holds the package.
        own_columns: ``feed``, ``file``, ``column`` and ``own``: the system's names.
    """

    feeds: dict[str, ReadFile]
    accounts: list[SourceAccount]
    notes: list[Note]
    own_columns: pl.DataFrame
