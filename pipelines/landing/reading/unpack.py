"""The bytes of a delivered file: what was sent (F05), and what is inside gzip.

Belongs here: sizes, hashes, decompression with a cap. Does not belong here: anything
about rows.
"""

import gzip
import hashlib
import io
import os
import zlib
from hashlib import sha256
from pathlib import Path

from pipelines.landing.limits import (
    MAX_FILE_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_UNPACKED_RATIO,
    SMALL_UNPACKED_BYTES,
)
from pipelines.landing.package.inbox import Delivery, open_regular, read_regular
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note

_CHUNK = 1 << 20
# Files above this are hashed where they lie before they are read.
_LARGE = 256 << 20


class FileRefusedError(Exception):
    """A file that cannot be used; ``notes`` say why without quoting it."""

    def __init__(self, *notes: Note) -> None:
        """Carry the remarks for the return file."""
        super().__init__(*sorted({note.edit_id for note in notes}))
        self.notes = notes


def stored_bytes(delivery: Delivery, declared: DeclaredFile) -> bytes:
    """The file as delivered, compared with the manifest's size and SHA-256.

    Of a package that was taken in before it is read from the object store, and from
    the delivery only where the store never had it.

    Raises:
        FileRefusedError: F05 when it differs, cannot be read or is too large.
    """
    path = delivery.folder / declared.name
    if delivery.objects is not None:
        digest = declared.sha256.lower()
        kept = delivery.objects / digest[:2] / digest
        path = kept if kept.exists() else path
    try:
        if declared.bytes > _LARGE:
            _compare_on_disk(path, declared)
        content = read_regular(path, min(declared.bytes, MAX_FILE_BYTES))
    except OSError as error:
        value = f"cannot be read: {error.strerror or error}"
        raise FileRefusedError(Note("F05", "F", value=value)) from None
    _compare(len(content), sha256(content).hexdigest(), declared)
    return content


def _compare_on_disk(path: Path, declared: DeclaredFile) -> None:
    """F05 before a large file is in memory: one of holes costs its sender nothing.

    Raises:
        FileRefusedError: F05.
        OSError: It cannot be read, or is a link or not a regular file.
    """
    if declared.bytes > MAX_FILE_BYTES:
        value = f"larger than {MAX_FILE_BYTES} bytes"
        raise FileRefusedError(Note("F05", "F", value=value))
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        same = size == declared.bytes
        digest = hashlib.file_digest(file, "sha256").hexdigest() if same else ""
    _compare(size, digest, declared)


def _compare(size: int, digest: str, declared: DeclaredFile) -> None:
    if size != declared.bytes:
        found = f"more than {declared.bytes}" if size > declared.bytes else str(size)
        value = f"{found} bytes, manifest says {declared.bytes}"
        raise FileRefusedError(Note("F05", "F", value=value))
    if digest != declared.sha256.lower():
        raise FileRefusedError(Note("F05", "F", value="sha256 differs"))


def unpacked(content: bytes, declared: DeclaredFile) -> bytes:
    """The file's text: the content itself, or what its gzip holds, CRC checked.

    Raises:
        FileRefusedError: F20 for damaged gzip and for one that grows without measure.
    """
    if not declared.is_gzip:
        return content
    packed, text = io.BytesIO(content), io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=packed) as file:
            while chunk := file.read(_CHUNK):
                text.write(chunk)
                # Judged on the way, so that a bomb is let go while it is small.
                if text.tell() > _cap(packed.tell()):
                    value = f"gzip grows more than {MAX_UNPACKED_RATIO} times"
                    raise FileRefusedError(Note("F20", "F", value=value))
    except (OSError, EOFError, zlib.error):
        value = "gzip is damaged or cut off"
        raise FileRefusedError(Note("F20", "F", value=value)) from None
    return text.getvalue()


def _cap(packed: int) -> int:
    """Bytes that so many packed bytes may hold."""
    grown = max(SMALL_UNPACKED_BYTES, MAX_UNPACKED_RATIO * packed)
    return min(MAX_UNPACKED_BYTES, grown)
