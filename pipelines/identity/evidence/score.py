"""Running the model: all students with each other, or tonight's with all.

Belongs here: what Splink is given and what it gives back. Does not belong here: the
settings (``model``), what a score is good for (``gates``).
"""

import logging
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker
from splink.internals.database_api import DatabaseAPI
from splink.internals.splink_dataframe import SplinkDataFrame

from pipelines.identity.evidence.model import (
    COMPARISONS,
    TERM_FREQUENCIES,
    settings,
)
from pipelines.identity.evidence.policy import Policy

SCORED = "scored"


def score(
    con: duckdb.DuckDBPyConnection, policy: Policy, new: str | None, threshold: float
) -> None:
    """Create the table ``scored``: a row a pair of representations of two students.

    Columns: ``rid_l``, ``rid_r``, ``match_weight``, ``match_probability``, and of each
    comparison ``gamma_<name>`` (its level) and ``mw_<name>`` (its bits, with those of
    the term frequency).

    Args:
        con: Has what ``rows.load`` made.
        policy: Its model scores.
        new: Table of the students of whom one must be in a pair; None for all.
        threshold: Pairs of a lower probability are not returned.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    con.execute("set enable_progress_bar = false")
    api = DuckDBAPI(con)
    rows = api.register("near_row")
    over = linker(api, rows, policy)
    if new is None:
        predicted = over.inference.predict(
            threshold_match_probability=threshold, warning_mode="never"
        )
    else:
        con.execute(
            "create or replace temp table new_row as "
            "from near_row where student_no in (select student_no from tonight_no)"
        )
        predicted = over.inference.predict_between(
            api.register("new_row"),
            rows,
            threshold_match_probability=threshold,
            warning_mode="never",
        )
    weights = ", ".join(
        f"gamma_{c.name}, mw_{c.name}{_frequency_term(c.name)} as mw_{c.name}"
        for c in COMPARISONS
    )
    con.execute(
        f"create or replace temp table {SCORED} as select rid_l, rid_r, "
        f"match_weight, match_probability, {weights} from {predicted.physical_name}"
    )
    api.delete_tables_created_by_splink_from_db()


def _frequency_term(comparison: str) -> str:
    levels = next(c for c in COMPARISONS if c.name == comparison).levels
    if not any(level.term_frequency for level in levels):
        return ""
    return f" + coalesce(mw_tf_adj_{comparison}, 0)"


def linker(api: DatabaseAPI[Any], rows: SplinkDataFrame, policy: Policy) -> Linker:
    """Splink on whichever engine, given the state's frequencies of names.

    Args:
        api: Of DuckDB or Spark; knows ``frequency_<column>`` of ``TERM_FREQUENCIES``
            by name.
        rows: What ``rows.load`` made, registered there.
        policy: Its model scores.
    """
    found = Linker(
        rows, settings(policy.model), log_level=None, validate_settings=False
    )
    for column in TERM_FREQUENCIES:
        table = api.register(f"frequency_{column}")
        found.table_management.register_term_frequency_lookup(table, column)
    return found
