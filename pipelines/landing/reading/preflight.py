"""A delimited file judged on its bytes, before any CSV parser sees it.

CSV readers lose rows without a word: one open quote turned 50 lost rows into one
reject, a NUL or a byte-order mark inside a file went through, a line above the
reader's limit gave no rows and no error. So records are counted here by quote parity
(RFC 4180), each with its physical line, and a parser later has to agree.

Belongs here: F07 (that there is a header), F08 and F20, and the independent count
for F06. Does not belong here: which columns a feed has (``read``).
"""

import csv
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from pipelines.landing.limits import (
    DECODED_TWICE_SHARE,
    MAX_RECORD_BYTES,
    UNREADABLE_SHARE,
)
from pipelines.landing.package.notes import Note

_LF, _CR = 10, 13
_BOM = b"\xef\xbb\xbf"
_REPLACEMENT = "\ufffd".encode()
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_DISGUISES = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "gzip without .gz in its name"),
    (b"PAR1", "Parquet without .parquet in its name"),
    (b"<", "HTML or XML"),
)
_BAD_SCHEMA = {
    "line": pl.Int64,
    "edit_id": pl.String,
    "value": pl.String,
    "raw": pl.String,
}


@dataclass(frozen=True)
class Preflight:
    """What the bytes say.

    Attributes:
        notes: Remarks about the file; one of severity F refuses it.
        header: Column names as sent, trimmed.
        records: Data records, counted without a parser: neither header nor trailer
            nor blank lines.
        body: The sound records in UTF-8, without header, for a parser.
        lines: Int64, the physical line of the start of each record in ``body``.
        bad: Records no parser should see: line, edit_id, value, raw. A record with
            two faults has two rows.
        spans_lines: Whether a sound record holds a line break inside quotes.
    """

    notes: list[Note] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    records: int = 0
    body: bytes = b""
    lines: pl.Series = field(default_factory=lambda: pl.Series("_line", [], pl.Int64))
    bad: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_BAD_SCHEMA))
    spans_lines: bool = False

    @property
    def refused(self) -> bool:
        """Whether the file cannot be used at all."""
        return any(note.severity == "F" for note in self.notes)


@dataclass(frozen=True)
class _Records:
    """Where each record is.

    Attributes:
        frame: start, stop and next_start in bytes (the line break lies between stop
            and next_start), line, fields, misplaced (a quote out of place), spanned
            (physical lines it covers).
        open_quote_line: Line of a quote that is never closed, if there is one.
        is_terminated: Whether the last record ends with a line break.
    """

    frame: pl.DataFrame
    open_quote_line: int | None
    is_terminated: bool


def preflight(
    content: bytes,
    encoding: str,
    delimiter: str,
    quote: str | None,
    *,
    trailer: str | None = None,
) -> Preflight:
    """Count, locate and judge the records of a delimited file.

    Args:
        content: The whole file, decompressed.
        encoding: A Python codec name from the manifest.
        delimiter: One ASCII character.
        quote: One ASCII character; None or empty when nothing is quoted.
        trailer: First field of the last line where there has to be one; None when
            there may be one that says TRAILER.

    Returns:
        The sound records and everything that is wrong with the others.
    """
    start = content[:64].lstrip()
    disguise = next((what for sign, what in _DISGUISES if start.startswith(sign)), None)
    if disguise is not None:
        return Preflight(notes=[_refusal("F07", 1, f"the file is {disguise}")])
    wide = next((what for mark, what in _WIDE_MARKS if content.startswith(mark)), None)
    if wide is not None and not (wide == "UTF-16" and encoding.startswith("utf-16")):
        value = f"the file is {wide}, declared is {encoding}"
        return Preflight(notes=[_refusal("F08", 1, value)])
    text = _as_utf8(content, encoding).removeprefix(_BOM)
    for pattern, what in ((b"\x00", "a NUL byte"), (_BOM, "a byte-order mark inside")):
        at = text.find(pattern)
        if at >= 0:
            line = text.count(b"\n", 0, at) + 1
            return Preflight(notes=[_refusal("F20", line, what)])
    if not text[:4096].strip() and not text.strip():
        return Preflight(notes=[_refusal("F07", 1, "the file has no header")])
    if (endless := _endless_line(text)) is not None:
        return Preflight(notes=[_too_long(endless)])
    found = _records(text, delimiter, quote)
    if found.open_quote_line is not None:
        line = found.open_quote_line
        return Preflight(notes=[_refusal("F20", line, "a quote is never closed")])
    return _judge(text, found, delimiter, quote, trailer)


