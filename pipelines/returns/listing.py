"""Findings as sentences, in the order in which a clerk works through them.

Belongs here: the columns of the listing, its order, message, expectation and remedy
of each line. Does not belong here: files (``sheets``, ``page``, ``summary``).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import RELEASE, Decision
from pipelines.returns.compare import OPEN, Comparison
from pipelines.returns.effects import EFFECTS, LET_THROUGH, effects_of, freed_by
from pipelines.returns.text import shortened
from pipelines.returns.words import expected, message

COLUMNS = (
    "institution_code",
    "edit_id",
    "severity",
    "effect",
    "state",
    "feed",
    "file",
    "line",
    "column",
    "key",
    "value",
    "expected",
    "message",
    "remedy",
    "count",
    "since",
    "overridden_by",
    "released_by",
)
RESOLVED = (
    "edit_id",
    "severity",
    "feed",
    "file",
    "line",
    "column",
    "key",
    "since",
    "title",
)
_RANK = {name: rank for rank, name in enumerate(EFFECTS)}


def listed(
    contracts: Contracts,
    row: Mapping[str, Any],
    compared: Comparison,
    decision: Decision | None,
) -> pl.DataFrame:
    """Every finding of a package with its words.

    Args:
        contracts: Messages and remedies.
        row: The package's ledger row.
        compared: Findings with state.
        decision: The release or refusal that counts now, if any.

    Returns:
        The columns of ``COLUMNS``, what stops the file first.
    """
    code = row["institution_code"]
    release = decision.decision_id if decision and decision.kind == RELEASE else None
    let_through = pl.col("effect") == LET_THROUGH
    found = effects_of(compared.findings, contracts, freed_by(row, decision))
    kinds = dict.fromkeys(COLUMNS, pl.String) | {"line": pl.Int64, "count": pl.Int64}
    parts = [pl.DataFrame(schema=kinds)]
    for (edit_id,), group in found.group_by("edit_id"):
        edit = contracts.edit(str(edit_id))
        told = group.with_columns(
            institution_code=pl.lit(code),
            since=pl.col("first_seen").cast(pl.String),
            expected=pl.lit(expected(contracts, edit)),
            remedy=pl.lit(edit.remedy),
            released_by=pl.when(let_through).then(pl.lit(release, pl.String)),
        )
        told = told.with_columns(shortened("value"), shortened("key"))
        told = told.with_columns(message=message(edit, code, contracts))
        parts.append(told.select(pl.col(n).cast(k) for n, k in kinds.items()))
    rank = pl.col("effect").replace_strict(_RANK, return_dtype=pl.Int8)
    order = [rank, "feed", "edit_id", "line", "key"]
    return pl.concat(parts).sort(order, nulls_last=False)


def resolved(contracts: Contracts, compared: Comparison) -> pl.DataFrame:
    """What is not wrong any more, columns of ``RESOLVED``."""
    titles = pl.DataFrame(
        [(edit.id, edit.title) for edit in contracts.all_edits()],
        schema={"edit_id": pl.String, "title": pl.String},
        orient="row",
    )
    return (
        compared.resolved.select(*OPEN, since=pl.col("first_seen").cast(pl.String))
        .join(titles, on="edit_id", how="left")
        .sort("feed", "edit_id", "line", "key", nulls_last=False)
        .select(RESOLVED)
    )
