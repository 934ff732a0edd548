"""Drift: columns that are new, missing, renamed, or written another way than agreed.

Belongs here: which contract column an unknown one is likely to be, by name and by what
its values look like; columns most of whose values fail their type in one same way;
and ``x_`` columns, which pass through. Does not belong here: refusing a file for a
missing column (``read``), or judging single values (``judge``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
from rapidfuzz import fuzz, utils

from pipelines.contracts.model import Column, ColumnType, Feed
from pipelines.contracts.polars import fits, normalise
from pipelines.landing.judging.redact import MASK, masked
from pipelines.landing.limits import (
    EXTENSION_COLUMNS,
    FEW,
    RENAMED_NAME,
    RENAMED_NAME_BY_VALUE,
    RENAMED_VALUES,
    RETYPED_SAME,
    RETYPED_SHARE,
)
from pipelines.landing.package.notes import Note

_EXTENSION = re.compile(r"x_[a-z0-9_]{1,60}")
_BEGINS = "x_"
# Words of a name that say its values are a number of the government's or a birth date.
_PROTECTED = re.compile(
    r"(^|_)(ssn|itin|tin|sin|socsec|social_security|tax_id|taxpayer"
    r"|dob|birthdate|birthday|birth_date|date_of_birth)\d*(_|$)"
)
# With dashes anywhere in a text; nine digits alone, or with spaces as people write it.
_NUMBER = r"(^|\D)\d{3}-\d{2}-\d{4}(\D|$)|^\d{9}$|^\d{3} \d{2} \d{4}$"
_NAME_LENGTH = 60
# Ways of writing that an extract falls into, in the words of who made it.
_FORMS = {
    "MM/DD/YYYY": r"^\d{1,2}/\d{1,2}/\d{4}$",
    "MM/DD/YY": r"^\d{1,2}/\d{1,2}/\d{2}$",
    "DD-MON-YYYY": r"^\d{1,2}-[A-Za-z]{3}-\d{2,4}$",
    "YYYYMMDD": r"^(19|20)\d{6}$",
    "DD.MM.YYYY": r"^\d{1,2}\.\d{1,2}\.\d{4}$",
    "a date with a time": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?",
    "day numbers of a spreadsheet": r"^\d{5}(\.0+)?$",
    "numbers with a decimal comma": r"^[+-]?\d+,\d{1,4}$",
    "numbers with thousands separators": r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$",
    "numbers with an exponent (1.23E+08)": r"^[+-]?\d+([.,]\d+)?[eE][+-]?\d+$",
    "amounts of money": r"^\s*[$€£]",
    "percentages": r"%\s*$",
}
_EXPONENT = "numbers with an exponent (1.23E+08)"
_RETYPED = {"institution_code": pl.String, "column": pl.String, "value": pl.String}
EXTENSION_ROWS = {
    "institution_code": pl.String,
    "package_id": pl.String,
    "line": pl.Int64,
    "key_json": pl.String,
    "name": pl.String,
    "value": pl.String,
}


@dataclass(frozen=True)
class Header:
    """A file's header against its contract.

    Attributes:
        positions: Where each contract column stands, by ``source_name``.
        absent: Contract columns that the file lacks.
        unknown: Names that no contract column has, with their positions.
        extension: ``x_`` names, with their positions.
    """

    positions: dict[str, int]
    absent: list[Column]
    unknown: dict[str, int]
    extension: dict[str, int]


def compare_header(header: list[str], feed: Feed) -> Header:
    """Sort a file's columns by what the contract knows of them; case is ignored."""
    at = {name.lower(): position for position, name in enumerate(header)}
    known = {column.source_name.lower(): column.source_name for column in feed.columns}
    others = {name: position for name, position in at.items() if name not in known}
    passing = [name for name in others if _EXTENSION.fullmatch(name)]
    extension = {name: others[name] for name in passing[:EXTENSION_COLUMNS]}
    return Header(
        positions={known[name]: at[name] for name in at if name in known},
        absent=[c for c in feed.columns if c.source_name.lower() not in at],
        unknown={n: p for n, p in others.items() if n not in extension},
        extension=extension,
    )


def as_extension(name: str, kind: ColumnType) -> Column:
    """An ``x_`` column as if a contract had it; its values are never shown."""
    return Column(name, kind, "Y", "", "restricted", is_key=False, source_name=name)


