"""Reads one folder of ``data_contracts/dialects/``.

Belongs here: the only code that knows how a dialect is written down. Does not belong
here: what it means (``translate``).
"""

from pathlib import Path
from typing import Any, cast, get_args

from pipelines.contracts.yaml_text import read_yaml
from pipelines.dialects.model import (
    Dialect,
    FeedRule,
    Format,
    Reading,
    SetAside,
    Table,
)

_MODES = {"snapshot", "delta"}


def read_dialect(path: Path) -> Dialect:
    """Read ``<dialect>/dialect.yaml`` and the SELECT of each of its feeds.

    Args:
        path: The YAML file.

    Raises:
        ValueError: It contradicts itself, or a feed has no SELECT; the message says
            where.
        KeyError: Something that has to be there is missing.
    """
    folder = path.parent
    item = cast("dict[str, Any]", read_yaml(path.read_text(encoding="utf-8")))
    if item["dialect"] != folder.name:
        raise ValueError("dialect must be the name of the folder")
    if item["format"] not in get_args(Format):
        raise ValueError(f"format {item['format']} is not known")
    # The structure of a document names the columns of the tables in it.
    for name, spec in (item.get("structure") or {}).get("tables", {}).items():
        item["tables"][name].setdefault("columns", list(spec["paths"]))
    feeds = {
        name: _feed(name, spec or {}, folder) for name, spec in item["feeds"].items()
    }
    shared = folder / "macros.sql"
    dialect = Dialect(
        name=item["dialect"],
        title=item["title"],
        source=item["source"],
        format=item["format"],
        reading=_reading(item.get("reading") or {}),
        modes=tuple(item.get("modes", ["snapshot"])),
        tables={n: _table(n, t or {}, feeds) for n, t in item["tables"].items()},
        feeds=feeds,
        settings=item.get("settings") or {},
        macros=shared.read_text(encoding="utf-8") if shared.exists() else "",
        structure=item.get("structure") or {},
    )
    problems = _contradictions(dialect, folder)
    if problems:
        raise ValueError("; ".join(problems))
    return dialect


def _reading(item: dict[str, Any]) -> Reading:
    item = dict(item)
    return Reading(
        null_tokens=tuple(item.pop("null_tokens", ())),
        sub_marks=tuple(item.pop("sub_marks", ())),
        **item,
    )


def _table(name: str, item: dict[str, Any], feeds: dict[str, FeedRule]) -> Table:
    item = dict(item)
    owner = item.pop("feed", None) or next(
        (rule.feed for rule in feeds.values() if name in rule.primary), None
    )
    if owner is None:
        raise ValueError(f"table {name}: feed has to say where its findings go")
    return Table(
        name=name,
        columns=tuple(item.pop("columns")),
        optional_columns=tuple(item.pop("optional_columns", ())),
        feed=owner,
        set_aside=tuple(SetAside(**rule) for rule in item.pop("set_aside", ())),
        restricted=tuple(item.pop("restricted", ())),
        texts=tuple(item.pop("texts", ())),
        **item,
    )


def _feed(name: str, item: dict[str, Any], folder: Path) -> FeedRule:
    item = dict(item)
    if not (folder / f"{name}.sql").exists():
        raise ValueError(f"feed {name}: {name}.sql is missing")
    return FeedRule(
        feed=name,
        primary=tuple(item.pop("primary")),
        sql=(folder / f"{name}.sql").read_text(encoding="utf-8"),
        **item,
    )


def _contradictions(dialect: Dialect, folder: Path) -> list[str]:
    found = [f"mode {m} is not known" for m in dialect.modes if m not in _MODES]
    for rule in dialect.feeds.values():
        found += [
            f"feed {rule.feed}: table {name} is not declared"
            for name in {*rule.primary, *rule.each}
            if name not in dialect.tables
        ]
    for table in dialect.tables.values():
        if table.feed not in dialect.feeds:
            found.append(f"table {table.name}: feed {table.feed} is not declared")
        if table.within is not None and table.within not in dialect.tables:
            found.append(f"table {table.name}: {table.within} is not declared")
        columns = table.all_columns
        if len(set(columns)) != len(columns):
            found.append(f"table {table.name}: a column is named twice")
        known_columns = {*table.columns, *table.optional_columns}
        found += [
            f"table {table.name}: there is no column {name}"
            for name in (*table.texts, *table.restricted)
            if name not in known_columns
        ]
        if table.enriches and (table.consulted or table.name in dialect.primaries):
            found.append(f"table {table.name}: rows are made of what only enriches")
    known = {*dialect.feeds, "macros"}
    found += [
        f"{path.name} belongs to no feed"
        for path in sorted(folder.glob("*.sql"))
        if path.stem not in known
    ]
    return found
