"""The sheets a clerk filters: one CSV, one workbook.

Belongs here: cells. A value never becomes a formula: in the CSV it is quoted, in the
workbook every cell of text is written as text. Does not belong here: what is in them.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from pipelines.landing.limits import WORKBOOK_FINDINGS
from pipelines.returns.listing import COLUMNS, RESOLVED
from pipelines.returns.text import guarded, visible
from pipelines.returns.words import EFFECT, STATE

_TEXTS = ("file", "column", "key", "value", "expected", "message", "remedy")
_WIDTHS = {
    "edit_id": 22,
    "severity": 9,
    "effect": 18,
    "state": 11,
    "feed": 18,
    "file": 22,
    "line": 8,
    "column": 20,
    "key": 34,
    "value": 26,
    "expected": 40,
    "message": 50,
    "remedy": 50,
    "title": 60,
}
_SHEET_COLUMNS = tuple(name for name in COLUMNS if name != "institution_code")
_FILE_COLUMNS = (
    "feed",
    "name",
    "verdict",
    "rows_read",
    "loaded",
    "collapsed",
    "quarantined",
    "released",
    "changed",
    "removed",
    "rejudged",
)
_SOURCE_COLUMNS = ("table", "file", "rows_read", "used", "set_aside_rows", "unreadable")
_QUALITY_COLUMNS = (
    "rule",
    "expects",
    "credentials",
    "lacking",
    "remedy",
    "source",
)
_EDIT_COLUMNS = (
    "edit_id",
    "severity",
    "effect",
    "feed",
    "count",
    "new",
    "persisting",
    "resolved",
    "title",
    "remedy",
)


def csv_bytes(listing: pl.DataFrame) -> bytes:
    """Every finding, UTF-8, LF, header first; no cell is run as a formula."""
    if listing.is_empty():
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(COLUMNS)
        return buffer.getvalue().encode()
    safe = listing.with_columns(visible(name) for name in _TEXTS)
    safe = safe.with_columns(guarded(name) for name in _TEXTS)
    return safe.select(COLUMNS).write_csv(line_terminator="\n").encode()


def workbook_bytes(
    summary: dict[str, Any], listing: pl.DataFrame, mended: pl.DataFrame
) -> bytes:
    """Summary, Findings, Counts, Edits, and Resolved where anything is.

    Args:
        summary: ``summary.summarise``.
        listing: ``listing.listed``; the first ``WORKBOOK_FINDINGS`` are written.
        mended: ``listing.resolved``.
    """
    # Cells of text stay text: "=1+1" is three characters and an equals sign.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": False,
    }
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, options) as book:
        # The same findings give the same bytes.
        book.set_properties(
            {
                "title": "Return file",
                "created": summary["landed_at"].replace(tzinfo=None),
            }
        )
        _summary_sheet(book, summary, listing.height)
        first = listing.head(WORKBOOK_FINDINGS).with_columns(
            *(visible(name) for name in _TEXTS),
            pl.col("effect").replace(EFFECT),
            pl.col("state").replace(STATE),
        )
        _table(book, "Findings", _SHEET_COLUMNS, first.select(_SHEET_COLUMNS).rows())
        _table(book, "Counts", _FILE_COLUMNS, _values(summary["files"], _FILE_COLUMNS))
        if summary["sources"]:
            rows = _values(summary["sources"], _SOURCE_COLUMNS)
            _table(book, "Source tables", _SOURCE_COLUMNS, rows)
        edits = [{**e, "effect": EFFECT.get(e["effect"])} for e in summary["edits"]]
        _table(book, "Edits", _EDIT_COLUMNS, _values(edits, _EDIT_COLUMNS))
        quality = summary["credentials"]
        if quality:
            rows = _values(quality["lacking"], _QUALITY_COLUMNS)
            _table(book, "Published credentials", _QUALITY_COLUMNS, rows)
        if mended.height:
            gone = mended.head(WORKBOOK_FINDINGS).with_columns(visible("key"))
            _table(book, "Resolved", RESOLVED, gone.select(RESOLVED).rows())
    return content.getvalue()


def _values(
    entries: Iterable[dict[str, Any]], columns: Sequence[str]
) -> Iterable[tuple[Any, ...]]:
    return (tuple(entry.get(name) for name in columns) for entry in entries)


def _summary_sheet(book: Workbook, summary: dict[str, Any], findings: int) -> None:
    sheet = book.add_worksheet("Summary")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    counts = summary["counts"]
    compared = summary["compared_with"]
    decided = summary["decision"]
    lines = [
        ("College", summary["institution_name"] or summary["institution_code"]),
        ("Package", summary["package_id"]),
        ("Delivered", summary["delivery"]),
        ("Data as of", _instant(summary["as_of"])),
        ("Verdict", summary["verdict_in_words"]),
        *([("Decision", decided["in_words"])] if decided else []),
        ("What it means", summary["meaning"]),
        ("What to do next", summary["next_step"]),
        ("Rows read", counts["rows_read"]),
        ("Loaded", counts["loaded"]),
        ("Collapsed", counts["collapsed"]),
        ("Quarantined", counts["quarantined"]),
        ("Findings", counts["findings"]),
        ("New", counts["new"]),
        ("Still open", counts["persisting"]),
        ("Resolved", counts["resolved"]),
        *_quality_lines(summary["credentials"]),
        ("Compared with", f"package of {compared['delivery']}" if compared else "-"),
    ]
    if findings > WORKBOOK_FINDINGS:
        note = (
            f"The sheet Findings has the first {WORKBOOK_FINDINGS:,} of {findings:,}; "
            "the CSV beside this workbook has all."
        )
        lines.append(("Note", note))
    for at, (name, value) in enumerate(lines):
        sheet.write_string(at, 0, name, bold)
        _write(sheet, at, 1, value, wrapped)


def _quality_lines(quality: dict[str, Any] | None) -> list[tuple[str, Any]]:
    if quality is None:
        return []
    told = (
        f"{quality['mean_score']} of 100 on average over "
        f"{quality['credentials']:,} of snapshot {quality['snapshot']}"
    )
    return [("Published credentials", told)]


def _table(
    book: Workbook,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """One sheet: a header that stays, and a filter over all rows."""
    sheet = book.add_worksheet(name)
    header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    for at, column in enumerate(columns):
        sheet.set_column(at, at, _WIDTHS.get(column, 14))
        sheet.write_string(0, at, column, header)
    sheet.freeze_panes(1, 0)
    last = 0
    for last, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            _write(sheet, last, at, value)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def _write(sheet: Worksheet, row: int, column: int, value: Any, *form: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        sheet.write_string(row, column, str(value), *form)
    else:
        sheet.write_number(row, column, value, *form)


def _instant(value: Any) -> str:
    return value.isoformat(sep=" ", timespec="minutes") if value else "-"
