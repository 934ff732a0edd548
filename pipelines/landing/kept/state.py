"""What is in force: the newest accepted row of each key of each college.

Belongs here: views over ``landing/accepted`` for landing, identity and whoever asks
what a college says today. Does not belong here: how the newest row is chosen
(``pipelines.contracts.sql``).
"""

from collections.abc import Iterable

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.contracts.arrow import landing_schema
from pipelines.contracts.model import Contracts, Feed
from pipelines.contracts.sql import empty_view, in_force_select
from pipelines.landing.kept.ledger import IN_EFFECT, History
from pipelines.landing.package.parcel import APPLIED
from pipelines.settings import Home

_PACKAGES = "_applied_package"


def connect_in_force(
    home: Home, contracts: Contracts, con: duckdb.DuckDBPyConnection
) -> None:
    """Register one view a feed, named after it, of the rows in force.

    Args:
        home: The warehouse.
        contracts: Its feeds.
        con: Any connection; the views read Parquet when they are queried.
    """
    if not _register_packages(home, con):
        for feed in contracts.feeds.values():
            empty_view(con, feed, feed.name)
        return
    for feed in contracts.feeds.values():
        if _has_rows(home, feed):
            select = in_force_select(feed, _rows(home, feed), _PACKAGES)
            con.execute(f"create or replace temp view {feed.name} as {select}")
        else:
            empty_view(con, feed, feed.name)


def in_force_of(
    home: Home,
    feed: Feed,
    con: duckdb.DuckDBPyConnection,
    senders: Iterable[str],
) -> pl.DataFrame:
    """The rows in force of some senders, as a frame.

    Args:
        home: The warehouse.
        feed: The feed.
        con: A connection on which ``register_applied`` was called.
        senders: Their codes.

    Returns:
        The columns of ``in_force_columns``; empty before the first package.
    """
    if not _has_rows(home, feed):
        return pl.DataFrame(schema=in_force_schema(feed))
    rows = (
        f"(select * from {_rows(home, feed)} "
        "where institution_code in (select unnest($senders)))"
    )
    select = in_force_select(feed, rows, _PACKAGES)
    found = con.sql(select, params={"senders": sorted(senders)}).to_arrow_table()
    return pl.DataFrame(found).cast(in_force_schema(feed))  # type: ignore[arg-type]


def newest_in_log(
    home: Home,
    feed: Feed,
    con: duckdb.DuckDBPyConnection,
    senders: Iterable[str],
) -> pl.DataFrame:
    """When each key last changed, also by ending: the key and ``_newest``.

    Args:
        home: The warehouse.
        feed: The feed.
        con: A connection on which ``register_applied`` was called.
        senders: Their codes.
    """
    keys = ["institution_code", *feed.key]
    if not _has_rows(home, feed):
        kinds = in_force_schema(feed)
        schema = {name: kinds[name] for name in keys} | {"_newest": pl.Int64()}
        return pl.DataFrame(schema=schema)
    names = ", ".join(f"landed.{name}" for name in keys)
    select = f"""
        select {names}, max(landed._package_seq) as _newest
        from {_rows(home, feed)} as landed
        inner join {_PACKAGES} as package
            on landed.institution_code = package.institution_code
            and landed._package_id = package.package_id
            and landed._wave_id = package.wave_id
        where landed.institution_code in (select unnest($senders))
        group by {names}
    """
    found = con.sql(select, params={"senders": sorted(senders)}).to_arrow_table()
    return pl.DataFrame(found)


def in_force_schema(feed: Feed) -> dict[str, pl.DataType]:
    """Polars types of the rows in force."""
    schema = landing_schema(feed).append(pa.field("is_closed", pa.bool_()))
    return dict(pl.DataFrame(schema.empty_table()).schema)


def register_applied(history: History, con: duckdb.DuckDBPyConnection) -> None:
    """Make the applied packages known to a connection, for ``in_force_of``.

    Args:
        history: The ledger; also one with packages of a wave that is not committed.
        con: The connection that will read what is in force.
    """
    con.register(_PACKAGES, history.packages())


def leave_force(feed: Feed, rows: pl.DataFrame, con: duckdb.DuckDBPyConnection) -> None:
    """Let a feed's view on a connection show that rows have left force.

    Args:
        feed: The feed; rows of a reference feed are closed.
        rows: The sender and key of the rows.
        con: Has the view, which is replaced by data columns and ``is_closed``.
    """
    keys = ["institution_code", *feed.key]
    names = ["institution_code", *(c.name for c in feed.data_columns), "is_closed"]
    now = pl.DataFrame(con.sql(f"from {feed.name}").to_arrow_table()).select(names)
    gone = rows.select(keys)
    rest = now.join(gone, on=keys, how="anti", nulls_equal=True)
    if feed.absence == "close":
        closed = now.join(gone, on=keys, how="semi", nulls_equal=True)
        rest = pl.concat([rest, closed.with_columns(is_closed=pl.lit(value=True))])
    con.register(feed.name, rest)


def _register_packages(home: Home, con: duckdb.DuckDBPyConnection) -> bool:
    if not any(home.ledger.glob("*.parquet")):
        return False
    files = _quoted(home.ledger / "*.parquet")
    con.execute(
        "create or replace temp view _ledger as "
        f"from read_parquet({files}, union_by_name = true)"
    )
    verdicts = ", ".join(f"'{verdict}'" for verdict in APPLIED)
    con.execute(
        f"create or replace temp view {_PACKAGES} as "
        "select distinct institution_code, package_id, wave_id "
        f"from ({IN_EFFECT.format(ledger='_ledger')}) where verdict in ({verdicts})"
    )
    return True


def _has_rows(home: Home, feed: Feed) -> bool:
    return any(
        file.name != "anchor.parquet"
        for file in (home.accepted / feed.name).glob("*.parquet")
    )


def _rows(home: Home, feed: Feed) -> str:
    return f"read_parquet({_quoted(home.accepted / feed.name / '*.parquet')})"


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
