"""Tonight's documents as signed records in sorted Parquet files.

Belongs here: which documents are new, changed, the same or gone, and the record files.
Does not belong here: the proofs themselves (``signing.py``). A document whose content
hash is that of the published record keeps the published bytes.
"""

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.errors import OperatorError
from pipelines.publishing.pool import Job, Signed, SigningPool, UnsignableRecordError

LEARNERS_A_FILE = 2_000
"""About 150 MB of JSON, 15 MB on disk."""

_LEARNERS_A_GROUP = 100
"""One learner's record costs a reader one row group."""

_LEARNERS_A_BATCH = 25
_ALONE = 100
"""Fewer documents are signed before another process would have started."""

COMPARED = 10
"""Newly signed records compared with the reference path every night."""

SCHEMA = pa.schema(
    [
        pa.field("learner_id", pa.string(), nullable=False),
        pa.field("clr_id", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("valid_from", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("issued_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("credential_count", pa.int64(), nullable=False),
        pa.field("clr", pa.string(), nullable=False),
    ]
)
"""One row a learner; ``clr`` is the signed JSON, ``issued_at`` the as-of of signing."""


@dataclass(frozen=True)
class Plan:
    """What tonight's documents ask for.

    Attributes:
        learners: documents, one a learner.
        fresh: documents to sign, new or changed.
        withdrawn: published learners without a document tonight.
    """

    learners: int
    fresh: int
    withdrawn: int

    @property
    def reused(self) -> int:
        """Documents whose published bytes stand."""
        return self.learners - self.fresh

    @property
    def unchanged(self) -> bool:
        """Whether the published records stand as they are."""
        return not self.fresh and not self.withdrawn


class Records:
    """The documents of one build, and the published records they are compared with.

    ``source`` is the relation that holds the documents; ``previous`` the folder of the
    published records, None before the first snapshot; ``spool`` an empty folder for
    documents on their way to be signed, removed by whoever made it.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source: str,
        previous: Path | None,
        spool: Path,
    ) -> None:
        self._con = con
        self._source = source
        self._spool = spool
        self._previous = (
            f"read_parquet('{previous}/*.parquet', hive_partitioning = false)"
            if previous is not None
            else "(SELECT NULL::VARCHAR AS learner_id, NULL::VARCHAR AS content_hash, "
            "NULL::VARCHAR AS clr WHERE false)"
        )

    def issuer(self) -> str:
        """``issuer.id`` of the first document; every other is held to it at signing.

        Raises:
            OperatorError: there is no document, or it names no issuer.
        """
        first = self._rows(f"SELECT min(learner_id::VARCHAR) FROM {self._source}")
        if first[0][0] is None:
            raise OperatorError("no learner has a record: nothing is published")
        rows = self._rows(
            f"SELECT json_extract_string(document, '$.issuer.id') FROM {self._source} "
            f"WHERE learner_id::VARCHAR = '{first[0][0]}'"
        )
        if not rows[0][0]:
            raise OperatorError("the record documents name no issuer")
        return str(rows[0][0])

    def latest(self) -> datetime:
        """Latest ``valid_from`` of tonight's documents, in UTC."""
        rows = self._rows(
            f"SELECT max(epoch_us(valid_from::TIMESTAMPTZ)) FROM {self._source}"
        )
        return datetime.fromtimestamp(rows[0][0] // 1_000_000, UTC)

    def plan(self, on_progress: Callable[[int, int], None]) -> Plan:
        """Compare content hashes, by learner, with the published records.

        The documents are read once, in ranges of learners: asked for all at once, the
        view that makes them needs 6 GB for 100,000. Those to sign are set aside in the
        spool.

        Args:
            on_progress: called with learners read and learners in all.

        Raises:
            OperatorError: a learner has two documents.
        """
        self._rows(f"""
            CREATE OR REPLACE TEMP TABLE learner AS
            SELECT
                learner_id::VARCHAR AS learner_id,
                (row_number() OVER (ORDER BY learner_id::VARCHAR) - 1)
                    // {LEARNERS_A_FILE} AS part
            FROM {self._source}
        """)
        learners, distinct, parts = self._rows(
            "SELECT count(*), count(DISTINCT learner_id), max(part) + 1 FROM learner"
        )[0]
        if learners != distinct:
            raise OperatorError("a learner has two documents: nothing is published")
        self._rows(
            "CREATE OR REPLACE TEMP TABLE plan (part BIGINT, learner_id VARCHAR, "
            "content_hash VARCHAR, known BOOLEAN, same BOOLEAN)"
        )
        for part in range(parts):
            self._plan_part(part)
            on_progress(min((part + 1) * LEARNERS_A_FILE, learners), learners)
        fresh = self._rows("SELECT count(*) FROM plan WHERE NOT same")[0][0]
        withdrawn = self._rows(
            f"SELECT count(*) FROM {self._previous} WHERE learner_id NOT IN "
            "(SELECT learner_id FROM plan)"
        )[0][0]
        return Plan(learners, fresh, withdrawn)

    def _plan_part(self, part: int) -> None:
        within = self._within(part)
        self._rows(f"""
            CREATE OR REPLACE TEMP TABLE tonight AS
            SELECT
                learner_id::VARCHAR AS learner_id,
                content_hash::VARCHAR AS content_hash,
                document::VARCHAR AS document
            FROM {self._source} WHERE {within}
        """)
        self._rows(f"""
            INSERT INTO plan
            SELECT
                {part},
                t.learner_id,
                t.content_hash,
                p.learner_id IS NOT NULL,
                p.content_hash IS NOT DISTINCT FROM t.content_hash
            FROM tonight AS t
            LEFT JOIN (
                SELECT learner_id, content_hash FROM {self._previous} WHERE {within}
            ) AS p USING (learner_id)
        """)
        self._rows(f"""
            COPY (
                SELECT t.learner_id, t.document, p.clr
                FROM tonight AS t
                SEMI JOIN (SELECT learner_id FROM plan WHERE NOT same) AS f
                    USING (learner_id)
                LEFT JOIN (
                    SELECT learner_id, clr FROM {self._previous} WHERE {within}
                ) AS p USING (learner_id)
                ORDER BY learner_id
            ) TO '{self._spooled(part)}' (FORMAT parquet)
        """)
        self._rows("DROP TABLE tonight")

    def write_changes(self, path: Path) -> None:
        """``learner_id, change`` of every new, changed or withdrawn learner."""
        self._rows(f"""
            COPY (
                SELECT learner_id, CASE WHEN known THEN 'changed' ELSE 'new' END
                    AS change
                FROM plan WHERE NOT same
                UNION ALL
                SELECT learner_id, 'withdrawn'
                FROM {self._previous}
                WHERE learner_id NOT IN (SELECT learner_id FROM plan)
                ORDER BY ALL
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)
        """)

    def write(
        self,
        folder: Path,
        plan: Plan,
        keys: Path,
        did: str,
        as_of: datetime,
        workers: int,
        on_progress: Callable[[int, int], None],
    ) -> int:
        """Sign what is fresh, copy what stands, into ``part-00000.parquet`` and on.

        Args:
            folder: where the files go.
            plan: tonight's plan, from ``plan()``.
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
        stamp = as_of.strftime("%Y-%m-%dT%H:%M:%SZ")
        parts = -(-plan.learners // LEARNERS_A_FILE)
        credentials = 0
        with SigningPool(keys, did, 1 if plan.fresh < _ALONE else workers) as pool:
            tell = _Teller(on_progress, plan.learners)
            signed = tell.each(pool.map(self._batches(parts, plan, stamp)))
            for part in range(parts):
                ids = self._ids(part)
                fresh = ids.filter(pc.invert(ids["same"]))
                try:
                    made = list(itertools.islice(signed, fresh.num_rows))
                except UnsignableRecordError as error:
                    raise OperatorError(f"nothing is published: {error}") from None
                except BrokenProcessPool:
                    raise OperatorError(
                        "a signing process was killed, by the system when memory "
                        "ran out or by hand: free memory or lower LRW_WORKERS"
                    ) from None
                moments = [datetime.fromisoformat(one.valid_from) for one in made]
                table = pa.table(
                    [
                        fresh["learner_id"],
                        pa.array([one.clr_id for one in made], pa.string()),
                        fresh["content_hash"],
                        pa.array(moments, SCHEMA.field("valid_from").type),
                        pa.array([as_of] * len(made), SCHEMA.field("issued_at").type),
                        pa.array([one.credentials for one in made], pa.int64()),
                        pa.array([one.text for one in made], pa.string()),
                    ],
                    schema=SCHEMA,
                )
                if fresh.num_rows < ids.num_rows:
                    standing = self._standing(part)
                    table = pa.concat_tables([table, standing])
                    tell.add(standing.num_rows)
                table = table.sort_by("learner_id")
                pq.write_table(
                    table,
                    folder / f"part-{part:05}.parquet",
                    row_group_size=_LEARNERS_A_GROUP,
                    compression="zstd",
                    use_dictionary=False,
                )
                credentials += pc.sum(table["credential_count"]).as_py()
        return credentials

    def _batches(self, parts: int, plan: Plan, stamp: str) -> Iterator[list[Job]]:
        chooser = random.Random(f"{stamp} {plan}")
        compared = set(chooser.sample(range(plan.fresh), min(COMPARED, plan.fresh)))
        position = itertools.count()
        for part in range(parts):
            rows = self._rows(f"FROM read_parquet('{self._spooled(part)}')")
            jobs = [
                Job(learner, document, previous, stamp, next(position) in compared)
                for learner, document, previous in rows
            ]
            for start in range(0, len(jobs), _LEARNERS_A_BATCH):
                yield jobs[start : start + _LEARNERS_A_BATCH]

    def _spooled(self, part: int) -> Path:
        return self._spool / f"part-{part:05}.parquet"

    def _within(self, part: int) -> str:
        low, high = self._rows(
            f"SELECT min(learner_id), max(learner_id) FROM learner WHERE part = {part}"
        )[0]
        return f"learner_id::VARCHAR BETWEEN '{low}' AND '{high}'"

    def _ids(self, part: int) -> pa.Table:
        return self._arrow(
            "SELECT learner_id, content_hash, same FROM plan "
            f"WHERE part = {part} ORDER BY learner_id"
        )

    def _standing(self, part: int) -> pa.Table:
        names = ", ".join(f"p.{name}" for name in SCHEMA.names)
        return self._arrow(f"""
            SELECT {names}
            FROM (SELECT * FROM {self._previous} WHERE {self._within(part)}) AS p
            SEMI JOIN (SELECT learner_id FROM plan WHERE part = {part} AND same) AS s
                USING (learner_id)
        """).cast(SCHEMA)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _without_data():
            return self._con.execute(sql).fetchall()

    def _arrow(self, sql: str) -> pa.Table:
        with _without_data():
            return self._con.sql(sql).to_arrow_table()


class _Teller:
    """Says how many records are done, batch by batch."""

    def __init__(self, on_progress: Callable[[int, int], None], total: int) -> None:
        self._on_progress = on_progress
        self._total = total
        self._done = 0

    def add(self, count: int) -> None:
        self._done += count
        self._on_progress(self._done, self._total)

    def each(self, batches: Iterator[list[Signed]]) -> Iterator[Signed]:
        for batch in batches:
            self.add(len(batch))
            yield from batch


@contextlib.contextmanager
def _without_data() -> Iterator[None]:
    """DuckDB quotes rows in its messages; none leaves this module."""
    try:
        yield
    except duckdb.IOException:
        raise OperatorError(
            "the disk refused a read or a write of the records: look at free space, "
            "then run again"
        ) from None
    except duckdb.Error as error:
        raise OperatorError(
            f"the record documents cannot be read ({type(error).__name__}): rebuild "
            "with dbt and look at published.record_document"
        ) from None
