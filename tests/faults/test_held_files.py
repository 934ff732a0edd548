"""Volumes, shares and totals hold a package; a person can let it through."""

from collections.abc import Callable
from typing import Any

import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import Row, State, award, college_state, csv_bytes, person, send

from pipelines.landing.land import LandedPackage, LandingResult
from pipelines.settings import Home

DAY, NEXT, THIRD = "2026-09-01", "2026-09-02", "2026-09-03"
Change = Callable[[State], State | None]
Nights = tuple[Warehouse, LandingResult, LandingResult]


def _all_grades_alike(state: State) -> None:
    for row in state["course_result"]:
        row["grade_local"], row["quality_points"] = "A", "12.000"
    for row in state["term_enrollment"]:
        row["quality_points"], row["term_gpa"] = "12.000", "4.000"


def _no_sex(state: State) -> None:
    for row in state["person"]:
        del row["sex"]


def _fewer_results(state: State) -> None:
    state["course_result"] = state["course_result"][:30]
    state["term_enrollment"] = state["term_enrollment"][:30]


def _without_the_last_ten(state: State) -> State:
    gone = {f"A{number:04d}" for number in range(31, 41)}
    return {
        feed: [row for row in rows if row.get("student_id") not in gone]
        for feed, rows in state.items()
    }


def _one_award_less(state: State) -> None:
    del state["credential_award"][1]


def _names_for_one_id(state: State) -> None:
    state["person"] += [
        person(f"A000{n}", n) | {"last_name": "Else", "record_updated_at": ""}
        for n in (3, 4, 5)
    ]


def _one_term_less(state: State) -> None:
    del state["term"][0]


def _terms_that_do_not_add_up(state: State) -> None:
    for row in state["term_enrollment"][:10]:
        row["attempted"] = "6.000"


def _no_credit_for_passing(state: State) -> None:
    for row in state["course_result"]:
        row["earned_credit"] = "0.000"
    for row in state["term_enrollment"]:
        row["earned"] = "0.000"


def _no_results(state: State) -> None:
    del state["course_result"]


# One college a case: students, what the second night changes, verdict, edits.
SECOND_NIGHTS: dict[str, tuple[int, Change, str, set[str]]] = {
    "CVCC": (20, lambda state: state, "accepted", set()),
    "BEVILL": (40, _without_the_last_ten, "held", {"F11"}),
    "BISHOP": (20, _fewer_results, "held", {"F11", "CRR-F01"}),
    "CALHOUN": (20, lambda _: college_state(31), "held", {"F11"}),
    "CHSCC": (4, lambda _: college_state(6), "accepted", set()),
    "COASTAL": (20, _all_grades_alike, "held", {"F17"}),
    "DRAKE": (20, _no_sex, "accepted", {"F17"}),
    "GSCC": (4, _one_award_less, "held", {"AWD-F01", "F11"}),
    "LAWSON": (10, _names_for_one_id, "held", {"PER-F01"}),
    "NACC": (40, _terms_that_do_not_add_up, "held", {"X02"}),
    "NESCC": (20, _no_credit_for_passing, "held", {"CRR-F02"}),
    "SNEAD": (4, _no_results, "held", {"F12"}),
}


def _first(students: int) -> State:
    state = college_state(students)
    state["credential_award"] = [award("A0001"), award("A0002")]
    return state


@pytest.fixture(scope="module")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    house = Warehouse(Home(tmp_path_factory.mktemp("home")))
    for code, (students, _, _, _) in SECOND_NIGHTS.items():
        send(house.inbox, code, DAY, _first(students))
    first = house.land()
    for code, (students, change, _, _) in SECOND_NIGHTS.items():
        state = _first(students)
        changed = change(state) or state
        if code != "GSCC":
            changed["credential_award"] = _first(4)["credential_award"]
        send(house.inbox, code, NEXT, changed)
    return house, first, house.land()


@pytest.mark.parametrize("code", SECOND_NIGHTS)
def test_the_second_night_is_judged_against_the_first(
    two_nights: Nights, code: str
) -> None:
    house, first, second = two_nights
    students, _, verdict, edits = SECOND_NIGHTS[code]
    assert package_of(first, code).verdict == "accepted"

    landed = package_of(second, code)

    assert landed.verdict == verdict
    assert edits <= set(landed.edits)
    if verdict == "held":
        assert len(house.in_force("person", code)) == students
        assert sum(c["loaded"] for c in landed.counts.values()) == 0


