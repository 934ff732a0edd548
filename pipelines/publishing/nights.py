"""Which published night a reader means by a day, and its tables.

Belongs here: finding the night, whether its snapshot is there or kept by differences.
Does not belong here: those differences (``history.py``), the connection that reads them
(``reader.py``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing import history
from pipelines.publishing import snapshot as store
from pipelines.publishing.history import Entry
from pipelines.publishing.manifest import Manifest
from pipelines.publishing.record_table import relation
from pipelines.publishing.snapshot import Snapshot
from pipelines.settings import Home


@dataclass(frozen=True)
class Night:
    """One published night.

    Attributes:
        seq: number of its snapshot.
        base: a snapshot that is there: its own, or the one its history begins at.
        chain: how the night differs from ``base``, from the newest entry to its own;
            empty where ``base`` is its own.
    """

    seq: int
    base: Snapshot
    chain: list[Entry]

    @property
    def tables(self) -> list[str]:
        """Names of the analyst tables that night, sorted."""
        if self.chain:
            return self.chain[-1].tables
        folder = self.base.path / store.ANALYST
        return sorted(path.stem for path in folder.glob("*.parquet"))

    @property
    def folders(self) -> list[Path]:
        """Where its tables are read from."""
        paths = [self.base.path, *(entry.path for entry in self.chain)]
        return [path / store.ANALYST for path in paths]

    def rows(self, table: str) -> str:
        """A SELECT of one of ``tables``."""
        file = self.base.path / store.ANALYST / f"{table}.parquet"
        if not self.chain:
            return f"SELECT * FROM {relation(file)}"
        return history.rows_of(table, file if file.exists() else None, self.chain)


def now(present: Snapshot) -> Night:
    """The current snapshot as a night."""
    return Night(present.seq, present, [])


def find(home: Home, present: Snapshot, on: date) -> Night:
    """The last night that speaks of a moment on or before a day.

    A snapshot speaks of its newest package's ``as_of``; the day is one of the time zone
    of the system that issued it.

    Args:
        home: the warehouse.
        present: its current snapshot.
        on: the day.

    Raises:
        OperatorError: nothing was published until then, or what is kept of the night
            has a gap.
    """
    there = {
        int(path.name): path
        for path in home.snapshots.glob("[0-9]*")
        if int(path.name) <= present.seq
    }
    kept = history.entries(home)
    manifests = {seq: entry.manifest for seq, entry in kept.items()} | {
        seq: store.read_staged(path).manifest for seq, path in there.items()
    }
    zone = _zone(present.manifest.issuer)
    days = {seq: _day(body, zone) for seq, body in manifests.items()}
    found = [seq for seq, day in days.items() if day <= on]
    if not found:
        raise OperatorError(
            f"nothing published speaks of {on} or before: what is kept begins with "
            f"{min(days.values())}"
        )
    seq = at = max(found)
    chain: list[Entry] = []
    while at not in there:
        if at not in kept:
            raise OperatorError(
                f"snapshot {at} is gone and not in {home.history}: restore either from "
                "backup"
            )
        chain.insert(0, kept[at])
        at = kept[at].newer
    return Night(seq, store.read_staged(there[at]), chain)


def is_erased(
    con: duckdb.DuckDBPyConnection, present: Snapshot, *learner_ids: str
) -> bool:
    """Whether one of some learners is erased by now."""
    return bool(
        con.execute(
            f"{_erased(present)} AND learner_id IN (SELECT unnest($asked))",
            {"asked": list(learner_ids)},
        ).fetchall()
    )


def hide_erased(
    con: duckdb.DuckDBPyConnection, present: Snapshot, night: Night
) -> dict[str, str]:
    """What keeps the erased of ``present`` out of a night's tables.

    Returns:
        By table the join that leaves their rows out; nothing where nobody is erased.
    """
    con.execute("CREATE SCHEMA erased")
    con.execute(f"CREATE TABLE erased.learner AS {_erased(present)}")
    if not con.execute("SELECT 1 FROM erased.learner LIMIT 1").fetchall():
        return {}
    claims = (
        f"SELECT assertion_id FROM ({night.rows('assertion')}) AS claim "
        "SEMI JOIN erased.learner USING (learner_id)"
        if "assertion" in night.tables
        else "SELECT NULL AS assertion_id WHERE false"
    )
    con.execute(f"CREATE TABLE erased.claim AS {claims}")
    joins = {}
    for table in night.tables:
        described = con.execute(f"DESCRIBE {night.rows(table)}").fetchall()
        columns = {row[0] for row in described}
        if "learner_id" in columns:
            joins[table] = "ANTI JOIN erased.learner USING (learner_id)"
        elif "assertion_id" in columns:
            joins[table] = "ANTI JOIN erased.claim USING (assertion_id)"
    return joins


def _erased(present: Snapshot) -> str:
    learners = relation(present.path / store.ANALYST / "learner.parquet")
    return f"SELECT learner_id FROM {learners} WHERE status = 'erased'"


def _day(body: Manifest, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(body.as_of).astimezone(zone).date()


def _zone(issuer: str) -> ZoneInfo:
    from pipelines.contracts.load import load_contracts  # noqa: PLC0415 - 0.4 s

    systems = load_contracts().systems.values()
    names = [system.timezone for system in systems if system.did == issuer]
    return ZoneInfo(names[0] if names else "UTC")
