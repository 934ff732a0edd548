"""Fixed-width files: records cut by the layout of the college's profile.

Belongs here: records, their length, and the text of their fields. Does not belong
here: the layouts (``layouts``), and what a column means (``data_contracts``).

Nothing is parsed before it is cut, so leading zeros stay. In an encoding of one byte a
character, positions are both; elsewhere the layout says which it counts.
"""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dialects.layouts import Field, Layout, read_layout
from pipelines.dialects.model import Table
from pipelines.dialects.source import Context, ParsedTable
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.preflight import check_trailer, judge_encoding
from pipelines.landing.reading.read import compare_rows
from pipelines.landing.reading.unpack import FileRefusedError

LOST = "\ufffd"
_CONTINUATION = pa.array([bytes([b]) for b in range(0x80, 0xC0)], pa.large_binary())
_ONE_BYTE = {"ascii", "cp1252", "iso8859-1", "iso8859-15"}


def parse_fixed(
    text: bytes, declared: DeclaredFile, table: Table, context: Context
) -> Mapping[str, ParsedTable]:
    """Cut the records of one file into the columns of a table.

    Args:
        text: The file, unpacked.
        declared: The manifest's entry; its encoding goes before the dialect's.
        table: The table it carries.
        context: Its dialect and sender; the profile's ``layouts`` has the table.

    Raises:
        FileRefusedError: D01 without a layout, F06, F08 or F20.
    """
    given = getattr(context.sender, "layouts", {}).get(table.name)
    if given is None:
        value = f"the college's profile has no layout for {table.name}"
        raise FileRefusedError(Note("D01", "F", value=value))
    layout = read_layout(given)
    reading = context.dialect.reading
    encoding = declared.encoding if declared.given("encoding") else reading.encoding
    records = _without_trailer(_records(text, encoding), layout)
    judged = _measured(records, layout, encoding)
    compare_rows(len(judged), declared)
    is_good = pl.col("fault").is_null()
    good = judged.filter(is_good)
    bad = judged.filter(~is_good).select(
        "line", pl.col("fault").alias("edit_id"), pl.col("said").alias("value"), "raw"
    )
    frame = _cut(good["raw"], layout, encoding).with_columns(
        good["line"].alias("_line")
    )
    return {table.name: ParsedTable(rows=len(judged), frame=frame, bad=bad)}


def _records(text: bytes, encoding: str) -> pl.DataFrame:
    """Lines with their numbers, blank ones left out; lost characters as U+FFFD."""
    if b"\x00" in text and not encoding.startswith("utf-16"):
        raise FileRefusedError(Note("F20", "F", line=1, value="a NUL byte"))
    decoded = text.decode(encoding, errors="replace").removeprefix("\ufeff")
    # Old transfer programs close a file with Ctrl-Z.
    lines = decoded.removesuffix("\x1a").replace("\r\n", "\n").split("\n")
    return (
        pl.DataFrame({"raw": lines}, schema={"raw": pl.String})
        .with_row_index("line", offset=1)
        .with_columns(pl.col("line").cast(pl.Int64))
        .filter(pl.col("raw") != "")
    )


