from datetime import date

import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.sample import SampleSummary, generate
from pipelines.sample.draw import Draw
from pipelines.sample.state import State, build

START = date(2026, 9, 1)


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    return load_contracts()


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate("accs", 400, 3, 5, "none", tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def clean_tbr(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return generate("tbr", 300, 3, 6, "none", tmp_path_factory.mktemp("tbr"))


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    # Large enough that the largest college has the 101 people one fault asks for.
    return generate("accs", 1200, 4, 5, "standard", tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def accs(contracts: Contracts) -> State:
    return build(contracts, Draw(3), "accs", 6000, 3, START)


@pytest.fixture(scope="session")
def tbr(contracts: Contracts) -> State:
    return build(contracts, Draw(3), "tbr", 3000, 3, START)
