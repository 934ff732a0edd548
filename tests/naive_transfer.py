"""What a record counts as elsewhere, worked out a second time and plainly.

One learner and one college at a time, in loops, from the published tables alone: the
rules of docs/decisions/016 read aloud, for tests to hold the table against. It shares
no code and no way of working with the dbt models.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]

POINTS = {
    "A+": "4.0", "A": "4.0", "A-": "3.7", "B+": "3.3", "B": "3.0", "B-": "2.7",
    "C+": "2.3", "C": "2.0", "C-": "1.7", "D+": "1.3", "D": "1.0", "D-": "0.7",
}  # fmt: skip
ANY_PASS = (None, "P", "S", "CR")
NEAREST = ["grade_too_low", "used_otherwise", "other_course_missing", "not_in_force"]


@dataclass
class Attempt:
    """One row of a learner's record."""

    key: str
    kind: str
    college: str
    subject: str | None
    number: str | None
    grade: str | None
    points: Decimal | None
    credit: Decimal
    unit: str | None
    start: date | None
    course: str
    common: str | None
    area: str | None
    code: str | None
    bar: str | None


@dataclass
class Way:
    """One alternative of one version of a rule, with what it gives at one college."""

    rule_id: str
    version: int
    alternative: int
    asks: list[Row]
    gives: list[Row]
    is_in_force: bool
    is_system_wide: bool
    sender: str

    @property
    def total(self) -> Decimal:
        kinds = {kind_of(row["credit_unit"]) for row in self.gives}
        if len(kinds) > 1 or None in kinds:
            return Decimal(0)
        return sum(
            (in_hours(r["credits"], r["credit_unit"]) for r in self.gives), Decimal(0)
        )

    @property
    def least_specific(self) -> int:
        return max(
            ["DIRECT", "AREA", "ELECTIVE"].index(counts_as(r)) for r in self.gives
        )

    @property
    def taste(self) -> tuple[Any, ...]:
        return (
            self.least_specific, self.is_system_wide, self.rule_id, self.version,
            self.alternative,
        )  # fmt: skip


def kind_of(unit: str | None) -> str | None:
    return {"SH": "SH", "QH": "SH", "CLOCK": "CLOCK"}.get(unit or "")


def in_hours(credit: Decimal, unit: str | None) -> Decimal:
    """Quarter hours as semester hours; everything else as it is."""
    if unit != "QH":
        return credit
    return (credit * 2 / 3).quantize(Decimal("0.001"), ROUND_HALF_UP)


def is_wild(number: str) -> bool:
    return number == "ELEC" or number.endswith("XX")


def counts_as(row: Row) -> str:
    if not is_wild(row["course_number"]):
        return "DIRECT"
    return "AREA" if row["area_code"] else "ELECTIVE"


