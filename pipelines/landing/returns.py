"""Return files: what a college reads about its package.

Belongs here: the summary and the list of findings in ``outbox/``, each with what to
do. Does not belong here: deciding anything.
"""

import csv
import io
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipelines.contracts.model import Contracts, Edit
from pipelines.landing.limits import LISTED_FINDINGS
from pipelines.landing.parcel import (
    ACCEPTED,
    HELD,
    REJECTED,
    REPEAT,
    RETIRED,
    WITH_QUARANTINE,
    Tally,
)
from pipelines.settings import Home

COLUMNS = (
    "institution_code",
    "edit_id",
    "severity",
    "feed",
    "file",
    "line",
    "column",
    "value",
    "message",
    "remedy",
)
_NEXT_STEP = {
    ACCEPTED: "Nothing to do.",
    WITH_QUARANTINE: "Correct the quarantined rows; send them with the next package.",
    HELD: "Yesterday's data stays in force. Do what the findings say, then send the "
    "package again, or ask the system office to release it where it is right.",
    REJECTED: "Nothing of the package was used. Correct it and send it again.",
    REPEAT: "Nothing to do: this package is in force already.",
    RETIRED: "Nothing to do: a later full snapshot replaced this package.",
}
# What a spreadsheet would take for a formula.
_FORMULA = r"^[=+\-@\t\r]"


def write_return(
    home: Home,
    contracts: Contracts,
    row: dict[str, Any],
    tallies: Sequence[Tally],
    findings: pl.DataFrame,
) -> Path:
    """Write a package's return files.

    Args:
        home: The warehouse; files go to ``outbox/<sender>/<delivery>/``.
        contracts: Messages and remedies.
        row: The package's ledger row.
        tallies: Its files.
        findings: Its findings, as in ``findings.FINDINGS``.

    Returns:
        The summary's path; the list of findings lies beside it.
    """
    folder = home.outbox / row["institution_code"] / row["delivery"]
    folder.mkdir(parents=True, exist_ok=True)
    listed = _listed(contracts, row["institution_code"], findings)
    summary = _summary(contracts, row, tallies, findings, listed.height)
    path = folder / f"{row['package_id']}.return.json"
    _replace(path, orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    _replace(folder / f"{row['package_id']}.findings.csv", _csv(listed))
    return path


def _summary(
    contracts: Contracts,
    row: dict[str, Any],
    tallies: Sequence[Tally],
    findings: pl.DataFrame,
    listed: int,
) -> dict[str, Any]:
    by_edit = findings.group_by("feed", "edit_id", "severity").agg(
        pl.col("count").sum()
    )
    edits = [
        {**line, "title": edit.title, "remedy": edit.remedy}
        for line in by_edit.sort("severity", "feed", "edit_id").iter_rows(named=True)
        for edit in [contracts.edit(line["edit_id"])]
    ]
    return {
        "institution_code": row["institution_code"],
        "package_id": row["package_id"],
        "delivery": row["delivery"],
        "as_of": row["as_of"],
        "verdict": row["verdict"],
        "publishable": row["publishable"],
        "contract_version": row["contract_version"],
        "next_step": _NEXT_STEP[row["verdict"]],
        "files": [
            {
                "feed": tally.feed,
                "name": tally.name,
                "verdict": tally.verdict,
                "rows_read": tally.rows_read,
                "loaded": tally.loaded,
                "collapsed": tally.collapsed,
                "quarantined": tally.quarantined,
                "released": tally.released,
                "changed": tally.changed,
                "removed": tally.removed,
                "counted": row["verdict"] in (ACCEPTED, WITH_QUARANTINE),
            }
            for tally in tallies
        ],
        "edits": edits,
        "findings": int(findings["count"].sum()),
        "findings_listed": listed,
    }


def _listed(
    contracts: Contracts, institution_code: str, findings: pl.DataFrame
) -> pl.DataFrame:
    """Findings with sentences; of very many of one kind the first ones by line."""
    parts = []
    for (edit_id, feed), group in findings.group_by("edit_id", "feed"):
        edit = contracts.edit(str(edit_id))
        first = group.sort("line", nulls_last=False).head(LISTED_FINDINGS)
        parts.append(
            first.with_columns(
                message=_message(edit, institution_code, contracts, feed),
                remedy=pl.lit(edit.remedy),
            )
        )
    if not parts:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    rank = pl.col("severity").replace_strict({"F": 0, "Q": 1, "W": 2})
    whole = pl.concat(parts).sort(rank, "feed", "line", "edit_id", nulls_last=False)
    texts = ("file", "column", "value", "message", "remedy")
    return whole.select(COLUMNS).with_columns(_guarded(name) for name in texts)


def _message(
    edit: Edit, institution_code: str, contracts: Contracts, feed: object
) -> pl.Expr:
    """The edit's message, filled in for all rows at once."""
    fields = {
        "value": pl.col("value"),
        "column": pl.col("column"),
        "feed": pl.col("feed"),
        "line": pl.col("line").cast(pl.String),
        "count": pl.col("count").cast(pl.String),
        "limit": pl.lit(_limit(edit, contracts, feed)),
        "institution_code": pl.lit(institution_code),
    }
    parts: list[pl.Expr] = []
    for literal, name, _, _ in string.Formatter().parse(edit.message):
        parts.append(pl.lit(literal))
        if name is not None:
            parts.append(fields.get(name, pl.lit(None, pl.String)).fill_null("-"))
    return pl.concat_str(parts)


def _limit(edit: Edit, contracts: Contracts, feed: object) -> str | None:
    """What a column edit compares with: a type, a length or a code list."""
    if edit.scope != "column" or not isinstance(feed, str) or not edit.columns:
        return None
    kind = contracts.feeds[feed].column(edit.columns[0]).type
    if edit.id.endswith("-LENGTH"):
        return str(kind.length)
    if edit.id.endswith("-CODE"):
        return kind.code_list
    return str(kind)


def _guarded(name: str) -> pl.Expr:
    """Keep a cell from being run as a formula by whoever opens the file."""
    text = pl.col(name)
    risky = text.str.contains(_FORMULA)
    return (
        pl.when(risky)
        .then(pl.concat_str(pl.lit("'"), text))
        .otherwise(text)
        .alias(name)
    )


def _csv(listed: pl.DataFrame) -> bytes:
    if listed.is_empty():
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(COLUMNS)
        return buffer.getvalue().encode()
    return listed.write_csv(line_terminator="\n").encode()


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)
