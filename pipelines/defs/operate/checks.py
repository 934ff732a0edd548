"""What is wrong right now, whatever went wrong at 03:14."""

from datetime import UTC, datetime

import dagster as dg

from pipelines.contracts.load import load_contracts
from pipelines.landing.freshness import LATE, STALE, freshness
from pipelines.settings import home


@dg.asset_check(
    asset=["ledger", "package"],
    description="Each active college: on time, late since 06:00 its own time, or "
    "stale after three days (F19). Yesterday's state stays in force.",
)
def every_college_is_on_time() -> dg.AssetCheckResult:
    """Warn where a college that has ever sent is late or stale."""
    now = datetime.now(UTC)
    late = [
        row
        for row in freshness(home(), load_contracts(), now)
        if row.status in (LATE, STALE)
    ]
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "colleges": ", ".join(f"{r.institution_code}: {r.status}" for r in late)
        },
    )
