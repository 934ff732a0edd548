"""An independent counter of a file's records, which shares no code with landing.

It reads with Python's own ``csv``, ``zlib`` and, for Parquet, DuckDB; landing counts by
the parity of quotes and reads with Arrow.
"""

import csv
import io
import re
import tempfile
import zlib
from typing import Any

import duckdb
import polars as pl


def starting_lines(content: bytes, said: dict[str, Any]) -> list[int]:
    """The physical line on which each data record starts, header = line 1.

    Args:
        content: The file as delivered.
        said: The manifest's entry.
    """
    name = str(said["name"]).lower()
    if name.endswith(".parquet"):
        return list(range(2, _parquet_rows(content, int(said["rows"])) + 2))
    records = _records(_text(content, said), said)
    if _is_trailer(records):
        records.pop()
    return [start for start, _ in records[1:]]


def is_well_quoted(content: bytes, said: dict[str, Any]) -> bool:
    """Whether every reader sees the same records: no quote is out of place.

    Python's reader takes a stray quote into the text and may run on into the next
    record; landing sets the one record aside and finds the next where it starts.
    """
    quote, delimiter = said.get("quote", '"'), said.get("delimiter", ",")
    if not quote or str(said["name"]).lower().endswith(".parquet"):
        return True
    q, outside = re.escape(quote), rf"[^{re.escape(delimiter)}\r\n]"
    # Whole quoted fields, between delimiters or ends of lines; what is left is astray.
    whole = rf"(?<!{outside}){q}(?:[^{q}]|{q}{q})*+{q}(?!{outside})"
    return quote not in re.sub(whole, "", _text(content, said))


def lines_in(content: bytes, said: dict[str, Any]) -> int:
    """Physical lines of a file of text."""
    return len(_text(content, said).splitlines())


def _text(content: bytes, said: dict[str, Any]) -> str:
    if str(said["name"]).lower().endswith(".gz"):
        content = _gunzip(content)
    text = content.decode(said.get("encoding", "utf-8"), errors="replace")
    return text.removeprefix("\ufeff")


def _records(text: str, said: dict[str, Any]) -> list[tuple[int, list[str]]]:
    """Line and fields of each record."""
    quote = said.get("quote", '"')
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=said.get("delimiter", ","),
        quotechar=quote or '"',
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    records = []
    line = 1
    usual = csv.field_size_limit(1 << 30)
    try:
        for record in reader:
            if record:
                records.append((line, record))
            line = reader.line_num + 1
    finally:
        # The limit is the process's, and landing reads headers under the usual one.
        csv.field_size_limit(usual)
    return records


def _is_trailer(records: list[tuple[int, list[str]]]) -> bool:
    if len(records) < 2 or len(records[0][1]) == 2:
        return False
    last = records[-1][1]
    return (
        len(last) == 2
        and last[0] == "TRAILER"
        and last[1].strip().isascii()
        and last[1].strip().isdigit()
    )


def _gunzip(content: bytes) -> bytes:
    text = b""
    while content.strip(b"\0"):
        member = zlib.decompressobj(wbits=31)
        text += member.decompress(content)
        content = member.unused_data
    return text


def _parquet_rows(content: bytes, sent: int) -> int:
    """By DuckDB; by Polars where a bit that no row needs has put DuckDB off.

    Where it has put off both (one converted type beyond the specification's, which
    Arrow passes over), what the sender counted is the only other word.
    """
    with (
        tempfile.NamedTemporaryFile(suffix=".parquet") as file,
        duckdb.connect() as con,
    ):
        file.write(content)
        file.flush()
        try:
            found = con.execute("select count(*) from read_parquet(?)", [file.name])
        except duckdb.Error:
            try:
                return pl.read_parquet(io.BytesIO(content)).height
            except pl.exceptions.ComputeError:
                return sent
        (count,) = found.fetchone() or (0,)
    return int(count)
