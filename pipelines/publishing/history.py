"""What a removed snapshot held, as its differences from the one that came after it.

Belongs here: writing those differences when a snapshot goes, forgetting the erased, and
putting a night together again. Does not belong here: which snapshots go (``gc.py``),
which night a reader means (``nights.py``).

A night changes one row in fifty, so years of nights cost about what a few snapshots do;
and work is done when a snapshot is removed, not in the night. An entry leads to the
next one or to a snapshot that is still there: whoever reads begins at that snapshot and
walks back.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson

from pipelines.durable import replace_durably, sync_folder
from pipelines.errors import OperatorError
from pipelines.publishing import manifest, record_table
from pipelines.publishing import snapshot as store
from pipelines.publishing.files import sync_tree
from pipelines.publishing.manifest import Manifest
from pipelines.publishing.record_table import quoted, relation
from pipelines.publishing.snapshot import Snapshot
from pipelines.settings import Home

NAME = "entry.json"
ROWS = "_rows"
"""1 for a row that the older night has more, -1 for one that only the newer has."""

_RECORDS = "record.parquet"
_PARQUET = "FORMAT parquet, COMPRESSION zstd"


@dataclass(frozen=True)
class Entry:
    """A night whose snapshot is gone.

    Attributes:
        path: its folder below ``published/history``.
        newer: number of the snapshot it is told by.
        changed: tables with other rows than there, told by their differences.
        whole: tables that are not there, or have other columns there.
        manifest: of the snapshot, as it was signed.
    """

    path: Path
    newer: int
    changed: tuple[str, ...]
    whole: tuple[str, ...]
    manifest: Manifest

    def file(self, table: str) -> Path:
        """Where the rows of a changed or whole table are."""
        return self.path / store.ANALYST / f"{table}.parquet"

    @property
    def tables(self) -> list[str]:
        """What was published that night."""
        return sorted(Path(path).stem for path in self.manifest.under(store.ANALYST))


def entries(home: Home) -> dict[int, Entry]:
    """Every night kept by its differences, by the number of its snapshot.

    Raises:
        OperatorError: one of them is damaged.
    """
    return {int(path.name): _read(path) for path in sorted(home.history.glob("[0-9]*"))}


def keep(home: Home, older: Snapshot, newer: Snapshot) -> None:
    """Write what ``older`` held, durably, so that it may be removed.

    Raises:
        OperatorError: it cannot be read or there is no room.
    """
    home.history.mkdir(exist_ok=True, mode=0o700)
    final = home.history / f"{older.seq:06}"
    partial = home.history / f".{older.seq:06}.tmp"
    for left in (partial, final):
        # A run that died before the snapshot went wrote this already.
        shutil.rmtree(left, ignore_errors=True)
    (partial / store.ANALYST).mkdir(parents=True, mode=0o700)
    with _connection(home) as con:
        changed, whole = _keep_tables(con, older, newer, partial / store.ANALYST)
        con.execute(
            f"COPY ({_other_records(older, newer)}) TO "
            f"'{quoted(partial / _RECORDS)}' ({_PARQUET}, "
            f"ROW_GROUP_SIZE {record_table.LEARNERS_A_GROUP * 20})"
        )
    for name in (manifest.NAME, manifest.SIGNATURE):
        shutil.copyfile(older.path / name, partial / name)
    body = {"newer": newer.seq, "changed": changed, "whole": whole}
    (partial / NAME).write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    sync_tree(partial)
    partial.rename(final)
    sync_folder(home.history)


def forget(home: Home, present: Snapshot) -> int:
    """Take the erased out of every night that is kept by its differences.

    Args:
        home: the warehouse.
        present: says who is erased (``learner.status``).

    Returns:
        How many files were written anew.

    Raises:
        OperatorError: a file cannot be read or there is no room.
    """
    written = 0
    with _connection(home) as con:
        kept = entries(home).values()
        _erased(con, present)
        _claims_of_erased(con, kept)
        for entry in kept:
            files = [entry.path / _RECORDS]
            files += [entry.file(table) for table in (*entry.changed, *entry.whole)]
            for file in files:
                written += _without_erased(con, file)
    return written


def rows_of(table: str, base: Path | None, chain: list[Entry]) -> str:
    """A SELECT of one table as it was on the night of the last entry.

    Args:
        table: one of that entry's ``tables``.
        base: the table's file in the snapshot that the first entry is told by; None
            where it has none.
        chain: entries from the newest to the night itself.
    """
    parts = [f"SELECT *, 1::INTEGER AS {ROWS} FROM {relation(base)}"] if base else []
    for entry in chain:
        if table in entry.whole:
            parts = [
                f"SELECT *, 1::INTEGER AS {ROWS} FROM {relation(entry.file(table))}"
            ]
        elif table in entry.changed:
            parts.append(f"SELECT * FROM {relation(entry.file(table))}")
    if len(parts) == 1:
        return f"SELECT * EXCLUDE ({ROWS}) FROM ({parts[0]})"
    return (
        f"SELECT * EXCLUDE ({ROWS}) FROM ("
        f"SELECT * EXCLUDE ({ROWS}), sum({ROWS}) AS {ROWS} "
        f"FROM ({' UNION ALL BY NAME '.join(parts)}) GROUP BY ALL) WHERE {ROWS} > 0"
    )


def record(learner_id: str, chain: list[Entry]) -> tuple[bool, str | None]:
    """One learner's signed record as it was on the night of the last entry.

    Args:
        learner_id: as known that night.
        chain: entries from the newest to the night itself.

    Returns:
        Whether the entries say anything of it, and the record; None where the learner
        had none. Where they say nothing, the record of the snapshot that the first is
        told by stood that night too.
    """
    with duckdb.connect() as con:
        for entry in reversed(chain):
            rows = con.execute(
                f"SELECT clr FROM {relation(entry.path / _RECORDS)} "
                "WHERE learner_id = ?",
                [learner_id],
            ).fetchall()
            if rows:
                return True, rows[0][0]
    return False, None


def _read(path: Path) -> Entry:
    try:
        body = orjson.loads((path / NAME).read_bytes())
        signed = Manifest.from_bytes((path / manifest.NAME).read_bytes())
        changed, whole = tuple(body["changed"]), tuple(body["whole"])
        return Entry(path, int(body["newer"]), changed, whole, signed)
    except (OSError, ValueError, KeyError, TypeError):
        raise OperatorError(f"{path} cannot be read: restore it from backup") from None


@contextmanager
def _connection(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB that spills below the warehouse: rows of a state do not fit."""
    spill = home.published / ".spill"
    spill.mkdir(mode=0o700, exist_ok=True)
    try:
        with duckdb.connect(config={"temp_directory": str(spill)}) as con:
            con.execute("SET TimeZone = 'UTC'")
            yield con
    except duckdb.Error as error:
        # Its own message may quote rows.
        raise OperatorError(
            f"what old snapshots held cannot be kept ({type(error).__name__}): look at "
            "free disk space; nothing is removed"
        ) from None
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _keep_tables(
    con: duckdb.DuckDBPyConnection, older: Snapshot, newer: Snapshot, to: Path
) -> tuple[list[str], list[str]]:
    """Write the tables that differ; returns their names, changed and whole."""
    was = {Path(e.path).stem: e for e in _tables(older)}
    now = {Path(e.path).stem: e for e in _tables(newer)}
    changed, whole = [], []
    for name, entry in was.items():
        other = now.get(name)
        if other is not None and other.sha256 == entry.sha256:
            continue
        source = relation(older.path / entry.path)
        if other is None or other.columns != entry.columns:
            whole.append(name)
            select = f"FROM {source}"
        else:
            changed.append(name)
            newest = relation(newer.path / other.path)
            select = (
                f"SELECT *, 1::INTEGER AS {ROWS} "
                f"FROM (FROM {source} EXCEPT ALL FROM {newest}) "
                f"UNION ALL SELECT *, -1 FROM (FROM {newest} EXCEPT ALL FROM {source})"
            )
        con.execute(
            f"COPY ({select}) TO '{quoted(to / f'{name}.parquet')}' ({_PARQUET})"
        )
    return changed, whole


