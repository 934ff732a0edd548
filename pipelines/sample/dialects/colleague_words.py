"""Codes, dates, keys and lists as Colleague writes them.

Belongs here: what several entities share. Does not belong here: an entity.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts

VALUE_MARK = "\u00fd"
DEGREES = ("AA", "AS", "AAS", "AAT")
Text = Mapping[str, pl.DataFrame]


def setting(name: str) -> dict[str, Any]:
    """A setting of the dialect as a map."""
    return dict(load_contracts().dialects["colleague"].settings[name])


def code_of(column: str, name: str) -> pl.Expr:
    """The system's code of a value: the first that the dialect maps to it."""
    codes: dict[str, str] = {}
    for code, value in setting(name).items():
        codes.setdefault(str(value), str(code))
    return pl.col(column).replace(codes)


def day_of(column: str, form: str = "%m/%d/%y") -> pl.Expr:
    """A date as MM/DD/YY, or as ``form`` says; anything else as it is."""
    day = pl.col(column).cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    return pl.coalesce(day.dt.strftime(form), pl.col(column).cast(pl.String))


def joined(*values: pl.Expr) -> list[pl.Expr]:
    """Lists of one key as one text, positions kept."""
    return [value.fill_null("").str.join(VALUE_MARK) for value in values]


def dates_of_terms(text: Text, column: str) -> dict[str, str]:
    """A date of each term by its code."""
    term = text["term"]
    return dict(zip(term["term_code"], term[column], strict=True))


def grade_ids(text: Text) -> pl.DataFrame:
    """The id of each grade of each mode in GRADES."""
    return (
        text["grade_scheme"]
        .select("grade_mode", "grade_local")
        .unique(maintain_order=True)
        .with_row_index("id", offset=1)
        .with_columns(pl.col("id").cast(pl.String))
    )


def section_id() -> pl.Expr:
    """The key of COURSE.SECTIONS."""
    return pl.concat_str("term_code", pl.lit("*"), "section_id")


def course_name() -> pl.Expr:
    """``MATH-108``."""
    return pl.concat_str("subject", pl.lit("-"), "course_number")
