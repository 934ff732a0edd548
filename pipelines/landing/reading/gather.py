"""Files of one feed, of all colleges of a wave, as one frame of clean strings.

Belongs here: the columns that say whose row it is. Does not belong here: what
trimming and types mean (``pipelines.contracts.polars``), and edits (``judge``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from pipelines.contracts.model import Feed
from pipelines.contracts.polars import normalise
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.reading.drift import EXTENSION_ROWS, extension_rows
from pipelines.landing.reading.read import ReadFile

BAD_SCHEMA = {
    "institution_code": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "edit_id": pl.String,
    "value": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True)
class Gathered:
    """All rows of one feed in a wave.

    Attributes:
        raw: ``_row`` (UInt32, unique), ``institution_code``, ``system``, ``as_of``
            (Date, the college's own), ``_file``, ``_line`` (Int64) and the contract
            columns as String.
        bad: Records that are not rows: institution_code, file, line, edit_id, value,
            raw.
        extension: What ``x_`` columns hold, as in ``drift.EXTENSION_ROWS``.
    """

    raw: pl.DataFrame
    bad: pl.DataFrame
    extension: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=EXTENSION_ROWS)
    )


def gather(feed: Feed, parts: Sequence[tuple[Parcel, ReadFile]]) -> Gathered:
    """Put the files of one feed together.

    Args:
        feed: The contract.
        parts: One file a college.
    """
    raw = pl.concat(
        (_owned(read.frame, parcel) for parcel, read in parts), how="diagonal"
    )
    bad = pl.concat(
        read.bad.with_columns(
            pl.lit(parcel.institution_code).alias("institution_code")
        ).select(*BAD_SCHEMA)
        for parcel, read in parts
    )
    rows = normalise(feed, raw).rename({"_sender": "institution_code"})
    return Gathered(
        rows.with_row_index("_row"),
        bad,
        pl.concat([pl.DataFrame(schema=EXTENSION_ROWS), *_extensions(feed, parts)]),
    )


def _extensions(
    feed: Feed, parts: Sequence[tuple[Parcel, ReadFile]]
) -> Iterator[pl.DataFrame]:
    for parcel, read in parts:
        if read.extension is not None:
            yield extension_rows(feed, read.frame, read.extension).select(
                pl.lit(parcel.institution_code).alias("institution_code"),
                pl.lit(parcel.manifest.package_id).alias("package_id"),
                "line",
                "key_json",
                "name",
                "value",
            )


def _owned(frame: pl.DataFrame, parcel: Parcel) -> pl.DataFrame:
    # equivalency has a column institution_code of its own, so ours is added later.
    return frame.with_columns(
        _sender=pl.lit(parcel.institution_code),
        system=pl.lit(parcel.sender.system),
        as_of=pl.lit(parcel.as_of_date, pl.Date),
    )
