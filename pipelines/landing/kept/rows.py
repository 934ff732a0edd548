"""Rows as they are written: the change log with its lineage, and quarantine.

Belongs here: which package, file and line a row names. Does not belong here: what
changed (``semantics``) or where files lie (``store``).
"""

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from pipelines.contracts.model import Feed
from pipelines.landing.judging.redact import has_restricted, masked
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.reading.gather import Gathered

_META: dict[str, Any] = {
    "institution_code": pl.String,
    "_package_id": pl.String,
    "_package_seq": pl.Int64,
    "_as_of": pl.Datetime("us", "UTC"),
}


class QuarantinedFeed(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    gathered: Gathered
    quarantined: pl.DataFrame


def with_lineage(
    feed: Feed, log: pl.DataFrame, live: Mapping[str, Parcel]
) -> pl.DataFrame:
    """Say of each changed row which package and file it came with.

    Args:
        feed: The contract.
        log: institution_code, data columns, ``_op``, ``_line``, ``_file``.
        live: The packages of the wave by sender.

    Returns:
        Everything ``landing_schema`` has except ``_wave_id``; a row that ended by
        absence names no file.
    """
    return (
        log.rename({"_file": "_file_name"})
        .join(_meta(live), on="institution_code", how="left")
        .join(_hashes(live), on=["institution_code", "_file_name"], how="left")
        .with_columns(_contract_version=pl.lit(feed.version))
    )


def released_log(
    feed: Feed, passed: pl.DataFrame, live: Mapping[str, Parcel]
) -> pl.DataFrame:
    """Released rows as changes of tonight's package, by the file they were sent in."""
    data = [column.name for column in feed.data_columns]
    log = passed.select(
        "institution_code", *data, "_op", "_line", "_file", "_origin_sha256"
    )
    named = with_lineage(feed, log, live).with_columns(_file_sha256="_origin_sha256")
    return named.drop("_origin_sha256")


def quarantine_rows(mine: QuarantinedFeed, live: Mapping[str, Parcel]) -> pl.DataFrame:
    """Quarantined rows as they are kept, restricted values masked.

    Returns:
        The columns of ``store.QUARANTINE_SCHEMA`` except ``wave_id``.
    """
    feed = mine.feed
    names = [column.name for column in feed.columns]
    rows = (
        mine.gathered.raw.join(mine.quarantined, on="_row")
        .with_columns(masked(feed, name) for name in names)
        .select(
            "institution_code",
            pl.col("_file").alias("file_name"),
            pl.col("_line").alias("line"),
            "edit_ids",
            row_json=pl.struct(names).struct.json_encode(),
        )
    )
    bad = mine.gathered.bad.group_by("institution_code", "file", "line").agg(
        edit_ids=pl.col("edit_id").unique().sort(), raw=pl.col("raw").first()
    )
    raw = pl.col("raw")
    if has_restricted(feed):
        # Which field is which cannot be told in a record that is no row.
        raw = raw.str.replace_all(r"\d", "#")
    bad = bad.select(
        "institution_code",
        pl.col("file").alias("file_name"),
        "line",
        "edit_ids",
        row_json=pl.struct(_raw=raw).struct.json_encode(),
    )
    meta = _meta(live).select(
        "institution_code",
        package_id="_package_id",
        package_seq="_package_seq",
    )
    return (
        pl.concat([rows, bad])
        .join(meta, on="institution_code", how="left")
        .with_columns(sent_package_id="package_id", rejudged=pl.lit(value=False))
    )


def _hashes(live: Mapping[str, Parcel]) -> pl.DataFrame:
    """The SHA-256 of every file of the wave."""
    return pl.DataFrame(
        [
            (code, declared.name, declared.sha256.lower())
            for code, parcel in live.items()
            for declared in parcel.manifest.files
        ],
        schema=dict.fromkeys(
            ["institution_code", "_file_name", "_file_sha256"], pl.String
        ),
        orient="row",
    )


def _meta(live: Mapping[str, Parcel]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "institution_code": code,
                "_package_id": parcel.manifest.package_id,
                "_package_seq": parcel.package_seq,
                "_as_of": parcel.manifest.as_of,
            }
            for code, parcel in live.items()
        ],
        schema=_META,
    )
