"""Parquet that is damaged, nested, encrypted, mistyped, or a bomb."""

import base64
import csv
import io
import struct
from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from hostile_package import Expected, Group, Package, accepted, aside, refused

group = Group("Parquet")
F06, F07, F20 = refused("F06"), refused("F07"), refused("F20")

Make = Callable[[pa.Table], bytes]


def _table(content: bytes) -> pa.Table:
    reader = csv.DictReader(io.StringIO(content.decode(), newline=""))
    rows = [{name: text or None for name, text in row.items()} for row in reader]
    names = reader.fieldnames or []
    columns = {name: pa.array([r[name] for r in rows], pa.string()) for name in names}
    return pa.table(columns)


def _written(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def _pq(
    name: str,
    expected: Expected,
    make: Make,
    *,
    rows: int = 120,
    heavy: bool = False,
) -> None:
    def build(package: Package) -> None:
        content = make(_table(package.bytes_of()))
        package.replace(content, rows=rows, name="experience.parquet")

    group.add(f"Parquet: {name}", expected, build, heavy=heavy)


def _with(name: str, values: Any) -> Make:
    """A column replaced by these values."""

    def make(table: pa.Table) -> bytes:
        at = table.column_names.index(name)
        return _written(table.set_column(at, name, values))

    return make


def _one(name: str, value: object, kind: pa.DataType, usual: object) -> Make:
    """A column of that type, one value of it unusual."""
    return _with(name, pa.array([usual] * 6 + [value] + [usual] * 113, kind))


def _renamed(old: str, new: str) -> Make:
    def make(table: pa.Table) -> bytes:
        names = [new if name == old else name for name in table.column_names]
        return _written(table.rename_columns(names))

    return make


def _footer(change: Callable[[bytes], bytes]) -> Make:
    """The footer's bytes changed, at the length they had."""

    def make(table: pa.Table) -> bytes:
        content = _written(table)
        (size,) = struct.unpack("<I", content[-8:-4])
        start = len(content) - 8 - size
        footer = change(content[start:-8])
        return content[:start] + footer + struct.pack("<I", len(footer)) + b"PAR1"

    return make


def _more_rows(footer: bytes) -> bytes:
    """120 rows become 121: field 3 of the file's metadata, zigzag."""
    assert b"\x16\xf0\x01" in footer
    return footer.replace(b"\x16\xf0\x01", b"\x16\xf2\x01", 1)


def _encrypted(plaintext_footer: bool) -> Make:
    class Vault(pe.KmsClient):  # type: ignore[misc]
        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return base64.b64encode(key_bytes)

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            return base64.b64decode(wrapped_key)

    def make(table: pa.Table) -> bytes:
        factory = pe.CryptoFactory(lambda _: Vault())
        properties = factory.file_encryption_properties(
            pe.KmsConnectionConfig(),
            pe.EncryptionConfiguration(
                footer_key="f",
                column_keys={"c": ["title"]},
                plaintext_footer=plaintext_footer,
            ),
        )
        return _written(table, encryption_properties=properties)

    return make


def _nothing_many(rows: int) -> Make:
    """A column of nulls without end, in row groups of ten million."""

    def make(table: pa.Table) -> bytes:
        size = 10_000_000
        piece = pa.table({n: pa.nulls(size, pa.string()) for n in table.column_names})
        out = io.BytesIO()
        with pq.ParquetWriter(out, piece.schema, compression="zstd") as writer:
            for _ in range(rows // size):
                writer.write_table(piece, row_group_size=size)
        return out.getvalue()

    return make


def _dictionary(length: int, rows: int) -> Make:
    """One long text that every row points to."""

    def make(table: pa.Table) -> bytes:
        whole = pl.from_arrow(table)
        assert isinstance(whole, pl.DataFrame)
        many = pl.concat([whole] * (rows // 120)).with_columns(
            experience_id=pl.int_range(pl.len()).cast(pl.String)
        )
        text = pa.DictionaryArray.from_arrays(
            pa.array([0] * many.height, pa.int32()), pa.array(["x" * length])
        )
        wide = many.to_arrow()
        at = wide.column_names.index("title")
        return _written(
            wide.set_column(at, "title", text),
            use_dictionary=["title"],
            compression="zstd",
            dictionary_pagesize_limit=length * 2,
        )

    return make


def _plain(length: int) -> Make:
    """A text of that length in one row, packed by zstd."""

    def make(table: pa.Table) -> bytes:
        titles = table["title"].to_pylist()
        titles[6] = "x" * length
        at = table.column_names.index("title")
        changed = table.set_column(at, "title", pa.array(titles))
        return _written(changed, compression="zstd", use_dictionary=False)

    return make


def _bytes(value: bytes, rows: int = 1) -> Make:
    """Bytes where text is declared: Parquet does not check UTF-8."""

    def make(table: pa.Table) -> bytes:
        titles = [title.encode() for title in table["title"].to_pylist()]
        titles[:rows] = [value] * rows
        raw = pa.array(titles, pa.binary())
        text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
        at = table.column_names.index("title")
        return _written(table.set_column(at, "title", text))

    return make


def _flip(table: pa.Table, **options: Any) -> bytes:
    content = bytearray(_written(table, **options))
    content[300] ^= 0x10
    return bytes(content)


def _zeroed(table: pa.Table) -> bytes:
    content = _written(table, compression="zstd")
    return content[:40] + bytes(100) + content[140:]


def _feather(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


_pq("of text", accepted(), _written)
_pq(
    "of dictionaries",
    accepted(),
    lambda t: _written(pa.table({n: t[n].dictionary_encode() for n in t.column_names})),
)
_pq(
    "of large text",
    accepted(),
    lambda t: _written(
        t.cast(pa.schema([(n, pa.large_string()) for n in t.column_names]))
    ),
)
_pq("in a row group a row", accepted(), lambda t: _written(t, row_group_size=1))
_pq("in Brotli", accepted(), lambda t: _written(t, compression="brotli"))
_pq("without rows", accepted(), lambda t: _written(t.slice(0, 0)), rows=0)
_pq("without columns", F07, lambda t: _written(t.select([])), rows=0)
_pq("of zero bytes", F20, lambda _: b"")
_pq("its magic number only", F20, lambda _: b"PAR1PAR1")
_pq("its first magic number missing", accepted(), lambda t: b"XXXX" + _written(t)[4:])
_pq("its last magic number missing", F20, lambda t: _written(t)[:-4] + b"XXXX")
_pq("cut by one byte", F20, lambda t: _written(t)[:-1])
_pq("cut in half", F20, lambda t: _written(t)[: len(_written(t)) // 2])
_pq("letters after its end", F20, lambda t: _written(t) + b"garbage")
_pq(
    "a footer longer than the file",
    F20,
    lambda t: _written(t)[:-8] + struct.pack("<I", 1 << 30) + b"PAR1",
)
_pq(
    "a footer of zero bytes",
    F20,
    lambda t: _written(t)[:-8] + struct.pack("<I", 0) + b"PAR1",
)
_pq("a footer of zeros", F20, _footer(lambda footer: bytes(len(footer))))
_pq("a footer cut in half", F20, _footer(lambda footer: footer[: len(footer) // 2]))
_pq(
    "a footer of random bytes",
    F20,
    _footer(lambda footer: bytes((n * 7919) % 256 for n in range(len(footer)))),
)
_pq(
    "a column name that is no UTF-8",
    F20,
    _footer(lambda footer: footer.replace(b"organization", b"organizati\xe9n")),
)
_pq("a footer that counts a row more", F06, _footer(_more_rows), rows=121)
_pq("a page that does not unpack", F20, _zeroed)
_pq(
    "a page whose checksum is wrong",
    F20,
    lambda t: _flip(
        t, compression="none", use_dictionary=False, write_page_checksum=True
    ),
)
_pq("CSV under its name", F20, lambda t: ",".join(t.column_names).encode() + b"\n")
_pq("a feather file under its name", F20, _feather)
_pq("encrypted, footer and all", F20, _encrypted(plaintext_footer=False))
_pq("one column encrypted", F20, _encrypted(plaintext_footer=True))
_pq("a column missing", F07, lambda t: _written(t.drop_columns("verification")))
_pq("a column twice", F07, _renamed("organization", "title"))
_pq("a column twice in other letters", F07, _renamed("organization", "TITLE"))
_pq(
    "column names in capitals",
    accepted(),
    lambda t: _written(t.rename_columns([n.upper() for n in t.column_names])),
)
_pq(
    "a column nobody asked for, nested",
    accepted("F07"),
    lambda t: _written(t.append_column("more", pa.array([[{"a": [1]}]] * 120))),
)
_pq(
    "a thousand columns nobody asked for",
    accepted("F07"),
    lambda t: _written(
        pa.table(
            {n: t[n] for n in t.column_names}
            | {f"x{i}": t["title"] for i in range(999)}
        )
    ),
)
_pq(
    "a column named with a dot",
    accepted("F07"),
    lambda t: _written(t.append_column("title.evil", t["title"])),
)
_pq("text in a list", F07, _with("title", pa.array([["Food bank"]] * 120)))
_pq("text in a struct", F07, _with("title", pa.array([{"en": "Food bank"}] * 120)))
_pq(
    "text in a map",
    F07,
    _with(
        "title",
        pa.array([[("en", "Food bank")]] * 120, pa.map_(pa.string(), pa.string())),
    ),
)
_pq("bytes where text is agreed", F07, _with("title", pa.array([b"Food bank"] * 120)))
_pq("numbers where an id is agreed", F07, _with("student_id", pa.array(range(120))))
_pq(
    "Booleans where a code is agreed",
    F07,
    _with("verification", pa.array([True] * 120)),
)
_pq(
    "numbers where a date is agreed",
    F07,
    _with("start_date", pa.array([20260101] * 120)),
)
_pq("dates as dates", accepted(), _one("start_date", 20000, pa.date32(), 20000))
_pq(
    "a date in the year 20,000",
    aside(1, "EXP-start_date-TYPE"),
    _one("start_date", 6_585_000, pa.date32(), 20000),
)
_pq(
    "a date before the year 1",
    aside(1, "EXP-start_date-TYPE"),
    _one("start_date", -800_000, pa.date32(), 20000),
)
_pq(
    "the last date that a number can hold",
    aside(1, "EXP-start_date-TYPE"),
    _one("start_date", 2**31 - 1, pa.date32(), 20000),
)
_pq(
    "instants without a zone (int96)",
    F07,
    lambda t: _written(
        t.set_column(
            t.column_names.index("record_updated_at"),
            "record_updated_at",
            pa.array([1_788_000_000_000_000] * 120, pa.timestamp("us")),
        ),
        use_deprecated_int96_timestamps=True,
    ),
)
_pq(
    "instants in UTC",
    accepted(),
    _one("record_updated_at", 1_788_000_000, pa.timestamp("s", "UTC"), 1_788_000_000),
)
_pq(
    "an instant that microseconds cannot hold",
    aside(1, "EXP-record_updated_at-TYPE"),
    _one("record_updated_at", 2**62, pa.timestamp("ms", "UTC"), 1_788_000_000_000),
)
_pq("hours as floats", accepted(), _one("hours", 7.5, pa.float64(), 12.5))
_pq(
    "hours as decimals of another scale",
    accepted(),
    lambda t: _with("hours", t["hours"].cast(pa.decimal128(20, 5)))(t),
)
_pq(
    "a NaN among the hours",
    aside(1, "EXP-hours-TYPE"),
    _one("hours", float("nan"), pa.float64(), 12.5),
)
_pq(
    "an infinity among the hours",
    aside(1, "EXP-hours-TYPE"),
    _one("hours", float("inf"), pa.float64(), 12.5),
)
_pq("1e300 hours", aside(1, "EXP-hours-TYPE"), _one("hours", 1e300, pa.float64(), 12.5))
_pq(
    "a float of too many places",
    aside(1, "EXP-hours-TYPE"),
    _one("hours", 12.3456, pa.float64(), 12.5),
)
_pq("bytes that are no UTF-8 in one row", aside(1, "F08"), _bytes(b"Caf\xe9"))
_pq("bytes that are no UTF-8 in all rows", refused("F08"), _bytes(b"Caf\xe9", 120))
_pq("a NUL in a text", refused("F20"), _bytes(b"Food\x00bank"))
_pq("U+FFFD in one row", aside(1, "F08"), _bytes("Caf\ufffd".encode()))
_pq("text decoded twice in one row", aside(1, "F08"), _bytes("CafÃ©".encode()))
_pq("a line break in a text", accepted(), _bytes(b"Food\nbank"))
_pq(
    "500 million rows in a few kilobytes",
    F20,
    _nothing_many(500_000_000),
    rows=500_000_000,
    heavy=True,
)
_pq(
    "a million rows of one text of 100 KB",
    F20,
    _dictionary(100_000, 1_000_000 // 120 * 120),
    rows=1_000_000 // 120 * 120,
    heavy=True,
)
_pq(
    "12,000 rows of one text of 900 KB",
    F20,
    _dictionary(900_000, 12_000),
    rows=12_000,
    heavy=True,
)
_pq("a text of 400 MB in one row", F20, _plain(400_000_000), heavy=True)
_pq("a text of 3 MB in one row", F20, _plain(3_000_000))
_pq(
    "200 more columns in a row group a row",
    accepted("F07"),
    lambda t: _written(
        pa.table(
            {n: t[n] for n in t.column_names}
            | {f"x{i}": t["title"] for i in range(200)}
        ),
        row_group_size=1,
    ),
)
