"""What Dagster shows: the graph as a golden file, and what runs when."""

import os
from datetime import date
from pathlib import Path

import dagster as dg
import yaml

from pipelines.contracts.load import load_contracts
from pipelines.defs.groups import DBT_FOLDERS, IDENTITY, LANDING, PUBLISH
from pipelines.defs.land.partitions import deliveries
from pipelines.defs.land.report import RANGE_END, RANGE_START, partition_tags

GOLDEN = Path(__file__).parent.parent / "golden" / "asset_graph.yaml"


def graph(definitions: dg.Definitions) -> dict:
    nodes = definitions.resolve_asset_graph()
    return {
        "assets": {
            key.to_user_string(): {
                "group": nodes.get(key).group_name,
                "after": sorted(
                    parent.to_user_string() for parent in nodes.get(key).parent_keys
                ),
            }
            for key in sorted(nodes.materializable_asset_keys)
        },
        "jobs": sorted(
            job.name
            for job in definitions.resolve_all_job_defs()
            if not job.name.startswith("__")
        ),
        "schedules": sorted(schedule.name for schedule in definitions.schedules or ()),
        "sensors": sorted(sensor.name for sensor in definitions.sensors or ()),
    }


def test_the_asset_graph_is_the_one_that_was_reviewed(definitions):
    found = graph(definitions)
    if os.environ.get("LRW_REWRITE_GOLDEN"):
        GOLDEN.write_text(yaml.safe_dump(found, sort_keys=False, width=100))
    assert found == yaml.safe_load(GOLDEN.read_text())


def test_groups_are_in_the_order_of_the_night(definitions):
    groups = {node["group"] for node in graph(definitions)["assets"].values()}
    expected = {LANDING, IDENTITY, PUBLISH, *DBT_FOLDERS.values()}
    assert groups == expected
    assert sorted(expected) == [
        LANDING,
        IDENTITY,
        *(DBT_FOLDERS[name] for name in ("staging", "clr", "published", "quality")),
        PUBLISH,
    ]


def test_publishing_comes_after_every_published_model(definitions):
    assets = graph(definitions)["assets"]
    published = {
        key for key, node in assets.items() if node["group"] == DBT_FOLDERS["published"]
    }
    assert len(published) > 15
    assert published <= set(assets["publish/snapshot"]["after"])


def test_failing_data_tests_block_publication(definitions):
    nodes = definitions.resolve_asset_graph()
    checks = [
        nodes.get_check_spec(key)
        for key in nodes.asset_check_keys
        if key.asset_key.path[0] in ("clr", "published")
    ]
    assert len(checks) > 20
    assert all(check.blocking for check in checks)


def test_the_night_has_a_time_zone_and_an_hour(definitions):
    (nightly,) = (s for s in definitions.schedules if s.name == "nightly")
    assert nightly.execution_timezone == "America/Chicago"
    assert nightly.cron_schedule == "0 5 * * *"


def test_the_snapshot_has_a_deadline(definitions):
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["publish", "snapshot"]))
    assert node.freshness_policy is not None


def test_all_colleges_of_a_delivery_date_land_in_one_run_of_their_system():
    sent = ["SNEAD", "CACC", "SYSTEM:ACCS"]
    tags = partition_tags(date(2026, 9, 1), sent)
    keys = deliveries.get_partition_keys_in_range(
        dg.PartitionKeyRange(tags[RANGE_START], tags[RANGE_END])
    )
    days = {str(key).split("|")[0] for key in keys}
    covered = {str(key).split("|")[1] for key in keys}
    contracts = load_contracts()
    accs = {c.code for c in contracts.colleges.values() if c.system == "ACCS"}
    assert days == {"2026-09-01"}
    assert set(sent) <= covered <= accs | {"SYSTEM:ACCS"}
