"""The event log is Dagster's own, only faster."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.event_log import KEPT_OPEN, KeptConnections
from pipelines.settings import CHECKOUT


@dg.asset(check_specs=[dg.AssetCheckSpec("is_there", asset="planted")])
def planted():
    yield dg.MaterializeResult(
        metadata={"rows": 3},
        tags={"college": "CACC"},
        check_results=[dg.AssetCheckResult(passed=True, check_name="is_there")],
    )


def _run(instance):
    done = dg.materialize([planted], instance=instance)
    assert done.success
    return done.run_id


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "dagster.yaml").write_text((CHECKOUT / "dagster.yaml").read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def test_what_is_written_is_read_by_dagster_s_own_class(home):
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, KeptConnections)
        first, second = _run(instance), _run(instance)
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    for run in (first, second):
        said = {e.dagster_event.event_type_value for e in _events(own, run)}
        assert {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION"} <= said
    (record,) = own.get_asset_records([dg.AssetKey("planted")])
    assert record.asset_entry.last_materialization_record.run_id == second
    assert own.all_asset_keys() == [dg.AssetKey("planted")]


def test_what_dagster_s_own_class_writes_is_read(home):
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    with dg.DagsterInstance.get() as instance:
        run = _run(instance)
        kept = instance.event_log_storage
        assert [e.timestamp for e in _events(kept, run)] == [
            e.timestamp for e in _events(own, run)
        ]
        instance.delete_run(run)
        assert _events(kept, run) == []
        assert _events(own, run) == []


def test_few_files_stay_open_and_a_removed_one_is_made_again(home):
    with dg.DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        runs = [_run(instance) for _ in range(KEPT_OPEN + 2)]
        assert len(storage._engines) <= KEPT_OPEN
        assert all(_events(storage, run) for run in runs)
        Path(storage.path_for_shard(runs[0])).unlink()
        assert _events(storage, runs[0]) == []


def _events(storage, run):
    return [
        record.event_log_entry for record in storage.get_records_for_run(run).records
    ]
