"""The codes and dates of Banner, taken from what the dialect maps them to.

Belongs here: what the tables of people and of study both need. Does not belong here:
any table.
"""

from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts


def setting(name: str) -> dict[str, Any]:
    """A map of the dialect's settings."""
    return dict(load_contracts().dialects["banner"].settings[name])


def code(column: str, name: str) -> pl.Expr:
    """Banner's code of a value: the first that the dialect maps to it."""
    codes: dict[str, str] = {}
    for own, value in setting(name).items():
        codes.setdefault(str(value), str(own))
    return pl.col(column).replace(codes)


def day(column: str, *, year: str = "%y") -> pl.Expr:
    """``2024-09-03`` as Oracle prints it: ``03-SEP-24``."""
    text = pl.col(column).cast(pl.String)
    date = text.str.to_date("%Y-%m-%d", strict=False)
    return pl.coalesce(date.dt.strftime(f"%d-%b-{year}").str.to_uppercase(), text)


def number(column: str) -> pl.Expr:
    """``0.500`` as Oracle prints it: ``.5``; ``3.000`` as ``3``."""
    text = pl.col(column)
    short = (
        pl.when(text.str.contains(".", literal=True))
        .then(text.str.strip_chars_end("0").str.strip_chars_end("."))
        .otherwise(text)
    )
    bare = short.str.replace(r"^(-?)0\.", "${1}.")
    return pl.when(bare == "").then(pl.lit("0")).otherwise(bare)


def nothing() -> pl.Expr:
    """A column without values."""
    return pl.lit(None, pl.String)


def pidms(text: dict[str, pl.DataFrame] | Any) -> pl.DataFrame:
    """The PIDM of each student."""
    return text["person"].select("student_id", pidm="source_pk")
