"""A package while it is being put together, open to being spoilt at every stage.

Belongs here: the stages rows, bytes, manifest, disk, and what each file must come to.
Does not belong here: which spoiling there is (``fault_files``, ``fault_rows``).
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipelines.sample.package import Package


@dataclass
class Expected:
    """What a warehouse must make of one file.

    Attributes:
        lines: physical lines (header = 1) of the rows that were planted.
    """

    collapsed: int = 0
    quarantined: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass
class Draft:
    """One package on its way to the mailbox.

    Attributes:
        package: what it is meant to be.
        text: rows stage: each feed as the delimited file shows it.
        settled: by feed the positions of rows that were in force before, unchanged.
        data: bytes stage: each feed's delimited bytes, before compression.
        rows: the row counts the manifest will state.
        body: manifest stage: the manifest as an object, or as the bytes it became.
        disk: disk stage: bytes by file name, the manifest aside.
        control: whether the manifest states control totals.
        expected: by feed.
        planted: by feed and edit the lines of rows that offend that edit.
    """

    package: Package
    system: str
    text: dict[str, pl.DataFrame]
    settled: dict[str, list[int]]
    delimiter: str
    data: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    spoilt_body: bytes | None = None
    disk: dict[str, bytes] = field(default_factory=dict)
    control: bool = True
    expected: dict[str, Expected] = field(default_factory=dict)
    planted: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def expect(self, feed: str) -> Expected:
        """The expectation of a feed's file, made when first asked for."""
        return self.expected.setdefault(feed, Expected())

    def append(self, feed: str, rows: pl.DataFrame) -> list[int]:
        """Adds rows at the end of a feed; returns their lines."""
        frame = self.text[feed]
        first = frame.height + 2
        self.text[feed] = pl.concat([frame, rows.select(frame.columns)])
        return list(range(first, first + rows.height))