def _refusal(edit_id: str, line: int | None, value: str) -> Note:
    return Note(edit_id, "F", line=line, value=value)


def _as_utf8(content: bytes, encoding: str) -> bytes:
    """The text in UTF-8; every undecodable byte becomes U+FFFD, which F08 finds.

    Replacing never swallows an ASCII byte, so lines and fields stay where they are.
    """
    if encoding in {"utf-8", "utf-8-sig"} and _is_utf8(content):
        return content
    if encoding == "iso8859-1":
        # As in the WHATWG Encoding Standard: nobody means its control characters
        # 80 to 9F, and everybody has the quotes that Windows puts there.
        encoding = "cp1252"
    return content.decode(encoding, errors="replace").encode()


def _is_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8, found out without a second copy of them."""
    if not content:
        return True
    ends = pa.array([0, len(content)], pa.int64()).buffers()[1]
    buffers = [None, ends, pa.py_buffer(content)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, buffers).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _endless_line(text: bytes) -> int | None:
    """The first physical line above the limit, told before quotes are looked at.

    Positions of 300 MB of quotes take gigabytes; a record is at least a line long. A
    line above the limit covers one of these windows, which has no break then.
    """
    window = MAX_RECORD_BYTES // 2
    for start in range(0, len(text) - window, window):
        stop = start + window
        if any(text.find(mark, start, stop) >= 0 for mark in (b"\n", b"\r")):
            continue
        first = max(text.rfind(mark, 0, start) for mark in (b"\n", b"\r")) + 1
        ends = [text.find(mark, stop) for mark in (b"\n", b"\r")]
        end = min((end for end in ends if end >= 0), default=len(text))
        if end - first > MAX_RECORD_BYTES:
            return len(_breaks(text[:first], _view(text[:first]))) + 1
    return None


def _too_long(line: int) -> Note:
    value = f"a record is longer than {MAX_RECORD_BYTES} bytes"
    return _refusal("F20", line, value)


def _view(text: bytes) -> pl.Series:
    """The bytes as a UInt8 column, without copying them."""
    buffers = [None, pa.py_buffer(text)]
    array = pa.Array.from_buffers(pa.uint8(), len(text), buffers)
    return pl.Series("byte", array)


def _records(text: bytes, delimiter: str, quote: str | None) -> _Records:
    view = _view(text)
    breaks = _breaks(text, view)
    quotes = _at(text, view, quote)
    delimiters = _at(text, view, delimiter)
    stops = breaks.to_frame("stop").with_row_index("break_number")
    if len(quotes):
        stops = stops.filter(_parity(quotes, stops["stop"]) == 0)
        delimiters = delimiters.filter(_parity(quotes, delimiters) == 0)
    is_terminated = bool(len(stops)) and stops["stop"][-1] == len(text) - 1
    if not is_terminated:
        end = {"break_number": [len(breaks)], "stop": [len(text)]}
        stops = stops.vstack(pl.DataFrame(end, schema=stops.schema))
    misplaced = _misplaced(view, quotes, ord(delimiter))
    frame = (
        _without_blanks(text, stops)
        .select(
            start=pl.col("before").cast(pl.Int64) + 1,
            stop=pl.col("stop").cast(pl.Int64),
            next_start=(pl.col("stop").cast(pl.Int64) + 1).clip(upper_bound=len(text)),
            line=pl.col("break_before").cast(pl.Int64) + 2,
            last_line=pl.col("break_number").cast(pl.Int64) + 1,
        )
        .with_columns(pl.col("start").fill_null(0), pl.col("line").fill_null(1))
    )
    before_stop = delimiters.search_sorted(frame["stop"]).cast(pl.Int64)
    frame = frame.with_columns(
        fields=before_stop - before_stop.shift(1, fill_value=0) + 1,
        misplaced=_holds(frame["start"], misplaced),
        spanned=pl.col("last_line") - pl.col("line") + 1,
    )
    if b"\r" in text:
        frame = _without_carriage(frame, view)
    return _Records(frame, _open_quote(breaks, quotes, misplaced), is_terminated)


def _without_blanks(text: bytes, stops: pl.DataFrame) -> pl.DataFrame:
    """Where records stop and the ones before them did, blank lines left out.

    They go while a record is two short columns: 60 MB of them fit in 60 KB of gzip.
    """
    with_before = stops.with_columns(
        before=pl.col("stop").shift(1), break_before=pl.col("break_number").shift(1)
    )
    if not any(blank in text for blank in (b"\n\n", b"\r\r", b"\n\r")):
        return with_before
    is_blank = pl.col("stop") - pl.col("before") == 1
    return with_before.filter(~is_blank.fill_null(value=False))


def _at(text: bytes, view: pl.Series, character: str | None) -> pl.Series:
    if not character or character.encode() not in text:
        return pl.Series([], dtype=pl.UInt32)
    return (view == ord(character)).arg_true()


def _breaks(text: bytes, view: pl.Series) -> pl.Series:
    """Ends of physical lines: LF, CRLF (its LF) and a CR that stands alone."""
    line_feed = view == _LF
    if b"\r" in text:
        followed = line_feed.shift(-1, fill_value=False)
        line_feed = line_feed | ((view == _CR) & ~followed)
    return line_feed.arg_true()


def _parity(quotes: pl.Series, positions: pl.Series) -> pl.Series:
    """0 where a position lies outside quotes, 1 inside."""
    return quotes.search_sorted(positions) % 2


def _without_carriage(frame: pl.DataFrame, view: pl.Series) -> pl.DataFrame:
    """Let ``stop`` name the CR of a CRLF, so that a blank line has no length."""
    last = view.gather((frame["stop"] - 1).clip(lower_bound=0))
    ends = (last == _CR) & (frame["stop"] > frame["start"])
    ends &= frame["stop"] < len(view)
    return frame.with_columns(stop=pl.col("stop") - ends.cast(pl.Int64))


def _misplaced(view: pl.Series, quotes: pl.Series, delimiter: int) -> pl.Series:
    """Quotes that neither open nor close a field, nor double another (RFC 4180)."""
    if not len(quotes):
        return quotes
    edges = pl.Series([delimiter, _LF, _CR], dtype=pl.UInt8)
    last = len(view) - 1
    before = view.gather((quotes.cast(pl.Int64) - 1).clip(lower_bound=0))
    after = view.gather((quotes.cast(pl.Int64) + 1).clip(upper_bound=last))
    marks = pl.DataFrame({"at": quotes}).select(
        "at",
        opens=pl.int_range(pl.len()) % 2 == 0,
        may_open=(pl.col("at") == 0)
        | before.is_in(edges)
        | (pl.col("at").diff() == 1).fill_null(value=False),
        may_close=(pl.col("at") == last)
        | after.is_in(edges)
        | (pl.col("at").diff().shift(-1) == 1).fill_null(value=False),
    )
    wrong = pl.when("opens").then(~pl.col("may_open")).otherwise(~pl.col("may_close"))
    return marks.filter(wrong)["at"]


def _open_quote(
    breaks: pl.Series, quotes: pl.Series, misplaced: pl.Series
) -> int | None:
    """Line of the quote that is never closed, as near as it can be told."""
    if len(quotes) % 2 == 0:
        return None
    suspect = misplaced[0] if len(misplaced) else quotes[-1]
    return int(breaks.search_sorted(suspect)) + 1


def _holds(starts: pl.Series, positions: pl.Series) -> pl.Series:
    """Which records hold one of these byte positions."""
    number = pl.int_range(len(starts), eager=True)
    if not len(positions):
        return number < 0
    holders = starts.search_sorted(positions.cast(pl.Int64), side="right").unique()
    return number.is_in((holders.cast(pl.Int64) - 1).implode())


def _judge(
    text: bytes,
    found: _Records,
    delimiter: str,
    quote: str | None,
    wanted: str | None,
) -> Preflight:
    frame = found.frame
    first = frame.row(0, named=True)
    if first["stop"] == first["start"]:
        return Preflight(notes=[_refusal("F07", 1, "the first line is blank")])
    try:
        header = _split(text[: first["stop"]], delimiter, quote)
    except csv.Error:
        # A stray quote joins it with later lines, or a name is longer than a page.
        return Preflight(notes=[_refusal("F20", 1, "the header is no record")])
    data = frame.slice(1).filter(pl.col("stop") > pl.col("start"))
    trailer = _trailer(text, data, delimiter, len(header), wanted)
    line = None
    notes = _structure(found, len(header), has_trailer=trailer is not None)
    if trailer is not None:
        line = data["line"][-1]
        data = data.head(-1)
    if wanted is not None or trailer is not None:
        notes += check_trailer(trailer, len(data), line)
    data, encoding_notes = _encoding_faults(text, data)
    data = data.with_columns(ragged=pl.col("fields") != len(header))
    is_bad = pl.any_horizontal("ragged", "misplaced", "lost", "twice")
    good = data.filter(~is_bad)
    return Preflight(
        notes=notes + encoding_notes,
        header=header,
        records=len(data),
        body=_pick(text, good),
        lines=good["line"].alias("_line"),
        bad=_bad_records(text, data.filter(is_bad), len(header)),
        spans_lines=bool((good["spanned"] > 1).any()),
    )


def _split(record: bytes, delimiter: str, quote: str | None) -> list[str]:
    reader = csv.reader(
        [record.decode()],
        delimiter=delimiter,
        quotechar=quote or '"',
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    return [name.strip() for name in next(reader)]


def _structure(found: _Records, columns: int, *, has_trailer: bool) -> list[Note]:
    """F20 for what makes the count itself doubtful."""
    frame = found.frame
    notes = []
    last = frame.row(-1, named=True)
    is_whole = found.is_terminated or has_trailer
    if not is_whole and last["fields"] < columns:
        notes.append(_refusal("F20", last["line"], "the last line is cut off"))
    long = frame.filter(pl.col("stop") - pl.col("start") > MAX_RECORD_BYTES)
    if len(long):
        notes.append(_too_long(long["line"][0]))
    # Inside one line a stray quote harms one record; across lines it may have
    # swallowed others, and nobody can tell how many.
    doubtful = frame.filter(pl.col("misplaced") & (pl.col("spanned") > 1))
    if len(doubtful):
        value = "a quote out of place joins several lines"
        notes.append(_refusal("F20", doubtful["line"][0], value))
    return notes


def _trailer(
    text: bytes,
    data: pl.DataFrame,
    delimiter: str,
    columns: int,
    wanted: str | None,
) -> str | None:
    """What a last line ``TRAILER|n`` says; None when the last line is a record."""
    if not len(data) or (columns == 2 and wanted is None):
        return None
    last = data.row(-1, named=True)
    mark = f"{wanted or 'TRAILER'}{delimiter}".encode()
    record = text[last["start"] : last["stop"]]
    rest = record.removeprefix(mark).strip()
    # A feed may have a record that begins so; a number behind it makes it the trailer.
    if not record.startswith(mark) or not (rest.isdigit() or wanted is not None):
        return None
    return rest.decode(errors="replace")


def check_trailer(stated: str | None, rows: int, line: int | None) -> list[Note]:
    """F20 unless the trailer of a file states the number of records before it.

    Args:
        stated: The text in the place of its number; None when there is no trailer.
        rows: The records before it.
        line: Its physical line; that of the last record where it is missing.
    """
    if stated is None:
        return [_refusal("F20", line, "the trailer is missing: the file is cut off")]
    digits = stated.strip()
    if not (digits.isascii() and digits.isdigit()):
        return [_refusal("F20", line, "the trailer says no number of rows")]
    # No file has more rows than this has digits; int() refuses thousands of them.
    count = int(digits) if len(digits) <= 18 else 10**18
    if count == rows:
        return []
    return [_refusal("F20", line, f"the trailer says {count} rows")]


def _encoding_faults(
    text: bytes, data: pl.DataFrame
) -> tuple[pl.DataFrame, list[Note]]:
    """F08: records with lost characters, and records decoded twice."""
    data = data.with_columns(
        lost=_holds(data["start"], _lost(text)),
        twice=_holds(data["start"], _decoded_twice(text)),
    )
    return judge_encoding(data)


def judge_encoding(data: pl.DataFrame) -> tuple[pl.DataFrame, list[Note]]:
    """F08 by the shares of the specification.

    Args:
        data: One row a record: ``line``, ``lost`` and ``twice`` (Boolean).

    Returns:
        The same, ``twice`` cleared where it is too rare to be more than a name, and
        the remarks that refuse the file.
    """
    rows = max(len(data), 1)
    notes = []
    for column, what in (
        ("lost", "undecodable bytes"),
        ("twice", "text decoded twice"),
    ):
        count = int(data[column].sum())
        if count > UNREADABLE_SHARE * rows:
            line = data.filter(pl.col(column))["line"][0]
            value = f"{what} in {count} of {rows} rows"
            notes.append(Note("F08", "F", line=line, value=value, count=count))
    if data["twice"].sum() <= DECODED_TWICE_SHARE * rows:
        data = data.with_columns(twice=pl.lit(value=False))
    return data, notes


def _lost(text: bytes) -> pl.Series:
    """Positions of U+FFFD."""
    if _REPLACEMENT not in text:
        return pl.Series([], dtype=pl.UInt32)
    view = _view(text)
    first, second, third = _REPLACEMENT
    hits = (view == first) & (view.shift(-1) == second) & (view.shift(-2) == third)
    return hits.arg_true()


def _decoded_twice(text: bytes) -> pl.Series:
    """Positions of UTF-8 read as Windows-1252 or Latin-1 and written again: Ã©, â€™."""
    if not any(lead in text for lead in (b"\xc3\x82", b"\xc3\x83", b"\xc3\xa2")):
        return pl.Series([], dtype=pl.UInt32)
    view = _view(text)
    lead = (view == 0xC3).arg_true().cast(pl.Int64)
    second, third, fourth, fifth = (
        view.gather((lead + ahead).clip(upper_bound=len(view) - 1))
        for ahead in (1, 2, 3, 4)
    )
    wide = third.is_in(pl.Series([0xC2, 0xC5, 0xC6, 0xCB, 0xE2], dtype=pl.UInt8))
    # The E2 of a quote or a dash is followed by 80, which Windows-1252 reads as a euro
    # sign and Latin-1 as a control character.
    euro = (third == 0xE2) & (fourth == 0x82) & (fifth == 0xAC)
    punctuation = euro | ((third == 0xC2) & (fourth == 0x80))
    hits = (
        ((second == 0x83) & wide)
        | ((second == 0x82) & (third == 0xC2))
        | ((second == 0xA2) & punctuation)
    )
    return lead.filter(hits)


def _pick(text: bytes, records: pl.DataFrame) -> bytes:
    """These records with their line breaks, one after the other."""
    if not len(records):
        return b""
    # Runs of neighbours are copied at once, so the loop is over gaps, not rows.
    gap = pl.col("start") != pl.col("next_start").shift(1)
    runs = (
        records.select("start", "next_start", run=gap.fill_null(value=True).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.col("start").first(), pl.col("next_start").last())
    )
    body = b"".join(
        text[start:stop] for start, stop in runs.select("start", "next_start").rows()
    )
    return body if body.endswith((b"\n", b"\r")) else body + b"\n"


def _bad_records(text: bytes, bad: pl.DataFrame, columns: int) -> pl.DataFrame:
    """One row a record and fault, with the record as sent."""
    if not len(bad):
        return pl.DataFrame(schema=_BAD_SCHEMA)
    bad = bad.with_columns(raw=_texts(text, bad))
    ragged = pl.format(
        "{} fields where the header has {}", "fields", pl.lit(columns, pl.String)
    )
    causes = (
        ("ragged", "F20", ragged),
        ("misplaced", "F20", pl.lit("a quote out of place")),
        ("lost", "F08", pl.lit("undecodable bytes")),
        ("twice", "F08", pl.lit("text decoded twice")),
    )
    return pl.concat(
        bad.filter(pl.col(cause)).select(
            "line", pl.lit(edit_id).alias("edit_id"), value.alias("value"), "raw"
        )
        for cause, edit_id, value in causes
    )


def _texts(text: bytes, records: pl.DataFrame) -> pl.Series:
    """The records as text, cut out of the file by offsets."""
    body = _pick(text, records)
    length = records["next_start"] - records["start"]
    offsets = pl.concat([pl.Series([0], dtype=pl.Int64), length.cum_sum()])
    # Only a last record without line break is longer in the body than in the file.
    buffers = [None, pa.py_buffer(offsets.to_arrow().buffers()[1]), pa.py_buffer(body)]
    array = pa.Array.from_buffers(pa.large_string(), len(records), buffers)
    return pl.Series("raw", array).str.strip_chars_end("\r\n")
