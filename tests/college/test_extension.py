"""What a college sends beside the contract can be read at the system office."""

import csv
import io
from typing import Any

from landing_warehouse import Warehouse
from lrw_calls import Lrw
from package_builder import college_state, csv_bytes, send

DAY, NEXT = "2026-09-01", "2026-09-02"


def _courses(**column: list[str]) -> bytes:
    """Two courses with columns of the college's own."""
    rows = list(csv.DictReader(io.StringIO(_plain().decode())))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], *column], lineterminator="\n")
    writer.writeheader()
    for at, row in enumerate(rows):
        writer.writerow(row | {name: values[at] for name, values in column.items()})
    return out.getvalue().encode()


def _plain() -> bytes:
    return csv_bytes("course", college_state()["course"])


def _land(warehouse: Warehouse, day: str, content: bytes) -> None:
    send(warehouse.inbox, "CACC", day, college_state(), files={"course": content})
    warehouse.land()


def _read(lrw: Lrw) -> list[tuple[Any, ...]]:
    rows = lrw.college("CACC", "extension", "COURSE", "--format", "json").json()
    return [(r["delivery"], r["line"], r["name"], r["value"]) for r in rows]


def test_the_newest_word_on_each_row_is_read(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, DAY, _courses(x_lms=["17", "18"], x_note=["old", ""]))
    _land(warehouse, NEXT, _courses(x_lms=["17", "19"]))

    assert _read(lrw) == [
        (NEXT, 2, "x_lms", "17"),
        (DAY, 2, "x_note", "old"),
        (NEXT, 3, "x_lms", "19"),
    ]
    text = lrw.college("CACC", "extension", "course").out
    assert '"course_number":"101"' in text
    rows = lrw.college("CACC", "extension", "course", "--format", "csv").out
    assert rows.startswith("delivery,package_id,line,key_json,name,value")


def test_where_nothing_was_sent_that_is_said(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, DAY, _plain())
    assert "sent no x_ columns" in lrw.college("CACC", "extension", "course").out
    wrong = lrw.college("CACC", "extension", "nothing")
    assert (wrong.code, wrong.line) == (2, "lrw: No feed has the name nothing.")
