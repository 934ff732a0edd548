"""The cache of representations below ``warehouse/identity``: rebuildable, private.

Belongs here: its files, its state and the views over them. Does not belong here: what
is in them (``gather``).

A night writes one segment: all rows of the students that changed. A student's rows are
those of the newest segment that has the student. ``state.json`` names the segments and
the packages in them, and replacing it is the commit. Files are their owner's alone.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.durable import replace_durably, sync_file
from pipelines.settings import Home

VERSION = 1
"""Of what is written here; another one means that the cache is made anew."""

TABLES = ("representation", "identifier_ever", "college_merge")
_KEY = {
    "representation": "student_no",
    "identifier_ever": "student_no",
    "college_merge": "(institution_code, from_student_id, to_student_id)",
}


@dataclass(frozen=True)
class State:
    """What the cache holds.

    Attributes:
        version: ``VERSION`` and a digest of what rows depend on beside landing.
        packages: Every package that was read: college, package, wave, sequence.
        segments: Numbers of the segments, oldest first.
        rows: Representations in each segment.
        settled: Number of the last segment whose students the night has decided.
    """

    version: str
    packages: tuple[tuple[str, str, str, int], ...] = ()
    segments: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    settled: int = 0
    _: None = field(default=None, repr=False)


def folder(home: Home) -> Path:
    """Where the cache lies."""
    return home.warehouse / "identity"


def read_state(home: Home, version: str) -> State:
    """The committed state; an empty one where there is none that can be used."""
    try:
        found = json.loads((folder(home) / "state.json").read_text())
        state = State(
            version=found["version"],
            packages=tuple((c, p, w, int(s)) for c, p, w, s in found["packages"]),
            segments=tuple(found["segments"]),
            rows=tuple(found["rows"]),
            settled=int(found["settled"]),
        )
    except (FileNotFoundError, KeyError, ValueError, TypeError):
        return State(version=version)
    whole = all(
        path(home, table, number).exists()
        for number in state.segments
        for table in TABLES
    )
    return state if whole and state.version == version else State(version=version)


def write_state(home: Home, state: State) -> None:
    """Commit: after this the cache holds what ``state`` says, and nothing else."""
    root = folder(home)
    partial = root / "state.tmp"
    written = {k: v for k, v in asdict(state).items() if k != "_"}
    _private(partial)
    partial.write_text(json.dumps(written))
    replace_durably(partial, root / "state.json")
    kept = {path(home, t, n).name for n in state.segments for t in TABLES}
    for table in TABLES:
        for file in root.glob(f"{table}-*"):
            if file.name not in kept:
                file.unlink()


def path(home: Home, table: str, number: int) -> Path:
    """The file of one table of one segment."""
    return folder(home) / f"{table}-{number:06d}.parquet"


def write_segment(
    con: duckdb.DuckDBPyConnection, home: Home, number: int, sources: dict[str, str]
) -> None:
    """Write one segment's files; nothing is in force before ``write_state``.

    Args:
        con: Where the rows are.
        home: The warehouse.
        number: Of the segment.
        sources: For each of ``TABLES`` a SELECT.
    """
    root = folder(home)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    for table in TABLES:
        file = path(home, table, number)
        _private(file)
        con.execute(
            f"copy ({sources[table]}) to '{_escaped(file)}' "
            "(format parquet, compression zstd, compression_level 1)"
        )
        file.chmod(0o600)
        sync_file(file)


def rows_of(home: Home, number: int) -> int:
    """Representations in one segment."""
    return int(pq.read_metadata(path(home, "representation", number)).num_rows)


def register(con: duckdb.DuckDBPyConnection, home: Home, state: State) -> None:
    """Create the views named in ``TABLES``."""
    for table in TABLES:
        if len(state.segments) == 1:
            file = path(home, table, state.segments[0])
            con.execute(
                f"create or replace temp view {table} as "
                f"from read_parquet('{_escaped(file)}')"
            )
            continue
        later = _union(home, table, state.segments[1:], f"{_KEY[table]} as _key")
        con.execute(
            f"create or replace temp table _newest_{table} as "
            f"select _key, max(_segment) as _segment from ({later}) group by _key"
        )
        every = _union(home, table, state.segments, "*")
        con.execute(
            f"""
            create or replace temp view {table} as
            select every.* exclude (_segment)
            from ({every}) as every
            left join _newest_{table} as newest on newest._key = every.{_KEY[table]}
            where newest._segment is null or newest._segment = every._segment
            """.replace("every.(", "(")
        )


def students_of(home: Home, segments: tuple[int, ...]) -> str:
    """A SELECT of the college students in some segments."""
    if not segments:
        nobody = "null::varchar as institution_code, null::varchar as student_id"
        return f"select {nobody} where false"
    files = ", ".join(
        f"'{_escaped(path(home, 'representation', number))}'" for number in segments
    )
    return f"select distinct institution_code, student_id from read_parquet([{files}])"


def _union(home: Home, table: str, segments: tuple[int, ...], columns: str) -> str:
    return " union all by name ".join(
        f"select {columns}, {number} as _segment "
        f"from read_parquet('{_escaped(path(home, table, number))}')"
        for number in segments
    )


def _private(file: Path) -> None:
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _escaped(file: Path) -> str:
    return str(file).replace("'", "''")
