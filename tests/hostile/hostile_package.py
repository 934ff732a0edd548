"""One hostile package: a good one of 120 students, and what a case does to it.

Belongs here: building the package, stating what the specification says must come of
it, the register of cases. Does not belong here: the cases (``corpus_*``), landing and
looking at what came of it (``hostile_world``).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from package_builder import Row, State, college_state, csv_bytes, entry

DAY = "2026-09-01"
STUDENTS = 120
VICTIM = "experience"

Build = Callable[["Package"], None]


@dataclass(frozen=True)
class Expected:
    """What must come of a case by the specification.

    Attributes:
        verdict: Of the package; ``waiting`` when there is nothing to take in yet.
        file: Verdict of the harmed file; empty when the package has no verdict.
        edits: Exactly the edits told of the harmed file and of the package.
        quarantined: Rows of the harmed file that are put aside.
        collapsed: Rows of it that another row stands for.
    """

    verdict: str
    file: str
    edits: frozenset[str]
    quarantined: int = 0
    collapsed: int = 0


def accepted(*edits: str, collapsed: int = 0) -> Expected:
    """All rows are in, perhaps with warnings."""
    return Expected("accepted", "accepted", frozenset(edits), 0, collapsed)


def aside(rows: int, *edits: str, file_is: str = "accepted") -> Expected:
    """So many rows are quarantined under these edits, and the rest is in."""
    return Expected("accepted_with_quarantine", file_is, frozenset(edits), rows)


def refused(*edits: str) -> Expected:
    """The file cannot be used, and its package waits for a resend."""
    return Expected("held", "rejected", frozenset(edits))


def held(*edits: str, file_is: str = "held") -> Expected:
    """The package waits for a human."""
    return Expected("held", file_is, frozenset(edits))


def rejected(*edits: str) -> Expected:
    """The package is not read at all."""
    return Expected("rejected", "rejected", frozenset(edits))


WAITING = Expected("waiting", "", frozenset())


FEEDS = ("term", "person", "person_identifier", "experience")


def full_state() -> State:
    """Every required feed, and an experience a student with text, dates and hours."""
    state = college_state(STUDENTS)
    state["experience"] = [
        experience(row["student_id"], index)
        for index, row in enumerate(state["person"])
    ]
    return state


def hostile_state() -> State:
    """The feeds that the colleges of the corpus have to send."""
    state = full_state()
    return {feed: state[feed] for feed in FEEDS}


def experience(student: str, index: int) -> Row:
    """A service project of twelve hours."""
    return {
        "student_id": student,
        "experience_id": f"E{index:05d}",
        "experience_type": "SVL",
        "title": f"Food bank {index}",
        "organization": f"Pantry {index % 7}",
        "start_date": "2026-02-01",
        "end_date": "2026-03-01",
        "hours": f"{12 + index % 9}.50",
        "verification": "FACULTY",
        "evidence_url": f"https://college.example/e/{index}",
        "record_updated_at": "2026-08-30T08:00:00-05:00",
    }


@dataclass(frozen=True)
class Table:
    """A file of a student system.

    Attributes:
        dialect: Whose.
        name: The file's.
        rows: Records, as the manifest tells.
        encoding: As the manifest tells; None where the dialect says so.
    """

    dialect: str
    name: str
    rows: int
    content: bytes
    encoding: str | None = None

    def entry(self, table: str) -> dict[str, Any]:
        """The manifest's words about it."""
        told = {"encoding": self.encoding} if self.encoding else {}
        return {
            "feed": table,
            "dialect": self.dialect,
            "name": self.name,
            "rows": self.rows,
            "bytes": len(self.content),
            "sha256": sha256(self.content).hexdigest(),
            **told,
        }


