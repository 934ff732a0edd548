"""What a pair says of itself: parts that add up, reasons without anybody's values."""

import re

import pytest
from evidence_world import ANNA, two

MAIL = {"email_personal": "anna.k@mail.example"}
HOME = {"address_line1": "12 Oak Street", "postal_code": "35010"}


@pytest.fixture(scope="module")
def pair():
    world = two(
        ANNA, ANNA | {"first_name": "anna", "middle_name": "Ewa"}, **MAIL, **HOME
    )
    return world.pairs()["CACC:1", "SNEAD:1"]


def test_the_parts_add_up_to_the_weight(pair):
    assert pair["kind"] == "model"
    bits = sum(part["bits"] for part in pair["parts"])
    assert bits == pytest.approx(pair["weight"])
    odds = 2 ** pair["weight"]
    assert pair["probability"] == pytest.approx(odds / (1 + odds))


def test_reasons_name_what_agrees_the_weightiest_first_and_no_value(pair):
    assert "Same family name" in " ".join(pair["reasons"])
    text = " ".join(pair["reasons"]).lower()
    for value in ("anna", "kowalczyk", "2003", "oak", "mail.example", "35010"):
        assert value not in text
    weights = {part["level"]: abs(part["bits"]) for part in pair["parts"]}
    said = [weights[re.sub(",.*", "", reason)] for reason in pair["reasons"]]
    assert said == sorted(said, reverse=True)


def test_a_gate_gives_the_first_reason():
    found = two(ANNA, ANNA).pairs()["CACC:1", "SNEAD:1"]
    assert found["reasons"][0].startswith("Nothing of a person's own agrees")


def test_the_evidence_hash_moves_with_what_is_known_and_with_nothing_else():
    world = two(ANNA, ANNA, **MAIL)
    key = ("CACC:1", "SNEAD:1")
    first = world.pairs()[key]["evidence_hash"]
    world.person("CACC", "1", **ANNA, **MAIL)
    assert world.pairs()[key]["evidence_hash"] == first
    world.person("CACC", "1", **ANNA, **MAIL, **HOME)
    assert world.pairs()[key]["evidence_hash"] != first
