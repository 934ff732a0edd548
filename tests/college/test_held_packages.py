"""A held package is released or refused by a person, with a reason and a name."""

import fcntl

import pytest
from landing_warehouse import Warehouse
from lrw_calls import Lrw
from package_builder import college_state, send

from pipelines.commands import shared
from pipelines.landing.decided.decisions import Decisions

DAY, NEXT, THIRD = "2026-09-01", "2026-09-02", "2026-09-03"
WHO = ("--reason", "Confirmed by the registrar", "--by", "Ann Lee")


def _with_a_held_package(warehouse: Warehouse) -> str:
    return warehouse.as_after(_held_package)


def _held_package(warehouse: Warehouse) -> str:
    """Forty students, and a package of thirty the next night."""
    warehouse.night("CACC", DAY, college_state(40))
    return warehouse.night("CACC", NEXT, college_state(30))


def test_what_is_held_is_shown_with_the_rule_that_holds_it(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    package_id = _with_a_held_package(warehouse)

    (held,) = lrw.college("CACC", "held", "--format", "json").json()

    assert (held["package_id"], held["delivery"]) == (package_id, NEXT)
    assert held["as_of"] == f"{NEXT} 22:00-05:00"
    person = {
        "feed": "person",
        "edit_id": "F11",
        "column": None,
        "value": "30 rows after 40",
    }
    assert person in held["stopped_by"]
    text = lrw.college("CACC", "held").out
    rule = "A snapshot has about as many rows as the last one of its scope"
    assert f"F11 person: {rule}: 30 rows after 40." in text


def test_the_column_and_the_share_that_hold_a_package_are_shown(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    warehouse.night("CACC", DAY, college_state(40))
    state = college_state(40)
    for row in state["course_result"]:
        row |= {"grade_local": "A", "quality_points": "12.000"}
    for row in state["course_result"][:8]:
        row["earned_credit"] = "9.000"
    send(warehouse.inbox, "CACC", NEXT, state)
    warehouse.land()

    text = lrw.college("CACC", "held").out

    assert ": grade_local has one value in all rows." in text
    assert ": 8 of 80 rows are quarantined (10.0%)." in text


def test_a_release_that_cannot_land_is_not_decided(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)
    with (warehouse.home.landing / ".lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for verb in ("release", "refuse", "release"):
            said = lrw.college("CACC", verb, NEXT, *WHO)
            assert (said.code, "Another run is landing" in said.line) == (1, True)
    assert Decisions.read(warehouse.home).log == ()

    assert lrw.college("CACC", "release", NEXT, *WHO).code == 0
    assert len(Decisions.read(warehouse.home).log) == 1


def test_codes_are_typed_in_any_case(warehouse: Warehouse, lrw: Lrw) -> None:
    _with_a_held_package(warehouse)

    assert lrw.college("cacc", "release", NEXT, *WHO).code == 0

    (package,) = lrw.college("Cacc", "--format", "json").json()["packages"][1:]
    assert package["verdict"] == "accepted"


def test_ids_are_whole_in_a_narrow_terminal(
    warehouse: Warehouse, lrw: Lrw, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_id = _with_a_held_package(warehouse)
    monkeypatch.setattr(shared.out, "width", 60)
    table = lrw.college("CACC").out.split("Central", 1)[1].split("held  ", 1)[0]
    assert package_id in table


def test_a_released_package_lands_at_once(warehouse: Warehouse, lrw: Lrw) -> None:
    package_id = _with_a_held_package(warehouse)

    said = lrw.college("CACC", "release", package_id[:8], *WHO)

    assert said.code == 0
    assert said.out.startswith(f"CACC {NEXT} released: accepted")
    assert len(warehouse.in_force("person", "CACC")) == 30
    (decision,) = Decisions.read(warehouse.home).of("CACC")
    assert (decision.kind, decision.package_id) == ("release", package_id)
    assert (decision.reason, decision.decided_by) == (WHO[1], WHO[3])
    assert lrw.college("CACC", "held", "--format", "json").json() == []


def test_a_release_lands_no_other_college(warehouse: Warehouse, lrw: Lrw) -> None:
    _with_a_held_package(warehouse)
    send(warehouse.inbox, "BEVILL", NEXT, college_state())

    lrw.college("CACC", "release", NEXT, *WHO)

    assert warehouse.in_force("person", "BEVILL") == []


def test_a_release_leaves_what_nobody_has_seen_to_the_night(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)
    send(warehouse.inbox, "CACC", THIRD, college_state(31))

    lrw.college("CACC", "release", NEXT, *WHO)

    assert len(warehouse.in_force("person", "CACC")) == 30
    warehouse.land()
    assert len(warehouse.in_force("person", "CACC")) == 31


def test_a_release_tells_what_waited_for_it(warehouse: Warehouse, lrw: Lrw) -> None:
    held = _with_a_held_package(warehouse)
    renamed = college_state(30)["person"][0] | {"last_name": "Renamed"}
    delta = {"person": [renamed]}
    warehouse.night("CACC", THIRD, delta, mode="delta", previous=held)

    said = lrw.college("CACC", "release", NEXT, *WHO)

    first, second = said.out.splitlines()
    assert first.startswith(f"CACC {NEXT} released: accepted")
    assert second == f"CACC {THIRD} waited for it: accepted"
    assert "Renamed" in warehouse.ids("person", "CACC", "last_name")


def test_a_late_package_is_replayed_in_its_place(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state(40))
    send(warehouse.inbox, "CACC", THIRD, college_state(41))
    warehouse.land()
    late = college_state(40)
    late["person"][0]["last_name"] = "Renamed"
    send(warehouse.inbox, "CACC", NEXT, late)
    warehouse.land()
    (held,) = lrw.college("CACC", "held", "--format", "json").json()
    assert [edit["edit_id"] for edit in held["edits"]] == ["F09"]

    said = lrw.college("CACC", "release", NEXT, *WHO, "--format", "json")

    assert (said.code, said.json()["verdict"]) == (0, "accepted")
    assert said.json()["others"] == {}, "what was in force did not wait"
    people = warehouse.in_force("person", "CACC", "student_id, last_name")
    assert len(people) == 41
    assert people[0]["last_name"] == "Learner0"


def test_a_refused_package_is_never_looked_at_again(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)

    said = lrw.college("CACC", "refuse", NEXT, *WHO)

    assert said.code == 0
    assert said.out.startswith(f"CACC {NEXT} refused")
    assert warehouse.land().waves == []
    assert len(warehouse.in_force("person", "CACC")) == 40
    seen = lrw.college("CACC", "--format", "json").json()
    assert [p["verdict"] for p in seen["packages"]] == ["accepted", "refused"]
    assert seen["held"] == []
    again = lrw.college("CACC", "refuse", NEXT, *WHO)
    assert (again.code, "only a held package can be refused" in again.line) == (1, True)


def test_a_refusal_is_told_in_the_return_file_until_it_is_withdrawn(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)
    waiting = warehouse.summary("CACC", NEXT)

    refusal = lrw.college("CACC", "refuse", NEXT, *WHO, "--format", "json").json()
    refused = warehouse.summary("CACC", NEXT)
    lrw.college("CACC", "withdraw", refusal["decision_id"], *WHO)

    assert refused != waiting
    assert WHO[1] in str(refused)
    assert WHO[1] not in str(warehouse.summary("CACC", NEXT))


def test_a_refusal_withdrawn_lets_the_package_be_released(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)
    refusal = lrw.college("CACC", "refuse", NEXT, *WHO, "--format", "json").json()

    taken = lrw.college("CACC", "withdraw", refusal["decision_id"], *WHO)
    assert taken.code == 0
    assert lrw.college("CACC", "release", NEXT, *WHO).code == 0

    assert len(warehouse.in_force("person", "CACC")) == 30
    kinds = [d.kind for d in Decisions.read(warehouse.home).of("CACC")]
    assert kinds == ["refuse", "withdraw", "release"]


def test_a_damaged_file_cannot_be_released(warehouse: Warehouse, lrw: Lrw) -> None:
    def cut(manifest: dict) -> None:
        manifest["files"][0]["sha256"] = "0" * 64

    send(warehouse.inbox, "CACC", DAY, college_state(), edit_manifest=cut)
    warehouse.land()

    said = lrw.college("CACC", "release", DAY, *WHO)

    assert said.code == 1
    assert "F05 says that the file itself cannot be used" in said.line
    assert Decisions.read(warehouse.home).log == ()


MISTAKES = {
    ("NOWHERE",): 2,
    ("CACC", "release", "2026-01-01", *WHO): 2,
    ("CACC", "release", "zzzzzzzz", *WHO): 2,
    ("CACC", "release", DAY, *WHO): 1,
    ("CACC", "refuse", DAY, *WHO): 1,
    ("CACC", "release", NEXT, "--reason", " ", "--by", "Ann"): 2,
    ("CACC", "release", NEXT, "--reason", "Because", "--by", ""): 2,
    ("CACC", "release", NEXT, "--by", "Ann"): 2,
    ("CACC", "release"): 2,
    ("CACC", "rename"): 2,
    ("CACC", "held", "--format", "xml"): 2,
    ("CACC", "withdraw", "01J", *WHO): 2,
    ("CACC", "report", "209999"): 2,
}


def test_every_mistake_is_one_line_and_changes_nothing(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)
    for arguments, code in MISTAKES.items():
        said = lrw.college(*arguments)
        assert (arguments, said.code) == (arguments, code)
        assert said.line.startswith("lrw: ")
    assert Decisions.read(warehouse.home).log == ()
    assert len(warehouse.in_force("person", "CACC")) == 40


def test_the_overview_names_what_a_registrar_needs(
    warehouse: Warehouse, lrw: Lrw
) -> None:
    _with_a_held_package(warehouse)

    text = lrw.college("CACC").out

    assert "Central Alabama Community College" in text
    assert f"held  {NEXT}" in text
    assert str(warehouse.home.outbox / "CACC" / NEXT) in text
    rows = lrw.college("CACC", "--format", "csv").out.splitlines()
    assert rows[0].startswith("delivery,package_id,as_of")
    assert [row.split(",")[0] for row in rows[1:]] == [DAY, NEXT]
