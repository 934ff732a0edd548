"""The identity event log: append-only, one immutable Parquet segment a night.

The log in the vault is the only memory of who is whom. Everything else, current
links included, is a view of it, so a rebuild of the warehouse gives the same ids.
Does not belong here: deciding anything (see ``rules`` and ``link``).
"""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from ulid import ULID

from pipelines.durable import replace_durably, sync_folder

EVENT_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("learner_id", pa.string(), nullable=False),
        pa.field("other_learner_id", pa.string()),
        pa.field("institution_code", pa.string()),
        pa.field("student_id", pa.string()),
        pa.field("decided_by", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("evidence_hash", pa.string()),
        pa.field("decided_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)


def append(folder: Path, events: pa.Table) -> Path | None:
    """Add one segment to the log, durable before this returns.

    Args:
        folder: The log's folder in the vault; made (mode 0700) when absent.
        events: Rows of ``EVENT_SCHEMA``; none means nothing is written.

    Returns:
        The new segment, or None where there was nothing to add.
    """
    if not events.num_rows:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    segment = folder / f"{ULID()}.parquet"
    partial = segment.with_suffix(".tmp")
    pq.write_table(events.cast(EVENT_SCHEMA), partial, compression="zstd")
    replace_durably(partial, segment)
    sync_folder(folder.parent)
    return segment


def register(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create the views ``identity_event``, ``identity_link`` and ``learner``.

    ``identity_link`` has one row a (institution_code, student_id) with the learner
    it belongs to now: the newest link, followed through merges. ``learner`` has one
    row an id ever minted, with ``status`` active or merged_into.
    """
    segments = sorted(str(path) for path in folder.glob("*.parquet"))
    none = EVENT_SCHEMA.empty_table()
    log = con.read_parquet(segments) if segments else con.from_arrow(none)
    log.create_view("identity_event", replace=True)
    con.execute(
        """
        create or replace temp view merged as
        with recursive step as (
            select other_learner_id as retired, learner_id as survivor, event_id
            from identity_event
            where event_type = 'merge'
        ),
        newest as (
            select retired, survivor
            from step
            qualify row_number() over (partition by retired order by event_id desc) = 1
        ),
        walk as (
            select retired, survivor, 1 as depth from newest
            union all
            select walk.retired, newest.survivor, walk.depth + 1
            from walk
            inner join newest on newest.retired = walk.survivor
        )
        select retired, survivor
        from walk
        qualify row_number() over (partition by retired order by depth desc) = 1
        """
    )
    con.execute(
        """
        create or replace temp view identity_link as
        with newest as (
            select
                institution_code, student_id, learner_id, decided_by, reasons,
                decided_at
            from identity_event
            where event_type = 'link'
            qualify row_number() over (
                partition by institution_code, student_id order by event_id desc
            ) = 1
        )
        select
            newest.institution_code,
            newest.student_id,
            coalesce(merged.survivor, newest.learner_id) as learner_id,
            newest.decided_by as linked_by,
            newest.reasons,
            newest.decided_at as linked_at
        from newest
        left join merged on merged.retired = newest.learner_id
        """
    )
    con.execute(
        """
        create or replace temp view learner as
        select
            minted.learner_id,
            minted.decided_at as minted_at,
            if(merged.survivor is null, 'active', 'merged_into') as status,
            merged.survivor as merged_into_learner_id
        from identity_event as minted
        left join merged on merged.retired = minted.learner_id
        where minted.event_type = 'mint'
        """
    )
