"""Every hostile file gets its named verdict, no row is lost, no neighbour is harmed."""

import os
from pathlib import Path

import pytest
from corpus import CORPUS
from hostile_package import Case
from hostile_process import Measured, best, measure
from hostile_table import PAGE, page
from hostile_world import WAVE, Outcome, judge_cases

LIGHT = [case for case in CORPUS.values() if not case.heavy]
HEAVY = [case for case in CORPUS.values() if case.heavy]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All but the largest cases, a wave as many as there are colleges."""
    found: dict[str, Outcome] = {}
    may = [case for case in LIGHT if os.geteuid() == 0 or not case.as_root]
    for first in range(0, len(may), WAVE):
        cases = may[first : first + WAVE]
        found |= judge_cases(cases, tmp_path_factory.mktemp("home"))
    return found


@pytest.fixture(scope="module")
def base() -> Measured:
    return measure("")


def test_the_corpus_is_large_and_has_every_subject() -> None:
    assert len(CORPUS) >= 150
    assert len({case.group for case in CORPUS.values()}) >= 10
    assert all(
        case.expected.edits or case.expected.file != "rejected" for case in LIGHT
    )


@pytest.mark.parametrize("case", LIGHT, ids=lambda case: case.name)
def test_a_hostile_file_gets_the_verdict_that_the_specification_names(
    outcomes: dict[str, Outcome], case: Case
) -> None:
    if case.name not in outcomes:
        pytest.skip("only root can make a device")
    assert outcomes[case.name].problems == ()


@pytest.mark.parametrize("case", HEAVY, ids=lambda case: case.name)
def test_a_bomb_is_judged_within_ten_seconds_and_512_mb(
    base: Measured, case: Case
) -> None:
    assert best(case.name, base).problems == ()


def test_the_page_says_what_the_corpus_says() -> None:
    assert Path(PAGE).read_text() == page(), "run `make hostile`"
