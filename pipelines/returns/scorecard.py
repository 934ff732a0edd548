"""How each college's feeds have fared for thirty nights, from the ledger alone.

Belongs here: the numbers of the scorecards, for all colleges at once. Does not belong
here: pages (``scorecard_pages``), bars (``trend``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.contracts.model import Contracts, Sender
from pipelines.landing.decided.decisions import Decisions
from pipelines.landing.decided.verdicts import with_states
from pipelines.landing.freshness import local_instant
from pipelines.landing.kept.ledger import FINDING_STRUCT, in_effect
from pipelines.landing.package.parcel import APPLIED, REPEAT, WITH_QUARANTINE
from pipelines.returns.effects import (
    SETS_ASIDE,
    STOPS_PACKAGE,
    STOPS_PUBLICATION,
    WARNS,
    effects_of,
    freed_by,
)
from pipelines.returns.trend import ASIDE, GOOD, MISSING, NIGHTS, WAITING, svg

_SCORE_POINTS = 7
# What the letters of the state-wide page count: a finding that a person let through is
# of severity F and stops nothing.
_COUNTED = {
    "F": [STOPS_PACKAGE, STOPS_PUBLICATION],
    "Q": [SETS_ASIDE],
    "W": [WARNS],
}
_COUNTS = ("rows_read", "loaded", "collapsed", "quarantined")
_FEED = ["institution_code", "feed"]
_CODE = ["institution_code"]
_AT = (pl.col("night") - pl.col("first")).dt.total_days()


@dataclass(frozen=True)
class Scores:
    """Numbers of all colleges.

    Attributes:
        nights: The thirty nights, oldest first.
        colleges: One row a sender: its last package, what was found in it, bars.
        feeds: One row a sender and feed: rows, change, days since, bars.
        trend: One row a sender, feed and night that has a package.
        edits: Findings of the last package by feed, edit and severity.
        checks: Checks of each feed by category and severity, and how many failed in
            the last package.
    """

    nights: list[date]
    colleges: pl.DataFrame
    feeds: pl.DataFrame
    trend: pl.DataFrame
    edits: pl.DataFrame
    checks: pl.DataFrame


def score(
    ledger: pl.DataFrame,
    contracts: Contracts,
    decisions: Decisions,
    now: datetime | date,
) -> Scores:
    """Work out every scorecard.

    A package belongs to the night that its ``as_of`` falls in, nights beginning at
    the sender's own cut-off; it is on time when it is delivered by the next day.

    Args:
        ledger: As ``read_ledger`` gives it.
        contracts: Senders, and the checks of each feed.
        decisions: What was refused or released.
        now: An aware instant, or a date: the end of that day at each sender. The last
            night is the one before it, or that of the newest package.
    """
    packages = _packages(ledger, contracts, decisions, now)
    newest = packages["night"].max()
    today = max(local_instant(now, s.timezone).date() for s in _senders(contracts))
    last = today - timedelta(days=1)
    if isinstance(newest, date):
        last = max(last, newest)
    first = last - timedelta(days=NIGHTS - 1)
    packages = packages.with_columns(first=pl.lit(first))
    files = _files(packages)
    recent = (pl.col("night") >= first) & (pl.col("night") <= last)
    edits = _edits(packages, contracts, decisions)
    return Scores(
        nights=[first + timedelta(days=n) for n in range(NIGHTS)],
        colleges=_colleges(packages, packages.filter(recent), edits),
        feeds=_feeds(files, files.filter(recent)),
        trend=files.filter(recent).select(
            *_FEED, "night", "delivery", "kind", "on_time", *_COUNTS
        ),
        edits=edits,
        checks=_checks(contracts, edits, files),
    )


def _senders(contracts: Contracts) -> list[Sender]:
    return [*contracts.nightly_senders]


def _packages(
    ledger: pl.DataFrame,
    contracts: Contracts,
    decisions: Decisions,
    now: datetime | date,
) -> pl.DataFrame:
    """One row a sender and night: the package applied last, or else the last one.

    A date in the future is nobody's night: one package of 2036, held by F09, moved
    the thirty nights of every sender ten years on.
    """
    clocks = pl.DataFrame(
        [
            (
                s.sender,
                s.timezone,
                int(s.cut_off[:2]) * 60 + int(s.cut_off[3:5]),
                local_instant(now, s.timezone).date(),
            )
            for s in _senders(contracts)
        ],
        schema={
            "institution_code": pl.String,
            "_zone": pl.String,
            "_cut_off": pl.Int64,
            "_today": pl.Date,
        },
        orient="row",
    )
    told = (
        with_states(in_effect(ledger), decisions)
        .filter(pl.col("verdict") != REPEAT)
        .sort("wave_id")
        .unique([*_CODE, "delivery"], keep="last", maintain_order=True)
        .join(clocks, on="institution_code")
    )
    zones = sorted(clocks["_zone"].unique())
    local = pl.coalesce(
        pl.when(pl.col("_zone") == zone).then(
            pl.col("as_of").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        )
        for zone in zones
    )
    delivered = pl.col("delivery").str.slice(0, 10).str.to_date(strict=False)
    night = (local - pl.duration(minutes="_cut_off")).dt.date()
    applied = pl.col("verdict").is_in(APPLIED)
    return (
        told.with_columns(
            night=pl.coalesce(
                pl.when(day <= pl.col("_today")).then(day)
                for day in (night, delivered, pl.col("landed_at").dt.date())
            ),
            applied=applied,
            kind=pl.when(pl.col("verdict") == WITH_QUARANTINE)
            .then(pl.lit(ASIDE))
            .when(applied)
            .then(pl.lit(GOOD))
            .otherwise(pl.lit(WAITING)),
        )
        .with_columns(
            on_time=delivered.fill_null(pl.col("night"))
            <= pl.col("night").dt.offset_by("1d"),
            days_since=(pl.col("_today") - delivered.fill_null(pl.col("night")))
            .dt.total_days()
            .clip(lower_bound=0),
        )
        .sort("applied", "package_seq", "wave_id", nulls_last=False)
        .unique([*_CODE, "night"], keep="last", maintain_order=True)
        .sort("institution_code", "night")
    )


def _files(packages: pl.DataFrame) -> pl.DataFrame:
    return (
        packages.select(
            *_CODE,
            "night",
            "first",
            "delivery",
            "applied",
            "on_time",
            "days_since",
            "mode",
            "scope_kind",
            "scope_terms",
            "files",
        )
        .explode("files")
        .filter(pl.col("files").is_not_null())
        .unnest("files")
        .filter(pl.col("name") != "")
        .with_columns(
            kind=pl.when("applied")
            .then(
                pl.when(pl.col("quarantined") > 0)
                .then(pl.lit(ASIDE))
                .otherwise(pl.lit(GOOD))
            )
            .otherwise(pl.lit(WAITING))
        )
        # A dialect may make one feed of several files.
        .group_by(*_FEED, "night", maintain_order=True)
        .agg(
            pl.exclude(*_COUNTS).first(),
            *(pl.col(name).sum() for name in _COUNTS),
        )
    )


def _edits(
    packages: pl.DataFrame, contracts: Contracts, decisions: Decisions
) -> pl.DataFrame:
    """Findings of each sender's last package, with what each does."""
    last = packages.group_by(_CODE, maintain_order=True).last()
    parts = [
        effects_of(
            pl.DataFrame(row["findings"], schema=FINDING_STRUCT.to_schema()),
            contracts,
            freed_by(row, decisions.about(row["institution_code"], row["package_id"])),
        ).with_columns(institution_code=pl.lit(row["institution_code"]))
        for row in last.iter_rows(named=True)
    ]
    schema = {**FINDING_STRUCT.to_schema(), "effect": pl.String, _CODE[0]: pl.String}
    return pl.concat([pl.DataFrame(schema=schema), *parts]).sort(
        "institution_code", "feed", "edit_id", nulls_last=False
    )


