"""What a finding does: to its row, to its package, to publication.

Belongs here: the rule, from the edit's action and what a person let through. Does not
belong here: the words for it (``words``).

The letter of a finding alone does not say: a missing disclosure file is of severity F
and holds nothing back but publication, and what a person has released stops nothing.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import RELEASE, Decision
from pipelines.landing.package.parcel import APPLIED, blocks, is_freed

STOPS_PACKAGE = "stops_package"
STOPS_PUBLICATION = "stops_publication"
LET_THROUGH = "let_through"
SETS_ASIDE = "sets_row_aside"
WARNS = "warns"
EFFECTS = (STOPS_PACKAGE, STOPS_PUBLICATION, LET_THROUGH, SETS_ASIDE, WARNS)
_MILD = {"Q": SETS_ASIDE, "W": WARNS}


def freed_by(row: Mapping[str, Any], decision: Decision | None) -> frozenset[str]:
    """Edits that a person let this package through; ``*`` stands for all.

    Args:
        row: The package's ledger row.
        decision: The release or refusal that counts now: a release that was taken
            back before the package came into force has freed nothing.
    """
    stands = decision is not None and decision.kind == RELEASE
    if stands or row["verdict"] in APPLIED:
        return frozenset(row["freed"] or ())
    return frozenset()


def effect(
    contracts: Contracts, edit_id: str, severity: str, freed: frozenset[str]
) -> str:
    """What a finding does.

    Args:
        contracts: The edits; one that is not there any more goes by its letter.
        edit_id: The edit that was broken.
        severity: Of the finding: F, Q or W.
        freed: ``freed_by``.

    Returns:
        One of ``EFFECTS``.
    """
    if severity in _MILD:
        return _MILD[severity]
    try:
        if not blocks(contracts.edit(edit_id), severity):
            return STOPS_PUBLICATION
    except KeyError:
        pass
    return LET_THROUGH if is_freed(edit_id, freed) else STOPS_PACKAGE


def effects_of(
    findings: pl.DataFrame, contracts: Contracts, freed: frozenset[str]
) -> pl.DataFrame:
    """Findings of one package with ``effect``, from ``edit_id`` and ``severity``."""
    kinds = findings.select("edit_id", "severity").unique()
    told = pl.DataFrame(
        [(e, s, effect(contracts, e, s, freed)) for e, s in kinds.iter_rows()],
        schema=dict.fromkeys(("edit_id", "severity", "effect"), pl.String),
        orient="row",
    )
    return findings.join(
        told, on=["edit_id", "severity"], how="left", maintain_order="left"
    )
