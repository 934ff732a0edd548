"""The engine and plain loops agree on a state that nobody arranged."""

import random
from collections import Counter

import duckdb
import naive_metrics
import pytest
from told import told
from worked import (
    COLLEGES,
    PROGRAMS,
    WORKED,
    Tables,
    expected,
    published,
    tables_of,
    worked_tables,
)

from pipelines.metrics.answers import decided
from pipelines.metrics.load import load_definitions

DEFINITIONS = load_definitions()
LEARNERS = 3000
TERMS = [f"{season}{year}" for year in range(19, 25) for season in "FSU"]
HOW = [
    "",
    "",
    "",
    "",
    "",
    " dual",
    " failed",
    " audit",
    " summary",
    " exam",
    " quarter",
]


def a_day(draw: random.Random) -> str:
    return (
        f"{draw.randint(2019, 2024)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
    )


def a_life(draw: random.Random) -> list[str]:
    """Lines of a story such as worked_cohort.yaml has, thrown together."""
    did = []
    for college in draw.sample(sorted(COLLEGES), draw.choice([1, 1, 1, 2])):
        clock = COLLEGES[college] == "CLOCK"
        codes = [c for c, p in PROGRAMS.items() if (p[1] == "CLOCK") == clock]
        begin = draw.randrange(len(TERMS) - 4)
        if draw.random() < 0.9:
            level = " level ND" if draw.random() < 0.05 else ""
            when = TERMS[max(0, begin - draw.choice([0, 0, 0, 1, -1]))]
            did.append(f"{college} {draw.choice(codes)} from {when}{level}")
        for term in TERMS[begin : begin + draw.randint(1, 9)]:
            if draw.random() < 0.35:
                continue
            for _ in range(draw.randint(1, 2)):
                did.append(_study(draw, college, term, clock=clock))
        for _ in range(draw.choice([0, 0, 1, 1, 2])):
            end = draw.choice(["", "", "", " revoked", " reissued"])
            did.append(f"{college} awards {draw.choice(codes)} {a_day(draw)}{end}")
    if draw.random() < 0.35:
        first, last = sorted([a_day(draw), a_day(draw)])
        end = draw.choice(["", " withdrawn", " deceased", " deceased"])
        did.append(f"outside {first} to {last}{end}")
    if draw.random() < 0.05:
        did.append(f"outside awards {a_day(draw)}")
    if draw.random() < 0.05:
        did.append(f"{draw.choice(['NORTH', 'SOUTH'])} credit {draw.choice(TERMS)}")
    return did


def _study(draw: random.Random, college: str, term: str, *, clock: bool) -> str:
    if term.startswith("F") and draw.random() < 0.1:
        term += "M"
    if clock:
        return f"{college} {term} {draw.choice([100, 200, 372, 432])}" + draw.choice(
            ["", "", " dual", f" withdrew {_left(draw, term)}"]
        )
    course = draw.choice(["", "HIS101 ", "ENG101 ", "MTH112 ", "MTH098 "])
    how = draw.choice([*HOW, f" withdrew {_left(draw, term)}"])
    return f"{college} {term} {course}{draw.choice([0.5, 3, 6, 9, 12, 15])}{how}"


def _left(draw: random.Random, term: str) -> str:
    month = {"F": draw.choice([8, 9, 10]), "S": 1, "U": draw.choice([5, 6])}[term[0]]
    return f"20{term[1:3]}-{month:02}-{draw.randint(1, 28):02}"


@pytest.fixture(scope="module")
def lives() -> Tables:
    draw = random.Random(20260901)
    return tables_of(
        {f"learner {number:04}": a_life(draw) for number in range(LEARNERS)}
    )


def complete(tables: Tables) -> dict[str, list[dict]]:
    """The rows as a reader gets them: every published column, null or not."""
    with published(tables) as con:
        return {name: rows_of(con, name) for name in naive_metrics.TABLES}


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> list[dict]:
    cursor = con.execute(f'select * from "{table}"')
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def test_the_loops_put_the_hand_worked_learners_where_the_hand_did():
    """Else the two would have to be wrong in the same way."""
    by_loops = naive_metrics.worked_out(complete(worked_tables()))
    assert by_loops == {name: expected(name) for name in DEFINITIONS.metrics}
    assert len(WORKED["learners"]) > 30


def test_both_agree_on_every_learner_of_a_random_state(lives):
    by_loops = naive_metrics.worked_out(complete(lives))
    with published(lives) as con:
        for name, metric in DEFINITIONS.metrics.items():
            by_engine = sorted(
                told(row, metric) for row in decided(con, DEFINITIONS, metric)
            )
            assert by_engine == by_loops[name]
            # Each rule of the definition decided somebody, or the state is too tame.
            rules = Counter(
                word.rstrip(":") for row in by_engine for word in row.split()
            )
            for part in metric.parts:
                assert {*part.ordered, part.otherwise} <= set(rules)
