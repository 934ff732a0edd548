"""Files of one feed, of all colleges of a wave, as one frame of clean strings.

Belongs here: the columns that say whose row it is. Does not belong here: what
trimming and types mean (``pipelines.contracts.polars``), and edits (``judge``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.contracts.model import Feed
from pipelines.contracts.polars import normalise
from pipelines.landing.parcel import Parcel
from pipelines.landing.read import ReadFile

BAD_SCHEMA = {
    "institution_code": pl.String,
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
            (Date, the college's own), ``_line`` (Int64) and the contract columns as
            String.
        bad: Records that are not rows: institution_code, line, edit_id, value, raw.
    """

    raw: pl.DataFrame
    bad: pl.DataFrame


def gather(feed: Feed, parts: Sequence[tuple[Parcel, ReadFile]]) -> Gathered:
    """Put the files of one feed together.

    Args:
        feed: The contract.
        parts: One file a college.
    """
    raw = pl.concat(_owned(read.frame, parcel) for parcel, read in parts)
    bad = pl.concat(
        read.bad.select(pl.lit(parcel.institution_code).alias("institution_code"), "*")
        for parcel, read in parts
    )
    rows = normalise(feed, raw).rename({"_sender": "institution_code"})
    return Gathered(rows.with_row_index("_row"), bad.select(*BAD_SCHEMA))


def _owned(frame: pl.DataFrame, parcel: Parcel) -> pl.DataFrame:
    # equivalency has a column institution_code of its own, so ours is added later.
    return frame.with_columns(
        _sender=pl.lit(parcel.institution_code),
        system=pl.lit(parcel.sender.system),
        as_of=pl.lit(parcel.as_of_date, pl.Date),
    )
