"""How the answer of ``lrw transfer`` looks in a terminal.

Belongs here: words, order and columns. Does not belong here: what counts
(``pipelines.transfer``).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

CERTAINTY = {
    "assured": "assured",
    "some_programs": "in some programmes (transfer code B)",
    "receiver_decides": "if the college agrees (transfer code C)",
}
RIGHT = ("credit", "gives", "asks", "counts", "there already", "left")
UNITS = {"SH": "SH", "QH": "QH", "CLOCK": "clock hours"}


def print_transfer(out: Console, told: Mapping[str, Any]) -> None:
    """All that ``transfer`` says: what counts, what does not and why, the sums."""
    college, rows = told["college"], told["rows"]
    _say(out, f"Learner {told['learner_id']} to {college['name']}")
    _say(out, f"  by the rules in force on {told['asked_on']}")
    if not rows:
        _say(out, "\nNothing to bring: all on record is at the college itself.")
    counted = [row for row in rows if row["reason"] is None]
    if counted:
        _heading(out, "What counts")
        _print_counted(out, counted)
    lost = [row for row in rows if row["reason"] is not None]
    if lost:
        _heading(out, "What does not, and why")
        table = _table("course", "grade", "credit", "why")
        for row in lost:
            _add(table, _course(row), _grade(row), _credit(row), _why(row))
        out.print(table)
    _print_totals(out, told["totals"])
    if told["program"]:
        _print_program(out, told["program"], told["totals"])


def _print_counted(out: Console, rows: list[Mapping[str, Any]]) -> None:
    table = _table("course", "grade", "credit", "counts as", "gives", "by")
    for row in rows:
        _add(
            table,
            _course(row) if row["part"] == 1 else "",
            _grade(row) if row["part"] == 1 else "",
            _credit(row) if row["part"] == 1 else "",
            _counts_as(row),
            f"{_number(row['credits'])} {_unit(row['given_unit'])}"
            if row["given_unit"]
            else "",
            _basis(row),
        )
    out.print(table)


def _print_totals(out: Console, totals: Mapping[str, Any]) -> None:
    _heading(out, "Together")
    brought = ", ".join(
        f"{_number(credit)} {_unit(unit)}" for unit, credit in totals["brought"].items()
    )
    _say(out, f"  brought  {brought or 'nothing'}")
    if totals["semester_hours"] or not totals["clock_hours"]:
        _say(out, f"  counts   {_number(totals['semester_hours'])} SH")
    for name, hours in totals["semester_hours_by_certainty"].items():
        _say(out, f"      {_number(hours):>7}  {CERTAINTY[name]}")
    if totals["clock_hours"]:
        _say(out, f"  counts   {_number(totals['clock_hours'])} clock hours")
    if totals["semester_hours_by_area"]:
        areas = ", ".join(
            f"{area}: {_number(hours)}"
            for area, hours in totals["semester_hours_by_area"].items()
        )
        _say(out, f"  by area of the statewide core, SH  {areas}")


def _print_program(
    out: Console, program: Mapping[str, Any], totals: Mapping[str, Any]
) -> None:
    _heading(out, f"{program['program_code']}  {program['title']}")
    required = program["required_credits"]
    unit = _unit(program["credit_unit"])
    if required is None:
        _say(out, "  its college has sent no number of credits")
    else:
        _say(out, f"  asks for {_number(required)} {unit}")
        if program["counted"] is None:
            _say(out, f"  what counts is not in {unit} and does not convert")
        else:
            _say(
                out,
                f"  counts   {_number(program['counted'])} {unit}; at least "
                f"{_number(program['at_least_left'])} {unit} are left",
            )
    unsure = totals["semester_hours_by_certainty"].get("some_programs")
    if unsure:
        _say(out, f"  of it {_number(unsure)} SH in some programmes only (code B)")
    if program["core"]:
        _print_core(out, program["core"])
    else:
        _say(out, "  No core is published for this kind of programme.")
    _say(
        out,
        "  Colleges send a programme's total, not its courses and areas: which of "
        "these it takes, the college has to say.",
    )


def _print_core(out: Console, core: Mapping[str, Any]) -> None:
    """What the system's published core asks of the programme, area by area."""
    _heading(out, f"{core['title']}, SH")
    has_own = any(area["held_there"] is not None for area in core["areas"])
    own = ["there already"] if has_own else []
    table = _table("area", "", "asks", "counts", *own, "left")
    for area in core["areas"]:
        required, left = area["required_hours"], area["left_hours"]
        _add(
            table,
            area["area_code"],
            area["title"],
            "not judged" if required is None else _number(required),
            _number(area["counted_hours"]),
            *([_number(area["held_there"] or Decimal(0))] if has_own else []),
            "" if left is None else "met" if left == 0 else _number(left),
        )
    out.print(table)
    for area in core["areas"]:
        if area["inner_rule"]:
            _say(out, f"  {area['area_code']}: {area['inner_rule']}")
    if core["hours_in_no_area"]:
        _say(out, f"  {_number(core['hours_in_no_area'])} SH count in no area of it")
    if core["leaves_out_own"]:
        _say(out, "  What was earned at the college itself is left out.")


