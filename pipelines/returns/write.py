"""The return files of one package, and what the next night compares with.

Belongs here: their names and places, and writing them whole or not at all. Does not
belong here: what they say.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.landing.ledger import History
from pipelines.landing.parcel import Tally
from pipelines.landing.spoken import Spoken
from pipelines.returns.compare import compare, previous_of
from pipelines.returns.listing import listed, resolved
from pipelines.returns.page import package_page
from pipelines.returns.sheets import csv_bytes, write_workbook
from pipelines.returns.summary import summarise, zone_of
from pipelines.settings import Home


def write_return(
    home: Home,
    contracts: Contracts,
    row: dict[str, Any],
    tallies: Sequence[Tally],
    findings: pl.DataFrame,
    *,
    history: History,
    spoken: Spoken,
    sources: Iterable[Any] = (),
) -> pl.DataFrame:
    """Write a package's return files: page, workbook, CSV, JSON.

    Args:
        home: The warehouse; files go to ``outbox/<sender>/<delivery>/``.
        contracts: Messages and remedies.
        row: The package's ledger row.
        tallies: Its files.
        findings: Its findings, as in ``findings.FINDINGS``.
        history: The ledger without this package, to find the one before it.
        spoken: What the package speaks for.
        sources: Accounts of the tables its files were made of, for a dialect.

    Returns:
        What is open now, for ``store.write_open_findings``.
    """
    previous = previous_of(home, history, row)
    instant = row["as_of"] or row["landed_at"]
    day = instant.astimezone(zone_of(contracts, row)).date()
    compared = compare(previous, row, findings, spoken, day)
    folder = home.outbox / row["institution_code"] / row["delivery"]
    folder.mkdir(parents=True, exist_ok=True)
    stem = row["package_id"]
    names = {
        "json": f"{stem}.return.json",
        "csv": f"{stem}.findings.csv",
        "workbook": f"{stem}.return.xlsx",
        "page": f"{stem}.return.html",
    }
    listing = listed(contracts, row["institution_code"], compared)
    mended = resolved(contracts, compared)
    summary = summarise(contracts, row, tallies, sources, compared, listing, mended)
    replace(folder / names["csv"], csv_bytes(listing))
    _workbook(folder / names["workbook"], summary, listing, mended)
    page = package_page(summary, listing, names)
    replace(folder / names["page"], page.encode())
    content = orjson.dumps(summary, option=orjson.OPT_INDENT_2)
    replace(folder / names["json"], content)
    return compared.still_open(row)


def replace(path: Path, content: bytes) -> None:
    """Put a file in place whole: a reader sees the old one or the new one."""
    partial = path.with_name(f".{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)


def _workbook(
    path: Path, summary: dict[str, Any], listing: pl.DataFrame, mended: pl.DataFrame
) -> None:
    partial = path.with_name(f".{path.name}.tmp")
    write_workbook(partial, summary, listing, mended)
    partial.replace(path)
