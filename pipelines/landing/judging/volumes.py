"""Checks of a package's files against earlier packages: F11, F12, F25, AWD-F01.

Belongs here: what is missing or has shrunk since the last package, and file edits that
need the ledger. Does not belong here: the limits themselves (``limits``) and edits
that a contract states as a query (``judge``).
"""

from typing import Protocol

import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.landing.kept.ledger import History
from pipelines.landing.limits import (
    FALL,
    FALL_OF_FEED,
    FEW,
    RISE,
    VANISHED_AWARD_SHARE,
)
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.semantics import DELETE, UPSERT, Effect, spoken_for


class ComparedRows(Protocol):
    """What this module needs to know of a feed's rows."""

    feed: Feed
    in_force: pl.DataFrame
    effect: Effect | None


class PresentRows(ComparedRows, Protocol):
    """The same with the scopes of the packages."""

    scopes: pl.DataFrame


def check_required(parcel: Parcel, history: History) -> None:
    """F12 and DSC-F01, and whether the package may be published.

    A snapshot carries every feed the sender's profile requires. Without disclosure it
    is taken in but not published. A delta carries only what changed: it is as
    publishable as the package it applies to.
    """
    if parcel.manifest.mode == "delta":
        applied = history.applied(parcel.institution_code)
        parcel.publishable = not applied or applied[-1].publishable
        return
    for feed in parcel.sender.required_feeds:
        if feed in parcel.tallies:
            continue
        if feed == "disclosure":
            parcel.publishable = False
            parcel.notes.append(Note("DSC-F01", "F", feed, value=feed))
        else:
            parcel.hold(Note("F12", "F", feed, value=feed))


def check_volumes(parcel: Parcel, contracts: Contracts, history: History) -> None:
    """F11 and CRR-F01: rows against the last applied snapshot of the same scope."""
    if parcel.manifest.mode == "delta":
        return
    scope = parcel.manifest.scope
    last = history.last_of_scope(
        parcel.institution_code, scope.kind, frozenset(scope.terms)
    )
    if last is None:
        return
    for feed, tally in parcel.tallies.items():
        before, now = last.rows.get(feed), tally.rows_read
        if before is None or now is None or abs(now - before) <= FEW:
            continue
        fell = now < before * (1 - FALL_OF_FEED.get(feed, FALL))
        rose = now > before * (1 + RISE)
        if not fell and not rose:
            continue
        value = f"{now} rows after {before}"
        parcel.hold(Note("F11", "F", feed, value=value))
        fewer = f"{contracts.feeds[feed].prefix}-F01"
        if fell and fewer == "CRR-F01":
            parcel.hold(Note(fewer, "F", feed, value=value))


def check_kept_rows(mine: ComparedRows, live: dict[str, Parcel]) -> None:
    """AWD-F01, and a warning for what is absent but ends by an explicit row only."""
    assert mine.effect is not None
    kept = mine.effect.kept
    for code, count in kept.group_by("institution_code").len().iter_rows():
        value = f"{count} rows are absent and stay in force"
        live[code].notes.append(
            Note("F11", "W", mine.feed.name, value=value, count=count)
        )
    if mine.feed.name != "credential_award" or kept.is_empty():
        return
    awarded = pl.col("status") == "AWARDED"
    before = mine.in_force.filter(awarded).group_by("institution_code").len("before")
    gone = kept.filter(awarded).group_by("institution_code").len("gone")
    for code, count, total in gone.join(before, on="institution_code").iter_rows():
        if count > VANISHED_AWARD_SHARE * total:
            note = Note("AWD-F01", "F", mine.feed.name, value=str(count), count=count)
            live[code].hold(note)


def check_absent_rows(mine: PresentRows, live: dict[str, Parcel]) -> None:
    """F11 for rows that a snapshot would remove, whatever it brings in their place.

    The number of rows says nothing of a file whose keys have all changed, and a window
    that was never sent before has no number to compare with.
    """
    assert mine.effect is not None
    if mine.feed.absence != "remove":
        return
    absent = (pl.col("_op") == DELETE) & (pl.col("_line") == 0)
    gone = mine.effect.log.filter(absent).group_by("institution_code").len("gone")
    open_rows = mine.in_force.filter(~pl.col("is_closed"))
    told = spoken_for(mine.feed, open_rows, mine.scopes)
    before = told.group_by("institution_code").len("before")
    both = gone.join(before, on="institution_code").sort("institution_code")
    for code, count, total in both.iter_rows():
        share = FALL_OF_FEED.get(mine.feed.name, FALL)
        if count <= FEW or count <= share * total:
            continue
        notes = [(n.edit_id, n.feed) for n in live[code].notes]
        if ("F11", mine.feed.name) not in notes:
            value = f"{count} of {total} rows in force are absent"
            live[code].hold(Note("F11", "F", mine.feed.name, value=value))


def check_deleted_rows(mine: ComparedRows, live: dict[str, Parcel]) -> None:
    """F25 for rows in force that a delta's own rows would end, as F11 for absence.

    Rows end by an explicit row in every feed, so that this holds for awards too.
    """
    assert mine.effect is not None
    explicit = (pl.col("_op") != UPSERT) & (pl.col("_line") > 0)
    gone = mine.effect.log.filter(explicit).group_by("institution_code").len("gone")
    open_rows = mine.in_force.filter(~pl.col("is_closed"))
    before = open_rows.group_by("institution_code").len("before")
    both = gone.join(before, on="institution_code").sort("institution_code")
    for code, count, total in both.iter_rows():
        share = count / total
        if count > FEW and share > FALL_OF_FEED.get(mine.feed.name, FALL):
            value = f"{count} of {total} rows in force would be deleted ({share:.1%})"
            live[code].hold(Note("F25", "F", mine.feed.name, value=value))


def check_unknown_deletions(mine: ComparedRows, live: dict[str, Parcel]) -> None:
    """Clarification 4: deleting a key that is not in force is a warning."""
    assert mine.effect is not None
    counts = mine.effect.unknown.group_by("institution_code").len()
    for code, count in counts.iter_rows():
        value = f"{count} deleted keys were not in force"
        live[code].notes.append(
            Note("F16", "W", mine.feed.name, value=value, count=count)
        )
