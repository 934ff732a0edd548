"""The fixtures of this folder; two small colleges are linked once and copied."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
sys.path.insert(0, str(Path(__file__).parent.parent / "college"))

from desk import build
from linked_world import World, two_colleges
from lrw_calls import Lrw

from pipelines.settings import Home


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        build(made)
        yield made


@pytest.fixture(scope="session")
def linked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("linked") / "home"
    two_colleges(World(Home(root)))
    return root


@pytest.fixture
def lrw(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lrw:
    return Lrw(capfd, monkeypatch)


@pytest.fixture
def world(linked_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    root = tmp_path / "home"
    # Times are kept: the list of pairs is as old as its night.
    shutil.copytree(linked_once, root, copy_function=shutil.copy2)
    monkeypatch.setenv("LRW_HOME", str(root))
    return World(Home(root))
