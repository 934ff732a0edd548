"""Reads ``data_contracts/`` into ``model`` objects, all mistakes reported at once.

Belongs here: the only code that opens a contract file. Does not belong here: any
knowledge of a particular feed or college.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)

from pipelines.contracts.delivery import read_delivery, shared_keys
from pipelines.contracts.model import (
    Agency,
    Cases,
    CodeList,
    College,
    Column,
    ColumnType,
    ContractError,
    Contracts,
    Edit,
    EditVersion,
    Feed,
    Kind,
    Relationship,
    System,
)
from pipelines.contracts.practices import practice_mistakes
from pipelines.contracts.requirements import requirement_mistakes
from pipelines.contracts.yaml_text import read_yaml
from pipelines.dialects.layouts import layout_mistakes
from pipelines.dialects.load import read_dialect
from pipelines.dialects.model import GENERIC, Dialect
from pipelines.settings import contracts_root

T = TypeVar("T")
_TYPE = re.compile(
    r"(?P<kind>str|date|ts|dec|int|code)"
    r"(?:\((?P<a>\d+)(?:,(?P<b>\d+))?\)|:(?P<list>\w+))?"
)
_EDIT_ID = re.compile(r"[A-Z]{3}-([FQW]\d{2}|[a-z_0-9]+-[A-Z]+)|[DFX]\d{2}")


def load_contracts(root: Path | None = None) -> Contracts:
    """Everything under ``root``, read once for a process.

    Args:
        root: The folder; by default the one that ``settings`` names.

    Raises:
        ContractError: One line for each mistake in any of the files.
    """
    return _load(root or contracts_root())


@lru_cache(maxsize=4)
def _load(root: Path) -> Contracts:
    problems: list[str] = []

    def each(folder: str, pattern: str, read: Callable[[Path], T]) -> list[T]:
        found = []
        for path in sorted((root / folder).glob(pattern)):
            try:
                found.append(read(path))
            except (ValueError, KeyError, TypeError, yaml.YAMLError) as error:
                reason = " ".join(str(error).split())
                problems.append(f"{path.relative_to(root)}: {reason}")
        return found

    codes = {item.name: item for item in each("codes", "*.csv", _code_list)}
    dialects = {
        item.name: item for item in each("dialects", "*/dialect.yaml", read_dialect)
    }
    colleges = {item.code: item for item in each("colleges", "*.yaml", _college)}
    systems = {item.code: item for item in each("systems", "*.yaml", _system)}
    agencies = {item.code: item for item in each("agencies", "*.yaml", _agency)}
    general = [
        edit
        for name in ("file.yaml", "cross.yaml")
        for edits in each("edits", name, _edits)
        for edit in edits
    ]
    templates = [t for ts in each("edits", "column.yaml", _templates) for t in ts]
    feeds = each("feeds", "*.odcs.yaml", lambda path: _feed(path, templates))
    feeds.sort(key=lambda feed: feed.order)
    edits = general + [edit for feed in feeds for edit in feed.edits]
    contracts = Contracts(
        feeds={feed.name: feed for feed in feeds},
        colleges=colleges,
        systems=systems,
        codes=codes,
        file_edits={edit.id: edit for edit in general},
        dialects=dialects,
        agencies=agencies,
        _edits={edit.id: edit for edit in edits},
    )
    problems += _contradictions(contracts, edits)
    if problems:
        raise ContractError("\n".join(problems))
    return contracts


def parse_type(text: str) -> ColumnType:
    """The type written as ``str(12)``, ``dec(7,3)``, ``code:sex``, ``date``.

    Raises:
        ValueError: ``text`` is not a type of the feed specification.
    """
    found = _TYPE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a type of the feed specification")
    kind = cast("Kind", found["kind"])
    first = int(found["a"]) if found["a"] else None
    second = int(found["b"]) if found["b"] else None
    complete = {
        "str": first is not None,
        "dec": second is not None,
        "code": found["list"] is not None,
    }
    if not complete.get(kind, first is None):
        raise ValueError(f"{text!r} lacks its length, precision or code list")
    return ColumnType(
        kind=kind,
        length=first if kind == "str" else None,
        precision=first if kind == "dec" else None,
        scale=second if kind == "dec" else None,
        code_list=found["list"],
    )


def custom(item: Any, name: str, default: Any = None) -> Any:
    """The value of a custom property of any ODCS element, else ``default``."""
    for entry in item.customProperties or ():
        if entry.property == name:
            return entry.value
    return default


def _feed(path: Path, templates: list[dict[str, Any]]) -> Feed:
    contract = OpenDataContractStandard(**_yaml(path))
    (table,) = contract.schema_ or [SchemaObject()]
    name = str(table.name)
    prefix = str(custom(contract, "prefix"))
    columns = tuple(_column(item) for item in table.properties or ())
    positions = {
        str(item.name): item.primaryKeyPosition or 0
        for item in table.properties or ()
        if item.primaryKey
    }
    judged = [column for column in columns if column.name != "_op"]
    edits = [
        edit
        for column in judged
        for edit in _column_edits(name, prefix, column, templates)
    ] + [_feed_edit(name, item) for item in table.quality or ()]
    return Feed(
        name=name,
        prefix=prefix,
        kind=custom(contract, "feedKind"),
        order=int(custom(contract, "order")),
        absence=custom(contract, "absence"),
        version=str(contract.version),
        description=str(table.description),
        key=tuple(sorted(positions, key=lambda key: positions[key])),
        columns=columns,
        edits=tuple(edits),
        relationships=tuple(_relationships(table)),
    )


def _column(item: SchemaProperty) -> Column:
    nullability = custom(item, "nullability", "N" if item.required else "Y")
    return Column(
        name=str(item.name),
        type=parse_type(str(item.physicalType)),
        nullability=nullability,
        description=str(item.description or ""),
        classification=cast("Any", item.classification),
        is_key=bool(item.primaryKey),
        source_name=item.physicalName or str(item.name),
        examples=tuple(str(example) for example in item.examples or ()),
    )


def _relationships(table: SchemaObject) -> Iterable[Relationship]:
    def names(reference: str | list[str] | None) -> list[str]:
        return [reference] if isinstance(reference, str) else list(reference or ())

    for item in table.relationships or ():
        parents = [name.split(".") for name in names(item.to)]
        yield Relationship(
            columns=tuple(name.split(".")[1] for name in names(item.from_)),
            parent=parents[0][0],
            parent_columns=tuple(parent[1] for parent in parents),
        )


def _column_edits(
    feed: str, prefix: str, column: Column, templates: list[dict[str, Any]]
) -> Iterable[Edit]:
    applies = {
        "REQUIRED": column.nullability == "N",
        "TYPE": column.type.kind in ("date", "ts", "dec", "int"),
        "LENGTH": column.type.kind == "str",
        "CODE": column.type.kind == "code",
    }
    for template in templates:
        if applies[template["suffix"]]:
            yield Edit(
                id=f"{prefix}-{column.name}-{template['suffix']}",
                feed=feed,
                scope="column",
                columns=(column.name,),
                condition=None,
                query=None,
                implements=(),
                **_common(template),
            )


def _feed_edit(feed: str, item: DataQuality) -> Edit:
    details = custom(item, "edit")
    return Edit(
        id=str(item.name),
        feed=feed,
        scope=details["scope"],
        columns=tuple(details["columns"]),
        condition=cast("str | None", item.implementation),
        query=item.query,
        implements=tuple(details["implements"]),
        **_common(
            {
                **details,
                "severity": item.severity,
                "title": str(item.description),
                "dimension": item.dimension,
            }
        ),
    )


def _edits(path: Path) -> list[Edit]:
    return [
        Edit(
            id=item["id"],
            feed=None,
            scope=item["scope"],
            columns=(),
            condition=None,
            query=None,
            implements=(),
            **_common(item),
        )
        for item in _yaml(path)["edits"]
    ]


def _templates(path: Path) -> list[dict[str, Any]]:
    return list(_yaml(path)["edits"])


def _common(item: dict[str, Any]) -> dict[str, Any]:
    ends = item.get("effectiveTo")
    return {
        "severity": item["severity"],
        "action": item["action"],
        "title": item["title"],
        "message": item["message"],
        "remedy": item["remedy"],
        "effective_from": date.fromisoformat(item["effectiveFrom"]),
        "effective_to": date.fromisoformat(ends) if ends else None,
        "version": int(item["version"]),
        "dimension": item.get("dimension") or "conformity",
        "history": tuple(
            EditVersion(
                int(entry["version"]),
                date.fromisoformat(entry["effectiveFrom"]),
                entry["change"],
            )
            for entry in item.get("history", ())
        ),
        "cases": Cases(**item["cases"]) if "cases" in item else None,
    }


def _code_list(path: Path) -> CodeList:
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    if header[0] != "code" or any(len(row) != len(header) for row in rows):
        raise ValueError("the first column must be code, and all rows equally long")
    return CodeList(
        name=path.stem,
        header=tuple(header),
        rows=tuple(tuple(value or None for value in row) for row in rows),
    )


def _college(path: Path) -> College:
    item = _yaml(path)
    if item["institution_code"] != path.stem:
        raise ValueError("institution_code must be the name of the file")
    return College(
        code=item.pop("institution_code"),
        valid_from=_day(item.pop("valid_from")),
        valid_to=_day(item.pop("valid_to")),
        required_feeds=tuple(item.pop("required_feeds")),
        notes=item.pop("notes", ""),
        also=tuple(item.pop("also", ())),
        delivery=read_delivery(item.pop("delivery", None)),
        **item,
    )


def _system(path: Path) -> System:
    item = _yaml(path)
    return System(
        required_feeds=tuple(item.pop("required_feeds")),
        delivery=read_delivery(item.pop("delivery", None)),
        **item,
    )


def _agency(path: Path) -> Agency:
    item = _yaml(path)
    if item["code"] != path.stem:
        raise ValueError("code must be the name of the file")
    return Agency(
        required_feeds=tuple(item.pop("required_feeds")),
        delivery=read_delivery(item.pop("delivery", None)),
        **item,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _yaml(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", read_yaml(path.read_text(encoding="utf-8")))


def _contradictions(contracts: Contracts, edits: list[Edit]) -> list[str]:
    found = [
        f"edit id {edit_id} is used {count} times"
        for edit_id, count in Counter(edit.id for edit in edits).items()
        if count > 1
    ]
    found += [
        f"{edit.id} is not an edit id" for edit in edits if not _is_edit_id(edit.id)
    ]
    prefixes = Counter(feed.prefix for feed in contracts.feeds.values())
    found += [f"prefix {name} is not unique" for name, n in prefixes.items() if n > 1]
    for edit in edits:
        found += [
            f"{edit.id} implements {general}, which is not defined"
            for general in edit.implements
            if general not in contracts.file_edits
        ]
        if edit.scope == "row" and edit.feed and not edit.condition:
            found.append(f"{edit.id} is a row edit without a condition")
        if edit.scope == "reference" and not edit.query:
            found.append(f"{edit.id} is a reference edit without a query")
    for feed in contracts.feeds.values():
        found += _feed_contradictions(contracts, feed)
    found += [
        f"{sender.code}: system {sender.system} is not defined"
        for sender in contracts.senders
        if sender.system not in contracts.systems
    ]
    for college in contracts.colleges.values():
        if college.successor_code and college.successor_code not in contracts.colleges:
            found.append(f"{college.code}: successor {college.successor_code} unknown")
    found += practice_mistakes(contracts.codes)
    found += requirement_mistakes(contracts.codes, contracts.systems)
    found += _layout_contradictions(contracts)
    senders = contracts.senders
    found += shared_keys((sender.code, sender.delivery) for sender in senders)
    for dialect in contracts.dialects.values():
        found += _dialect_contradictions(contracts, dialect)
    for sender in senders:
        found += [
            f"{sender.code}: dialect {name} is not declared"
            for name in (sender.dialect, *sender.also)
            if name != GENERIC and name not in contracts.dialects
        ]
        found += [
            f"{sender.code}: required feed {name} is not defined"
            for name in sender.required_feeds
            if name not in contracts.feeds
        ]
    return found


def _layout_contradictions(contracts: Contracts) -> list[str]:
    fixed = contracts.dialects.get("fixed")
    tables = {n: t.all_columns for n, t in fixed.tables.items()} if fixed else {}
    return [
        f"{college.code}: {mistake}"
        for college in contracts.colleges.values()
        for mistake in layout_mistakes(college.layouts, tables)
    ]


def _dialect_contradictions(contracts: Contracts, dialect: Dialect) -> list[str]:
    found = [
        f"dialect {dialect.name}: feed {name} is not defined"
        for name in dialect.feeds
        if name not in contracts.feeds
    ]
    rules = [rule for table in dialect.tables.values() for rule in table.set_aside]
    found += [
        f"dialect {dialect.name}: edit {rule.edit} is not defined"
        for rule in rules
        if rule.edit is not None and rule.edit not in contracts.file_edits
    ]
    for rule in dialect.feeds.values():
        feed = contracts.feeds.get(rule.feed)
        known = {column.name for column in feed.columns} if feed else set()
        found += [
            f"dialect {dialect.name}: {rule.feed} has no column {name}"
            for name in rule.columns
            if feed and name not in known
        ]
    return found


def _feed_contradictions(contracts: Contracts, feed: Feed) -> list[str]:
    names = {column.name for column in feed.columns}
    found = [] if feed.key else [f"{feed.name}: no primary key"]
    found += [
        f"{feed.name}.{column.name}: code list {column.type.code_list} is not in codes/"
        for column in feed.columns
        if column.type.code_list and column.type.code_list not in contracts.codes
    ]
    found += [
        f"{edit.id} names the column {column}, which {feed.name} lacks"
        for edit in feed.edits
        for column in edit.columns
        if column not in names
    ]
    found += [
        f"{edit.id} does not start with {feed.prefix}-"
        for edit in feed.edits
        if not edit.id.startswith(f"{feed.prefix}-")
    ]
    for relationship in feed.relationships:
        parent = contracts.feeds.get(relationship.parent)
        known = {column.name for column in parent.columns} if parent else set()
        if not set(relationship.columns) <= names or not (
            set(relationship.parent_columns) <= known
        ):
            found.append(f"{feed.name}: relationship to {relationship.parent} dangles")
    return found


def _is_edit_id(text: str) -> bool:
    return _EDIT_ID.fullmatch(text) is not None
