"""Entries of the ledger: what a wave says about each package.

Belongs here: one entry for an applied or held package, a refusal, a retirement. Does
not belong here: the ledger's files (``ledger``) and what a college reads
(``pipelines.returns``).
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipelines.dialects.model import GENERIC
from pipelines.landing.judging import findings as said
from pipelines.landing.kept.ledger import Seen
from pipelines.landing.limits import STOPPING_FINDINGS
from pipelines.landing.package.admission import Refusal
from pipelines.landing.package.manifest import SPEC_VERSION
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import RETIRED, Parcel, SourceAccount, Tally
from pipelines.landing.wave import Settled


def judged_entry(
    parcel: Parcel, settled: Settled, wave_id: str, landed_at: datetime
) -> dict[str, Any]:
    """The entry of a package that was read."""
    code = parcel.institution_code
    manifest = parcel.manifest
    mine = settled.findings.filter(pl.col("institution_code") == code)
    return {
        "institution_code": code,
        "package_id": manifest.package_id,
        "wave_id": wave_id,
        "package_seq": parcel.package_seq,
        "as_of": manifest.as_of.astimezone(UTC),
        "mode": manifest.mode,
        "scope_kind": manifest.scope.kind,
        "scope_terms": sorted(manifest.scope.terms),
        "previous_package_id": manifest.previous_package_id,
        "delivery": parcel.delivery.name,
        "manifest_sha256": parcel.manifest_sha256,
        "verdict": settled.verdicts[code],
        "publishable": parcel.publishable,
        "contract_version": SPEC_VERSION,
        "landed_at": landed_at,
        "files": [asdict(tally) for tally in parcel.tallies.values()],
        "sources": [_source(account) for account in parcel.sources],
        "findings": _counted(mine),
        "freed": sorted(parcel.freed),
        "supersedes_wave_id": None,
        "stopped_by": _stopping(mine),
    }


def refused_entry(
    refusal: Refusal, wave_id: str, landed_at: datetime
) -> dict[str, Any]:
    """The entry of a package that was not read."""
    waiting = refusal.waiting
    manifest = waiting.manifest
    code = waiting.delivery.sender
    generic = manifest.files_of(GENERIC) if manifest else ()
    files = [
        asdict(
            Tally(f.feed, f.name, f.sha256.lower(), f.bytes, verdict=refusal.verdict)
        )
        for f in generic
    ]
    sources = [
        SourceAccount(
            f.name, f.feed, f.sha256.lower(), f.bytes, verdict=refusal.verdict
        )
        for f in (manifest.files if manifest else ())
        if manifest is not None and manifest.dialect_of(f) != GENERIC
    ]
    mine = findings_of(code, refusal.notes)
    return {
        "institution_code": code,
        "package_id": waiting.package_id,
        "wave_id": wave_id,
        "package_seq": None if manifest is None else manifest.as_of_us,
        "as_of": None if manifest is None else manifest.as_of.astimezone(UTC),
        "mode": None if manifest is None else manifest.mode,
        "scope_kind": None if manifest is None else manifest.scope.kind,
        "scope_terms": [] if manifest is None else sorted(manifest.scope.terms),
        "previous_package_id": manifest.previous_package_id if manifest else None,
        "delivery": waiting.delivery.name,
        "manifest_sha256": waiting.manifest_sha256,
        "verdict": refusal.verdict,
        "publishable": False,
        "contract_version": SPEC_VERSION,
        "landed_at": landed_at,
        "files": files,
        "sources": [_source(account) for account in sources],
        "findings": _counted(mine),
        "freed": sorted(waiting.freed),
        "supersedes_wave_id": None,
        "stopped_by": _stopping(mine),
    }


def retired_entry(seen: Seen, wave_id: str, landed_at: datetime) -> dict[str, Any]:
    """The entry of a waiting package that a later snapshot replaced."""
    return {
        **seen.row,
        "wave_id": wave_id,
        "verdict": RETIRED,
        "publishable": False,
        "landed_at": landed_at,
    }


def findings_of(institution_code: str, notes: Sequence[Note]) -> pl.DataFrame:
    """Remarks about one package as findings."""
    rows = [said.of_note(institution_code, note) for note in notes]
    return pl.DataFrame(rows, schema=said.FINDINGS)


def _source(account: SourceAccount) -> dict[str, Any]:
    """An account as the ledger keeps it, the rules in the order of their names."""
    rules = sorted(account.set_aside.items())
    aside = [{"rule": rule, "count": count} for rule, count in rules]
    return {**asdict(account), "set_aside": aside}


def _counted(findings: pl.DataFrame) -> list[dict[str, Any]]:
    counts = findings.group_by("feed", "edit_id", "severity").agg(pl.col("count").sum())
    return counts.sort("feed", "edit_id", "severity", nulls_last=False).to_dicts()


def _stopping(findings: pl.DataFrame) -> list[dict[str, Any]]:
    """What stops the package or a file of it: the feed, the column and what was seen.

    Of values that a file edit found in many rows the first are enough.
    """
    columns = ["feed", "edit_id", "column", "value"]
    return (
        findings.filter(pl.col("severity") == "F")
        .select(columns)
        .unique(maintain_order=True)
        .sort(columns, nulls_last=False)
        .head(STOPPING_FINDINGS)
        .to_dicts()
    )
