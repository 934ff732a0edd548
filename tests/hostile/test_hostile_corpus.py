"""Every hostile file gets its named verdict, no row is lost, no neighbour is harmed."""

import os
from pathlib import Path

import hostile_process
import pytest
from corpus import CORPUS
from hostile_package import Case
from hostile_process import Measured, Waste, above, best, measure
from hostile_table import PAGE, figures_of, page
from hostile_world import WAVE, Outcome, judge_cases
from sweeps import few_of

LIGHT = [case for case in CORPUS.values() if not case.heavy]
HEAVY = [case.name for case in CORPUS.values() if case.heavy]
# One bomb of gzip, one of Parquet, one that is no bomb but long.
FEW = [
    "gzip: four million empty rows in 60 KB",
    "Parquet: 12,000 rows of one text of 900 KB",
    "ten megabytes of blank lines",
]


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


@pytest.mark.parametrize("name", few_of(HEAVY, FEW))
def test_a_bomb_is_judged_within_ten_seconds_and_512_mb(
    base: Measured, name: str
) -> None:
    assert best(name, base).problems == ()


def test_a_case_that_stalls_is_over_the_limit_however_little_it_computes(
    base: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hostile_process, "SECONDS", 2.0)
    one = above(base, measure("CRLF", Waste(seconds=2.5)))
    assert one.verdict == "accepted"
    assert [problem[-2:] for problem in one.problems] == [" s"]
    assert one.seconds > 2.5


def test_memory_of_a_program_that_a_case_starts_is_over_the_limit(
    base: Measured,
) -> None:
    one = above(base, measure("CRLF", Waste(megabytes=600)))
    assert [problem[-3:] for problem in one.problems if problem[-2:] == "MB"] == [" MB"]
    assert one.megabytes > 600


def test_the_page_says_what_the_corpus_says() -> None:
    text = Path(PAGE).read_text()
    assert text == page(figures_of(text)), "run `make hostile`"


def test_the_page_keeps_figures_of_every_case_however_it_is_called() -> None:
    figures = {name: (f"{n}.5", str(n)) for n, name in enumerate(CORPUS)}
    assert figures_of(page(figures)) == figures
    assert figures_of(page()) == dict.fromkeys(CORPUS, ("", ""))