class State:
    """The published tables of one snapshot, by learner and by rule."""

    def __init__(self, tables: Mapping[str, Iterable[Row]], asked_on: date) -> None:
        self.asked_on = asked_on
        colleges = [o for o in tables["organization"] if o["kind"] == "college"]
        self.system = {o["institution_code"]: o["system_code"] for o in colleges}
        open_now = {
            o["institution_code"] for o in colleges if o["status"] != "closed_merged"
        }
        senders = {o["organization_id"]: o for o in tables["organization"]}
        courses = {}
        units: dict[str, list[str]] = defaultdict(list)
        self.uses_codes = set()
        for course in tables["course"]:
            college = course["institution_code"]
            courses[course["course_id"]] = course
            units[college].append(course["credit_unit"])
            if course["transfer_code"] and college in open_now:
                self.uses_codes.add(self.system[college])
        self.targets = {}
        for college, sent in units.items():
            hours, clock = sum(map(sent.count, ("SH", "QH"))), sent.count("CLOCK")
            if college in open_now and hours + clock:
                self.targets[college] = "CLOCK" if clock > hours else "SH"
        self.records: dict[str, list[Attempt]] = defaultdict(list)
        for row in tables["fact_section_enrolment"]:
            if row["learner_id"] and row["status"] != "not_recorded":
                taken = _taken(row, courses.get(row["course_id"]) or {})
                self.records[row["learner_id"]].append(taken)
        for row in tables["fact_transfer_credit"]:
            sender = senders.get(row["source_organization_id"]) or {}
            system = self.system[row["institution_code"]]
            if row["learner_id"] and sender.get("system_code") != system:
                self.records[row["learner_id"]].append(_brought(row))
        self.rules: dict[Any, list[Row]] = defaultdict(list)
        for row in tables["course_equivalency"]:
            key = row["sender_code"], row["rule_id"], row["rule_version"]
            self.rules[key].append(row)

    def ways(self, college: str) -> list[Way]:
        """Everything that any rule, in force or not, could give at a college."""
        system = f"SYSTEM:{self.system[college]}"
        found = []
        for (sender, rule_id, version), rows in self.rules.items():
            if sender != system:
                continue
            asked = [row for row in rows if row["side"] == "FROM"]
            in_force = all(self._holds(row) for row in asked)
            for giver in (system, college):
                gives = [
                    row
                    for row in rows
                    if row["side"] == "TO" and row["institution_code"] == giver
                ]
                gives.sort(key=lambda row: (row["alternative"], row["member_seq"]))
                kinds = [kind_of(row["credit_unit"]) or "" for row in gives]
                if not gives:
                    continue
                if giver == system and max(kinds) != self.targets[college]:
                    continue
                for number in sorted({row["alternative"] for row in asked}):
                    members = [row for row in asked if row["alternative"] == number]
                    members.sort(key=lambda row: row["member_seq"])
                    found.append(
                        Way(rule_id, version, number, members, gives, in_force,
                            giver == system, sender)
                    )  # fmt: skip
        return found

    def _holds(self, row: Row) -> bool:
        return (
            row["status"] == "ACTIVE"
            and row["valid_from"] <= self.asked_on
            and (row["valid_to"] is None or row["valid_to"] >= self.asked_on)
        )

    def plan(
        self, learner: str, college: str, ways: list[Way]
    ) -> list[tuple[Any, ...]]:
        """What the learner's record would yield at the college.

        Returns:
            ``(source_record_key, part, is_counted, reason, basis, certainty, rule_id,
            rule_version, alternative, as_subject, as_number, area_code, credits,
            given_unit)``, sorted.
        """
        record = [
            one
            for one in self.records[learner]
            if self.system[one.college] == self.system[college]
        ]
        subjects = {one.subject for one in record}
        ways = [w for w in ways if any(a["subject"] in subjects for a in w.asks)]
        own = [one for one in record if one.college == college]
        brought = [one for one in record if one.college != college]
        usable, reasons = _sorted_out(own, brought)
        alone: dict[str, tuple[Decimal, Way | None]] = {}
        for one in usable:
            counts = _alone(one, ways, self.targets[college])
            if counts:
                alone[one.key] = counts
        used = _together(ways, usable, alone)
        has_codes = self.system[college] in self.uses_codes
        rows: list[dict[str, Any]] = []
        for one in brought:
            if one.key in used:
                rows += _given_rows(one, *used[one.key])
            elif one.key in alone:
                way = alone[one.key][1]
                rows += (
                    _given_rows(one, way, 0, 1) if way else [_common(one, has_codes)]
                )
            elif one.key in reasons:
                rows.append({"key": one.key, "reason": reasons[one.key]})
            else:
                rows.append(_why_not(one, ways, usable))
        _give_once(rows, {(o.subject, o.number) for o in own if not o.bar})
        return sorted((_as_tuple(row) for row in rows), key=lambda row: row[:2])


def _sorted_out(
    own: list[Attempt], brought: list[Attempt]
) -> tuple[list[Attempt], dict[str, str]]:
    """What can count, best first, and of the rest why not."""
    passed_here = {one.course for one in own if not one.bar}
    reasons: dict[str, str] = {}
    usable: list[Attempt] = []
    for one in sorted(brought, key=_best_first):
        if one.bar:
            reasons[one.key] = one.bar
        elif one.course in passed_here:
            reasons[one.key] = "already_there"
        elif one.course in {other.course for other in usable}:
            reasons[one.key] = "repeated"
        else:
            usable.append(one)
    return usable, reasons


