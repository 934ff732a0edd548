"""A process that dies between two steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class KilledError(BaseException):
    """Stands for SIGKILL: nothing catches it, nothing cleans up after it."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[list[int]]:
    """Kill the process at the n-th time a file gets its final name; 0 never.

    Yields:
        One number: how often a file got its final name so far.
    """
    count = [0]
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        count[0] += 1
        if count[0] == step:
            raise KilledError
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        yield count
