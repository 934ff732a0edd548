"""Rows quarantined for what they refer to, looked at again (clarification 9).

Belongs here: finding them and reading them again from the stored file. Does not
belong here: whether the parent has come, which the judge says.

Quarantine keeps restricted values masked, so a row is read again from the object that
holds the file as sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.contracts.polars import typed as as_typed
from pipelines.landing.judging.duplicates import key_columns
from pipelines.landing.judging.judge import parent_edits
from pipelines.landing.judging.redact import tokenise
from pipelines.landing.judging.rejudge import Changes
from pipelines.landing.kept.ledger import Applied, History
from pipelines.landing.kept.state import newest_in_log
from pipelines.landing.kept.store import object_path, read_quarantine
from pipelines.landing.package.manifest import parse_manifest
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.reading.files import read_again
from pipelines.landing.reading.gather import gather
from pipelines.landing.reading.read import ReadFile
from pipelines.settings import Home


@dataclass(frozen=True)
class Orphans:
    """Rows of earlier nights that only lacked a parent.

    Attributes:
        raw: As the judge needs them.
        typed: The same rows, with ``_origin_sha256``.
    """

    raw: pl.DataFrame
    typed: pl.DataFrame


def find_orphans(
    home: Home,
    contracts: Contracts,
    feed: Feed,
    live: Mapping[str, Parcel],
    history: History,
    present: pl.DataFrame | None,
    key: bytes,
    con: duckdb.DuckDBPyConnection,
    changes: Changes,
) -> Orphans | None:
    """Rows that may be released if their parents are there now.

    Args:
        home: The warehouse.
        contracts: Feeds, dialects and senders.
        feed: The child feed.
        live: The packages of the wave, by sender; only their senders' rows are read.
        history: The ledger so far.
        present: Tonight's rows of the feed as kept, which speak louder; or None.
        key: The pepper: identity numbers are compared as tokens.
        con: A connection on which ``register_applied`` was called.
        changes: What the wave has changed so far: where no parent has changed, no
            row that lacked one can have become good.

    Returns:
        The rows, or None when there are none.
    """
    parents = parent_edits(feed, changes.feeds)
    senders = changes.senders({name for names in parents.values() for name in names})
    if not senders:
        return None
    waiting = _waiting(home, feed, live, history).filter(
        pl.col("institution_code").is_in(sorted(senders)),
        pl.col("edit_ids").list.eval(pl.element().is_in(list(parents))).list.all(),
    )
    if waiting.is_empty():
        return None
    parts = [
        (live[code], read)
        for (code, package_id), lines in waiting.group_by(
            ["institution_code", "sent_package_id"], maintain_order=True
        )
        for read in [
            _read_again(home, contracts, feed, history, live[code], package_id, lines)
        ]
        if read is not None
    ]
    if not parts:
        return None
    raw = gather(feed, parts).raw
    typed = as_typed(feed, raw).with_columns(_op=pl.lit("U"))
    stored = tokenise(feed, typed, key, con)
    changed = newest_in_log(home, feed, con, live)
    keys = key_columns(feed)
    missing = (
        _newest(feed, stored)
        .join(changed, on=keys, how="left", nulls_equal=True)
        .filter(
            pl.col("_newest").is_null() | (pl.col("_newest") <= pl.col("_sent_seq"))
        )
    )
    missing = _outside_windows(feed, missing, live, history)
    if present is not None:
        missing = missing.join(
            present.select(keys), on=keys, how="anti", nulls_equal=True
        )
    if missing.is_empty():
        return None
    rows = missing.select("_row")
    return Orphans(
        raw=raw.join(rows, on="_row", how="semi", maintain_order="left"),
        typed=typed.join(rows, on="_row", how="semi", maintain_order="left"),
    )


def _waiting(
    home: Home, feed: Feed, live: Mapping[str, Parcel], history: History
) -> pl.DataFrame:
    """Quarantined rows that were not sent since."""
    kept = read_quarantine(home, feed.name, history).filter(
        pl.col("institution_code").is_in(list(live))
    )
    if kept.is_empty():
        return kept
    since = pl.DataFrame(
        [(code, _resent_at(feed, parcel, history)) for code, parcel in live.items()],
        schema={"institution_code": pl.String, "_since": pl.Int64},
        orient="row",
    )
    return kept.join(since, on="institution_code").filter(
        pl.col("package_seq") >= pl.col("_since")
    )


def _resent_at(feed: Feed, parcel: Parcel, history: History) -> int:
    """When a full snapshot last sent the whole feed: older rows are not missed."""
    if parcel.scope_kind == "full" and feed.name in parcel.tallies:
        return parcel.package_seq
    return max(
        (
            applied.package_seq
            for applied in history.applied(parcel.institution_code)
            if applied.mode == "snapshot"
            and applied.scope_kind == "full"
            and feed.name in applied.rows
        ),
        default=0,
    )


def _read_again(
    home: Home,
    contracts: Contracts,
    feed: Feed,
    history: History,
    parcel: Parcel,
    package_id: object,
    lines: pl.DataFrame,
) -> ReadFile | None:
    applied = _package(history, parcel.institution_code, str(package_id))
    if applied is None:
        return None
    manifest = parse_manifest(object_path(home, applied.manifest_sha256).read_bytes())
    read = read_again(home, contracts, history, parcel.sender, manifest, feed.name)
    if read is None:
        return None
    hashes = pl.DataFrame(
        {
            "_file": [declared.name for declared in manifest.files],
            "_origin_sha256": [d.sha256.lower() for d in manifest.files],
        }
    )
    # A row judged twice waits since the last time: it was in force in between.
    wanted = lines.group_by(_file="file_name", _line="line").agg(
        _sent_seq=pl.col("package_seq").max()
    )
    frame = read.frame.join(wanted, on=["_file", "_line"], maintain_order="left")
    return replace(
        read,
        frame=frame.join(
            hashes, on="_file", how="left", maintain_order="left"
        ).with_columns(_origin_seq=pl.lit(applied.package_seq, pl.Int64)),
        extension=None,
    )


def _package(history: History, code: str, package_id: str) -> Applied | None:
    applied = history.applied(code)
    return next((a for a in applied if a.package_id == package_id), None)


def _newest(feed: Feed, typed: pl.DataFrame) -> pl.DataFrame:
    """Of rows with one key, sent on several nights, the last one.

    A package may quarantine a row and judge the one in force before it again: both
    wait since then, and the one that was sent later counts.
    """
    keys = key_columns(feed)
    return typed.sort("_sent_seq", "_origin_seq", "_file", "_line").unique(
        keys, keep="last", maintain_order=True
    )


def _outside_windows(
    feed: Feed, typed: pl.DataFrame, live: Mapping[str, Parcel], history: History
) -> pl.DataFrame:
    """Without rows of terms that a later windowed snapshot has sent again."""
    if not feed.has_term:
        return typed
    windows = [
        (code, term, applied.package_seq)
        for code in live
        for applied in history.applied(code)
        if applied.scope_kind == "terms" and feed.name in applied.rows
        for term in applied.scope_terms
    ]
    windows += [
        (code, term, parcel.package_seq)
        for code, parcel in live.items()
        if parcel.scope_kind == "terms" and feed.name in parcel.tallies
        for term in parcel.manifest.scope.terms
    ]
    schema = {
        "institution_code": pl.String,
        "term_code": pl.String,
        "_window": pl.Int64,
    }
    last = (
        pl.DataFrame(windows, schema=schema, orient="row")
        .group_by("institution_code", "term_code")
        .agg(pl.col("_window").max())
    )
    return (
        typed.join(last, on=["institution_code", "term_code"], how="left")
        .filter(
            pl.col("_window").is_null() | (pl.col("_window") <= pl.col("_sent_seq"))
        )
        .drop("_window")
    )
