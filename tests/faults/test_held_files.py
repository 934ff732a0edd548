"""Volumes, shares and totals hold a package; a person can let it through."""

from typing import Any

import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import State, award, college_state, person, send

DAY, NEXT, THIRD = "2026-09-01", "2026-09-02", "2026-09-03"


def _second_night(warehouse: Warehouse, first: State, second: State, **how: Any) -> Any:
    """Land one state and then another; CVCC sends the first one twice."""
    send(warehouse.inbox, "CACC", DAY, first)
    send(warehouse.inbox, "CVCC", DAY, first)
    warehouse.land()
    send(warehouse.inbox, "CACC", NEXT, second, **how)
    send(warehouse.inbox, "CVCC", NEXT, first)
    result = warehouse.land()
    assert package_of(result, "CVCC").verdict == "accepted"
    return package_of(result, "CACC")


def _without_students(state: State, ids: set[str]) -> State:
    return {
        feed: [row for row in rows if row.get("student_id") not in ids]
        for feed, rows in state.items()
    }


def test_fewer_persons_than_before_hold_and_a_release_lets_them_through(
    warehouse: Warehouse,
) -> None:
    first = college_state(40)
    gone = {f"A{number:04d}" for number in range(31, 41)}
    held = _second_night(warehouse, first, _without_students(first, gone))

    assert held.verdict == "held"
    assert held.edits["F11"] >= 1
    assert len(warehouse.in_force("person", "CACC")) == 40
    assert warehouse.land().waves == []

    released = package_of(warehouse.land(release=frozenset({held.package_id})), "CACC")
    assert released.verdict == "accepted"
    assert len(warehouse.in_force("person", "CACC")) == 30


def test_many_fewer_results_are_told_by_the_feeds_own_edit_too(
    warehouse: Warehouse,
) -> None:
    first = college_state(20)
    second = {**first, "course_result": first["course_result"][:30]}
    second["term_enrollment"] = first["term_enrollment"][:30]

    held = _second_night(warehouse, first, second)

    assert held.verdict == "held"
    assert {"F11", "CRR-F01"} <= set(held.edits)


def test_half_as_many_rows_again_hold(warehouse: Warehouse) -> None:
    held = _second_night(warehouse, college_state(20), college_state(31))
    assert (held.verdict, set(held.edits)) == ("held", {"F11"})


def test_a_handful_of_rows_is_no_share(warehouse: Warehouse) -> None:
    landed = _second_night(warehouse, college_state(4), college_state(6))
    assert (landed.verdict, landed.edits) == ("accepted", {})


def test_a_missing_required_feed_holds(warehouse: Warehouse) -> None:
    state = college_state()
    del state["course_result"]
    send(warehouse.inbox, "CACC", DAY, state)
    landed = package_of(warehouse.land(), "CACC")
    assert landed.verdict == "held"
    assert landed.edits["F12"] == 1


