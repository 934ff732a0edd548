"""What snapshots, windows and deltas do to what is in force, by hand-made truth."""

from landing_warehouse import Warehouse, package_of
from package_builder import award, college_state, person, result, send

DAY, NEXT, THIRD, FOURTH = "2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04"


def test_in_a_full_snapshot_absence_removes_and_only_changes_are_written(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())
    state = college_state()
    del state["term_enrollment"][-1]
    del state["course_result"][-1]
    state["person"][0]["last_name"] = "Renamed"
    state["person"][1]["record_updated_at"] = "2026-09-01T23:00:00-05:00"
    second = send(warehouse.inbox, "CACC", NEXT, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.counts["person"]["changed"] == 1
    assert landed.counts["course_result"]["removed"] == 1
    assert sum(c["changed"] for c in landed.counts.values()) == 1
    log = warehouse.log("course_result")
    removed = log.filter(log["_package_id"] == second).to_dicts()
    assert [(r["_op"], r["_line"], r["student_id"]) for r in removed] == [
        ("D", 0, "A0004")
    ]
    assert removed[0]["grade_local"] == "B"
    assert len(warehouse.in_force("course_result", "CACC")) == 7


def test_awards_disclosures_and_merges_end_by_an_explicit_row_only(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    hold = {"student_id": "A0002", "kind": "FERPA_BLOCK", "valid_from": "2026-01-01"}
    merge = {
        "from_student_id": "A0900",
        "to_student_id": "A0001",
        "kind": "MERGED_INTO",
        "merged_on": "2025-01-01",
    }
    state["disclosure"] = [hold]
    state["person_merge"] = [merge]
    warehouse.night("CACC", DAY, state)
    second = send(
        warehouse.inbox, "CACC", NEXT, {**state, "disclosure": [], "person_merge": []}
    )

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted"
    assert landed.edits["F11"] == 2
    assert warehouse.ids("disclosure", "CACC") == ["A0002"]
    assert warehouse.ids("person_merge", "CACC", "from_student_id") == ["A0900"]

    revoked = award("A0001", status="REVOKED")
    send(
        warehouse.inbox, "CACC", THIRD,
        {"disclosure": [hold | {"_op": "D"}], "credential_award": [revoked]},
        mode="delta", previous=second,
    )  # fmt: skip
    ended = package_of(warehouse.land(), "CACC")
    assert ended.counts["disclosure"]["removed"] == 1
    assert warehouse.ids("disclosure", "CACC") == []
    assert warehouse.ids("credential_award", "CACC", "status") == ["REVOKED"]


def test_a_reference_row_that_disappears_is_closed_and_opens_again(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())
    state = college_state()
    state["grade_scheme"] = [
        r for r in state["grade_scheme"] if r["grade_local"] != "B"
    ]
    send(warehouse.inbox, "CACC", NEXT, state)

    landed = package_of(warehouse.land(), "CACC")

    # Results that used the grade before keep it.
    assert landed.verdict == "accepted"
    assert landed.counts["grade_scheme"]["removed"] == 1
    closed = warehouse.in_force("grade_scheme", "CACC", "grade_local, is_closed")
    assert {r["grade_local"]: r["is_closed"] for r in closed} == {
        "A": False,
        "B": True,
        "F": False,
    }

    state["course_result"].append(result("A0001", "202680", "2", "B"))
    state["term_enrollment"][1] |= {
        "attempted": "6.000",
        "earned": "6.000",
        "gpa_credits": "6.000",
        "quality_points": "21.000",
        "term_gpa": "3.500",
    }
    send(warehouse.inbox, "CACC", THIRD, state)
    new_use = package_of(warehouse.land(), "CACC")
    assert new_use.counts["course_result"]["quarantined"] == 1

    send(warehouse.inbox, "CACC", FOURTH, college_state())
    assert package_of(warehouse.land(), "CACC").counts["grade_scheme"]["changed"] == 1
    opened = warehouse.in_force("grade_scheme", "CACC", "is_closed")
    assert not any(r["is_closed"] for r in opened)


def test_a_windowed_snapshot_removes_within_its_terms_only(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    warehouse.night("CACC", DAY, state)
    window = college_state()
    window["course_result"] = [
        r
        for r in state["course_result"]
        if r["term_code"] == "202680" and r["student_id"] != "A0001"
    ]
    window["term_enrollment"] = [
        r
        for r in state["term_enrollment"]
        if r["term_code"] == "202680" and r["student_id"] != "A0001"
    ]
    window["person"] = [person("A0003", 2) | {"last_name": "Renamed"}]
    window["section"] = [r for r in state["section"] if r["term_code"] == "202680"]
    send(warehouse.inbox, "CACC", NEXT, window, terms=["202680"])

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted"
    assert landed.counts["course_result"]["removed"] == 1
    assert landed.counts["person"]["removed"] == 0
    assert len(warehouse.in_force("person", "CACC")) == 4
    rows = warehouse.in_force("course_result", "CACC", "student_id, term_code")
    assert {"student_id": "A0001", "term_code": "202610"} in rows
    assert {"student_id": "A0001", "term_code": "202680"} not in rows
    assert len(rows) == 7


def test_in_a_delta_absence_means_nothing_and_a_missing_op_means_u(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night("CACC", DAY, college_state())
    changes = {
        "person": [person("A0001") | {"last_name": "Renamed"}],
        "course_result": [
            {
                "student_id": "A0004",
                "term_code": "202680",
                "section_id": "2",
                "attempt_seq": "1",
                "_op": "D",
            },
            {
                "student_id": "A0004",
                "term_code": "202680",
                "section_id": "9",
                "attempt_seq": "1",
                "_op": "D",
            },
        ],
    }
    send(warehouse.inbox, "CACC", NEXT, changes, mode="delta", previous=first)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted"
    assert landed.counts["course_result"]["removed"] == 1
    assert landed.counts["course_result"]["loaded"] == 2
    assert landed.edits["F16"] == 1
    assert len(warehouse.in_force("person", "CACC")) == 4
    assert "Renamed" in warehouse.ids("person", "CACC", "last_name")
    assert len(warehouse.in_force("course_result", "CACC")) == 7


def test_a_deletion_in_a_snapshot_or_without_a_key_is_quarantined(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night("CACC", DAY, college_state())
    deletion = {"student_id": "A0001", "term_code": "202680", "_op": "D"}
    send(
        warehouse.inbox, "CACC", NEXT, {"course_result": [deletion]},
        mode="delta", previous=first,
    )  # fmt: skip
    landed = package_of(warehouse.land(), "CACC")
    assert landed.verdict == "accepted_with_quarantine"
    assert landed.edits == {
        "CRR-section_id-REQUIRED": 1,
        "CRR-attempt_seq-REQUIRED": 1,
    }
    assert len(warehouse.in_force("course_result", "CACC")) == 8


def test_a_delta_before_its_predecessor_waits_and_applies_itself(
    warehouse: Warehouse,
) -> None:
    first = warehouse.night("CACC", DAY, college_state())
    missing = "11111111-1111-4111-8111-111111111111"
    send(
        warehouse.inbox, "CACC", THIRD,
        {"person": [person("A0001") | {"last_name": "Third"}]},
        mode="delta", previous=missing,
    )  # fmt: skip
    early = package_of(warehouse.land(), "CACC")
    assert (early.verdict, early.edits) == ("held", {"F10": 1})
    assert warehouse.land().waves == []

    send(
        warehouse.inbox, "CACC", NEXT,
        {"person": [person("A0001") | {"last_name": "Second"}]},
        mode="delta", previous=first, package_id=missing,
    )  # fmt: skip
    result = warehouse.land()

    assert [p.verdict for p in result.packages] == ["accepted", "accepted"]
    assert "Third" in warehouse.ids("person", "CACC", "last_name")


def test_a_full_snapshot_heals_the_chain_and_retires_what_waited(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, college_state())
    send(
        warehouse.inbox, "CACC", NEXT,
        {"person": [person("A0001") | {"last_name": "Lost"}]},
        mode="delta", previous="11111111-1111-4111-8111-111111111111",
    )  # fmt: skip
    assert {p.verdict for p in warehouse.land().packages} == {"accepted", "held"}
    third = send(warehouse.inbox, "CACC", THIRD, college_state())

    healed = warehouse.land()

    assert {p.delivery: p.verdict for p in healed.packages} == {
        NEXT: "retired",
        THIRD: "accepted",
    }
    assert warehouse.land().waves == []
    send(
        warehouse.inbox, "CACC", FOURTH,
        {"person": [person("A0001") | {"last_name": "Found"}]},
        mode="delta", previous=third,
    )  # fmt: skip
    assert package_of(warehouse.land(), "CACC").verdict == "accepted"
    assert "Found" in warehouse.ids("person", "CACC", "last_name")
    assert "Lost" not in warehouse.ids("person", "CACC", "last_name")


def test_a_quarantined_row_is_not_absent(warehouse: Warehouse) -> None:
    warehouse.night("CACC", DAY, college_state())
    state = college_state()
    state["person"][0] |= {"birth_date": "1900-01-01", "last_name": "Broken"}
    send(warehouse.inbox, "CACC", NEXT, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.counts["person"]["quarantined"] == 1
    assert landed.counts["course_result"]["quarantined"] == 0
    assert "Learner0" in warehouse.ids("person", "CACC", "last_name")


def test_where_a_key_cannot_be_read_absence_proves_nothing(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())
    state = college_state()
    state["person"][0]["student_id"] = ""
    send(warehouse.inbox, "CACC", NEXT, state)

    landed = package_of(warehouse.land(), "CACC")

    assert landed.counts["person"]["removed"] == 0
    assert len(warehouse.in_force("person", "CACC")) == 4


def test_a_mononym_with_an_empty_key_part_is_the_same_row_each_night(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    state["person_name"] = [
        {
            "student_id": "A0001",
            "name_type": "FORMER",
            "last_name": "Suharto",
            "effective_from": "1900-01-01",
        }
    ]
    warehouse.night("CACC", DAY, state)
    send(warehouse.inbox, "CACC", NEXT, state)

    again = package_of(warehouse.land(), "CACC")

    assert again.counts["person_name"]["changed"] == 0
    assert again.counts["person_name"]["removed"] == 0
    assert len(warehouse.in_force("person_name", "CACC")) == 1


def test_identity_numbers_are_recognised_again_by_their_tokens(
    warehouse: Warehouse,
) -> None:
    state = college_state()
    first = warehouse.night("CACC", DAY, state)
    gone = state["person_identifier"][0] | {"_op": "D"}
    same = state["person_identifier"][1]
    send(
        warehouse.inbox, "CACC", NEXT, {"person_identifier": [gone, same]},
        mode="delta", previous=first,
    )  # fmt: skip

    landed = package_of(warehouse.land(), "CACC").counts["person_identifier"]

    assert (landed["changed"], landed["removed"]) == (0, 1)
    assert len(warehouse.in_force("person_identifier", "CACC")) == 3


def test_the_system_office_is_a_sender_like_any_college(warehouse: Warehouse) -> None:
    rule = {
        "rule_id": "R1",
        "rule_version": "1",
        "alternative": "1",
        "member_seq": "1",
        "institution_code": "CACC",
        "subject": "ENG",
        "course_number": "101",
        "credits": "3",
        "credit_unit": "SH",
        "valid_from": "2020-01-01",
        "status": "ACTIVE",
    }
    rules = [rule | {"side": "FROM"}, rule | {"side": "TO", "institution_code": "CVCC"}]
    send(warehouse.inbox, "SYSTEM:ACCS", DAY, {"equivalency": rules})

    landed = package_of(warehouse.land(), "SYSTEM:ACCS")

    assert landed.verdict == "accepted"
    members = warehouse.ids("equivalency", "SYSTEM:ACCS", "member_institution_code")
    assert members == ["CACC", "CVCC"]


def test_rows_beside_the_window_are_not_compared_with_what_it_holds(
    warehouse: Warehouse,
) -> None:
    def experience(number: int, term: str) -> dict[str, str]:
        return {
            "student_id": "A0001",
            "experience_id": f"{term}E{number}",
            "experience_type": "OTH",
            "title": "Student senate",
            "term_code": term,
            "verification": "STAFF",
        }

    state = college_state()
    state["experience"] = [experience(n, t) for n in range(9) for t in ("", "202680")]
    warehouse.night("CACC", DAY, state)
    window = {**state, "experience": [experience(n, "") for n in range(9)]}
    window["experience"] += [experience(n, "202680") for n in range(4)]
    send(warehouse.inbox, "CACC", NEXT, window, terms=["202680"])

    landed = package_of(warehouse.land(), "CACC")

    assert landed.verdict == "accepted"
    assert landed.counts["experience"]["removed"] == 5
    assert len(warehouse.in_force("experience", "CACC")) == 13
