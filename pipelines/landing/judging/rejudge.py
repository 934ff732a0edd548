"""Rows in force, judged again because what they refer to has changed.

Belongs here: which rows those are, and what becomes of one that fails now. Does not
belong here: the edits (``judge``), and how such a row comes back (``releases``).

A grade scheme, a term or a programme that is replaced changes what was good about the
rows that use it; a person or a merge that ends leaves its rows without an owner. Such
rows leave force for quarantine with a finding that names the parent's file. A parent
that merely disappears from a file is closed and stays good for them (clarification 7),
and an award, a disclosure or a merge stays in force with a warning: it ends by an
explicit row only (clarification 8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Feed, Relationship
from pipelines.landing.judging import findings as said
from pipelines.landing.judging.duplicates import key_columns
from pipelines.landing.judging.judge import judge_again, looks_at
from pipelines.landing.judging.redact import masked
from pipelines.landing.kept.ledger import History
from pipelines.landing.kept.state import leave_force
from pipelines.landing.limits import FEW, QUARANTINED_SHARE
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import Parcel
from pipelines.landing.semantics import CLOSE, DELETE, UPSERT

# Reference rows that are good from or to a term change when its dates do.
_SPAN = ("valid_from_term", "valid_to_term")


class Changes:
    """What a wave has changed so far: rows of each feed, with what became of them."""

    def __init__(self, contracts: Contracts) -> None:
        """Begin with no change."""
        self.feeds = contracts.feeds
        self._rows: dict[str, list[pl.DataFrame]] = {}

    def add(self, feed: Feed, rows: pl.DataFrame) -> None:
        """Take changed rows into account.

        Args:
            feed: Their feed.
            rows: The sender, at least the key, and ``_op`` (U, D or C).
        """
        if rows.height:
            names = ["institution_code", *feed.key, "_op"]
            self._rows.setdefault(feed.name, []).append(rows.select(names))

    def key_of(self, name: str) -> tuple[str, ...]:
        """The key of a feed."""
        return self.feeds[name].key

    def any_of(self, feeds: Iterable[str]) -> bool:
        """Whether any of these feeds has changed."""
        return not self._rows.keys().isdisjoint(feeds)

    def senders(self, feeds: Iterable[str]) -> set[str]:
        """The senders whose rows of any of these feeds have changed."""
        return {
            code
            for name in feeds
            for rows in self._rows.get(name, ())
            for code in rows["institution_code"].unique()
        }

    def harmful(self, name: str, con: duckdb.DuckDBPyConnection) -> pl.DataFrame | None:
        """The changed rows of a feed that can make a row bad which refers to them.

        A reference row counts when its content changed, and when the term it is valid
        from or to did; a row of a learner when it ended, since nothing else is asked
        of it than to be there.

        Returns:
            The sender and the key; None when there are none.
        """
        feed = self.feeds[name]
        keys = key_columns(feed)
        op = UPSERT if feed.kind == "reference" else DELETE
        parts = [
            rows.filter(pl.col("_op") == op).select(keys)
            for rows in self._rows.get(name, ())
        ]
        parts += self._respanned(feed, con)
        if name == "person" and "person_merge" in self._rows:
            parts += [
                rows.filter(pl.col("_op") == DELETE).select(
                    "institution_code", student_id="from_student_id"
                )
                for rows in self._rows["person_merge"]
            ]
        found = [part for part in parts if part.height]
        return pl.concat(found).unique() if found else None

    def _respanned(
        self, feed: Feed, con: duckdb.DuckDBPyConnection
    ) -> list[pl.DataFrame]:
        names = {column.name for column in feed.columns}
        spans = [name for name in _SPAN if name in names]
        if feed.kind != "reference" or not spans or "term" not in self._rows:
            return []
        terms = pl.concat(self._rows["term"]).filter(pl.col("_op") == UPSERT)
        con.register("_changed_term", terms)
        keys = ", ".join(f"row.{name}" for name in key_columns(feed))
        same = " or ".join(f"row.{name} = term.term_code" for name in spans)
        found = con.sql(
            f"select distinct {keys} from {feed.name} as row "
            "inner join _changed_term as term "
            f"on row.institution_code = term.institution_code and ({same})"
        )
        return [pl.DataFrame(found.to_arrow_table())]


@dataclass(frozen=True)
class Rejudged:
    """Rows of one feed that leave force.

    Attributes:
        log: The sender, data columns, ``_op`` (D, or C for a reference feed),
            ``_line``, ``_file``.
        quarantine: The columns of ``store.QUARANTINE_SCHEMA`` except ``wave_id``.
        findings: As in ``findings.FINDINGS``; ``file`` is the parent's.
    """

    log: pl.DataFrame
    quarantine: pl.DataFrame
    findings: pl.DataFrame


def rejudge(
    feed: Feed,
    in_force: pl.DataFrame,
    replaced: list[pl.DataFrame],
    changes: Changes,
    con: duckdb.DuckDBPyConnection,
    contracts: Contracts,
    live: Mapping[str, Parcel],
    history: History,
) -> Rejudged | None:
    """Judge the rows of one feed again that refer to rows which have changed.

    Args:
        feed: The child.
        in_force: Its rows before this wave, as ``state.in_force_of`` gives them.
        replaced: Frames with the sender and key of rows that this wave has replaced,
            ended or released; they were judged already.
        changes: What the wave has changed in other feeds.
        con: Has a view a feed of what is in force now; that of this feed is changed.
        contracts: The edits.
        live: The packages of the wave by sender.
        history: The ledger, to tell in which package a row was sent.

    Returns:
        What left force, or None when nothing did.
    """
    if in_force.is_empty() or not changes.any_of(_parents(feed)):
        return None
    rows = _that_refer(feed, in_force, changes, con)
    keys = key_columns(feed)
    for gone in replaced:
        rows = rows.join(gone.select(keys), on=keys, how="anti", nulls_equal=True)
    if rows.is_empty():
        return None
    about = pl.DataFrame(
        [(code, p.sender.system, p.as_of_date) for code, p in live.items()],
        schema={"institution_code": pl.String, "system": pl.String, "as_of": pl.Date},
        orient="row",
    )
    rows = (
        rows.with_row_index("_row")
        .with_columns(_op=pl.lit(UPSERT))
        .join(about, on="institution_code", how="left", maintain_order="left")
    )
    data = [column.name for column in feed.data_columns]
    meta = ["_row", "institution_code", "system", "as_of", "_line", "_op"]
    found = judge_again(feed, rows.select(*data, *meta), con, changes_in(feed, changes))
    told = said.with_severity(
        said.row_findings(found),
        contracts,
        rows,
        said.overrides_in(feed.name, live.values()),
    ).filter(pl.col("severity") == "Q")
    causes = _causes(feed, changes, con, live)
    told = (
        told.join(
            rows.select("_row", "institution_code"), on="_row", maintain_order="left"
        )
        # What another sender has changed makes no row of this one bad.
        .join(causes, on=["institution_code", "edit_id"], maintain_order="left")
    )
    if told.is_empty():
        return None
    if feed.absence == "keep":
        _warn(feed, told, live)
        return None
    _hold_if_many(feed, told, in_force, live)
    failed = rows.join(said.quarantined_rows(told), on="_row", maintain_order="left")
    leave_force(feed, failed, con)
    op = pl.lit(CLOSE if feed.absence == "close" else DELETE).alias("_op")
    place = (pl.lit(0, pl.Int64).alias("_line"), pl.lit(None, pl.String).alias("_file"))
    return Rejudged(
        log=failed.select("institution_code", *data, op, *place),
        quarantine=_aside(feed, failed, live, history),
        findings=_told(feed, told, failed),
    )


def changes_in(feed: Feed, changes: Changes) -> set[str]:
    """The feeds that ``feed`` refers to and that have changed."""
    return {name for name in _parents(feed) if changes.any_of([name])}


def _parents(feed: Feed) -> set[str]:
    """Every feed that an edit looks at by which a row of this one is quarantined."""
    asked = [looks_at(feed, e) for e in feed.edits_of("reference") if e.severity == "Q"]
    return set().union(*asked)


def _that_refer(
    feed: Feed,
    in_force: pl.DataFrame,
    changes: Changes,
    con: duckdb.DuckDBPyConnection,
) -> pl.DataFrame:
    """Open rows that name a changed parent in any of their foreign keys."""
    keys = key_columns(feed)
    rows = in_force.filter(~pl.col("is_closed"))
    found = [
        rows.join(
            _renamed(changed, relationship),
            on=["institution_code", *relationship.columns],
            how="semi",
        ).select(keys)
        for relationship in (*feed.relationships, *_by_learner(feed, changes))
        for changed in [changes.harmful(relationship.parent, con)]
        if changed is not None
    ]
    if not found:
        return rows.clear()
    return rows.join(
        pl.concat(found).unique(),
        on=keys,
        how="semi",
        nulls_equal=True,
        maintain_order="left",
    )


def _by_learner(feed: Feed, changes: Changes) -> list[Relationship]:
    """Feeds that are looked at without a foreign key: by the learner they share."""
    known = {one.parent for one in feed.relationships}
    student = ("student_id",)
    return [
        Relationship(student, name, student)
        for name in sorted(changes_in(feed, changes) - known)
        if "student_id" in {c.name for c in feed.columns}
        and "student_id" in changes.key_of(name)
    ]


def _renamed(changed: pl.DataFrame, relationship: Relationship) -> pl.DataFrame:
    pairs = zip(relationship.columns, relationship.parent_columns, strict=True)
    return changed.select(
        "institution_code", *(pl.col(theirs).alias(mine) for mine, theirs in pairs)
    ).unique()


def _causes(
    feed: Feed,
    changes: Changes,
    con: duckdb.DuckDBPyConnection,
    live: Mapping[str, Parcel],
) -> pl.DataFrame:
    """Which changed parents each edit looks at: sender, edit, ``parent``, ``file``.

    ``parent`` is the first of them in the order of judging, ``file`` names the files
    of all of them.
    """
    harmed = {
        name: set(rows["institution_code"].unique())
        for name in changes.feeds
        if name in changes_in(feed, changes)
        for rows in [changes.harmful(name, con)]
        if rows is not None
    }
    found = []
    for edit in feed.edits_of("reference"):
        looked = looks_at(feed, edit)
        for code, parcel in live.items():
            names = [n for n in harmed if n in looked and code in harmed[n]]
            if names:
                tallies = [parcel.tallies[n] for n in names if n in parcel.tallies]
                files = dict.fromkeys(t.name for t in tallies if t.name)
                found.append((code, edit.id, names[0], ", ".join(files) or None))
    return pl.DataFrame(
        found,
        schema=dict.fromkeys(
            ("institution_code", "edit_id", "parent", "file"), pl.String
        ),
        orient="row",
    )


def _warn(feed: Feed, told: pl.DataFrame, live: Mapping[str, Parcel]) -> None:
    counts = told.group_by("institution_code", "edit_id", "file").len().sort(pl.all())
    for code, edit_id, file, count in counts.iter_rows():
        what = f"{file} has changed what they refer to"
        value = f"{count} rows in force stay although {what}"
        note = Note(edit_id, "W", feed.name, value=value, count=count)
        live[code].notes.append(note)


def _hold_if_many(
    feed: Feed,
    told: pl.DataFrame,
    in_force: pl.DataFrame,
    live: Mapping[str, Parcel],
) -> None:
    """F15: a parent file that would take a large part of its children out of force."""
    failing = told.group_by("institution_code").agg(
        pl.col("_row").n_unique(), pl.col("parent").min()
    )
    open_rows = in_force.filter(~pl.col("is_closed")).group_by("institution_code").len()
    both = failing.join(open_rows, on="institution_code").sort("institution_code")
    for code, count, parent, total in both.iter_rows():
        if count > FEW and count > QUARANTINED_SHARE * total:
            value = f"{count} of {total} rows of {feed.name} in force would leave it"
            live[code].hold(Note("F15", "F", parent, value=value))


def _aside(
    feed: Feed, failed: pl.DataFrame, live: Mapping[str, Parcel], history: History
) -> pl.DataFrame:
    """The rows as quarantine keeps them, with the file in which they were sent."""
    names = [column.name for column in feed.columns]
    parcels = pl.DataFrame(
        [(code, p.manifest.package_id, p.package_seq) for code, p in live.items()],
        schema={
            "institution_code": pl.String,
            "package_id": pl.String,
            "package_seq": pl.Int64,
        },
        orient="row",
    )
    sent = failed.select("institution_code", "_file_sha256").unique()
    origin = sent.with_columns(
        sent_package_id=pl.Series(
            [_sent_in(history, *pair) for pair in sent.iter_rows()],
            dtype=pl.String,
        )
    )
    return (
        failed.with_columns(pl.col(name).cast(pl.String) for name in names)
        .with_columns(masked(feed, name) for name in names)
        .join(parcels, on="institution_code", how="left", maintain_order="left")
        .join(
            origin,
            on=["institution_code", "_file_sha256"],
            how="left",
            nulls_equal=True,
            maintain_order="left",
        )
        .select(
            "institution_code",
            "package_id",
            "package_seq",
            "edit_ids",
            file_name="_file_name",
            line="_line",
            row_json=pl.struct(names).struct.json_encode(),
            sent_package_id=pl.coalesce("sent_package_id", "_package_id"),
            rejudged=pl.lit(value=True),
        )
    )


def _sent_in(history: History, code: str, sha256: str | None) -> str | None:
    """The first package with that very file: a row may be released by a later one."""
    return next(
        (
            applied.package_id
            for applied in history.applied(code)
            if sha256 in applied.hashes
        ),
        None,
    )


def _told(feed: Feed, told: pl.DataFrame, failed: pl.DataFrame) -> pl.DataFrame:
    texts = failed.select(
        "_row", *(pl.col(name).cast(pl.String) for name in feed.key)
    ).select("_row", key=said.key_text(feed))
    whole = told.join(texts, on="_row", how="left", maintain_order="left").with_columns(
        feed=pl.lit(feed.name),
        line=pl.lit(None, pl.Int64),
        count=pl.lit(1, pl.Int64),
    )
    return whole.select(list(said.FINDINGS))
