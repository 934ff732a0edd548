"""Identity assets: the vault's event log gains tonight's decisions."""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.defs.groups import IDENTITY
from pipelines.defs.land.partitions import after_landing
from pipelines.identity.night.link import link
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
                after_landing("person_name"),
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
        dg.AssetSpec(
            ["identity", "held"],
            deps=[["ledger", "package"]],
            group_name=IDENTITY,
            kinds={"duckdb"},
            description="Who has no learner: the night was refused, or on demand.",
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
            "waiting_for_review": result.review,
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
    yield dg.MaterializeResult(
        asset_key=["identity", "held"],
        metadata={
            "college_students": result.held,
            "refused": result.refused or "no",
        },
    )
