"""The dated requirements: what they are and what the loader refuses."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contracts import requirement_page
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import CodeList
from pipelines.contracts.practices import rows
from pipelines.contracts.requirements import requirement_mistakes
from pipelines.settings import CHECKOUT

REFERENCE = CHECKOUT.parent / "shared" / "reference"
SYSTEMS = load_contracts().systems


def listed(**changes):
    """The code lists, each named one with rows put to its own."""
    codes = dict(load_contracts().codes)
    for name, added in changes.items():
        old = codes[name]
        codes[name] = CodeList(name, old.header, (*old.rows, *added))
    return codes


def kind(system="TBR", level="3", credential="AST", since=None, until=None):
    return ("TBR-41", "Core", system, level, credential, "us", since, until)


def asked(code="ART", of="TBR-41", least="3", most=None, unit="SH", since=None):
    return (code, of, "Arts", least, most, unit, None, "us", since, None)


def test_the_lists_agree_with_themselves_and_say_whose_they_are():
    codes = load_contracts().codes
    assert requirement_mistakes(codes, SYSTEMS) == []
    assert all(row["source"] for row in rows(codes["requirement"]))
    assert all(row["source"] for row in rows(codes["requirement_set"]))
    core = [row for row in rows(codes["requirement"]) if row["set_code"] == "TBR-41"]
    assert sum(Decimal(row["least_credit"]) for row in core) == 41


@pytest.mark.skipif(not REFERENCE.exists(), reason="no reference beside the checkout")
def test_the_hours_are_those_of_the_published_cores():
    def read(name: str) -> list[dict[str, str]]:
        with Path(REFERENCE / name).open(encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    ours = {
        (row["set_code"], row["title"]): (row["least_credit"], row["most_credit"])
        for row in rows(load_contracts().codes["requirement"])
    }
    for row in read("agsc_areas.csv"):
        if row["min_semester_hours"]:
            told = row["min_semester_hours"], row["max_semester_hours"]
            assert ours["AGSC", row["title"]] == told
        else:
            assert row["rule"].startswith("19-23 SH by major guide")
            assert ours["AGSC", row["title"]] == (None, None)
    for row in read("tbr_gened_core.csv"):
        assert ours["TBR-41", row["category"]] == (row["semester_hours"], None)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"requirement_set": [kind(system="XX")]}, "system XX is not defined"),
        ({"requirement_set": [kind(level="99")]}, "99 is not in award_level.csv"),
        ({"requirement_set": [kind(credential=None)]}, "credential_type is missing"),
        ({"requirement_set": [kind(credential="AA")]}, "TBR 3 AA are in force on"),
        (
            {"requirement_set": [kind(since="2026-02-01", until="2026-01-01")]},
            "ends before it begins",
        ),
        ({"requirement": [asked(of="NO")]}, "the set is not in requirement_set.csv"),
        ({"requirement": [asked(code="COMM")]}, "TBR-41 COMM are in force on"),
        ({"requirement": [asked(code="undeclared")]}, "courses without an area"),
        ({"requirement": [asked(least="0")]}, "least credit is not above 0"),
        ({"requirement": [asked(least="9", most="6")]}, "most credit is below"),
        ({"requirement": [asked(least="nine")]}, "nine is not a number"),
        ({"requirement": [asked(least=None)]}, "only the inner_rule says what"),
        ({"requirement": [asked(unit="POUND")]}, "POUND is not in credit_unit.csv"),
        ({"requirement": [asked(since="2026-13-01")]}, "month must be in 1..12"),
    ],
)
def test_what_contradicts_itself_is_named(changes, complaint):
    assert complaint in "\n".join(requirement_mistakes(listed(**changes), SYSTEMS))


def test_a_core_may_change_from_one_day_to_the_next():
    codes = dict(load_contracts().codes)
    old = kind(until="2026-07-31")
    codes["requirement_set"] = CodeList(
        "requirement_set",
        codes["requirement_set"].header,
        (*codes["requirement_set"].rows, old, kind(since="2026-08-01")),
    )
    assert requirement_mistakes(codes, SYSTEMS) == []


def test_both_pages_name_every_area_with_its_hours():
    pages = requirement_page.render(load_contracts())
    for path in (requirement_page.PAGE, requirement_page.HTML_PAGE):
        text = pages[path]
        for row in rows(load_contracts().codes["requirement"]):
            assert row["code"] in text
            assert (row["least_credit"] or "not judged") in text
        assert "9 or more" in text
        assert "11 to 12" in text
