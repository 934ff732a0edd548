"""Which status entry an issued credential has, and which entries are revoked.

Source: W3C Bitstring Status List v1.0 §2 (an index is random, a list has at least
131,072) and CLR 2.0 (``credentialStatus`` is one object, so there is one purpose,
revocation, which is not reversible).

Belongs here: the entries that travel with the snapshot, and what of a night revokes
one. Does not belong here: the signed lists made from them (``status_lists.py``). What
revokes, and why a record gets a second entry: docs/decisions/021.

An entry stands for every version issued since it was given. It is revoked when one of
them says what is true no more; what is issued after that gets another entry.
"""

import os
import shutil
from pathlib import Path

from pipelines.publishing.record_table import Quiet, relation
from pipelines.publishing.snapshot import STATUS, STEWARD

SLOTS = 131_072
"""Entries of one list: the least that the specification allows."""

TAKEN_BACK = ("revoked", "unclaimed")
"""``assertion.status`` of what a college said and says no more."""

NO_ENTRY = (
    "(SELECT 0::INTEGER AS list, 0::INTEGER AS slot, ''::VARCHAR AS credential_id, "
    "''::VARCHAR AS learner_id, ''::VARCHAR AS kind, 0::INTEGER AS given_in, "
    "now() AS revoked_at WHERE false)"
)


