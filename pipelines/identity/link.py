"""One night of identity: new college students get a learner, old links stay.

An id is minted once and never derived, so it survives every rebuild. A link made
on an earlier night stands until an event says otherwise; evidence that disappears
does not undo it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.contracts.model import Contracts
from pipelines.durable import replace_durably
from pipelines.identity import events
from pipelines.identity.cluster import cluster
from pipelines.identity.rules import (
    COLLEGE_MERGE,
    EXACT_RULES,
    UNLINKED,
    UNLINKED_REASON,
    register_evidence,
)
from pipelines.landing.state import connect_in_force
from pipelines.settings import Home


@dataclass(frozen=True)
class LinkResult:
    """What one night did to identities; counts of persons and ids, no names."""

    college_students: int
    learners: int
    minted: int
    linked: int
    merged: int
    set_aside: int


def link(home: Home, contracts: Contracts) -> LinkResult:
    """Link every college student in force to a learner and write tonight's views.

    Args:
        home: The warehouse. Events are appended to its vault; the current views
            go to ``warehouse/identity_link.parquet`` and ``warehouse/learner.parquet``.
        contracts: The feeds whose in-force views carry the evidence.

    Returns:
        Counts for the night's summary.
    """
    with duckdb.connect() as con:
        connect_in_force(home, contracts, con)
        set_aside = decide(con, home.identity_events)
        _write_views(con, home)
        return _result(con, set_aside)


def decide(con: duckdb.DuckDBPyConnection, log: Path) -> int:
    """Append tonight's decisions to the log and register its views on ``con``.

    Args:
        con: Has the views ``person``, ``person_identifier`` and ``person_merge``.
        log: Folder of the event log.

    Returns:
        How many groups of exact evidence were set aside as doubtful.
    """
    events.register(con, log)
    register_evidence(con)
    set_aside = cluster(con)
    _new_events(con, datetime.now(UTC))
    new_events = con.sql("select * from new_event order by event_id")
    events.append(log, new_events.to_arrow_table())
    events.register(con, log)
    return set_aside


def _new_events(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Fill ``new_event``: mints, merges of learners and links of unlinked students."""
    rules = [COLLEGE_MERGE, *EXACT_RULES]
    con.execute(
        "create or replace temp table rule_reason as "
        "select unnest($ids) as rule_id, unnest($reasons) as reason, "
        "unnest(range($count)) as rank",
        {
            "ids": [rule.id for rule in rules],
            "reasons": [rule.reason for rule in rules],
            "count": len(rules),
        },
    )
    # The longest-standing id survives, then the one with most students: ids minted
    # in one night are in no order that a second warehouse would repeat.
    con.execute(
        """
        create or replace temp table component_learner as
        with held as (
            select distinct person_cluster.component, identity_link.learner_id
            from person_cluster
            inner join identity_link using (institution_code, student_id)
        ),
        standing as (
            select
                held.component,
                held.learner_id,
                learner.minted_at,
                count(*) as students,
                min((institution_code, student_id)) as first_student
            from held
            inner join learner using (learner_id)
            inner join identity_link using (learner_id)
            group by all
        ),
        survivor as (
            select component, learner_id
            from standing
            qualify row_number() over (
                partition by component
                order by minted_at, students desc, first_student
            ) = 1
        )
        select
            component,
            coalesce(survivor.learner_id, uuidv7()::varchar) as learner_id,
            survivor.learner_id is null as is_new
        from (select distinct component from person_cluster)
        left join survivor using (component)
        """
    )
    con.execute(
        """
        create or replace temp table best_evidence as
        select
            evidence.institution_code,
            evidence.student_id,
            evidence.rule_id,
            rule_reason.reason,
            md5(evidence.key) as evidence_hash
        from evidence
        inner join rule_reason using (rule_id)
        inner join person_cluster as mine using (institution_code, student_id)
        where exists (
            select 1
            from evidence as theirs
            inner join person_cluster as them
                on them.institution_code = theirs.institution_code
                and them.student_id = theirs.student_id
            where theirs.rule_id = evidence.rule_id
              and theirs.key = evidence.key
              and them.component = mine.component
              and (theirs.institution_code, theirs.student_id)
                  <> (evidence.institution_code, evidence.student_id)
        )
        qualify row_number() over (
            partition by evidence.institution_code, evidence.student_id
            order by rule_reason.rank, evidence.key
        ) = 1
        """
    )
    con.execute(
        """
        create or replace temp table new_event as
        with mint as (
            select 1 as rank, 'mint' as event_type, learner_id,
                null::varchar as other_learner_id, null::varchar as institution_code,
                null::varchar as student_id, $unlinked as decided_by,
                [$unlinked_reason] as reasons, null::varchar as evidence_hash
            from component_learner
            where is_new
        ),
        merge as (
            select distinct 2 as rank, 'merge' as event_type, kept.learner_id,
                gone.learner_id as other_learner_id, null::varchar, null::varchar,
                'exact-evidence/1', ['New exact evidence joins two learners.'], null
            from person_cluster
            inner join component_learner as kept using (component)
            inner join identity_link as gone using (institution_code, student_id)
            where gone.learner_id <> kept.learner_id
        ),
        link as (
            select 3 as rank, 'link' as event_type, component_learner.learner_id,
                null::varchar as other_learner_id,
                person_cluster.institution_code, person_cluster.student_id,
                coalesce(best.rule_id, $unlinked) as decided_by,
                [coalesce(best.reason, $unlinked_reason)] as reasons,
                best.evidence_hash
            from person_cluster
            inner join component_learner using (component)
            left join best_evidence as best using (institution_code, student_id)
            anti join identity_link using (institution_code, student_id)
        ),
        every as (
            from mint union all from merge union all from link
        )
        select
            uuidv7()::varchar as event_id,
            event_type, learner_id, other_learner_id, institution_code, student_id,
            decided_by, 1.0 as score, reasons, evidence_hash,
            $at::timestamptz as decided_at
        from every
        order by rank, learner_id, institution_code, student_id
        """,
        {"unlinked": UNLINKED, "unlinked_reason": UNLINKED_REASON, "at": at},
    )


def _write_views(con: duckdb.DuckDBPyConnection, home: Home) -> None:
    home.warehouse.mkdir(parents=True, exist_ok=True)
    for name, order in (
        ("identity_link", "institution_code, student_id"),
        ("learner", "learner_id"),
    ):
        table = con.sql(f"select * from {name} order by {order}").to_arrow_table()
        final = home.warehouse / f"{name}.parquet"
        partial = final.with_suffix(".tmp")
        pq.write_table(table, partial, compression="zstd")
        replace_durably(partial, final)


def _result(con: duckdb.DuckDBPyConnection, set_aside: int) -> LinkResult:
    counts = con.execute(
        """
        select
            (select count(*) from identity_link),
            (select count(*) from learner where status = 'active'),
            count(*) filter (event_type = 'mint'),
            count(*) filter (event_type = 'link'),
            count(*) filter (event_type = 'merge')
        from new_event
        """
    ).fetchone()
    students, learners, minted, linked, merged = counts or (0, 0, 0, 0, 0)
    return LinkResult(students, learners, minted, linked, merged, set_aside)
