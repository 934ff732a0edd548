"""What the colleges said up to tonight, and which students are new or described anew.

Belongs here: which packages count, what has been read before, the incremental step.
Does not belong here: what becomes of a row (``gather``), files (``store``).
"""

import csv
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.contracts.model import Contracts
from pipelines.identity.representation import store
from pipelines.identity.representation.columns import COLUMNS
from pipelines.identity.representation.gather import gather
from pipelines.identity.representation.normalise import statements
from pipelines.identity.representation.said import (
    FEEDS,
    Package,
    keep_changed,
    read_said,
    recall,
)
from pipelines.landing.kept.ledger import in_effect, read_ledger
from pipelines.landing.package.parcel import APPLIED
from pipelines.settings import Home, contracts_root

REPRESENTATION = "representation"
NEW_STUDENT = "new_student"
_MOST_SEGMENTS = 24
_MOST_LATER = 0.25
_WORKING = (
    "gathered_sent", "gathered_changed", "gathered_identifier", "gathered_merge",
    "recalled", "touched", "said_name", "said_merge",
)  # fmt: skip


@dataclass(frozen=True)
class Collected:
    """What ``collect`` found.

    Attributes:
        new_table: A table (institution_code, student_id) of the students that are new
            or described anew since the last ``settle``.
        students: Every college student that was ever named.
        new_students: Rows of ``new_table``.
        representations: Every distinct way in which they were described.
    """

    new_table: str
    students: int
    new_students: int
    representations: int


def collect(
    home: Home, contracts: Contracts, con: duckdb.DuckDBPyConnection
) -> Collected:
    """Bring the cache up to tonight and register its views on ``con``.

    The views are ``representation``, ``identifier_ever`` (institution_code, student_id,
    student_no, id_type, id_value, is_plausible, why_not, number_no, first_as_of,
    last_seq, is_current) and ``college_merge`` (institution_code, from_student_id,
    to_student_id, kind, merged_on, last_seq, first_as_of). ``number_no`` is a hash of a
    plausible official number without its leading zeros.

    Only packages that were not read before are read; the cache is made anew where it is
    missing, of another version, or where landing has taken back or reordered a package
    that was read.

    Args:
        home: The warehouse.
        contracts: Its feeds (the four of persons must be among them).
        con: Any connection.

    Returns:
        The counts, and the table of students to compare. Until ``settle`` says that the
        night has decided about them, the same students are new again.
    """
    missing = set(FEEDS) - set(contracts.feeds)
    if missing:
        raise ValueError(f"no feed {', '.join(sorted(missing))}")
    prepare(con)
    state = store.read_state(home, _version())
    packages = _packages(home)
    known = {row[:3] for row in state.packages}
    fresh = [row for row in packages if row[:3] not in known]
    if not _continues(state, packages, fresh):
        state, fresh = store.State(version=state.version), packages
    if fresh or not state.segments:
        state = _add(con, home, state, fresh)
    store.register(con, home, state)
    unsettled = tuple(n for n in state.segments if n > state.settled)
    con.execute(
        f"create or replace temp table {NEW_STUDENT} as "
        f"{store.students_of(home, unsettled)}"
    )
    counts = con.execute(
        f"select count(distinct student_no), count(*), "
        f"(select count(*) from {NEW_STUDENT}) from {REPRESENTATION}"
    ).fetchall()
    students, representations, new = counts[0]
    return Collected(NEW_STUDENT, students, new, representations)


def settle(home: Home) -> None:
    """Say that every student of ``Collected.new_table`` has been decided about.

    Call it when the night's events are durable, and not when the guard refused them.
    """
    state = store.read_state(home, _version())
    if state.segments and state.settled != state.segments[-1]:
        settled = state.segments[-1]
        store.write_state(
            home,
            store.State(
                state.version, state.packages, state.segments, state.rows, settled
            ),
        )


