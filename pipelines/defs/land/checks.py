"""Checks from the contracts: what each feed's edits found in the newest packages.

They hang on the ledger, not on the landing assets: a feed nobody sent tonight is
skipped in its run, and a check would be skipped with it.
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.defs.land.report import edit_results, lost_rows
from pipelines.settings import home

LEDGER = dg.AssetKey(["ledger", "package"])


@dg.multi_asset_check(
    name="contract_edits",
    specs=[
        dg.AssetCheckSpec(
            f"edits_{feed.name}",
            asset=LEDGER,
            description=f"No {feed.name} file or row was refused in the newest package "
            f"of any sender; {len(feed.edits)} edits, each with its count.",
        )
        for feed in load_contracts().feeds.values()
    ],
)
def contract_edits() -> Iterator[dg.AssetCheckResult]:
    """One result a feed; a refusal warns, since one college never stops the night."""
    yield from edit_results(home(), load_contracts(), LEDGER)


@dg.asset_check(
    asset=LEDGER,
    blocking=True,
    description="Rows read = loaded + collapsed + quarantined, in every applied file.",
)
def nothing_is_lost() -> dg.AssetCheckResult:
    """Fail, and stop the night before it links or builds, where a row went missing."""
    lost = lost_rows(home())
    return dg.AssetCheckResult(passed=not lost, metadata={"files": "\n".join(lost)})
