"""A parent that is replaced re-judges its children; given-up ids keep their rows."""

import json

import polars as pl
from landing_warehouse import Warehouse, package_of
from package_builder import (
    State,
    award,
    college_state,
    identifier,
    person,
    result,
    send,
    term_row,
)

from pipelines.landing.kept.ledger import History, read_ledger
from pipelines.landing.kept.store import read_quarantine

DAY, NEXT, THIRD, FOURTH = (f"2026-09-0{day}" for day in (1, 2, 3, 4))
CODE = "CACC"


def _delta(warehouse: Warehouse, day: str, rows: State, previous: str) -> str:
    return send(warehouse.inbox, CODE, day, rows, mode="delta", previous=previous)


def _failing_grade() -> State:
    (grade,) = (g for g in college_state()["grade_scheme"] if g["grade_local"] == "B")
    return {"grade_scheme": [grade | {"outcome": "FAIL", "counts_earned": "N"}]}


def test_results_of_a_grade_that_now_fails_leave_force_and_come_back_when_mended(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night(CODE, DAY, college_state())
    second = _delta(warehouse, NEXT, _failing_grade(), first)

    broken = package_of(warehouse.land(), CODE)

    # Two students with a B in two terms; the package has no course_result file.
    assert broken.verdict == "accepted_with_quarantine"
    assert broken.counts["course_result"]["rejudged"] == 4
    assert broken.counts["course_result"]["quarantined"] == 0
    assert set(warehouse.ids("course_result", CODE, "grade_local")) == {"A"}
    told = [f for f in warehouse.findings(CODE, NEXT) if f["edit_id"] == "CRR-Q04"]
    assert len(told) == 4
    assert {f["file"] for f in told} == {"grade_scheme.csv"}
    history = History(read_ledger(warehouse.home))
    aside = read_quarantine(warehouse.home, "course_result", history)
    assert aside["rejudged"].to_list() == [True] * 4
    assert set(aside["sent_package_id"]) == {first}
    assert json.loads(aside["row_json"][0])["grade_local"] == "B"

    (mended,) = (g for g in college_state()["grade_scheme"] if g["grade_local"] == "B")
    third = _delta(warehouse, THIRD, {"grade_scheme": [mended]}, second)
    back = package_of(warehouse.land(), CODE)

    assert back.verdict == "accepted"
    assert back.counts["course_result"]["released"] == 4
    rows = warehouse.in_force("course_result", CODE, "grade_local, _file_name, _line")
    assert len(rows) == 8
    assert {r["_file_name"] for r in rows} == {"course_result.csv"}
    assert sorted(r["_line"] for r in rows) == list(range(2, 10))

    # Once back they are as any other row, also when it happens again.
    fourth = _delta(warehouse, FOURTH, _failing_grade(), third)
    assert package_of(warehouse.land(), CODE).counts["course_result"]["rejudged"] == 4
    _delta(warehouse, "2026-09-05", {"grade_scheme": [mended]}, fourth)
    assert package_of(warehouse.land(), CODE).counts["course_result"]["released"] == 4


def test_a_parent_file_that_would_empty_its_children_waits_for_a_person(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night(CODE, DAY, college_state(20))
    second = _delta(warehouse, NEXT, _failing_grade(), first)

    held = package_of(warehouse.land(), CODE)

    assert (held.verdict, held.edits["F15"]) == ("held", 1)
    assert len(warehouse.in_force("course_result", CODE)) == 40
    assert all(c["rejudged"] == 0 for c in held.counts.values())

    released = package_of(warehouse.land(release=frozenset({second})), CODE)
    assert released.counts["course_result"]["rejudged"] == 20
    assert len(warehouse.in_force("course_result", CODE)) == 20


def test_rows_of_a_person_who_is_deleted_wait_for_the_person(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    hold = {"student_id": "A0001", "kind": "FERPA_BLOCK", "valid_from": "2026-01-01"}
    state["disclosure"] = [hold]
    first = warehouse.night(CODE, DAY, state)
    gone = {"person": [{"student_id": "A0001", "_op": "D"}]}
    second = _delta(warehouse, NEXT, gone, first)

    landed = package_of(warehouse.land(), CODE)

    rejudged = {f: c["rejudged"] for f, c in landed.counts.items() if c["rejudged"]}
    assert rejudged == {
        "person_identifier": 1,
        "program_enrollment": 1,
        "course_result": 2,
        "term_enrollment": 2,
    }
    # An award and a block end by an explicit row only.
    assert warehouse.ids("credential_award", CODE) == ["A0001"]
    assert warehouse.ids("disclosure", CODE) == ["A0001"]
    warned = {
        f["edit_id"] for f in warehouse.findings(CODE, NEXT) if f["severity"] == "W"
    }
    assert {"AWD-Q01", "DSC-Q01"} <= warned

    _delta(warehouse, THIRD, {"person": [person("A0001")]}, second)
    back = package_of(warehouse.land(), CODE)

    released = {f: c["released"] for f, c in back.counts.items() if c["released"]}
    assert released == rejudged
    tokens = warehouse.ids("person_identifier", CODE, "id_value")
    assert len(tokens) == 4
    assert all(token.startswith("hmac-sha256:") for token in tokens)


def test_a_reference_row_that_only_disappears_takes_nothing_along(
    warehouse: Warehouse,
) -> None:
    warehouse.night(CODE, DAY, college_state())
    state = college_state()
    del state["program"][0]
    state["program"].append(college_state()["program"][0] | {"program_code": "OTHER"})
    send(warehouse.inbox, CODE, NEXT, state)

    landed = package_of(warehouse.land(), CODE)

    assert landed.verdict == "accepted"
    assert len(warehouse.in_force("program_enrollment", CODE)) == 4


def test_a_row_quarantined_for_its_parents_content_comes_back_once_it_is_mended(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["grade_scheme"] = [
        g
        | ({"outcome": "FAIL", "counts_earned": "N"} if g["grade_local"] == "B" else {})
        for g in state["grade_scheme"]
    ]
    first = send(warehouse.inbox, CODE, DAY, state)
    assert (
        package_of(warehouse.land(), CODE).counts["course_result"]["quarantined"] == 4
    )
    mended = [g for g in college_state()["grade_scheme"] if g["grade_local"] == "B"]
    _delta(warehouse, NEXT, {"grade_scheme": mended}, first)

    landed = package_of(warehouse.land(), CODE)

    assert landed.counts["course_result"]["released"] == 4
    assert len(warehouse.in_force("course_result", CODE)) == 8


def _merge(kind: str, old: str, new: str) -> dict[str, str]:
    return {
        "from_student_id": old,
        "to_student_id": new,
        "kind": kind,
        "merged_on": "2026-09-02",
    }


def test_rows_of_a_changed_id_stay_under_the_old_one_and_never_count_twice(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night(CODE, DAY, college_state())
    renamed: State = {
        "person": [{"student_id": "A0002", "_op": "D"}, person("B0002", 1)],
        "person_merge": [_merge("ID_CHANGED", "A0002", "B0002")],
        "course_result": [result("B0002", "202680", "2", "A")],
    }
    second = _delta(warehouse, NEXT, renamed, first)

    landed = package_of(warehouse.land(), CODE)

    # Nothing was quarantined: the old id resolves through the merge.
    assert all(c["rejudged"] == 0 for c in landed.counts.values())
    mine = [
        (r["student_id"], r["term_code"], r["grade_local"])
        for r in warehouse.in_force("course_result", CODE)
        if r["student_id"].endswith("0002")
    ]
    assert sorted(mine) == [("A0002", "202610", "B"), ("B0002", "202680", "A")]
    assert landed.counts["course_result"]["removed"] == 1

    # Sent under the old id once more, a row that stands under the new one is read,
    # counted and changes nothing.
    again: State = {
        "course_result": [
            result("A0002", "202680", "2", "B"),
            result("A0002", "202610", "2", "A") | {"grade_seq": "2"},
        ]
    }
    _delta(warehouse, THIRD, again, second)
    third = package_of(warehouse.land(), CODE).counts["course_result"]
    assert (third["rows_read"], third["loaded"], third["quarantined"]) == (2, 2, 0)
    assert third["changed"] == 1
    assert len(warehouse.in_force("course_result", CODE)) == 8


def test_after_a_merge_only_rows_of_equal_content_are_one(warehouse: Warehouse) -> None:
    state = college_state()
    state["credential_award"] = [award("A0001", "1"), award("A0002", "1")]
    state["credential_award"][1]["awarded_on"] = "2026-05-10"
    first = warehouse.night(CODE, DAY, state)
    merged: State = {
        "person": [{"student_id": "A0002", "_op": "D"}],
        "person_merge": [_merge("MERGED_INTO", "A0002", "A0001")],
        "term_enrollment": [term_row("A0001", "202610", "A")],
    }
    _delta(warehouse, NEXT, merged, first)

    warehouse.land()

    # Award 1 of the one is not award 1 of the other.
    assert sorted(warehouse.ids("credential_award", CODE)) == ["A0001", "A0002"]
    assert warehouse.ids("course_result", CODE).count("A0002") == 2


def test_rows_of_a_merge_that_is_taken_back_lose_their_owner(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["person"] = [p for p in state["person"] if p["student_id"] != "A0002"]
    merge = _merge("MERGED_INTO", "A0002", "A0001")
    state["person_merge"] = [merge]
    first = send(warehouse.inbox, CODE, DAY, state)
    assert package_of(warehouse.land(), CODE).verdict == "accepted"
    _delta(warehouse, NEXT, {"person_merge": [merge | {"_op": "D"}]}, first)

    landed = package_of(warehouse.land(), CODE)

    assert landed.counts["course_result"]["rejudged"] == 2
    assert "A0002" not in warehouse.ids("course_result", CODE)


def test_one_number_of_two_students_is_noticed_over_two_nights(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night(CODE, DAY, college_state())
    same = identifier("A0009", 0)
    _delta(
        warehouse,
        NEXT,
        {"person": [person("A0009", 9)], "person_identifier": [same]},
        first,
    )

    landed = package_of(warehouse.land(), CODE)

    assert landed.verdict == "accepted"
    assert (landed.edits["PID-W01"], landed.edits["PID-W02"]) == (1, 1)
    told = pl.DataFrame(warehouse.findings(CODE, NEXT))
    assert not told["value"].str.contains("4123").any()


def test_of_a_row_set_aside_and_its_predecessor_the_later_one_comes_back(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night(CODE, DAY, college_state())
    sent = result("A0002", "202610", "2", "B") | {"title": "Sent later"}
    both = {**_failing_grade(), "course_result": [sent]}
    second = _delta(warehouse, NEXT, both, first)
    broken = package_of(warehouse.land(), CODE).counts["course_result"]
    assert (broken["quarantined"], broken["rejudged"]) == (1, 4)

    mended = [g for g in college_state()["grade_scheme"] if g["grade_local"] == "B"]
    _delta(warehouse, THIRD, {"grade_scheme": mended}, second)
    back = package_of(warehouse.land(), CODE).counts["course_result"]

    assert back["released"] == 4
    titles = warehouse.ids("course_result", CODE, "title")
    assert len(titles) == 8
    assert titles.count("Sent later") == 1
