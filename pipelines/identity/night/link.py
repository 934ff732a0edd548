"""One night of identity: new college students get a learner, old links stay.

Belongs here: the order of the steps. Does not belong here: any one of them. Each call
of ``at`` names a point where a crash must leave a log that the next run goes on from as
if nothing had happened.

An id is minted once and never derived, so it survives every rebuild. A link made on an
earlier night stands until an event says otherwise; evidence that disappears, or a model
that would judge otherwise today, does not undo it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from pipelines.contracts.model import Contracts
from pipelines.identity.log.store import At, Writer, writing
from pipelines.identity.log.views import register
from pipelines.identity.night.conflicts import settle_conflicts
from pipelines.identity.night.decide import register_events
from pipelines.identity.night.graph import (
    no_pairs,
    register_conflicts,
    register_edges,
)
from pipelines.identity.night.guard import judge, load_bounds
from pipelines.identity.night.outputs import (
    active_learners,
    register_links,
    write_outputs,
)
from pipelines.identity.night.places import review_file, rows_in
from pipelines.identity.night.review_pairs import keep_review_pairs
from pipelines.identity.night.scope import keep_compared, register_scope
from pipelines.settings import Home

_EVENTS_AT_ONCE = 500_000

Compare = Callable[[duckdb.DuckDBPyConnection, str | None], None]
"""Fill ``pair``: the students of the named table with all others, or all with all."""


@dataclass(frozen=True)
class LinkResult:
    """What one night did to identities; counts of persons and ids, no names.

    Attributes:
        college_students: College students that are a learner now.
        learners: Learners that are active now.
        minted: Ids that began tonight.
        linked: College students that became a learner tonight.
        merged: Learners that became another tonight.
        set_aside: Groups whose evidence could not all be followed.
        review: Pairs that wait for a person.
        held: College students without a learner: the guard refused the night, or their
            learner was erased.
        refused: Why the guard refused the night, one line; None when it passed.
    """

    college_students: int
    learners: int
    minted: int
    linked: int
    merged: int
    set_aside: int
    review: int = 0
    held: int = 0
    refused: str | None = None


@dataclass(frozen=True)
class Candidates:
    """Who may be new.

    Attributes:
        table: A table (institution_code, student_id).
        students: How many students there are in ``representation``.
    """

    table: str
    students: int


def link(home: Home, contracts: Contracts, *, at: At = lambda _: None) -> LinkResult:
    """Link every college student to a learner and write tonight's views.

    Args:
        home: The warehouse. Events are appended to its vault; the current views go to
            ``warehouse/identity_link.parquet``, ``learner.parquet`` and
            ``identity_held.parquet``, the pairs that wait for a person to
            ``warehouse/identity/review_pair.parquet``.
        contracts: The feeds that carry the evidence.
        at: Called at every step boundary with its name; for crash tests.

    Returns:
        Counts for the night's summary.

    Raises:
        OperatorError: Another run decides identities, or the log is damaged.
    """
    from pipelines.identity.evidence import find_pairs, load_policy  # noqa: PLC0415
    from pipelines.identity.representation import collect, settle  # noqa: PLC0415

    policy = load_policy()
    with writing(home.identity_events) as log, duckdb.connect() as con:
        at("locked")
        collected = collect(home, contracts, con)
        at("collected")
        result = decide(
            con,
            home,
            log,
            Candidates(collected.new_table, collected.students),
            lambda con, new: find_pairs(con, policy, new=new),
            at=at,
        )
        if result.refused is None:
            settle(home)
        at("settled")
        return result


def decide(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    log: Writer,
    candidates: Candidates,
    compare: Compare,
    *,
    at: At = lambda _: None,
) -> LinkResult:
    """Decide about whoever is new, append it to the log and write the views.

    Args:
        con: Has ``representation`` and ``identifier_ever``.
        home: The warehouse.
        log: The right to append.
        candidates: Who may be new.
        compare: Fills ``pair``.
        at: Called at every step boundary with its name.

    Returns:
        Counts for the night's summary.
    """
    bounds = load_bounds()
    folder = home.identity_events
    register(con, folder)
    deciding = register_scope(con, home, candidates.table, candidates.students)
    every = deciding == candidates.students or not review_file(home).exists()
    if deciding or every:
        compare(con, None if every else "night.deciding")
    else:
        no_pairs(con)
    at("compared")
    register_edges(con)
    register_conflicts(con)
    set_aside = settle_conflicts(con, bounds.rival_margin_bits)
    register_events(con, datetime.now(UTC))
    refused = judge(con, home, bounds, log.tail.last_seq)
    at("judged")
    if refused is None:
        events = con.sql("from night.new_event").to_arrow_reader(_EVENTS_AT_ONCE)
        log.append(events, at)
        keep_compared(con, home)
        at("compared kept")
        register(con, folder)
    register_links(con)
    if refused is None:
        keep_review_pairs(con, home, every=every)
    write_outputs(con, home)
    at("views written")
    return _result(con, home, set_aside, refused)


def _result(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    set_aside: int,
    refused: str | None,
) -> LinkResult:
    written = {"mint": 0, "link": 0, "merge": 0}
    if refused is None:
        written |= dict(
            con.execute(
                "select event_type, count(*) from night.new_event group by event_type"
            ).fetchall()
        )
    return LinkResult(
        college_students=rows_in(home.warehouse / "identity_link.parquet"),
        learners=active_learners(con, home),
        minted=written["mint"],
        linked=written["link"],
        merged=written["merge"],
        set_aside=set_aside,
        review=max(rows_in(review_file(home)), 0),
        held=rows_in(home.warehouse / "identity_held.parquet"),
        refused=refused,
    )