def _counts_as(row: Mapping[str, Any]) -> str:
    if row["counts_as"] is None:
        return "(together with the above rule's first course)"
    kind = {"AREA": " (area credit)", "ELECTIVE": " (elective)"}.get(
        row["counts_as"], ""
    )
    area = f", area {row['area_code']}" if row["area_code"] else ""
    title = f" {row['title_there']}" if row["title_there"] else ""
    return f"{row['as_subject']} {row['as_number']}{title}{kind}{area}"


def _basis(row: Mapping[str, Any]) -> str:
    if row["basis"] == "rule":
        return _rule(row)
    told = {"assured": "common number", "some_programs": "common number, code B"}
    return told.get(row["certainty"], "common number, code C")


def _why(row: Mapping[str, Any]) -> str:
    plain = {
        "no_credit": "no credit that transfers was earned",
        "developmental": "developmental",
        "evaluated_anew": "from outside the system: the college evaluates it itself",
        "already_there": "the college has the course on record",
        "repeated": "a better attempt of the course is counted",
        "given_already": "another course counts as the same",
        "other_unit": "the college counts in another unit, and no rule converts it",
        "no_rule": "no rule",
    }
    by_rule = {
        "grade_too_low": "grade below the least of",
        "other_course_missing": "another course is asked for too by",
        "used_otherwise": "a better rule took another course of",
        "not_in_force": "not in force:",
    }
    reason = row["reason"]
    if reason == "not_completed":
        return f"not completed ({row['status'].replace('_', ' ')})"
    if reason in by_rule:
        return f"{by_rule[reason]} {_rule(row)}"
    return plain[reason]


def _rule(row: Mapping[str, Any]) -> str:
    return f"{row['rule_id']} v{row['rule_version']}"


def _course(row: Mapping[str, Any]) -> str:
    number = " ".join(part for part in (row["subject"], row["course_number"]) if part)
    return f"{row['from_institution_code']}  {number} {row['title'] or ''}".rstrip()


def _grade(row: Mapping[str, Any]) -> str:
    return row["grade"] or ""


def _credit(row: Mapping[str, Any]) -> str:
    return f"{_number(row['earned_credit'])} {_unit(row['credit_unit'])}".rstrip()


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unit(unit: str | None) -> str:
    return UNITS.get(unit or "", unit or "")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in RIGHT else "left",
            overflow="fold",
        )
    return table


def _add(table: Table, *cells: str) -> None:
    # as Text: a title with brackets is no markup
    table.add_row(*map(Text, cells))


def _heading(out: Console, text: str) -> None:
    out.print(f"\n{text}", style="bold", markup=False, highlight=False)


def _say(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False)
