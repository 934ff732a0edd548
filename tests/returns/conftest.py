"""The fixture of this folder; the small packages are those of the fault tests,
the plants those of the contract tests.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
sys.path.insert(0, str(Path(__file__).parent.parent / "contracts"))

from landing_warehouse import Warehouse

from pipelines.settings import Home


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(Home(tmp_path / "home"))
