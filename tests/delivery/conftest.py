"""Servers that these tests start, each on a free port of this machine."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The small valid packages of the fault tests serve here too.
sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

from college_keys import Keys
from drop_world import World
from real_servers import ObjectStore, SshServer

from pipelines.settings import Home


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    monkeypatch.setenv("LRW_SECRETS", str(secrets))
    return World(Home(tmp_path / "home"), secrets)


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def keys() -> Iterator[Keys]:
    with Keys() as made:
        yield made
