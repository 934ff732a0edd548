"""Instants before the first night, for what happened earlier.

Belongs here: that one conversion. Does not belong here: which minutes (``Draw``).
"""

from datetime import UTC as UTC_ZONE
from datetime import date, datetime, time

import polars as pl


def before(start: date, minutes: pl.Expr) -> pl.Expr:
    """An instant ``minutes`` before midnight UTC of the first night's date."""
    midnight = datetime.combine(start, time(), UTC_ZONE)
    return (pl.lit(midnight) - pl.duration(minutes=minutes)).cast(
        pl.Datetime("us", "UTC")
    )
