"""What became of every record of a dialect's files, and the proof of it.

Belongs here: rows set aside by rule (D03 among them), and D04: no row of the system
lost, and none doubled, on its way to the feeds. Does not belong here: the translation
itself (``translate``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.dialects.model import Dialect, FeedRule, Table, view_name
from pipelines.dialects.source import BAD_SCHEMA, DialectError, Source, told
from pipelines.dialects.tables import Loaded
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import SourceAccount

_PLACE = ["_file", "_line"]
UNACCOUNTED = "unaccounted"
_RULES = {"_file": pl.String, "_line": pl.Int64, "rule": pl.String}
_BAD = {"file": pl.String, **BAD_SCHEMA}


@dataclass(frozen=True)
class Aside:
    """Rows of one table that by rule become nothing.

    Attributes:
        rows: ``_file``, ``_line`` and ``rule``, the first one that holds.
        bad: Those whose rule has an edit, as records that are no rows.
    """

    rows: pl.DataFrame
    bad: pl.DataFrame


def set_aside(con: duckdb.DuckDBPyConnection, dialect: Dialect, table: Table) -> Aside:
    """Apply the rules of one table.

    Raises:
        DialectError: A rule is not valid SQL.
    """
    if not table.set_aside:
        return Aside(pl.DataFrame(schema=_RULES), pl.DataFrame(schema=_BAD))
    cases = " ".join(
        f"when ({rule.where}) then {at}" for at, rule in enumerate(table.set_aside)
    )
    query = f"""
        select "{table.view}".*, case {cases} end as _at from "{table.view}"
    """
    where = f"dialect {dialect.name}, table {table.name}"
    try:
        found = pl.DataFrame(
            con.sql(f"from ({query}) where _at is not null").to_arrow_table()
        )
    except duckdb.Error as error:
        raise DialectError(f"{where}: {told(error)}") from None
    rules = pl.DataFrame(
        {
            "_at": range(len(table.set_aside)),
            "rule": [rule.rule for rule in table.set_aside],
            "edit_id": [rule.edit for rule in table.set_aside],
            "why": [rule.why for rule in table.set_aside],
        },
        schema_overrides={"_at": pl.Int64, "edit_id": pl.String},
    )
    found = found.with_columns(pl.col("_at").cast(pl.Int64)).join(rules, on="_at")
    return Aside(found.select(*_PLACE, "rule"), _as_bad(found, table))


def _as_bad(found: pl.DataFrame, table: Table) -> pl.DataFrame:
    hidden = {view_name(name) for name in table.restricted}
    shown = [name for name in table.all_columns if name not in hidden]
    return found.filter(pl.col("edit_id").is_not_null()).select(
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
        "edit_id",
        pl.concat_str(pl.lit(f"{table.name}: "), "why").alias("value"),
        pl.struct(shown).struct.json_encode().alias("raw"),
    )


def account(
    dialect: Dialect,
    sources: list[Source],
    loaded: Loaded,
    aside: Mapping[str, Aside],
    feeds: Mapping[str, pl.DataFrame],
) -> tuple[list[SourceAccount], list[Note]]:
    """Say of every record of every file what it became.

    Args:
        dialect: The dialect.
        sources: Its files in the package.
        loaded: Their records.
        aside: Of each table the rows set aside.
        feeds: The rows of each feed, with ``_file`` and ``_line``.

    Returns:
        One account a file and table, and D04 for rows that became nothing without a
        rule, and for rows a rule sets aside that are used all the same.

    Raises:
        ConservationError: The sums differ, which is a fault of this program.
    """
    used = pl.concat(
        [
            pl.DataFrame(schema={"_file": pl.String, "_line": pl.Int64}),
            *(frame.select(_PLACE) for frame in feeds.values()),
        ]
    ).unique()
    files = {source.declared.name: source for source in sources}
    tables = {name: _counted(dialect, name, loaded, aside, used) for name in aside}
    accounts, notes = [], []
    for (file, name), rows in loaded.rows.items():
        table, found = dialect.tables[name], tables[name]
        both = found.both.get(file, 0)
        if both:
            value = f"{name}: {both} rows are set aside and used"
            notes.append(Note("D04", "F", table.feed, value=value, file=file))
        counts = dict(found.aside.get(file, {}))
        taken = found.taken.get(file, 0)
        unreadable = found.unreadable.get(file, 0)
        lost = rows - taken - sum(counts.values()) - unreadable
        if lost:
            value = f"{name}: {lost} rows became nothing, and no rule says why"
            notes.append(Note("D04", "F", table.feed, value=value, file=file))
            counts[UNACCOUNTED] = lost
        declared = files[file].declared
        one = SourceAccount(
            file=file,
            table=name,
            sha256=declared.sha256.lower(),
            bytes=declared.bytes,
            rows_read=rows,
            used=taken,
            set_aside=counts,
            unreadable=unreadable,
        )
        one.conserve()
        accounts.append(one)
    return accounts, notes


@dataclass(frozen=True)
class _Counted:
    """What became of the records of one table, by file.

    Counted for all files at once: a package of transcripts has a file a student.
    """

    taken: Mapping[str, int]
    both: Mapping[str, int]
    aside: Mapping[str, Mapping[str, int]]
    unreadable: Mapping[str, int]


def _counted(
    dialect: Dialect,
    name: str,
    loaded: Loaded,
    aside: Mapping[str, Aside],
    used: pl.DataFrame,
) -> _Counted:
    rules = aside[name].rows
    mine = loaded.frames[name].select(_PLACE)
    both: dict[str, int] = {}
    if name in dialect.primaries:
        mine = mine.join(used, on=_PLACE, how="semi")
        both = _by_file(rules.join(mine, on=_PLACE, how="semi"))
        rules = rules.join(mine, on=_PLACE, how="anti")
    else:
        mine = mine.join(rules, on=_PLACE, how="anti")
    told: dict[str, dict[str, int]] = {}
    for file, rule, count in rules.group_by("_file", "rule").len().sort("rule").rows():
        told.setdefault(file, {})[rule] = count
    bad = loaded.bad[name].select(pl.col("file").alias("_file"), "line").unique()
    return _Counted(_by_file(mine), both, told, _by_file(bad))


def _by_file(frame: pl.DataFrame) -> dict[str, int]:
    return dict(frame.group_by("_file").len().rows())


def prove(
    con: duckdb.DuckDBPyConnection,
    dialect: Dialect,
    rule: FeedRule,
    rows: pl.DataFrame,
    key: tuple[str, ...],
    aside: Mapping[str, Aside],
) -> list[Note]:
    """D04 for one feed: no line gives two rows, every agreed line gives one.

    Args:
        con: Has the tables of the package.
        dialect: The dialect.
        rule: The feed's rule.
        rows: The feed's rows, with ``_file`` and ``_line``.
        key: The feed's key, as its files name it: with ``repeats`` one line may give
            several rows, but never two of one key.
        aside: Of each table the rows set aside, which give no row.

    Raises:
        DialectError: A row names no line, or what ``each`` says is not valid SQL.
    """
    where = f"dialect {dialect.name}, feed {rule.feed}"
    if rows.select(pl.any_horizontal(pl.col(_PLACE).is_null()).any()).item():
        raise DialectError(f"{where}: a row names no line")
    notes = []
    once = [*_PLACE, *key] if rule.repeats else _PLACE
    doubled = rows.height - rows.select(once).n_unique()
    if doubled:
        value = f"{doubled} rows stand for a line that gave another already"
        notes.append(Note("D04", "F", rule.feed, value=value, count=doubled))
    for name, condition in rule.each.items():
        table = dialect.tables[name]
        try:
            wanted = pl.DataFrame(
                con.sql(
                    f'select _file, _line from "{table.view}" where {condition}'
                ).to_arrow_table()
            )
            owned = pl.DataFrame(
                con.sql(f'select _file, _line from "{table.view}"').to_arrow_table()
            )
        except duckdb.Error as error:
            raise DialectError(f"{where}: {told(error)}") from None
        lines = rows.select(_PLACE).unique().join(owned, on=_PLACE, how="semi")
        wanted = wanted.join(aside[name].rows, on=_PLACE, how="anti")
        missing = wanted.join(lines, on=_PLACE, how="anti").height
        surplus = lines.join(wanted, on=_PLACE, how="anti").height
        if missing or surplus:
            value = f"{name}: {missing} rows are missing, {surplus} are too many"
            notes.append(
                Note("D04", "F", rule.feed, value=value, count=missing + surplus)
            )
    return notes
