"""Good packages in the dialects of student systems, before a case harms a table.

Belongs here: the packages of a Banner, a Colleague, a fixed-width college and of one
that sends StudentTracker returns, and an independent count of a table's records. Does
not belong here: the cases (``corpus_dialects``), seeded damage (``mutate``).
"""

import csv
import io
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl
from hostile_package import Package, Table, experience
from package_builder import CONTRACTS, State, college_state, csv_bytes

from pipelines.sample.dialects import banner, writer
from pipelines.sample.dialects.fixed import plain_layouts

_LAYOUTS = plain_layouts(CONTRACTS)
# What the profile of a college that speaks it says.
PROFILES: Mapping[str, Mapping[str, Any]] = {
    "banner": {
        "dialect": "banner",
        "dialect_settings": {"banner": dict(banner.SETTINGS)},
    },
    "colleague": {"dialect": "colleague"},
    "fixed": {"dialect": "fixed", "layouts": _LAYOUTS},
    "nsc_studenttracker": {"also": ("nsc_studenttracker",)},
}


def speaking(dialect: str, students: int = 12) -> Package:
    """A good package of a dialect; feeds it does not carry stay generic files."""
    # The files of StudentTracker come from another system, and only where agreed.
    away = writer(dialect).carries | {"enrollment_elsewhere", "award_elsewhere"}
    state = {f: rows for f, rows in _state(students).items() if f not in away}
    package = Package(state=state)
    package.tables = dict(_tables(dialect, students))
    package.college = dict(PROFILES[dialect])
    return package


@cache
def _tables(dialect: str, students: int) -> Mapping[str, Table]:
    state = _state(students)
    text = {
        feed: pl.read_csv(
            io.BytesIO(csv_bytes(feed, state.get(feed, []))), infer_schema=False
        )
        for feed in CONTRACTS.feeds
    }
    profile = {"institution_code": "CACC", "layouts": _LAYOUTS}
    return {
        file.table: Table(dialect, file.name, file.rows, file.data, file.encoding)
        for file in writer(dialect).tables(text, profile)
    }


def _state(students: int) -> State:
    state = college_state(students)
    ids = [row["student_id"] for row in state["person"]]
    for index, row in enumerate(state["person"]):
        row["last_name"] = ("Núñez-O'Neal", "Strauß", "Lee")[index % 3]
    state["experience"] = [experience(one, index) for index, one in enumerate(ids)]
    state["enrollment_elsewhere"] = [
        {
            "student_id": student,
            "college_code": "001052-00",
            "enrollment_begin": "2025-01-08",
            "enrollment_end": "2025-05-02",
            "college_name": "University of Alabama at Birmingham",
            "college_state": "AL",
            "college_level": "4_YEAR",
            "college_control": "PUBLIC",
            "enrollment_status": "FULL_TIME",
            "searched_on": "2026-08-30",
        }
        for student in ids[: len(ids) // 2]
    ]
    state["award_elsewhere"] = []
    return state


def records_of(table: Table) -> int:
    """How many records a table's file holds, by the means of another library.

    Raises:
        Exception: It is damaged beyond counting.
    """
    if table.dialect in ("banner", "fixed", "open_badges"):
        # No quotes: a line is a record, but for header and trailer.
        lines = [line for line in re.split(rb"[\r\n]+", table.content) if line.strip()]
        lines = [line for line in lines if not line.startswith(b"TRAILER")]
        return len(lines) - (table.dialect == "banner")
    encoding = "utf-8-sig" if table.dialect == "colleague" else "cp1252"
    # A byte that is no text is somebody's finding; it parts no records.
    text = table.content.decode(encoding, errors="replace")
    rows = csv.reader(io.StringIO(text, newline=""))
    return sum(1 for row in rows if row) - 1
