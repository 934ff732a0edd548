"""One trial: people of a seed or a public set, linked, and compared with the truth.

Belongs here: making the warehouse for it, running the linkage that the nights run.
Does not belong here: the linkage, what becomes of the figures (``report``).
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import polars as pl
from splink import DuckDBAPI, Linker

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.identity.accuracy.blocking import Blocking, measure_blocking
from pipelines.identity.accuracy.curves import (
    Bin,
    Point,
    calibration,
    links_at,
    sweep,
)
from pipelines.identity.accuracy.febrl import febrl
from pipelines.identity.accuracy.measure import Accuracy, measure, without_planted
from pipelines.identity.evidence import (
    Policy,
    find_pairs,
    load_policy,
    settings,
    train,
)
from pipelines.identity.evidence.model import COLUMNS, blocking_rules
from pipelines.identity.evidence.policy import read_model
from pipelines.identity.night.link import link
from pipelines.identity.representation import collect
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home

_PAIR = ("institution_code", "student_id")
_TRAIN_SEED = 1
_EVEN = 0.5

OPEN_BLOCKS = (
    "l.n_ssn = r.n_ssn",
    "l.n_birth = r.n_birth",
    "l.n_address = r.n_address",
    "l.n_family = r.n_family and l.n_given = r.n_given",
    "l.n_family = r.n_given and l.n_given = r.n_family",
    "l.n_zip = r.n_zip and l.n_family = r.n_family",
    "l.n_zip = r.n_zip and l.n_given = r.n_given",
)
"""Blocks for small sets without telephones, e-mails and schools. A state is linked
within ``evidence.model.BLOCKS``, which bring up only what a gate may let through."""


@dataclass(frozen=True)
class Trial:
    """One state, linked.

    Attributes:
        seed: Of the state.
        accuracy: Of the learners that a first night made of it.
        bins: Calibration over every pair that was scored.
        strangers: The same without pairs planted to be taken for one person.
        points: The sweep.
        ungated: The sweep, had there been no rule and no gate but the probability.
        blocking: What the blocks brought up.
    """

    seed: int
    accuracy: Accuracy
    bins: list[Bin]
    strangers: list[Bin]
    points: list[Point]
    ungated: list[Point]
    blocking: Blocking


@dataclass(frozen=True)
class SetTrial:
    """One public set, linked by a model that learned from it alone, without its truth.

    Attributes:
        name: Of the set.
        whole: With all rules, blocks and gates, as a night links.
        even: By the model alone, within ``OPEN_BLOCKS``, from a probability of a half.
        strict: The same from the probability that the policy links at.
    """

    name: str
    whole: Accuracy
    even: Accuracy
    strict: Accuracy


def try_state(learners: int, seed: int, folder: Path) -> Trial:
    """Links the people of a seed in a new warehouse below ``folder``.

    Raises:
        OperatorError: The guard refused the night.
    """
    home, contracts, policy = Home(folder), load_contracts(), load_policy()
    state = people_only(learners, seed)
    land_people(home, state)
    done = link(home, contracts)
    if done.refused:
        raise OperatorError(f"The guard refused the trial: {done.refused}")
    links = pl.read_parquet(home.warehouse / "identity_link.parquet")
    with duckdb.connect() as con:
        collect(home, contracts, con)
        pairs, scored = scored_pairs(con, policy)
        sides = [f"{side}_{column}" for side in "ab" for column in _PAIR]
        looked_at = pl.concat([pairs.select(sides), scored.select(sides)]).unique()
        blocking = measure_blocking(con, policy, state.truth, looked_at)
    return Trial(
        seed=seed,
        accuracy=measure(state.truth, links),
        bins=calibration(state.truth, scored),
        strangers=calibration(state.truth, without_planted(state.truth, scored)),
        points=sweep(state.truth, pairs),
        ungated=sweep(state.truth, scored),
        blocking=blocking,
    )


def scored_pairs(
    con: duckdb.DuckDBPyConnection, policy: Policy
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every pair as decided, with ``may_link``, and every pair the model scored.

    Args:
        con: Has the views of ``representation.collect``.
        policy: What was agreed.
    """
    find_pairs(con, policy, keep_all=True)
    sides = ", ".join(f"{side}_{column}" for side in "ab" for column in _PAIR)
    decided = con.sql(
        f"select {sides}, kind, probability, gate is null as may_link from pair "
        "where kind = 'model' or verdict = 'link'"
    )
    scored = con.sql(
        f"select {sides}, 'model' as kind, match_probability as probability, "
        "true as may_link from judged"
    )
    return pl.DataFrame(decided.to_arrow_table()), pl.DataFrame(scored.to_arrow_table())


def try_set(name: str, folder: Path) -> SetTrial:
    """Learns from one public set and links it in a new warehouse below ``folder``.

    The address, the social security number, names and the birth date are all these
    sets have: the other comparisons are unknown in every pair and weigh nothing.

    Args:
        name: A key of ``febrl.SETS``.
        folder: An empty folder.
    """
    home, agreed = Home(folder), load_policy()
    state = febrl(name)
    land_people(home, state)
    with duckdb.connect() as con:
        collect(home, load_contracts(), con)
        policy = replace(agreed, model=read_model(json.dumps(train(con, _TRAIN_SEED))))
        decided, _ = scored_pairs(con, policy)
        scored = _by_model_alone(con, policy)
    return SetTrial(
        name=name,
        whole=measure(state.truth, links_at(state.truth, decided, policy.link)),
        even=measure(state.truth, links_at(state.truth, scored, _EVEN)),
        strict=measure(state.truth, links_at(state.truth, scored, policy.link)),
    )


def _by_model_alone(con: duckdb.DuckDBPyConnection, policy: Policy) -> pl.DataFrame:
    """Pairs by the same settings within wider blocks, no rule and no gate."""
    wider = settings(policy.model, details=False)
    wider.blocking_rules_to_generate_predictions = blocking_rules(OPEN_BLOCKS)
    con.execute(
        "create or replace temp table set_row as "
        f"select {', '.join(COLUMNS)} from representation"
    )
    api = DuckDBAPI(con)
    linker = Linker(
        api.register("set_row"), wider, log_level=None, validate_settings=False
    )
    predicted = linker.inference.predict(
        threshold_match_probability=_EVEN, warning_mode="never"
    )
    sides = ", ".join(f"{s}.{column} as {s}_{column}" for s in "ab" for column in _PAIR)
    found = con.sql(
        f"select {sides}, 'model' as kind, match_probability as probability, "
        f"true as may_link from {predicted.physical_name} "
        "inner join representation as a on a.rid = rid_l "
        "inner join representation as b on b.rid = rid_r"
    )
    return pl.DataFrame(found.to_arrow_table())
