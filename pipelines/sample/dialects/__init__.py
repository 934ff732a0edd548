"""Feeds as the files of a student system: the inverse of ``pipelines.dialects``.

Belongs here: one module a dialect, each with ``CARRIES`` (the feeds it writes) and
``tables(text, college)``, noise of real systems included. Does not belong here: which
rows a package holds (``sample.content``) and how a warehouse reads them.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class TableFile:
    """One file of a system, before it is written.

    Attributes:
        table: The table or kind of document, which the manifest names as ``feed``.
        name: The file's name.
        rows: Its records; of XML and JSON its documents.
        data: Its bytes as delivered.
        encoding: What the manifest says of it; None where the dialect says so.
    """

    table: str
    name: str
    rows: int
    data: bytes
    encoding: str | None = None


@dataclass(frozen=True)
class Writer:
    """How one dialect is written.

    Attributes:
        carries: The feeds it writes; others go as generic files beside it.
        tables: Feeds as strings and the sender's profile to files.
    """

    dialect: str
    carries: frozenset[str]
    tables: Callable[[Mapping[str, pl.DataFrame], Mapping[str, Any]], list[TableFile]]


def writer(dialect: str) -> Writer:
    """The writer of a dialect.

    Raises:
        KeyError: No dialect of that name is written here.
    """
    try:
        module = importlib.import_module(f"pipelines.sample.dialects.{dialect}")
    except ModuleNotFoundError:
        raise KeyError(dialect) from None
    return Writer(dialect, module.CARRIES, module.tables)
