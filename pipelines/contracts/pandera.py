"""A feed as pandera schemas; the name of a check is the id of its edit.

Belongs here: column edits (on the strings of a file) and row edits (on typed values).
Does not belong here: edits that look at other rows (``landing.judging.judge``).

Validate eager frames only: of a ``LazyFrame`` pandera checks no more than the types.
Every check hangs on one column, so that a failure case is one value and not a row of
personal data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from pipelines.contracts.model import CodeList, Column, Edit, Feed
from pipelines.contracts.polars import fits

ROW = "_row"


@dataclass(frozen=True)
class Checked:
    """A schema, and the condition of each of its checks by edit id."""

    schema: pa.DataFrameSchema
    passes: Mapping[str, pl.Expr]

    def broken_by(self, frame: pl.DataFrame) -> pa.DataFrameSchema | None:
        """The part of the schema that has something to say about a frame.

        Pandera takes 3 ms a check however few the rows; all conditions in one pass of
        Polars take as much together, and most hold for every row.

        Returns:
            The columns and checks that fail, None if all hold, and the whole schema
            for a frame that does not fit it, so that pandera says what is amiss.
        """
        for name, column in self.schema.columns.items():
            if name not in frame.columns:
                return self.schema
            if column.dtype is not None and column.dtype.type != frame.schema[name]:
                return self.schema
            if not column.nullable and frame[name].null_count():
                return self.schema
        try:
            held = frame.select(p.all().alias(i) for i, p in self.passes.items())
        except pl.exceptions.PolarsError:
            return self.schema
        failing = {edit_id for edit_id in held.columns if not held[edit_id].item()}
        if not failing:
            return None
        columns = {}
        for name, column in self.schema.columns.items():
            checks = [check for check in column.checks if check.name in failing]
            if checks:
                columns[name] = pa.Column(
                    column.dtype, checks=checks, nullable=column.nullable
                )
        return pa.DataFrameSchema(columns)


class _Schemas:
    """Schemas by the objects they were made from: making all of them takes 0.4 s.

    The objects are kept with the schema, so that no other can come to have their id.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._made: dict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = {}

    def of(self, make: Callable[..., Checked], *parts: Any) -> Checked:
        key = (id(make), *map(id, parts))
        if key not in self._made:
            if len(self._made) >= self._limit:
                self._made.pop(next(iter(self._made)))
            self._made[key] = (parts, make(*parts))
        return self._made[key][1]


_SCHEMAS = _Schemas(limit=512)


def column_schema(feed: Feed, codes: dict[str, CodeList]) -> Checked:
    """REQUIRED, TYPE, LENGTH and CODE of every column, over normalised strings.

    The frame also needs ``as_of`` (Date): a code may have dates of its own.
    """
    return _SCHEMAS.of(_column_schema, feed, codes)


def row_schema(feed: Feed) -> Checked:
    """The row edits over typed values; each hangs on ``_row``, so failures name it.

    The frame also needs ``as_of`` (Date), ``system`` and ``institution_code``.
    """
    return _SCHEMAS.of(_row_schema, feed)


def _column_schema(feed: Feed, codes: dict[str, CodeList]) -> Checked:
    checks: dict[str, list[pa.Check]] = {}
    passes: dict[str, pl.Expr] = {}
    for edit in feed.edits_of("column"):
        column = feed.column(edit.columns[0])
        passes[edit.id] = _passes(_column_condition(edit, column, codes))
        check = _check(edit.id, passes[edit.id])
        checks.setdefault(column.name, []).append(check)
    columns = {
        name: pa.Column(pl.String, checks=tests, nullable=True)
        for name, tests in checks.items()
    }
    return Checked(pa.DataFrameSchema(columns), passes)


def _row_schema(feed: Feed) -> Checked:
    passes = {
        edit.id: _passes(pl.sql_expr(edit.condition or "TRUE"))
        for edit in feed.edits_of("row")
    }
    tests = [_check(edit_id, holds) for edit_id, holds in passes.items()]
    rows = pa.DataFrameSchema({ROW: pa.Column(checks=tests, nullable=False)})
    return Checked(rows, passes)


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


def _passes(holds: pl.Expr) -> pl.Expr:
    # A null passes here whatever pandera's ignore_na does: SQL's null logic decides.
    return holds.fill_null(value=True)


def _check(edit_id: str, passes: pl.Expr) -> pa.Check:
    return pa.Check(_select(passes), name=edit_id, ignore_na=False)


def _select(passes: pl.Expr) -> Callable[[PolarsData], pl.LazyFrame]:
    def test(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(passes)

    return test
