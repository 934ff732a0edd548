"""Signed records in sorted Parquet files.

Belongs here: handing documents to the signers, and the record files. Does not belong
here: which documents ask for it (``documents.py``), the proofs themselves
(``signing.py``).
"""

import random
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import OperatorError
from pipelines.publishing.documents import Documents, Plan
from pipelines.publishing.pool import (
    JOBS,
    SIGNED,
    SigningPool,
    UnsignableRecordError,
)
from pipelines.publishing.record_table import LEARNERS_A_GROUP, SCHEMA, relation

_LEARNERS_A_BATCH = 25
_ALONE = 100
"""Fewer documents are signed before another process would have started."""

_MOMENT = "%Y-%m-%dT%H:%M:%SZ"

COMPARED = 10
"""Newly signed records compared with the reference path every night."""


def write(
    documents: Documents,
    plan: Plan,
    folder: Path,
    keys: Path,
    did: str,
    as_of: datetime,
    workers: int,
    on_progress: Callable[[int, int], None],
) -> int:
    """Sign what is fresh, copy what stands, into ``part-00000.parquet`` and on.

    Args:
        documents: tonight's.
        plan: what they ask for, from ``documents.plan()``.
        folder: where the files go.
        keys: folder of key files.
        did: the issuer.
        as_of: ``issued_at`` of fresh records.
        workers: processes that sign.
        on_progress: called with records done and records in all.

    Returns:
        Credentials nested in all records.

    Raises:
        OperatorError: a document cannot be signed, or the fast path disagrees
            with the reference.
    """
    stamp = as_of.strftime(_MOMENT)
    parts = documents.parts
    credentials = 0
    processes = 1 if plan.fresh < _ALONE else workers
    with SigningPool(keys, did, stamp, processes) as pool:
        tell = _Teller(on_progress, plan.learners)
        signed = tell.each(pool.map(_batches(documents, parts, plan, stamp)))
        for part in range(parts):
            ids = _ids(documents, part)
            fresh = ids.filter(pc.equal(ids["state"], "fresh"))
            try:
                made = _taken(signed, fresh.num_rows)
            except UnsignableRecordError as error:
                raise OperatorError(f"nothing is published: {error}") from None
            except BrokenProcessPool:
                raise OperatorError(
                    "a signing process was killed, by the system when memory "
                    "ran out or by hand: free memory or lower LRW_WORKERS"
                ) from None
            columns = {name: made[name] for name in SIGNED.names}
            columns |= {name: fresh[name] for name in ("learner_id", "content_hash")}
            issued_at = pa.scalar(as_of, SCHEMA.field("issued_at").type)
            columns["issued_at"] = pa.repeat(issued_at, fresh.num_rows)
            table = pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)
            if fresh.num_rows < ids.num_rows:
                standing = _standing(documents, part)
                table = pa.concat_tables([table, standing]).sort_by("learner_id")
                tell.add(standing.num_rows)
            pq.write_table(
                table,
                folder / f"part-{part:05}.parquet",
                row_group_size=LEARNERS_A_GROUP,
                compression="zstd",
                use_dictionary=False,
            )
            credentials += pc.sum(table["credential_count"]).as_py()
    return credentials


def _taken(signed: Iterator[pa.Table], rows: int) -> pa.Table:
    """The next batches, which end where a part does."""
    taken = [SIGNED.empty_table()]
    while rows > 0:
        taken.append(next(signed))
        rows -= taken[-1].num_rows
    return pa.concat_tables(taken)


def _batches(
    documents: Documents, parts: int, plan: Plan, stamp: str
) -> Iterator[pa.Table]:
    chooser = random.Random(f"{stamp} {plan}")
    compared = set(chooser.sample(range(plan.fresh), min(COMPARED, plan.fresh)))
    position = 0
    for part in range(parts):
        jobs = documents.con.arrow(f"""
            SELECT
                learner_id,
                document,
                list_filter(
                    list_prepend(clr, earlier.clrs), lambda one: one IS NOT NULL
                ) AS issued,
                strftime(
                    last.valid_from AT TIME ZONE 'UTC', '{_MOMENT}'
                ) AS not_before,
                status.entries AS entries
            FROM {relation(documents.spooled(part))}
            SEMI JOIN (FROM plan WHERE part = {part} AND state = 'fresh') AS f
                USING (learner_id)
            LEFT JOIN (
                SELECT learner_id, list(clr) AS clrs
                FROM {documents.replaced.earlier(part)} GROUP BY learner_id
            ) AS earlier USING (learner_id)
            LEFT JOIN last_issued AS last USING (learner_id)
            LEFT JOIN {documents.status.of_part(part)} AS status USING (learner_id)
            ORDER BY learner_id
        """)
        places = range(position, position + jobs.num_rows)
        position = places.stop
        chosen = pa.array([place in compared for place in places], pa.bool_())
        jobs = jobs.append_column("compare", chosen).cast(JOBS)
        for start in range(0, jobs.num_rows, _LEARNERS_A_BATCH):
            yield jobs.slice(start, _LEARNERS_A_BATCH)


def _ids(documents: Documents, part: int) -> pa.Table:
    return documents.con.arrow(
        "SELECT learner_id, content_hash, state FROM plan "
        f"WHERE part = {part} ORDER BY learner_id"
    )


def _standing(documents: Documents, part: int) -> pa.Table:
    names = ", ".join(f"p.{name}" for name in SCHEMA.names)
    same = documents.con.arrow(f"""
        SELECT {names}
        FROM (SELECT * FROM {documents.previous} WHERE {documents.within(part)}) AS p
        SEMI JOIN (
            SELECT learner_id FROM plan WHERE part = {part} AND state = 'same'
        ) AS s USING (learner_id)
    """).cast(SCHEMA)
    return pa.concat_tables([same, documents.replaced.given_back(part)])


class _Teller:
    """Says how many records are done, batch by batch."""

    def __init__(self, on_progress: Callable[[int, int], None], total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0

    def add(self, count: int) -> None:
        self._done += count
        self._on_progress(self._done, self._total)

    def each(self, batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for batch in batches:
            self.add(batch.num_rows)
            yield batch
