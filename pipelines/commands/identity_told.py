"""How a learner's identity looks in a terminal, in words one would say to the learner.

Belongs here: tables and sentences. Does not belong here: what is the case
(``pipelines.identity.explain``, ``pipelines.identity.find``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.identity.review.masking import full_name
from pipelines.identity.review.words import percent

_TASK = ("no", "severity", "answer", "score", "a", "b", "reasons")
_SAID = {
    "birth_date": "born",
    "email_personal": "e-mail",
    "email_college": "college e-mail",
    "phone": "phone",
    "postal_code": "ZIP",
    "high_school_code": "high school",
    "high_school_grad_year": "graduated",
    "ssn": "SSN",
    "itin": "ITIN",
    "pseudo_ssn": "substitute number",
    "state_ps_id": "state id",
    "state_k12_id": "K-12 id",
}


def print_tasks(out: Console, tasks: Sequence[Mapping[str, Any]]) -> None:
    """The first rows of a worklist; no names, those are in the files."""
    rows = [
        {
            **task,
            "score": percent(task["score"]),
            "a": _student(task, "a_"),
            "b": _student(task, "b_"),
        }
        for task in tasks
    ]
    _table(out, _TASK, [[row[name] for name in _TASK] for row in rows])


def print_explanation(out: Console, told: Mapping[str, Any]) -> None:
    """All that ``explain`` says, from where the id went to what is still open."""
    for step in told["went"]:
        _say(
            out,
            f"{step['from_learner_id']} was merged into {step['to_learner_id']} on "
            f"{_day(step['merged_at'])} by {step['decided_by']}: {_why(step)}",
        )
    _say(out, f"learner  {told['learner_id']}  {_status(told)}")
    _heading(out, "Student records that are this learner")
    for student in told["students"]:
        _say(out, f"  {_student(student)}  since {_day(student['since'])}")
        _say(out, f"      {_link(student)}")
        if student["came_by_event"]:
            came = f"as {student['linked_to']}, merged {_day(student['came_at'])}"
            _say(out, f"      {came}  ({student['came_by_event']})")
    if not told["students"]:
        _say(out, "  none")
    _heading(out, "What colleges have said, newest first")
    for row in told["representations"]:
        _say(out, f"  {_day(row['first_as_of'])}  {_student(row)}  {_described(row)}")
    _heading(out, "What happened")
    for event in told["events"]:
        _say(out, f"  {_day(event['decided_at'])}  {_event(event)}")
        _say(out, f"      by {_by(event)}: {_why(event)}  ({event['event_id']})")
    _retired(out, told["retired_ids"])
    _open(out, told["open_questions"])


def print_found(out: Console, told: Mapping[str, Any]) -> None:
    """The answer word, and the candidates."""
    _say(out, f"{told['answer']}  {told['meaning']}")
    for one in told["candidates"]:
        _say(out, f"  {one['learner_id'] or 'no learner yet'}  {percent(one['score'])}")
        if one["merged_from"]:
            _say(out, f"      was {', '.join(one['merged_from'])} before a merge")
        for row in one["students"]:
            _say(out, f"      {_student(row)}  {_described(row)}")
        _say(out, f"      {_why(one)}")


def _retired(out: Console, ids: Sequence[Mapping[str, Any]]) -> None:
    if ids:
        _heading(out, "Retired ids that lead here")
    for one in ids:
        since = f"since {_day(one['merged_at'])}  by {_by(one)}: {_why(one)}"
        _say(out, f"  {one['learner_id']}  {since}")


def _open(out: Console, questions: Sequence[Mapping[str, Any]]) -> None:
    if questions:
        _heading(out, "Questions that wait for a person")
    for one in questions:
        pair = f"{_student(one, 'a_')} and {_student(one, 'b_')}"
        score = percent(one["score"])
        _say(out, f"  {one['task_id']}  {pair}  {score}: {_why(one)}")


def _status(told: Mapping[str, Any]) -> str:
    if told["status"] == "erased":
        return f"erased; minted {_day(told['minted_at'])}"
    parted = f", parted from {told['split_from']}" if told["split_from"] else ""
    return f"minted {_day(told['minted_at'])}{parted}"


def _link(row: Mapping[str, Any]) -> str:
    other = ""
    if row["joined_to_student_id"]:
        other = (
            f" (with {row['joined_to_institution_code']}:{row['joined_to_student_id']})"
        )
    scored = row["score"] is not None and row["decided_by"].startswith("splink")
    score = f", score {percent(row['score'])}" if scored else ""
    return f"{_why(row)}{other}; decided by {_by(row)}{score}"


def _event(event: Mapping[str, Any]) -> str:
    kind = event["event_type"]
    this, other = event["learner_id"], event["other_learner_id"]
    student = _student(event) if event["student_id"] else ""
    second = _student(event, "other_") if event["other_student_id"] else ""
    words = {
        "mint": f"the id {this} began",
        "link": f"{student} became {this}",
        "unlink": f"{student} left {this}",
        "merge": f"{other} was merged into {this}",
        "split": f"{other} was parted from {this}",
        "override_same": f"{student} and {second} were decided to be one person",
        "override_different": f"{student} and {second} were decided to be two people",
        "erase": f"{this} was erased",
    }
    undone = f", undoing {event['undoes']}" if event["undoes"] else ""
    return f"{words.get(kind, kind)}{undone}"


def _described(row: Mapping[str, Any]) -> str:
    said = [f"{name} {row[key]}" for key, name in _SAID.items() if row.get(key)]
    now = "" if row.get("is_current", True) else " (earlier)"
    return ", ".join([full_name(row) + now, *said])


def _student(row: Mapping[str, Any], prefix: str = "") -> str:
    return f"{row[f'{prefix}institution_code']}:{row[f'{prefix}student_id']}"


def _by(row: Mapping[str, Any]) -> str:
    return f"{row['decided_by']}{' (steward)' if row['by_person'] else ''}"


def _why(row: Mapping[str, Any]) -> str:
    return "; ".join(text.rstrip(".") for text in row["reasons"] or []) or "no reason"


def _day(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d}" if value else "–"


def _heading(out: Console, text: str) -> None:
    out.print(f"\n{text}", style="bold", highlight=False)


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False)


def _table(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    out.print(table)
