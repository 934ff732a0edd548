"""Parquet becomes the text a CSV would have held, with a cap on what it unfolds to.

Parquet packs rows far beyond gzip: 500 million of them take 4,012 bytes, and one text
of a megabyte can stand in each. So the footer is judged before a page is read, texts
stay dictionaries until their length is known, and nothing is believed to be UTF-8.

Belongs here: F20, types (F07) and damaged text (F08) of a Parquet file. Does not belong
here: which columns a feed has (``read``).
"""

import io
from collections.abc import Mapping

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.contracts.model import Column, ColumnType
from pipelines.landing.limits import (
    MAX_CELLS_RATIO,
    MAX_RECORD_BYTES,
    MAX_UNPACKED_RATIO,
    SMALL_CELLS,
    SMALL_UNPACKED_BYTES,
)
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.preflight import judge_encoding
from pipelines.landing.reading.unpack import FileRefusedError

# As ``preflight`` finds them in bytes: C3 and C2 read as letters, quotes and dashes.
_TWICE = (
    "\u00c3[\u0080-\u00bf\u0140-\u01bf\u02c0-\u02ff\u2000-\u2fff]"
    "|\u00c2[\u0080-\u00bf]|\u00e2[\u0080\u20ac]"
)
_LOST = "\ufffd"

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# Beyond this a float has no decimals left, and a decimal128 no room.
_LARGEST_FLOAT = 1e15


def open_parquet(content: bytes) -> pq.ParquetFile:
    """A Parquet file whose footer promises no more than its bytes can mean.

    Raises:
        FileRefusedError: F20 when it is damaged, encrypted or unfolds without measure.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        about = file.metadata
        texts = [
            about.schema.column(position).path
            for position in range(about.num_columns)
            if about.schema.column(position).physical_type == "BYTE_ARRAY"
        ]
        unpacked = sum(
            # Not the columns' own sizes: Arrow ends the process at an encrypted one.
            about.row_group(group).total_byte_size
            for group in range(about.num_row_groups)
        )
        opened = pq.ParquetFile(
            io.BytesIO(content),
            metadata=about,
            read_dictionary=texts,
            page_checksum_verification=True,
        )
        _ = opened.schema_arrow.names  # Their bytes are looked at here, not before.
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise _damaged() from None
    cells = about.num_rows * about.num_columns
    if cells > max(SMALL_CELLS, MAX_CELLS_RATIO * len(content)):
        raise _refusal(f"{about.num_rows} rows in {len(content)} bytes")
    if unpacked > _cap(content):
        raise _refusal(f"Parquet grows more than {MAX_UNPACKED_RATIO} times")
    return opened


def read_texts(
    file: pq.ParquetFile, content: bytes, wanted: Mapping[str, Column]
) -> pa.Table:
    """The wanted columns as they lie in the file, texts as dictionaries.

    Args:
        file: From ``open_parquet``.
        content: Its bytes, for the measure of what it may unfold to.
        wanted: Columns of the contract by their names in the file.

    Raises:
        FileRefusedError: F20 for damaged pages, text without measure and NUL bytes;
            F07 for a type that cannot mean the contract's.
    """
    try:
        table = file.read(columns=list(wanted), use_threads=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise _damaged() from None
    for name, column in wanted.items():
        _check_type(table.schema.field(name).type, column)
    _check_lengths(table, wanted, _cap(content))
    return table


def as_text(values: pa.ChunkedArray, column: Column) -> pl.Series:
    """A column as the text a CSV would have held; what is no UTF-8 says so.

    A date, an instant or a number that the contract's type cannot hold is a text that
    the edits on types find.
    """
    found = values.type
    kind = column.type.kind
    if _is_text(found):
        return _decoded(values)
    if pa.types.is_null(found):
        text = pa.nulls(len(values), pa.string())
    elif kind == "date":
        text = _dates(values.cast(pa.date32()))
    elif kind == "ts":
        text = _instants(values)
    elif pa.types.is_floating(found):
        text = _floats(values, column.type.scale or 0)
    else:
        text = values.cast(pa.string())
    return pl.Series(pl.from_arrow(text))


def damaged_text(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Note]]:
    """F08: rows with lost characters, and rows decoded twice.

    Args:
        frame: ``_line`` and the columns of the file as text.

    Returns:
        The bad rows as line, edit_id, value and raw, and remarks that refuse the file.
    """
    texts = pl.exclude("_line")
    marks = frame.select(
        pl.col("_line").alias("line"),
        lost=pl.any_horizontal(texts.str.contains(_LOST, literal=True)).fill_null(
            value=False
        ),
        twice=pl.any_horizontal(texts.str.contains(_TWICE)).fill_null(value=False),
        raw=pl.concat_str(texts, separator=",", ignore_nulls=True),
    )
    marks, notes = judge_encoding(marks)
    parts = [
        marks.filter(pl.col(cause)).select(
            "line", pl.lit("F08").alias("edit_id"), pl.lit(what).alias("value"), "raw"
        )
        for cause, what in (
            ("lost", "undecodable bytes"),
            ("twice", "text decoded twice"),
        )
    ]
    return pl.concat(parts), notes


def _check_type(found: pa.DataType, column: Column) -> None:
    """F07 when the type cannot mean the contract's: numbers have lost their zeros."""
    kind = column.type.kind
    fits = (
        _is_text(found)
        or pa.types.is_null(found)
        or (kind == "date" and pa.types.is_date(found))
        or (kind == "ts" and pa.types.is_timestamp(found) and found.tz is not None)
        or (kind in {"int", "dec"} and pa.types.is_integer(found))
        or (kind == "dec" and pa.types.is_decimal(found))
        or (kind == "dec" and pa.types.is_floating(found))
    )
    if not fits:
        value = f"{found} where {column.type} is agreed"
        note = Note("F07", "F", column=column.source_name, value=value)
        raise FileRefusedError(note)


