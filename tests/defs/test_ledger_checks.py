"""The checks on the ledger see what they are there for."""

from datetime import UTC, datetime

import dagster as dg
import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.defs.land.checks import LEDGER
from pipelines.defs.land.report import edit_results, lost_rows
from pipelines.landing.kept.ledger import LEDGER_SCHEMA, commit
from pipelines.settings import Home


def package(loaded: int, findings: list[dict]) -> dict:
    counts = {"collapsed": 1, "quarantined": 2, "released": 0, "changed": 0}
    file = {
        "feed": "person",
        "name": "person.csv",
        "rows_read": 10,
        "loaded": loaded,
        **counts,
    }
    now = datetime(2026, 9, 1, tzinfo=UTC)
    return {
        "institution_code": "CACC",
        "package_id": "p",
        "wave_id": "w",
        "delivery": "2026-09-01",
        "verdict": "accepted_with_quarantine",
        "as_of": now,
        "landed_at": now,
        "files": [file],
        "findings": findings,
    }


@pytest.fixture
def ledger_of(tmp_path):
    def write(row: dict) -> Home:
        home = Home(tmp_path)
        home.ledger.mkdir(parents=True)
        commit(home, "w", pl.DataFrame([row], schema=LEDGER_SCHEMA))
        return home

    return write


def test_a_file_whose_rows_do_not_add_up_is_named(ledger_of):
    assert lost_rows(ledger_of(package(6, []))) == ["CACC 2026-09-01 person"]


def test_a_file_whose_rows_add_up_is_not(ledger_of):
    assert lost_rows(ledger_of(package(7, []))) == []


def test_a_refused_row_warns_on_its_feed_and_on_no_other(ledger_of):
    refused = {"feed": "person", "edit_id": "PER-Q01", "severity": "Q", "count": 2}
    remark = {"feed": "term", "edit_id": "TRM-W01", "severity": "W", "count": 1}
    home = ledger_of(package(7, [refused, remark]))
    results = {r.check_name: r for r in edit_results(home, load_contracts(), LEDGER)}
    assert len(results) == len(load_contracts().feeds)
    assert [n for n, r in results.items() if not r.passed] == ["edits_person"]
    assert results["edits_person"].severity == dg.AssetCheckSeverity.WARN
    assert results["edits_person"].metadata["PER-Q01"].value == 2