def _colleges(
    packages: pl.DataFrame, recent: pl.DataFrame, edits: pl.DataFrame
) -> pl.DataFrame:
    newest = packages.group_by(_CODE, maintain_order=True).agg(
        pl.col("verdict", "delivery", "night", "package_id", "publishable").last(),
        rows=pl.col("files")
        .last()
        .list.eval(pl.element().struct.field("rows_read").fill_null(0))
        .list.sum(),
        days_since_good=pl.col("days_since").filter("applied").min(),
    )
    counts = recent.group_by(_CODE).agg(
        received=pl.len(),
        on_time=pl.col("on_time").sum(),
        accepted=pl.col("applied").sum(),
    )
    found = edits.group_by(_CODE).agg(
        pl.col("count").filter(pl.col("effect").is_in(names)).sum().alias(letter)
        for letter, names in _COUNTED.items()
    )
    bars = recent.with_columns(
        rows=pl.col("files")
        .list.eval(pl.element().struct.field("rows_read").fill_null(0))
        .list.sum()
    )
    return (
        newest.join(counts, on=_CODE, how="left")
        .join(found, on=_CODE, how="left")
        .join(svg(_every_night(bars, _CODE), _CODE), on=_CODE, how="left")
        .with_columns(pl.col("received", "on_time", "accepted", *_COUNTED).fill_null(0))
    )


