import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "night"))

from night_world import Colleges, colleges_at


@pytest.fixture
def colleges(tmp_path: Path) -> Colleges:
    return colleges_at(tmp_path / "home")
