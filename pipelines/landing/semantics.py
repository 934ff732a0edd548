"""What a package does to what is in force: the change log of one feed.

Belongs here: snapshot, windowed snapshot and delta (delivery rule 2, clarifications
3, 4, 7 and 8), and what is in force afterwards. Does not belong here: whether a row
is good (``judge``) or where the log is kept (``store``).
"""

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.model import Feed
from pipelines.landing.judging.duplicates import key_columns, required_key

UPSERT, DELETE, CLOSE = "U", "D", "C"

# A later time stamp alone changes nothing that anybody published.
_NOT_CONTENT = {"_op", "record_updated_at"}


@dataclass(frozen=True)
class Effect:
    """What loading the rows of one feed does.

    Attributes:
        log: Changed rows: ``institution_code``, data columns, ``_op``,
            ``_line``, ``_file``.
        kept: Rows that are absent but stay in force until an explicit row ends them.
        unknown: ``institution_code``, ``_row`` of deletions whose key is not in force.
        after: The rows in force afterwards, with ``is_closed``.
        beside: The rows in force before, less what the package ends.
    """

    log: pl.DataFrame
    kept: pl.DataFrame
    unknown: pl.DataFrame
    after: pl.DataFrame
    beside: pl.DataFrame


def effect(
    feed: Feed,
    loaded: pl.DataFrame,
    present: pl.DataFrame,
    in_force: pl.DataFrame,
    scopes: pl.DataFrame,
) -> Effect:
    """Compare the good rows of a wave with what is in force.

    Args:
        feed: The contract.
        loaded: Typed good rows with ``institution_code``, ``_row``, ``_line``,
            ``_file`` and ``_op`` (U, D or null).
        present: The same columns, at least the key, of every row that was sent, good
            or not: a row that is quarantined is not absent.
        in_force: Rows in force before, for the colleges of the wave, with
            ``is_closed``.
        scopes: One row a college that sent this feed: ``institution_code``,
            ``scope_kind`` (full, terms or delta), ``terms`` (list of text) and
            ``unkeyed`` (some row's key cannot be told, so absence proves nothing).

    Returns:
        The change log and the state after it. Conservation does not depend on it.
    """
    keys = key_columns(feed)
    data = [column.name for column in feed.data_columns]
    is_delete = pl.col("_op").eq_missing(pl.lit(DELETE))
    upserts = loaded.filter(~is_delete)
    deletes = loaded.filter(is_delete)
    changed = _changed(feed, upserts, in_force, keys)
    open_rows = in_force.filter(~pl.col("is_closed"))
    ended = open_rows.join(
        deletes.select(*keys, "_file", "_line"), on=keys, how="inner", nulls_equal=True
    )
    unknown = deletes.join(open_rows, on=keys, how="anti", nulls_equal=True)
    absent = _absent(feed, present, open_rows, scopes, keys)
    stays = feed.absence == "keep"
    kept = absent if stays else absent.clear()
    gone = absent.clear() if stays else absent
    op = pl.lit(CLOSE if feed.absence == "close" else DELETE).alias("_op")
    place = (pl.lit(0, pl.Int64).alias("_line"), pl.lit(None, pl.String).alias("_file"))
    columns = ["institution_code", *data, "_op", "_line", "_file"]
    log = pl.concat(
        [
            changed.with_columns(pl.lit(UPSERT).alias("_op")).select(columns),
            ended.with_columns(op).select(columns),
            gone.with_columns(op, *place).select(columns),
        ]
    )
    beside = _beside(feed, pl.concat([ended, gone], how="diagonal"), in_force)
    now = upserts.select("institution_code", *data, is_closed=pl.lit(value=False))
    after = pl.concat(
        [now, beside.join(upserts.select(keys), on=keys, how="anti", nulls_equal=True)]
    )
    return Effect(
        log=log,
        kept=kept,
        unknown=unknown.select("institution_code", "_row"),
        after=after,
        beside=beside,
    )


def _changed(
    feed: Feed, upserts: pl.DataFrame, in_force: pl.DataFrame, keys: list[str]
) -> pl.DataFrame:
    """Rows that are new, differ in content, or open a closed row again."""
    if in_force.is_empty():
        return upserts
    content = [c.name for c in feed.data_columns if c.name not in _NOT_CONTENT]
    before = in_force.select(
        *keys, "is_closed", _before=in_force.select(content).hash_rows()
    )
    compared = upserts.with_columns(_now=upserts.select(content).hash_rows()).join(
        before, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    same = pl.col("_now").eq(pl.col("_before")) & ~pl.col("is_closed")
    return compared.filter(~same.fill_null(value=False)).select(upserts.columns)


def _absent(
    feed: Feed,
    present: pl.DataFrame,
    open_rows: pl.DataFrame,
    scopes: pl.DataFrame,
    keys: list[str],
) -> pl.DataFrame:
    """Rows in force that a snapshot speaks for and does not hold."""
    told = spoken_for(feed, open_rows, scopes.filter(~pl.col("unkeyed")))
    return told.join(present.select(keys), on=keys, how="anti", nulls_equal=True)


def spoken_for(feed: Feed, rows: pl.DataFrame, scopes: pl.DataFrame) -> pl.DataFrame:
    """The rows a snapshot speaks for: all of a full one's, a windowed one's terms.

    A delta speaks for nothing, nor does a window for feeds without terms.

    Args:
        feed: The contract.
        rows: Any rows of the feed with ``institution_code``.
        scopes: As for ``effect``.
    """
    full = scopes.filter(pl.col("scope_kind") == "full")
    whole = rows.join(full, on="institution_code", how="semi")
    if not feed.has_term:
        return whole
    windows = (
        scopes.filter(pl.col("scope_kind") == "terms")
        .select("institution_code", term_code="terms")
        .explode("term_code")
    )
    on = ["institution_code", "term_code"]
    return pl.concat([whole, rows.join(windows, on=on, how="semi")])


def _beside(feed: Feed, ended: pl.DataFrame, in_force: pl.DataFrame) -> pl.DataFrame:
    """What was in force, without the rows that end; closed ones say so."""
    keys = key_columns(feed)
    columns = ["institution_code", *(c.name for c in feed.data_columns), "is_closed"]
    before = in_force.select(columns)
    if ended.is_empty():
        return before
    if feed.absence != "close":
        return before.join(ended.select(keys), on=keys, how="anti", nulls_equal=True)
    ends = ended.select(keys).with_columns(_ends=pl.lit(value=True))
    joined = before.join(ends, on=keys, how="left", nulls_equal=True)
    closed = pl.col("is_closed") | pl.col("_ends").fill_null(value=False)
    return joined.with_columns(is_closed=closed).drop("_ends")


def unkeyed(feed: Feed, typed: pl.DataFrame, bad: pl.DataFrame) -> pl.Series:
    """Senders with a row whose key cannot be told, so that absence proves nothing."""
    missing = typed.filter(
        pl.any_horizontal(pl.col(name).is_null() for name in required_key(feed))
    )
    senders = pl.concat([missing["institution_code"], bad["institution_code"]])
    return senders.unique()
