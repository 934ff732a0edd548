"""The small reference files a synthetic state is drawn from (``data/*.csv``).

Belongs here: reading them, once, with their types. Where they come from is said in
``data/README.md``. Does not belong here: institutions and code lists, which are
contracts.
"""

from functools import cache
from pathlib import Path

import polars as pl

_DATA = Path(__file__).parent / "data"

_NUMBERS = {
    "frequency": pl.Float64,
    "weight": pl.Float64,
    "rank": pl.Int64,
    "credit": pl.Float64,
    "required_credits": pl.Float64,
    "grade_points": pl.Float64,
    "population": pl.Int64,
    "postal_code_from": pl.Int64,
    "postal_code_to": pl.Int64,
}


@cache
def table(name: str) -> pl.DataFrame:
    """One reference file as text columns, its measures as numbers.

    Args:
        name: file name below ``data/`` without ``.csv``.
    """
    frame = pl.read_csv(_DATA / f"{name}.csv", infer_schema=False)
    return frame.with_columns(
        pl.col(column).cast(dtype)
        for column, dtype in _NUMBERS.items()
        if column in frame.columns
    )
