"""Contracts as frozen objects: feeds, columns, edits, code lists, senders.

Belongs here: shapes and the questions one object can answer about itself. Does not
belong here: where the objects come from (``load``) and what is made of them (the
projection modules).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pipelines.contracts.delivery import INBOX, DeliveryProfile
from pipelines.dialects.model import Dialect
from pipelines.errors import OperatorError

Kind = Literal["str", "date", "ts", "dec", "int", "code"]
Nullability = Literal["N", "Y", "C"]
Classification = Literal["public", "internal", "personal", "restricted"]
Severity = Literal["F", "Q", "W"]
Scope = Literal["package", "file", "column", "row", "reference"]
Action = Literal[
    "reject_package",
    "reject_file",
    "hold",
    "stop_publication",
    "quarantine",
    "warn",
    "collapse",
    "repeat",
]
Absence = Literal["remove", "close", "keep"]
FeedKind = Literal["reference", "learner", "system", "agency"]
"""Colleges send the first two, system offices and agencies a kind of their own."""
Category = Literal["conformance", "completeness", "plausibility"]
# ODCS has seven dimensions; Kahn et al. have three categories of checks.
_CATEGORY: dict[str, Category] = {
    "conformity": "conformance",
    "consistency": "conformance",
    "completeness": "completeness",
    "coverage": "completeness",
    "accuracy": "plausibility",
    "timeliness": "plausibility",
    "uniqueness": "plausibility",
}


class ContractError(OperatorError):
    """The contracts under ``data_contracts/`` contradict themselves or the standard."""


@dataclass(frozen=True)
class ColumnType:
    """A type of the feed specification: ``str(12)``, ``dec(7,3)``, ``code:sex``."""

    kind: Kind
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    code_list: str | None = None

    def __str__(self) -> str:
        """The type as the specification writes it."""
        if self.kind == "str":
            return f"str({self.length})"
        if self.kind == "dec":
            return f"dec({self.precision},{self.scale})"
        if self.kind == "code":
            return f"code:{self.code_list}"
        return self.kind


@dataclass(frozen=True)
class Column:
    """A column of a feed.

    Attributes:
        name: The name everywhere in the warehouse.
        source_name: The name in a college's file. It differs from ``name`` only where
            the file's name already means something else here: ``equivalency`` calls
            a member's college ``institution_code``, which is the sender's everywhere.
        nullability: N never null, Y may be null, C null under a condition that a row
            edit states.
    """

    name: str
    type: ColumnType
    nullability: Nullability
    description: str
    classification: Classification
    is_key: bool
    source_name: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditVersion:
    """An earlier version of an edit, and what the next one changed."""

    version: int
    effective_from: date
    change: str


@dataclass(frozen=True)
class Cases:
    """What breaks an edit and what does not: columns with values, or a sentence."""

    fails: Mapping[str, str] | str
    passes: Mapping[str, str] | str


@dataclass(frozen=True)
class Edit:
    """One numbered check; its id never changes its meaning and is never reused.

    Attributes:
        feed: The feed, or None for an edit of packages and files in general.
        message: ``str.format`` template; the fields are ``value``, ``column``,
            ``feed``, ``line``, ``limit``, ``count`` and ``institution_code``.
        condition: SQL that holds on a good row (scope row); NULL passes.
        query: DuckDB SQL. Scope reference: selects ``_row`` and ``value`` of the
            violating rows of ``this``. Scope file: selects ``institution_code`` and
            ``value`` of violating colleges.
        implements: General edits (F.., X..) this one carries out for its feed.
        dimension: The ODCS quality dimension.
        history: Versions before the one in force, oldest first.
        cases: What fails and what passes, for people; None where the type says it.
    """

    id: str
    feed: str | None
    severity: Severity
    action: Action
    scope: Scope
    title: str
    message: str
    remedy: str
    effective_from: date
    effective_to: date | None
    version: int
    columns: tuple[str, ...]
    condition: str | None
    query: str | None
    implements: tuple[str, ...]
    dimension: str = "conformity"
    history: tuple[EditVersion, ...] = ()
    cases: Cases | None = None

    @property
    def category(self) -> Category:
        """The kind of check after Kahn et al. 2016, from its ODCS dimension."""
        return _CATEGORY[self.dimension]

    def in_effect_on(self, day: date) -> bool:
        """Whether the edit applies to data as of that day."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )


