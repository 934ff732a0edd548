"""Learning a model's shares from representations, the same bytes for the same input.

Belongs here: the order in which Splink learns, and rounding. Does not belong here:
what is compared (``model``), the file (``model_file``), which model is in force
(``linkage.yaml``).

One thread, and rows in the order of their hash under the seed: sums of floating-point
numbers depend on the order of their terms.
"""

import logging
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker
from splink.internals.exceptions import EMTrainingException

from pipelines.identity.evidence.model import (
    COLUMNS,
    COMPARISONS,
    blocking_rules,
    settings,
)

_DIGITS = 4
_LEAST_U = 1e-7
_LEAST_M = 0.002
"""No share is learned to be nothing. People that were made up never change their high
school; people do, and nine bits against them are enough."""

_MATCHES = (
    "l.n_ssn = r.n_ssn and l.n_birth = r.n_birth",
    "l.n_state_ps_id = r.n_state_ps_id and l.n_birth = r.n_birth",
    "l.n_state_k12_id = r.n_state_k12_id and l.n_birth = r.n_birth",
    "l.n_email = r.n_email and l.n_birth = r.n_birth and l.n_given = r.n_given",
)
_MATCHES_FOUND = 0.9
"""Of all pairs of one person the share that ``_MATCHES`` find: measured on generated
states (decision 008)."""

_SESSIONS = (
    "l.n_ssn = r.n_ssn",
    "l.n_birth = r.n_birth and l.n_given = r.n_given and l.n_family = r.n_family",
    "l.n_email = r.n_email",
)
_PAIRS = 4e6


def train(
    con: duckdb.DuckDBPyConnection, seed: int, version: int = 1
) -> dict[str, Any]:
    """Learn m and u of every level.

    Args:
        con: Has ``representation``. Its thread count is set to one and back.
        seed: Of the samples.
        version: Number of the model.

    Returns:
        The content of a model file but its header (``trained_on``, ``command``).

    Raises:
        EMTrainingException: No two rows agree in what a person has alone.
    """
    logging.getLogger("splink").setLevel(logging.ERROR)
    con.execute("set enable_progress_bar = false")
    threads = con.execute("select current_setting('threads')").fetchall()[0][0]
    con.execute("set threads = 1")
    try:
        return _train(con, seed, version)
    finally:
        con.execute(f"set threads = {int(threads)}")


def _train(con: duckdb.DuckDBPyConnection, seed: int, version: int) -> dict[str, Any]:
    columns = ", ".join(name for name in COLUMNS)
    con.execute(
        f"create or replace temp table training_row as select {columns} "
        "from representation where source = 'person' and is_current "
        f"order by md5(rid::varchar || ' {int(seed)}')"
    )
    api = DuckDBAPI(con)
    linker = Linker(
        api.register("training_row"), settings(), log_level=None,
        validate_settings=False,
    )  # fmt: skip
    training = linker.training
    training.estimate_probability_two_random_records_match(
        blocking_rules(_MATCHES), recall=_MATCHES_FOUND
    )
    training.estimate_u_using_random_sampling(
        max_pairs=_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    # A public set has no e-mail: a session without pairs has nothing to teach.
    sessions = [rule for rule in _SESSIONS if _has_pairs(con, rule)]
    if not sessions:
        raise EMTrainingException("no pairs to learn from")
    for session in blocking_rules(sessions):
        training.estimate_parameters_using_expectation_maximisation(
            session, estimate_without_term_frequencies=True
        )
    learned = linker._settings_obj
    found = {
        "version": version,
        "seed": seed,
        "probability_two_random_records_match": _rounded(
            learned._probability_two_random_records_match
        ),
        "comparisons": {
            comparison.name: _levels(comparison.name, learned)
            for comparison in COMPARISONS
        },
    }
    api.delete_tables_created_by_splink_from_db()
    return found


def _has_pairs(con: duckdb.DuckDBPyConnection, rule: str) -> bool:
    found = con.execute(
        "select 1 from training_row as l inner join training_row as r "
        f"on {rule} and l.student_no <> r.student_no limit 1"
    )
    return bool(found.fetchall())


def _levels(name: str, learned: Any) -> dict[str, dict[str, float]]:
    of = next(
        c
        for c in learned.core_model_settings.comparisons
        if c.output_column_name == name
    )
    ours = next(c for c in COMPARISONS if c.name == name)
    shares = {}
    for level, its in zip(ours.levels, of.comparison_levels, strict=True):
        if level.is_null:
            continue
        shares[level.name] = {
            "m": _rounded(max(_LEAST_M, _share(its.m_probability, level.m))),
            "u": _rounded(max(_LEAST_U, _share(its.u_probability, level.u))),
        }
    return shares


def _share(learned: Any, start: float) -> float:
    return float(learned) if isinstance(learned, (int, float)) else start


def _rounded(share: float) -> float:
    return float(f"{share:.{_DIGITS}g}")
