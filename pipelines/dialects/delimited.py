"""Delimited files of a dialect: the same preflight as generic files, other columns.

Belongs here: how header, null tokens and trailer of a table are read. Does not belong
here: judging bytes (``landing.preflight``), and parsing them (``landing.read``).
"""

import re
from collections import Counter
from collections.abc import Mapping

import polars as pl

from pipelines.dialects.model import Table, view_name
from pipelines.dialects.source import BAD_SCHEMA, Context, ParsedTable
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.preflight import preflight
from pipelines.landing.reading.read import compare_rows, parse_body
from pipelines.landing.reading.unpack import FileRefusedError


def parse_delimited(
    text: bytes, declared: DeclaredFile, table: Table, context: Context
) -> Mapping[str, ParsedTable]:
    """Read one table from one delimited file.

    Args:
        text: The file, unpacked.
        declared: The manifest's entry; what it says goes before the dialect's.
        table: The table it carries.
        context: Its dialect and sender.

    Raises:
        FileRefusedError: D01 for a missing column, F06, F07, F08 or F20.
    """
    reading = context.dialect.reading
    encoding = declared.encoding if declared.given("encoding") else reading.encoding
    delimiter = declared.delimiter if declared.given("delimiter") else reading.delimiter
    quote = declared.quote if declared.given("quote") else reading.quote
    found = preflight(text, encoding, delimiter, quote, trailer=reading.trailer)
    if found.refused:
        raise FileRefusedError(*found.notes)
    positions, notes = _columns(found.header, table)
    compare_rows(found.records, declared)
    described = declared.model_copy(
        update={"encoding": encoding, "delimiter": delimiter, "quote": quote}
    )
    frame = parse_body(
        found.body, described, len(found.header), spans=found.spans_lines
    )
    if frame.height != len(found.lines):
        value = f"parser found {frame.height} rows, count {len(found.lines)}"
        raise FileRefusedError(Note("F06", "F", value=value))
    chosen = frame.select(
        pl.col(str(at)).alias(name) for name, at in positions.items()
    ).with_columns(found.lines)
    marked = _marked(chosen, table, reading.sub_marks)
    parsed = ParsedTable(
        rows=found.records,
        frame=chosen.filter(~pl.col("_line").is_in(marked["line"].implode())),
        bad=pl.concat([found.bad, marked]),
        notes=(*found.notes, *notes),
    )
    return {table.name: parsed}


def _marked(frame: pl.DataFrame, table: Table, marks: tuple[str, ...]) -> pl.DataFrame:
    """D06: records that hold a mark inside a value, as records that are none.

    The marks are letters too (0xFC of UniData is the letter of Müller). In a code no
    letter can be meant; in words a mark is told by the value that begins behind it.
    """
    names = [name for name in frame.columns if name != "_line"]
    if not marks or not names:
        return pl.DataFrame(schema=BAD_SCHEMA)
    mark = f"[{re.escape(''.join(marks))}]"
    texts = {view_name(name) for name in table.texts}
    found = [
        pl.when(
            pl.col(name).str.contains(rf"{mark}(\p{{Lu}}|\d|{mark})")
            if name in texts
            else pl.col(name).str.contains(mark)
        ).then(pl.lit(f"{table.name}: {name} has a sub-value mark inside"))
        for name in names
    ]
    return (
        frame.with_columns(value=pl.coalesce(found))
        .filter(pl.col("value").is_not_null())
        .select(
            pl.col("_line").cast(pl.Int64).alias("line"),
            pl.lit("D06").alias("edit_id"),
            "value",
            pl.concat_str(names, separator=",", ignore_nulls=True).alias("raw"),
        )
    )


def _columns(header: list[str], table: Table) -> tuple[dict[str, int], list[Note]]:
    """Position of each declared column that is there (D01); others warn."""
    names = [view_name(name) for name in header]
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    refusals = [
        Note("D01", "F", line=1, column=name, value="column is missing")
        for name in table.columns
        if view_name(name) not in names
    ]
    refusals += [
        Note("F07", "F", line=1, column=name[:60], value="column is repeated")
        for name in repeated
    ]
    if refusals:
        raise FileRefusedError(*refusals)
    known = set(table.all_columns)
    notes = [
        Note("F07", "W", line=1, column=name[:60], value="column is not in the dialect")
        for name, view in zip(header, names, strict=True)
        if view not in known
    ]
    return {name: at for at, name in enumerate(names) if name in known}, notes