def test_a_held_package_is_not_judged_again_until_a_person_lets_it_through(
    two_nights: Nights,
) -> None:
    house, _, second = two_nights
    assert house.land().waves == []

    held = package_of(second, "BEVILL")
    released = package_of(house.land(release=frozenset({held.package_id})), "BEVILL")

    assert released.verdict == "accepted"
    assert len(house.in_force("person", "BEVILL")) == 30
    assert released.edits["F11"] >= 1


def test_what_turned_constant_is_named(two_nights: Nights) -> None:
    house, _, _ = two_nights
    told = [f for f in house.findings("COASTAL", NEXT) if f["edit_id"] == "F17"]
    assert ("grade_local", "F") in {(f["column"], f["severity"]) for f in told}


def test_an_award_that_vanished_stays_in_force(two_nights: Nights) -> None:
    house, _, _ = two_nights
    assert house.ids("credential_award", "GSCC") == ["A0001", "A0002"]


def _controls(**totals: Any) -> Callable[[dict[str, Any]], None]:
    return lambda manifest: manifest.update(control=totals)


def _students(manifest: dict[str, Any]) -> None:
    manifest["files"][5]["distinct_students"] = 3


FIRST_NIGHTS = {
    "CVCC": _controls(
        headcount=4,
        attempted_credit=24.0,
        terms={"202610": {"earned_credit": 12.0, "headcount": 4}},
    ),
    "BEVILL": _controls(headcount=5),
    "BISHOP": _controls(attempted_credit=23.0),
    "CALHOUN": _controls(terms={"202610": {"earned_credit": 11.5}}),
    "CHSCC": _students,
}


@pytest.fixture(scope="module")
def one_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Warehouse, LandingResult]:
    house = Warehouse(Home(tmp_path_factory.mktemp("home")))
    for code, edit in FIRST_NIGHTS.items():
        send(house.inbox, code, DAY, college_state(), edit_manifest=edit)
    late = college_state()
    _one_term_less(late)
    send(house.inbox, "COASTAL", DAY, late)
    many, few = college_state(40), college_state(40)
    _wrong_credit(many["course_result"][:7])
    _wrong_credit(few["course_result"][:5])
    send(house.inbox, "DRAKE", DAY, many)
    send(house.inbox, "GSCC", DAY, few)
    cut = college_state(40)
    for row in cut["course_result"]:
        row["student_id"] = row["student_id"].replace("A0", "A")
    send(house.inbox, "LAWSON", DAY, cut)
    return house, house.land()


def _wrong_credit(rows: list[Row]) -> None:
    for row in rows:
        row["earned_credit"] = "9.000"


@pytest.mark.parametrize("code", ["BEVILL", "BISHOP", "CALHOUN", "CHSCC"])
def test_a_control_total_that_differs_holds(
    one_night: tuple[Warehouse, LandingResult], code: str
) -> None:
    landed = package_of(one_night[1], code)
    assert (landed.verdict, landed.edits) == ("held", {"F18": 1})


