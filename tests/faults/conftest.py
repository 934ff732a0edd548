"""The fixture of this folder; what it can do is in ``landing_warehouse``."""

from pathlib import Path

import pytest
from landing_warehouse import Warehouse

from pipelines.settings import Home


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(Home(tmp_path / "home"))
