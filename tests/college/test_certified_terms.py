"""A certified term keeps its rows and numbers, whatever is corrected later."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from landing_warehouse import Warehouse
from lrw_calls import Lrw
from package_builder import State, college_state

from pipelines.landing.decided.certified import Numbers, frozen_numbers
from pipelines.landing.decided.decisions import Decision, Decisions

DAY, NEXT, THIRD = (f"2026-09-0{n}" for n in (1, 2, 3))
WHO = ("--reason", "Census taken", "--by", "Ann Lee")
FALL, SPRING = "202680", "202610"


def _land(warehouse: Warehouse, day: str, state: State, **options: Any) -> None:
    warehouse.night("CACC", day, state, **options)


def _corrected() -> State:
    """Of four students one was never there, and one failed after all."""
    state = college_state()
    for feed in ("course_result", "term_enrollment"):
        state[feed] = [row for row in state[feed] if not _is(row, "A0001")]
    failed = {"quality_points": "0.000"}
    for row in filter(lambda row: _is(row, "A0003"), state["course_result"]):
        row.update(failed, grade_local="F", earned_credit="0.000")
    for row in filter(lambda row: _is(row, "A0003"), state["term_enrollment"]):
        row.update(failed, earned="0.000", term_gpa="0.000")
    return state


def _is(row: dict[str, str], student: str) -> bool:
    return (row["student_id"], row["term_code"]) == (student, FALL)


def _certify(lrw: Lrw, *more: str, term: str = FALL, kind: str = "census") -> Any:
    said = lrw.college(
        "CACC", "certify", term, "--kind", kind, *WHO, *more, "--format", "json"
    )
    assert said.code == 0, said.err
    return said.json()


def _decision(warehouse: Warehouse, decision_id: str) -> Decision:
    found = Decisions.read(warehouse.home).find("CACC", decision_id)
    assert found is not None
    return found


@pytest.fixture
def certified(warehouse: Warehouse, lrw: Lrw) -> dict[str, Any]:
    _land(warehouse, DAY, college_state())
    return _certify(lrw)  # type: ignore[no-any-return]


def test_a_certification_counts_the_term_as_it_is_in_force(
    certified: dict[str, Any],
) -> None:
    assert (certified["status"], certified["sequence"]) == ("Certified", 1)
    numbers = Numbers.of(certified)
    assert (numbers.headcount, numbers.enrollments, numbers.awards) == (4, 4, 0)
    credit = (Decimal(numbers.attempted_credit), Decimal(numbers.earned_credit))
    assert credit == (Decimal(12), Decimal(12))


def test_an_award_counts_in_its_term(warehouse: Warehouse, lrw: Lrw) -> None:
    _land(warehouse, DAY, college_state())
    assert _certify(lrw, term=SPRING, kind="end_of_term")["awards"] == 1


def test_a_later_correction_changes_the_numbers_in_force_and_not_the_certified(
    warehouse: Warehouse, lrw: Lrw, certified: dict[str, Any]
) -> None:
    _land(warehouse, NEXT, _corrected())

    lines = lrw.college("CACC", "report", FALL, "--format", "json").json()

    told = {
        line["measure"]: [float(line[name] or 0) for name in _COMPARED]
        for line in lines
    }
    assert told == {
        "headcount": [4, 3, -1],
        "enrollments": [4, 3, -1],
        "attempted_credit": [12, 9, -3],
        "earned_credit": [12, 6, -6],
        "awards": [0, 0, 0],
    }
    decision = _decision(warehouse, certified["decision_id"])
    recounted = frozen_numbers(warehouse.home, decision)
    assert recounted == Numbers.of(decision.numbers or {})
    assert recounted.headcount == 4


_COMPARED = ("certified", "in_force", "difference")


def test_the_rows_are_kept_by_feed_with_the_student_they_are_about(
    warehouse: Warehouse, certified: dict[str, Any]
) -> None:
    folder = warehouse.home.certified / certified["decision_id"]
    kept = {path.stem: pl.read_parquet(path) for path in folder.glob("*.parquet")}
    assert {name: rows.height for name, rows in kept.items()} == {
        "term": 1,
        "section": 2,
        "course_result": 4,
        "term_enrollment": 4,
        "program_enrollment": 4,
        "credential_award": 0,
    }
    students = ["A0001", "A0002", "A0003", "A0004"]
    assert kept["course_result"]["student_id"].to_list() == students
    assert set(kept["course_result"]["term_code"]) == {FALL}
    assert all(not path.stat().st_mode & 0o222 for path in folder.glob("*.parquet"))


def test_a_replay_of_an_older_package_changes_the_numbers_in_force_only(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, DAY, college_state())
    spring = {
        feed: [row for row in rows if row.get("term_code", SPRING) == SPRING]
        for feed, rows in college_state().items()
        if feed != "term"
    } | {"term": college_state()["term"]}
    _land(warehouse, THIRD, spring, terms=[SPRING])
    _certify(lrw)
    _land(warehouse, NEXT, _corrected())

    said = lrw.college("CACC", "release", NEXT, *WHO)

    assert said.code == 0, said.err
    lines = lrw.college("CACC", "report", FALL, "--format", "json").json()
    (headcount,) = (line for line in lines if line["measure"] == "headcount")
    assert [headcount[name] for name in _COMPARED] == [4, 3, -1]


def test_a_kind_is_certified_once_and_then_recertified_on_purpose(
    warehouse: Warehouse, lrw: Lrw, certified: dict[str, Any]
) -> None:
    _land(warehouse, NEXT, _corrected())
    refused = lrw.college("CACC", "certify", FALL, "--kind", "census", *WHO)
    assert (refused.code, "certified already" in refused.line) == (1, True)

    again = _certify(lrw, "--supersede")

    assert (again["status"], again["sequence"]) == ("Recertified", 2)
    assert again["headcount"] == 3
    old = frozen_numbers(warehouse.home, _decision(warehouse, certified["decision_id"]))
    assert old.headcount == 4
    standing = lrw.college("CACC", "--format", "json").json()["decisions"]
    assert [d["decision_id"] for d in standing] == [again["decision_id"]]


def test_a_withdrawn_certification_is_none_and_stays_in_the_log(
    warehouse: Warehouse, lrw: Lrw, certified: dict[str, Any]
) -> None:
    assert lrw.college("CACC", "withdraw", certified["decision_id"], *WHO).code == 0

    lines = lrw.college("CACC", "report", FALL, "--format", "json").json()

    assert {line["certified"] for line in lines} == {None}
    assert _decision(warehouse, certified["decision_id"]).sequence == 1
    assert _certify(lrw)["status"] == "Recertified"


def test_a_term_is_not_certified_while_a_package_is_held(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, DAY, college_state(40))
    _land(warehouse, NEXT, college_state(30))

    said = lrw.college("CACC", "certify", FALL, "--kind", "census", *WHO)

    assert (said.code, f"held package, {NEXT}" in said.line) == (1, True)
    assert lrw.college("CACC", "refuse", NEXT, *WHO).code == 0
    assert _certify(lrw)["headcount"] == 40


@pytest.mark.parametrize(
    ("term", "kind", "words"),
    [
        (FALL, "end_of_term", "ends on 2026-12-11"),
        (FALL, "census", "has its census on 2026-09-08"),
        ("202710", "census", "begins on 2027-01-06"),
    ],
)
def test_a_term_is_not_certified_before_its_day_unless_that_is_said(
    warehouse: Warehouse, lrw: Lrw, term: str, kind: str, words: str
) -> None:
    state = college_state()
    state["term"][1]["census_date"] = "2026-09-08"
    spring = {
        "term_code": "202710",
        "title": "Spring 2027",
        "start_date": "2027-01-06",
        "end_date": "2027-05-07",
    }
    state["term"].append(state["term"][0] | spring | {"academic_year_end": "2027"})
    _land(warehouse, DAY, state)

    said = lrw.college("CACC", "certify", term, "--kind", kind, *WHO)

    assert said.code == 1
    assert words in said.line
    assert f"as of {DAY}: --early certifies it" in said.line
    assert _certify(lrw, "--early", term=term, kind=kind)["status"] == "Certified"


MISTAKES = {
    ("209999", "--kind", "census", *WHO): (2, "no term 209999"),
    (FALL, "--kind", "midterm", *WHO): (2, "census or end_of_term"),
    (FALL, *WHO): (2, "--kind"),
    (FALL, "--kind", "census", "--by", "Ann"): (2, "--reason"),
    (FALL, "--kind", "end_of_term", "--supersede", *WHO): (1, "nothing to supersede"),
}


def test_every_mistake_is_one_line_and_certifies_nothing(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _land(warehouse, DAY, college_state())
    for arguments, (code, words) in MISTAKES.items():
        said = lrw.college("CACC", "certify", *arguments)
        assert (arguments, said.code) == (arguments, code)
        assert words in said.line
    assert Decisions.read(warehouse.home).log == ()


def test_a_changed_file_of_certified_rows_is_found(
    warehouse: Warehouse, lrw: Lrw, certified: dict[str, Any]
) -> None:
    path: Path = warehouse.home.certified / certified["decision_id"]
    file = path / "course_result.parquet"
    rows = pl.read_parquet(file)
    file.chmod(0o600)
    rows.head(3).write_parquet(file)

    said = lrw.college("CACC", "report", FALL)

    assert said.code == 1
    assert "course_result.parquet" in said.err