@dataclass(frozen=True)
class Relationship:
    """A foreign key: ``columns`` of one feed name ``parent_columns`` of another.

    The sender's institution code is part of every relationship and is not repeated.
    """

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """One file of a package: its columns, its key and its edits."""

    name: str
    prefix: str
    kind: FeedKind
    order: int
    absence: Absence
    version: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    edits: tuple[Edit, ...]
    relationships: tuple[Relationship, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        """The column of that warehouse name.

        Raises:
            KeyError: The feed has no such column.
        """
        return self._by_name[name]

    @property
    def data_columns(self) -> tuple[Column, ...]:
        """The columns that tables keep: all but ``_op``, which only files carry."""
        return tuple(column for column in self.columns if column.name != "_op")

    @property
    def is_of_colleges(self) -> bool:
        """Whether it is one of the files of a college's package."""
        return self.kind in ("reference", "learner")

    @property
    def has_term(self) -> bool:
        """Whether a windowed snapshot removes rows of this feed (clarification 3)."""
        return "term_code" in self._by_name

    def edits_of(self, *scopes: Scope) -> tuple[Edit, ...]:
        """The edits of these scopes, in the order of the contract."""
        return tuple(edit for edit in self.edits if edit.scope in scopes)


@dataclass(frozen=True)
class Code:
    """One value of a code list; the dates are inclusive and may be open."""

    code: str
    label: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class CodeList:
    """A code list, or a small table of reference values.

    Attributes:
        header: The columns of the file, ``code`` first.
        rows: The file as text, one tuple a line; empty values are None.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]

    @cached_property
    def values(self) -> dict[str, Code]:
        """Code to meaning. A list whose codes repeat (skills) keeps the last."""
        at = {name: index for index, name in enumerate(self.header)}

        def day(row: tuple[str | None, ...], name: str) -> date | None:
            text = row[at[name]] if name in at else None
            return date.fromisoformat(text) if text else None

        found = {}
        for row in self.rows:
            code = row[0] or ""
            label = (row[at["label"]] if "label" in at else None) or code
            found[code] = Code(
                code, label, day(row, "valid_from"), day(row, "valid_to")
            )
        return found

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in the order of the file."""
        return tuple(self.values)


@dataclass(frozen=True)
class College:
    """A college that sends, or sent, packages. Closed ones stay: they issued awards.

    Attributes:
        dialect: The dialect of its packages; generic files are always welcome.
        also: Other dialects agreed for single files.
        dialect_settings: Of a dialect, the settings that are the college's own.
        layouts: Of fixed-width files, the position tables.
    """

    code: str
    system: str
    group: str
    name: str
    unitid: str | None
    opeid8: str | None
    opeid6: str | None
    city: str | None
    state: str
    term_system: str | None
    credit_unit: str | None
    timezone: str
    status: str
    valid_from: date | None
    valid_to: date | None
    successor_code: str | None
    dialect: str
    cut_off: str
    required_feeds: tuple[str, ...]
    delivery_folder: str
    notes: str = ""
    also: tuple[str, ...] = ()
    dialect_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    layouts: dict[str, Any] = field(default_factory=dict)
    delivery: DeliveryProfile = INBOX

    @property
    def sender(self) -> str:
        """The ``institution_code`` of its packages."""
        return self.code

    def open_on(self, day: date) -> bool:
        """Whether the college may send data as of ``day`` (edit F03).

        A closed college whose last day is not known is closed on every day.
        """
        if self.valid_from is not None and day < self.valid_from:
            return False
        if self.valid_to is not None:
            return day <= self.valid_to
        return self.status != "closed_merged"


@dataclass(frozen=True)
class System:
    """A system office: issuer of its colleges' records, sender of ``equivalency``."""

    code: str
    name: str
    did: str
    url: str
    timezone: str
    cut_off: str = "06:00"
    required_feeds: tuple[str, ...] = ("equivalency",)
    delivery_folder: str = ""
    dialect: str = "generic"
    delivery: DeliveryProfile = INBOX
    also: tuple[str, ...] = ()

    @property
    def sender(self) -> str:
        """The ``institution_code`` of its packages, for example ``SYSTEM:ACCS``."""
        return f"SYSTEM:{self.code}"

    @property
    def system(self) -> str:
        """Its own code, so that senders of both kinds answer ``.system``."""
        return self.code

    def open_on(self, day: date) -> bool:
        """A system office is always open."""
        del day
        return True


@dataclass(frozen=True)
class Agency:
    """A state agency that is no college and knows no student ids: wage records.

    Attributes:
        system: The system whose learners its rows are about.
        state: Two letters; whose unemployment insurance it keeps.
    """

    code: str
    system: str
    name: str
    state: str
    timezone: str
    delivery_folder: str
    required_feeds: tuple[str, ...]
    cut_off: str = "06:00"
    dialect: str = "generic"
    delivery: DeliveryProfile = INBOX
    also: tuple[str, ...] = ()

    @property
    def sender(self) -> str:
        """The ``institution_code`` of its packages, for example ``AGENCY:AL_UI``."""
        return f"AGENCY:{self.code}"

    def open_on(self, day: date) -> bool:
        """An agency is always open."""
        del day
        return True


Sender = College | System | Agency
NightlySender = College | System
"""Who is expected every night; an agency sends once a quarter."""


def kinds_of(sender: Sender) -> tuple[FeedKind, ...]:
    """The kinds of feeds that a sender of its sort may send."""
    if isinstance(sender, System):
        return ("system",)
    return ("agency",) if isinstance(sender, Agency) else ("reference", "learner")


@dataclass(frozen=True)
class Contracts:
    """Everything agreed. ``feeds`` is in the order of judging, parents first."""

    feeds: dict[str, Feed]
    colleges: dict[str, College]
    systems: dict[str, System]
    codes: dict[str, CodeList]
    file_edits: dict[str, Edit]
    dialects: dict[str, Dialect] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    _edits: dict[str, Edit] = field(default_factory=dict, repr=False)

    def all_edits(self) -> tuple[Edit, ...]:
        """Every edit: files and packages first, then feed by feed."""
        return tuple(self._edits.values())

    def edit(self, edit_id: str) -> Edit:
        """The edit of that id.

        Raises:
            KeyError: No edit has that id.
        """
        return self._edits[edit_id]

    @property
    def nightly_senders(self) -> list[NightlySender]:
        """Colleges and system offices: who is expected every night."""
        return [*self.colleges.values(), *self.systems.values()]

    @property
    def senders(self) -> list[Sender]:
        """Everybody who may send a package."""
        return [*self.nightly_senders, *self.agencies.values()]

    def sender(self, code: str) -> Sender | None:
        """The college, system office or agency that sends as ``code``, if any."""
        if code in self.colleges:
            return self.colleges[code]
        offices: list[Sender] = [*self.systems.values(), *self.agencies.values()]
        return next((one for one in offices if one.sender == code), None)