def type_of(found: pa.DataType) -> ColumnType | None:
    """The type of the specification that a column without a contract can be read as."""
    if _is_text(found) or pa.types.is_null(found):
        return ColumnType("str")
    if pa.types.is_integer(found):
        return ColumnType("int")
    if pa.types.is_decimal(found) or pa.types.is_floating(found):
        return ColumnType("dec", precision=18, scale=6)
    if pa.types.is_date(found):
        return ColumnType("date")
    if pa.types.is_timestamp(found) and found.tz is not None:
        return ColumnType("ts")
    return None


def _is_text(found: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    return (
        pa.types.is_string(found)
        or pa.types.is_large_string(found)
        or pa.types.is_string_view(found)
    )


def _check_lengths(table: pa.Table, wanted: Mapping[str, Column], cap: int) -> None:
    """F20 for texts that are endless, singly or as often as they are pointed to."""
    total = 0
    for name in wanted:
        for chunk in table.column(name).chunks:
            if not _is_text(chunk.type) or not len(chunk):
                continue
            texts = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
            lengths = pc.binary_length(_binary(texts))
            if (pc.max(lengths).as_py() or 0) > MAX_RECORD_BYTES:
                raise _refusal(f"a text is longer than {MAX_RECORD_BYTES} bytes")
            if pc.any(pc.match_substring(_binary(texts), b"\0")).as_py():
                raise _refusal("a NUL byte")
            if pa.types.is_dictionary(chunk.type):
                lengths = lengths.take(chunk.indices)
            total += pc.sum(lengths).as_py() or 0
    if total > cap:
        raise _refusal(f"Parquet grows more than {MAX_UNPACKED_RATIO} times")


def _binary(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.large_binary())


def _decoded(values: pa.ChunkedArray) -> pl.Series:
    """Texts; in one that is no UTF-8 every undecodable byte becomes U+FFFD."""
    chunks = [_sound(chunk).cast(pa.large_string()) for chunk in values.chunks]
    return pl.Series(pl.from_arrow(pa.chunked_array(chunks, pa.large_string())))


def _sound(chunk: pa.Array) -> pa.Array:
    is_dictionary = pa.types.is_dictionary(chunk.type)
    texts = chunk.dictionary if is_dictionary else chunk
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        # One by one, but each distinct text once, and of damaged files only.
        raw = _binary(texts).to_pylist()
        mended = [one if one is None else one.decode(errors="replace") for one in raw]
        texts = pa.array(mended, pa.large_string())
    else:
        return chunk
    if is_dictionary:
        return pa.DictionaryArray.from_arrays(chunk.indices, texts)
    return texts


def _dates(values: pa.ChunkedArray) -> pa.ChunkedArray:
    days = values.cast(pa.int32())
    inside = _between(days, _FIRST_DAY, _LAST_DAY)
    kept = pc.if_else(inside, values, pa.scalar(None, values.type))
    return _or_number(kept, pc.strftime(kept, format="%Y-%m-%d"), days)


def _instants(values: pa.ChunkedArray) -> pa.ChunkedArray:
    unit = _PER_SECOND[values.type.unit]
    ticks = values.cast(pa.int64())
    inside = _between(ticks, _FIRST_SECOND * unit, min(_LAST_SECOND * unit, 2**63 - 1))
    kept = pc.if_else(inside, values, pa.scalar(None, values.type))
    utc = kept.cast(pa.timestamp("us", tz="UTC"), safe=False)
    return _or_number(kept, pc.strftime(utc, format="%Y-%m-%dT%H:%M:%SZ"), ticks)


def _between(numbers: pa.ChunkedArray, first: int, last: int) -> pa.ChunkedArray:
    low = max(first, -(2**63))
    return pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, last))


def _or_number(
    kept: pa.ChunkedArray, text: pa.ChunkedArray, numbers: pa.ChunkedArray
) -> pa.ChunkedArray:
    """The text, and the bare number where there is no date of it."""
    return pc.if_else(pc.is_valid(kept), text, numbers.cast(pa.string()))


def _floats(values: pa.ChunkedArray, scale: int) -> pa.ChunkedArray:
    """Floats as decimals of the contract's scale; others as they print.

    Only what binary fractions do to a number is rounded away, never a decimal place.
    """
    wide = values.cast(pa.float64())
    finite = pc.and_(pc.is_finite(wide), pc.less(pc.abs(wide), _LARGEST_FLOAT))
    # Arrow raises on a number that overflows while it is rounded: 1.8e306 did.
    holdable = pc.if_else(finite, wide, pa.scalar(None, pa.float64()))
    rounded = pc.round(holdable, ndigits=scale)
    near = pc.less(pc.abs(pc.subtract(holdable, rounded)), 1e-6)
    fits = pc.fill_null(pc.and_(finite, near), fill_value=False)
    decimal = pc.if_else(fits, rounded, pa.scalar(None, pa.float64()))
    text = decimal.cast(pa.decimal128(38, scale)).cast(pa.string())
    return pc.if_else(fits, text, wide.cast(pa.string()))


def _cap(content: bytes) -> int:
    return max(SMALL_UNPACKED_BYTES, MAX_UNPACKED_RATIO * len(content))


def _refusal(value: str) -> FileRefusedError:
    return FileRefusedError(Note("F20", "F", value=value))


def _damaged() -> FileRefusedError:
    return _refusal("Parquet is damaged, encrypted or cut off")
