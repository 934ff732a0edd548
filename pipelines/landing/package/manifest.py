"""The manifest of a package: its shape (F01) as a model.

Belongs here: reading ``manifest.json`` strictly. Does not belong here: what the
ledger knows about the package (``admission``), or the files it lists (``preflight``).
"""

import codecs
import json
import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pipelines.dialects.model import GENERIC

SPEC_VERSION = "1.0"
MAX_BYTES = 5_000_000

# More than any file has, and what the ledger's 64 bits hold.
_MOST = 1 << 50
# Packages describe today. A year of one or five digits has no local date.
_YEARS = range(1990, 2200)
_CONTROL_DEPTH = 4

_DIALECT = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_FILE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")
_PACKAGE_ID = re.compile(
    r"^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25})$"
)
_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}:\d{2})$")
_ENCODINGS = {"utf-8", "utf-8-sig", "ascii", "cp1252", "iso8859-1", "iso8859-15"} | {
    "utf-16",
    "utf-16-le",
    "utf-16-be",
}


class ManifestError(Exception):
    """The manifest is not one (F01).

    Attributes:
        problems: Where and what, one a field, without the values.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep every problem, so that a college can mend them at once."""
        super().__init__(f"{len(problems)} problems in the manifest")
        self.problems = problems


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _OFFSET.search(value):
        message = "must be an RFC 3339 instant with an offset"
        raise ValueError(message)
    instant = datetime.fromisoformat(value)
    if instant.year not in _YEARS:
        message = f"must lie in the years {_YEARS.start} to {_YEARS.stop - 1}"
        raise ValueError(message)
    return instant


def _totals(value: object, depth: int = 0) -> object:
    """Control totals: text keys that can be written, numbers that can be compared."""
    if isinstance(value, dict):
        if depth == _CONTROL_DEPTH:
            message = "must not be nested deeper than a total by term"
            raise ValueError(message)
        for name, inner in value.items():
            _writable(name)
            _totals(inner, depth + 1)
    elif isinstance(value, int | float) and not abs(value) < _MOST:
        message = "must have totals that are finite and plausible"
        raise ValueError(message)
    return value


