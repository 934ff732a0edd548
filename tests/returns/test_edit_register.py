"""The register: every edit once, in words, with cases that are true."""

import re

import polars as pl
import pytest
from contract_plants import PLANTS
from contract_world import CONTRACTS, WORLD

from pipelines.contracts.model import Cases, Edit
from pipelines.contracts.polars import fits, normalise
from pipelines.contracts.register import REGISTER, column_cases, render

PAGE = render(CONTRACTS)[REGISTER]
EDITS = CONTRACTS.all_edits()
PLANTED = [e for e in EDITS if e.cases and not isinstance(e.cases.fails, str)]


def test_every_edit_has_one_entry() -> None:
    entries = re.findall(r"^### (\S+)$|^\| ([A-Z]{3}-\S+) \|", PAGE, re.MULTILINE)
    assert sorted(a or b for a, b in entries) == sorted(edit.id for edit in EDITS)


def test_every_entry_says_what_why_and_how_to_mend_it() -> None:
    sections = dict(
        re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    )
    for edit in EDITS:
        if edit.scope == "column":
            continue
        text = sections[edit.id]
        assert edit.title in text
        assert edit.remedy in text
        assert f"Version {edit.version}, in force from {edit.effective_from}" in text
        assert "- Fails: " in text
        assert "- Passes: " in text


def test_the_index_counts_every_edit() -> None:
    (counts,) = re.findall(r"^\| all \| (.*) \|$", PAGE, re.MULTILINE)
    total, *by_severity = (int(count) for count in counts.split(" | "))
    assert total == sum(by_severity) == len(EDITS)


@pytest.mark.parametrize("edit", PLANTED, ids=lambda edit: edit.id)
def test_a_case_is_the_planted_row_that_fails_and_the_clean_one_that_passes(
    edit: Edit,
) -> None:
    # That a planted row fires its edit and a clean one none is tested elsewhere.
    assert isinstance(edit.cases, Cases)
    plant = PLANTS[edit.id]
    feed = CONTRACTS.feeds[edit.feed or ""]
    at = plant.hits()[0]
    rows = plant.rows(feed.name)
    assert {name: rows[at].get(name, "") for name in edit.cases.fails} == dict(
        edit.cases.fails
    )
    clean = WORLD[feed.name]
    good = clean[at] if at < len(clean) else clean[0]
    assert {name: good.get(name, "") for name in edit.cases.passes} == dict(
        edit.cases.passes
    )


@pytest.mark.parametrize("feed", CONTRACTS.feeds.values(), ids=lambda feed: feed.name)
def test_what_a_column_is_said_to_take_it_takes(feed) -> None:
    for edit in feed.edits_of("column"):
        column = feed.column(edit.columns[0])
        if not edit.id.endswith("-TYPE"):
            continue
        cases = column_cases(CONTRACTS, column, edit)
        for case, good in ((cases.fails, False), (cases.passes, True)):
            frame = normalise(feed, pl.DataFrame(dict(case)))
            assert frame.select(fits(column)).item() is good, edit.id


def test_the_page_on_disk_can_be_reached_from_the_readme() -> None:
    readme = (REGISTER.parent.parent / "README.md").read_text()
    assert f"docs/{REGISTER.name}" in readme
