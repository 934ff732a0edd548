"""The outcome metrics, worked out a second time and plainly.

One learner at a time, in loops, from the published tables alone: the definitions
(IPEDS GR and EF, CCRC's momentum, NSC, PDP) read aloud, for tests to hold the engine
against. It shares no code, no YAML and no way of working with ``pipelines.metrics``;
only the names of the rules are the same.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]

TABLES = (
    "organization", "term", "program", "course", "learner", "fact_term_enrolment",
    "fact_section_enrolment", "fact_program_enrolment", "fact_transfer_credit",
    "fact_award", "fact_award_elsewhere", "fact_enrolment_elsewhere",
)  # fmt: skip
CREDIT = ("SH", "QH", "CLOCK")
AWAY = ("WITHDRAWN", "LEAVE_OF_ABSENCE", "DECEASED")


@dataclass
class Term:
    """A whole term of a college that reports."""

    id: str
    college: str
    first: date
    last: date
    census: date | None
    year: int

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def touches(self, first: date, last: date) -> bool:
        return self.first <= last and self.last >= first


@dataclass
class Stay:
    """A learner in a term: what was taken, and what of it stood on census day."""

    term: Term
    taken: list[dict[str, Any]] = field(default_factory=list)

    @property
    def held(self) -> list[dict[str, Any]]:
        return [course for course in self.taken if course["held"]]

    @property
    def is_dual(self) -> bool:
        return all(course["dual"] for course in self.taken)

    def load(self, unit: str) -> Fraction:
        return sum((c["load"] for c in self.held if c["unit"] == unit), Fraction(0))

    @property
    def is_full_time(self) -> bool:
        weeks = Fraction((self.term.last - self.term.first).days + 1, 7)
        return (
            self.load("SH") >= 12
            or self.load("QH") >= 12
            or self.load("CLOCK") / weeks >= 24
        )

    @property
    def days_until_gone(self) -> int | None:
        if not all(course["left"] for course in self.taken):
            return None
        days = [course["left_on"] for course in self.taken if course["left_on"]]
        return (max(days) - self.term.first).days if days else None


class State:
    """The published tables, sorted out by learner."""

    def __init__(self, tables: Mapping[str, list[Row]]) -> None:
        self.colleges = {
            row["institution_code"]: row
            for row in tables["organization"]
            if row["kind"] == "college"
        }
        self.outsiders = {
            row["organization_id"]
            for row in tables["organization"]
            if row["kind"] == "external"
        }
        self.terms = self._terms(tables["term"])
        self.programs = {row["program_id"]: row for row in tables["program"]}
        self.courses = {row["course_id"]: row for row in tables["course"]}
        self.by_clock = self._by_clock(tables["program"])
        self.people = {
            row["learner_id"] for row in tables["learner"] if row["status"] == "active"
        }
        self.facts: dict[str, dict[str, list[Row]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for name in TABLES[5:]:
            for row in tables[name]:
                self.facts[row["learner_id"]][name].append(row)

    def reports_as(self, code: str) -> str:
        """The college that answers for one that has closed into it."""
        while (
            self.colleges[code]["status"] == "closed_merged"
            and self.colleges[code]["successor_code"]
        ):
            code = self.colleges[code]["successor_code"]
        return code

    def _terms(self, rows: list[Row]) -> dict[str, Term]:
        by_code = {(row["institution_code"], row["term_code"]): row for row in rows}
        found = {}
        for row in rows:
            if row["term_type"] == "NONCREDIT":
                continue
            college = row["institution_code"]
            whole = by_code.get((college, row["parent_term_code"]), row)
            found[row["term_id"]] = Term(
                whole["term_id"],
                self.reports_as(college),
                whole["start_date"],
                whole["end_date"],
                whole["census_date"] or row["census_date"],
                whole["academic_year_end"],
            )
        return found

    def _by_clock(self, rows: list[Row]) -> set[str]:
        """Colleges more than half of whose programmes are in clock hours."""
        units: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(
            lambda: {"clock": set(), "all": set()}
        )
        for row in rows:
            if row["is_closed"] or row["credit_unit"] not in CREDIT:
                continue
            found = units[self.reports_as(row["institution_code"])]
            program = (row["institution_code"], row["program_code"])
            found["all"].add(program)
            if row["credit_unit"] == "CLOCK":
                found["clock"].add(program)
        return {
            college
            for college, found in units.items()
            if len(found["clock"]) > len(found["all"]) / 2
        }

    def normal_months(self, program_id: str | None, level: str | None) -> int | None:
        """Normal time: two years for an associate's degree, else from the credits."""
        if level == "3":
            return 24
        program = self.programs.get(program_id or "")
        if program is None:
            return None
        if program["award_level"] == "3":
            return 24
        a_year = {"SH": 30, "QH": 45, "CLOCK": 24 * 52}.get(program["credit_unit"])
        if not program["required_credits"] or a_year is None:
            return None
        years = Fraction(program["required_credits"]) / a_year
        return math.ceil(12 * years)


