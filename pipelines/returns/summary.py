"""A package in numbers and words: what every form of the return file is made of.

Belongs here: counts that reconcile, and the JSON form with its stable keys. Does not
belong here: layout (``page``, ``sheets``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.limits import LISTED_FINDINGS
from pipelines.landing.parcel import APPLIED, Tally
from pipelines.returns.compare import Comparison
from pipelines.returns.words import NEXT_STEP, NOT_PUBLISHABLE, VERDICT

RETURN_VERSION = "2.0"
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
    row: dict[str, Any],
    tallies: Sequence[Tally],
    sources: Iterable[Any],
    compared: Comparison,
    listing: pl.DataFrame,
    mended: pl.DataFrame,
) -> dict[str, Any]:
    """The return file as one object.

    Args:
        contracts: Titles, remedies, the sender's name.
        row: The package's ledger row.
        tallies: Its files.
        sources: The tables of a student system that its files were made of, if any.
        compared: Its findings against the last package's.
        listing: ``listing.listed``.
        mended: ``listing.resolved``.

    Returns:
        JSON-ready values; ``findings`` has the first of very many of one kind.
    """
    sender = contracts.sender(row["institution_code"])
    zone = zone_of(contracts, row)
    applied = row["verdict"] in APPLIED
    files = [_file(tally, counted=applied) for tally in tallies]
    previous = compared.previous
    first = listing.filter(
        pl.int_range(pl.len()).over("edit_id", "feed") < LISTED_FINDINGS
    )
    return {
        "return_version": RETURN_VERSION,
        "institution_code": row["institution_code"],
        "institution_name": sender.name if sender else None,
        "package_id": row["package_id"],
        "delivery": row["delivery"],
        "as_of": row["as_of"].astimezone(zone) if row["as_of"] else None,
        "mode": row["mode"],
        "scope": {"kind": row["scope_kind"], "terms": row["scope_terms"]},
        "landed_at": row["landed_at"].astimezone(zone),
        "contract_version": row["contract_version"],
        "verdict": row["verdict"],
        "verdict_in_words": VERDICT[row["verdict"]],
        "publishable": row["publishable"],
        "next_step": _next_step(row),
        "compared_with": None
        if previous is None
        else {"package_id": previous.package_id, "delivery": previous.delivery},
        "counts": {
            **{name: sum(file[name] or 0 for file in files) for name in _ROWS},
            **_finding_counts(compared),
        },
        "files": files,
        "sources": [_source(source) for source in sources],
        "edits": _edits(contracts, listing, mended),
        "findings": first.to_dicts(),
        "findings_listed": first.height,
        "resolved": mended.to_dicts(),
    }


def zone_of(contracts: Contracts, row: Mapping[str, Any]) -> ZoneInfo:
    """The clock of the package's sender; UTC where nobody knows the sender."""
    sender = contracts.sender(row["institution_code"])
    return ZoneInfo(sender.timezone if sender else "UTC")


def _next_step(row: dict[str, Any]) -> str:
    step = NEXT_STEP[row["verdict"]]
    if row["verdict"] in APPLIED and not row["publishable"]:
        return f"{step} {NOT_PUBLISHABLE}"
    return step


def _file(tally: Tally, *, counted: bool) -> dict[str, Any]:
    return {
        "feed": tally.feed,
        "name": tally.name,
        "verdict": tally.verdict,
        **{name: getattr(tally, name) for name in _ROWS},
        "counted": counted,
    }


def _source(source: Any) -> dict[str, Any]:
    """A source table's account; its set-aside rules as a list of rule and count."""
    account = dict(asdict(source) if is_dataclass(source) else source)  # type: ignore[arg-type]
    aside = account.get("set_aside") or {}
    if isinstance(aside, Mapping):
        aside = [{"rule": rule, "count": count} for rule, count in aside.items()]
    account["set_aside"] = list(aside)
    account["set_aside_rows"] = sum(entry["count"] for entry in aside)
    return account


def _finding_counts(compared: Comparison) -> dict[str, Any]:
    found = compared.findings
    state = found.group_by("state").agg(pl.col("count").sum())
    by_state = dict(state.iter_rows())
    severity = found.group_by("severity").agg(pl.col("count").sum())
    by_severity = dict(severity.iter_rows())
    return {
        "findings": int(found["count"].sum()),
        "new": by_state.get("new", 0),
        "persisting": by_state.get("persisting", 0),
        "resolved": compared.resolved.height,
        "not_mentioned": compared.unmentioned.height,
        "by_severity": {name: by_severity.get(name, 0) for name in "FQW"},
    }


def _edits(
    contracts: Contracts, listing: pl.DataFrame, mended: pl.DataFrame
) -> list[dict[str, Any]]:
    """One entry a feed, edit and severity, worst first, then those resolved alone."""
    of_state = [
        pl.col("count").filter(pl.col("state") == state).sum().alias(state)
        for state in ("new", "persisting")
    ]
    by = ["feed", "edit_id", "severity"]
    counts = listing.group_by(by, maintain_order=True).agg(
        pl.col("count").sum(), *of_state
    )
    gone = mended.group_by("feed", "edit_id").len("resolved")
    joined = counts.join(
        gone,
        on=["feed", "edit_id"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return [
        {**line, "title": edit.title, "remedy": edit.remedy, "version": edit.version}
        for line in joined.with_columns(pl.col("resolved").fill_null(0)).iter_rows(
            named=True
        )
        for edit in [contracts.edit(line["edit_id"])]
    ]
