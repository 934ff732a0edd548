"""How many pairs each block adds, and how many of one person's pairs they bring up.

Belongs here: counting. Does not belong here: the blocks (``evidence.model``), what a
score makes of a pair (``curves``).
"""

from dataclasses import dataclass

import duckdb
import polars as pl
from splink import DuckDBAPI
from splink.blocking_analysis import count_comparisons_from_blocking_rules

from pipelines.identity.accuracy.curves import with_truth
from pipelines.identity.evidence.model import BLOCKS, UNIQUE_ID, blocking_rules
from pipelines.identity.evidence.policy import Policy
from pipelines.identity.evidence.rows import load


@dataclass(frozen=True)
class Blocking:
    """What the blocks bring up.

    Attributes:
        representations: Rows that are compared.
        possible: Unordered pairs of them.
        added: By the words of a block the pairs of representations that no block
            before it brings up.
        looked_at: Pairs of one person's college students that a block or an exact
            rule brings up; the others can still be joined by way of a third.
    """

    representations: int
    possible: int
    added: dict[str, int]
    looked_at: int

    @property
    def scored(self) -> int:
        """Pairs of representations that the model scores."""
        return sum(self.added.values())


def measure_blocking(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    truth: pl.DataFrame,
    pairs: pl.DataFrame,
) -> Blocking:
    """Counts, by Splink, the pairs that each block adds.

    Args:
        con: Has the views of ``representation.collect``; tables are made and dropped.
        policy: Says from how many carriers on a value pairs nobody.
        truth: ``institution_code``, ``student_id``, ``true_learner``.
        pairs: ``a_`` and ``b_`` of ``institution_code`` and ``student_id``: all that
            rules and model looked at.
    """
    load(con, policy, None)
    api = DuckDBAPI(con)
    counted = count_comparisons_from_blocking_rules(
        api.register("near_row"),
        blocking_rules=blocking_rules(),
        link_type="dedupe_only",
        unique_id_column_name=UNIQUE_ID,
        record_sample_proportion=1.0,
    )
    api.delete_tables_created_by_splink_from_db()
    rows = con.execute("select count(*) from near_row").fetchall()[0][0]
    same = with_truth(truth, pairs).filter(pl.col("person_a") == pl.col("person_b"))
    return Blocking(
        representations=rows,
        possible=rows * (rows - 1) // 2,
        added={
            words: one["marginal_comparison_count"]
            for words, one in zip(BLOCKS, counted, strict=True)
        },
        looked_at=same.height,
    )
