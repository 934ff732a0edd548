"""Rows that change over the nights: a version ends, the next one begins.

Belongs here: splitting rows into versions and asking what stood on a night. Does not
belong here: which rows change (``changes``).
"""

from collections.abc import Mapping

import polars as pl

from pipelines.sample.layout import FROM, NEVER, TO


def split(
    frame: pl.DataFrame,
    when: pl.Expr,
    night: pl.Expr,
    changes: Mapping[str, pl.Expr],
) -> pl.DataFrame:
    """Gives some rows a second version.

    Args:
        frame: versions with ``_from`` and ``_to``.
        when: the rows that change; only live rows that began before ``night`` do.
        night: the first night of the second version.
        changes: the columns that differ in it.

    Returns:
        The frame with the second versions appended.
    """
    marked = frame.with_columns(_when=when.fill_null(value=False), _night=night)
    changing = (
        pl.col("_when") & (pl.col(TO) == NEVER) & (pl.col(FROM) < pl.col("_night"))
    )
    marked = marked.with_columns(_when=changing.fill_null(value=False))
    later = (
        marked.filter("_when")
        .with_columns(**changes)
        .with_columns(pl.col("_night").cast(frame.schema[FROM]).alias(FROM))
    )
    first = marked.with_columns(
        pl.when("_when").then(pl.col("_night")).otherwise(pl.col(TO)).alias(TO)
    )
    columns = frame.columns
    later = later.select(columns).cast(frame.schema)
    return pl.concat([first.select(columns).cast(frame.schema), later])


def ended(frame: pl.DataFrame, when: pl.Expr, night: pl.Expr) -> pl.DataFrame:
    """Takes rows out of the college's records from ``night`` on."""
    goes = when & (pl.col(TO) == NEVER) & (pl.col(FROM) < night)
    return frame.with_columns(
        pl.when(goes.fill_null(value=False))
        .then(night)
        .otherwise(pl.col(TO))
        .cast(frame.schema[TO])
        .alias(TO)
    )


def standing_on(frame: pl.DataFrame, night: int) -> pl.DataFrame:
    """The versions in the college's own records on a night."""
    return frame.filter((pl.col(FROM) <= night) & (pl.col(TO) > night))


def versioned(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the version columns where a frame has none yet."""
    have = set(frame.columns)
    return frame.with_columns(
        (pl.col(FROM) if FROM in have else pl.lit(1)).cast(pl.Int8).alias(FROM),
        (pl.col(TO) if TO in have else pl.lit(NEVER)).cast(pl.Int8).alias(TO),
    )
