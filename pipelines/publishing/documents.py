"""Tonight's documents, and what of the published records they leave as it is.

Belongs here: which documents are new, changed, the same or gone. Does not belong here:
what merges and splits change (``replaced.py``), signing and the record files
(``records.py``). A document whose content hash is that of the published record keeps
the published bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing.analyst import DOCUMENTS
from pipelines.publishing.record_table import Quiet, relation, signed_by
from pipelines.publishing.replaced import Replaced
from pipelines.publishing.snapshot import RECORDS
from pipelines.publishing.status_entries import StatusEntries

LEARNERS_A_FILE = 2_000
"""About 150 MB of JSON, 15 MB on disk."""


@dataclass(frozen=True)
class Plan:
    """What tonight's documents ask for.

    Attributes:
        learners: documents, one a learner.
        fresh: documents to sign, new or changed.
        restored: documents whose bytes of before a merge are published again.
        withdrawn: published learners without a document tonight.
    """

    learners: int
    fresh: int
    restored: int
    withdrawn: int

    @property
    def reused(self) -> int:
        """Documents whose published bytes stand."""
        return self.learners - self.fresh - self.restored

    @property
    def unchanged(self) -> bool:
        """Whether the published records stand as they are."""
        return not self.fresh and not self.restored and not self.withdrawn


class Documents:
    """The documents of one build, and the published records they are compared with.

    ``build`` is the schema of tonight's tables; ``previous`` the folder of the
    published snapshot, None before the first; ``spool`` an empty folder for documents
    on their way to be signed, removed by whoever made it; ``seq`` the number of
    tonight's snapshot; ``secret`` orders the slots of status lists.

    Attributes:
        con: the connection, with the temporary table ``plan`` after ``plan()``.
        previous: relation of the published records.
        parts: how many files tonight's records make.
        replaced: what merges and splits change.
        status: the status entries of what is issued.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        build: str,
        previous: Path | None,
        spool: Path,
        seq: int,
        secret: str,
    ) -> None:
        self.con = Quiet(con)
        self._source = f"{build}.{DOCUMENTS}"
        self._redirects = f"{build}.learner_redirect"
        self._spool = spool
        self.parts = 0
        self.previous = relation(previous / RECORDS if previous else None)
        self.replaced = Replaced(self.con, build, previous, spool)
        self.status = StatusEntries(self.con, build, previous, seq, secret)

    def issuer(self) -> str:
        """``issuer.id`` of the first document; every other is held to it at signing.

        Raises:
            OperatorError: there is no document, or it names no issuer.
        """
        first = self.con.rows(f"SELECT min(learner_id::VARCHAR) FROM {self._source}")
        if first[0][0] is None:
            raise OperatorError("no learner has a record: nothing is published")
        rows = self.con.rows(
            f"SELECT json_extract_string(document, '$.issuer.id') FROM {self._source} "
            f"WHERE learner_id::VARCHAR = '{first[0][0]}'"
        )
        if not rows[0][0]:
            raise OperatorError("the record documents name no issuer")
        return str(rows[0][0])

    def latest(self) -> datetime:
        """Latest ``valid_from`` of tonight's documents, in UTC."""
        rows = self.con.rows(
            f"SELECT max(epoch_us(valid_from::TIMESTAMPTZ)) FROM {self._source}"
        )
        return datetime.fromtimestamp(rows[0][0] // 1_000_000, UTC)

    def plan(
        self,
        on_progress: Callable[[int, int], None],
        withdrawn_keys: tuple[str, ...] = (),
        void_keys: tuple[str, ...] = (),
    ) -> Plan:
        """Compare content hashes, by learner, with the published records.

        The documents are read once, in ranges of learners: asked for all at once, the
        view that makes them needs 6 GB for 100,000. Those to sign are set aside in the
        spool.

        Args:
            on_progress: called with learners read and learners in all.
            withdrawn_keys: multikeys of which no signature may be published again.
            void_keys: those of them that the published snapshot still listed.

        Raises:
            OperatorError: a learner has two documents.
        """
        self.con.rows(f"""
            CREATE OR REPLACE TEMP TABLE learner AS
            SELECT
                learner_id::VARCHAR AS learner_id,
                clr_id::VARCHAR AS clr_id,
                (row_number() OVER (ORDER BY learner_id::VARCHAR) - 1)
                    // {LEARNERS_A_FILE} AS part
            FROM {self._source}
        """)
        learners, distinct, self.parts = self.con.rows(
            "SELECT count(*), count(DISTINCT learner_id), coalesce(max(part) + 1, 0) "
            "FROM learner"
        )[0]
        if learners != distinct:
            raise OperatorError("a learner has two documents: nothing is published")
        self.con.rows(
            "CREATE OR REPLACE TEMP TABLE plan (part BIGINT, learner_id VARCHAR, "
            "content_hash VARCHAR, known BOOLEAN, state VARCHAR)"
        )
        for part in range(self.parts):
            self._plan_part(part, signed_by("clr", void_keys))
            on_progress(min((part + 1) * LEARNERS_A_FILE, learners), learners)
        self.status.revoke()
        restored = self.replaced.settle(
            self.status.revoked(), signed_by("clr", withdrawn_keys)
        )
        self.status.give()
        fresh = self.con.count("SELECT count(*) FROM plan WHERE state = 'fresh'")
        withdrawn = self.con.count(
            f"SELECT count(*) FROM {self.previous} WHERE learner_id NOT IN "
            "(SELECT learner_id FROM plan)"
        )
        return Plan(learners, fresh, restored, withdrawn)

    def _plan_part(self, part: int, is_void: str) -> None:
        within = self.within(part)
        self.con.rows(f"""
            CREATE OR REPLACE TEMP TABLE tonight AS
            SELECT
                learner_id::VARCHAR AS learner_id,
                content_hash::VARCHAR AS content_hash,
                document::VARCHAR AS document
            FROM {self._source} WHERE {within}
        """)
        self.con.rows(f"""
            INSERT INTO plan
            SELECT
                {part},
                t.learner_id,
                t.content_hash,
                p.learner_id IS NOT NULL,
                if(
                    p.content_hash = t.content_hash AND NOT p.is_void, 'same', 'fresh'
                )
            FROM tonight AS t
            LEFT JOIN (
                SELECT learner_id, content_hash, {is_void} AS is_void
                FROM {self.previous} WHERE {within}
            ) AS p USING (learner_id)
        """)
        self.con.rows(f"""
            COPY (
                SELECT t.learner_id, t.document, p.clr
                FROM tonight AS t
                SEMI JOIN (SELECT learner_id FROM plan WHERE state = 'fresh') AS f
                    USING (learner_id)
                LEFT JOIN (
                    SELECT learner_id, clr FROM {self.previous} WHERE {within}
                ) AS p USING (learner_id)
                ORDER BY learner_id
            ) TO '{self.spooled(part)}' (FORMAT parquet)
        """)
        self.con.rows("DROP TABLE tonight")

    def write_changes(self, path: Path) -> None:
        """``learner_id, change`` of every learner whose record is not as it was.

        ``change`` is new, changed, restored (as before a merge), withdrawn or merged
        (no record any more; a redirect leads to another).
        """
        self.con.rows(f"""
            COPY (
                SELECT
                    learner_id,
                    CASE
                        WHEN state = 'restored' THEN state
                        WHEN known THEN 'changed'
                        ELSE 'new'
                    END AS change
                FROM plan WHERE state <> 'same'
                UNION ALL
                SELECT
                    learner_id,
                    if(
                        learner_id IN (SELECT learner_id FROM {self._redirects}),
                        'merged',
                        'withdrawn'
                    )
                FROM {self.previous}
                WHERE learner_id NOT IN (SELECT learner_id FROM plan)
                ORDER BY ALL
            ) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)
        """)

    def spooled(self, part: int) -> Path:
        """The file of a part's documents to sign: ``learner_id, document, clr``.

        ``clr`` is the learner's published record, null for a new one.
        """
        return self._spool / f"part-{part:05}.parquet"

    def within(self, part: int) -> str:
        """SQL that holds of the learners of a part."""
        low, high = self.con.rows(
            f"SELECT min(learner_id), max(learner_id) FROM learner WHERE part = {part}"
        )[0]
        return f"learner_id::VARCHAR BETWEEN '{low}' AND '{high}'"
