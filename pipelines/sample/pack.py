"""From a plan to a package in the mailbox, spoilt where a fault is planted.

Belongs here: the stages rows, bytes, manifest, disk for one package, and the counts a
warehouse must arrive at. Does not belong here: the spoiling itself (``fault_*``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample import write
from pipelines.sample.content import SENT, Contents
from pipelines.sample.draft import Draft, Expected
from pipelines.sample.faults import Fault
from pipelines.sample.package import Package
from pipelines.sample.plan import window
from pipelines.sample.shapes import Shape, in_dialects
from pipelines.sample.state import State


@dataclass
class Packed:
    """What was written.

    Attributes:
        rows: records by feed, as the files hold them.
        expected: by feed, where something was planted.
        planted: by feed and edit the lines of offending rows.
    """

    package: Package
    rows: dict[str, int]
    expected: dict[str, Expected] = field(default_factory=dict)
    planted: dict[str, dict[str, list[int]]] = field(default_factory=dict)


class Packer:
    """Writes the packages of a state below ``inbox``."""

    def __init__(
        self,
        contracts: Contracts,
        state: State,
        contents: Contents,
        inbox: Path,
        shapes: Mapping[str, Shape],
    ) -> None:
        self._contracts = contracts
        self._state = state
        self._contents = contents
        self._inbox = inbox
        self._shapes = shapes
        self._profiles = {
            int(row["_c"]): row for row in state.colleges.iter_rows(named=True)
        }

    def pack(self, package: Package, fault: Fault | None) -> Packed:
        """Writes one package; ``fault`` is the one planted in it."""
        manner = write.Manner.of(self._profiles.get(package.college))
        feeds = self._contents.feeds(package)
        terms = window(self._state, package.college) if package.mode == "terms" else []
        if fault is not None:
            return self._spoilt(package, fault, feeds, manner)
        shape = self._shapes.get(package.institution_code)
        tables: list[write.Spoken] = []
        carried: frozenset[str] = frozenset()
        if shape is not None:
            text = {
                name: write.text_frame(
                    self._contracts.feeds[name], rows, package.timezone
                ).cast(pl.String)
                for name, rows in feeds.items()
            }
            tables, carried = in_dialects(shape, text)
        files = [
            write.file_of(self._contracts.feeds[name], rows, manner, package.timezone)
            for name, rows in feeds.items()
            if name not in carried
        ]
        control = None
        if package.mode != "delta" and package.college >= 0:
            control = write.control_totals(feeds["course_result"])
        disk = {file.name: file.data for file in files}
        write.put(
            self._folder(package),
            disk | {table.name: table.data for table in tables},
            write.manifest(package, files, manner, terms, control, tables),
        )
        return Packed(package, {name: rows.height for name, rows in feeds.items()})

    def _folder(self, package: Package) -> Path:
        return self._inbox / package.institution_code / package.folder

    def _spoilt(
        self,
        package: Package,
        fault: Fault,
        feeds: dict[str, pl.DataFrame],
        manner: write.Manner,
    ) -> Packed:
        draft = Draft(
            package,
            self._state.system,
            {
                name: write.text_frame(
                    self._contracts.feeds[name], rows, package.timezone
                ).cast(pl.String)
                for name, rows in feeds.items()
            },
            {
                name: (rows[SENT] <= package.base).arg_true().to_list()
                for name, rows in feeds.items()
            },
            manner.delimiter,
        )
        if fault.text:
            fault.text(draft)
        draft.rows = {name: frame.height for name, frame in draft.text.items()}
        draft.data = {
            name: write.delimited(frame, manner) for name, frame in draft.text.items()
        }
        if fault.data:
            fault.data(draft)
        files = [
            write.text_file(
                name, draft.rows[name], write.students(frame), draft.data[name], manner
            )
            for name, frame in draft.text.items()
        ]
        control = None
        if package.mode != "delta" and draft.control:
            control = write.control_totals(feeds["course_result"])
        draft.body = write.manifest(package, files, manner, [], control)
        draft.disk = {file.name: file.data for file in files}
        if fault.body:
            fault.body(draft)
        if fault.disk:
            fault.disk(draft)
        write.put(self._folder(package), draft.disk, draft.spoilt_body or draft.body)
        return Packed(package, draft.rows, draft.expected, draft.planted)
