"""An edit that a person overrides only warns, in one feed and until a date."""

from datetime import UTC, datetime

import pytest
from landing_warehouse import Warehouse, package_of
from lrw_calls import Lrw
from package_builder import CONTRACTS, State, college_state, send

from pipelines.landing.decided.decisions import Decision, Decisions
from pipelines.landing.decided.overriding import why_not

WHO = ("--reason", "Credit by examination", "--by", "Ann Lee")
EDIT = "CRR-Q03"


def _with_wrong_credit(rows: int = 5) -> State:
    """Forty students, of whom the first earn more credit than they attempt."""
    state = college_state(40)
    for row in state["course_result"][:rows]:
        row["earned_credit"] = "9.000"
    return state


def _land(warehouse: Warehouse, day: str, state: State, code: str = "CACC"):
    send(warehouse.inbox, code, day, state)
    return package_of(warehouse.land(), code)


def _override(lrw: Lrw, until: str, *more: str) -> str:
    said = lrw.college(
        "CACC", "override", EDIT, "--until", until, *WHO, *more, "--format", "json"
    )
    assert said.code == 0, said.err
    return str(said.json()["decision_id"])


def test_an_overridden_edit_lets_rows_pass_until_its_date(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    first = _land(warehouse, "2026-09-01", _with_wrong_credit())
    assert first.counts["course_result"]["quarantined"] == 5

    decision = _override(lrw, "2026-09-02")
    second = _land(warehouse, "2026-09-02", _with_wrong_credit())
    third = _land(warehouse, "2026-09-03", _with_wrong_credit())

    assert second.counts["course_result"]["quarantined"] == 0
    assert len(warehouse.in_force("course_result", "CACC")) == 80
    told = [
        (finding["severity"], finding["overridden_by"])
        for finding in warehouse.findings("CACC", "2026-09-02")
        if finding["edit_id"] == EDIT
    ]
    assert told == [("W", decision)] * 5
    assert third.counts["course_result"]["quarantined"] == 5
    overview = lrw.college("CACC", "--format", "json").json()
    assert overview["decisions"] == []
    assert [d["decision_id"] for d in overview["expired_overrides"]] == [decision]


def test_an_override_is_of_one_college(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    _override(lrw, "2026-12-01")
    send(warehouse.inbox, "BEVILL", "2026-09-02", _with_wrong_credit())
    send(warehouse.inbox, "CACC", "2026-09-02", _with_wrong_credit())

    landed = {p.institution_code: p for p in warehouse.land().packages}

    assert landed["CACC"].counts["course_result"]["quarantined"] == 0
    assert landed["BEVILL"].counts["course_result"]["quarantined"] == 5


def test_a_volume_guard_is_overridden_for_the_feed_that_is_named(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    feeds = ["person", "person_identifier", "program_enrollment"]
    feeds += ["course_result", "term_enrollment"]
    for feed in feeds:
        until = ("--feed", feed, "--until", "2026-09-30")
        assert lrw.college("CACC", "override", "F11", *until, *WHO).code == 0
    until = ("CRR-F01", "--until", "2026-09-30")
    assert lrw.college("CACC", "override", *until, *WHO).code == 0

    landed = _land(warehouse, "2026-09-02", college_state(30))

    assert (landed.verdict, landed.edits["F11"] > 0) == ("accepted", True)
    assert len(warehouse.in_force("person", "CACC")) == 30


def test_an_override_taken_back_counts_no_more(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    decision = _override(lrw, "2026-12-01")

    assert lrw.college("CACC", "withdraw", decision, *WHO).code == 0
    landed = _land(warehouse, "2026-09-02", _with_wrong_credit())

    assert landed.counts["course_result"]["quarantined"] == 5
    again = lrw.college("CACC", "withdraw", decision, *WHO)
    assert (again.code, "not in force" in again.line) == (1, True)


def test_a_later_shorter_override_ends_the_earlier_one(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    long = _override(lrw, "2026-12-31")
    short = _override(lrw, "2026-09-10")

    landed = _land(warehouse, "2026-09-11", _with_wrong_credit())

    assert landed.counts["course_result"]["quarantined"] == 5
    decision = Decisions.read(warehouse.home).find("CACC", short)
    assert decision is not None
    assert decision.names == long
    overview = lrw.college("CACC", "--format", "json").json()
    told = [d["decision_id"] for d in overview["expired_overrides"]]
    assert (overview["decisions"], told) == ([], [short])

    assert lrw.college("CACC", "withdraw", short, *WHO).code == 0
    overview = lrw.college("CACC", "--format", "json").json()
    assert [d["decision_id"] for d in overview["decisions"]] == [long]


def test_what_was_judged_under_an_earlier_override_is_replayed_under_it() -> None:
    def at(day: int) -> datetime:
        return datetime(2026, 9, day, tzinfo=UTC)

    first, second = (
        Decision(
            "CACC", "override", "Right", "Ann Lee", edit_id=EDIT, feed="course_result",
            decision_id=name, starts_after=at(start), expires_on=at(end).date(),
        )
        for name, start, end in (("1", 1, 30), ("2", 5, 7))
    )  # fmt: skip
    decisions = Decisions([first, second])

    def ruling(day: int) -> str | None:
        found = decisions.overrides_for("CACC", at(day), at(day).date())
        return found.get(("course_result", EDIT))

    assert [ruling(day) for day in (1, 3, 5, 6, 9)] == [None, "1", "1", "2", None]


def test_the_same_override_twice_is_told_and_not_logged(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    first = _override(lrw, "2026-12-01")

    again = lrw.college("cacc", "override", EDIT, "--until", "2026-12-01", *WHO)

    assert again.code == 1
    assert f"until 2026-12-01 already, by Ann Lee ({first})" in again.line
    assert len(Decisions.read(warehouse.home).log) == 1


def test_edit_and_feed_are_typed_in_any_case(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, "2026-09-01", college_state(40))
    for edit, feed in (("crr-q03", "COURSE_RESULT"), ("f11", "Person")):
        more = ("--feed", feed, "--until", "2026-12-01", *WHO)
        said = lrw.college("CACC", "override", edit, *more)
        assert (said.code, said.err) == (0, "")
    made = [(d.edit_id, d.feed) for d in Decisions.read(warehouse.home).log]
    assert made == [(EDIT, "course_result"), ("F11", "person")]


def test_it_says_what_the_last_package_would_have_become(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    state = _with_wrong_credit(4)
    state["course_result"][0]["grade_local"] = "F"
    _land(warehouse, "2026-09-01", state)

    said = lrw.college("CACC", "override", EDIT, "--until", "2026-09-30", *WHO)

    assert "In the last package, 2026-09-01" in said.out
    assert "would have been warnings: 4; quarantined rows loaded: 3." in said.out


MISTAKES = {
    ("ZZZ-Q99", "--until", "2026-09-30"): (2, "No edit has the id ZZZ-Q99"),
    (EDIT, "--until", "2026-08-31"): (2, "before 2026-09-01"),
    (EDIT, "--until", "2027-03-01"): (2, "at most 180 days"),
    (EDIT, "--until", "soon"): (2, "is no date"),
    (EDIT,): (2, "--until"),
    (EDIT, "--feed", "person", "--until", "2026-09-30"): (2, "is an edit of"),
    ("F11", "--until", "2026-09-30"): (2, "--feed"),
    ("F11", "--feed", "nothing", "--until", "2026-09-30"): (2, "No feed"),
    ("F06", "--feed", "person", "--until", "2026-09-30"): (1, "cannot be used"),
    ("F20", "--feed", "person", "--until", "2026-09-30"): (1, "cannot be used"),
    ("DSC-F01", "--until", "2026-09-30"): (1, "protects learners"),
    ("CRR-Q01", "--until", "2026-09-30"): (1, "protects learners"),
    ("X01", "--feed", "course_result", "--until", "2026-09-30"): (1, "protects"),
    ("PID-Q01", "--until", "2026-09-30"): (1, "protects learners"),
    ("AWD-Q02", "--until", "2026-09-30"): (1, "lets rows in by itself"),
    ("CRR-attempted_credit-TYPE", "--until", "2026-09-30"): (1, "no value"),
    ("F09", "--feed", "person", "--until", "2026-09-30"): (1, "order of packages"),
}


def test_every_mistake_is_one_line_and_overrides_nothing(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, "2026-09-01", college_state())
    for arguments, (code, words) in MISTAKES.items():
        said = lrw.college("CACC", "override", *arguments, *WHO)
        assert (arguments, said.code) == (arguments, code)
        assert words in said.line
    assert Decisions.read(warehouse.home).log == ()


@pytest.mark.parametrize("edit_id", [f"F0{n}" for n in range(1, 9)] + ["F20", "X01"])
def test_what_damage_or_a_learner_depends_on_is_never_overridden(edit_id: str) -> None:
    assert why_not(CONTRACTS.edit(edit_id)) is not None


@pytest.mark.parametrize("edit_id", ["F11", "F15", "F18", "X08", "TEN-Q02", "CRR-F02"])
def test_what_is_a_judgement_may_be_overridden(edit_id: str) -> None:
    assert why_not(CONTRACTS.edit(edit_id)) is None


def test_before_a_first_package_an_override_counts_from_today(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    said = lrw.college("CACC", "override", EDIT, "--until", "2026-09-30", *WHO)
    assert said.code == 2
    assert "is before today" in said.line
    assert "no package has come yet" in said.line
