"""The page of the worklist: two records side by side, and why they may be one person.

Belongs here: what the templates are given. Does not belong here: the sheets, which are
filled in (``sheets``). One file, no script, nothing fetched.
"""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from pipelines.identity.review.marks import SIGN, compare
from pipelines.identity.review.waterfall import waterfall
from pipelines.identity.review.words import SEVERITY, SEVERITY_MEANING, percent
from pipelines.identity.review.worklist import Worklist
from pipelines.returns.page import environment as house
from pipelines.settings import time_zone

Representations = dict[tuple[str, str], list[dict[str, Any]]]
TONE = {1: "stop", 2: "warn", 3: "soft"}


@cache
def environment() -> Environment:
    """The house's environment with this room's templates before its own."""
    ours = FileSystemLoader(Path(__file__).parent / "templates")
    rooms = [ours, house().loader]
    made = house().overlay(loader=ChoiceLoader([room for room in rooms if room]))
    made.filters |= {"percent": percent, "bits": bits}
    return made


def bits(value: float) -> str:
    """Signed, one decimal, with a true minus: ``+3.2``, ``−10.4``."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def worklist_page(
    found: Worklist,
    records: Representations,
    colleges: dict[str, str],
    made_on: date,
    college: str | None = None,
) -> str:
    """The page of all tasks.

    Args:
        found: What ``worklist`` gave.
        records: ``representations_of`` every student of the tasks.
        colleges: Names of colleges by code.
        made_on: The day the worklist was made.
        college: The college it was made for, if for one.
    """
    tasks = [_task(row, records) for row in found.tasks.iter_rows(named=True)]
    counts = dict.fromkeys(SEVERITY, 0)
    for task in tasks:
        counts[task["severity_rank"]] += 1
    return (
        environment()
        .get_template("worklist.html.j2")
        .render(
            tasks=tasks,
            open=found.open,
            counts=counts,
            colleges=colleges,
            made_on=made_on,
            zone=time_zone(),
            college=college,
            severity=SEVERITY,
            severity_meaning=SEVERITY_MEANING,
            tone=TONE,
            sign=SIGN,
        )
    )


def _task(row: dict[str, Any], records: Representations) -> dict[str, Any]:
    a = records.get((row["a_institution_code"], row["a_student_id"]), [])
    b = records.get((row["b_institution_code"], row["b_student_id"]), [])
    parts = row["parts"] or []
    return {
        **row,
        "lines": compare(a, b),
        "a_versions": len(a),
        "b_versions": len(b),
        "waterfall": waterfall(row["weight"], parts),
    }
