"""One delivered file becomes a frame of strings with line numbers.

Belongs here: the header against the contract (F07), parsing, F06. Does not belong
here: trimming and types (``normalise``), judging rows (``judge``).
"""

import io
from collections import Counter
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipelines.contracts.model import Column, Feed
from pipelines.landing.manifest import DeclaredFile
from pipelines.landing.notes import Note
from pipelines.landing.preflight import preflight
from pipelines.landing.unpack import FileRefusedError, unpacked

_BAD_SCHEMA = {
    "line": pl.Int64,
    "edit_id": pl.String,
    "value": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True)
class ReadFile:
    """A file that could be read.

    Attributes:
        rows: The independent count of its data records.
        frame: ``_line`` and every contract column as String, as sent, under the
            names of the file (``Column.source_name``); a column the file lacks is
            null.
        bad: Records that are not rows: line, edit_id, value, raw.
        notes: Warnings about the file.
    """

    rows: int
    frame: pl.DataFrame
    bad: pl.DataFrame
    notes: list[Note]


def read_file(content: bytes, declared: DeclaredFile, feed: Feed) -> ReadFile:
    """Parse one file of a package.

    Args:
        content: The bytes as delivered, already compared with the manifest.
        declared: The manifest's entry.
        feed: The feed it claims to be.

    Returns:
        Its rows and the records that are none.

    Raises:
        FileRefusedError: F06, F07, F08 or F20.
    """
    text = unpacked(content, declared)
    if declared.is_parquet:
        return _read_parquet(text, declared, feed)
    return _read_delimited(text, declared, feed)


def _read_delimited(text: bytes, declared: DeclaredFile, feed: Feed) -> ReadFile:
    found = preflight(text, declared.encoding, declared.delimiter, declared.quote)
    if found.refused:
        raise FileRefusedError(*found.notes)
    columns, notes = _columns(found.header, feed)
    _compare_rows(found.records, declared)
    frame = _parse(found.body, declared, len(found.header), spans=found.spans_lines)
    if frame.height != len(found.lines):
        value = f"parser found {frame.height} rows, count {len(found.lines)}"
        raise FileRefusedError(Note("F06", "F", value=value))
    selected = _select(frame, columns, feed, declared).with_columns(found.lines)
    return ReadFile(found.records, selected, found.bad, found.notes + notes)


def _columns(header: list[str], feed: Feed) -> tuple[dict[str, int], list[Note]]:
    """Position of each contract column in the file (F07).

    A column that may never be null, or null only under a condition, has to be there.
    One that may always be null is read as empty with a warning, and F17 notices when
    it was filled before.
    """
    names = [name.lower() for name in header]
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    absent = [c for c in feed.columns if c.source_name.lower() not in names]
    refusals = [
        Note("F07", "F", line=1, column=c.source_name, value="column is missing")
        for c in absent
        if _is_needed(c)
    ]
    refusals += [
        Note("F07", "F", line=1, column=name[:60], value="column is repeated")
        for name in repeated
    ]
    if refusals:
        raise FileRefusedError(*refusals)
    known = {c.source_name.lower() for c in feed.columns}
    notes = [
        Note("F07", "W", line=1, column=c.source_name, value="column is missing")
        for c in absent
        if c.name not in {"_op", "record_updated_at"}
    ]
    notes += [
        Note(
            "F07", "W", line=1, column=name[:60], value="column is not in the contract"
        )
        for name in names
        if name not in known
    ]
    positions = {
        c.source_name: names.index(c.source_name.lower())
        for c in feed.columns
        if c.source_name.lower() in names
    }
    return positions, notes


def _is_needed(column: Column) -> bool:
    if column.name == "_op":
        return False
    return column.is_key or column.nullability != "Y"


def _compare_rows(records: int, declared: DeclaredFile) -> None:
    if records != declared.rows:
        value = f"{records} rows, manifest says {declared.rows}"
        raise FileRefusedError(Note("F06", "F", value=value))


