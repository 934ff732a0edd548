"""Whole trees on the disk, and files replaced whole.

Belongs here: what a snapshot needs beyond ``pipelines/durable.py``. Does not belong
here: which files make up a snapshot (``snapshot.py``).
"""

import os
from pathlib import Path

from pipelines.durable import replace_durably, sync_file, sync_folder


def sync_tree(root: Path) -> None:
    """Flush every file and folder below ``root``, files first."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            sync_file(Path(folder) / name)
        sync_folder(Path(folder))


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file so that a reader sees the old bytes or the new, never a mix."""
    partial = path.with_name(f".{path.name}.tmp")
    partial.write_bytes(data)
    replace_durably(partial, path)
