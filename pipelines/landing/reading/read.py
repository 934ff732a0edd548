"""One delivered file becomes a frame of strings with line numbers.

Belongs here: the header against the contract (F07), parsing, F06. Does not belong
here: trimming and types (``normalise``), judging rows (``judge``).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from pipelines.contracts.model import Column, Feed
from pipelines.landing.limits import (
    KEYLESS_ROWS,
    MAX_CELLS_RATIO,
    MAX_COLUMNS,
    QUARANTINED_SHARE,
    SAMPLE_BYTES,
    SMALL_CELLS,
)
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.drift import (
    Header,
    as_extension,
    compare_header,
    header_notes,
    likely_matches,
)
from pipelines.landing.reading.parquet import (
    as_text,
    damaged_text,
    open_parquet,
    read_texts,
    type_of,
)
from pipelines.landing.reading.preflight import preflight
from pipelines.landing.reading.unpack import FileRefusedError, unpacked


@dataclass(frozen=True)
class ReadFile:
    """A file that could be read.

    Attributes:
        rows: The independent count of its data records.
        frame: ``_file``, ``_line`` and every contract column as String, as sent,
            under the names of the file (``Column.source_name``); a column the file
            lacks is null.
        bad: Records that are not rows: file, line, edit_id, value, raw.
        notes: Warnings about the file.
        is_partial: Some rows cannot be told, so absence proves nothing.
        extension: ``x_`` columns as sent, row for row with ``frame``; None without.
    """

    rows: int
    frame: pl.DataFrame
    bad: pl.DataFrame
    notes: list[Note]
    is_partial: bool = False
    extension: pl.DataFrame | None = None


def read_file(content: bytes, declared: DeclaredFile, feed: Feed) -> ReadFile:
    """Parse one file of a package.

    Args:
        content: The bytes as delivered, already compared with the manifest.
        declared: The manifest's entry.
        feed: The feed it claims to be.

    Returns:
        Its rows and the records that are none.

    Raises:
        FileRefusedError: F06, F07, F08, F15 or F20.
    """
    text = unpacked(content, declared)
    if declared.is_parquet:
        read = _read_parquet(text, declared, feed)
    else:
        read = _read_delimited(text, len(content), declared, feed)
    _check_keys(read, feed)
    return _of_file(read, declared)


def _check_keys(read: ReadFile, feed: Feed) -> None:
    """F15 at once for a file that is full of rows nobody can name.

    200,000 lines of commas are a million findings, and would take gigabytes to tell.
    """
    if read.frame.height <= KEYLESS_ROWS:
        return
    names = [feed.column(name).source_name for name in feed.key]
    blank = pl.all_horizontal(
        pl.col(name).str.strip_chars().fill_null("") == "" for name in names
    )
    keyless = read.frame.select(blank.sum()).item()
    if keyless > max(KEYLESS_ROWS, QUARANTINED_SHARE * read.rows):
        value = f"{keyless} of {read.rows} rows have no key"
        raise FileRefusedError(Note("F15", "F", value=value))


def _check_cells(text: bytes, packed: int, declared: DeclaredFile) -> None:
    """F20 for gzip of lines and delimiters without end; text itself cannot be that."""
    if len(text) <= packed:
        return
    cells = text.count(b"\n") + text.count(declared.delimiter.encode())
    if cells > max(SMALL_CELLS, MAX_CELLS_RATIO * packed):
        value = f"{cells} fields in {packed} bytes of gzip"
        raise FileRefusedError(Note("F20", "F", value=value))


def _of_file(read: ReadFile, declared: DeclaredFile) -> ReadFile:
    """With the file's name on every row and record."""
    name = pl.lit(declared.name)
    return replace(
        read,
        frame=read.frame.with_columns(_file=name),
        bad=read.bad.with_columns(file=name),
    )


def _read_delimited(
    text: bytes, packed: int, declared: DeclaredFile, feed: Feed
) -> ReadFile:
    _check_cells(text, packed, declared)
    found = preflight(text, declared.encoding, declared.delimiter, declared.quote)
    if found.refused:
        raise FileRefusedError(*found.notes)
    width = len(found.header)

    def sample() -> pl.DataFrame:
        return _sample(found.body, declared, width, spans=found.spans_lines)

    header, notes = _columns(found.header, feed, sample)
    compare_rows(found.records, declared)
    frame = parse_body(found.body, declared, len(found.header), spans=found.spans_lines)
    if frame.height != len(found.lines):
        value = f"parser found {frame.height} rows, count {len(found.lines)}"
        raise FileRefusedError(Note("F06", "F", value=value))
    selected = _select(frame, header.positions, feed, declared)
    return ReadFile(
        found.records,
        selected.with_columns(found.lines),
        found.bad,
        found.notes + notes,
        extension=_extension(frame, header, declared),
    )