class Person:
    """One learner with all that is on record."""

    def __init__(self, state: State, learner: str) -> None:
        self.state = state
        facts = state.facts[learner]
        self.sections = facts["fact_section_enrolment"]
        self.stays = list(self._stays(facts))
        self.declared = facts["fact_program_enrolment"]
        self.brought = facts["fact_transfer_credit"]
        self.awards = facts["fact_award"]
        self.told_elsewhere = facts["fact_enrolment_elsewhere"]
        self.outside = [row for row in self.told_elsewhere if not row["is_sender"]]
        self.outside_awards = [
            row["awarded_on"]
            for row in facts["fact_award_elsewhere"]
            if not row["is_sender"]
        ]

    def _stays(self, facts: Mapping[str, list[Row]]) -> Iterator[Stay]:
        stays: dict[str, Stay] = {}
        with_courses = set()
        for row in self.sections:
            term = self.state.terms.get(row["term_id"])
            if term is None:
                continue
            with_courses.add(term.id)
            if (
                row["status"] in ("not_recorded", "audited")
                or row["registration_status"] == "AUDIT"
                or row["grade_outcome"] == "CREDIT_BY_EXAM"
                or row["credit_unit"] not in CREDIT
            ):
                continue
            left = row["status"] == "withdrew"
            gone = row["status_date"]
            in_time = bool(left and gone and gone <= (term.census or term.first))
            stays.setdefault(term.id, Stay(term)).taken.append(
                {
                    "held": not in_time,
                    "left": left,
                    "left_on": gone,
                    "dual": row["is_dual_enrolment"],
                    "unit": row["credit_unit"],
                    "load": Fraction(row["attempted_credit"]),
                }
            )
        for row in facts["fact_term_enrolment"]:
            term = self.state.terms.get(row["term_id"])
            if (
                term is None
                or term.id in with_courses
                or row["credit_unit"] not in CREDIT
            ):
                continue
            stays.setdefault(term.id, Stay(term)).taken.append(
                {
                    "held": row["attempted"] > 0,
                    "left": False,
                    "left_on": None,
                    "dual": row["is_dual_enrolment"],
                    "unit": row["credit_unit"],
                    "load": Fraction(row["attempted"]),
                }
            )
        yield from stays.values()

    def died_by(self, entry: Stay, day: date) -> bool:
        """Whether a clearinghouse tells of a death after entry and by a day."""
        return any(
            row["enrolment_status"] == "DECEASED"
            and entry.term.first <= row["enrolment_end"] <= day
            for row in self.told_elsewhere
        )

    @property
    def attended(self) -> list[Stay]:
        """Ordinary terms in which the learner was there on census day."""
        return [stay for stay in self.stays if stay.held and not stay.is_dual]

    def programmes(self, entry: Stay) -> list[Row]:
        found = []
        for row in self.declared:
            first = self.state.terms.get(row["start_term_id"])
            last = self.state.terms.get(row["end_term_id"])
            if (
                first is not None
                and first.college == entry.term.college
                and row["level"] not in ("ND", "CE")
                and first.first <= entry.term.first
                and (last is None or last.last >= entry.term.first)
            ):
                found.append(row)
        return found

    def awards_by(self, college: str, *, ours: bool) -> list[Row]:
        return [
            row
            for row in self.awards
            if (self.state.reports_as(row["institution_code"]) == college) == ours
        ]

    def standing_here(self, entry: Stay) -> list[Row]:
        return [
            row
            for row in self.awards_by(entry.term.college, ours=True)
            if row["status"] != "REVOKED" and row["awarded_on"] >= entry.term.first
        ]

    def awarded_elsewhere(self, entry: Stay) -> list[date]:
        sister = [
            row["awarded_on"]
            for row in self.awards_by(entry.term.college, ours=False)
            if row["status"] != "REVOKED"
        ]
        return [
            day for day in [*sister, *self.outside_awards] if day >= entry.term.first
        ]