def _writable(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        message = "must be named in Unicode characters"
        raise ValueError(message) from None


def _encoding(value: object) -> object:
    try:
        name = codecs.lookup(value).name if isinstance(value, str) else ""
    except LookupError:
        name = ""
    if name not in _ENCODINGS:
        message = "must be utf-8, utf-16, windows-1252, iso-8859-1 or iso-8859-15"
        raise ValueError(message)
    return name


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "must be an IANA time zone"
        raise ValueError(message) from None
    return value


Instant = Annotated[datetime, BeforeValidator(_instant)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class DeclaredFile(_Strict):
    """What a manifest says about one file.

    Attributes:
        feed: The feed, or in a file of a dialect the table or kind of document.
        rows: Its records; of XML and JSON its documents.
        dialect: The file's own, where it is not the package's.
    """

    feed: Annotated[str, Field(min_length=1, max_length=60)]
    name: Annotated[str, Field(pattern=_FILE_NAME)]
    rows: Annotated[int, Field(ge=0, lt=_MOST)]
    bytes: Annotated[int, Field(ge=0, lt=_MOST)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    encoding: Annotated[str, BeforeValidator(_encoding)] = "utf-8"
    delimiter: Annotated[str, Field(pattern=r"^[\x09\x20-\x7e]$")] = ","
    quote: Annotated[str, Field(pattern=r"^[\x21-\x7e]?$")] | None = '"'
    header: bool = True
    null_tokens: tuple[str, ...] = Field(default=(), strict=False)
    distinct_students: Annotated[int, Field(ge=0, lt=_MOST)] | None = None
    dialect: Annotated[str, Field(pattern=_DIALECT)] | None = None

    def given(self, name: str) -> bool:
        """Whether the manifest itself says so, and it is not the default."""
        return name in self.model_fields_set

    @property
    def is_parquet(self) -> bool:
        """Whether the name says Parquet; everything else is delimited text."""
        return self.name.lower().endswith(".parquet")

    @property
    def is_gzip(self) -> bool:
        """Whether the name says gzip."""
        return self.name.lower().endswith(".gz")


class DeclaredScope(_Strict):
    """The part of the college a snapshot speaks for."""

    kind: Literal["full", "terms"] = "full"
    terms: tuple[str, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _terms_when_windowed(self) -> "DeclaredScope":
        if (self.kind == "terms") != bool(self.terms):
            message = "terms are named exactly when kind is terms"
            raise ValueError(message)
        return self


class Manifest(_Strict):
    """``manifest.json`` as the feed specification 1.0 has it."""

    spec_version: Literal["1.0"]
    package_id: Annotated[str, Field(pattern=_PACKAGE_ID)]
    institution_code: Annotated[str, Field(min_length=1, max_length=40)]
    mode: Literal["snapshot", "delta"]
    scope: DeclaredScope = DeclaredScope()
    as_of: Instant
    timezone: Annotated[str, BeforeValidator(_zone)] | None = None
    previous_package_id: str | None = None
    dialect: Annotated[str, Field(pattern=_DIALECT)] = GENERIC
    files: Annotated[tuple[DeclaredFile, ...], Field(strict=False)]
    control: Annotated[dict[str, Any], BeforeValidator(_totals)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        problems = []
        if self.mode == "delta" and not self.previous_package_id:
            problems.append("a delta names its previous_package_id")
        if self.mode == "delta" and self.scope.kind != "full":
            problems.append("a delta has no window of terms")
        names = [file.name for file in self.files]
        feeds = [file.feed for file in self.files_of(GENERIC)]
        if len(set(names)) != len(names) or len(set(feeds)) != len(feeds):
            problems.append("a file or a feed is listed twice")
        if any(not file.header for file in self.files_of(GENERIC)):
            problems.append("a generic file has a header")
        if any(file.delimiter == file.quote for file in self.files):
            problems.append("a delimiter and a quote are the same character")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def dialect_of(self, file: DeclaredFile) -> str:
        """The dialect of one file: its own, else the package's."""
        return file.dialect or self.dialect

    def files_of(self, dialect: str) -> tuple[DeclaredFile, ...]:
        """The files of one dialect, in the manifest's order."""
        return tuple(f for f in self.files if self.dialect_of(f) == dialect)

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects of its files, each once, the generic one left out."""
        found = dict.fromkeys(self.dialect_of(file) for file in self.files)
        return tuple(name for name in found if name != GENERIC)

    @property
    def is_full_snapshot(self) -> bool:
        """Whether absence means removal everywhere (delivery rule 2)."""
        return self.mode == "snapshot" and self.scope.kind == "full"

    @property
    def as_of_us(self) -> int:
        """``as_of`` in microseconds since 1970-01-01 UTC, the order of packages."""
        return round(self.as_of.timestamp() * 1_000_000)

    def as_of_date(self, zone: str) -> date:
        """The date at the college at ``as_of``."""
        return self.as_of.astimezone(ZoneInfo(zone)).date()


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest strictly: no duplicate keys, no coercion, no NaN.

    Args:
        content: The bytes of ``manifest.json``.

    Raises:
        ManifestError: F01, with every problem found; it quotes no value.
    """
    if len(content) > MAX_BYTES:
        raise ManifestError([("", f"is larger than {MAX_BYTES} bytes")])
    try:
        document = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
        )
    except (UnicodeDecodeError, RecursionError):
        raise ManifestError([("", "is not UTF-8 JSON")]) from None
    except ValueError as error:
        # JSONDecodeError quotes no content; ours name a key or a constant.
        raise ManifestError([("", f"is not valid JSON: {error}")]) from None
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise ManifestError(
            [
                (".".join(str(part) for part in detail["loc"]), detail["msg"])
                for detail in error.errors(include_input=False, include_url=False)
            ]
        ) from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key appears twice in one object"
        raise ValueError(message)
    return found


def _refuse_constant(name: str) -> Any:
    message = f"{name} is not a JSON number"
    raise ValueError(message)
