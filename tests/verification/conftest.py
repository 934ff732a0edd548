"""Records signed with a fixed key, changed, and signed again."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "unit" / "publishing"))

from verification_world import World  # noqa: E402

STANDARDS = TESTS.parents[1] / "shared" / "standards"


@pytest.fixture(scope="session")
def standards() -> Path:
    """The official vectors and schemas, which are not part of the repository."""
    if not STANDARDS.is_dir():
        pytest.skip("../shared/standards is absent: official files are not copied here")
    return STANDARDS


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("public"))


@pytest.fixture
def record(world: World) -> Callable[[], dict]:
    """A signed record of four credentials, the test's own."""
    return world.record()