def test_control_totals_that_agree_hold_nothing(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    landed = package_of(one_night[1], "CVCC")
    assert (landed.verdict, landed.edits) == ("accepted", {})


def test_a_term_used_but_not_sent_holds(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    held = package_of(one_night[1], "COASTAL")
    assert held.verdict == "held"
    assert held.edits["TRM-F01"] == 1


def test_many_quarantined_rows_hold_the_file_and_few_do_not(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    house, result = one_night
    held = package_of(result, "DRAKE")
    assert (held.verdict, held.edits["F15"]) == ("held", 1)
    assert house.in_force("person", "DRAKE") == []
    landed = package_of(result, "GSCC")
    assert landed.verdict == "accepted_with_quarantine"
    assert landed.counts["course_result"]["quarantined"] == 5


def test_leading_zeros_cut_off_every_id_hold_the_package(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    held = package_of(one_night[1], "LAWSON")
    assert (held.verdict, held.edits["F15"]) == ("held", 1)


def test_a_missing_disclosure_file_stops_publication_and_not_landing(
    warehouse: Warehouse,
) -> None:
    def landed() -> LandedPackage:
        return package_of(warehouse.land(), "CACC")

    state = college_state()
    del state["disclosure"]
    first = send(warehouse.inbox, "CACC", DAY, state)
    without = landed()
    assert (without.verdict, without.publishable) == ("accepted", False)
    assert without.edits == {"DSC-F01": 1}
    assert len(warehouse.in_force("person", "CACC")) == 4

    send(
        warehouse.inbox, "CACC", NEXT, {"person": [person("A0009", 9)]},
        mode="delta", previous=first,
    )  # fmt: skip
    assert landed().publishable is False

    send(warehouse.inbox, "CACC", THIRD, college_state())
    assert landed().publishable is True


def _window(students: list[int]) -> State:
    """The fall of some students of a college of twenty."""
    kept = {f"A{number:04d}" for number in students}
    state = college_state(20)
    for feed in ("course_result", "term_enrollment"):
        state[feed] = [
            row
            for row in state[feed]
            if row["term_code"] == "202680" and row["student_id"] in kept
        ]
    state["section"] = [r for r in state["section"] if r["term_code"] == "202680"]
    return state


def test_rows_that_disappear_from_a_window_wait_for_a_person(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state(20))
    # The first window of its kind: there is no number of rows to compare with.
    first = _window(list(range(1, 12)))
    second = send(warehouse.inbox, "CACC", NEXT, first, terms=["202680"])

    held = package_of(warehouse.land(), "CACC")

    assert held.verdict == "held"
    told = [f for f in warehouse.findings("CACC", NEXT) if f["edit_id"] == "F11"]
    assert {(f["feed"], f["value"]) for f in told} == {
        ("course_result", "9 of 20 rows in force are absent"),
        ("term_enrollment", "9 of 20 rows in force are absent"),
    }
    assert len(warehouse.in_force("course_result", "CACC")) == 40

    landed = package_of(warehouse.land(release=frozenset({second})), "CACC")
    assert landed.counts["course_result"]["removed"] == 9


def test_as_many_other_persons_are_a_disappearance_too(warehouse: Warehouse) -> None:
    warehouse.night("CACC", DAY, college_state(20))
    state = college_state(20)
    for rows in state.values():
        for row in rows:
            if "student_id" in row:
                row["student_id"] = row["student_id"].replace("A00", "A0")
    send(warehouse.inbox, "CACC", NEXT, state)

    held = package_of(warehouse.land(), "CACC")

    assert held.verdict == "held"
    told = [
        f["value"] for f in warehouse.findings("CACC", NEXT) if f["feed"] == "person"
    ]
    assert "20 of 20 rows in force are absent" in told


def test_awards_absent_from_a_window_are_not_missed(warehouse: Warehouse) -> None:
    warehouse.night("CACC", DAY, _first(20))
    window = {**_window(list(range(1, 21))), "credential_award": []}
    send(warehouse.inbox, "CACC", NEXT, window, terms=["202680"])

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, landed.edits) == ("accepted", {})
    assert len(warehouse.in_force("credential_award", "CACC")) == 2


def test_rows_nobody_can_read_make_no_false_total(warehouse: Warehouse) -> None:
    state = college_state(150)
    content = csv_bytes("person", state["person"])
    damaged = content.replace(b"Learner149,", b"Learner\xff,")
    assert damaged != content

    def students(manifest: dict[str, Any]) -> None:
        manifest["files"][5]["distinct_students"] = 150

    send(
        warehouse.inbox, "CACC", DAY, state, files={"person": damaged},
        edit_manifest=students,
    )  # fmt: skip

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted_with_quarantine"
    assert landed.counts["person"]["quarantined"] == 1
    assert "F18" not in landed.edits


def test_a_check_of_a_whole_package_holds_from_its_first_day_only(
    warehouse: Warehouse,
) -> None:
    late = college_state()
    _one_term_less(late)
    send(warehouse.inbox, "CACC", "2026-07-01", late)
    send(warehouse.inbox, "CVCC", DAY, late)

    result = warehouse.land()

    assert "TRM-F01" not in package_of(result, "CACC").edits
    assert package_of(result, "CVCC").edits["TRM-F01"] == 1


def _deletions(rows: list[Row]) -> State:
    keys = ("student_id", "term_code", "section_id", "attempt_seq")
    named = [{name: row[name] for name in keys} | {"_op": "D"} for row in rows]
    return {"course_result": named}


def test_a_delta_that_deletes_nearly_everything_waits_for_a_person(
    warehouse: Warehouse,
) -> None:
    state = college_state(40)
    first = warehouse.night("CACC", DAY, state)
    delta = _deletions(state["course_result"][:70])
    second = send(
        warehouse.inbox, "CACC", NEXT, delta, mode="delta", previous=first
    )  # fmt: skip

    held = package_of(warehouse.land(), "CACC")

    assert (held.verdict, held.edits["F25"]) == ("held", 1)
    told = [f for f in warehouse.findings("CACC", NEXT) if f["edit_id"] == "F25"]
    assert [(f["feed"], f["value"]) for f in told] == [
        ("course_result", "70 of 80 rows in force would be deleted (87.5%)")
    ]
    assert len(warehouse.in_force("course_result", "CACC")) == 80

    landed = package_of(warehouse.land(release=frozenset({second})), "CACC")
    assert landed.counts["course_result"]["removed"] == 70


def test_awards_deleted_by_a_delta_wait_too(warehouse: Warehouse) -> None:
    state = college_state(40)
    state["credential_award"] = [award(f"A{n:04d}") for n in range(1, 41)]
    first = warehouse.night("CACC", DAY, state)
    gone = [
        {"student_id": row["student_id"], "award_id": row["award_id"], "_op": "D"}
        for row in state["credential_award"][:6]
    ]
    send(
        warehouse.inbox, "CACC", NEXT, {"credential_award": gone},
        mode="delta", previous=first,
    )  # fmt: skip

    held = package_of(warehouse.land(), "CACC")

    assert (held.verdict, held.edits) == ("held", {"F25": 1})


def test_a_delta_that_deletes_a_few_rows_is_a_usual_night(warehouse: Warehouse) -> None:
    state = college_state(40)
    first = warehouse.night("CACC", DAY, state)
    delta = _deletions(state["course_result"][:5])
    send(warehouse.inbox, "CACC", NEXT, delta, mode="delta", previous=first)

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, "F25" in landed.edits) == ("accepted", False)
    assert len(warehouse.in_force("course_result", "CACC")) == 75


def _in_progress(rows: list[Row]) -> None:
    """As an extract has them that lost its grades."""
    for row in rows:
        row |= {"registration_status": "ENROLLED", "grade_seq": "0"}
        for name in ("earned_credit", "grade_local", "grade_posted_on"):
            row[name] = ""


def _without_birth_date(rows: list[Row]) -> None:
    for row in rows:
        row |= {"birth_date": "", "birth_date_quality": "UNKNOWN"}


@pytest.mark.parametrize(
    ("feed", "harm", "edit", "told"),
    [
        (
            "course_result", _in_progress, "F15",
            {f"{name} is empty in 30 of 80 rows (37.5%)" for name in
             ("earned_credit", "grade_local", "grade_posted_on")},
        ),
        (
            "person", _without_birth_date, "F26",
            {"birth_date is empty in 30 of 40 rows (75.0%)"},
        ),
    ],
)  # fmt: skip
def test_a_column_that_turned_empty_waits_for_a_person(
    warehouse: Warehouse,
    feed: str,
    harm: Callable[[list[Row]], None],
    edit: str,
    told: set[str],
) -> None:
    warehouse.night("CACC", DAY, college_state(40))
    state = college_state(40)
    harm(state[feed][:30])
    second = send(warehouse.inbox, "CACC", NEXT, state)

    held = package_of(warehouse.land(), "CACC")

    assert held.verdict == "held"
    mine = [
        f
        for f in warehouse.findings("CACC", NEXT)
        if f["edit_id"] == edit and f["column"]
    ]
    assert {(f["severity"], f["value"]) for f in mine} == {("F", one) for one in told}
    landed = package_of(warehouse.land(release=frozenset({second})), "CACC")
    assert landed.verdict.startswith("accepted")


def test_a_column_as_empty_as_before_holds_nothing(warehouse: Warehouse) -> None:
    for day in (DAY, NEXT):
        state = college_state(40)
        _without_birth_date(state["person"][:30])
        send(warehouse.inbox, "CACC", day, state)
    assert [p.edits for p in warehouse.land().packages] == [{}, {}]


def test_a_new_term_without_grades_yet_is_a_usual_night(warehouse: Warehouse) -> None:
    state = college_state(40)
    _in_progress(state["course_result"][1::2])
    fall = state["course_result"][1:30:2]
    for feed in ("course_result", "term_enrollment"):
        state[feed] = state[feed][::2]
    warehouse.night("CACC", DAY, state)
    state["course_result"] += fall
    send(warehouse.inbox, "CACC", NEXT, state)

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, landed.edits) == ("accepted", {})
    assert len(warehouse.in_force("course_result", "CACC")) == 55
