"""The feeds as dbt files: the sources of landing and one staging model a feed.

Belongs here: rendering ``models/staging/_landing.yml``, ``stg_<feed>.sql`` and
``stg_<feed>.yml``. Does not belong here: the published tables (``products``), and any
model that a person writes.
"""

from pathlib import Path

from pipelines.contracts.arrow import LINEAGE_DESCRIPTIONS
from pipelines.contracts.dbt_yaml import dbt_yaml
from pipelines.contracts.model import Contracts, Feed
from pipelines.contracts.sql import in_force_columns, in_force_select
from pipelines.settings import DBT_PROJECT

STAGING = DBT_PROJECT / "models" / "staging"
_MARK = "generated from data_contracts/feeds/{name}.odcs.yaml; edit that"
_IS_CLOSED = "True when the row disappeared: good only for what used it already."


def render(contracts: Contracts) -> dict[Path, str]:
    """Every generated file of the staging folder with its text."""
    files = {STAGING / "_landing.yml": _sources(contracts)}
    for feed in contracts.feeds.values():
        files[STAGING / f"stg_{feed.name}.sql"] = _model(feed)
        files[STAGING / f"stg_{feed.name}.yml"] = _properties(feed)
    return files


def _sources(contracts: Contracts) -> str:
    location = (
        "read_parquet('{{ env_var('LRW_HOME') }}/landing/accepted/{name}/*.parquet')"
    )
    tables = [
        {
            "name": feed.name,
            "description": f"{feed.description} Every change that was accepted.",
        }
        for feed in contracts.feeds.values()
    ]
    source = {
        "name": "landing",
        "description": "Accepted rows of the feeds, a log of changes by college.",
        "config": {"meta": {"external_location": location}},
        "tables": tables,
    }
    return dbt_yaml(_MARK.format(name="*"), {"sources": [source]})


def _model(feed: Feed) -> str:
    select = in_force_select(
        feed,
        rows=f'{{{{ source("landing", "{feed.name}") }}}}',
        packages='{{ ref("stg_package") }}',
    )
    return f"-- {_MARK.format(name=feed.name)}\n{select}\n"


def _properties(feed: Feed) -> str:
    described = {column.name: column.description for column in feed.data_columns}
    described |= LINEAGE_DESCRIPTIONS | {"is_closed": _IS_CLOSED}
    model = {
        "name": f"stg_{feed.name}",
        "description": (
            f"{feed.description} What is in force, up to each sender's last package "
            "that may be published."
        ),
        "access": "private",
        "group": "core",
        "columns": [
            {"name": name, "description": described[name]}
            for name in in_force_columns(feed)
        ],
        "data_tests": [
            {
                "unique_combination": {
                    "arguments": {"columns": ["institution_code", *feed.key]}
                }
            }
        ],
    }
    return dbt_yaml(_MARK.format(name=feed.name), {"models": [model]})