@dataclass
class Package:
    """A good package until a case changes it.

    Attributes:
        state: Rows a feed; ``experience`` has one a student.
        feed: The feed that the case harms, and whose counts are compared.
        content: Bytes that replace a feed's file.
        rows: Rows that the manifest gives where they differ from ``state``.
        said: What the manifest says of a feed's file besides the usual.
        mailbox: The folder it is put into; a college's own by default.
        folder: Where it is written; the name of the delivery too, unless it is
            ``delivered_as`` an archive.
        on_manifest: Changes the manifest before it is written.
        manifest: Bytes in place of the manifest; gets the good one as an object.
        on_folder: Changes the folder when everything is written.
        tables: Files of a student system, sent besides, by table.
        college: Fields of the college's profile that differ from the others'.
        signs: The college has agreed to sign its packages.
        built: What the harmed file held when the package was written.
    """

    state: State = field(default_factory=hostile_state)
    feed: str = VICTIM
    content: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    mailbox: str | None = None
    folder: str = DAY
    delivered_as: str = ""
    on_manifest: Callable[[dict[str, Any]], None] | None = None
    manifest: Callable[[dict[str, Any]], bytes] | None = None
    on_folder: Callable[[Path], None] | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    college: dict[str, Any] = field(default_factory=dict)
    signs: bool = False

    def bytes_of(self, feed: str | None = None) -> bytes:
        """The file of a feed as it stands."""
        name = feed or self.feed
        return self.content.get(name, csv_bytes(name, self.state[name]))

    def lines(self, feed: str | None = None) -> list[bytes]:
        """Its physical lines with their ends; LF alone ends one."""
        return self.bytes_of(feed).splitlines(keepends=True)

    def replace(self, content: bytes, *, rows: int | None = None, **said: Any) -> None:
        """Send these bytes as the harmed file; ``said`` goes into the manifest."""
        self.content[self.feed] = content
        if rows is not None:
            self.rows[self.feed] = rows
        self.said.setdefault(self.feed, {}).update(said)

    def replace_lines(
        self, lines: list[bytes], *, rows: int | None = None, **said: Any
    ) -> None:
        """Send these lines as the harmed file."""
        self.replace(b"".join(lines), rows=rows, **said)

    def edit(self, old: bytes, new: bytes, count: int = 1, **said: Any) -> None:
        """Replace bytes of the harmed file; they have to be there."""
        content = self.bytes_of()
        assert old in content
        self.replace(content.replace(old, new, count), **said)

    def harm(
        self, table: str, change: Callable[[bytes], bytes], *, more: int = 0
    ) -> None:
        """Change a table's bytes; the manifest tells of ``more`` rows than before."""
        good = self.tables[table]
        content = change(good.content)
        assert content != good.content
        self.tables[table] = replace(good, content=content, rows=good.rows + more)

    def set(self, column: str, value: str, row: int = 6) -> None:
        """Give one row of the harmed feed a value."""
        self.state[self.feed][row][column] = value

    def entry(self, feed: str | None = None) -> dict[str, Any]:
        """The manifest's words about a file."""
        name = feed or self.feed
        rows = self.rows.get(name, len(self.state[name]))
        said = self.said.get(name, {})
        usual = entry(name, f"{name}.csv", rows, self.bytes_of(name))
        return usual | said

    def document(self, code: str) -> dict[str, Any]:
        """The manifest before it is written."""
        return {
            "spec_version": "1.0",
            "package_id": _package_id(code),
            "institution_code": code,
            "mode": "snapshot",
            "scope": {"kind": "full"},
            "as_of": f"{DAY}T22:00:00-05:00",
            "files": [
                *(self.entry(feed) for feed in self.state),
                *(table.entry(name) for name, table in self.tables.items()),
            ],
        }

    def write(self, inbox: Path, code: str) -> None:
        """Deliver it; the manifest comes last."""
        folder = inbox / (self.mailbox or code) / self.folder
        folder.mkdir(parents=True)
        manifest = self.document(code)
        for said in manifest["files"]:
            path = folder / Path(str(said["name"])).name
            if not path.is_dir():
                table = self.tables.get(said["feed"])
                mine = self.bytes_of(said["feed"]) if table is None else table.content
                path.write_bytes(mine)
        if self.on_manifest is not None:
            self.on_manifest(manifest)
        content = json.dumps(manifest).encode()
        if self.manifest is not None:
            content = self.manifest(manifest)
        (folder / "manifest.json").write_bytes(content)
        if self.on_folder is not None:
            self.on_folder(folder)


def _package_id(code: str) -> str:
    return f"00000000-0000-4000-8000-{int.from_bytes(code.encode()[:6], 'big'):012x}"


@dataclass(frozen=True)
class Case:
    """One entry of the corpus.

    Attributes:
        name: What is wrong, in words; unique.
        group: The subject.
        expected: What must come of it.
        build: Does it to a good package.
        heavy: Measured in a process of its own also in the short run.
        as_root: Needs a privilege that a developer may lack.
        good: The package that is harmed.
    """

    name: str
    group: str
    expected: Expected
    build: Build
    heavy: bool = False
    as_root: bool = False
    good: Callable[[], Package] = Package

    def package(self) -> Package:
        """The package of the case, built anew."""
        package = self.good()
        self.build(package)
        return package


CORPUS: dict[str, Case] = {}


class Group:
    """Registers the cases of one subject."""

    def __init__(self, name: str) -> None:
        self.name = name

    def case(
        self,
        name: str,
        expected: Expected,
        *,
        heavy: bool = False,
        as_root: bool = False,
    ) -> Callable[[Build], Build]:
        """Register a function as a case."""

        def register(build: Build) -> Build:
            self.add(name, expected, build, heavy=heavy, as_root=as_root)
            return build

        return register

    def add(
        self,
        name: str,
        expected: Expected,
        build: Build,
        *,
        heavy: bool = False,
        as_root: bool = False,
        good: Callable[[], Package] = Package,
    ) -> None:
        """Register a case that a table of values makes."""
        assert name not in CORPUS, name
        CORPUS[name] = Case(name, self.name, expected, build, heavy, as_root, good)
