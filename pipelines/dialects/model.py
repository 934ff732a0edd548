"""A dialect as it is declared: its tables, what it sets aside, its feeds.

Belongs here: shapes and the questions one object can answer about itself. Does not
belong here: reading the declarations (``load``), and carrying them out (``translate``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

GENERIC = "generic"
_NO_WORD = re.compile(r"\W+", re.ASCII)
Format = Literal["delimited", "fixed", "xml", "json"]


def view_name(name: str) -> str:
    """A table or column of a student system as SQL may name it: ``STC.TERM``."""
    return _NO_WORD.sub("_", name.strip().lower()).rstrip("_")


@dataclass(frozen=True)
class Reading:
    """How the files look where the manifest does not say.

    Attributes:
        null_tokens: Texts that mean null, besides the empty one and the manifest's.
        trailer: First field of the last line, whose second is the number of rows; a
            file without that line is cut off. None when there is no such line.
        sub_marks: Characters that part a value further, which no column is agreed to
            have: a record with one in a code is none.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    null_tokens: tuple[str, ...] = ()
    trailer: str | None = None
    sub_marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class SetAside:
    """Rows of a table that by rule become nothing.

    Attributes:
        rule: Its name, in the words of the system.
        where: SQL over the table; it may look at the other tables of the package.
        edit: The edit that quarantines such a row, because it should have become
            something; None when the row is noise.
    """

    rule: str
    why: str
    where: str
    edit: str | None = None


@dataclass(frozen=True)
class Table:
    """A table of the system, one file each unless it is ``within`` another.

    Attributes:
        required: Whether a package of the dialect has to bring it.
        many: Whether several files may carry it.
        feed: The feed whose findings name a row of the table that cannot be read.
        within: The delivered document that holds it; None for a file of its own.
        consulted: Rows of other tables are made with it too, so that none of its
            records may be unreadable.
        enriches: It only adds columns that help to recognise a person; one of its
            records that is unreadable leaves them unknown, and holds nothing.
        texts: Columns in whose words ``sub_marks`` may be letters.
        restricted: Columns whose values may not be shown or kept outside the vault.
    """

    name: str
    columns: tuple[str, ...]
    optional_columns: tuple[str, ...]
    feed: str
    required: bool = False
    many: bool = False
    within: str | None = None
    consulted: bool = False
    enriches: bool = False
    texts: tuple[str, ...] = ()
    file: str | None = None
    set_aside: tuple[SetAside, ...] = ()
    restricted: tuple[str, ...] = ()

    @property
    def view(self) -> str:
        """Its name in SQL."""
        return view_name(self.name)

    @property
    def all_columns(self) -> tuple[str, ...]:
        """The columns that SQL sees, in its names."""
        return tuple(view_name(c) for c in (*self.columns, *self.optional_columns))


@dataclass(frozen=True)
class FeedRule:
    """How one feed comes about.

    Attributes:
        primary: Tables whose rows become rows of the feed: every row names a line of
            one of them.
        sql: One SELECT; it returns columns of the feed, ``_file`` and ``_line``.
        each: Of a primary table the rows that each have to become a row of the feed,
            as SQL over that table: the proof against lost rows and doubled ones.
        repeats: Whether one line may give several rows, of different keys.
        columns: A column of the feed to the system's own, or to one a primary table.
    """

    feed: str
    primary: tuple[str, ...]
    sql: str
    each: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = False
    columns: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)

    def own_column(self, column: str, table: str) -> str:
        """The system's name for a column of the feed in rows of that table."""
        own = self.columns.get(column, column)
        return own if isinstance(own, str) else own.get(table, column)


@dataclass(frozen=True)
class Dialect:
    """What was agreed with every college whose system speaks it.

    Attributes:
        modes: The modes a package may have.
        settings: Local codes and their meaning; a college's profile overrides by key.
        structure: Where the parser of the format finds tables in a document, in that
            parser's own terms.
    """

    name: str
    title: str
    source: str
    format: Format
    reading: Reading
    modes: tuple[str, ...]
    tables: Mapping[str, Table]
    feeds: Mapping[str, FeedRule]
    settings: Mapping[str, Any] = field(default_factory=dict)
    macros: str = ""
    structure: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def primaries(self) -> frozenset[str]:
        """Tables whose rows become rows of some feed."""
        return frozenset(t for rule in self.feeds.values() for t in rule.primary)

    def table(self, name: str) -> Table | None:
        """The table of that name, whatever the case."""
        return self.tables.get(name) or next(
            (t for t in self.tables.values() if t.name.lower() == name.lower()), None
        )