def entries(
    state: State, person: Person, clock: str
) -> dict[tuple[str, int], tuple[Stay, date]]:
    """Fall cohorts: by college and year the entry, and since when a summer is forgiven.

    Args:
        clock: How a clock-hour college's cohort is made: fall, full_year or autumn.
    """
    found: dict[tuple[str, int], list[tuple[Stay, date]]] = defaultdict(list)
    for stay in person.stays:
        term = stay.term
        year = term.first.year
        summer = date(year, 5, 1)
        way = clock if term.college in state.by_clock else "fall"
        if way == "full_year":
            began = year if term.first >= date(year, 9, 1) else year - 1
            found[term.college, began].append((stay, term.first))
        elif way == "autumn":
            if term.touches(date(year, 8, 1), date(year, 10, 31)):
                found[term.college, year].append((stay, summer))
        elif term.covers(date(year, 10, 15)):
            found[term.college, year].append((stay, summer))
    return {
        key: min(
            stays,
            key=lambda one: (
                not one[0].held,
                one[0].is_dual,
                one[0].term.first,
                one[0].term.id,
            ),
        )
        for key, stays in found.items()
    }


def been_before(person: Person, entry: Stay, summer: date) -> str | None:
    """By which sign the learner is not first-time, leaving credit aside."""
    before = [
        s for s in person.attended if s.term.first < min(summer, entry.term.first)
    ]
    if any(stay.term.college == entry.term.college for stay in before):
        return "attended_here_before"
    if before:
        return "attended_sister_before"
    if any(row["enrolment_begin"] < summer for row in person.outside):
        return "attended_outside_before"
    return None


def brought_credit(state: State, person: Person, entry: Stay) -> bool:
    for row in person.brought:
        if row["source_type"] != "INSTITUTION":
            continue
        if row["source_organization_id"] not in state.outsiders:
            continue
        term = state.terms.get(row["term_id"])
        day = term.first if term else row["evaluated_on"]
        if day is not None and day <= entry.term.first:
            return True
    return False


def not_in_fall_cohort(
    state: State, person: Person, entry: Stay, summer: date, *, strict: bool
) -> str | None:
    """Why somebody is not first-time (and, strictly, seeking) in this term."""
    if not entry.held:
        return "no_census_enrolment"
    if entry.is_dual:
        return "dual_enrolment_term"
    before = been_before(person, entry, summer)
    if before or not strict:
        return before
    if brought_credit(state, person, entry):
        return "brought_outside_credit"
    if not person.programmes(entry):
        return "no_programme"
    return None


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def graduated(state: State, person: Person, entry: Stay, began: date, p: int) -> str:
    here = person.standing_here(entry)
    lengths = [
        (row, state.normal_months(row["program_id"], row["award_level"]))
        for row in here
    ]
    for row, months in lengths:
        if months is None:
            continue
        until = add_months(began, math.ceil(Fraction(months * p, 100)))
        if row["awarded_on"] <= until:
            return f"completed_within_{p}"
    if any(months is None for _, months in lengths):
        return "award_of_unknown_length"
    if here:
        return "award_too_late"
    own = person.awards_by(entry.term.college, ours=True)
    first = entry.term.first
    if any(a["status"] == "REVOKED" and a["awarded_on"] >= first for a in own):
        return "award_revoked"
    if any(a["status"] != "REVOKED" and a["awarded_on"] < first for a in own):
        return "award_before_entry"
    if person.awarded_elsewhere(entry):
        return "award_elsewhere"
    away = [
        stay
        for stay in person.attended
        if stay.term.college != entry.term.college and stay.term.first > first
    ]
    if away or any(row["enrolment_begin"] > first for row in person.outside):
        return "transferred_out"
    return "no_award"


