"""The worklist as one CSV and one workbook that a steward fills in.

Belongs here: cells, the list to choose a decision from, what is locked. Does not belong
here: reading them back (``filled``).
"""

from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from pipelines.identity.review.words import (
    ANSWER,
    DECISIONS,
    SEVERITY,
    SEVERITY_MEANING,
    Answer,
)
from pipelines.identity.review.worklist import COLUMNS, FILL_IN
from pipelines.returns.text import guarded, visible

SHEET = "Worklist"
_HEADER = (*COLUMNS, *FILL_IN)
_TEXTS = tuple(c for c in COLUMNS if c not in ("no", "score"))
_WIDTHS = {
    "no": 6,
    "task_id": 28,
    "severity": 22,
    "answer": 10,
    "score": 10,
    "a_student_id": 14,
    "b_student_id": 14,
    "a_name": 28,
    "b_name": 28,
    "a_learner_id": 38,
    "b_learner_id": 38,
    "proposed_by": 22,
    "reasons": 70,
    "decision": 12,
    "reason": 50,
    "decided_by": 22,
}
_HELP = (
    "One row is one question: are these two students one person? The page beside this "
    "workbook shows both records. Choose same, different or unsure in the column "
    "decision; unsure and empty leave the question open. A decision needs a reason and "
    "a name; both can also be given to the command for all rows. Then: lrw identity "
    "decide FILE --by NAME. A decision outranks the model for ever."
)


def sheet_rows(tasks: pl.DataFrame) -> pl.DataFrame:
    """The columns of the sheets as text and numbers, still without guards."""
    return tasks.select(
        *(c for c in COLUMNS if c not in ("severity", "reasons", "score")),
        pl.col("score").round(6),
        pl.col("severity_rank")
        .replace_strict(SEVERITY, return_dtype=pl.String)
        .alias("severity"),
        pl.col("reasons")
        .list.eval(pl.element().str.strip_chars_end("."))
        .list.join("; "),
    ).select(COLUMNS)


def csv_bytes(tasks: pl.DataFrame) -> bytes:
    """Every task, UTF-8, LF, header first; no cell is run as a formula."""
    rows = sheet_rows(tasks).with_columns(visible(name) for name in _TEXTS)
    rows = rows.with_columns(guarded(name) for name in _TEXTS)
    rows = rows.with_columns(pl.lit("").alias(name) for name in FILL_IN)
    # With a byte order mark: Excel takes a CSV without one for a code page.
    text = rows.select(_HEADER).write_csv(line_terminator="\n", include_bom=True)
    return text.encode()


def write_workbook(path: Path, tasks: pl.DataFrame) -> None:
    """The worklist with a list to choose from, and a sheet that explains it.

    Args:
        path: The file; it is overwritten.
        tasks: ``Worklist.tasks``.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    rows = sheet_rows(tasks).with_columns(visible(name) for name in _TEXTS).rows()
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": "Identity review worklist"})
        sheet = book.add_worksheet(SHEET)
        header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        asked = book.add_format({"bold": True, "bottom": 1, "bg_color": "#FDF3D9"})
        text = book.add_format({"num_format": "@", "valign": "top"})
        long = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        for at, name in enumerate(_HEADER):
            # Columns of text are text: a cell typed over keeps its leading zeros.
            kind = long if name in ("reasons", "reason") else text
            typed = None if name in ("no", "score") else kind
            sheet.set_column(at, at, _WIDTHS.get(name, 14), typed)
            sheet.write_string(0, at, name, asked if name in FILL_IN else header)
        for line, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                form = long if _HEADER[at] == "reasons" else text
                _write(sheet, line, at, value, form)
        if rows:
            _choices(sheet, len(rows))
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(rows), len(_HEADER) - 1)
        _explained(book)


def _choices(sheet: Any, rows: int) -> None:
    at = _HEADER.index("decision")
    sheet.data_validation(
        1,
        at,
        rows,
        at,
        {
            "validate": "list",
            "source": list(DECISIONS),
            "ignore_blank": True,
            "error_title": "same, different or unsure",
            "error_message": "Choose same, different or unsure; empty leaves it open.",
        },
    )


def _write(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None:
        return
    if isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(value), form)


def _explained(book: Any) -> None:
    sheet = book.add_worksheet("What to do")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    lines = [("What to do", _HELP)]
    lines += [(SEVERITY[rank], SEVERITY_MEANING[rank]) for rank in SEVERITY]
    shown = (Answer.POSSIBLE, Answer.TOO_MANY)
    lines += [(answer.value, ANSWER[answer]) for answer in shown]
    for at, (name, value) in enumerate(lines):
        sheet.write_string(at, 0, name, bold)
        sheet.write_string(at, 1, value, wrapped)