def prepare(con: duckdb.DuckDBPyConnection, root: Path | None = None) -> None:
    """Register the macros and the table ``nickname`` that normalising needs.

    Args:
        con: Any connection.
        root: The contracts' folder; ``settings.contracts_root`` when left out.
    """
    for statement in statements():
        con.execute(statement)
    pairs = _nicknames(root or contracts_root())
    con.register(
        "_nickname",
        pa.table(
            {
                "name": pa.array([name for name, _ in pairs], pa.string()),
                "nickname": pa.array([nick for _, nick in pairs], pa.string()),
            }
        ),
    )
    con.execute(
        "create or replace temp table nickname as "
        "select nickname as name, list_sort(list(name)) as roots "
        "from _nickname group by nickname"
    )
    con.unregister("_nickname")


def _nicknames(root: Path) -> list[tuple[str, str]]:
    with (root / "identity" / "nicknames.csv").open(newline="") as file:
        return [(row["name"], row["nickname"]) for row in csv.DictReader(file)]


def _version() -> str:
    nicknames = (contracts_root() / "identity" / "nicknames.csv").read_bytes()
    code = "".join(statements()).encode()
    return f"{store.VERSION}-{sha256(code + nicknames).hexdigest()[:16]}"


def _packages(home: Home) -> list[Package]:
    found = (
        in_effect(read_ledger(home))
        .filter(pl.col("verdict").is_in(APPLIED))
        .select("institution_code", "package_id", "wave_id", "package_seq")
        .unique()
        .sort("institution_code", "package_seq", "wave_id")
    )
    return found.rows()


def _continues(
    state: store.State,
    packages: list[Package],
    fresh: list[Package],
) -> bool:
    """Whether the fresh packages are all it lacks: none is gone, none is earlier."""
    if {row[:3] for row in state.packages} - {row[:3] for row in packages}:
        return False
    last: dict[str, int] = {}
    for code, _, _, sequence in state.packages:
        last[code] = max(last.get(code, 0), sequence)
    return all(sequence > last.get(code, 0) for code, _, _, sequence in fresh)


def _add(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    state: store.State,
    fresh: list[Package],
) -> store.State:
    """Read the fresh packages and write one more segment, or all of it anew."""
    read_said(con, home, fresh)
    if state.segments:
        store.register(con, home, state)
        recall(con)
    gather(con)
    number = (state.segments[-1] if state.segments else 0) + 1
    rows = "gathered"
    if state.segments:
        keep_changed(con)
        rows = "gathered_changed"
    sources = {
        "representation": f"select {', '.join(COLUMNS)} from {rows}",
        "identifier_ever": "from gathered_identifier",
        "college_merge": "from gathered_merge",
    }
    store.write_segment(con, home, number, sources)
    con.execute("drop view gathered")
    for table in _WORKING:
        con.execute(f"drop table if exists {table}")
    packages = (*state.packages, *fresh)
    added = store.State(
        state.version,
        packages,
        (*state.segments, number),
        (*state.rows, store.rows_of(home, number)),
        state.settled,
    )
    store.write_state(home, added)
    if _is_scattered(added) and added.settled >= added.segments[-2]:
        return _compact(con, home, added)
    return added


def _is_scattered(state: store.State) -> bool:
    later = sum(state.rows[1:])
    return len(state.rows) > 1 and (
        len(state.segments) > _MOST_SEGMENTS or later > _MOST_LATER * state.rows[0]
    )


def _compact(
    con: duckdb.DuckDBPyConnection, home: Home, state: store.State
) -> store.State:
    """Write what was settled as one segment, before the one that was not."""
    old, last = state.segments[:-1], state.segments[-1]
    settled = store.State(state.version, state.packages, old, state.rows[:-1], old[-1])
    if len(old) == 1:
        return state
    store.register(con, home, settled)
    number = last + 1
    sources = {
        "representation": "from representation",
        "identifier_ever": "from identifier_ever",
        "college_merge": "from college_merge",
    }
    store.write_segment(con, home, number, sources)
    # The newest segment must stay the newest: it is written again under a later number.
    newest = {
        table: f"from read_parquet('{store.path(home, table, last)}')"
        for table in store.TABLES
    }
    store.write_segment(con, home, number + 1, newest)
    compacted = store.State(
        state.version,
        state.packages,
        (number, number + 1),
        (sum(state.rows[:-1]), state.rows[-1]),
        number,
    )
    store.write_state(home, compacted)
    return compacted