def _alone(
    one: Attempt, ways: list[Way], counts_in: str
) -> tuple[Decimal, Way | None] | None:
    """Credit of a course by itself and the rule; no rule for the common number."""
    fitting = [
        way
        for way in ways
        if len(way.asks) == 1 and way.is_in_force and _meets(one, way.asks[0])
    ]
    fitting.sort(key=lambda way: (-way.total, way.taste))
    best = fitting[0] if fitting else None
    if one.common and kind_of(one.unit) == counts_in:
        worth = in_hours(one.credit, one.unit)
        if best is None or best.total < worth:
            return worth, None
        if best.total == worth and best.least_specific > 0:
            return worth, None
    return (best.total, best) if best else None


def _together(
    ways: list[Way], usable: list[Attempt], alone: dict[str, tuple[Decimal, Way | None]]
) -> dict[str, tuple[Way, int, int]]:
    """Rules of several courses that are given: by attempt rule, place and number."""
    options = []
    for way in ways:
        if len(way.asks) > 1 and way.is_in_force:
            chosen = _fulfil(way, usable)
            if chosen:
                without = sum(alone[o.key][0] for o in chosen if o.key in alone)
                gain = way.total - without
                if gain > 0:
                    options.append(((-gain, len(chosen), *way.taste), way, chosen))
    options.sort(key=lambda option: option[0])
    used: dict[str, tuple[Way, int, int]] = {}
    for _, way, chosen in options:
        if not any(one.key in used for one in chosen):
            for place, one in enumerate(chosen):
                used[one.key] = way, place, len(chosen)
    return used


def _common(one: Attempt, has_codes: bool) -> dict[str, Any]:
    by_code = {"A": "assured", "B": "some_programs"}
    certain = by_code.get(one.code or "C", "receiver_decides")
    return {
        "key": one.key, "basis": "common_number",
        "certainty": certain if has_codes else "assured", "subject": one.subject,
        "number": one.number, "as": "DIRECT", "area": one.area, "credits": one.credit,
        "unit": one.unit,
    }  # fmt: skip


def _why_not(one: Attempt, ways: list[Way], usable: list[Attempt]) -> dict[str, Any]:
    tried = []
    for way in ways:
        for asked in way.asks:
            if not _fits(one, asked):
                continue
            if not way.is_in_force:
                reason = "not_in_force"
            elif not _meets(one, asked):
                reason = "grade_too_low"
            elif all(any(_meets(o, a) for o in usable) for a in way.asks):
                reason = "used_otherwise"
            else:
                reason = "other_course_missing"
            order = (
                NEAREST.index(reason),
                way.rule_id,
                -way.version,
                way.alternative,
            )
            tried.append((order, reason, way))
    if tried:
        _, reason, way = min(tried, key=lambda item: item[0])
        return {"key": one.key, "reason": reason, "way": way}
    return {"key": one.key, "reason": "other_unit" if one.common else "no_rule"}


def _taken(row: Row, course: Row) -> Attempt:
    credit = row["earned_credit"] or Decimal(0)
    bar = None
    if row["status"] != "completed":
        bar = "not_completed"
    elif not credit or not kind_of(row["credit_unit"]):
        bar = "no_credit"
    elif course.get("is_developmental") or row["grade_mode"] == "DEVELOPMENTAL":
        bar = "developmental"
    common = course.get("common_course_id")
    own = f"{row['institution_code']} {row['subject']} {row['course_number']}"
    return Attempt(
        row["source_record_key"], "course", row["institution_code"], row["subject"],
        row["course_number"], row["grade"], row["grade_points"], credit,
        row["credit_unit"], row["start_date"], common or own, common,
        course.get("statewide_area"), course.get("transfer_code"), bar,
    )  # fmt: skip


def _brought(row: Row) -> Attempt:
    return Attempt(
        row["source_record_key"], "transfer", row["institution_code"],
        row["source_subject"], row["source_number"], row["source_grade"], None,
        row["source_credit"] or Decimal(0), row["source_credit_unit"], None, "", None,
        None, None, "evaluated_anew",
    )  # fmt: skip


def _best_first(one: Attempt) -> tuple[Any, ...]:
    return (
        one.points is None, -(one.points or 0), -one.credit, one.start is None,
        -(one.start.toordinal() if one.start else 0), one.key,
    )  # fmt: skip


def _fits(one: Attempt, asked: Row) -> bool:
    if asked["institution_code"] not in (asked["sender_code"], one.college):
        return False
    if one.subject != asked["subject"]:
        return False
    number = asked["course_number"]
    if number == "ELEC":
        return True
    if is_wild(number):
        pattern = "".join("." if sign == "X" else re.escape(sign) for sign in number)
        return re.fullmatch(pattern, one.number or "") is not None
    return one.number == number


