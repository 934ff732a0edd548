"""Judges the rows of one feed by its contract: which row broke which edit.

Belongs here: running column, row, reference and file edits, and naming rows. Does not
belong here: what follows from a finding (quarantine, hold), and edits on bytes, counts
and volumes, which have no row.

Nothing here raises with a value of a row in its message.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
from pandera.errors import SchemaErrors

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import CodeList, Column, Edit, Feed
from pipelines.contracts.pandera import ROW, Checked, column_schema, row_schema
from pipelines.landing.judging.redact import is_shown

FINDINGS = {
    "_row": pl.Int64(),
    "edit_id": pl.String(),
    "column": pl.String(),
    "value": pl.String(),
}
FILE_FINDINGS = {
    "institution_code": pl.String(),
    "edit_id": pl.String(),
    "value": pl.String(),
}
MASK = "(not shown)"
_RELATION = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_][a-z0-9_]*)", re.IGNORECASE)
_SHAPE_LENGTH = 24


class JudgeError(RuntimeError):
    """An edit could not be run. Its message names the edit and no data."""


@dataclass(frozen=True)
class Judgement:
    """What the edits found.

    Attributes:
        findings: One line for each row and edit it broke: ``_row``, ``edit_id``,
            ``column`` (the edit's columns joined by ``+``) and ``value`` (as sent,
            values of several columns joined by `` | ``; protected ones masked).
        file_findings: ``institution_code``, ``edit_id`` and ``value`` of file edits
            that are stated as a query on the file alone.
    """

    findings: pl.DataFrame
    file_findings: pl.DataFrame


def judge(
    feed: Feed,
    raw: pl.DataFrame,
    typed: pl.DataFrame,
    con: duckdb.DuckDBPyConnection,
    codes: dict[str, CodeList] | None = None,
) -> Judgement:
    """Runs every edit of ``feed`` over the rows of one wave.

    Args:
        feed: The contract.
        raw: Normalised strings, with ``_row`` (unique), ``institution_code``,
            ``system`` and ``as_of`` (Date).
        typed: The same rows in the same order, by ``contracts.polars.typed``.
        con: Has a view for every feed. Of the other feeds: what is in force after
            this wave (for those judged earlier). Of this feed: what is in force of
            earlier waves, less what these packages remove. Has the code lists.
        codes: The code lists; those of the contracts in this checkout by default.

    Raises:
        JudgeError: An edit is not valid for these frames.
    """
    lists = load_contracts().codes if codes is None else codes
    in_columns = _failures(column_schema(feed, lists), raw, feed, "column")
    judged = _without(feed, in_columns, typed)
    _offer(feed, judged, con)
    in_rows = pl.concat(
        [
            _failures(row_schema(feed), judged, feed, "row"),
            *(_query(edit, con, FINDINGS) for edit in feed.edits_of("reference")),
        ]
    )
    found = [in_columns, _not_explained(feed, in_rows, in_columns)]
    in_file = [
        _query(edit, con, FILE_FINDINGS)
        for edit in feed.edits_of("file")
        if edit.query and not _looks_at_package(edit)
    ]
    colleges = raw.select("institution_code", "as_of").unique()
    on_files = pl.concat([pl.DataFrame(schema=FILE_FINDINGS), *in_file])
    as_of = raw.select(pl.col(ROW).cast(pl.Int64), "as_of")
    findings = _in_effect(feed, pl.concat(found), as_of)
    return Judgement(
        findings=_with_values(feed, findings, raw),
        file_findings=_in_effect(feed, on_files, colleges),
    )


def judge_again(
    feed: Feed, typed: pl.DataFrame, con: duckdb.DuckDBPyConnection, parents: set[str]
) -> pl.DataFrame:
    """Runs the reference edits of ``feed`` that look at other feeds, over old rows.

    Args:
        feed: The contract.
        typed: Rows in force, with ``_row``, ``institution_code``, ``system`` and
            ``as_of`` (Date) of the package that has changed their parents.
        con: As for ``judge``; the view of this feed has these rows too, so that what
            is closed stays good for them.
        parents: The feeds that have changed; edits that look at none of them, or
            that only warn, are left out.

    Returns:
        The findings, as in ``Judgement``.
    """
    _offer(feed, typed, con)
    edits = [
        edit
        for edit in feed.edits_of("reference")
        if edit.severity == "Q" and parents & looks_at(feed, edit)
    ]
    empty = pl.DataFrame(schema=FINDINGS)
    found = pl.concat([empty, *(_query(edit, con, FINDINGS) for edit in edits)])
    found = _in_effect(feed, found, typed.select(pl.col(ROW).cast(pl.Int64), "as_of"))
    texts = typed.with_columns(pl.col(c.name).cast(pl.String) for c in feed.columns)
    return _with_values(feed, found, texts)


def looks_at(feed: Feed, edit: Edit) -> set[str]:
    """The relations that an edit's query reads besides the feed's own rows."""
    read = set(_RELATION.findall(edit.query or ""))
    return read - {feed.name, "this", "whole"}


def parent_edits(feed: Feed, feeds: Collection[str]) -> dict[str, set[str]]:
    """The edits that a row can pass later as it is, and the feeds that decide on it.

    A row that only lacked a parent is good once it comes (clarification 9), and so is
    one that a parent's content made bad once that is mended.

    Args:
        feed: The child.
        feeds: The names of all feeds.
    """
    found = {}
    for edit in feed.edits_of("reference"):
        names = looks_at(feed, edit).intersection(feeds)
        # A merge may wait for another merge.
        if "F16" in edit.implements and feed.name in _RELATION.findall(
            edit.query or ""
        ):
            names.add(feed.name)
        if edit.severity == "Q" and names:
            found[edit.id] = names
    return found


def judge_packages(feed: Feed, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Runs the file edits of ``feed`` that look at the other files of a package.

    Args:
        feed: The contract.
        con: Has, besides the views of ``judge``, ``package_<feed>`` for every feed:
            the typed rows of this wave's packages, none where a package lacks it.
            Whether an edit is in effect for a college is left to the caller, who
            knows the ``as_of`` of the package.

    Returns:
        ``institution_code``, ``edit_id``, ``value`` of the colleges in violation.
    """
    edits = [e for e in feed.edits_of("file") if e.query and _looks_at_package(e)]
    return pl.concat(
        [
            pl.DataFrame(schema=FILE_FINDINGS),
            *(_query(e, con, FILE_FINDINGS) for e in edits),
        ]
    )