def _tables(snapshot: Snapshot) -> list[manifest.FileEntry]:
    prefix = f"{store.ANALYST}/"
    return [e for e in snapshot.manifest.files if e.path.startswith(prefix)]


def _other_records(older: Snapshot, newer: Snapshot) -> str:
    """Records that were others, and learners who had none, with no ``clr``."""
    was, now = (relation(one.path / store.RECORDS) for one in (older, newer))
    return f"""
        SELECT was.learner_id, was.clr_id, was.clr
        FROM {was} AS was
        LEFT JOIN (SELECT learner_id, md5(clr) AS digest FROM {now}) AS now
            USING (learner_id)
        WHERE now.digest IS DISTINCT FROM md5(was.clr)
        UNION ALL
        SELECT now.learner_id, now.clr_id, NULL
        FROM {now} AS now ANTI JOIN {was} AS was USING (learner_id)
        ORDER BY learner_id
        """


def _erased(con: duckdb.DuckDBPyConnection, present: Snapshot) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE erased AS SELECT learner_id FROM "
        f"{relation(present.path / store.ANALYST / 'learner.parquet')} "
        "WHERE status = 'erased'"
    )


def _claims_of_erased(con: duckdb.DuckDBPyConnection, kept: Iterable[Entry]) -> None:
    """Their claims of any night, for tables that name the claim and not the learner."""
    con.execute("CREATE TEMP TABLE erased_claim AS SELECT '' AS assertion_id LIMIT 0")
    for entry in kept:
        file = entry.file("assertion")
        if file.exists():
            con.execute(
                f"INSERT INTO erased_claim SELECT assertion_id FROM {relation(file)} "
                "AS claim SEMI JOIN erased USING (learner_id)"
            )


def _without_erased(con: duckdb.DuckDBPyConnection, file: Path) -> bool:
    columns = {
        row[0] for row in con.execute(f"DESCRIBE FROM {relation(file)}").fetchall()
    }
    if "learner_id" in columns:
        key, gone = "learner_id", "erased"
    elif "assertion_id" in columns:
        key, gone = "assertion_id", "erased_claim"
    else:
        return False
    found = con.execute(
        f"SELECT 1 FROM {relation(file)} AS kept SEMI JOIN {gone} USING ({key}) LIMIT 1"
    ).fetchall()
    if not found:
        return False
    partial = file.with_name(f".{file.name}.tmp")
    con.execute(
        f"COPY (FROM {relation(file)} AS kept ANTI JOIN {gone} USING ({key})) "
        f"TO '{quoted(partial)}' ({_PARQUET})"
    )
    replace_durably(partial, file)
    return True
