"""A generated college in PESC transcripts and signed badges is the college itself."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import College, Contracts
from pipelines.contracts.polars import normalise, typed
from pipelines.dialects.source import Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.sample import write
from pipelines.sample.content import Contents
from pipelines.sample.dialects import open_badges, pesc
from pipelines.sample.draw import Draw
from pipelines.sample.faults import Planting
from pipelines.sample.package import Package
from pipelines.sample.plan import deliveries
from pipelines.sample.state import State, build

AS_OF = date(2026, 9, 1)
SEED = 11
SETTINGS = {
    "pesc": dict(pesc.SETTINGS),
    "open_badges": open_badges.issuer_profile(SEED),
}
Text = dict[str, pl.DataFrame]


@pytest.fixture(scope="module", params=["accs", "tbr"])
def system(request: pytest.FixtureRequest) -> str:
    """Community colleges in semester hours; the other has clock hours too."""
    return str(request.param)


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    """The contracts in use."""
    return load_contracts()


@pytest.fixture(scope="module")
def colleges(system: str, contracts: Contracts) -> list[tuple[College, Text]]:
    """Every college of a small state with its first night's feeds as text."""
    state = build(contracts, Draw(SEED), system, 250, 1, AS_OF)
    contents = Contents(contracts, state)
    packages = deliveries(contracts, Draw(SEED), SEED, state, Planting({}, ()))
    return [
        (
            contracts.colleges[package.institution_code],
            _text(contracts, contents, package),
        )
        for package in packages
        if package.college >= 0 and _is_mixed(state, package)
    ]


def _is_mixed(state: State, package: Package) -> bool:
    """The largest college and the smallest ones: sectors differ there."""
    return package.college in {0, 1, state.colleges.height - 1}


def _text(contracts: Contracts, contents: Contents, package: Package) -> Text:
    return {
        name: write.text_frame(contracts.feeds[name], rows, package.timezone).cast(
            pl.String
        )
        for name, rows in contents.feeds(package).items()
    }


def _read(
    contracts: Contracts, college: College, module: ModuleType, text: Text
) -> Translation:
    """What landing makes of the files the sample writes."""
    name = module.__name__.rpartition(".")[2]
    profile: dict[str, Any] = {"unitid": college.unitid, "name": college.name}
    sources = []
    for file in module.tables(text, {**profile, "seed": SEED}):
        declared = DeclaredFile(
            feed=file.table,
            name=file.name,
            rows=file.rows,
            bytes=len(file.data),
            sha256=sha256(file.data).hexdigest(),
        )
        sources.append(Source(declared, file.data))
    sender = replace(college, dialect_settings=SETTINGS)
    return translate(contracts.dialects[name], sources, sender, AS_OF, contracts)


@pytest.mark.parametrize("module", [pesc, open_badges], ids=["pesc", "open_badges"])
def test_every_feed_carried_is_the_same_as_in_generic_files(
    contracts: Contracts, colleges: list[tuple[College, Text]], module: ModuleType
) -> None:
    compared = 0
    for college, text in colleges:
        if module is open_badges and not text["badge"].height:
            continue
        found = _read(contracts, college, module, text)
        assert [note for note in found.notes if note.severity == "F"] == []
        for name in sorted(module.CARRIES):
            feed = contracts.feeds[name]
            columns = [column.name for column in feed.data_columns]
            read = found.feeds[name]
            assert read.bad.height == 0
            theirs, ours = (
                typed(feed, normalise(feed, frame)).select(columns).sort(feed.key)
                for frame in (
                    read.frame.select(c.source_name for c in feed.data_columns),
                    text[name],
                )
            )
            assert theirs.equals(ours), name
            compared += ours.height
    assert compared > (0 if module is open_badges else 500)


def test_the_noise_of_transcripts_is_set_aside_by_name_and_warns_of_nothing(
    contracts: Contracts, colleges: list[tuple[College, Text]]
) -> None:
    college, text = colleges[0]
    found = _read(contracts, college, pesc, text)
    aside: dict[str, set[str]] = {}
    for account in found.accounts:
        aside.setdefault(account.table, set()).update(account.set_aside)
    assert aside["course"] == {"high_school_course", "planned"}
    assert aside["award"] == {"elsewhere"}
    assert aside["name"] == {"other_name"}
    assert aside["summary"] == {"other_scope", "whole_record"}
    assert found.notes == []


def test_a_third_of_the_transcripts_is_utf_16_without_a_declaration(
    colleges: list[tuple[College, Text]],
) -> None:
    _, text = colleges[0]
    files = pesc.tables(text, {})
    marked = [file for file in files if file.data.startswith(b"\xff\xfe<\0")]
    assert len(marked) == len(files) // 3 > 0


def test_a_window_may_hold_rows_of_students_whose_person_row_is_not_sent(
    contracts: Contracts, colleges: list[tuple[College, Text]]
) -> None:
    college, text = colleges[0]
    some = text["person"].head(3)
    found = _read(contracts, college, pesc, {**text, "person": some})
    assert found.feeds["person"].frame.height == 3
    assert found.feeds["course_result"].frame.height == text["course_result"].height
    assert [note for note in found.notes if note.severity == "F"] == []


def test_the_same_seed_signs_the_same_bytes(
    colleges: list[tuple[College, Text]],
) -> None:
    badges = pl.concat([text["badge"] for _, text in colleges])
    first, again = (open_badges.tables({"badge": badges}, {"seed": 5}) for _ in "ab")
    assert first == again
    assert first != open_badges.tables({"badge": badges}, {"seed": 6})
    assert open_badges.issuer_profile(5) != open_badges.issuer_profile(6)