def _looks_at_package(edit: Edit) -> bool:
    return "package_" in (edit.query or "")


def _failures(
    checked: Checked, frame: pl.DataFrame, feed: Feed, what: str
) -> pl.DataFrame:
    """``_row``, ``edit_id`` of every failing check; other columns stay null."""
    broken = checked.broken_by(frame)
    if broken is None:
        return pl.DataFrame(schema=FINDINGS)
    try:
        broken.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return pl.DataFrame(schema=FINDINGS)
    # Anything but a failed check (a missing column, a wrong type) is a mistake of the
    # caller, and pandera reports it among the failure cases.
    if (
        cases["index"].is_null().any()
        or not cases["check"].is_in([edit.id for edit in feed.edits]).all()
    ):
        raise JudgeError(f"the {what} edits of {feed.name} do not fit the frame")
    rows = frame.select(pl.col(ROW).cast(pl.Int64))
    at = cases["index"].cast(pl.UInt32)
    return pl.DataFrame(
        {"_row": rows[ROW].gather(at), "edit_id": cases["check"]}
    ).select(
        "_row",
        "edit_id",
        pl.lit(None, pl.String).alias("column"),
        pl.lit(None, pl.String).alias("value"),
    )


def _without(feed: Feed, in_columns: pl.DataFrame, typed: pl.DataFrame) -> pl.DataFrame:
    """``typed`` with null in every cell that failed a column edit."""
    failed: dict[str, list[pl.Series]] = {}
    for (edit_id,), part in in_columns.group_by("edit_id"):
        edit = next(edit for edit in feed.edits if edit.id == edit_id)
        failed.setdefault(edit.columns[0], []).append(part[ROW])
    return typed.with_columns(
        pl.when(pl.col(ROW).cast(pl.Int64).is_in(pl.concat(rows).implode()).not_())
        .then(pl.col(name))
        .alias(name)
        for name, rows in failed.items()
    )


def _not_explained(
    feed: Feed, in_rows: pl.DataFrame, in_columns: pl.DataFrame
) -> pl.DataFrame:
    """Leaves out findings about a value that a column edit has already refused."""
    columns = pl.DataFrame(
        [(edit.id, column) for edit in feed.edits for column in edit.columns],
        schema={"edit_id": pl.String, "about": pl.String},
        orient="row",
    )
    refused = in_columns.join(columns, on="edit_id").select(ROW, "about")
    explained = in_rows.join(columns, on="edit_id").join(
        refused, on=[ROW, "about"], how="semi"
    )
    return in_rows.join(explained, on=[ROW, "edit_id"], how="anti")


def _offer(feed: Feed, typed: pl.DataFrame, con: duckdb.DuckDBPyConnection) -> None:
    """Makes the views ``this`` and ``whole`` for the queries of ``feed``.

    ``this`` has ``_in_force``: whether the key of the row is in force already, because
    what is closed stays good for rows that used it before; and ``_token``: an identity
    number as it is kept, to be compared with those in force. ``whole`` is ``this``
    plus what stays in force beside it.
    """
    if "_token" not in typed.columns:
        own = feed.name == "person_identifier"
        token = pl.col("id_value") if own else pl.lit(None, pl.String)
        typed = typed.with_columns(token.alias("_token"))
    con.register("this_rows", typed)
    key = ("institution_code", *feed.key)
    same = " AND ".join(f"before.{k} IS NOT DISTINCT FROM sent.{k}" for k in key)
    parents = {relationship.parent for relationship in feed.relationships}
    known = "FALSE"
    if any(_has_rows(con, f"{name} WHERE is_closed") for name in sorted(parents)):
        known = f"EXISTS (SELECT 1 FROM {feed.name} AS before WHERE {same})"
    con.execute(
        "CREATE OR REPLACE TEMP VIEW this AS "
        f"SELECT sent.*, {known} AS _in_force FROM this_rows AS sent"
    )
    names = ["institution_code", *(c.name for c in feed.data_columns)]
    sent = ", ".join(f"sent.{name}" for name in names)
    before = ", ".join(f"before.{name}" for name in names)
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW whole AS SELECT {sent} FROM this_rows AS sent "
        f"UNION ALL SELECT {before} FROM {feed.name} AS before "
        f"WHERE NOT EXISTS (SELECT 1 FROM this_rows AS sent WHERE {same})"
    )


