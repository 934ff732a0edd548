"""The bytes of a delivered file: what was sent (F05), and what is inside gzip.

Belongs here: sizes, hashes, decompression with a cap. Does not belong here: anything
about rows.
"""

import gzip
import io
import zlib
from hashlib import sha256

from pipelines.landing.inbox import Delivery, read_regular
from pipelines.landing.limits import (
    MAX_FILE_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_UNPACKED_RATIO,
)
from pipelines.landing.manifest import DeclaredFile
from pipelines.landing.notes import Note

_SMALL = 64 << 20


class FileRefusedError(Exception):
    """A file that cannot be used; ``notes`` say why without quoting it."""

    def __init__(self, *notes: Note) -> None:
        """Carry the remarks for the return file."""
        super().__init__(*sorted({note.edit_id for note in notes}))
        self.notes = notes


def stored_bytes(delivery: Delivery, declared: DeclaredFile) -> bytes:
    """The file as delivered, compared with the manifest's size and SHA-256.

    Raises:
        FileRefusedError: F05 when it differs, cannot be read or is too large.
    """
    try:
        content = read_regular(
            delivery.folder / declared.name, min(declared.bytes, MAX_FILE_BYTES)
        )
    except OSError as error:
        value = f"cannot be read: {error.strerror or error}"
        raise FileRefusedError(Note("F05", "F", value=value)) from None
    if len(content) != declared.bytes:
        more = len(content) > declared.bytes
        found = f"more than {declared.bytes}" if more else str(len(content))
        value = f"{found} bytes, manifest says {declared.bytes}"
        raise FileRefusedError(Note("F05", "F", value=value))
    if sha256(content).hexdigest() != declared.sha256.lower():
        raise FileRefusedError(Note("F05", "F", value="sha256 differs"))
    return content


def unpacked(content: bytes, declared: DeclaredFile) -> bytes:
    """The file's text: the content itself, or what its gzip holds, CRC checked.

    Raises:
        FileRefusedError: F20 for damaged gzip and for one that grows without measure.
    """
    if not declared.is_gzip:
        return content
    cap = min(MAX_UNPACKED_BYTES, max(_SMALL, MAX_UNPACKED_RATIO * len(content)))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = file.read(cap + 1)
    except (OSError, EOFError, zlib.error):
        value = "gzip is damaged or cut off"
        raise FileRefusedError(Note("F20", "F", value=value)) from None
    if len(text) > cap:
        value = f"gzip holds more than {cap} bytes"
        raise FileRefusedError(Note("F20", "F", value=value))
    return text
