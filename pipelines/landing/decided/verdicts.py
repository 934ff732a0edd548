"""What became of a package in one word: the ledger's, unless a person refused it.

Belongs here: the one rule by which terminal, return file and scorecard name the state
of a package. Does not belong here: verdicts of the judge (``wave``, ``admission``) and
the decisions themselves (``decisions``).
"""

import polars as pl

from pipelines.landing.decided.decisions import REFUSE, Decision, Decisions
from pipelines.landing.package.parcel import APPLIED, REPLAYED

REFUSED = "refused"


def state_of(verdict: str, decision: Decision | None) -> str:
    """The state of a package.

    Args:
        verdict: The ledger's newest word on it.
        decision: The release or refusal that counts now, if any.

    Returns:
        The verdict, or ``refused`` where a person set a package aside for good.
    """
    if decision is None or decision.kind != REFUSE or verdict in (*APPLIED, REPLAYED):
        return verdict
    return REFUSED


def with_states(ledger: pl.DataFrame, decisions: Decisions) -> pl.DataFrame:
    """Rows of the ledger with each package's state as ``verdict``."""
    names = ["institution_code", "package_id", "verdict"]
    decided = {(d.institution_code, d.package_id) for d in decisions.log}
    states = [
        (
            code,
            package_id,
            verdict,
            state_of(verdict, decisions.about(code, package_id)),
        )
        for code, package_id, verdict in ledger.select(names).unique().iter_rows()
        if (code, package_id) in decided
    ]
    schema = dict.fromkeys([*names, "_state"], pl.String)
    told = pl.DataFrame(states, schema=schema, orient="row")
    return (
        ledger.join(told, on=names, how="left", maintain_order="left")
        .with_columns(verdict=pl.coalesce("_state", "verdict"))
        .drop("_state")
    )