def _has_rows(con: duckdb.DuckDBPyConnection, source: str) -> bool:
    return con.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone() is not None


def _query(
    edit: Edit, con: duckdb.DuckDBPyConnection, schema: dict[str, Any]
) -> pl.DataFrame:
    by = next(iter(schema))
    try:
        found = con.sql(
            f"SELECT {by}, MIN(CAST(value AS VARCHAR)) AS value "
            f"FROM ({edit.query}) GROUP BY {by}"
        ).pl()
    except duckdb.Error as error:
        # DuckDB quotes the offending value in conversion errors.
        raise JudgeError(f"edit {edit.id}: {type(error).__name__}") from None
    return found.select(
        pl.col(by).cast(schema[by]),
        pl.lit(edit.id).alias("edit_id"),
        *([pl.lit(None, pl.String).alias("column")] if "column" in schema else []),
        pl.col("value").cast(pl.String),
    )


def _in_effect(feed: Feed, found: pl.DataFrame, as_of: pl.DataFrame) -> pl.DataFrame:
    """Leaves out findings on data as of a day when their edit is not in effect.

    ``as_of`` has the first column of ``found`` and the day.
    """
    if found.is_empty():
        return found
    dates = pl.DataFrame(
        {
            "edit_id": [edit.id for edit in feed.edits],
            "first": [edit.effective_from for edit in feed.edits],
            "last": [edit.effective_to for edit in feed.edits],
        },
        schema_overrides={"first": pl.Date, "last": pl.Date},
    )
    return (
        found.join(as_of, on=found.columns[0], how="left")
        .join(dates, on="edit_id", how="left")
        .filter(
            (pl.col("as_of") >= pl.col("first"))
            & (pl.col("last").is_null() | (pl.col("as_of") <= pl.col("last")))
        )
        .select(found.columns)
    )


def _with_values(feed: Feed, findings: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """Fills ``column`` and ``value``; a query's own value wins over the row's."""
    if findings.is_empty():
        return findings
    hit = raw.with_columns(pl.col(ROW).cast(pl.Int64)).join(
        findings.select(ROW).unique(), on=ROW, how="semi"
    )
    parts = []
    for (edit_id,), part in findings.group_by("edit_id"):
        edit = next(e for e in feed.edits if e.id == edit_id)
        parts.append(_with_value(feed, edit, part, hit))
    return pl.concat(parts).sort("_row", "edit_id")


def _with_value(
    feed: Feed, edit: Edit, part: pl.DataFrame, hit: pl.DataFrame
) -> pl.DataFrame:
    columns = list(edit.columns)
    if not columns:
        value = part
    else:
        parts = [_shown(feed.column(name), edit) for name in columns]
        text = pl.concat_str(parts, separator=" | ", ignore_nulls=True)
        sent = hit.select(ROW, text.replace("", None).alias("sent"))
        # A query's own value is made of all its columns.
        told = pl.col("value")
        if not all(is_shown(feed.column(name)) for name in columns):
            told = pl.when(told.is_not_null()).then(pl.lit(MASK))
        value = part.join(sent, on=ROW, how="left").with_columns(
            pl.coalesce(told, "sent").alias("value")
        )
    return value.select(
        "_row",
        "edit_id",
        pl.lit("+".join(columns)).alias("column"),
        "value",
    )


def _shown(column: Column, edit: Edit) -> pl.Expr:
    """A value as a return file may show it: of a protected one at most its shape.

    The shape of what should be a date or a number says how to mend the extract.
    """
    sent = pl.col(column.name)
    if is_shown(column):
        return sent
    if not edit.id.endswith("-TYPE"):
        return pl.when(sent.is_not_null()).then(pl.lit(MASK))
    shape = sent.str.replace_all(r"\d", "9").str.replace_all(r"\p{L}+", "a")
    shape = shape.str.slice(0, _SHAPE_LENGTH)
    # "written like a" told nobody that somebody had typed "soon".
    return (
        pl.when(sent.str.contains(r"\d"))
        .then(pl.concat_str(pl.lit(f"{MASK}, written like "), shape))
        .when(sent.is_not_null())
        .then(pl.lit(f"{MASK}, without a digit"))
    )
