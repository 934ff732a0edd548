"""Identity assets: the vault's event log gains tonight's decisions."""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.defs.groups import IDENTITY
from pipelines.defs.land.partitions import after_landing
from pipelines.identity.link import link
from pipelines.settings import home


@dg.multi_asset(
    name="identity",
    specs=[
        dg.AssetSpec(
            ["identity", "link"],
            deps=[
                after_landing("person"),
                after_landing("person_identifier"),
                after_landing("person_merge"),
                ["ledger", "package"],
            ],
            group_name=IDENTITY,
            kinds={"duckdb"},
            description="Which learner each college student is, since when and why.",
        ),
        dg.AssetSpec(
            ["identity", "learner"],
            deps=[["ledger", "package"]],
            group_name=IDENTITY,
            kinds={"duckdb"},
            description="Every learner id ever minted.",
        ),
    ],
    pool="landing",
)
def identity() -> Iterator[dg.MaterializeResult]:
    """Link the college students that are new tonight."""
    result = link(home(), load_contracts())
    yield dg.MaterializeResult(
        asset_key=["identity", "link"],
        metadata={
            "college_students": result.college_students,
            "linked_tonight": result.linked,
            "set_aside": result.set_aside,
        },
    )
    yield dg.MaterializeResult(
        asset_key=["identity", "learner"],
        metadata={
            "learners": result.learners,
            "minted_tonight": result.minted,
            "merged_tonight": result.merged,
        },
    )
