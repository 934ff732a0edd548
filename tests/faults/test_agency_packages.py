"""Wage records from an agency: who may send them, and what is kept of their numbers."""

import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import college_state, identifier, person, send

DAY, NEXT = "2026-09-01", "2026-09-02"
AGENCY = "AGENCY:AL_UI"
ACCOUNT = "4123100019"


def wage(ssn: str, account: str = ACCOUNT, **values: str) -> dict[str, str]:
    return {
        "ssn": ssn,
        "employer_account": account,
        "year": "2026",
        "quarter": "1",
        "wages": "5120.25",
        "state": "AL",
        **values,
    }


FIRST = identifier("A0001", 0)["id_value"]
SECOND = identifier("A0002", 1)["id_value"]


def test_a_worker_has_the_token_of_the_student_with_that_number(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())
    send(warehouse.inbox, AGENCY, DAY, {"employment_quarter": [wage(FIRST)]})

    landed = package_of(warehouse.land(), AGENCY)

    assert (landed.verdict, landed.publishable) == ("accepted", True)
    (row,) = warehouse.in_force("employment_quarter", AGENCY)
    (student,) = (
        known
        for known in warehouse.in_force("person_identifier", "CACC")
        if known["student_id"] == "A0001"
    )
    assert row["ssn"] == student["id_value"]
    assert row["ssn"].startswith("hmac-sha256:")
    assert row["employer_account"].startswith("hmac-sha256:")


def test_an_account_that_looks_like_a_number_is_another_token(
    warehouse: Warehouse,
) -> None:
    rows = [wage(FIRST, account=FIRST), wage(FIRST, account=SECOND)]
    send(warehouse.inbox, AGENCY, DAY, {"employment_quarter": rows})
    warehouse.land()
    kept = warehouse.in_force("employment_quarter", AGENCY)
    assert len({row["employer_account"] for row in kept}) == 2
    assert {row["ssn"] for row in kept}.isdisjoint(
        row["employer_account"] for row in kept
    )


def test_a_quarter_that_has_not_begun_is_set_aside(warehouse: Warehouse) -> None:
    rows = [wage(FIRST), wage(SECOND, quarter="4")]
    send(warehouse.inbox, AGENCY, DAY, {"employment_quarter": rows})
    landed = package_of(warehouse.land(), AGENCY)
    assert landed.verdict == "accepted_with_quarantine"
    told = warehouse.findings(AGENCY, DAY)
    assert [finding["edit_id"] for finding in told] == ["EMP-Q02"]
    assert len(warehouse.in_force("employment_quarter", AGENCY)) == 1


@pytest.mark.parametrize(
    ("sender", "state"),
    [
        ("CACC", {"employment_quarter": [wage(FIRST)]}),
        ("SYSTEM:ACCS", {"employment_quarter": [wage(FIRST)]}),
        (AGENCY, {"person": [person("A0001")]}),
        (AGENCY, {"equivalency": []}),
    ],
    ids=["a college", "a system office", "persons", "rules"],
)
def test_feeds_and_senders_that_do_not_belong_together_are_refused(
    warehouse: Warehouse, sender: str, state: dict[str, list[dict[str, str]]]
) -> None:
    send(warehouse.inbox, sender, DAY, state)
    landed = package_of(warehouse.land(), sender)
    assert landed.verdict == "rejected"
    assert set(landed.edits) == {"F03"}


def test_the_next_quarter_adds_and_a_correction_replaces(warehouse: Warehouse) -> None:
    rows = [wage(FIRST), wage(SECOND)]
    first = send(warehouse.inbox, AGENCY, DAY, {"employment_quarter": rows})
    warehouse.land()
    later = [
        wage(FIRST, wages="6000.00"),
        wage(FIRST, quarter="2", wages="1.00"),
        wage(SECOND, _op="D"),
    ]
    send(
        warehouse.inbox, AGENCY, NEXT, {"employment_quarter": later},
        mode="delta", previous=first,
    )  # fmt: skip

    counts = package_of(warehouse.land(), AGENCY).counts["employment_quarter"]

    assert (counts["changed"], counts["removed"]) == (2, 1)
    kept = warehouse.in_force("employment_quarter", AGENCY, "quarter, wages")
    assert [(row["quarter"], str(row["wages"])) for row in kept] == [
        (1, "6000.00"),
        (2, "1.00"),
    ]


def test_a_number_that_was_never_issued_is_set_aside_and_shown_to_nobody(
    warehouse: Warehouse,
) -> None:
    many = [wage(FIRST, account=f"{n:05d}") for n in range(99)]
    rows = [*many, wage("991234567")]
    send(warehouse.inbox, AGENCY, DAY, {"employment_quarter": rows})

    landed = package_of(warehouse.land(), AGENCY)

    counts = landed.counts["employment_quarter"]
    assert (counts["rows_read"], counts["loaded"], counts["quarantined"]) == (
        100,
        99,
        1,
    )
    assert landed.edits == {"EMP-Q01": 1}
    told = warehouse.findings(AGENCY, DAY)
    assert "991234567" not in str(told)
    assert "991234567" not in str(warehouse.quarantine("employment_quarter"))
    assert told[0]["remedy"].startswith("Leave pseudo numbers out")
