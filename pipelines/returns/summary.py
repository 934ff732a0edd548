"""A package in numbers and words: what every form of the return file is made of.

Belongs here: counts that reconcile, and the JSON form with its stable keys. Does not
belong here: layout (``page``, ``sheets``).
"""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import Decision
from pipelines.landing.decided.verdicts import REFUSED, state_of
from pipelines.landing.kept.ledger import History
from pipelines.landing.limits import LISTED_FINDINGS
from pipelines.landing.package.parcel import (
    ACCEPTED,
    APPLIED,
    HELD,
    REJECTED,
    can_be_released,
)
from pipelines.returns.compare import Comparison
from pipelines.returns.effects import EFFECTS, STOPS_PACKAGE
from pipelines.returns.words import (
    ASK_FOR_RELEASE,
    DECIDED,
    MEANING,
    NEXT_STEP,
    SEND_DISCLOSURE,
    STAYS_IN_FORCE,
    UNPUBLISHED,
    VERDICT,
)

RETURN_VERSION = "2.2"
_ROWS = (
    "rows_read",
    "loaded",
    "collapsed",
    "quarantined",
    "released",
    "changed",
    "removed",
    "rejudged",
)


def summarise(
    contracts: Contracts,
    row: Mapping[str, Any],
    compared: Comparison,
    listing: pl.DataFrame,
    mended: pl.DataFrame,
    *,
    history: History,
    decision: Decision | None,
    credentials: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The return file as one object.

    Args:
        contracts: Titles, remedies, the sender's name.
        row: The package's ledger row, with its files and source tables.
        compared: Its findings against the last package's.
        listing: ``listing.listed``.
        mended: ``listing.resolved``.
        history: The ledger: what of the sender's is in force.
        decision: The release or refusal of the package that counts now, if any.
        credentials: ``credentials.credential_quality`` of the sender.

    Returns:
        JSON-ready values; ``findings`` has the first of very many of one kind.
    """
    code = row["institution_code"]
    sender = contracts.sender(code)
    zone = zone_of(contracts, row)
    state = state_of(row["verdict"], decision)
    applied = state in APPLIED
    in_force = [a for a in history.applied(code) if a.package_id != row["package_id"]]
    files = [{**file, "counted": applied} for file in _read(row["files"])]
    previous = compared.previous
    first = listing.filter(
        pl.int_range(pl.len()).over("edit_id", "feed") < LISTED_FINDINGS
    )
    return {
        "return_version": RETURN_VERSION,
        "institution_code": code,
        "institution_name": sender.name if sender else None,
        "package_id": row["package_id"],
        "wave_id": row["wave_id"],
        "delivery": row["delivery"],
        "as_of": row["as_of"].astimezone(zone) if row["as_of"] else None,
        "mode": row["mode"],
        "scope": {"kind": row["scope_kind"], "terms": row["scope_terms"]},
        "landed_at": row["landed_at"].astimezone(zone),
        "contract_version": row["contract_version"],
        "verdict": state,
        "verdict_in_words": VERDICT[state],
        "publishable": row["publishable"],
        "meaning": _meaning(row, state, in_force=bool(in_force)),
        "decision": _decided(decision, zone),
        "next_step": _next_step(contracts, row, state, listing),
        "compared_with": None
        if previous is None
        else {"package_id": previous.package_id, "delivery": previous.delivery},
        "counts": {
            **{name: sum(file[name] or 0 for file in files) for name in _ROWS},
            **_finding_counts(compared, listing),
        },
        "files": files,
        "sources": [_source(source) for source in _read(row["sources"] or ())],
        "edits": _edits(contracts, listing, mended),
        "findings": first.to_dicts(),
        "findings_listed": first.height,
        "resolved": mended.to_dicts(),
        "credentials": credentials,
    }


def zone_of(contracts: Contracts, row: Mapping[str, Any]) -> ZoneInfo:
    """The clock of the package's sender; UTC where nobody knows the sender."""
    sender = contracts.sender(row["institution_code"])
    return ZoneInfo(sender.timezone if sender else "UTC")


def _meaning(row: Mapping[str, Any], state: str, *, in_force: bool) -> str:
    meaning = MEANING[state]
    if state in APPLIED and not row["publishable"]:
        return f"{meaning} {UNPUBLISHED}"
    if state in (HELD, REFUSED, REJECTED) and in_force:
        return f"{meaning} {STAYS_IN_FORCE}"
    return meaning


def _next_step(
    contracts: Contracts, row: Mapping[str, Any], state: str, listing: pl.DataFrame
) -> str:
    if state in APPLIED and not row["publishable"]:
        rest = [] if state == ACCEPTED else [NEXT_STEP[state]]
        return " ".join([SEND_DISCLOSURE, *rest])
    if state != HELD:
        return NEXT_STEP[state]
    stopping = listing.filter(pl.col("effect") == STOPS_PACKAGE)["edit_id"].unique()
    if all(can_be_released(contracts.edit(edit_id)) for edit_id in stopping):
        return ASK_FOR_RELEASE
    return NEXT_STEP[HELD]


def _decided(decision: Decision | None, zone: ZoneInfo) -> dict[str, Any] | None:
    """Who released or refused the package, when and why."""
    if decision is None:
        return None
    day = decision.decided_at.astimezone(zone).date()
    what = DECIDED[decision.kind]
    return {
        "decision_id": decision.decision_id,
        "kind": decision.kind,
        "decided_by": decision.decided_by,
        "decided_on": day,
        "reason": decision.reason,
        "in_words": f"{what} by {decision.decided_by} on {day}: {decision.reason}",
    }


def _read(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The files of a package; none where nobody opened any."""
    told = [dict(entry) for entry in entries]
    return told if any(entry["rows_read"] is not None for entry in told) else []


def _source(account: dict[str, Any]) -> dict[str, Any]:
    """A source table's account with the sum of what rules set aside."""
    aside = account["set_aside"] or []
    total = sum(entry["count"] for entry in aside)
    return {**account, "set_aside": aside, "set_aside_rows": total}


def _finding_counts(compared: Comparison, listing: pl.DataFrame) -> dict[str, Any]:
    def counted(column: str) -> dict[str, int]:
        sums = listing.group_by(column).agg(pl.col("count").sum())
        return dict(sums.iter_rows())

    state, severity, effect = map(counted, ("state", "severity", "effect"))
    return {
        "findings": int(listing["count"].sum()),
        "new": state.get("new", 0),
        "persisting": state.get("persisting", 0),
        "resolved": compared.resolved.height,
        "not_mentioned": compared.unmentioned.height,
        "by_severity": {name: severity.get(name, 0) for name in "FQW"},
        "by_effect": {name: effect.get(name, 0) for name in EFFECTS},
    }


def _edits(
    contracts: Contracts, listing: pl.DataFrame, mended: pl.DataFrame
) -> list[dict[str, Any]]:
    """One entry a feed, edit and severity, worst first, then those resolved alone."""
    by = ["feed", "edit_id", "severity"]
    of_state = [
        pl.col("count").filter(pl.col("state") == state).sum().alias(state)
        for state in ("new", "persisting")
    ]
    counts = listing.group_by(*by, "effect", maintain_order=True).agg(
        pl.col("count").sum(), *of_state
    )
    gone = mended.group_by(by, maintain_order=True).len("resolved")
    joined = counts.join(
        gone,
        on=by,
        how="full",
        coalesce=True,
        nulls_equal=True,
        maintain_order="left_right",
    ).with_columns(pl.col("count", "new", "persisting", "resolved").fill_null(0))
    return [
        {**line, "title": edit.title, "remedy": edit.remedy, "version": edit.version}
        for line in joined.iter_rows(named=True)
        for edit in [contracts.edit(line["edit_id"])]
    ]
