import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

HERE = Path(__file__).parent
PUBLISHING = HERE.parent / "unit" / "publishing"
sys.path[:0] = [str(HERE), str(PUBLISHING)]

import record_factory as factory  # noqa: E402
from service_world import MERGED, STANDARDS, point_at  # noqa: E402
from wallet import Running, Wallet, registered, started  # noqa: E402

from pipelines.publishing.publish import publish  # noqa: E402
from pipelines.settings import Home  # noqa: E402


def _write_build(*given: Any, **named: Any) -> None:
    """As dbt leaves its database: ``write_build`` of the tests of publishing."""
    spec = importlib.util.spec_from_file_location(
        "publishing_fixtures", PUBLISHING / "conftest.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write_build(*given, **named)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two snapshots of learners 0 to 3, the first one current.

    In the second learner 0 has a course more, learner 2 one less, which is revoked,
    and learner 3 is on hold.
    """
    home = Home(tmp_path_factory.mktemp("service") / "home")
    records = [factory.record(0), *(factory.record(n, courses=2) for n in (1, 2, 3))]
    _write_build(home, records, redirects={MERGED: factory.learner_id(1)})
    publish(home, None)
    first = home.current.read_bytes()
    _write_build(
        home,
        [factory.record(0, courses=21), records[1], factory.record(2, courses=1)],
        redirects={MERGED: factory.learner_id(1)},
        held=[records[3]],
    )
    publish(home, None)
    (home.published / "second.json").write_bytes(home.current.read_bytes())
    (home.published / "first.json").write_bytes(first)
    point_at(home, "first")
    return home


@pytest.fixture(scope="session")
def service(home: Home) -> Iterator[Running]:
    """A server process of its own."""
    with started(home) as running:
        yield running


@pytest.fixture
def first(home: Home) -> Iterator[None]:
    """The first snapshot is current again after a test that changes it."""
    yield
    point_at(home, "first")


@pytest.fixture(scope="session")
def application(service: Running) -> dict[str, Any]:
    """A registered application."""
    return registered(service).json()


@pytest.fixture
def wallet(service: Running, application: dict[str, Any]) -> Iterator[Wallet]:
    """An application that nobody allowed anything yet."""
    with Wallet(service, application) as made:
        yield made


@pytest.fixture(scope="session")
def valid() -> Callable[[str, object], None]:
    """Validates against one of 1EdTech's schemas, which are not copied here.

    Where they are absent it passes everything: ``test_the_official_schemas_are_here``
    is skipped there, and says so.
    """

    @functools.cache
    def validator(path: str) -> Any:
        text = (STANDARDS / "schemas" / path).read_bytes()
        return jsonschema_rs.validator_for(orjson.loads(text))

    def check(path: str, value: object) -> None:
        if STANDARDS.is_dir():
            validator(path).validate(value)

    return check
