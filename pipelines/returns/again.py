"""Return files written again after a person has decided about a package.

Belongs here: which words on it are told again, and from what. Does not belong here:
the decision (``pipelines.landing.decided.judgements``).
"""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.judging.findings import FINDINGS
from pipelines.landing.judging.spoken import Spoken
from pipelines.landing.kept.ledger import History, in_effect, read_ledger
from pipelines.landing.package.parcel import HELD, RETIRED
from pipelines.returns.compare import Comparison, compare, previous_of
from pipelines.returns.scorecard_pages import write_scorecards
from pipelines.returns.summary import zone_of
from pipelines.returns.waiting import read_waiting
from pipelines.returns.write import write_files
from pipelines.settings import Home


def write_again(home: Home, contracts: Contracts, package_id: str) -> None:
    """Tell a waiting package's college, and the scorecards, what was decided about it.

    Of a package in force landing itself has told everything, a release too.

    Args:
        home: The warehouse.
        contracts: Messages and remedies.
        package_id: The package; nothing is written of one that does not wait.
    """
    decisions = Decisions.read(home)
    ledger = read_ledger(home)
    history = History(ledger)
    newest = (
        in_effect(ledger)
        .sort("wave_id", maintain_order=True)
        .unique(["institution_code", "delivery"], keep="last", maintain_order=True)
        .filter(
            pl.col("package_id") == package_id, pl.col("verdict").is_in([HELD, RETIRED])
        )
    )
    for row in newest.iter_rows(named=True):
        compared = read_waiting(home, row) or _counted(home, contracts, row, history)
        decision = decisions.about(row["institution_code"], package_id)
        write_files(home, contracts, row, compared, history=history, decision=decision)
    write_scorecards(home, contracts, datetime.now(UTC))


def _counted(
    home: Home, contracts: Contracts, row: dict[str, Any], history: History
) -> Comparison:
    """What the ledger alone knows: how often, and not where."""
    findings = pl.DataFrame(
        [{"institution_code": row["institution_code"], **f} for f in row["findings"]],
        schema=FINDINGS,
    )
    instant: datetime = row["as_of"] or row["landed_at"]
    day: date = instant.astimezone(zone_of(contracts, row)).date()
    previous = previous_of(home, history, row)
    return compare(previous, row, findings, Spoken(), day)
