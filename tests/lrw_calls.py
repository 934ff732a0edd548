"""``lrw`` called as people call it, and what it said."""

import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from pipelines import cli


@dataclass(frozen=True)
class Said:
    """What one call of ``lrw`` printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The only line on stderr; fails when there are several."""
        (line,) = self.err.strip().splitlines()
        assert self.out == ""
        return line


class Lrw:
    """``lrw`` in this process, on one warehouse."""

    def __init__(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self._capfd = capfd
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str) -> Said:
        self._capfd.readouterr()
        self._monkeypatch.setattr(sys, "argv", ["lrw", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = self._capfd.readouterr()
        return Said(int(left.value.code or 0), out, err)

    def college(self, *arguments: str) -> Said:
        return self("college", *arguments)