def ipeds_gr(state: State, person: Person) -> Iterator[str]:
    for (college, year), (entry, summer) in entries(state, person, "full_year").items():
        rule = not_in_fall_cohort(state, person, entry, summer, strict=True)
        by_clock = college in state.by_clock
        if rule is None and not entry.is_full_time:
            rule = "not_full_time"
        if rule is None and by_clock and entry.days_until_gone is not None:
            lengths = [
                state.normal_months(row["program_id"], None)
                for row in person.programmes(entry)
            ]
            known = [months for months in lengths if months is not None]
            least = 15 if known and min(known) <= 12 else 30
            if entry.days_until_gone < least:
                rule = "left_within_days"
        if (
            rule is None
            and not person.standing_here(entry)
            and person.died_by(entry, date(year + 4, 8, 31))
        ):
            rule = "died"
        if rule:
            yield f"{college} {year} out {rule}"
            continue
        began = entry.term.first if by_clock else date(year, 8, 31)
        reached = [graduated(state, person, entry, began, p) for p in (100, 150, 200)]
        yield f"{college} {year} in full_time_first_time: {' '.join(reached)}"


def next_fall(state: State, person: Person, year: int) -> list[str]:
    """Colleges of the systems that the learner attends in the fall of a year."""
    found = []
    for stay in person.attended:
        term = stay.term
        if term.first.year != year:
            continue
        if term.college in state.by_clock:
            if term.touches(date(year, 8, 1), date(year, 10, 31)):
                found.append(term.college)
        elif term.covers(date(year, 10, 15)):
            found.append(term.college)
    return found


def second_fall(
    state: State, person: Person, entry: Stay, year: int, *, anywhere: bool
) -> str:
    """What became of somebody by the following fall, here or anywhere."""
    day = date(year + 1, 10, 15)
    college = entry.term.college
    there = next_fall(state, person, year + 1)
    outside = any(
        row["enrolment_begin"] <= day <= row["enrolment_end"]
        and row["enrolment_status"] not in AWAY
        for row in person.outside
    )
    away = outside or any(one != college for one in there)
    if college in there:
        return "back_here_in_fall"
    if any(row["awarded_on"] <= day for row in person.standing_here(entry)):
        return "award_here_by_fall"
    if not anywhere:
        return "only_elsewhere_in_fall" if away else "not_back_in_fall"
    if away:
        return "elsewhere_in_fall"
    if any(got <= day for got in person.awarded_elsewhere(entry)):
        return "award_elsewhere_by_fall"
    return "not_back_in_fall"


def _ef(state: State, person: Person, *, full_time: bool) -> Iterator[str]:
    for (college, year), (entry, summer) in entries(state, person, "autumn").items():
        rule = not_in_fall_cohort(state, person, entry, summer, strict=True)
        if rule is None and entry.is_full_time != full_time:
            rule = "not_full_time" if full_time else "not_part_time"
        fall = date(year + 1, 10, 15)
        if (
            rule is None
            and person.died_by(entry, fall)
            and not any(a["awarded_on"] <= fall for a in person.standing_here(entry))
        ):
            rule = "died_by_fall"
        if rule:
            yield f"{college} {year} out {rule}"
            continue
        name = "full_time_first_time" if full_time else "part_time_first_time"
        reached = second_fall(state, person, entry, year, anywhere=False)
        yield f"{college} {year} in {name}: {reached}"


def ipeds_ef_ft(state: State, person: Person) -> Iterator[str]:
    return _ef(state, person, full_time=True)


def ipeds_ef_pt(state: State, person: Person) -> Iterator[str]:
    return _ef(state, person, full_time=False)