def likely_matches(header: Header, feed: Feed, sample: pl.DataFrame) -> dict[str, str]:
    """Unknown columns that are likely renamed ones: their name to the contract's.

    Two names match when they are alike and nearly all values could be the missing
    column's; less alike ones when the values are of a telling kind, as dates are.

    Args:
        header: The file's columns.
        feed: The contract.
        sample: Some rows as text; columns are named by position.
    """
    scored = []
    for name, position in header.unknown.items():
        values = _values(sample, str(position))
        for column in header.absent:
            score = _likeness(name, column)
            share = _fitting(values, column, feed)
            if share < RENAMED_VALUES:
                continue
            telling = column.type.kind in ("date", "ts", "dec") and len(values) > 0
            if score >= (RENAMED_NAME_BY_VALUE if telling else RENAMED_NAME):
                scored.append((score, name, column.source_name))
    matches: dict[str, str] = {}
    for _, name, wanted in sorted(scored, reverse=True):
        if name not in matches and wanted not in matches.values():
            matches[name] = wanted
    return matches


def header_notes(
    header: Header, matches: Mapping[str, str], needed: Iterable[Column]
) -> tuple[list[Note], list[Note]]:
    """What is to be said about a header: what refuses the file, what only warns.

    Args:
        header: The file's columns.
        matches: ``likely_matches``.
        needed: Columns without which the file cannot be used.
    """
    if not header.positions:
        value = "the first line names no column of the feed: is the header missing?"
        return [Note("F07", "F", line=1, value=value)], []
    came_as = {wanted: name for name, wanted in matches.items()}
    must = {column.source_name for column in needed}
    refusals, warnings = [], []
    for column in header.absent:
        name = column.source_name
        value = "column is missing"
        if name in came_as:
            value += f"; {came_as[name][:_NAME_LENGTH]} looks like it"
        if name in must:
            refusals.append(Note("F07", "F", line=1, column=name, value=value))
        elif column.name not in {"_op", "record_updated_at"}:
            warnings.append(Note("F07", "W", line=1, column=name, value=value))
    for name in header.unknown:
        value = _why_unknown(name)
        if name in matches:
            value += f"; it looks like {matches[name]}"
        shown = name[:_NAME_LENGTH]
        warnings.append(Note("F07", "W", line=1, column=shown, value=value))
    return refusals, warnings


def _why_unknown(name: str) -> str:
    """Why a column is ignored; an ``x_`` one has reasons of its own."""
    if not name.startswith(_BEGINS):
        return "column is not in the contract"
    if _EXTENSION.fullmatch(name):
        return f"only the first {EXTENSION_COLUMNS} x_ columns of a file pass through"
    return (
        "an x_ column passes through when its name has letters, digits and "
        "underscores only, 60 at most after x_"
    )


