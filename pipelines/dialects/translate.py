"""The files of one dialect in one package become the files of its feeds.

Belongs here: the order of the steps. Does not belong here: formats (``formats``),
what SQL may use (``macros``), and the proof that no row is lost (``accounts``).
"""

from collections.abc import Sequence
from datetime import date

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed, Sender
from pipelines.dialects.accounts import Aside, account, prove, set_aside
from pipelines.dialects.macros import prepare
from pipelines.dialects.model import Dialect, FeedRule
from pipelines.dialects.source import (
    BAD_SCHEMA,
    Context,
    DialectError,
    Source,
    Translation,
    told,
)
from pipelines.dialects.tables import Loaded, load_tables, register_tables
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import OWN_COLUMNS
from pipelines.landing.reading.read import ReadFile

_PLACE = ("_file", "_line")


def translate(
    dialect: Dialect,
    sources: Sequence[Source],
    sender: Sender,
    as_of: date,
    contracts: Contracts,
    emails: Sequence[str] = (),
) -> Translation:
    """Turn the files of a student system into rows of feeds.

    Args:
        dialect: How.
        sources: All files of that dialect in one package.
        sender: Whose; its ``dialect_settings`` go before the dialect's own.
        as_of: The sender's own date of the data.
        contracts: The feeds and code lists.
        emails: Addresses of the sender's persons; see ``Context``.

    Returns:
        One ``ReadFile`` for each feed of which a primary table came.

    Raises:
        FileRefusedError: Files that cannot be used; every note names its file.
        DialectError: The declaration cannot be carried out.
        ConservationError: Records in and out differ.
    """
    context = Context(dialect, sender, as_of, contracts, tuple(emails))
    loaded = load_tables(context, sources)
    present = {name for _, name in loaded.rows}
    with duckdb.connect() as con:
        con.execute("set threads = 2")
        # A macro is bound when it is made, so tables and settings come before it.
        register_tables(con, dialect, loaded)
        prepare(con, context)
        rules = [r for r in dialect.feeds.values() if present & set(r.primary)]
        rows = {r.feed: _rows(con, dialect, r, contracts.feeds[r.feed]) for r in rules}
        aside = {
            name: set_aside(con, dialect, table)
            for name, table in dialect.tables.items()
        }
        proofs = [
            note
            for rule in rules
            for note in prove(
                con, dialect, rule, rows[rule.feed], _key(contracts, rule), aside
            )
        ]
    accounts, doubts = account(dialect, list(sources), loaded, aside, rows)
    return Translation(
        feeds={
            r.feed: _read_file(dialect, r, rows[r.feed], loaded, aside) for r in rules
        },
        accounts=accounts,
        notes=[*loaded.notes, *_leaned_on(dialect, loaded), *proofs, *doubts],
        own_columns=_own_columns(rules, loaded, contracts),
    )


def _rows(
    con: duckdb.DuckDBPyConnection, dialect: Dialect, rule: FeedRule, feed: Feed
) -> pl.DataFrame:
    """What the feed's SELECT gives: the contract's columns as text, and the place."""
    where = f"dialect {dialect.name}, {rule.feed}.sql"
    try:
        found = pl.DataFrame(con.sql(rule.sql).to_arrow_table())
    except duckdb.Error as error:
        # DuckDB quotes the value that it cannot convert, and the SELECT.
        raise DialectError(f"{where}: {told(error)}") from None
    names = [column.source_name for column in feed.columns]
    foreign = set(found.columns) - {*names, *_PLACE}
    if foreign or not set(_PLACE) <= set(found.columns):
        raise DialectError(f"{where}: the columns are not those of the feed")
    return found.select(
        *(
            pl.col(name).cast(pl.String)
            if name in found.columns
            else pl.lit(None, pl.String).alias(name)
            for name in names
        ),
        pl.col("_line").cast(pl.Int64),
        pl.col("_file").cast(pl.String),
    )


def _key(contracts: Contracts, rule: FeedRule) -> tuple[str, ...]:
    feed = contracts.feeds[rule.feed]
    return tuple(feed.column(name).source_name for name in feed.key)


def _read_file(
    dialect: Dialect,
    rule: FeedRule,
    rows: pl.DataFrame,
    loaded: Loaded,
    aside: dict[str, Aside],
) -> ReadFile:
    """A feed's rows, and the records that should have been rows of it."""
    owned = [name for name, table in dialect.tables.items() if table.feed == rule.feed]
    bad = pl.concat(
        [
            pl.DataFrame(schema={"file": pl.String, **BAD_SCHEMA}),
            *(loaded.bad[name] for name in owned),
            *(aside[name].bad for name in owned),
        ]
    )
    unread = any(loaded.bad[name].height for name in rule.primary)
    lines = bad.select("file", "line").n_unique() if bad.height else 0
    return ReadFile(
        rows=rows.height + lines,
        frame=rows,
        bad=bad,
        notes=[],
        is_partial=unread,
    )


def _leaned_on(dialect: Dialect, loaded: Loaded) -> list[Note]:
    """F20: an unreadable record of a table that rows of others are made with.

    Nobody can tell which rows it would have changed: without the newest grade of a
    course an older one would count. What only enriches is left out: a pipe typed into
    one address held a whole college once.
    """
    return [
        Note(
            "F20",
            "F",
            dialect.tables[name].feed,
            line=bad["line"].sort()[0],
            value=f"{name}: records that rows of {dialect.tables[name].feed} lean on",
            count=bad["line"].n_unique(),
            file=bad["file"][0],
        )
        for name, bad in loaded.bad.items()
        if bad.height
        and not dialect.tables[name].enriches
        and (name not in dialect.primaries or dialect.tables[name].consulted)
    ]


def _own_columns(
    rules: list[FeedRule], loaded: Loaded, contracts: Contracts
) -> pl.DataFrame:
    """The system's own names of the feeds' columns, a file."""
    return pl.DataFrame(
        [
            (rule.feed, file, column.name, rule.own_column(column.name, name))
            for rule in rules
            for file, name in loaded.rows
            if name in rule.primary
            for column in contracts.feeds[rule.feed].columns
        ],
        schema=OWN_COLUMNS,
        orient="row",
    )
