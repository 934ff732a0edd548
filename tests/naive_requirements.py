"""What a learner has of each requirement, worked out a second time and plainly.

One learner at a time, in loops, from the published tables alone: the rules of
docs/decisions/018 read aloud, for tests to hold ``requirement_progress`` against. It
shares no code and no way of working with the dbt models.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Row = Mapping[str, Any]

TABLES = (
    "organization", "term", "course", "program", "fact_program_enrolment",
    "fact_section_enrolment", "fact_transfer_credit", "credit_ledger",
    "course_equivalency", "requirement_set", "requirement",
)  # fmt: skip
FIELDS = (
    "area_code", "requirement_id", "required_credit", "most_credit", "earned_credit",
    "accepted_credit", "in_progress_credit", "remaining_credit", "surplus_credit",
    "is_met", "courses", "courses_in_progress",
)  # fmt: skip
LATEST = date(9999, 12, 30)
ZERO = Decimal(0)


def kind_of(unit: str | None) -> str | None:
    return {"SH": "SH", "QH": "SH", "CLOCK": "CLOCK"}.get(unit or "")


def counted(credit: Decimal, unit: str | None) -> Decimal:
    """Quarter hours as semester hours; everything else as it is."""
    worth = credit * 2 / 3 if unit == "QH" else credit
    return worth.quantize(Decimal("0.001"), ROUND_HALF_UP)


def is_wild(number: str | None) -> bool:
    return number is None or number == "ELEC" or number.endswith("XX")


def holds(row: Row, day: date) -> bool:
    first, last = row["valid_from"], row["valid_to"]
    return (first is None or first <= day) and (last is None or last >= day)


class Registrar:
    """The published tables of one snapshot, by learner and college."""

    def __init__(self, tables: Mapping[str, Iterable[Row]]) -> None:
        self.system = {
            row["institution_code"]: row["system_code"]
            for row in tables["organization"]
            if row["institution_code"]
        }
        self.terms = {row["term_id"]: row["start_date"] for row in tables["term"]}
        self.term_codes = {
            (row["institution_code"], row["term_code"]): row["start_date"]
            for row in tables["term"]
        }
        self.courses = {row["course_id"]: row for row in tables["course"]}
        self.catalogue: dict[Any, list[Row]] = defaultdict(list)
        for row in tables["course"]:
            key = row["institution_code"], row["subject"], row["course_number"]
            self.catalogue[key].append(row)
        self.programs = {row["program_id"]: row for row in tables["program"]}
        self.declared = _by_place(tables["fact_program_enrolment"])
        self.attempts = _by_place(tables["fact_section_enrolment"])
        self.brought = _by_place(tables["fact_transfer_credit"])
        self.versions = {
            row["source_record_key"]: (row["rule_id"], row["rule_version"])
            for row in tables["credit_ledger"]
        }
        self.gives: dict[Any, list[Row]] = defaultdict(list)
        for row in tables["course_equivalency"]:
            if row["side"] == "TO":
                key = row["sender_code"], row["rule_id"], row["rule_version"]
                self.gives[key].append(row)
        self.sets = list(tables["requirement_set"])
        self.requirements = list(tables["requirement"])

    def held(self, learner: str, college: str, unit: str) -> list[dict[str, Any]]:
        """Every course, once: origin, area and credit."""
        rows = [
            *self._passed(learner, college),
            *self._accepted(learner, college),
            *self._unfinished(learner, college),
        ]
        courses: dict[Any, dict[str, Any]] = {}
        for row in rows:
            if row["kind"] != unit:
                continue
            name: Any = row["key"]
            if row["is_course"]:
                name = self._name(college, row["subject"], row["number"])
            if name not in courses or row["order"] < courses[name]["order"]:
                courses[name] = row
        return list(courses.values())

    def _name(self, college: str, subject: str, number: str) -> str:
        versions = self.catalogue.get((college, subject, number), [])
        statewide = [row["common_course_id"] for row in versions]
        return max(filter(None, statewide), default=f"{subject} {number}")

    def _passed(self, learner: str, college: str) -> list[dict[str, Any]]:
        found = []
        for row in self.attempts[learner, college]:
            course = self.courses.get(row["course_id"]) or {}
            credit = row["earned_credit"] or ZERO
            if row["status"] == "completed" and credit and self._is_college(row):
                found.append(_course("earned", 1, row, course, credit))
        return found

    def _unfinished(self, learner: str, college: str) -> list[dict[str, Any]]:
        found = []
        for row in self.attempts[learner, college]:
            course = self.courses.get(row["course_id"]) or {}
            credit = row["attempted_credit"] or ZERO
            if row["status"] == "in_progress" and credit and self._is_college(row):
                found.append(_course("in_progress", 3, row, course, credit))
        return found

    def _is_college(self, row: Row) -> bool:
        course = self.courses.get(row["course_id"]) or {}
        return (
            not course.get("is_developmental") and row["grade_mode"] != "DEVELOPMENTAL"
        )

    def _accepted(self, learner: str, college: str) -> list[dict[str, Any]]:
        groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for row in self.brought[learner, college]:
            kind = kind_of(row["credit_unit"])
            if row["decision"] != "ACCEPTED" or not row["accepted_credit"] or not kind:
                continue
            course = self._catalogued(row)
            if course.get("is_developmental"):
                continue
            subject, number = row["equiv_subject"], row["equiv_number"]
            is_course = row["equiv_type"] == "DIRECT" and not is_wild(number)
            part = {
                "key": row["source_record_key"], "origin": "accepted", "kind": kind,
                "subject": subject, "number": number, "is_course": is_course,
                "area": self._rule_area(row) or course.get("statewide_area"),
                "credit": counted(row["accepted_credit"], row["credit_unit"]),
            }  # fmt: skip
            one = None if is_course else row["source_record_key"]
            groups[row["equiv_group"], subject, number, kind, one].append(part)
        found = []
        for parts in groups.values():
            whole = {**min(parts, key=lambda part: part["key"])}
            whole["credit"] = sum(part["credit"] for part in parts)
            whole["area"] = max((p["area"] for p in parts if p["area"]), default=None)
            whole["order"] = (2, -whole["credit"], True, 0, True, 0, whole["key"])
            found.append(whole)
        return found

    def _catalogued(self, row: Row) -> Row:
        day = self.terms.get(row["term_id"]) or LATEST
        key = row["institution_code"], row["equiv_subject"], row["equiv_number"]
        for course in self.catalogue.get(key, []):
            if course["effective_from"] <= day < course["effective_to"]:
                return course
        return {}

    def _rule_area(self, row: Row) -> str | None:
        rule_id, version = self.versions.get(row["source_record_key"], (None, None))
        system = f"SYSTEM:{self.system[row['institution_code']]}"
        areas = [
            given["area_code"]
            for given in self.gives.get((system, rule_id, version), [])
            if given["institution_code"] in (system, row["institution_code"])
            and row["equiv_subject"] in (None, given["subject"])
            and row["equiv_number"] in (None, given["course_number"])
        ]
        return areas[0] if len(set(areas)) == 1 else None

    def progress(self, learner: str, college: str) -> dict[tuple[Any, ...], Any]:
        """What the table should say, by learner, college and programme."""
        last: dict[str, Row] = {}
        for row in self.declared[learner, college]:
            known = last.get(row["program_code"])
            if known is None or self._declared_later(row, known):
                last[row["program_code"]] = row
        found = {}
        for code, row in last.items():
            program = self.programs.get(row["program_id"])
            if program:
                rows = self._against(learner, college, program, self._held_to(row))
                if rows:
                    found[learner, college, code] = rows
        return found

    def _declared_later(self, row: Row, known: Row) -> bool:
        day, before = (
            self.terms.get(one["start_term_id"]) or date.min for one in (row, known)
        )
        if day != before:
            return day > before
        return bool(row["source_record_key"] < known["source_record_key"])

    def _held_to(self, row: Row) -> date:
        catalogue = row["institution_code"], row["catalog_term_code"]
        return (
            self.term_codes.get(catalogue)
            or self.terms.get(row["start_term_id"])
            or LATEST
        )

    def _against(
        self, learner: str, college: str, program: Row, day: date
    ) -> list[tuple[Any, ...]]:
        unit = kind_of(program["credit_unit"])
        for one in self.sets:
            if (
                one["system_code"] == self.system[college]
                and one["award_level"] == program["award_level"]
                and one["credential_type"] == program["credential_type"]
                and holds(one, day)
            ):
                break
        else:
            return []
        if unit is None:
            return []
        asked = {
            row["area_code"]: row
            for row in self.requirements
            if row["set_code"] == one["set_code"]
            and kind_of(row["credit_unit"]) == unit
            and holds(row, day)
        }
        held: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for course in self.held(learner, college, unit):
            held[course["area"] or "undeclared"].append(course)
        return sorted(
            _row(area, asked.get(area), held[area]) for area in {*asked, *held}
        )


def _course(
    origin: str, preference: int, row: Row, course: Row, credit: Decimal
) -> dict[str, Any]:
    worth = counted(credit, row["credit_unit"])
    points, start = row["grade_points"], row["start_date"]
    return {
        "key": row["source_record_key"], "origin": origin,
        "kind": kind_of(row["credit_unit"]), "subject": row["subject"],
        "number": row["course_number"], "is_course": True,
        "area": course.get("statewide_area"),
        "credit": worth,
        # an attempt in progress has no grade to be better by
        "order": (
            preference, -worth, points is None or preference == 3,
            -(points or 0) if preference == 1 else 0, start is None,
            -(start.toordinal() if start else 0), row["source_record_key"],
        ),
    }  # fmt: skip


def _row(
    area: str, asked: Row | None, courses: list[dict[str, Any]]
) -> tuple[Any, ...]:
    sums = {
        origin: sum((c["credit"] for c in courses if c["origin"] == origin), ZERO)
        for origin in ("earned", "accepted", "in_progress")
    }
    there = sums["earned"] + sums["accepted"]
    least = most = None
    if asked:
        least, most = (
            None if asked[name] is None else counted(asked[name], asked["credit_unit"])
            for name in ("least_credit", "most_credit")
        )
    unfinished = len([c for c in courses if c["origin"] == "in_progress"])
    return (
        area, asked["requirement_id"] if asked else None, least, most, sums["earned"],
        sums["accepted"], sums["in_progress"],
        None if least is None else max(least - there, ZERO),
        None if least is None else max(there - (most or there), ZERO),
        None if least is None else there >= least,
        len(courses) - unfinished, unfinished,
    )  # fmt: skip


def _by_place(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["learner_id"]:
            found[row["learner_id"], row["institution_code"]].append(row)
    return found


def differing(
    registrar: Registrar, table: Iterable[Row], learners: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Every programme of every learner for which the table says otherwise.

    Returns:
        ``((learner, college, programme), rows only in the table, rows only here)``.
    """
    wanted = set(learners)
    told: dict[tuple[Any, ...], set[tuple[Any, ...]]] = defaultdict(set)
    for row in table:
        if row["learner_id"] in wanted:
            key = row["learner_id"], row["institution_code"], row["program_code"]
            told[key].add(tuple(row[name] for name in FIELDS))
    expected: dict[tuple[Any, ...], set[tuple[Any, ...]]] = defaultdict(set)
    for learner, college in sorted(registrar.declared):
        if learner in wanted:
            for key, rows in registrar.progress(learner, college).items():
                expected[key] = set(rows)
    return [
        (key, told[key] - expected[key], expected[key] - told[key])
        for key in sorted({*told, *expected})
        if told[key] != expected[key]
    ]
