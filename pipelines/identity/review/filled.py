"""A filled-in worklist read back: CSV or workbook to rows, and nothing else.

Belongs here: file formats and what office programs do to them. Does not belong here:
whether a row can be applied (``deciding``).
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from pipelines.errors import OperatorError, UsageError
from pipelines.identity.review.sheets import SHEET
from pipelines.identity.review.worklist import FILL_IN

IDS = ("a_institution_code", "a_student_id", "b_institution_code", "b_student_id")
"""Columns that say who a row is about; ``task_id`` alone is what names the pair."""

NEEDED = ("task_id", "decision")
MAX_BYTES = 64 << 20
MAX_UNPACKED = 512 << 20
MAX_ROWS = 1_000_000


@dataclass(frozen=True)
class Filled:
    """One row as it was filled in, trimmed.

    Attributes:
        row: Its number as a spreadsheet shows it; the header is row 1.
        by: The column ``decided_by``.
        ids: Of ``IDS`` what the row gives, by column.
    """

    row: int
    task_id: str
    decision: str
    reason: str
    by: str
    ids: Mapping[str, str] = field(default_factory=dict)


def read_filled(path: Path) -> list[Filled]:
    """The rows of a worklist that came back; rows without a task id are left out.

    Args:
        path: ``.csv`` (comma, semicolon or tab; UTF-8, or as Excel for Windows saves
            it) or ``.xlsx``. Columns are found by their names, whatever their order;
            others are ignored.

    Raises:
        UsageError: It is neither.
        OperatorError: It cannot be read, or a needed column is missing.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise UsageError(f"{path.name} is no worklist: give a .csv or .xlsx file.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from None
    if size > MAX_BYTES:
        raise OperatorError(f"{path.name} is larger than any worklist.")
    table = _workbook(path) if kind == ".xlsx" else _csv(path)
    return list(_rows(path, table))


def _rows(path: Path, table: Iterable[Sequence[Any]]) -> Iterator[Filled]:
    lines = iter(table)
    header = [_text(cell).casefold() for cell in next(lines, ())]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise OperatorError(
            f"{path.name} has no column {' and no column '.join(missing)}: "
            "the first row must be that of the worklist."
        )
    wanted = dict.fromkeys((*NEEDED, *FILL_IN, *IDS))
    twice = [name for name in wanted if header.count(name) > 1]
    if twice:
        message = f"{path.name} has the column {twice[0]} twice; remove one."
        raise OperatorError(message)
    places = {name: header.index(name) for name in wanted if name in header}
    for number, line in enumerate(lines, start=2):
        if number > MAX_ROWS:
            raise OperatorError(f"{path.name} is longer than any worklist.")
        cells = {
            name: _text(line[at]) if at < len(line) else ""
            for name, at in places.items()
        }
        if any(cells.get(name) for name in (*NEEDED, *FILL_IN)):
            yield Filled(
                number,
                cells["task_id"],
                cells["decision"].casefold(),
                cells.get("reason", ""),
                cells.get("decided_by", ""),
                {name: cells[name] for name in IDS if cells.get(name)},
            )


def _text(cell: object) -> str:
    """A cell as text, without the guard against formulas that a CSV was sent with."""
    text = "" if cell is None else str(cell).strip()
    return text[1:].strip() if text[:1] == "'" and text[1:2] in "=+-@＝＋－＠" else text


def _csv(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise OperatorError(f"{path.name} is no CSV: {error}.") from None


def _workbook(path: Path) -> list[tuple[Any, ...]]:
    if _unpacked(path) > MAX_UNPACKED:
        raise OperatorError(f"{path.name} is larger than any worklist.")
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            names = book.sheetnames
            sheet = book[SHEET if SHEET in names else names[0]]
            return list(sheet.iter_rows(values_only=True))
        finally:
            book.close()
    # What a broken workbook makes openpyxl raise has no common base.
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        SyntaxError,
        OSError,
    ):
        raise _broken(path) from None


def _unpacked(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as packed:
            return sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, OSError):
        raise _broken(path) from None


def _broken(path: Path) -> OperatorError:
    return OperatorError(f"{path.name} cannot be read as a workbook; save it again.")
