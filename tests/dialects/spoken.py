"""Files of a dialect as a test writes them, and what the translation makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.dialects.source import Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.package.manifest import DeclaredFile

CONTRACTS = load_contracts()
AS_OF = date(2026, 9, 1)

Row = dict[str, str]


def source(table: str, content: bytes, rows: int, **declared: Any) -> Source:
    entry = {
        "feed": table,
        "name": f"{table}.csv",
        "rows": rows,
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        **declared,
    }
    return Source(DeclaredFile.model_validate(entry), content)


def quoted(rows: list[Row], header: list[str] | None = None) -> str:
    """A file with every field in quotes."""
    names = header or list(dict.fromkeys(name for row in rows for name in row))
    lines = [names] + [[row.get(name, "") for name in names] for row in rows]
    return "".join(
        ",".join('"' + value.replace('"', '""') + '"' for value in line) + "\r\n"
        for line in lines
    )


def spoken(
    dialect: str,
    sources: list[Source],
    *,
    college: str = "NWSCC",
    **profile: Any,
) -> Translation:
    """What a college's files become; ``profile`` changes fields of its profile."""
    sender = replace(CONTRACTS.colleges[college], **profile)
    return translate(CONTRACTS.dialects[dialect], sources, sender, AS_OF, CONTRACTS)


def rows_of(translation: Translation, feed: str, *columns: str) -> list[Any]:
    """The rows of a feed by line; values of one column, or tuples of several."""
    frame = translation.feeds[feed].frame.sort("_line")
    if len(columns) == 1:
        return frame[columns[0]].to_list()
    return frame.select(columns).rows()


def account_of(translation: Translation, table: str) -> Mapping[str, Any]:
    """rows_read, used, set_aside and unreadable of a table."""
    (one,) = (a for a in translation.accounts if a.table == table)
    return {
        "rows_read": one.rows_read,
        "used": one.used,
        "set_aside": dict(one.set_aside),
        "unreadable": one.unreadable,
    }


def refused(translation: Translation) -> list[str]:
    """Remarks that hold the package."""
    return [note.edit_id for note in translation.notes if note.severity == "F"]


def findings(translation: Translation, feed: str) -> list[tuple[str, int]]:
    """(edit, line) of records that are no rows."""
    bad: pl.DataFrame = translation.feeds[feed].bad
    return bad.select("edit_id", "line").sort("line").rows()
