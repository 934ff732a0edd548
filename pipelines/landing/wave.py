"""One wave: at most one package a college, judged together and applied apart.

Belongs here: the order of the steps, parents before children, and what a finding does
to a row and to a package. Does not belong here: which packages wait (``land``) and
any single check.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed
from pipelines.contracts.polars import typed as as_typed
from pipelines.contracts.sql import empty_view, register_codes
from pipelines.landing.judging import findings as said
from pipelines.landing.judging import shares, totals, volumes
from pipelines.landing.judging.duplicates import (
    Duplicates,
    find_duplicates,
    key_columns,
)
from pipelines.landing.judging.judge import judge, judge_packages
from pipelines.landing.judging.merged import can_double, doubled_rows
from pipelines.landing.judging.redact import pepper, tokenise, with_tokens
from pipelines.landing.judging.rejudge import Changes, Rejudged, rejudge
from pipelines.landing.judging.releases import Orphans, find_orphans
from pipelines.landing.judging.spoken import Spoken, spoken_by
from pipelines.landing.kept.ledger import History
from pipelines.landing.kept.rows import quarantine_rows, released_log, with_lineage
from pipelines.landing.kept.state import in_force_of, leave_force, register_applied
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import (
    ACCEPTED,
    HELD,
    WITH_QUARANTINE,
    Parcel,
    Tally,
)
from pipelines.landing.reading.drift import retyped, withheld
from pipelines.landing.reading.files import read_all
from pipelines.landing.reading.gather import Gathered, gather
from pipelines.landing.reading.read import ReadFile
from pipelines.landing.semantics import DELETE, Effect, effect, unkeyed
from pipelines.settings import Home


@dataclass
class FeedRows:
    """The rows of one feed on their way through a wave.

    Attributes:
        typed: Every row that could be parsed, typed, with ``_op`` (U or D).
        stored: The same rows as they are kept: raw identity numbers are tokens.
        findings: ``_row``, ``edit_id``, ``column``, ``value``, ``severity``.
        quarantined: ``_row`` and ``edit_ids``.
    """

    feed: Feed
    gathered: Gathered
    typed: pl.DataFrame
    stored: pl.DataFrame
    duplicates: Duplicates
    in_force: pl.DataFrame
    scopes: pl.DataFrame
    findings: pl.DataFrame = field(default_factory=said.no_row_findings)
    quarantined: pl.DataFrame = field(default_factory=said.no_quarantine)
    effect: Effect | None = None

    def sent(self) -> pl.DataFrame:
        """Rows that no other row stands for, as the judge sees them."""
        return self.typed.join(self.duplicates.collapsed, on="_row", how="anti")

    def loaded(self) -> pl.DataFrame:
        """Rows that passed, as they are kept."""
        uncollapsed = self.stored.join(self.duplicates.collapsed, on="_row", how="anti")
        return uncollapsed.join(self.quarantined, on="_row", how="anti")

    def apply(self) -> Effect:
        """Compare the rows that passed so far with what is in force."""
        self.effect = effect(
            self.feed, self.loaded(), self.stored, self.in_force, self.scopes
        )
        return self.effect


@dataclass
class Settled:
    """A wave that was judged: verdicts, and what to write for each feed."""

    parcels: dict[str, Parcel]
    verdicts: dict[str, str]
    findings: pl.DataFrame
    logs: dict[str, pl.DataFrame]
    quarantine: dict[str, pl.DataFrame]
    spoken: Spoken = field(default_factory=Spoken)
    extension: dict[str, pl.DataFrame] = field(default_factory=dict)


def settle(
    home: Home, contracts: Contracts, history: History, parcels: Sequence[Parcel]
) -> Settled:
    """Read and judge the packages of a wave; nothing but objects is written.

    Args:
        home: The warehouse.
        contracts: What was agreed.
        history: The ledger so far.
        parcels: At most one a college.

    Returns:
        Verdicts, findings, and the rows that the applied packages change.

    Raises:
        ConservationError: Rows in and rows out differ, which is a fault here.
    """
    reads = read_all(home, contracts, history, parcels)
    live = {p.institution_code: p for p in parcels if p.institution_code in reads}
    for parcel in parcels:
        volumes.check_required(parcel, history)
        volumes.check_volumes(parcel, contracts, history)
    with duckdb.connect() as con:
        con.execute("set threads = 2")
        register_codes(con, contracts)
        register_applied(history, con)
        key = pepper(home)
        rows = _feed_rows(home, contracts, con, live, reads, key)
        before = _register(contracts, con, home, rows, live)
        changes = Changes(contracts)
        released: dict[str, pl.DataFrame] = {}
        ended: dict[str, pl.DataFrame] = {}
        aside: dict[str, Rejudged] = {}
        for feed in contracts.feeds.values():
            mine = rows.get(feed.name)
            if mine is not None:
                _judge(mine, con, contracts, live)
                assert mine.effect is not None
                changes.add(feed, mine.effect.log)
            present = None if mine is None else mine.stored
            orphans = find_orphans(
                home, contracts, feed, live, history, present, key, con, changes
            )
            if orphans is not None:
                passed = _release(feed, orphans, con, contracts, key, live)
                released[feed.name] = passed
                changes.add(feed, passed)
            doubled = _doubled(feed, mine, released, before[feed.name], changes, con)
            if doubled is not None:
                ended[feed.name] = doubled
                changes.add(feed, doubled)
            failed = rejudge(
                feed,
                before[feed.name],
                _replaced(feed, mine, released, ended),
                changes,
                con,
                contracts,
                live,
                history,
            )
            if failed is not None:
                aside[feed.name] = failed
                changes.add(feed, failed.log)
        for feed in contracts.feeds.values():
            _tell_files(judge_packages(feed, con), contracts, live, feed.name)
        totals.check_term_totals(con, rows.keys(), live)
    _tally(rows, live)
    for feed_rows in rows.values():
        shares.check_rows(feed_rows, live)
        volumes.check_kept_rows(feed_rows, live)
        volumes.check_absent_rows(feed_rows, live)
        volumes.check_deleted_rows(feed_rows, live)
        volumes.check_unknown_deletions(feed_rows, live)
    totals.check_controls(rows, live)
    return _conclude(contracts, parcels, live, rows, released, ended, aside)


def _feed_rows(
    home: Home,
    contracts: Contracts,
    con: duckdb.DuckDBPyConnection,
    live: dict[str, Parcel],
    reads: dict[str, dict[str, ReadFile]],
    key: bytes,
) -> dict[str, FeedRows]:
    """Gather, type and deduplicate every feed that some package has."""
    rows = {}
    for feed in contracts.feeds.values():
        parts = [
            (live[code], mine[feed.name])
            for code, mine in reads.items()
            if feed.name in mine
        ]
        if not parts:
            continue
        gathered = gather(feed, parts)
        typed = as_typed(feed, gathered.raw).with_columns(
            gathered.raw["_op"].fill_null("U")
        )
        stored = tokenise(feed, typed, key, con)
        rows[feed.name] = FeedRows(
            feed=feed,
            gathered=gathered,
            typed=with_tokens(feed, typed, stored),
            stored=stored,
            duplicates=find_duplicates(feed, typed),
            in_force=in_force_of(home, feed, con, live),
            scopes=_scopes(feed, parts, typed, gathered.bad),
        )
    return rows


def _scopes(
    feed: Feed,
    parts: list[tuple[Parcel, ReadFile]],
    typed: pl.DataFrame,
    bad: pl.DataFrame,
) -> pl.DataFrame:
    blind = set(unkeyed(feed, typed, bad))
    return pl.DataFrame(
        [
            {
                "institution_code": parcel.institution_code,
                "scope_kind": parcel.scope_kind,
                "terms": list(parcel.manifest.scope.terms),
                "unkeyed": parcel.institution_code in blind or read.is_partial,
            }
            for parcel, read in parts
        ],
        schema={
            "institution_code": pl.String,
            "scope_kind": pl.String,
            "terms": pl.List(pl.String),
            "unkeyed": pl.Boolean,
        },
    )


def _register(
    contracts: Contracts,
    con: duckdb.DuckDBPyConnection,
    home: Home,
    rows: dict[str, FeedRows],
    live: dict[str, Parcel],
) -> dict[str, pl.DataFrame]:
    """A view a feed of what would be in force if every row passed; what was before."""
    before = {}
    for feed in contracts.feeds.values():
        mine = rows.get(feed.name)
        if mine is None:
            before[feed.name] = in_force_of(home, feed, con, live)
            con.register(feed.name, before[feed.name])
            empty_view(con, feed, f"package_{feed.name}")
            continue
        before[feed.name] = mine.in_force
        con.register(feed.name, mine.apply().after)
        con.register(f"package_{feed.name}", mine.typed)
    return before


def _judge(
    mine: FeedRows,
    con: duckdb.DuckDBPyConnection,
    contracts: Contracts,
    live: dict[str, Parcel],
) -> None:
    """Judge one feed, quarantine what failed, and let children see the rest."""
    feed = mine.feed
    sent = mine.sent()
    judged = sent.filter(pl.col("_op") != DELETE)
    raw = mine.gathered.raw.join(judged.select("_row"), on="_row", how="semi")
    assert mine.effect is not None
    con.register(feed.name, mine.effect.beside)
    judgement = judge(feed, raw, judged, con, contracts.codes)
    found = pl.concat(
        [
            said.row_findings(judgement.findings),
            said.deletion_findings(feed, mine.gathered.raw, sent, mine.scopes),
            said.conflict_findings(mine.duplicates.conflicting),
            said.collapse_findings(mine.duplicates.collapsed),
        ]
    )
    mine.findings = said.with_severity(
        found, contracts, mine.typed, said.overrides_in(feed.name, live.values())
    )
    mine.quarantined = said.quarantined_rows(mine.findings)
    if mine.quarantined.height:
        mine.apply()
    con.register(feed.name, mine.effect.after)
    for code, column, value in retyped(feed, raw, mine.findings).iter_rows():
        note = Note("F23", "W", feed.name, column=column, value=value)
        live[code].notes.append(note)
    for code, name, count in withheld(mine.gathered.extension).iter_rows():
        value = f"{name}: {count} values are withheld"
        note = Note("F27", "W", feed.name, column=name, value=value, count=count)
        live[code].notes.append(note)
    _tell_files(judgement.file_findings, contracts, live, feed.name)
    _tell_files(
        shares.file_edits_before_collapse(mine, con), contracts, live, feed.name
    )


def _release(
    feed: Feed,
    orphans: Orphans,
    con: duckdb.DuckDBPyConnection,
    contracts: Contracts,
    key: bytes,
    live: dict[str, Parcel],
) -> pl.DataFrame:
    """Orphans of earlier nights that pass now, as kept; children of theirs see them."""
    found = judge(feed, orphans.raw, orphans.typed, con, contracts.codes).findings
    failed = said.with_severity(
        said.row_findings(found),
        contracts,
        orphans.typed,
        said.overrides_in(feed.name, live.values()),
    )
    failed = failed.filter(pl.col("severity") == "Q")
    passed = orphans.typed.join(failed, on="_row", how="anti")
    passed = tokenise(feed, passed, key, con)
    if passed.height:
        before = pl.DataFrame(con.sql(f"from {feed.name}").to_arrow_table())
        columns = ["institution_code", *(c.name for c in feed.data_columns)]
        now = passed.select(*columns, is_closed=pl.lit(value=False))
        rest = before.select(now.columns).cast(now.schema)
        keys = key_columns(feed)
        rest = rest.join(now.select(keys), on=keys, how="anti", nulls_equal=True)
        con.register(feed.name, pl.concat([now, rest]))
    return passed


def _doubled(
    feed: Feed,
    mine: FeedRows | None,
    released: dict[str, pl.DataFrame],
    before: pl.DataFrame,
    changes: Changes,
    con: duckdb.DuckDBPyConnection,
) -> pl.DataFrame | None:
    """Rows of given-up ids that come under the new id too: they end, or never begin.

    Returns:
        The log of those that were in force.
    """
    if not can_double(feed) or not changes.any_of([feed.name, "person_merge"]):
        return None
    doubled = doubled_rows(feed, con)
    if doubled is None:
        return None
    leave_force(feed, doubled, con)
    keys = key_columns(feed)
    gone = doubled.select(keys)
    if mine is not None and mine.effect is not None:
        log = mine.effect.log.join(gone, on=keys, how="anti", nulls_equal=True)
        mine.effect = replace(mine.effect, log=log)
    if feed.name in released:
        released[feed.name] = released[feed.name].join(
            gone, on=keys, how="anti", nulls_equal=True
        )
    data = [column.name for column in feed.data_columns]
    return (
        before.filter(~pl.col("is_closed"))
        .join(gone, on=keys, how="semi", nulls_equal=True, maintain_order="left")
        .select("institution_code", *data)
        .with_columns(
            _op=pl.lit(DELETE),
            _line=pl.lit(0, pl.Int64),
            _file=pl.lit(None, pl.String),
        )
    )


def _replaced(
    feed: Feed,
    mine: FeedRows | None,
    released: dict[str, pl.DataFrame],
    ended: dict[str, pl.DataFrame],
) -> list[pl.DataFrame]:
    """Rows that were judged tonight, or are in force no longer."""
    gone = [frames[feed.name] for frames in (released, ended) if feed.name in frames]
    if mine is not None and mine.effect is not None:
        gone += [mine.loaded(), mine.effect.log]
    return gone


def _tell_files(
    file_findings: pl.DataFrame,
    contracts: Contracts,
    live: dict[str, Parcel],
    feed: str,
) -> None:
    """Turn findings about files into remarks that hold their package."""
    for row in file_findings.iter_rows(named=True):
        parcel = live.get(row["institution_code"])
        if parcel is None or any(n.edit_id == row["edit_id"] for n in parcel.notes):
            continue
        if not contracts.edit(row["edit_id"]).in_effect_on(parcel.as_of_date):
            continue
        severity = contracts.edit(row["edit_id"]).severity
        parcel.hold(Note(row["edit_id"], severity, feed, value=row["value"]))


def _tally(rows: dict[str, FeedRows], live: dict[str, Parcel]) -> None:
    """Count what became of each file's rows, and check that nothing is lost."""
    for name, mine in rows.items():
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        bad = mine.gathered.bad.unique(["institution_code", "file", "line"])
        owner = mine.typed.select("_row", "institution_code")
        for what, frame in (
            ("loaded", mine.loaded()),
            ("collapsed", owner.join(mine.duplicates.collapsed, on="_row")),
            ("quarantined", owner.join(mine.quarantined, on="_row")),
            ("bad", bad),
        ):
            sums = frame.group_by("institution_code").len()
            for code, count in sums.iter_rows():
                counts[code][what] = count
        for code, parcel in live.items():
            tally = parcel.tallies.get(name)
            if tally is None:
                continue
            mine_counts = counts[code]
            tally.loaded = mine_counts.get("loaded", 0)
            tally.collapsed = mine_counts.get("collapsed", 0)
            tally.quarantined = mine_counts.get("quarantined", 0)
            tally.quarantined += mine_counts.get("bad", 0)
            tally.conserve()


