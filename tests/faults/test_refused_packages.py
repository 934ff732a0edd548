"""What is wrong with a manifest or an order rejects or holds one package only."""

import json
import os
from typing import Any

import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import CONTRACTS, Edit, college_state, person, send

from pipelines.landing.land import LandingResult
from pipelines.settings import Home

DAY = "2026-09-01"


def _without(name: str) -> Edit:
    def edit(manifest: dict[str, Any]) -> None:
        del manifest[name]

    return edit


def _with(**values: Any) -> Edit:
    def edit(manifest: dict[str, Any]) -> None:
        manifest.update(values)

    return edit


# One college a fault, all in one inbox: what one does must not touch the others.
FAULTS: dict[str, tuple[Edit, str, str]] = {
    "ESCC": (_without("package_id"), "F01", "rejected"),
    "BEVILL": (_without("files"), "F01", "rejected"),
    "BISHOP": (_with(spec_version="2.0"), "F01", "rejected"),
    "CALHOUN": (_with(as_of="2026-09-01T22:00:00"), "F01", "rejected"),
    "CHSCC": (_with(package_id=7), "F01", "rejected"),
    "COASTAL": (_with(mode="snapshots"), "F01", "rejected"),
    "DRAKE": (_with(institution_code="NOWHERE"), "F03", "rejected"),
    "GSCC": (_with(institution_code="CVCC"), "F03", "rejected"),
    "CACC": (_with(as_of="2031-01-01T00:00:00Z"), "F09", "held"),
}
NOT_JSON = {
    "LAWSON": "not json",
    "LBW": "[]",
    "NACC": '{"spec_version": "1.0", "spec_version": "1.0"}',
    "NESCC": '{"spec_version": NaN}',
    "SNEAD": "\ufeff{}",
}


@pytest.fixture(scope="module")
def one_night(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Warehouse, LandingResult]:
    house = Warehouse(Home(tmp_path_factory.mktemp("home")))
    for code, (edit, _, _) in FAULTS.items():
        send(house.inbox, code, DAY, college_state(), edit_manifest=edit)
    for code, text in NOT_JSON.items():
        send(house.inbox, code, DAY, college_state())
        (house.inbox / code / DAY / "manifest.json").write_text(text)
    send(house.inbox, "CVCC", DAY, college_state())
    return house, house.land()


@pytest.mark.parametrize("code", FAULTS)
def test_a_bad_manifest_stops_its_package(
    one_night: tuple[Warehouse, LandingResult], code: str
) -> None:
    house, result = one_night
    _, edit_id, verdict = FAULTS[code]
    bad = package_of(result, code)
    assert (bad.verdict, set(bad.edits)) == (verdict, {edit_id})
    assert house.in_force("person", code) == []
    (finding,) = {f["edit_id"] for f in house.findings(code, DAY)}
    assert finding == edit_id


@pytest.mark.parametrize("code", NOT_JSON)
def test_a_manifest_that_is_not_strict_json_is_f01(
    one_night: tuple[Warehouse, LandingResult], code: str
) -> None:
    _, result = one_night
    bad = package_of(result, code)
    assert (bad.verdict, set(bad.edits)) == ("rejected", {"F01"})


def test_a_bad_manifest_stops_no_other_college(
    one_night: tuple[Warehouse, LandingResult],
) -> None:
    house, result = one_night
    assert package_of(result, "CVCC").verdict == "accepted"
    assert len(house.in_force("person", "CVCC")) == 4


def test_a_package_without_manifest_is_not_complete_and_is_left_alone(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state())
    manifest = warehouse.inbox / "CACC" / DAY / "manifest.json"
    text = manifest.read_text()
    manifest.unlink()
    assert warehouse.land().packages == []

    manifest.write_text(text)
    assert package_of(warehouse.land(), "CACC").verdict == "accepted"


def test_a_college_closed_at_as_of_is_f03(warehouse: Warehouse) -> None:
    closed = next(
        c.code for c in CONTRACTS.colleges.values() if c.status == "closed_merged"
    )
    send(warehouse.inbox, closed, DAY, college_state())
    refused = package_of(warehouse.land(), closed)
    assert (refused.verdict, refused.edits) == ("rejected", {"F03": 1})


