"""The return files of one package, and what the next night compares with.

Belongs here: their names and places, writing them whole or not at all, and where the
ones before them go. Does not belong here: what they say.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.decided.decisions import Decision
from pipelines.landing.judging.spoken import Spoken
from pipelines.landing.kept.ledger import History
from pipelines.landing.package.parcel import HELD
from pipelines.returns.compare import Comparison, compare, previous_of
from pipelines.returns.credentials import credential_quality
from pipelines.returns.listing import listed, resolved
from pipelines.returns.page import package_page
from pipelines.returns.sheets import csv_bytes, workbook_bytes
from pipelines.returns.summary import summarise, zone_of
from pipelines.returns.waiting import forget_waiting, keep_waiting
from pipelines.settings import Home

EARLIER = "earlier"
# The object last: as long as it is there, the move is not over.
_FILES = {
    "csv": "findings.csv",
    "workbook": "return.xlsx",
    "page": "return.html",
    "json": "return.json",
}


def write_return(
    home: Home,
    contracts: Contracts,
    row: Mapping[str, Any],
    findings: pl.DataFrame,
    *,
    history: History,
    spoken: Spoken,
    decision: Decision | None = None,
) -> pl.DataFrame:
    """Write a package's return files: page, workbook, CSV, JSON.

    Args:
        home: The warehouse; files go to ``outbox/<sender>/<delivery>/``.
        contracts: Messages and remedies.
        row: The package's ledger row.
        findings: Its findings, as in ``findings.FINDINGS``.
        history: The ledger, to find the package before it and what is in force.
        spoken: What the package speaks for.
        decision: The release or refusal of the package that counts now, if any.

    Returns:
        What is open now, for ``store.write_open_findings``.
    """
    previous = previous_of(home, history, row)
    instant = row["as_of"] or row["landed_at"]
    day = instant.astimezone(zone_of(contracts, row)).date()
    compared = compare(previous, row, findings, spoken, day)
    if row["verdict"] == HELD:
        keep_waiting(home, row, compared)
    else:
        forget_waiting(home, row)
    write_files(home, contracts, row, compared, history=history, decision=decision)
    return compared.still_open(row)


def write_files(
    home: Home,
    contracts: Contracts,
    row: Mapping[str, Any],
    compared: Comparison,
    *,
    history: History,
    decision: Decision | None,
) -> None:
    """Write the four files of what is known; those of an earlier wave are kept.

    Args:
        home: The warehouse.
        contracts: Messages and remedies.
        row: The package's ledger row.
        compared: Its findings against the last package's.
        history: The ledger: what of the sender's is in force.
        decision: The release or refusal that counts now, if any.
    """
    folder = home.outbox / row["institution_code"] / row["delivery"]
    folder.mkdir(parents=True, exist_ok=True)
    stem = row["package_id"]
    names = {form: f"{stem}.{name}" for form, name in _FILES.items()}
    listing = listed(contracts, row, compared, decision)
    mended = resolved(contracts, compared)
    summary = summarise(
        contracts,
        row,
        compared,
        listing,
        mended,
        history=history,
        decision=decision,
        credentials=credential_quality(home, row["institution_code"]),
    )
    _put_aside(home, folder, names, row["wave_id"])
    summary["earlier"] = _earlier(folder, names, zone_of(contracts, row))
    replace(folder / names["csv"], csv_bytes(listing))
    replace(folder / names["workbook"], workbook_bytes(summary, listing, mended))
    page = package_page(summary, listing, names)
    replace(folder / names["page"], page.encode())
    content = orjson.dumps(summary, option=orjson.OPT_INDENT_2)
    replace(folder / names["json"], content)


def replace(path: Path, content: bytes) -> None:
    """Put a file in place whole: a reader sees the old one or the new one."""
    partial = path.with_name(f".{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)


def _put_aside(
    home: Home, folder: Path, names: Mapping[str, str], wave_id: str
) -> None:
    """Move the files of an earlier wave to ``earlier/<wave>/``.

    Files of a wave that was killed before its commit were never true; they are
    overwritten.
    """
    before = (_summary(folder / names["json"]) or {}).get("wave_id", wave_id)
    if before == wave_id or not (home.ledger / f"{before}.parquet").exists():
        return
    aside = folder / EARLIER / before
    aside.mkdir(parents=True, exist_ok=True)
    for name in names.values():
        if not (folder / name).exists():
            continue
        if name == names["page"]:
            page = (folder / name).read_bytes()
            # Its links to what was earlier still lead two folders up from here.
            moved = page.replace(f'href="{EARLIER}/'.encode(), b'href="../')
            replace(folder / name, moved)
        (folder / name).replace(aside / name)


def _earlier(
    folder: Path, names: Mapping[str, str], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """What was said of the package before, newest last."""
    return [
        {
            "verdict": told["verdict"],
            "verdict_in_words": told["verdict_in_words"],
            "landed_at": datetime.fromisoformat(told["landed_at"]).astimezone(zone),
            "page": f"{EARLIER}/{path.parent.name}/{names['page']}",
        }
        for path in sorted(folder.glob(f"{EARLIER}/*/{names['json']}"))
        for told in [_summary(path)]
        if told is not None
    ]


def _summary(path: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return told
