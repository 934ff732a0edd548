"""A college's feeds as fixed-width records, by the layout of its profile.

Belongs here: writing records, and a plain layout for a profile that has none yet. Does
not belong here: how records are cut (``pipelines.dialects.fixed``).
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Column, Contracts
from pipelines.dialects.layouts import Field, read_layout
from pipelines.sample.dialects import TableFile

CARRIES = frozenset(
    {
        "term",
        "grade_scheme",
        "program",
        "course",
        "section",
        "person",
        "person_identifier",
        "disclosure",
        "program_enrollment",
        "term_enrollment",
        "course_result",
        "credential_award",
    }
)
ENCODING = "windows-1252"
_TRAILER = "TRAILER"
_WIDE = 60


def plain_layouts(contracts: Contracts) -> dict[str, dict[str, Any]]:
    """A layout for each feed of ``CARRIES``, as a profile writes it under ``layouts``.

    Every column stands as wide as its type allows, one after the other; numbers have
    implied decimals and are all nines when unknown, dates are YYYYMMDD.
    """
    return {
        name: _plain([c for c in feed.columns if c.name != "_op"], contracts)
        for name, feed in contracts.feeds.items()
        if name in CARRIES
    }


def _plain(columns: list[Column], contracts: Contracts) -> dict[str, Any]:
    fields: list[dict[str, Any]] = []
    start = 1
    for column in columns:
        placed: dict[str, Any] = {"column": column.source_name, "start": start}
        kind = column.type.kind
        if kind == "date":
            placed |= {"width": 8, "date": "YYYYMMDD"}
        elif kind == "dec":
            width = column.type.precision or 0
            placed |= {"width": width, "decimals": column.type.scale, "null": "nines"}
        elif kind == "int":
            placed |= {"width": 6, "decimals": 0, "null": "nines"}
        elif kind == "code":
            codes = contracts.codes[str(column.type.code_list)].codes
            placed |= {"width": max(len(code) for code in codes)}
        else:
            # Free text is cut where it is longer, as old layouts do.
            placed |= {"width": 25 if kind == "ts" else column.type.length}
        fields.append(placed)
        start += placed["width"]
    length = max(start - 1, _WIDE)
    trailer = {"begins": _TRAILER, "count_start": 9, "count_width": 9}
    return {"length": length, "fields": fields, "trailer": trailer}


def tables(
    text: Mapping[str, pl.DataFrame], college: Mapping[str, Any]
) -> list[TableFile]:
    """One file a feed, Windows-1252, CRLF, a trailer with the count at the end.

    Args:
        text: Each feed of ``CARRIES`` as its generic file would show it.
        college: The sender's profile; its ``layouts``, or else ``plain_layouts``.
    """
    layouts = college.get("layouts") or plain_layouts(load_contracts())
    return [
        _file(name, text[name], layouts[name])
        for name in text
        if name in CARRIES and name in layouts
    ]


def _file(name: str, rows: pl.DataFrame, given: Mapping[str, Any]) -> TableFile:
    layout = read_layout(given)
    placed = sorted(
        (one for one in layout.fields if one.constant is None), key=lambda f: f.start
    )
    pieces: list[pl.Expr] = []
    behind = 1
    for one in placed:
        pieces += [pl.lit(" " * (one.start - behind)), _piece(one)]
        behind = one.stop
    pieces.append(pl.lit(" " * (layout.length - behind + 1)))
    records = rows.select(record=pl.concat_str(pieces))["record"].to_list()
    if layout.trailer:
        count = str(rows.height).zfill(layout.trailer.count_width)
        begins = layout.trailer.begins.ljust(layout.trailer.count_start - 1)
        records.append((begins + count).ljust(layout.length))
    data = "".join(f"{record}\r\n" for record in records).encode(ENCODING)
    return TableFile(name, f"{name.upper()}.DAT", rows.height, data)


def _piece(one: Field) -> pl.Expr:
    """A value as its field shows it: codes, digits without point, padding."""
    value = pl.col(one.column)
    if one.codes:
        value = value.replace({mine: theirs for theirs, mine in one.codes.items()})
    if one.date is not None:
        value = pl.coalesce(
            value.str.to_date("%Y-%m-%d", strict=False).dt.strftime(one.date), value
        )
    if one.decimals is not None:
        parts = value.str.split_exact(".", 1)
        fraction = parts.struct.field("field_1").fill_null("")
        digits = parts.struct.field("field_0") + fraction.str.pad_end(
            one.decimals, "0"
        ).str.head(one.decimals)
        value = digits.str.zfill(one.width)
    filler = {"nines": "9", "zeros": "0", "blank": " "}[one.null] * one.width
    return value.str.pad_end(one.width, " ").str.head(one.width).fill_null(filler)