def _sample(
    body: bytes, declared: DeclaredFile, columns: int, *, spans: bool
) -> pl.DataFrame:
    """The first rows of a body, as far as they can be parsed."""
    whole = body[:SAMPLE_BYTES]
    if len(body) > SAMPLE_BYTES:
        whole = whole[: whole.rfind(b"\n") + 1]
    try:
        return parse_body(whole, declared, columns, spans=spans)
    except FileRefusedError:
        return pl.DataFrame()


def _extension(
    frame: pl.DataFrame, header: Header, declared: DeclaredFile
) -> pl.DataFrame | None:
    """The file's ``x_`` columns under their names; None when it has none."""
    if not header.extension:
        return None
    chosen = frame.select(
        pl.col(str(position)).alias(name) for name, position in header.extension.items()
    )
    return _without_null_tokens(chosen, declared)


def _columns(
    header: list[str], feed: Feed, sample: Callable[[], pl.DataFrame]
) -> tuple[Header, list[Note]]:
    """The file's columns against the contract's (F07).

    A column that may never be null, or null only under a condition, has to be there.
    One that may always be null is read as empty with a warning, and F17 notices when
    it was filled before.

    Args:
        header: The names as sent.
        feed: The contract.
        sample: Some rows, columns named by position; called when names differ.
    """
    if len(header) > MAX_COLUMNS:
        value = f"{len(header)} columns, at most {MAX_COLUMNS}"
        raise FileRefusedError(Note("F07", "F", line=1, value=value))
    found = compare_header(header, feed)
    counts = Counter(name.lower() for name in header)
    repeated = [
        Note("F07", "F", line=1, column=name[:60], value="column is repeated")
        for name, count in sorted(counts.items())
        if count > 1
    ]
    matches = {}
    if found.absent and found.unknown and found.positions and not repeated:
        matches = likely_matches(found, feed, sample())
    needed = [column for column in found.absent if _is_needed(column)]
    refusals, warnings = header_notes(found, matches, needed)
    if not found.positions:
        # Where the header is missing the names are a person's values.
        raise FileRefusedError(*refusals)
    if refusals or repeated:
        raise FileRefusedError(*refusals, *repeated)
    return found, warnings


def _is_needed(column: Column) -> bool:
    if column.name == "_op":
        return False
    return column.is_key or column.nullability != "Y"


def compare_rows(records: int, declared: DeclaredFile) -> None:
    """F06: the independent count against the manifest's."""
    if records != declared.rows:
        value = f"{records} rows, manifest says {declared.rows}"
        raise FileRefusedError(Note("F06", "F", value=value))


def parse_body(
    body: bytes, declared: DeclaredFile, columns: int, *, spans: bool
) -> pl.DataFrame:
    """All fields as text, columns named by position.

    Args:
        body: Sound records in UTF-8, without a header.
        declared: Its delimiter and quote.
        columns: Fields of each record.
        spans: Whether a quoted field may hold a line break.

    Raises:
        FileRefusedError: F06, when the parser and the count of records disagree.
    """
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
    file = open_parquet(content)
    sent = list(file.schema_arrow.names)
    header, notes = _columns(sent, feed, pl.DataFrame)
    columns = header.positions
    rows = file.metadata.num_rows
    compare_rows(rows, declared)
    wanted = {
        sent[columns[c.source_name]]: c
        for c in feed.columns
        if c.source_name in columns
    }
    passing = {
        sent[position]: as_extension(name, kind)
        for name, position in header.extension.items()
        if (kind := type_of(file.schema_arrow.field(position).type)) is not None
    }
    table = read_texts(file, content, wanted | passing)
    if table.num_rows != rows:
        value = f"{table.num_rows} rows, footer says {rows}"
        raise FileRefusedError(Note("F06", "F", value=value))
    # Rows of Parquet have no lines; they are numbered as in a file with a header.
    lines = pl.int_range(2, rows + 2, dtype=pl.Int64, eager=True).alias("_line")
    frame = pl.DataFrame(
        [
            lines,
            *(
                as_text(table[name], c).alias(c.source_name)
                for name, c in (wanted | passing).items()
            ),
        ]
    )
    bad, refusals = damaged_text(frame)
    if refusals:
        raise FileRefusedError(*refusals)
    good = frame.join(bad, left_on="_line", right_on="line", how="anti")
    texts = good.select(
        c.source_name
        if c.source_name in columns
        else pl.lit(None, pl.String).alias(c.source_name)
        for c in feed.columns
    )
    kept = _without_null_tokens(texts, declared).with_columns(good["_line"])
    extension = None
    if passing:
        named = good.select(column.source_name for column in passing.values())
        extension = _without_null_tokens(named, declared)
    return ReadFile(rows, kept, bad, notes, extension=extension)


__all__ = ["FileRefusedError", "ReadFile", "compare_rows", "parse_body", "read_file"]
