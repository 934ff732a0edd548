"""People whose rows arrive a night before they do (the state behind fault F16).

Belongs here: adding them to a state, with the night each row is sent and the night it
can come into force. Does not belong here: any other fault.
"""

from dataclasses import replace

import polars as pl

from pipelines.sample.content import SENT, with_sent
from pipelines.sample.fault_rows import ORPHAN_PREFIX, ORPHANS
from pipelines.sample.layout import COLLEGE, FROM, MEMBER, NEVER, TO
from pipelines.sample.state import State


def with_orphans(state: State, college: int, night: int) -> State:
    """Adds three persons from ``night`` + 1 whose training is sent on ``night``.

    The training rows come into force with their persons: quarantined rows are
    released when the parent arrives (clarification 9).
    """
    people = state.feeds["person"]
    training = state.feeds["noncredit_completion"]
    index = pl.int_range(1, pl.len() + 1)
    ids = pl.lit(ORPHAN_PREFIX) + (900_000 + index).cast(pl.String)

    def added(frame: pl.DataFrame) -> pl.DataFrame:
        return (
            frame.filter((pl.col(FROM) == 1) & (pl.col(TO) == NEVER))
            .head(ORPHANS)
            .with_columns(
                pl.lit(college).cast(pl.Int16).alias(COLLEGE),
                pl.lit(None, dtype=pl.Int64).alias(MEMBER),
                pl.lit(night + 1).cast(pl.Int8).alias(FROM),
                student_id=ids,
            )
        )

    persons = added(people.filter(pl.col(COLLEGE) == college)).with_columns(
        pl.col(FROM).alias(SENT),
        source_pk=pl.lit("9") + pl.col("student_id").str.slice(2),
        email_college=pl.lit(None, dtype=pl.String),
        email_personal=pl.lit(None, dtype=pl.String),
        birth_date=pl.col("birth_date") - pl.duration(days=400),
    )
    rows = added(training.filter(pl.col("outcome") == "COMPLETED")).with_columns(
        pl.lit(night).cast(pl.Int8).alias(SENT)
    )
    feeds = dict(state.feeds)
    for name, frame, more in (
        ("person", people, persons),
        ("noncredit_completion", training, rows),
    ):
        held = with_sent(frame)
        feeds[name] = pl.concat([held, more.select(held.columns)])
    return replace(state, feeds=feeds)
