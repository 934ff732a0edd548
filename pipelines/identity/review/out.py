"""The worklist as files for a steward: private, and never over one being filled in.

Belongs here: names, places and modes of the files. Does not belong here: what is in
them (``sheets``, ``page``).
"""

import os
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.errors import OperatorError
from pipelines.identity.review import sheets
from pipelines.identity.review.page import worklist_page
from pipelines.identity.review.worklist import Worklist, representations_of
from pipelines.settings import Home

CSV, WORKBOOK, PAGE = "worklist.csv", "worklist.xlsx", "worklist.html"


def default_folder(home: Home, made_on: date) -> Path:
    """``outbox/steward/<date>``, or the next free one: ``<date>-2``."""
    root = home.outbox / "steward"
    number = 1
    while True:
        folder = root / (f"{made_on}" if number == 1 else f"{made_on}-{number}")
        if not _has_worklist(folder):
            return folder
        number += 1


def write_worklist(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    found: Worklist,
    colleges: dict[str, str],
    made_on: date,
    college: str | None = None,
) -> list[Path]:
    """Write workbook, CSV and page; readable by their owner only.

    Args:
        con: Has ``representation``.
        folder: Made (mode 0700) when absent.
        found: The tasks.
        colleges: Names by code.
        made_on: The day on the page.
        college: The college the list is for, if for one.

    Raises:
        OperatorError: The folder has a worklist already, or cannot be written.
    """
    if _has_worklist(folder):
        raise OperatorError(
            f"{folder} has a worklist that somebody may be filling in; name another "
            "folder."
        )
    students = pl.concat(
        found.tasks.select(
            institution_code=f"{side}_institution_code", student_id=f"{side}_student_id"
        )
        for side in "ab"
    )
    records = representations_of(con, students)
    page = worklist_page(found, records, colleges, made_on, college)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = [_private(folder / name) for name in (WORKBOOK, CSV, PAGE)]
        sheets.write_workbook(paths[0], found.tasks)
        paths[1].write_bytes(sheets.csv_bytes(found.tasks))
        paths[2].write_text(page, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{folder} cannot be written: {error.strerror}.") from None
    return paths


def _has_worklist(folder: Path) -> bool:
    return any((folder / name).exists() for name in (CSV, WORKBOOK, PAGE))


def _private(path: Path) -> Path:
    """Make an empty file that nobody else may open; writing keeps its mode."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return path
