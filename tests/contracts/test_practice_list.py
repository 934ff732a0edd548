"""The dated practice list: what it is and what the loader refuses."""

import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import CodeList
from pipelines.contracts.practices import practice_mistakes, practices


def listed(**changes):
    """The code lists, each named one with rows put to its own."""
    codes = dict(load_contracts().codes)
    for name, rows in changes.items():
        old = codes[name]
        codes[name] = CodeList(name, old.header, (*old.rows, *rows))
    return codes


def entry(code="SVL", category="leadership", since=None, until=None, source="us"):
    return (code, "Service", "Serves.", category, "CoCurricular", source, since, until)


def test_the_list_agrees_with_itself_and_every_entry_says_what_and_whose_it_is():
    codes = load_contracts().codes
    assert practice_mistakes(codes) == []
    entries = practices(codes)
    assert {one.category for one in entries} == {
        *codes["experience_category"].codes,
        None,
    }
    assert [one.code for one in entries if one.category is None] == ["OTH"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"practice": [entry()]}, "two entries of SVL are in force"),
        ({"practice": [entry(code="ZZZ")]}, "ZZZ is not in exp_type.csv"),
        ({"practice": [entry(category="fun")]}, "fun is not in experience_category"),
        ({"practice": [entry(source=None)]}, "the source is missing"),
        ({"practice": [entry(since="2026-13-01")]}, "month must be in 1..12"),
        (
            {"practice": [entry(since="2026-02-01", until="2026-01-01")]},
            "ends before it begins",
        ),
        (
            {"practice_skill": [("SVL", "2024-01-01", "ED-ESF", "ESF-IPS", "us")]},
            "no entry of practice.csv begins then",
        ),
        (
            {"practice_skill": [("SVL", None, "ED-ESF", "ESF-XX", "us")]},
            "not a skill of ED-ESF",
        ),
    ],
)
def test_what_contradicts_itself_is_named(changes, complaint):
    assert complaint in "\n".join(practice_mistakes(listed(**changes)))


def test_a_code_may_change_its_meaning_from_one_day_to_the_next():
    codes = dict(load_contracts().codes)
    spans = [entry(until="2023-12-31"), entry(since="2024-01-01")]
    codes["practice"] = CodeList("practice", codes["practice"].header, tuple(spans))
    assert practice_mistakes(codes) == []