def test_a_college_may_not_send_what_the_system_office_sends(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, {**college_state(), "equivalency": []})
    assert package_of(warehouse.land(), "CACC").edits == {"F03": 1}


def test_a_listed_file_that_is_absent_rejects_and_an_unlisted_one_warns(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state())
    (warehouse.inbox / "CACC" / DAY / "course.csv").unlink()
    send(warehouse.inbox, "CVCC", DAY, college_state())
    (warehouse.inbox / "CVCC" / DAY / "notes.txt").write_text("hello")

    result = warehouse.land()

    assert package_of(result, "CACC").verdict == "rejected"
    (finding,) = warehouse.findings("CACC", DAY)
    assert (finding["edit_id"], finding["feed"]) == ("F04", "course")
    assert finding["remedy"] != ""
    unlisted = package_of(result, "CVCC")
    assert (unlisted.verdict, unlisted.edits) == ("accepted", {"F04": 1})


def test_a_link_or_a_pipe_is_never_opened(warehouse: Warehouse) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state())
    person = warehouse.inbox / "CACC" / DAY / "person.csv"
    elsewhere = warehouse.home.root / "elsewhere.csv"
    person.rename(elsewhere)
    person.symlink_to(elsewhere)
    send(warehouse.inbox, "CVCC", DAY, college_state())
    pipe = warehouse.inbox / "CVCC" / DAY / "person.csv"
    pipe.unlink()
    os.mkfifo(pipe)

    result = warehouse.land()

    for code in ("CACC", "CVCC"):
        assert package_of(result, code).verdict == "rejected"
        assert package_of(result, code).edits == {"F04": 1}


def test_the_same_package_again_is_a_repeat_and_changes_nothing(
    warehouse: Warehouse,
) -> None:
    package_id = warehouse.night("CACC", DAY, college_state())
    before = warehouse.log("person")
    send(
        warehouse.inbox,
        "CACC",
        "2026-09-02",
        college_state(),
        package_id=package_id,
        as_of=f"{DAY}T22:00:00-05:00",
    )

    again = package_of(warehouse.land(), "CACC")

    assert (again.verdict, again.edits) == ("repeat", {"F02": 1})
    assert warehouse.log("person").equals(before)
    assert len(warehouse.in_force("person", "CACC")) == 4


def test_a_package_id_with_other_content_is_rejected_and_the_first_stays(
    warehouse: Warehouse,
) -> None:
    package_id = warehouse.night("CACC", DAY, college_state())
    send(warehouse.inbox, "CACC", "2026-09-02", college_state(3), package_id=package_id)

    again = package_of(warehouse.land(), "CACC")

    assert (again.verdict, again.edits) == ("rejected", {"F02": 1})
    assert len(warehouse.in_force("person", "CACC")) == 4


def test_an_older_as_of_waits_until_it_is_replayed_in_its_place(
    warehouse: Warehouse,
) -> None:
    newer = college_state()
    newer["person"][1]["last_name"] = "Newer"
    warehouse.night("CACC", "2026-09-02", newer)
    state = college_state()
    state["person"][0]["last_name"] = "Older"
    state["person"].append(person("A0009", 9))
    older = send(warehouse.inbox, "CACC", DAY, state)

    held = package_of(warehouse.land(), "CACC")
    assert (held.verdict, held.edits) == ("held", {"F09": 1})
    assert warehouse.land().waves == []

    replayed = warehouse.land(release=frozenset({older}))

    assert [(p.delivery, p.verdict) for p in replayed.packages] == [
        (DAY, "accepted"),
        ("2026-09-02", "accepted"),
    ]
    # What the newer package says stands; what the older one had is history.
    assert warehouse.ids("person", "CACC", "last_name") == [
        "Learner0",
        "Learner2",
        "Learner3",
        "Newer",
    ]
    assert warehouse.land(release=frozenset({older})).waves == []


def test_every_problem_of_a_manifest_is_told_at_once_without_its_values(
    warehouse: Warehouse,
) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["files"][0]["rows"] = "412301234"
        manifest["files"][1]["sha256"] = "412305678"

    send(warehouse.inbox, "CACC", DAY, college_state(), edit_manifest=edit)
    warehouse.land()

    findings = warehouse.findings("CACC", DAY)
    assert {f["column"] for f in findings} == {"files.0.rows", "files.1.sha256"}
    assert "4123" not in json.dumps(findings)
