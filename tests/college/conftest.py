"""The fixtures of this folder; the small packages are those of the fault tests."""

import sys
from pathlib import Path

import pytest
from lrw_calls import Lrw

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from landing_warehouse import Warehouse

from pipelines.settings import Home


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    root = tmp_path / "home"
    monkeypatch.setenv("LRW_HOME", str(root))
    return Warehouse(Home(root))


@pytest.fixture
def lrw(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lrw:
    return Lrw(capfd, monkeypatch)
