"""A line of a file as a college delivered it, read by Python's own csv module."""

import csv
import gzip
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from pipelines.contracts.model import Feed


def delivered(package: Path, file: str, line: int) -> dict[str, str]:
    """Column and text of the record that begins at a line; Parquet counts from 2.

    The manifest of the package says how the file is written.
    """
    path = package / file
    if path.suffix == ".parquet":
        row = pl.read_parquet(path).row(line - 2, named=True)
        return {name: "" if v is None else str(v) for name, v in row.items()}
    manifest = json.loads((package / "manifest.json").read_bytes())
    (said,) = [one for one in manifest["files"] if one["name"] == file]
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(
        said["encoding"]
    )
    lines = csv.reader(
        text.splitlines(keepends=True),
        delimiter=said["delimiter"],
        quotechar=said["quote"],
    )
    header = next(lines)
    begins = lines.line_num + 1
    for row in lines:
        if begins == line:
            return dict(zip(header, row, strict=True))
        begins = lines.line_num + 1
    raise AssertionError(f"{file} has no line {line}")


def differing(feed: Feed, sent: dict[str, str], told: dict[str, str]) -> list[str]:
    """Columns of what is told that the delivered record says otherwise.

    Dates and instants are left out: colleges write them each in a way of their own.
    """
    kinds = {column.name: column.type.kind for column in feed.data_columns}
    return [
        f"{name}: {sent[name]} is told as {value}"
        for name, value in told.items()
        if kinds[name] not in ("date", "ts") and not _same(sent[name], str(value))
    ]


def _same(sent: str, told: str) -> bool:
    if sent.strip().upper() == told.upper():
        return True
    try:
        return Decimal(sent) == Decimal(told)
    except InvalidOperation:
        return False
