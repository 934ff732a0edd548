"""One connection with everything the review reads; it writes nothing anywhere.

Belongs here: which files stand behind which view. Does not belong here: what is made of
them (``worklist``, ``pipelines.identity.explain``, ``pipelines.identity.find``).
"""

from datetime import UTC, datetime

import duckdb
import orjson

from pipelines.errors import OperatorError
from pipelines.identity.log import store as log
from pipelines.identity.log.schema import UNLINK
from pipelines.identity.log.views import register, work_out
from pipelines.identity.night.places import guard_file, review_file
from pipelines.identity.representation import store as representations
from pipelines.identity.review.worklist import register_tasks
from pipelines.publishing import snapshot
from pipelines.settings import Home, time_zone

_PAIR = """
    a_institution_code varchar, a_student_id varchar,
    b_institution_code varchar, b_student_id varchar,
    kind varchar, decided_by varchar, weight double, probability double,
    verdict varchar, reasons varchar[],
    parts struct(comparison varchar, level varchar, bits double)[],
    evidence_hash varchar
"""


def connect(home: Home) -> duckdb.DuckDBPyConnection:
    """Open what the last night left: the log and what colleges said.

    The views: those of ``log.views.register``; ``representation`` and
    ``identifier_ever`` without whoever was erased, who is in ``erased_student``;
    ``review_pair`` with ``written_at``; ``published_learner`` (learner_id); and those
    of ``worklist.register_tasks``.

    Raises:
        OperatorError: No night has linked anybody yet, or the log is damaged.
    """
    if not log.segments(home.identity_events):
        raise OperatorError("Nobody has an id yet: run a night first (lrw night).")
    con = duckdb.connect()
    try:
        # Every date that is told is of the one zone in which the nights run.
        con.execute(f"set timezone = '{time_zone()}'")
        register(con, home.identity_events)
        work_out(con)
        open_representations(con, home)
        _leave_out_erased(con)
        _pairs(con, home)
        _published(con, home)
        register_tasks(con)
    except BaseException:
        con.close()
        raise
    return con


def guard_refused(home: Home) -> str | None:
    """Why the guard refused the last night, in one line; None when it did not."""
    try:
        said = orjson.loads(guard_file(home).read_bytes())
        refused = said["verdict"] == "refused"
        return "; ".join(said["reasons"]) if refused else None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


def open_representations(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Register the cache as the last night committed it, of whatever version.

    Raises:
        OperatorError: There is none.
    """
    missing = OperatorError(
        "What colleges said of persons is not at hand: run a night (lrw night), which "
        "gathers it again."
    )
    try:
        content = (representations.folder(home) / "state.json").read_bytes()
        version = orjson.loads(content)["version"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise missing from None
    state = representations.read_state(home, version)
    if not state.segments:
        raise missing
    representations.register(con, home, state)


def _leave_out_erased(con: duckdb.DuckDBPyConnection) -> None:
    """Whoever was erased is not found, explained or shown beside another."""
    con.execute(
        f"""
        create temp table erased_student as
        select distinct institution_code, student_id
        from identity_event
        anti join identity_link using (institution_code, student_id)
        where event_type = '{UNLINK}'
        """
    )
    for view in ("representation", "identifier_ever"):
        con.execute(f"alter view {view} rename to every_{view}")
        con.execute(
            f"create temp view {view} as from every_{view} "
            "anti join erased_student using (institution_code, student_id)"
        )


def _pairs(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    path = review_file(home)
    written = datetime.now(UTC)
    con.execute(f"create or replace temp table _no_pair ({_PAIR})")
    select = "select * from _no_pair"
    if path.exists():
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        name = str(path).replace("'", "''")
        select += f" union all by name select * from read_parquet('{name}')"
    con.execute(
        "create or replace temp view review_pair as "
        f"select *, timestamptz '{written.isoformat()}' as written_at from ({select})"
    )


def _published(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    current = snapshot.current(home)
    table = current.path / snapshot.ANALYST / "learner.parquet" if current else None
    select = "select null::varchar as learner_id where false"
    if table is not None and table.exists():
        name = str(table).replace("'", "''")
        select = (
            f"select learner_id::varchar as learner_id from read_parquet('{name}') "
            "where status = 'active' and clr_id is not null"
        )
    con.execute(f"create or replace temp view published_learner as {select}")
