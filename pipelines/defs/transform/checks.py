"""After identity: whether the guard let the night through."""

import dagster as dg

from pipelines.identity.review.sources import guard_refused
from pipelines.settings import home


@dg.asset_check(
    asset=["identity", "link"],
    description="Links, merges and the largest learner are within the guard's bounds.",
)
def identity_within_bounds() -> dg.AssetCheckResult:
    """Fail, without stopping the night, when yesterday's links had to stand.

    Students who are new since then have no learner and are counted as held until the
    cause is found, or a steward says `lrw identity accept`.
    """
    refused = guard_refused(home())
    return dg.AssetCheckResult(
        passed=refused is None,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"refused": refused or "no"},
    )