def _conclude(
    contracts: Contracts,
    parcels: Sequence[Parcel],
    live: dict[str, Parcel],
    rows: dict[str, FeedRows],
    released: dict[str, pl.DataFrame],
    ended: dict[str, pl.DataFrame],
    aside: dict[str, Rejudged],
) -> Settled:
    verdicts = {p.institution_code: _verdict(p, contracts) for p in parcels}
    applied = [
        code for code, verdict in verdicts.items() if verdict.startswith(ACCEPTED)
    ]
    logs, quarantine = {}, {}
    ours = pl.col("institution_code").is_in(applied)
    for name, mine in rows.items():
        assert mine.effect is not None
        logs[name] = with_lineage(mine.feed, mine.effect.log.filter(ours), live)
        quarantine[name] = quarantine_rows(mine, live).filter(ours)
        _count_changes(name, logs[name], live)
    for name, passed in released.items():
        log = released_log(contracts.feeds[name], passed.filter(ours), live)
        _count_released(name, log, live)
        logs[name] = pl.concat([*([logs[name]] if name in logs else []), log])
    for what, more in (
        ("removed", ended),
        ("rejudged", {name: failed.log for name, failed in aside.items()}),
    ):
        for name, gone in more.items():
            log = with_lineage(contracts.feeds[name], gone.filter(ours), live)
            _count_gone(name, what, log, live)
            logs[name] = pl.concat(
                [*([logs[name]] if name in logs else []), log], how="diagonal"
            )
    for name, failed in aside.items():
        known = [quarantine[name]] if name in quarantine else []
        rows_aside = failed.quarantine.filter(ours)
        quarantine[name] = pl.concat([*known, rows_aside], how="diagonal")
    verdicts |= {
        code: WITH_QUARANTINE
        for code in applied
        if any(tally.rejudged for tally in live[code].tallies.values())
    }
    for parcel in parcels:
        if parcel.institution_code not in applied:
            _set_back(parcel)
    return Settled(
        parcels={p.institution_code: p for p in parcels},
        verdicts=verdicts,
        findings=pl.concat(
            [
                said.all_findings(parcels, rows.values()),
                *(failed.findings for failed in aside.values()),
            ]
        ),
        logs=logs,
        quarantine=quarantine,
        spoken=spoken_by(rows.values(), contracts, released),
        extension={n: mine.gathered.extension.filter(ours) for n, mine in rows.items()},
    )