def _meets(one: Attempt, asked: Row) -> bool:
    least = asked["min_grade"]
    if not _fits(one, asked):
        return False
    if least in ANY_PASS or one.grade == least:
        return True
    return (
        least in POINTS
        and one.points is not None
        and one.points >= Decimal(POINTS[least])
    )


def _fulfil(way: Way, usable: list[Attempt]) -> list[Attempt] | None:
    chosen: list[Attempt] = []
    wanted: dict[Any, int] = defaultdict(int)
    for asked in way.asks:
        same = asked["institution_code"], asked["subject"], asked["course_number"]
        fitting = [one for one in usable if _meets(one, asked)]
        if len(fitting) <= wanted[same]:
            return None
        chosen.append(fitting[wanted[same]])
        wanted[same] += 1
    if len({one.key for one in chosen}) < len(chosen):
        return None
    return chosen


def _given_rows(
    one: Attempt, way: Way, place: int, members: int
) -> list[dict[str, Any]]:
    mine = way.gives[place : place + 1]
    if place == 0:
        mine = mine + way.gives[members:]
    rows = [
        {"key": one.key, "part": part, "basis": "rule", "certainty": "assured",
         "way": way, "subject": to["subject"], "number": to["course_number"],
         "as": counts_as(to), "area": to["area_code"], "credits": to["credits"],
         "unit": to["credit_unit"]}
        for part, to in enumerate(mine, start=1)
    ]  # fmt: skip
    return rows or [
        {"key": one.key, "basis": "rule", "certainty": "assured", "way": way}
    ]


def _give_once(rows: list[dict[str, Any]], here: set[tuple[Any, Any]]) -> None:
    by_course: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.get("as") == "DIRECT":
            by_course[row["subject"], row["number"]].append(row)
    for course, giving in by_course.items():
        giving.sort(
            key=lambda row: (
                row["basis"],
                row["way"].rule_id if "way" in row else "",
                row["key"],
                row.get("part", 1),
            )
        )
        rule_gives = any(row["basis"] == "rule" for row in giving)
        for place, row in enumerate(giving):
            if course in here:
                row.update(reason="already_there", certainty=None, credits=Decimal(0))
            elif place and rule_gives:
                row.update(reason="given_already", certainty=None, credits=Decimal(0))


def _as_tuple(row: dict[str, Any]) -> tuple[Any, ...]:
    way = row.get("way")
    return (
        row["key"], row.get("part", 1), "reason" not in row, row.get("reason"),
        row.get("basis"), row.get("certainty"),
        way.rule_id if way else None, way.version if way else None,
        way.alternative if way else None, row.get("subject"), row.get("number"),
        row.get("area"), row.get("credits", Decimal(0)), row.get("unit"),
    )  # fmt: skip


FIELDS = (
    "source_record_key", "part", "is_counted", "reason", "basis", "certainty",
    "rule_id", "rule_version", "alternative", "as_subject", "as_number", "area_code",
    "credits", "given_unit",
)  # fmt: skip


def differing(
    state: State, table: Iterable[Row], learners: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Every learner and college for which the table says otherwise.

    The table is read as its readers do: the rows of the college where the learner has
    any, else those of the system, without what the college itself holds.

    Returns:
        ``(learner_id, college, rows only in the table, rows only here)``.
    """
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    wanted = set(learners)
    for row in table:
        if row["learner_id"] in wanted:
            rows[row["learner_id"], row["target_code"]].append(row)
    ways = {college: state.ways(college) for college in state.targets}
    found = []
    for learner in sorted(wanted):
        systems = {state.system[one.college] for one in state.records[learner]}
        for college, counts_in in state.targets.items():
            if state.system[college] not in systems:
                continue
            told = rows.get((learner, college)) or [
                row
                for row in rows.get((learner, f"SYSTEM:{state.system[college]}"), [])
                if row["counts_in"] == counts_in
                and row["from_institution_code"] != college
            ]
            told_here = {tuple(row[name] for name in FIELDS) for row in told}
            expected = set(state.plan(learner, college, ways[college]))
            if told_here != expected:
                found.append(
                    (learner, college, told_here - expected, expected - told_here)
                )
    return found