def _feeds(files: pl.DataFrame, recent: pl.DataFrame) -> pl.DataFrame:
    newest = files.group_by(_FEED, maintain_order=True).agg(
        pl.col("night", "delivery", "kind", *_COUNTS).last(),
        days_since_good=pl.col("days_since").filter("applied").min(),
    )
    counts = recent.group_by(_FEED).agg(
        received=pl.len(), on_time=pl.col("on_time").sum()
    )
    bars = recent.with_columns(rows="rows_read")
    return (
        newest.join(counts, on=_FEED, how="left")
        .join(_volumes(files), on=_FEED, how="left")
        .join(svg(_every_night(bars, _FEED), _FEED), on=_FEED, how="left")
        .with_columns(pl.col("received", "on_time").fill_null(0))
        .sort(_FEED)
    )


def _volumes(files: pl.DataFrame) -> pl.DataFrame:
    """The last snapshot's rows against those before it, of the same scope.

    ``change`` is a share of the one before; ``z`` the distance from the mean of the
    earlier ones in standard deviations, null below seven of them.
    """
    snapshots = files.filter(pl.col("mode") == "snapshot").with_columns(
        _scope=pl.col("scope_terms").list.join("|")
    )
    same = snapshots.filter(
        pl.col("_scope") == pl.col("_scope").last().over(_FEED)
    ).with_columns(_newest=pl.col("night") == pl.col("night").max().over(_FEED))
    earlier = pl.col("rows_read").filter(~pl.col("_newest") & pl.col("applied"))
    now = pl.col("rows_read").filter("_newest").last()
    spread = earlier.std()
    return (
        same.group_by(_FEED)
        .agg(
            change=(now - earlier.last()) / earlier.last(),
            z=pl.when((earlier.len() >= _SCORE_POINTS) & (spread > 0)).then(
                (now - earlier.mean()) / spread
            ),
        )
        .with_columns(
            pl.when(pl.col("change").is_finite()).then("change").alias("change")
        )
    )


def _every_night(packages: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """What ``trend.svg`` draws: nights without a package are there too."""
    is_delta = (pl.col("mode") == "delta").fill_null(value=False)
    came = packages.select(*by, "kind", "rows", is_delta=is_delta, at=_AT)
    groups = came.select(by).unique(maintain_order=True)
    axis = pl.DataFrame({"at": range(NIGHTS)}, schema={"at": pl.Int64})
    return (
        groups.join(axis, how="cross")
        .join(came, on=[*by, "at"], how="left")
        .with_columns(
            pl.col("kind").fill_null(MISSING), pl.col("is_delta").fill_null(value=False)
        )
    )


def _checks(
    contracts: Contracts, edits: pl.DataFrame, files: pl.DataFrame
) -> pl.DataFrame:
    every = pl.DataFrame(
        [
            (edit.feed, edit.id, edit.severity, edit.category)
            for edit in contracts.all_edits()
            if edit.feed is not None
        ],
        schema=dict.fromkeys(("feed", "edit_id", "severity", "category"), pl.String),
        orient="row",
    )
    failed = edits.select(*_FEED, "edit_id", failed=pl.lit(value=True)).unique()
    sent = files.select(_FEED).unique()
    return (
        sent.join(every, on="feed")
        .join(failed, on=[*_FEED, "edit_id"], how="left")
        .group_by(*_FEED, "category", "severity")
        .agg(checks=pl.len(), failed=pl.col("failed").fill_null(value=False).sum())
        .sort(*_FEED, "category", "severity")
    )


def as_rows(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """A frame's rows by sender."""
    parts = frame.partition_by(_CODE, as_dict=True, maintain_order=True)
    return {str(code): part.drop(_CODE).to_dicts() for (code,), part in parts.items()}