def ccrc_momentum(state: State, person: Person) -> Iterator[str]:
    for (college, year), (entry, summer) in entries(state, person, "fall").items():
        rule = (
            "clock_hour_college"
            if college in state.by_clock
            else not_in_fall_cohort(state, person, entry, summer, strict=True)
        )
        if rule:
            yield f"{college} {year} out {rule}"
            continue
        hours, maths, english = Fraction(0), False, False
        for row in person.sections:
            term = state.terms.get(row["term_id"])
            course = state.courses.get(row["course_id"])
            if term is None or term.college != college or course is None:
                continue
            days = (term.first - entry.term.first).days
            if not 0 <= days < 350 or row["status"] != "completed":
                continue
            if (
                course["is_developmental"]
                or row["grade_outcome"] == "CREDIT_BY_EXAM"
                or row["repeat_code"] == "EXCLUDE"
                or row["credit_unit"] not in ("SH", "QH")
                or not row["earned_credit"]
            ):
                continue
            ratio = Fraction(2, 3) if row["credit_unit"] == "QH" else 1
            hours += Fraction(row["earned_credit"]) * ratio
            maths |= row["subject"] in ("MTH", "MATH")
            english |= row["subject"] in ("ENG", "ENGL") and course[
                "statewide_area"
            ] in ("1", "COMM")
        reached = [
            f"credits_{n}" if hours >= n else "credits_short" for n in (15, 24, 30)
        ]
        reached.append("maths_passed" if maths else "maths_not_passed")
        reached.append("english_passed" if english else "english_not_passed")
        reached.append(
            "both_gateways_passed" if maths and english else "gateway_missing"
        )
        yield f"{college} {year} in first_time_seeking: {' '.join(reached)}"


def nsc_persistence(state: State, person: Person) -> Iterator[str]:
    for (college, year), (entry, summer) in entries(state, person, "fall").items():
        rule = not_in_fall_cohort(state, person, entry, summer, strict=False)
        if rule:
            yield f"{college} {year} out {rule}"
            continue
        reached = [
            second_fall(state, person, entry, year, anywhere=anywhere)
            for anywhere in (False, True)
        ]
        yield f"{college} {year} in first_time_any: {' '.join(reached)}"


def pdp_retention(state: State, person: Person) -> Iterator[str]:
    first: dict[str, Stay] = {}
    for stay in sorted(person.attended, key=lambda s: (s.term.first, s.term.id)):
        first.setdefault(stay.term.college, stay)
    for college, entry in first.items():
        year = entry.term.year - 1
        if sum(entry.load(unit) for unit in CREDIT) < 1:
            yield f"{college} {year} out attempted_under_one_credit"
            continue
        begins = entry.term.first + timedelta(350)
        ends = entry.term.first + timedelta(715)
        there = [
            stay.term.college
            for stay in person.attended
            if begins <= stay.term.first < ends
        ]
        away = any(one != college for one in there) or any(
            begins <= row["enrolment_begin"] < ends
            and row["enrolment_status"] not in AWAY
            for row in person.outside
        )
        here = any(row["awarded_on"] < ends for row in person.standing_here(entry))
        got = any(day < ends for day in person.awarded_elsewhere(entry))
        if college in there:
            reached = ["back_here_in_year_2"] * 2
        elif here:
            reached = ["award_here_by_year_2"] * 2
        else:
            reached = [
                "only_elsewhere_in_year_2" if away else "not_back_in_year_2",
                "elsewhere_in_year_2"
                if away
                else "award_elsewhere_by_year_2"
                if got
                else "not_back_in_year_2",
            ]
        yield f"{college} {year} in new_to_college: {' '.join(reached)}"


METRICS = {
    metric.__name__: metric
    for metric in (
        ccrc_momentum, ipeds_ef_ft, ipeds_ef_pt, ipeds_gr, nsc_persistence,
        pdp_retention,
    )
}  # fmt: skip


def worked_out(tables: Mapping[str, Iterable[Row]]) -> dict[str, list[str]]:
    """By metric, a line a row: ``learner: college year in|out rule: rule rule``."""
    state = State({name: list(tables[name]) for name in TABLES})
    people = {learner: Person(state, learner) for learner in sorted(state.people)}
    return {
        name: sorted(
            f"{learner}: {line}"
            for learner, person in people.items()
            for line in metric(state, person)
        )
        for name, metric in METRICS.items()
    }
