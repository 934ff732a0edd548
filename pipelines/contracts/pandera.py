"""A feed as pandera schemas; the name of a check is the id of its edit.

Belongs here: column edits (on the strings of a file) and row edits (on typed values).
Does not belong here: edits that look at other rows (``landing.judging.judge``).

Validate eager frames only: of a ``LazyFrame`` pandera checks no more than the types.
Every check hangs on one column, so that a failure case is one value and not a row of
personal data.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from pipelines.contracts.model import CodeList, Column, Edit, Feed
from pipelines.contracts.polars import fits

ROW = "_row"


class _Schemas:
    """Schemas by the objects they were made from: making all of them takes 0.4 s.

    The objects are kept with the schema, so that no other can come to have their id.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._made: dict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = {}

    def of(
        self, make: Callable[..., pa.DataFrameSchema], *parts: Any
    ) -> pa.DataFrameSchema:
        key = (id(make), *map(id, parts))
        if key not in self._made:
            if len(self._made) >= self._limit:
                self._made.pop(next(iter(self._made)))
            self._made[key] = (parts, make(*parts))
        return self._made[key][1]


_SCHEMAS = _Schemas(limit=512)


def column_schema(feed: Feed, codes: dict[str, CodeList]) -> pa.DataFrameSchema:
    """REQUIRED, TYPE, LENGTH and CODE of every column, over normalised strings.

    The frame also needs ``as_of`` (Date): a code may have dates of its own.
    """
    return _SCHEMAS.of(_column_schema, feed, codes)


def row_schema(feed: Feed) -> pa.DataFrameSchema:
    """The row edits over typed values; each hangs on ``_row``, so failures name it.

    The frame also needs ``as_of`` (Date), ``system`` and ``institution_code``.
    """
    return _SCHEMAS.of(_row_schema, feed)


def _column_schema(feed: Feed, codes: dict[str, CodeList]) -> pa.DataFrameSchema:
    checks: dict[str, list[pa.Check]] = {}
    for edit in feed.edits_of("column"):
        column = feed.column(edit.columns[0])
        holds = _column_condition(edit, column, codes)
        checks.setdefault(column.name, []).append(_check(edit.id, holds))
    return pa.DataFrameSchema(
        {
            name: pa.Column(pl.String, checks=tests, nullable=True)
            for name, tests in checks.items()
        }
    )


def _row_schema(feed: Feed) -> pa.DataFrameSchema:
    tests = [
        _check(edit.id, pl.sql_expr(edit.condition or "TRUE"))
        for edit in feed.edits_of("row")
    ]
    return pa.DataFrameSchema({ROW: pa.Column(checks=tests, nullable=False)})


@lru_cache(maxsize=256)
def _allowed(code_list: CodeList) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes without dates, and codes with."""
    dated = {c.code for c in code_list.values.values() if c.valid_from or c.valid_to}
    return (
        tuple(code for code in code_list.codes if code not in dated),
        tuple(code for code in code_list.codes if code in dated),
    )


def _column_condition(
    edit: Edit, column: Column, codes: dict[str, CodeList]
) -> pl.Expr:
    value = pl.col(column.name)
    suffix = edit.id.rsplit("-", 1)[1]
    if suffix == "REQUIRED":
        return value.is_not_null()
    if suffix == "LENGTH":
        return value.str.len_chars() <= (column.type.length or 0)
    if suffix == "TYPE":
        return fits(column)
    code_list = codes[column.type.code_list or ""]
    always, dated = _allowed(code_list)
    holds = value.is_in(always)
    for code in dated:
        meaning = code_list.values[code]
        within = value == code
        if meaning.valid_from:
            within = within & (pl.col("as_of") >= meaning.valid_from)
        if meaning.valid_to:
            within = within & (pl.col("as_of") <= meaning.valid_to)
        holds = holds | within
    return holds


def _check(edit_id: str, holds: pl.Expr) -> pa.Check:
    # A null passes here whatever pandera's ignore_na does: SQL's null logic decides.
    passes = holds.fill_null(value=True)
    return pa.Check(_select(passes), name=edit_id, ignore_na=False)


def _select(passes: pl.Expr) -> Callable[[PolarsData], pl.LazyFrame]:
    def test(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(passes)

    return test
