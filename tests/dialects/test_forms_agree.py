"""A college's rows are the same whether it sends feeds or what its system writes."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shaped import NIGHT, contracts_with, deliver, in_force, landed

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.sample import generate
from pipelines.sample.dialects import fixed, open_badges, pesc, writer
from pipelines.settings import Home

COLLEGE = "NWSCC"

# What a system calls its own way: ids of rows, and a repeat that counts needs no mark.
OWN_WAY = {
    "credential_award": ["award_id"],
    "course_result": ["section_id", "attempt_seq", "repeat_code"],
}


@pytest.fixture(scope="module")
def generic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generic package of one college of a small state."""
    root = tmp_path_factory.mktemp("state")
    generate("accs", 900, 1, 7, "none", root)
    return root / "inbox" / COLLEGE / NIGHT


@pytest.fixture(scope="module")
def plain(generic: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("plain"))
    contracts = load_contracts()
    deliver(generic, home, COLLEGE, (), contracts)
    assert landed(home, contracts, COLLEGE).verdict == "accepted"
    return home


def spoken(
    dialects: tuple[str, ...], generic: Path, plain: Home, folder: Path
) -> tuple[Home, Contracts]:
    def profile(item: dict[str, Any]) -> None:
        item["dialect"], *item["also"] = dialects
        if "fixed" in dialects:
            item["layouts"] = fixed.plain_layouts(load_contracts())
        if "pesc" in dialects:
            item["dialect_settings"] = {
                "pesc": dict(pesc.SETTINGS),
                "open_badges": open_badges.issuer_profile(),
            }

    contracts = contracts_with(folder / "contracts", COLLEGE, profile, COLLEGE)
    home = Home(folder / "home")
    # One secret, or equal numbers have unequal tokens.
    shutil.copytree(plain.vault, home.vault)
    deliver(generic, home, COLLEGE, dialects, contracts)
    assert landed(home, contracts, COLLEGE).verdict == "accepted"
    return home, contracts


def ordered(frame: pl.DataFrame, feed: str) -> pl.DataFrame:
    left_out = OWN_WAY.get(feed, [])
    if feed == "course_result":
        is_history = pl.col("section_id").str.starts_with("HIST-")
        section = pl.when(~is_history).then("section_id").alias("of_section")
        frame = frame.with_columns(section)
    frame = frame.drop(left_out)
    return frame.sort(frame.columns, nulls_last=True)


@pytest.mark.parametrize(
    "dialects",
    [("colleague", "nsc_studenttracker"), ("fixed",), ("pesc", "open_badges")],
    ids="+".join,
)
def test_the_form_makes_no_difference_to_what_is_in_force(
    dialects: tuple[str, ...], generic: Path, plain: Home, tmp_path: Path
) -> None:
    home, contracts = spoken(dialects, generic, plain, tmp_path)
    carried = frozenset().union(*(writer(name).carries for name in dialects))
    compared = 0
    for feed in sorted(carried):
        want = ordered(in_force(plain, contracts, feed), feed)
        got = ordered(in_force(home, contracts, feed), feed)
        assert_frame_equal(got, want)
        compared += want.height
    assert compared > 500


def test_the_other_feeds_are_those_of_the_generic_files(
    generic: Path, plain: Home, tmp_path: Path
) -> None:
    home, contracts = spoken(("colleague",), generic, plain, tmp_path)
    for feed in ("course", "noncredit_completion", "skill_assertion"):
        want = in_force(plain, contracts, feed)
        got = in_force(home, contracts, feed)
        assert want.height > 0
        assert_frame_equal(got, want, check_row_order=False)


def test_every_writer_names_feeds_that_its_dialect_has() -> None:
    contracts: Contracts = load_contracts()
    for name in ("colleague", "fixed", "nsc_studenttracker", "pesc", "open_badges"):
        assert writer(name).carries <= set(contracts.dialects[name].feeds)
