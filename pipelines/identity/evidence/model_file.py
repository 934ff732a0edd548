"""The file of a model: what it says, its number, and that it is never written over.

Belongs here: the one writer, and which numbers are taken. Does not belong here: what
is learned (``train``), from whom (``pipelines.identity.training``), which model is in
force (``linkage.yaml``).
"""

import json
import os
from pathlib import Path
from typing import Any

from pipelines.errors import OperatorError

ABOUT = (
    "Shares of agreement among pairs of one person (m) and of two (u). The file holds "
    "shares and counts and no value of anybody's: how common a name is, is counted "
    "each night from what the colleges sent."
)


def model_text(learned: dict[str, Any], trained_on: str, command: str) -> str:
    """The content of a file.

    Args:
        learned: As ``train`` returns it.
        trained_on: From whom it was learned, in words.
        command: What makes the same bytes again from the same input.
    """
    said = {"about": ABOUT, "trained_on": trained_on, "command": command, **learned}
    return json.dumps(said, indent=1) + "\n"


def write_model(path: Path, text: str) -> None:
    """Write a new file.

    Raises:
        OperatorError: There is one already, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise OperatorError(
            f"{path} exists; a model file is never written over."
        ) from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def free_number(folder: Path, wanted: int | None = None) -> int:
    """The number for a new model: the log names decisions by it, for ever.

    Args:
        folder: Has the models there are, ``model-<number>.json``.
        wanted: A number asked for; the highest taken and one more when left out.

    Raises:
        OperatorError: The number is taken, or a model's file cannot be read.
    """
    taken = {}
    for path in sorted(folder.glob("model-*.json")):
        try:
            taken[int(json.loads(path.read_text())["version"])] = path.name
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OperatorError(f"{path} is no model file: {error!r}") from None
    following = max(taken, default=0) + 1
    if wanted in taken:
        raise OperatorError(
            f"Number {wanted} is that of {taken[wanted]}, and the log names decisions "
            f"by it; leave --number out for {following}."
        )
    return following if wanted is None else wanted
