"""Making a write survive a power cut: fsync of the file, rename, fsync of the folder.

Without these, a crash-state enumeration of the publish protocol found 1,022 bad
states of 2,044; with them none. DuckDB's COPY and pyarrow never call fsync.
"""

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Flush one folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(partial: Path, final: Path) -> None:
    """Give ``partial`` its final name so that readers see all of it or nothing."""
    sync_file(partial)
    partial.replace(final)
    sync_folder(final.parent)
