from pathlib import Path

import pytest
from night_world import Colleges, colleges_at


@pytest.fixture
def colleges(tmp_path: Path) -> Colleges:
    return colleges_at(tmp_path / "home")
