import sys
from pathlib import Path

import pyarrow as pa
import pytest
from lrw_calls import Lrw
from worked import RETIRED, worked_tables
from worked import published as tables_in

from pipelines.publishing.publish import publish
from pipelines.settings import Home

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "publishing"))

import record_factory


@pytest.fixture(scope="session")
def worked_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse that publishes the hand-worked cohort, and one record."""
    home = Home(tmp_path_factory.mktemp("worked") / "home")
    document = record_factory.record(0, courses=1)
    tables = worked_tables()
    somebody = {
        "learner_id": record_factory.row(document)["learner_id"],
        "status": "active",
    }
    tables["assertion"] = [
        somebody | {"assertion_id": nested["id"].removeprefix("urn:uuid:")}
        for nested in document["credentialSubject"]["verifiableCredential"]
    ]
    tables["learner"] += [
        somebody,
        {"learner_id": RETIRED, "status": "merged_into"},
    ]
    tables["learner_redirect"] = [
        {"learner_id": RETIRED, "to_learner_id": "summer starter"}
    ]
    home.warehouse.mkdir(parents=True)
    with tables_in(tables) as con:
        con.register("rows", pa.Table.from_pylist([record_factory.row(document)]))
        con.execute(f"attach '{home.build_db}' as build")
        con.execute("create schema build.published")
        names = [row[0] for row in con.execute("show tables").fetchall()]
        for name in names:
            if name not in ("rows", "record_document"):
                con.execute(f'create table build.published."{name}" as from "{name}"')
        con.execute(
            "create table build.published.record_document as select * replace "
            "(valid_from::timestamptz as valid_from, document::json as document) "
            "from rows"
        )
    publish(home, None)
    return home


@pytest.fixture
def lrw(
    worked_home: Home,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Lrw:
    monkeypatch.setenv("LRW_HOME", str(worked_home.root))
    return Lrw(capfd, monkeypatch)