def _without_trailer(records: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The records before the trailer, whose count has to be theirs (F20)."""
    trailer = layout.trailer
    if trailer is None:
        return records
    last = records.tail(1)
    line = last["line"][0] if last.height else 1
    stated = None
    if last.height and last["raw"][0].startswith(trailer.begins):
        start = trailer.count_start - 1
        stated = last["raw"][0][start : start + trailer.count_width]
    rest = records.head(-1)
    notes = check_trailer(stated, rest.height, line)
    if notes:
        raise FileRefusedError(*notes)
    return rest


def _measured(records: pl.DataFrame, layout: Layout, encoding: str) -> pl.DataFrame:
    """Adds ``fault`` and ``said`` where a record cannot be cut (F08, F20)."""
    in_bytes = _in_bytes(layout, encoding)
    raw = pl.col("raw")
    length = raw.str.len_bytes() if in_bytes else raw.str.len_chars()
    fits = length <= layout.length if layout.trimmed else length == layout.length
    lost = raw.str.contains(LOST, literal=True)
    shown = pl.format(
        "{} {} where the layout has {}",
        length,
        pl.lit("bytes" if in_bytes else "characters"),
        pl.lit(layout.length),
    )
    torn = _torn(records["raw"], layout) if in_bytes else pl.lit(value=False)
    faults = (
        (lost, "F08", pl.lit("undecodable bytes")),
        (~fits, "F20", shown),
        (torn, "F08", pl.lit("a field ends inside a character")),
    )
    judged = records.with_columns(
        fault=pl.coalesce(pl.when(when).then(pl.lit(e)) for when, e, _ in faults),
        said=pl.coalesce(pl.when(when).then(said) for when, _, said in faults),
    )
    _, notes = judge_encoding(
        judged.select("line", lost=lost, twice=pl.lit(value=False))
    )
    if notes:
        raise FileRefusedError(*notes)
    return judged


def _in_bytes(layout: Layout, encoding: str) -> bool:
    return layout.unit == "bytes" and encoding not in _ONE_BYTE


def _torn(raw: pl.Series, layout: Layout) -> pl.Series:
    """Where a position in bytes lies inside a character: on a continuation byte."""
    placed = [one for one in layout.fields if one.constant is None]
    edges = {one.start - 1 for one in placed} | {one.stop - 1 for one in placed}
    record = _as_bytes(raw)
    torn = pl.repeat(value=False, n=len(raw), eager=True)
    for edge in sorted(edges):
        here = pc.binary_slice(record, start=edge, stop=edge + 1)
        torn |= pl.Series(pc.is_in(here, value_set=_CONTINUATION))
    return torn


def _as_bytes(raw: pl.Series) -> pa.Array:
    return pc.cast(raw.to_arrow(), pa.large_binary())


def _cut(raw: pl.Series, layout: Layout, encoding: str) -> pl.DataFrame:
    """A column a field."""
    placed = [one for one in layout.fields if one.constant is None]
    if _in_bytes(layout, encoding):
        record = _as_bytes(raw)
        pieces = {
            one.column: pc.cast(
                pc.binary_slice(record, start=one.start - 1, stop=one.stop - 1),
                pa.large_string(),
            )
            for one in placed
        }
        frame = pl.DataFrame(pieces)
    else:
        frame = pl.DataFrame(
            {one.column: raw.str.slice(one.start - 1, one.width) for one in placed}
        )
    return frame.select(_value(one) for one in layout.fields)


def _value(one: Field) -> pl.Expr:
    """A field as the feed has it: trimmed, null, coded, dated, with its point."""
    if one.constant is not None:
        return pl.lit(one.constant).alias(one.column)
    text = pl.col(one.column).str.strip_chars(" \t")
    empty = text == ""
    if one.null == "nines":
        empty |= text.str.contains(r"^9+$")
    if one.null == "zeros":
        empty |= text.str.contains(r"^0+$")
    value: pl.Expr = pl.when(~empty).then(text)
    if one.codes:
        value = value.replace(dict(one.codes))
    if one.decimals is not None:
        value = _pointed(value, one.decimals)
    if one.date is not None:
        day = value.str.to_date(one.date, strict=False).dt.strftime("%Y-%m-%d")
        value = pl.coalesce(day, value)
    return value.alias(one.column)


def _pointed(text: pl.Expr, decimals: int) -> pl.Expr:
    """``00450`` with three decimals is ``0.450``; the sign may stand at either end."""
    sign = (
        pl.when(text.str.contains("-", literal=True))
        .then(pl.lit("-"))
        .otherwise(pl.lit(""))
    )
    digits = text.str.strip_chars("+-").str.zfill(decimals + 1)
    whole = digits.str.head(-decimals) if decimals else digits
    whole = whole.str.strip_chars_start("0").str.zfill(1)
    point = "." if decimals else ""
    fraction = digits.str.tail(decimals) if decimals else pl.lit("")
    pointed = pl.concat_str(sign, whole, pl.lit(point), fraction)
    return pl.when(text.str.contains(r"^[+-]?\d+$|^\d+[+-]$")).then(pointed).otherwise(
        text
    )  # fmt: skip
