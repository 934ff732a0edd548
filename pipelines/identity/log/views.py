"""What the events mean together: current links, learners and decisions of stewards.

Belongs here: views of the log and nothing else, so that links are a function of the
log. Does not belong here: writing them anywhere (``night``).
"""

from pathlib import Path

import duckdb

from pipelines.identity.log.schema import EVENT_SCHEMA
from pipelines.identity.log.store import segments, verify_log

_MERGED = """
    with recursive counting as (
        select merge.seq, merge.event_id, merge.learner_id as survivor,
            merge.other_learner_id as retired, merge.decided_at as merged_at
        from identity_event as merge
        where merge.event_type = 'merge'
          and merge.event_id not in (
              select undoes from identity_event
              where event_type = 'split' and undoes is not null
          )
    ),
    step as (
        select retired, survivor, event_id, merged_at from counting
        qualify row_number() over (partition by retired order by seq desc) = 1
    ),
    walk as (
        select retired, survivor, event_id, merged_at, 1 as depth from step
        union all
        select walk.retired, step.survivor, walk.event_id, walk.merged_at,
            walk.depth + 1
        from walk inner join step on step.retired = walk.survivor
    )
    select retired, survivor, event_id as merged_by_event, merged_at
    from walk
    qualify row_number() over (partition by retired order by depth desc) = 1
"""
"""One row a retired id: where it leads, and the merge that retired it."""

_LINK = """
    with newest as (
        select institution_code, student_id, max(seq) as seq
        from identity_event
        where event_type in ('link', 'unlink')
        group by institution_code, student_id
    )
    select
        event.institution_code,
        event.student_id,
        coalesce(merged.survivor, event.learner_id) as learner_id,
        event.decided_by as linked_by,
        event.score,
        event.reasons,
        event.decided_at as linked_at,
        event.event_id as since_event,
        event.learner_id as linked_to
    from identity_event as event
    inner join newest using (seq)
    left join merged on merged.retired = event.learner_id
    where event.event_type = 'link'
"""

_LEARNER = """
    select
        minted.learner_id,
        minted.decided_at as minted_at,
        minted.segment as minted_in,
        case
            when erased.learner_id is not null then 'erased'
            when merged.survivor is not null then 'merged_into'
            else 'active'
        end as status,
        merged.survivor as merged_into_learner_id,
        merged.merged_at,
        parted.split_from as split_from_learner_id
    from identity_event as minted
    left join merged on merged.retired = minted.learner_id
    left join (
        select distinct learner_id from identity_event where event_type = 'erase'
    ) as erased on erased.learner_id = minted.learner_id
    left join (
        select other_learner_id, arg_max(learner_id, seq) as split_from
        from identity_event
        where event_type = 'split' and undoes is null
        group by other_learner_id
    ) as parted on parted.other_learner_id = minted.learner_id
    where minted.event_type = 'mint'
"""

_OVERRIDE = """
    with ordered as (
        select *,
            (institution_code, student_id)
            > (other_institution_code, other_student_id) as is_turned
        from identity_event
        where event_type in ('override_same', 'override_different')
    )
    select
        if(is_turned, other_institution_code, institution_code) as a_institution_code,
        if(is_turned, other_student_id, student_id) as a_student_id,
        if(is_turned, institution_code, other_institution_code) as b_institution_code,
        if(is_turned, student_id, other_student_id) as b_student_id,
        replace(event_type, 'override_', '') as verdict,
        decided_by,
        reasons[1] as reason,
        decided_at,
        evidence_hash,
        event_id,
        seq
    from ordered
    qualify row_number() over (
        partition by a_institution_code, a_student_id, b_institution_code, b_student_id
        order by seq desc
    ) = 1
"""


_VIEWS = {
    "merged": _MERGED,
    "identity_link": _LINK,
    "learner": _LEARNER,
    "override": _OVERRIDE,
}
"""In an order in which each needs only those before it."""


def register(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create the log's views on a connection, after checking the log.

    ``identity_event``: every event; ``segment`` is the first ``seq`` of its segment.
    ``merged``: one row a retired id with the id it leads to.
    ``identity_link``: one row a (institution_code, student_id) with its learner now,
    and of the link itself who decided it, score, reasons, when and its event;
    ``linked_to`` is the id the link named, which a merge may have retired.
    ``learner``: one row an id ever minted; ``status`` is active, merged_into or erased,
    ``merged_at`` when the merge that retired it was decided, ``split_from_learner_id``
    the id it was parted from when it was minted for that.
    ``override``: one row a pair that a steward decided, the newest word; the first
    student is the lesser by (institution_code, student_id).

    Args:
        con: Any connection; views of these names are replaced.
        folder: The log's folder; none yet is an empty log.

    Raises:
        LogError: The log is torn, incomplete or altered.
    """
    verify_log(folder)
    files = [str(path) for path in segments(folder)]
    if files:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        source = (
            "select * exclude (filename), parse_filename(filename, true)::bigint "
            f"as segment from read_parquet([{listed}], filename = true)"
        )
    else:
        con.register("no_identity_event", EVENT_SCHEMA.empty_table())
        source = "select *, 0::bigint as segment from no_identity_event"
    con.execute(f"create or replace temp view identity_event as {source}")
    for name, select in _VIEWS.items():
        con.execute(f"create or replace temp view {name} as {select}")


def work_out(con: duckdb.DuckDBPyConnection) -> None:
    """Work the views out once, for a connection that asks them often.

    A view reads the whole log each time: 111 decisions on a log of 500,000 events
    took 45 CPU seconds that way, with the log held.

    Args:
        con: Has the views of ``register``.
    """
    for name in _VIEWS:
        con.execute(f"create or replace temp table _{name} as from {name}")
        con.execute(f"create or replace temp view {name} as from _{name}")
