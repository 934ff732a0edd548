"""The layouts of fixed-width files, as a college's profile gives them.

Belongs here: their shape and what would make one impossible. Does not belong here:
cutting a record by one (``fixed``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, get_args

Unit = Literal["bytes", "characters"]
NullRule = Literal["blank", "nines", "zeros"]

_DATES = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "YY": "%y"}


@dataclass(frozen=True)
class Field:
    """A stretch of a record, or a value that every record has.

    Attributes:
        start: Its first position, from 1; 0 for a constant.
        decimals: Digits behind the implied decimal point; None when it is text.
        date: A ``strptime`` format; None when it is no date.
        null: What means null besides blanks: all nines, or all zeros.
        codes: Codes of the layout's validation table, and what they are here.
    """

    column: str
    start: int = 0
    width: int = 0
    decimals: int | None = None
    date: str | None = None
    null: NullRule = "blank"
    codes: Mapping[str, str] = field(default_factory=dict)
    constant: str | None = None

    @property
    def stop(self) -> int:
        """The position behind its last."""
        return self.start + self.width


@dataclass(frozen=True)
class Trailer:
    """The last record of a file: how it begins, and where its count of records is."""

    begins: str
    count_start: int
    count_width: int


@dataclass(frozen=True)
class Layout:
    """One kind of record.

    Attributes:
        length: Of every record, without the line break.
        unit: What positions count where a character may be several bytes.
        trimmed: Whether blanks at the end of a record may be missing.
    """

    length: int
    fields: tuple[Field, ...]
    unit: Unit = "characters"
    trimmed: bool = False
    trailer: Trailer | None = None


def read_layout(item: Mapping[str, Any]) -> Layout:
    """A layout as a profile writes it.

    Raises:
        ValueError: It cannot be meant: fields overlap, lie outside the record or are
            given twice; every problem is named.
        KeyError: A length, a start or a width is missing.
    """
    given = dict(item)
    trailer = given.pop("trailer", None)
    layout = Layout(
        length=int(given.pop("length")),
        fields=tuple(_field(one) for one in given.pop("fields")),
        trailer=Trailer(**trailer) if trailer else None,
        **given,
    )
    problems = _problems(layout)
    if problems:
        raise ValueError("; ".join(problems))
    return layout


def layout_mistakes(
    layouts: Mapping[str, Any], tables: Mapping[str, Iterable[str]]
) -> list[str]:
    """What is wrong with the layouts of a profile.

    Args:
        layouts: By table, as the profile writes them.
        tables: The tables of the dialect ``fixed`` with their columns.

    Returns:
        One line a table that is unknown or has an impossible layout.
    """
    found = []
    for table, item in layouts.items():
        if table not in tables:
            found.append(f"layout {table}: there is no such table")
            continue
        try:
            columns = {one.column for one in read_layout(item).fields}
        except (ValueError, KeyError, TypeError) as error:
            found.append(f"layout {table}: {' '.join(str(error).split())}")
            continue
        found += [
            f"layout {table}: there is no column {name}"
            for name in sorted(columns - set(tables[table]))
        ]
    return found


def _field(item: Mapping[str, Any]) -> Field:
    given = dict(item)
    date = given.pop("date", None)
    codes = {str(k): str(v) for k, v in given.pop("codes", {}).items()}
    if "constant" in given:
        given["constant"] = str(given["constant"])
    elif not {"start", "width"} <= given.keys():
        raise KeyError(f"{given['column']}: start and width, or a constant")
    return Field(date=_strptime(date) if date else None, codes=codes, **given)


def _strptime(pattern: str) -> str:
    """``YYYYMMDD`` or ``MM/DD/YY`` as ``strptime`` has it."""
    for word, directive in _DATES.items():
        pattern = pattern.replace(word, directive, 1)
    return pattern


def _problems(layout: Layout) -> list[str]:
    found = []
    if layout.unit not in get_args(Unit):
        found.append(f"unit {layout.unit} is not known")
    columns = [one.column for one in layout.fields]
    found += [
        f"{name} is given twice"
        for name in sorted(set(columns))
        if columns.count(name) > 1
    ]
    placed = sorted(
        (one for one in layout.fields if one.constant is None), key=lambda f: f.start
    )
    for one in placed:
        if one.start < 1 or one.width < 1 or one.stop - 1 > layout.length:
            found.append(f"{one.column} lies outside the record")
        if one.null not in get_args(NullRule):
            found.append(f"{one.column}: null rule {one.null} is not known")
        if one.decimals is not None and not 0 <= one.decimals <= one.width:
            found.append(f"{one.column}: more decimals than digits")
    found += [
        f"{left.column} and {right.column} overlap"
        for left, right in pairwise(placed)
        if left.stop > right.start
    ]
    return found
