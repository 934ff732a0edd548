"""Rows in error are kept aside with their edits and lines; the rest is loaded."""

import json

from landing_warehouse import Warehouse, package_of
from package_builder import (
    award,
    college_state,
    identifier,
    person,
    result,
    send,
    term_row,
)

DAY = "2026-09-01"


def test_identical_rows_collapse_and_the_first_line_stays(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course"] += [state["course"][0], state["course"][0]]
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted"
    counts = landed.counts["course"]
    assert (counts["rows_read"], counts["loaded"], counts["collapsed"]) == (4, 2, 2)
    assert landed.edits == {"F13": 2}
    assert warehouse.ids("course", "CACC", "_line") == [2, 3]


def test_of_differing_rows_with_one_key_the_latest_is_kept(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    first = state["course"][0]
    state["course"][0] = first | {"record_updated_at": "2026-08-01T00:00:00Z"}
    state["course"].append(
        first | {"title": "Newer", "record_updated_at": "2026-08-02T00:00:00Z"}
    )
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, landed.edits) == ("accepted", {"F14": 1})
    assert landed.counts["course"]["collapsed"] == 1
    assert "Newer" in warehouse.ids("course", "CACC", "title")


def test_differing_rows_nobody_can_order_are_all_quarantined(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course"].append(state["course"][1] | {"title": "Other"})
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted_with_quarantine"
    assert landed.counts["course"]["quarantined"] == 2
    assert landed.edits["F14"] == 2
    assert [row["line"] for row in warehouse.quarantine("course")] == [3, 4]
    assert warehouse.ids("course", "CACC", "course_number") == ["101"]


def test_a_row_that_fails_two_edits_is_quarantined_once_with_both(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course_result"][2] |= {"earned_credit": "4.000", "level": "XX"}
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.counts["course_result"]["quarantined"] == 1
    (row,) = warehouse.quarantine("course_result")
    assert row["line"] == 4
    assert set(row["edit_ids"]) >= {"CRR-Q03", "CRR-level-CODE"}
    told = {f["edit_id"]: f for f in warehouse.findings("CACC", DAY)}
    assert told["CRR-level-CODE"]["value"] == "XX"
    assert told["CRR-level-CODE"]["line"] == "4"
    assert told["CRR-level-CODE"]["remedy"] != ""
    assert json.loads(row["row_json"])["student_id"] == "A0002"


def test_a_quarantined_parent_makes_its_children_orphans(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["person"][0]["birth_date"] = "1900-01-01"
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted_with_quarantine"
    assert landed.counts["person"]["quarantined"] == 1
    assert landed.counts["course_result"]["quarantined"] == 2
    assert landed.counts["credential_award"]["quarantined"] == 1
    assert "A0001" not in warehouse.ids("course_result", "CACC")
    assert all(
        row["edit_ids"] == ["CRR-Q01"] for row in warehouse.quarantine("course_result")
    )


def test_an_orphan_is_released_when_its_parent_comes_and_names_its_first_file(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course_result"].append(result("A0009", "202610", "1", "B"))
    state["term_enrollment"].append(term_row("A0009", "202610", "B"))
    state["person_identifier"].append(identifier("A0009", 9))
    first = send(warehouse.inbox, "CACC", DAY, state)
    landed = package_of(warehouse.land(), "CACC")
    assert landed.counts["course_result"]["quarantined"] == 1
    assert "A0009" not in warehouse.ids("course_result", "CACC")

    second = send(
        warehouse.inbox,
        "CACC",
        "2026-09-02",
        {"person": [person("A0009", 9)]},
        mode="delta",
        previous=first,
    )
    released = package_of(warehouse.land(), "CACC")

    assert released.verdict == "accepted"
    assert released.counts["course_result"]["released"] == 1
    assert released.counts["person_identifier"]["released"] == 1
    assert released.counts["course_result"]["rows_read"] == 0
    (row,) = (
        r
        for r in warehouse.in_force("course_result", "CACC")
        if r["student_id"] == "A0009"
    )
    assert row["_package_id"] == second
    assert (row["_file_name"], row["_line"]) == ("course_result.csv", 10)
    tokens = warehouse.ids("person_identifier", "CACC", "id_value")
    assert all(token.startswith("hmac-sha256:") for token in tokens)

    send(
        warehouse.inbox,
        "CACC",
        "2026-09-03",
        {"person": [person("A0008", 8)]},
        mode="delta",
        previous=second,
    )
    third = package_of(warehouse.land(), "CACC")
    assert sum(c["released"] for c in third.counts.values()) == 0


def test_a_child_that_was_sent_again_is_not_released_from_the_older_file(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course_result"].append(result("A0009", "202610", "1", "B"))
    first = warehouse.night("CACC", DAY, state)
    second = send(
        warehouse.inbox,
        "CACC",
        "2026-09-02",
        {
            "person": [person("A0009", 9)],
            "course_result": [result("A0009", "202610", "1", "A")],
        },
        mode="delta",
        previous=first,
    )
    landed = package_of(warehouse.land(), "CACC")

    assert landed.counts["course_result"]["released"] == 0
    rows = warehouse.in_force("course_result", "CACC", "student_id, grade_local")
    assert {"student_id": "A0009", "grade_local": "A"} in rows
    assert {r["_package_id"] for r in warehouse.in_force("person", "CACC")} >= {second}


def test_identity_numbers_are_kept_as_tokens_and_shown_to_nobody(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["person_identifier"].append(
        identifier("A0001") | {"id_value": "999999999", "id_type": "SSN"}
    )
    send(warehouse.inbox, "CACC", DAY, state)
    send(warehouse.inbox, "CVCC", DAY, college_state())
    warehouse.land()

    tokens = warehouse.ids("person_identifier", "CACC", "id_value")
    assert len(tokens) == 4
    assert set(tokens) == set(warehouse.ids("person_identifier", "CVCC", "id_value"))
    assert all(len(token) == len("hmac-sha256:") + 64 for token in tokens)
    seen = ("999999999", "412310001")
    for path in warehouse.home.root.rglob("*"):
        private = {"objects", "inbox"} & set(path.parts)
        if path.is_file() and not private:
            content = path.read_bytes()
            assert not any(number.encode() in content for number in seen), path.name
    (row,) = warehouse.quarantine("person_identifier")
    assert json.loads(row["row_json"])["id_value"] == "[withheld]"
    pepper = warehouse.home.vault / "pepper"
    assert pepper.stat().st_mode & 0o777 == 0o600


def test_a_formula_in_a_value_cannot_run_in_a_spreadsheet(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["course_result"][0]["level"] = "=1+2"
    warehouse.night("CACC", DAY, state)

    (told,) = (
        f for f in warehouse.findings("CACC", DAY) if f["edit_id"] == "CRR-level-CODE"
    )
    assert told["value"] == "'=1+2"


def test_an_award_cited_by_nothing_only_warns(warehouse: Warehouse) -> None:
    state = college_state()
    state["course_result"] = [
        r for r in state["course_result"] if r["student_id"] != "A0001"
    ]
    state["term_enrollment"] = [
        r for r in state["term_enrollment"] if r["student_id"] != "A0001"
    ]
    state["credential_award"] = [award("A0001")]
    send(warehouse.inbox, "CACC", DAY, state)

    landed = package_of(warehouse.land(), "CACC")

    assert (landed.verdict, landed.edits) == ("accepted", {"AWD-W02": 1})
