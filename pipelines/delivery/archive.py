"""Zip packages: everything an archive can do to a reader is refused by name.

Belongs here: the checks of a zip's directory, and expansion within limits. Does not
belong here: OpenPGP (``openpgp``), and what the files in it say.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pipelines.delivery.names import plain_name, twins
from pipelines.delivery.zone import CHUNK, shown
from pipelines.landing.limits import (
    MAX_FILE_BYTES,
    MAX_PACKAGE_FILES,
    MAX_UNPACKED_BYTES,
    MAX_UNPACKED_RATIO,
    SMALL_UNPACKED_BYTES,
)

# A directory of so many members with long names and extra fields.
_MAX_DIRECTORY = 1 << 20
_MAX_COMMENT = (1 << 16) + 22
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_NESTED = (".zip", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".pgp", ".gpg")
# What a Mac adds to every archive that a person makes there.
_MAC = "__MACOSX/"


class ArchiveError(Exception):
    """An archive that is refused (F21); the text says why, for the return file."""


class UnfinishedError(ArchiveError):
    """It may only be an archive that is still being written."""


def expand(archive: Path, into: Path) -> list[str]:
    """Write an archive's files into an empty folder.

    Args:
        archive: A zip; nothing in it is believed before it is checked.
        into: Only this account can see it; after an error the caller removes it.

    Returns:
        The names written.

    Raises:
        UnfinishedError: It ends without a directory.
        ArchiveError: It holds what a package must not hold.
        OSError: This machine cannot read or write.
    """
    with archive.open("rb") as file:
        start, count = _check_end(file)
        try:
            with zipfile.ZipFile(file) as opened:
                members = opened.infolist()
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError):
            raise ArchiveError("the zip's directory is damaged") from None
        if len(members) != count:
            raise ArchiveError("the zip has not as many members as its end says")
        names = _names(members)
        _check_sizes(members)
        bodies = _bodies(file, members, start)
        for info, name in names.items():
            with (into / name).open("xb") as out:
                _inflate(file, bodies[info], info, out)
                out.flush()
                os.fsync(out.fileno())
    return sorted(names.values())


def _check_end(file: BinaryIO) -> tuple[int, int]:
    """Find the directory by the record at the end, before all of it is read.

    Returns:
        Where the directory begins, and the members end; how many they are.
    """
    size = file.seek(0, os.SEEK_END)
    if size > MAX_FILE_BYTES:
        raise ArchiveError(f"the zip is larger than {MAX_FILE_BYTES} bytes")
    file.seek(max(0, size - _MAX_COMMENT))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise UnfinishedError("the zip has no end: it is cut off, or not a zip")
    end = struct.unpack("<4s4H2LH", tail[at : at + 22])
    _, disk, disk_of, here, count, length, start, comment = end
    if len(tail) - at != 22 + comment:
        raise UnfinishedError("bytes follow the zip's end")
    if 0xFFFFFFFF in (length, start) or count == 0xFFFF:
        raise ArchiveError("the zip is of the 64-bit kind; send less than 4 GB")
    if disk or disk_of or here != count:
        raise ArchiveError("the zip is one part of several")
    if count > MAX_PACKAGE_FILES or length > _MAX_DIRECTORY:
        raise ArchiveError(f"the zip has more than {MAX_PACKAGE_FILES} members")
    if start + length != size - (len(tail) - at):
        raise ArchiveError("the zip's directory is not where its end says")
    return int(start), int(count)


def _names(members: Sequence[zipfile.ZipInfo]) -> dict[zipfile.ZipInfo, str]:
    """What each member is written as: its name without the one folder around all."""
    files = []
    for info in members:
        _check_member(info)
        mac = info.filename.startswith(_MAC) or info.filename.endswith(".DS_Store")
        if not info.is_dir() and not mac:
            files.append(info)
    if not files:
        raise ArchiveError("the zip is empty")
    folders = {info.filename.rpartition("/")[0] for info in files}
    if len(folders) > 1 or "/" in next(iter(folders)):
        raise ArchiveError("the zip has folders within; put all files side by side")
    names = {info: info.filename.rpartition("/")[2] for info in files}
    for name in names.values():
        if not plain_name(name):
            raise ArchiveError(f"{shown(name)} is not a plain name")
        if name.lower().endswith(_NESTED):
            raise ArchiveError(f"{shown(name)} is an archive within the archive")
    for twin in twins(list(names.values())):
        raise ArchiveError(f"{shown(twin)} is in the zip more than once")
    return names


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":":
        raise ArchiveError(f"{shown(name)} leads out of the archive")
    if name != info.filename or "\\" in name:
        raise ArchiveError(f"{shown(name)} is not a plain name")
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError("the zip is locked with a password; use OpenPGP")
    if info.compress_type not in _METHODS:
        raise ArchiveError(f"{shown(name)} is not compressed with deflate")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "not a regular file"
        raise ArchiveError(f"{shown(name)} is {what}")


def _check_sizes(members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse by the declared sizes; ``_inflate`` holds every member to its own."""
    for info in members:
        cap = max(SMALL_UNPACKED_BYTES, MAX_UNPACKED_RATIO * info.compress_size)
        if info.file_size > cap:
            grows = f"grows more than {MAX_UNPACKED_RATIO} times"
            raise ArchiveError(f"{shown(info.filename)} {grows}")
    if sum(info.file_size for info in members) > MAX_UNPACKED_BYTES:
        raise ArchiveError(f"the zip holds more than {MAX_UNPACKED_BYTES} bytes")


