"""How a feed is held while a state is being made, and as what it leaves.

Belongs here: the bridge between contract types and Polars types. Inside the
generator a ``dec(p,s)`` is an Int64 of 10**-s units, so every sum is exact; a ``ts``
is UTC microseconds. Does not belong here: file formats (``write``).
"""

import polars as pl

from pipelines.contracts.model import Column, Feed

UTC = pl.Datetime("us", "UTC")

# Helper columns every versioned row carries: college index, first night in the
# college's own records, first night no longer there.
COLLEGE = "_c"
FROM = "_from"
TO = "_to"
NEVER = 127
# The membership a learner's row belongs to; null in other feeds.
MEMBER = "_m"


def held_type(column: Column) -> pl.DataType:
    """The Polars type of a column inside the generator."""
    kind = column.type.kind
    if kind == "date":
        return pl.Date()
    if kind == "ts":
        return UTC
    if kind in ("dec", "int"):
        return pl.Int64()
    return pl.String()


def hold(feed: Feed, frame: pl.DataFrame) -> pl.DataFrame:
    """The feed's columns (absent ones null) with the version helpers behind them.

    Args:
        feed: the contract.
        frame: any columns of the feed by warehouse name, ``_c``, and optionally
            ``_from`` and ``_to`` (default: there from the first night, for good).
    """
    have = set(frame.columns)
    columns = [
        (pl.col(c.name) if c.name in have else pl.lit(None))
        .cast(held_type(c))
        .alias(c.name)
        for c in feed.data_columns
    ]
    return frame.select(
        *columns,
        pl.col(COLLEGE).cast(pl.Int16),
        (pl.col("m") if "m" in have else pl.lit(None)).cast(pl.Int64).alias(MEMBER),
        (pl.col(FROM) if FROM in have else pl.lit(1)).cast(pl.Int8).alias(FROM),
        (pl.col(TO) if TO in have else pl.lit(NEVER)).cast(pl.Int8).alias(TO),
    )


def typed(column: Column) -> pl.Expr:
    """A held column as its contract type: decimals, dates, integers, text."""
    kind = column.type.kind
    if kind == "dec":
        scale = column.type.scale or 0
        return (pl.col(column.name) / 10**scale).cast(
            pl.Decimal(column.type.precision, scale)
        )
    return pl.col(column.name)


def written(column: Column, timezone: str) -> pl.Expr:
    """A held column as a delimited file shows it, under its source name."""
    expr = typed(column)
    if column.type.kind == "ts":
        expr = expr.dt.convert_time_zone(timezone).dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
    return expr.alias(column.source_name)


def native(column: Column) -> pl.Expr:
    """A held column as a Parquet file carries it, under its source name."""
    return typed(column).alias(column.source_name)
