"""Files of secret keys below ``keys/``: who may read them, and how they change.

Belongs here: bytes of a key file, its modes, its replacement in one step. Does not
belong here: what it says (``keys.py``, ``es256.py``).
"""

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from pipelines.durable import replace_durably, sync_folder
from pipelines.errors import OperatorError


def path_of(keys: Path, did: str, suffix: str = ".json") -> Path:
    """The key file of ``did`` in the folder ``keys``."""
    return keys / (re.sub(r"[^A-Za-z0-9.-]", "_", did.removeprefix("did:")) + suffix)


def create(path: Path, body: dict[str, Any]) -> None:
    """Write a first key file (0600), its folder for the owner alone (0700).

    Raises:
        OperatorError: there is one already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    try:
        _write(path, body)
    except FileExistsError:
        raise OperatorError(f"{path} exists: rotate the key instead") from None


def replace(path: Path, body: dict[str, Any]) -> None:
    """Put another content in the place of a key file, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, body)
    replace_durably(fresh, path)


def read(path: Path, missing: str) -> bytes:
    """The bytes of a key file.

    Raises:
        OperatorError: it is missing (``missing`` says what then), readable by others,
            or a link.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise OperatorError(missing) from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise OperatorError(f"{path} is open to others: run chmod 600 {path}")
        return file.read()


def now() -> str:
    """The present in UTC, to the second, ISO 8601."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, body: dict[str, Any]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(body, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
