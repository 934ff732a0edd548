"""Zips that try something, each made from a good package and named by what it tries.

The value beside each is what the college is told.
"""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

Files = dict[str, bytes]
Zip = Callable[[Files], bytes]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def files_of(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _more(name: str, content: bytes = b"x", **attributes: int) -> Zip:
    """A good package with one more member."""

    def make(files: Files) -> bytes:
        out = io.BytesIO(zipped(files))
        info = zipfile.ZipInfo(name)
        for attribute, value in attributes.items():
            setattr(info, attribute, value)
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr(info, content)
        return out.getvalue()

    return make


def _renamed(was: bytes, now: bytes) -> Zip:
    """A member whose name is patched, in both places; zipfile would not write it."""

    def make(files: Files) -> bytes:
        return _more(was.decode(), b"x")(files).replace(was, now)

    return make


def _patched(at: int, patch: bytes, *, signature: bytes = b"PK\x01\x02") -> Zip:
    """Bytes of the last directory entry (or other record) replaced."""

    def make(files: Files) -> bytes:
        data = bytearray(zipped(files))
        start = data.rfind(signature)
        data[start + at : start + at + len(patch)] = patch
        return bytes(data)

    return make


def _bomb(files: Files) -> bytes:
    return zipped({**files, "person.csv": bytes(1 << 28)})


def _sum_of_bombs(files: Files) -> bytes:
    """17 members of just under the ratio each declare 256 MB: more than 4 GB in all."""
    data = bytearray(zipped({f"f{n}.csv": bytes(1 << 20) for n in range(17)}))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 20 : at + 28] = struct.pack("<LL", (1 << 28) // 250 + 1, 1 << 28)
    return bytes(data)


def _lying_small(files: Files) -> bytes:
    """The directory says 10 bytes, with their CRC; the member holds far more."""
    import zlib

    content = b"0123456789" * 1000
    data = bytearray(zipped({**files, "zz.csv": content}))
    at = data.rfind(b"PK\x01\x02")
    data[at + 16 : at + 20] = struct.pack("<L", zlib.crc32(content[:10]))
    data[at + 24 : at + 28] = struct.pack("<L", 10)
    return bytes(data)


def _overlapping(files: Files) -> bytes:
    """Two directory entries over one member's bytes, as in a zip bomb of Fifield's."""
    data = zipped(files)
    end = data.rfind(b"PK\x05\x06")
    twin = bytearray(data[data.rfind(b"PK\x01\x02") : end])
    length = struct.unpack("<H", twin[28:30])[0]
    twin[46 : 46 + length] = b"z" * length
    return _with_entry(data, bytes(twin))


def _with_entry(data: bytes, entry: bytes) -> bytes:
    """The archive with one more entry in its directory."""
    end = data.rfind(b"PK\x05\x06")
    record = bytearray(data[end:])
    _, count, size = struct.unpack("<HHL", record[8:16])
    record[8:16] = struct.pack("<HHL", count + 1, count + 1, size + len(entry))
    return data[:end] + entry + bytes(record)


def _into_another(files: Files) -> bytes:
    """A member within a stored member's bytes: each byte is read twice."""
    inner = zipped({"inner.csv": b"hello"})
    header = inner[: inner.find(b"PK\x01\x02")]
    content = b"student_id\n" + header + b"\n"
    data = zipped({**files, "outer.csv": content}, zipfile.ZIP_STORED)
    entry = bytearray(inner[inner.find(b"PK\x01\x02") : inner.rfind(b"PK\x05\x06")])
    entry[42:46] = struct.pack("<L", data.find(header))
    return _with_entry(data, bytes(entry))


def _two_names(files: Files) -> bytes:
    """The member's own header calls it otherwise than the directory does."""
    data = bytearray(_more("qqqq.csv")(files))
    at = data.find(b"qqqq.csv")
    data[at : at + 4] = b"rrrr"
    return bytes(data)


def _zip64(files: Files) -> bytes:
    data = bytearray(zipped(files))
    end = data.rfind(b"PK\x05\x06")
    data[end + 16 : end + 20] = b"\xff" * 4
    return bytes(data)


HOSTILE: dict[str, tuple[Zip, str]] = {
    "traversal": (_more("../person.csv"), "leads out of the archive"),
    "traversal within": (_more("a/../../p.csv"), "leads out of the archive"),
    "traversal with backslash": (
        _renamed(b"xx_person.csv", b"..\\person.csv"),
        "leads out of the archive",
    ),
    "absolute": (_more("/etc/person.csv"), "leads out of the archive"),
    "drive": (_renamed(b"Czperson.csv", b"C:person.csv"), "leads out of the archive"),
    "backslash": (_renamed(b"a_person.csv", b"a\\person.csv"), "not a plain name"),
    "nul in a name": (_renamed(b"a_person.csv", b"a\0person.csv"), "not a plain name"),
    "newline in a name": (_more("a\nb.csv"), "not a plain name"),
    "glob in a name": (_more("a*.csv"), "not a plain name"),
    "quote in a name": (_more("a'b.csv"), "not a plain name"),
    "right-to-left name": (_more("a\u202evsc.exe"), "not a plain name"),
    "symlink": (
        _more("link.csv", b"/etc/hostname", external_attr=0o120777 << 16),
        "is a link",
    ),
    "pipe": (
        _more("pipe.csv", external_attr=(stat.S_IFIFO | 0o644) << 16),
        "not a regular file",
    ),
    "device": (
        _more("device.csv", external_attr=(stat.S_IFCHR | 0o644) << 16),
        "not a regular file",
    ),
    "duplicate": (_more("person.csv"), "more than once"),
    "case twin": (_more("Person.CSV"), "more than once"),
    "folder within": (_more("more/person2.csv"), "folders within"),
    "nested zip": (_more("inner.zip", zipped({"a": b"b"})), "within the archive"),
    "nested zip in disguise": (
        _more("inner.csv", zipped({"a": b"b"})),
        "within the archive",
    ),
    "nested 7z in disguise": (
        _more("inner.csv", b"7z\xbc\xaf\x27\x1c" + bytes(40)),
        "within the archive",
    ),
    "encrypted": (_patched(8, b"\x01\x00"), "password"),
    "deflate64": (_patched(10, b"\x09\x00"), "not compressed with deflate"),
    "lzma": (
        lambda files: zipped(files, zipfile.ZIP_LZMA),
        "not compressed with deflate",
    ),
    "bomb": (_bomb, "grows more than"),
    "bombs in sum": (_sum_of_bombs, "holds more than"),
    "size too large": (_patched(24, struct.pack("<L", 9_999_999)), "stated size"),
    "size too small": (_lying_small, "stated size"),
    "wrong checksum": (_patched(16, b"\xde\xad\xbe\xef"), "stated size"),
    "overlapping": (_overlapping, "overlaps another member"),
    "one within another": (_into_another, "overlaps another member"),
    "two names": (_two_names, "two names or methods"),
    "member beyond the end": (_patched(42, b"\xff\xff\xff\x0f"), "not where"),
    "too many members": (
        lambda files: zipped({**files, **{f"m{n}.csv": b"" for n in range(400)}}),
        "more than 300 members",
    ),
    "64-bit": (_zip64, "64-bit"),
    "several disks": (
        _patched(4, b"\x01\x00", signature=b"PK\x05\x06"),
        "one part of several",
    ),
    "count of members lies": (
        _patched(8, b"\x01\x00\x01\x00", signature=b"PK\x05\x06"),
        "not as many members",
    ),
    "bytes before": (lambda files: b"MZ" + bytes(100) + zipped(files), "directory"),
    "empty": (lambda files: zipped({}), "empty"),
    "no manifest": (
        lambda files: zipped({n: c for n, c in files.items() if n != "manifest.json"}),
        "manifest",
    ),
}
