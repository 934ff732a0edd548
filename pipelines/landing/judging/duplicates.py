"""Rows of one file that carry the same key: F13 and F14.

Belongs here: which of them stay. Does not belong here: two packages with the same
key, which is how a row changes (``semantics``).
"""

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.model import Feed

_EDITS = {"_row": pl.UInt32, "edit_id": pl.String}


@dataclass(frozen=True)
class Duplicates:
    """What to do with rows that share a key.

    Attributes:
        collapsed: ``_row`` and edit id of rows that another row stands for: identical
            ones (F13) and older ones (F14).
        conflicting: ``_row`` and edit id (F14) of rows nobody can choose between.
    """

    collapsed: pl.DataFrame
    conflicting: pl.DataFrame


def find_duplicates(feed: Feed, typed: pl.DataFrame) -> Duplicates:
    """Find rows of one college and feed with one key.

    Args:
        feed: The contract; rows whose key lacks a required part are left to its
            edits.
        typed: Typed rows with ``_row``, ``_file``, ``_line`` and ``institution_code``.
    """
    keys = key_columns(feed)
    complete = typed.filter(
        *(pl.col(name).is_not_null() for name in required_key(feed))
    )
    shared = complete.filter(complete.select(keys).is_duplicated())
    if shared.is_empty():
        nothing = pl.DataFrame(schema=_EDITS)
        return Duplicates(nothing, nothing)
    content = [column.name for column in feed.columns]
    shared = shared.sort("_file", "_line").with_columns(
        twin=pl.struct("institution_code", *content).is_first_distinct()
    )
    distinct = shared.filter("twin").with_columns(
        count=pl.len().over(keys),
        decidable=(
            pl.col("record_updated_at").is_not_null().all()
            & (pl.col("record_updated_at").n_unique() == pl.len())
        ).over(keys),
        newest=(pl.col("record_updated_at") == pl.col("record_updated_at").max()).over(
            keys
        ),
    )
    several = distinct.filter(pl.col("count") > 1)
    older = several.filter(pl.col("decidable") & ~pl.col("newest"))
    return Duplicates(
        collapsed=pl.concat(
            [_told(shared.filter(~pl.col("twin")), "F13"), _told(older, "F14")]
        ),
        conflicting=_told(several.filter(~pl.col("decidable")), "F14"),
    )


def key_columns(feed: Feed) -> list[str]:
    """The key of a row in the warehouse: the sender and the feed's own key."""
    return ["institution_code", *feed.key]


def required_key(feed: Feed) -> list[str]:
    """The key columns that may never be null."""
    return [name for name in feed.key if feed.column(name).nullability == "N"]


def _told(rows: pl.DataFrame, edit_id: str) -> pl.DataFrame:
    return rows.select(pl.col("_row").cast(pl.UInt32), pl.lit(edit_id).alias("edit_id"))