def _parse(
    body: bytes, declared: DeclaredFile, columns: int, *, spans: bool
) -> pl.DataFrame:
    """All fields as text, columns named by position."""
    names = [str(position) for position in range(columns)]
    if not body:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    try:
        table = pacsv.read_csv(
            pa.py_buffer(body),
            pacsv.ReadOptions(
                column_names=names,
                use_threads=len(body) > 8 << 20,
                block_size=max(1 << 20, min(len(body) + 1, 64 << 20)),
            ),
            pacsv.ParseOptions(
                delimiter=declared.delimiter,
                quote_char=declared.quote or False,
                double_quote=True,
                newlines_in_values=spans,
                ignore_empty_lines=False,
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        # Arrow's message quotes the row.
        value = "the parser disagrees with the count"
        raise FileRefusedError(Note("F06", "F", value=value)) from None
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _select(
    frame: pl.DataFrame, columns: dict[str, int], feed: Feed, declared: DeclaredFile
) -> pl.DataFrame:
    chosen = frame.select(
        pl.col(str(columns[c.source_name])).alias(c.source_name)
        if c.source_name in columns
        else pl.lit(None, pl.String).alias(c.source_name)
        for c in feed.columns
    )
    return _without_null_tokens(chosen, declared)


def _without_null_tokens(frame: pl.DataFrame, declared: DeclaredFile) -> pl.DataFrame:
    tokens = [token for token in declared.null_tokens if token]
    if not tokens:
        return frame
    is_token = pl.all().str.strip_chars().is_in(tokens)
    return frame.select(pl.when(~is_token).then(pl.all()))


def _read_parquet(content: bytes, declared: DeclaredFile, feed: Feed) -> ReadFile:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        rows = file.metadata.num_rows
        columns, notes = _columns(list(file.schema_arrow.names), feed)
        _compare_rows(rows, declared)
        table = file.read(use_threads=False)
    except (pa.ArrowException, OSError):
        value = "Parquet is damaged or cut off"
        raise FileRefusedError(Note("F20", "F", value=value)) from None
    if table.num_rows != rows:
        value = f"{table.num_rows} rows, footer says {rows}"
        raise FileRefusedError(Note("F06", "F", value=value))
    texts = [
        _as_text(table.column(columns[c.source_name]), c)
        if c.source_name in columns
        else pa.nulls(rows, pa.string())
        for c in feed.columns
    ]
    names = [c.source_name for c in feed.columns]
    frame = pl.from_arrow(pa.table(texts, names=names))
    assert isinstance(frame, pl.DataFrame)
    # Rows of Parquet have no lines; they are numbered as in a file with a header.
    lines = pl.int_range(2, rows + 2, dtype=pl.Int64, eager=True).alias("_line")
    frame = _without_null_tokens(frame, declared)
    bad = pl.DataFrame(schema=_BAD_SCHEMA)
    return ReadFile(rows, frame.with_columns(lines), bad, notes)


def _as_text(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    """A Parquet column as the text a CSV would have held.

    Raises:
        FileRefusedError: F07 when the type cannot mean the contract's: a number where
            text is agreed has lost its leading zeros.
    """
    found = values.type
    if pa.types.is_dictionary(found):
        values = values.cast(found.value_type)
        found = found.value_type
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return values.cast(pa.string())
    if pa.types.is_null(found):
        return pa.nulls(len(values), pa.string())
    kind = column.type.kind
    if kind == "date" and pa.types.is_date(found):
        return pc.strftime(values.cast(pa.date32()), format="%Y-%m-%d")
    if kind == "ts" and pa.types.is_timestamp(found) and found.tz is not None:
        utc = values.cast(pa.timestamp("us", tz="UTC"))
        return pc.strftime(utc, format="%Y-%m-%dT%H:%M:%SZ")
    if kind in {"int", "dec"} and pa.types.is_integer(found):
        return values.cast(pa.string())
    if kind == "dec" and pa.types.is_decimal(found):
        return values.cast(pa.string())
    if kind == "dec" and pa.types.is_floating(found):
        return _rounded(values, column)
    raise FileRefusedError(
        Note(
            "F07",
            "F",
            column=column.source_name,
            value=f"{found} where {column.type} is agreed",
        )
    )


def _rounded(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    """Floating numbers as decimals of the contract's scale."""
    scaled = pa.decimal128(38, column.type.scale or 0)
    try:
        return values.cast(scaled).cast(pa.string())
    except pa.ArrowInvalid:
        value = "a number does not fit a decimal"
        note = Note("F07", "F", column=column.source_name, value=value)
        raise FileRefusedError(note) from None


__all__ = ["FileRefusedError", "ReadFile", "read_file"]