def retyped(feed: Feed, raw: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Columns most of whose values fail their type in one same way (F23).

    Args:
        feed: The contract.
        raw: Rows as text, with ``_row`` and ``institution_code``.
        findings: ``_row`` and ``edit_id`` of what was found in them.

    Returns:
        institution_code, column and value, which tells the way and how many.
    """
    parts = [pl.DataFrame(schema=_RETYPED)]
    for edit in feed.edits_of("column"):
        if not edit.id.endswith("-TYPE"):
            continue
        failing = findings.filter(pl.col("edit_id") == edit.id).select("_row")
        if failing.height > FEW:
            column = feed.column(edit.columns[0])
            parts.append(_one_way(column, raw, failing))
    numbers = [c for c in feed.columns if c.is_key and c.type.kind == "str"]
    parts += [_exponents(column, raw) for column in numbers]
    return pl.concat(parts)


def extension_rows(
    feed: Feed, frame: pl.DataFrame, extension: pl.DataFrame
) -> pl.DataFrame:
    """What ``x_`` columns hold: a line for each value, with the row's key.

    Args:
        feed: The contract.
        frame: The file's rows as ``ReadFile.frame``.
        extension: Their ``x_`` columns, row for row.

    Returns:
        line, key_json (restricted parts masked), name and value: masked where the
        column's name or the value itself says that it is a number of the government's
        or a birth date. Nobody has agreed what these columns hold.
    """
    keys = normalise(feed, frame).select(masked(feed, name) for name in feed.key)
    named = extension.with_columns(
        line=frame["_line"], key_json=keys.to_struct("key").struct.json_encode()
    )
    return (
        named.unpivot(
            extension.columns, index=["line", "key_json"], variable_name="name"
        )
        .with_columns(pl.col("value").str.strip_chars())
        .filter(pl.col("value") != "")
        .with_columns(
            value=pl.when(
                pl.col("name").is_in(_protected(extension.columns))
                | pl.col("value").str.contains(_NUMBER)
            )
            .then(pl.lit(MASK))
            .otherwise("value")
        )
    )


def withheld(rows: pl.DataFrame) -> pl.DataFrame:
    """Of ``extension_rows`` how many values are masked: sender, column, count."""
    return (
        rows.filter(pl.col("value") == MASK)
        .group_by("institution_code", "name")
        .len()
        .sort("institution_code", "name")
    )


def _protected(names: Iterable[str]) -> list[str]:
    return [name for name in names if _PROTECTED.search(name.removeprefix(_BEGINS))]


def _values(sample: pl.DataFrame, name: str) -> pl.Series:
    if name not in sample.columns:
        return pl.Series([], dtype=pl.String)
    text = sample[name].str.strip_chars()
    return text.filter(text != "")


def _likeness(name: str, column: Column) -> float:
    """0 to 100: how alike two column names are, words in any order."""
    mine = utils.default_process(name.replace("_", " "))
    wanted = utils.default_process(column.source_name.replace("_", " "))
    together = fuzz.ratio(mine.replace(" ", ""), wanted.replace(" ", ""))
    return max(fuzz.token_sort_ratio(mine, wanted), together)


def _fitting(values: pl.Series, column: Column, feed: Feed) -> float:
    """The share of values that the column could hold; 1 where there are none."""
    if values.is_empty():
        return 1.0
    frame = normalise(feed, pl.DataFrame({column.source_name: values}))
    if column.type.kind in ("date", "ts", "dec", "int"):
        good = frame.select(fits(column).mean()).item()
    elif column.type.kind == "str":
        limit = column.type.length or 0
        good = frame.select(
            (pl.col(column.name).str.len_chars() <= limit).mean()
        ).item()
    else:
        # Codes repeat; names and numbers of persons do not.
        good = 1.0 if values.n_unique() <= max(FEW, len(values) // 4) else 0.0
    return float(good or 0.0)


def _one_way(column: Column, raw: pl.DataFrame, failing: pl.DataFrame) -> pl.DataFrame:
    """One line for each college whose values of this column fail in one same way."""
    text = pl.col(column.name)
    filled = raw.group_by("institution_code").agg(filled=text.count())
    forms = [text.str.contains(form).alias(name) for name, form in _FORMS.items()]
    bad = raw.join(failing, on="_row", how="semi").select("institution_code", *forms)
    counts = (
        bad.group_by("institution_code")
        .agg(pl.len().alias("failing"), *(pl.col(name).sum() for name in _FORMS))
        .join(filled, on="institution_code")
        .unpivot(
            list(_FORMS),
            index=["institution_code", "failing", "filled"],
            variable_name="form",
            value_name="same",
        )
    )
    return _told(column, counts)


def _exponents(column: Column, raw: pl.DataFrame) -> pl.DataFrame:
    """Keys that a spreadsheet has turned into numbers; as text they fail no type."""
    counts = raw.group_by("institution_code").agg(
        filled=pl.col(column.name).count(),
        same=pl.col(column.name).str.contains(_FORMS[_EXPONENT]).sum(),
    )
    told = counts.with_columns(failing="same", form=pl.lit(_EXPONENT))
    return _told(column, told)


def _told(column: Column, counts: pl.DataFrame) -> pl.DataFrame:
    most = counts.filter(
        pl.col("failing") > FEW,
        pl.col("failing") >= RETYPED_SHARE * pl.col("filled"),
        pl.col("same") >= RETYPED_SAME * pl.col("failing"),
    )
    first = most.sort("same", descending=True).unique(
        "institution_code", keep="first", maintain_order=True
    )
    agreed = "text" if column.type.kind == "str" else str(column.type)
    return first.sort("institution_code").select(
        "institution_code",
        column=pl.lit(column.source_name),
        value=pl.format(
            "{}: {} of {} values look like {}, {} is agreed",
            pl.lit(column.source_name),
            "same",
            "filled",
            "form",
            pl.lit(agreed),
        ),
    )