def _verdict(parcel: Parcel, contracts: Contracts) -> str:
    if parcel.is_blocked(contracts):
        return HELD
    if any(tally.quarantined for tally in parcel.tallies.values()):
        return WITH_QUARANTINE
    return ACCEPTED


def _set_back(parcel: Parcel) -> None:
    """A package that is not applied counts no row as anything."""
    for tally in parcel.tallies.values():
        tally.loaded = tally.collapsed = tally.quarantined = 0
        tally.released = tally.changed = tally.removed = tally.rejudged = 0
        if tally.verdict == ACCEPTED:
            tally.verdict = HELD


def _count_changes(name: str, log: pl.DataFrame, live: dict[str, Parcel]) -> None:
    counts = log.group_by("institution_code").agg(
        changed=(pl.col("_op") == "U").sum(), removed=(pl.col("_op") != "U").sum()
    )
    for code, changed, removed in counts.iter_rows():
        tally = live[code].tallies[name]
        tally.changed, tally.removed = changed, removed


def _count_released(name: str, log: pl.DataFrame, live: dict[str, Parcel]) -> None:
    """Released rows are counted beside the file's own, in tonight's package."""
    for code, count in log.group_by("institution_code").len().iter_rows():
        tally = live[code].tallies.setdefault(name, Tally(feed=name, name=""))
        tally.released = count
        tally.changed += count


def _count_gone(
    name: str, what: str, log: pl.DataFrame, live: dict[str, Parcel]
) -> None:
    """Rows that left force beside what the file said, in tonight's package."""
    for code, count in log.group_by("institution_code").len().iter_rows():
        tally = live[code].tallies.setdefault(name, Tally(feed=name, name=""))
        setattr(tally, what, getattr(tally, what) + count)


__all__ = ["Settled", "settle"]
