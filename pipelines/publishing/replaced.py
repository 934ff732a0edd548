"""What a merge of learners replaces in the published records, and a split gives back.

Belongs here: versions set aside because of a merge, which of them a split brings back
byte for byte, and how late the next version must be. Does not belong here: who is whom
(``pipelines/identity``), or signing (``pool.py``). What was decided, and why the kept
versions travel with the snapshot: docs/decisions/010.

A merge and a split show as a difference between the redirects of the published
snapshot and tonight's: no event is read here, so tables and records cannot disagree.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.publishing.record_table import (
    COLUMNS,
    LEARNERS_A_GROUP,
    SCHEMA,
    Quiet,
    relation,
)
from pipelines.publishing.snapshot import ANALYST, RECORDS, REDIRECTS, STEWARD

REPLACED = "replaced_record.parquet"
"""Records as published before a merge, columns as ``SCHEMA``, several a learner."""

ISSUED_LATER = "issued_later.parquet"
"""``learner_id, valid_from``: a later version than the published one was issued."""

_ROWS_AT_ONCE = 1_000
_NO_REDIRECT = "(SELECT '' AS learner_id, '' AS to_learner_id WHERE false)"
_NO_ASSERTION = "(SELECT '' AS assertion_id, '' AS learner_id WHERE false)"
_NO_DATE = "(SELECT '' AS learner_id, now() AS valid_from WHERE false)"
_STATUS_ID = "credentialStatus.id"
_CREDENTIALS = "$.credentialSubject.verifiableCredential[*]"


class Replaced:
    """The records that merges replaced: those kept so far, and tonight's.

    ``build`` is the schema of tonight's tables, with ``learner``, ``learner_redirect``
    and ``assertion``; ``previous`` the folder of the published snapshot, None before
    the first; ``spool`` an empty folder for documents on their way to be signed. The
    temporary table ``plan`` (part, learner_id, content_hash, known, state) must stand
    before anything here is asked.
    """

    def __init__(
        self, con: Quiet, build: str, previous: Path | None, spool: Path
    ) -> None:
        self._con = con
        self._build = build
        self._earlier = spool / "earlier"

        def before(folder: str, name: str, empty: str) -> str:
            return relation(previous / folder / name if previous else None, empty)

        self._published = relation(previous / RECORDS if previous else None)
        self._kept = relation(previous / STEWARD / REPLACED if previous else None)
        self._issued_later = before(STEWARD, ISSUED_LATER, _NO_DATE)
        self._redirects = before(ANALYST, REDIRECTS, _NO_REDIRECT)
        self._assertions = before(ANALYST, "assertion.parquet", _NO_ASSERTION)

    def settle(self, revoked: str, is_void: str) -> int:
        """Decide what is given back, and gather what fresh records must be later than.

        ``revoked`` is a relation of revoked status entries, ``list, slot``; ``is_void``
        SQL that holds of a ``clr`` whose signature may not be published again.

        Learners of ``plan`` who are given their earlier bytes go from ``fresh`` to
        ``restored``; ``last_issued`` (learner_id, valid_from) is made.

        Returns:
            Records that are given back.
        """
        self._changed_redirects()
        self._moved_credentials()
        self._give_back(revoked, is_void)
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE last_issued AS
            SELECT learner_id, max(valid_from) AS valid_from
            FROM (
                SELECT learner_id, valid_from FROM {self._issued_later}
                UNION ALL SELECT learner_id, valid_from FROM {self._kept}
            )
            GROUP BY learner_id
        """)
        self._gather_earlier()
        return self._con.count("SELECT count(*) FROM plan WHERE state = 'restored'")

    def _changed_redirects(self) -> None:
        """``touched`` (learner_id, made): whom a merge or its undoing concerns."""
        columns = "SELECT learner_id, to_learner_id FROM"
        now = f"{columns} {self._build}.learner_redirect"
        before = f"{columns} {self._redirects}"
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE touched AS
            SELECT DISTINCT unnest([learner_id, to_learner_id]) AS learner_id, made
            FROM (
                SELECT *, true AS made FROM ({now} EXCEPT {before})
                UNION ALL SELECT *, false FROM ({before} EXCEPT {now})
            )
        """)

    def _moved_credentials(self) -> None:
        """``moved`` (part, learner_id, from_learner_id) of fresh records."""
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE moved AS
            SELECT DISTINCT
                plan.part, plan.learner_id, before.learner_id AS from_learner_id
            FROM {self._build}.assertion AS tonight
            INNER JOIN plan
                ON tonight.learner_id = plan.learner_id AND plan.state = 'fresh'
            INNER JOIN {self._assertions} AS before
                ON tonight.assertion_id = before.assertion_id
                AND tonight.learner_id <> before.learner_id
        """)

    def _give_back(self, revoked: str, is_void: str) -> None:
        """Only a split gives bytes back: else the later ``validFrom`` must hold.

        Nor where a credential changed meanwhile and changed back: its later version
        was issued in the merged record. Nor where it, or the record, is revoked.
        """
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE given_back AS
            SELECT plan.part, kept.learner_id, kept.content_hash, kept.valid_from
            FROM {self._kept} AS kept
            INNER JOIN plan USING (learner_id, content_hash)
            SEMI JOIN (FROM touched WHERE NOT made) AS parted USING (learner_id)
            WHERE plan.state = 'fresh' AND NOT {is_void}
            QUALIFY row_number() OVER (
                PARTITION BY kept.learner_id ORDER BY kept.valid_from DESC
            ) = 1
        """)
        if not self._con.count("SELECT count(*) FROM given_back"):
            return
        dates = (
            f"unnest(json_extract_string(clr, '{_CREDENTIALS}.id')) AS id, "
            f"unnest(json_extract_string(clr, '{_CREDENTIALS}.validFrom')) AS dated"
        )
        self._con.rows(f"""
            DELETE FROM given_back WHERE learner_id IN (
                WITH kept AS (
                    SELECT learner_id, {dates}
                    FROM {self._kept}
                    SEMI JOIN given_back USING (learner_id, content_hash, valid_from)
                ),
                holder AS (
                    SELECT learner_id, learner_id AS from_learner_id FROM given_back
                    UNION SELECT learner_id, from_learner_id FROM moved
                    SEMI JOIN given_back USING (learner_id)
                ),
                issued AS (
                    SELECT holder.learner_id, {dates}
                    FROM holder
                    INNER JOIN {self._published} AS p
                        ON holder.from_learner_id = p.learner_id
                )
                SELECT learner_id
                FROM kept INNER JOIN issued USING (learner_id, id)
                WHERE issued.dated::TIMESTAMPTZ > kept.dated::TIMESTAMPTZ
            )
        """)
        self._con.rows(f"""
            DELETE FROM given_back WHERE learner_id IN (
                WITH entry AS (
                    SELECT learner_id, unnest(
                        list_append(
                            json_extract_string(clr, '{_CREDENTIALS}.{_STATUS_ID}'),
                            json_extract_string(clr, '$.{_STATUS_ID}')
                        )
                    ) AS id
                    FROM {self._kept}
                    SEMI JOIN given_back USING (learner_id, content_hash, valid_from)
                )
                SELECT learner_id FROM entry
                INNER JOIN {revoked} AS revoked
                    ON split_part(entry.id, '/status/', 2) = list || '.json#' || slot
            )
        """)
        self._con.rows(
            "UPDATE plan SET state = 'restored' "
            "WHERE learner_id IN (SELECT learner_id FROM given_back)"
        )

    def _gather_earlier(self) -> None:
        """Spool what fresh records must be compared with beside their own version.

        That is the published record of everyone whose credentials moved in and, for a
        learner without a published record, the newest kept one.
        """
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE newest_kept AS
            SELECT plan.part, plan.learner_id, max(kept.valid_from) AS valid_from
            FROM {self._kept} AS kept
            INNER JOIN plan USING (learner_id)
            WHERE plan.state = 'fresh' AND NOT plan.known
            GROUP BY ALL
        """)
        self._con.rows(f"""
            COPY (
                SELECT moved.part, moved.learner_id, p.clr
                FROM moved
                INNER JOIN {self._published} AS p
                    ON moved.from_learner_id = p.learner_id
                UNION ALL
                SELECT n.part, n.learner_id, kept.clr
                FROM newest_kept AS n
                INNER JOIN {self._kept} AS kept USING (learner_id, valid_from)
            ) TO '{self._earlier}' (FORMAT parquet, PARTITION_BY (part))
        """)

    def earlier(self, part: int) -> str:
        """Relation ``learner_id, clr``: what else the records of a part replace."""
        return relation(self._earlier / f"part={part}")

    def given_back(self, part: int) -> pa.Table:
        """The rows of a part that are published again as they were."""
        return self._con.arrow(f"""
            SELECT {COLUMNS}
            FROM {self._kept}
            SEMI JOIN (FROM given_back WHERE part = {part}) AS g
                USING (learner_id, content_hash, valid_from)
        """).cast(SCHEMA)

    def write(self, folder: Path) -> None:
        """Write ``REPLACED`` and ``ISSUED_LATER`` of tonight's snapshot.

        Kept is every version that was current when a merge began to concern its
        learner, for as long as a redirect does, or while the learner has no record.
        An erased learner's versions go, and those of ids that lead to one.
        """
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE kept_now AS
            WITH concerned AS (
                SELECT unnest([learner_id, to_learner_id]) AS learner_id
                FROM {self._build}.learner_redirect
            ),
            erased AS (
                SELECT learner_id FROM {self._build}.learner WHERE status = 'erased'
            )
            SELECT
                learner_id,
                content_hash,
                valid_from,
                min(place) AS place,
                (row_number() OVER (ORDER BY learner_id, valid_from) - 1)
                    // {_ROWS_AT_ONCE} AS part
            FROM (
                SELECT learner_id, content_hash, valid_from, 'kept' AS place
                FROM {self._kept}
                UNION ALL
                SELECT learner_id, content_hash, valid_from, 'published'
                FROM {self._published}
                WHERE learner_id IN (SELECT learner_id FROM touched WHERE made)
            )
            WHERE (
                learner_id IN (SELECT learner_id FROM concerned)
                OR learner_id NOT IN (SELECT learner_id FROM plan)
            )
            AND learner_id NOT IN (
                SELECT learner_id FROM erased
                UNION ALL
                SELECT learner_id FROM {self._build}.learner_redirect
                WHERE to_learner_id IN (SELECT learner_id FROM erased)
            )
            GROUP BY learner_id, content_hash, valid_from
        """)
        self._write_kept(folder / REPLACED)
        self._con.rows(f"""
            COPY (
                SELECT learner_id, max(issued.valid_from) AS valid_from
                FROM (
                    SELECT learner_id, valid_from FROM {self._issued_later}
                    UNION ALL
                    SELECT learner_id, valid_from
                    FROM (FROM {self._kept} UNION ALL FROM {self._published})
                    SEMI JOIN given_back USING (learner_id)
                ) AS issued
                LEFT JOIN given_back USING (learner_id)
                WHERE
                    issued.valid_from
                        > coalesce(given_back.valid_from, '-infinity'::TIMESTAMPTZ)
                    AND learner_id NOT IN (
                        SELECT learner_id FROM plan WHERE state = 'fresh'
                    )
                GROUP BY learner_id
                ORDER BY learner_id
            ) TO '{folder / ISSUED_LATER}' (FORMAT parquet, COMPRESSION zstd)
        """)
        for name in (REPLACED, ISSUED_LATER):
            (folder / name).chmod(0o600)

    def _write_kept(self, path: Path) -> None:
        parts = self._con.count("SELECT coalesce(max(part) + 1, 0) FROM kept_now")
        with pq.ParquetWriter(
            path, SCHEMA, compression="zstd", use_dictionary=False
        ) as out:
            for part in range(parts):
                rows = self._con.arrow(f"""
                    SELECT {COLUMNS}
                    FROM {self._kept}
                    SEMI JOIN (
                        FROM kept_now WHERE part = {part} AND place = 'kept'
                    ) AS k USING (learner_id, content_hash, valid_from)
                    UNION ALL
                    SELECT {COLUMNS}
                    FROM {self._published}
                    SEMI JOIN (
                        FROM kept_now WHERE part = {part} AND place = 'published'
                    ) AS k USING (learner_id, content_hash, valid_from)
                    ORDER BY learner_id, valid_from
                """)
                out.write_table(rows.cast(SCHEMA), row_group_size=LEARNERS_A_GROUP)
