"""The sensor asks for what is in the inbox and not in the ledger, and only for that."""

import shutil
from datetime import date

import dagster as dg
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.defs.land.report import RANGE_START
from pipelines.defs.land.sensors import arrivals
from pipelines.landing.land import land
from pipelines.sample.generate import generate
from pipelines.settings import home


@pytest.fixture
def inbox(warehouse_of_these_tests):
    generate("tbr", 60, 2, 3, "none", warehouse_of_these_tests)
    yield warehouse_of_these_tests / "inbox"
    shutil.rmtree(warehouse_of_these_tests / "inbox")
    shutil.rmtree(warehouse_of_these_tests / "landing", ignore_errors=True)


def tick():
    result = arrivals(dg.build_sensor_context())
    return result.run_requests if isinstance(result, dg.SensorResult) else []


def test_a_tick_asks_for_the_oldest_date_and_falls_silent_once_it_landed(inbox):
    (first,) = tick()
    (again,) = tick()
    assert first.tags[RANGE_START].startswith("2026-09-01|")
    assert again.run_key == first.run_key, "a second tick must not start a second run"
    land(home(), load_contracts(), until=date(2026, 9, 1))
    (second,) = tick()
    assert second.tags[RANGE_START].startswith("2026-09-02|")
    land(home(), load_contracts())
    assert tick() == []


def test_a_delivery_without_its_manifest_is_still_being_written(inbox):
    land(home(), load_contracts())
    unfinished = inbox / "CHSCC" / "2026-09-03"
    unfinished.mkdir()
    (unfinished / "person.csv").write_text("student_id\n")
    assert tick() == []