def _bodies(
    file: BinaryIO, members: Sequence[zipfile.ZipInfo], end: int
) -> dict[zipfile.ZipInfo, int]:
    """Where each member's bytes begin, none of them within another's.

    Python checks this from 3.11.8 on. A few kilobytes that a thousand members share
    would otherwise be a bomb.
    """
    bodies: dict[zipfile.ZipInfo, int] = {}
    free = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < free:
            raise ArchiveError(f"{shown(info.filename)} overlaps another member")
        file.seek(info.header_offset)
        head = file.read(30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            raise ArchiveError(f"{shown(info.filename)} is not where the zip says")
        method, name_length, extra_length = struct.unpack("<8xH16xHH", head)
        name = file.read(name_length)
        if method != info.compress_type or name != _raw_name(info):
            raise ArchiveError(f"{shown(info.filename)} has two names or methods")
        bodies[info] = info.header_offset + 30 + name_length + extra_length
        free = bodies[info] + info.compress_size
        if free > end:
            raise ArchiveError(f"{shown(info.filename)} overlaps the directory")
    return bodies


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")


def _inflate(file: BinaryIO, at: int, info: zipfile.ZipInfo, out: BinaryIO) -> None:
    """Write one member, never more of it than its declared size."""
    file.seek(at)
    stored = info.compress_type == zipfile.ZIP_STORED
    inflater = None if stored else zlib.decompressobj(-15)
    left, size, crc = info.compress_size, 0, 0
    while left:
        packed = file.read(min(CHUNK, left))
        if not packed:
            break
        left -= len(packed)
        while packed:
            if inflater is None:
                text, packed = packed, b""
            else:
                try:
                    text = inflater.decompress(packed, CHUNK)
                except zlib.error:
                    raise _damaged(info) from None
                packed = inflater.unconsumed_tail
            if size == 0 and text.startswith(_ARCHIVES):
                named = shown(info.filename)
                raise ArchiveError(f"{named} is an archive within the archive")
            size += len(text)
            if size > info.file_size:
                raise _damaged(info)
            crc = zlib.crc32(text, crc)
            out.write(text)
    whole = inflater is None or (inflater.eof and not inflater.unused_data)
    if not whole or size != info.file_size or crc != info.CRC:
        raise _damaged(info)


def _damaged(info: zipfile.ZipInfo) -> ArchiveError:
    return ArchiveError(f"{shown(info.filename)} is damaged, or not of its stated size")
