"""gzip that is damaged, doubled, disguised, or larger than it looks."""

import bz2
import gzip
import io
import struct
import zlib
from collections.abc import Callable

from hostile_package import Expected, Group, Package, accepted, refused

group = Group("gzip")

F07, F20 = refused("F07"), refused("F20")


def _gz(
    name: str,
    expected: Expected,
    make: Callable[[bytes], bytes],
    *,
    rows: int = 120,
    heavy: bool = False,
) -> None:
    def build(package: Package) -> None:
        content = make(package.bytes_of())
        package.replace(content, rows=rows, name="experience.csv.gz")

    group.add(f"gzip: {name}", expected, build, heavy=heavy)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _flipped(at: int) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        packed = bytearray(_packed(content))
        packed[at] ^= 0xFF
        return bytes(packed)

    return flip


def _repeated(piece: bytes, size: int) -> bytes:
    """Many times the same, packed without ever holding it."""
    packer = zlib.compressobj(9, wbits=31)
    chunk = piece * max(1, (1 << 20) // len(piece))
    parts = [packer.compress(chunk) for _ in range(max(1, size // len(chunk)))]
    return b"".join(parts) + packer.flush()


def _members(*contents: bytes) -> bytes:
    return b"".join(_packed(content) for content in contents)


def _split(content: bytes) -> bytes:
    middle = len(content) // 2
    return _members(content[:middle], content[middle:])


def _named(content: bytes) -> bytes:
    out = io.BytesIO()
    name = "../../../etc/cron.d/x"
    with gzip.GzipFile(name, "wb", fileobj=out, mtime=0) as file:
        file.write(content)
    return out.getvalue()


def _one_line(size: int) -> Callable[[bytes], bytes]:
    return lambda content: _members(content) + _repeated(b"x", size)


_gz("as it should be", accepted(), _packed)
_gz("of zero bytes", F07, lambda _: b"")
_gz("of an empty file", F07, lambda _: _packed(b""), rows=0)
_gz("its header only", F20, lambda c: _packed(c)[:10])
_gz("cut by one byte", F20, lambda c: _packed(c)[:-1])
_gz("cut by four bytes", F20, lambda c: _packed(c)[:-4])
_gz("cut by eight bytes", F20, lambda c: _packed(c)[:-8])
_gz("cut in half", F20, lambda c: _packed(c)[: len(_packed(c)) // 2])
_gz("a wrong CRC", F20, _flipped(-8))
_gz("a wrong length", F20, _flipped(-1))
_gz("a flipped byte in the data", F20, _flipped(200))
_gz("a method nobody knows", F20, _flipped(2))
_gz("two members", accepted(), _split)
_gz("two members, the first empty", accepted(), lambda c: _members(b"", c))
_gz(
    "a hundred members",
    accepted(),
    lambda c: _members(*(line + b"\n" for line in c.splitlines())),
)
_gz("the second member cut off", F20, lambda c: _split(c)[:-9])
_gz(
    "the second member damaged",
    F20,
    lambda c: _split(c)[:-12] + b"\0\0\0\0" + _split(c)[-8:],
)
_gz("letters after its end", F20, lambda c: _packed(c) + b"garbage")
_gz("one letter after its end", F20, lambda c: _packed(c) + b"x")
_gz(
    "zeros after its end: a tape's padding",
    accepted(),
    lambda c: _packed(c) + bytes(512),
)
_gz(
    "the file twice, in two members",
    refused("F06"),
    lambda c: _members(c, c),
)
_gz("the name of a path that escapes inside", accepted(), _named)
_gz("gzip inside gzip", F07, lambda c: _packed(_packed(c)))
_gz("not packed at all", F20, lambda c: c)
_gz("zlib without gzip's header", F20, zlib.compress)
_gz("bzip2 under its name", F20, bz2.compress)
_gz("a gigabyte of zeros in 1 MB", F20, lambda _: _repeated(b"\0", 1 << 30), heavy=True)
_gz(
    "ten gigabytes of spaces in 10 MB",
    F20,
    lambda _: _members(*[b" " * (64 << 20)]) * 160,
    heavy=True,
)
_gz("sixty megabytes of spaces in 60 KB", F07, lambda _: _repeated(b" ", 60 << 20))
_gz("a line of 3 MB", F20, _one_line(3 << 20))
_gz("a line of 33 MB", F20, _one_line(33 << 20), heavy=True)
_gz("a line of 300 MB in 300 KB", F20, _one_line(300 << 20), heavy=True)
_gz(
    "a length in its trailer that lies",
    F20,
    lambda c: _packed(c)[:-4] + struct.pack("<I", 7),
)
_gz(
    "a header with 60 KB of extra field",
    accepted(),
    lambda c: (
        b"\x1f\x8b\x08\x04"
        + bytes(6)
        + struct.pack("<H", 60_000)
        + bytes(60_000)
        + _packed(c)[10:]
    ),
)
_gz(
    "sixty megabytes of blank lines in 60 KB",
    F20,
    lambda c: _members(c) + _repeated(b"\n", 60 << 20),
    heavy=True,
)
_gz(
    "four million empty rows in 60 KB",
    F20,
    lambda c: (
        _members(c.splitlines(keepends=True)[0])
        + _repeated(b"," * 12 + b"\n", 52 << 20)
    ),
    rows=(1 << 20) // 13 * ((52 << 20) // ((1 << 20) // 13 * 13)),
    heavy=True,
)