def test_a_missing_disclosure_file_stops_publication_and_not_landing(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    del state["disclosure"]
    first = send(warehouse.inbox, "CACC", DAY, state)
    landed = package_of(warehouse.land(), "CACC")
    assert (landed.verdict, landed.publishable) == ("accepted", False)
    assert landed.edits == {"DSC-F01": 1}
    assert len(warehouse.in_force("person", "CACC")) == 4

    send(
        warehouse.inbox, "CACC", NEXT, {"person": [person("A0009", 9)]},
        mode="delta", previous=first,
    )  # fmt: skip
    assert package_of(warehouse.land(), "CACC").publishable is False

    send(warehouse.inbox, "CACC", THIRD, college_state())
    assert package_of(warehouse.land(), "CACC").publishable is True


def test_a_grade_column_that_turns_constant_holds(warehouse: Warehouse) -> None:
    first = college_state(20)
    second = college_state(20)
    for row in second["course_result"]:
        row["grade_local"], row["quality_points"] = "A", "12.000"
    for row in second["term_enrollment"]:
        row["quality_points"], row["term_gpa"] = "12.000", "4.000"

    held = _second_night(warehouse, first, second)

    assert held.verdict == "held"
    assert held.edits["F17"] >= 1
    told = [f for f in warehouse.findings("CACC", NEXT) if f["edit_id"] == "F17"]
    assert {(f["column"], f["severity"]) for f in told} >= {("grade_local", "F")}


def test_a_column_of_no_weight_that_turns_empty_warns(warehouse: Warehouse) -> None:
    first = college_state(20)
    second = college_state(20)
    for row in second["person"]:
        del row["sex"]

    landed = _second_night(warehouse, first, second)

    assert (landed.verdict, landed.edits) == ("accepted", {"F17": 1})


@pytest.mark.parametrize(
    "control",
    [
        {"headcount": 5},
        {"attempted_credit": 23.0},
        {"terms": {"202610": {"earned_credit": 11.5}}},
    ],
)
def test_a_control_total_that_differs_holds(
    warehouse: Warehouse, control: dict[str, Any]
) -> None:
    good = {
        "headcount": 4,
        "attempted_credit": 24.0,
        "terms": {"202610": {"earned_credit": 12.0, "headcount": 4}},
    }
    send(
        warehouse.inbox, "CACC", DAY, college_state(),
        edit_manifest=lambda m: m.update(control=control),
    )  # fmt: skip
    send(
        warehouse.inbox, "CVCC", DAY, college_state(),
        edit_manifest=lambda m: m.update(control=good),
    )  # fmt: skip
    result = warehouse.land()
    assert package_of(result, "CACC").verdict == "held"
    assert package_of(result, "CACC").edits == {"F18": 1}
    assert package_of(result, "CVCC").verdict == "accepted"


def test_the_count_of_students_in_a_file_is_compared(warehouse: Warehouse) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["files"][5]["distinct_students"] = 3

    send(warehouse.inbox, "CACC", DAY, college_state(), edit_manifest=edit)
    assert package_of(warehouse.land(), "CACC").edits == {"F18": 1}


def test_one_award_that_vanishes_from_few_holds_and_stays_in_force(
    warehouse: Warehouse,
) -> None:
    first = college_state()
    first["credential_award"] = [award("A0001"), award("A0002")]
    second = {**first, "credential_award": [award("A0001")]}

    held = _second_night(warehouse, first, second)

    assert held.verdict == "held"
    assert held.edits["AWD-F01"] == 1
    assert warehouse.ids("credential_award", "CACC") == ["A0001", "A0002"]


def test_ids_shared_by_different_names_hold_the_person_file(
    warehouse: Warehouse,
) -> None:
    state = college_state(10)
    state["person"] += [
        person(f"A000{n}", n) | {"last_name": "Else", "record_updated_at": ""}
        for n in (3, 4, 5)
    ]
    send(warehouse.inbox, "CACC", DAY, state)
    held = package_of(warehouse.land(), "CACC")
    assert held.verdict == "held"
    assert held.edits["PER-F01"] == 1


def test_a_term_used_but_not_sent_holds(warehouse: Warehouse) -> None:
    state = college_state()
    state["term"] = state["term"][1:]
    send(warehouse.inbox, "CACC", DAY, state)
    held = package_of(warehouse.land(), "CACC")
    assert held.verdict == "held"
    assert held.edits["TRM-F01"] == 1


def test_term_totals_that_do_not_add_up_hold(warehouse: Warehouse) -> None:
    state = college_state(40)
    for row in state["term_enrollment"][:10]:
        row["attempted"] = "6.000"
    send(warehouse.inbox, "CACC", DAY, state)
    held = package_of(warehouse.land(), "CACC")
    assert held.verdict == "held"
    assert held.edits["X02"] == 1


def test_credit_sent_a_hundredfold_too_small_holds(warehouse: Warehouse) -> None:
    state = college_state(20)
    for row in state["course_result"]:
        row["earned_credit"] = "0.000"
    for row in state["term_enrollment"]:
        row["earned"] = "0.000"
    send(warehouse.inbox, "CACC", DAY, state)
    held = package_of(warehouse.land(), "CACC")
    assert held.verdict == "held"
    assert "CRR-F02" in held.edits