class StatusEntries:
    """The entries given so far, and what tonight gives and revokes.

    One row an entry: ``list`` from 1, ``slot`` in it, ``credential_id`` and
    ``learner_id`` (null once the learner is erased: the slot is never given again),
    ``kind`` (credential, record, or merged for the record of learners that were
    joined), ``given_in``, the number of the snapshot that gave it, and ``revoked_at``,
    the as-of of the one that revoked it.

    ``build`` is the schema of tonight's tables; ``previous`` the folder of the
    published snapshot, None before the first; ``seq`` tonight's number; ``secret``
    decides, with the list, in which order its slots are given.
    """

    def __init__(
        self, con: Quiet, build: str, previous: Path | None, seq: int, secret: str
    ) -> None:
        self._con = con
        self._build = build
        self._seq = seq
        self._secret = secret
        self._folder = previous / STEWARD / STATUS if previous else None
        self._known = relation(self._folder, NO_ENTRY)

    def revoke(self) -> None:
        """Find the entries that what the colleges say tonight revokes.

        Makes ``status_revoked`` (list, slot), ``status_moved`` (list, slot,
        learner_id: whose it is now) and ``status_erased`` (list, slot).
        """
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_erased AS
            WITH gone AS (
                SELECT learner_id::VARCHAR AS learner_id
                FROM {self._build}.learner WHERE status = 'erased'
            ),
            all_gone AS (
                FROM gone
                UNION
                SELECT learner_id::VARCHAR FROM {self._build}.learner_redirect
                WHERE to_learner_id::VARCHAR IN (FROM gone)
            )
            SELECT list, slot
            FROM {self._known} AS entry
            WHERE learner_id IN (FROM all_gone)
        """)
        taken_back = ", ".join(f"'{status}'" for status in TAKEN_BACK)
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_now AS
            SELECT
                entry.list,
                entry.slot,
                entry.learner_id,
                claim.learner_id::VARCHAR AS holder,
                coalesce(claim.status IN ({taken_back}), true) AS is_taken_back
            FROM {self._known} AS entry
            LEFT JOIN {self._build}.assertion AS claim
                ON entry.credential_id = claim.assertion_id::VARCHAR
            WHERE
                entry.kind = 'credential'
                AND entry.revoked_at IS NULL
                AND entry.credential_id IS NOT NULL
                AND (
                    claim.assertion_id IS NULL
                    OR claim.status IN ({taken_back})
                    OR claim.learner_id::VARCHAR IS DISTINCT FROM entry.learner_id
                )
        """)
        self._con.rows(
            "DELETE FROM status_now WHERE (list, slot) IN (FROM status_erased)"
        )
        self._con.rows("""
            CREATE OR REPLACE TEMP TABLE status_moved AS
            SELECT list, slot, holder AS learner_id
            FROM status_now WHERE NOT is_taken_back
        """)
        # A record said what is taken back, in some version: all its entries go. What
        # moved to another learner was said by its newest entry; those of before a
        # merge say what is still true.
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_revoked AS
            WITH untrue AS (
                SELECT DISTINCT learner_id FROM status_now WHERE is_taken_back
            ),
            parted AS (
                SELECT DISTINCT learner_id
                FROM status_now
                SEMI JOIN (
                    SELECT learner_id::VARCHAR AS learner_id
                    FROM {self._build}.learner WHERE status = 'active'
                ) AS own USING (learner_id)
                WHERE NOT is_taken_back
            ),
            open_record AS (
                SELECT
                    list,
                    slot,
                    learner_id,
                    row_number() OVER (
                        PARTITION BY learner_id ORDER BY given_in DESC, list DESC
                    ) AS place
                FROM {self._known} AS entry
                WHERE
                    kind <> 'credential'
                    AND revoked_at IS NULL
                    AND learner_id IN (FROM untrue UNION FROM parted)
            )
            SELECT list, slot FROM status_now WHERE is_taken_back
            UNION ALL
            SELECT list, slot FROM open_record
            WHERE place = 1 OR learner_id IN (FROM untrue)
        """)

    def revoked(self) -> str:
        """Relation ``list, slot`` of every entry that is revoked, tonight's too."""
        return (
            f"(SELECT list, slot FROM {self._known} WHERE revoked_at IS NOT NULL "
            "UNION ALL FROM status_revoked)"
        )

    def give(self) -> None:
        """Give entries to what tonight's fresh records hold and has none.

        Makes ``status_of`` (part, learner_id, credential_id, place) for the signers
        and ``status_given``, the new rows. ``plan``, ``learner`` and ``touched`` must
        stand. A record that a merge made, or made larger, gets an entry of its own: a
        split can then revoke what the joined record said, and leave what was said
        before.
        """
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_needed AS
            WITH fresh AS (
                SELECT plan.part, plan.learner_id, learner.clr_id
                FROM plan INNER JOIN learner USING (learner_id)
                WHERE plan.state = 'fresh'
            ),
            needed AS (
                SELECT
                    fresh.part,
                    fresh.learner_id,
                    claim.assertion_id::VARCHAR AS credential_id,
                    'credential' AS kind,
                    false AS is_larger
                FROM fresh
                INNER JOIN {self._build}.assertion AS claim
                    ON fresh.learner_id = claim.learner_id::VARCHAR
                WHERE claim.status = 'active'
                UNION ALL
                SELECT
                    fresh.part,
                    fresh.learner_id,
                    fresh.clr_id,
                    if(joined.learner_id IS NULL, 'record', 'merged'),
                    coalesce(joined.is_larger, false)
                FROM fresh
                LEFT JOIN (
                    SELECT
                        redirect.to_learner_id::VARCHAR AS learner_id,
                        bool_or(merged.learner_id IS NOT NULL) AS is_larger
                    FROM {self._build}.learner_redirect AS redirect
                    LEFT JOIN (FROM touched WHERE made) AS merged
                        ON redirect.learner_id::VARCHAR = merged.learner_id
                    GROUP BY ALL
                ) AS joined USING (learner_id)
            ),
            good AS (
                SELECT credential_id, kind, list, slot
                FROM {self._known} AS entry
                ANTI JOIN status_revoked USING (list, slot)
                WHERE revoked_at IS NULL
                QUALIFY row_number() OVER (
                    PARTITION BY credential_id, kind
                    ORDER BY given_in DESC, list DESC
                ) = 1
            )
            SELECT
                needed.* EXCLUDE (is_larger),
                if(is_larger, NULL, good.list) AS list,
                if(is_larger, NULL, good.slot) AS slot
            FROM needed LEFT JOIN good USING (credential_id, kind)
        """)
        given = self._con.count(f"SELECT count(*) FROM {self._known}")
        # A list's slots are given in the order of a secret hash: two indices do
        # not tell whether they were given in one night, or to one learner.
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_given AS
            WITH lacking AS (
                SELECT
                    *,
                    {given} + row_number() OVER (ORDER BY credential_id) - 1 AS place
                FROM status_needed WHERE list IS NULL
            ),
            slots AS (
                SELECT
                    list,
                    slot,
                    row_number() OVER (
                        PARTITION BY list
                        ORDER BY md5_number('{self._secret} ' || list || ' ' || slot)
                    ) - 1 AS place
                FROM (SELECT DISTINCT place // {SLOTS} + 1 AS list FROM lacking)
                CROSS JOIN (SELECT range AS slot FROM range({SLOTS}))
            )
            SELECT
                slots.list::INTEGER AS list,
                slots.slot::INTEGER AS slot,
                lacking.credential_id,
                lacking.learner_id,
                lacking.kind,
                {self._seq}::INTEGER AS given_in,
                NULL::TIMESTAMPTZ AS revoked_at
            FROM lacking
            INNER JOIN slots
                ON lacking.place // {SLOTS} + 1 = slots.list
                AND lacking.place % {SLOTS} = slots.place
        """)
        self._con.rows(f"""
            CREATE OR REPLACE TEMP TABLE status_of AS
            SELECT
                needed.part,
                needed.learner_id,
                needed.credential_id,
                concat_ws(
                    ' ',
                    coalesce(needed.list, given.list),
                    coalesce(needed.slot, given.slot),
                    strftime(ended.revoked_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')
                ) AS place
            FROM status_needed AS needed
            LEFT JOIN status_given AS given USING (credential_id)
            LEFT JOIN (
                SELECT credential_id, max(revoked_at) AS revoked_at
                FROM {self._known} AS entry
                WHERE revoked_at IS NOT NULL
                GROUP BY credential_id
            ) AS ended ON given.credential_id = ended.credential_id
        """)

    def of_part(self, part: int) -> str:
        """Relation ``learner_id, entries``: what ``status_lists.enter`` is given.

        A line an entry: the credential's id, a space, its place.
        """
        return f"""(
            SELECT
                learner_id,
                string_agg(credential_id || ' ' || place, chr(10)) AS entries
            FROM status_of WHERE part = {part} GROUP BY learner_id
        )"""

    def changed_lists(self) -> set[int]:
        """Numbers of the lists that are new, or have another bit set tonight."""
        rows = self._con.rows(f"""
            SELECT list FROM status_revoked
            UNION
            SELECT list FROM status_given
            WHERE list NOT IN (SELECT list FROM {self._known})
        """)
        return {row[0] for row in rows}

    def lists(self) -> dict[int, list[int]]:
        """Every list by number, with the slots that are revoked in it."""
        rows = self._con.rows(f"""
            SELECT list, list(slot ORDER BY slot) FILTER (is_revoked)
            FROM (
                SELECT list, slot, revoked_at IS NOT NULL OR (list, slot) IN (
                    FROM status_revoked
                ) AS is_revoked
                FROM {self._known}
                UNION ALL
                SELECT list, slot, false FROM status_given
            )
            GROUP BY list ORDER BY list
        """)
        return {number: slots or [] for number, slots in rows}

    def write(self, folder: Path, as_of: str) -> None:
        """Write one file a list; a list that nothing concerned keeps its file.

        ``as_of`` is tonight's, ISO 8601 with ``Z``.
        """
        folder.mkdir(mode=0o700)
        concerned = {
            row[0]
            for row in self._con.rows("""
                SELECT list FROM status_given
                UNION SELECT list FROM status_revoked
                UNION SELECT list FROM status_moved
                UNION SELECT list FROM status_erased
            """)
        }
        for path in sorted(self._folder.glob("*.parquet")) if self._folder else ():
            if int(path.stem) not in concerned:
                _same_file(path, folder / path.name)
        for number in sorted(concerned):
            path = folder / f"{number:05}.parquet"
            self._con.rows(f"""
                COPY (
                    SELECT
                        list,
                        slot,
                        if(erased.list IS NULL, credential_id, NULL) AS credential_id,
                        CASE
                            WHEN erased.list IS NOT NULL THEN NULL
                            WHEN moved.list IS NOT NULL THEN moved.learner_id
                            ELSE entry.learner_id
                        END AS learner_id,
                        kind,
                        given_in,
                        CASE
                            WHEN revoked.list IS NOT NULL THEN '{as_of}'::TIMESTAMPTZ
                            ELSE revoked_at
                        END AS revoked_at
                    FROM {self._known} AS entry
                    LEFT JOIN status_revoked AS revoked USING (list, slot)
                    LEFT JOIN status_moved AS moved USING (list, slot)
                    LEFT JOIN status_erased AS erased USING (list, slot)
                    WHERE list = {number}
                    UNION ALL
                    FROM status_given WHERE list = {number}
                    ORDER BY slot
                ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
            """)
            path.chmod(0o600)


def _same_file(source: Path, target: Path) -> None:
    """The file of a snapshot is never written again, so two may share it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
