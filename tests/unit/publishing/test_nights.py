"""The record as it stood on a published night, its snapshot there or long removed."""

import os
from datetime import UTC, date, datetime

import duckdb
import orjson
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.publishing import history, nights, reader
from pipelines.publishing import snapshot as store
from pipelines.publishing.gc import collect
from pipelines.publishing.publish import publish

DAYS = [date(2026, 9, day) for day in (1, 2, 3, 4)]


@pytest.fixture
def four(warehouse, build, monkeypatch):
    """Four nights: a learner comes, a record is corrected, a learner is withdrawn."""
    people = [factory.record(number, courses=1) for number in range(4)]
    corrected = factory.record(0, courses=2)
    states = [
        people[:3],
        people,
        [corrected, *people[1:]],
        [corrected, *people[2:]],
    ]
    for day, state in zip(DAYS, states, strict=True):
        monkeypatch.setattr(
            "pipelines.publishing.inputs.ledger_as_of",
            lambda _, day=day: datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        )
        build(state, terms=day.day)
        score(warehouse, day.day)
        publish(warehouse, None)
    return warehouse


def score(home, points):
    """A table that names claims and no learner, and changes where they do not."""
    with duckdb.connect(str(home.build_db)) as con:
        con.execute(
            "CREATE TABLE published.credential_quality AS "
            f"SELECT assertion_id, {points} AS score FROM published.assertion"
        )


def tables(home, on):
    with reader.connect(home, on) as con:
        return {
            name: con.execute(f'FROM "{name}" ORDER BY ALL').fetchall()
            for (name,) in con.execute("SHOW TABLES").fetchall()
        }


def age(home):
    for path in home.snapshots.iterdir():
        os.utime(path, (0, 0))


def records(home, on):
    found = {}
    for number in range(4):
        learner = factory.row(factory.record(number))["learner_id"]
        try:
            found[learner] = reader.record(home, learner, on)
        except OperatorError:
            found[learner] = None
    return found


def test_every_night_reads_the_same_when_its_snapshot_is_gone(four):
    before = [(tables(four, day), records(four, day)) for day in DAYS]
    assert len({str(one) for one in before}) == 4
    age(four)
    assert len(collect(four, keep=1)) == 3
    assert [(tables(four, day), records(four, day)) for day in DAYS] == before


def test_a_correction_shows_from_its_night_on(four):
    learner = factory.row(factory.record(0))["learner_id"]
    counts = [
        len(
            orjson.loads(reader.record(four, learner, day))["credentialSubject"][
                "verifiableCredential"
            ]
        )
        for day in DAYS
    ]
    assert counts == [8, 8, 9, 9]


def test_a_table_put_together_again_has_the_rows_that_were_signed_for(four):
    age(four)
    collect(four, keep=1)
    for day in DAYS[:3]:
        signed = nights.find(four, reader.resolve(four), day).chain[-1].manifest
        told = {file.path: file.rows for file in signed.files}
        for table, rows in tables(four, day).items():
            assert len(rows) == told[f"{store.ANALYST}/{table}.parquet"]


def test_removing_one_by_one_is_the_same_as_at_once(four):
    before = [(tables(four, day), records(four, day)) for day in DAYS]
    age(four)
    for keep in (3, 2, 1):
        assert len(collect(four, keep=keep)) == 1
        assert [(tables(four, day), records(four, day)) for day in DAYS] == before


def test_a_table_with_other_columns_is_kept_whole(four):
    with duckdb.connect(str(four.build_db)) as con:
        con.execute("CREATE OR REPLACE VIEW published.term AS SELECT 'T' AS code")
    publish(four, None)
    before = tables(four, DAYS[0])
    age(four)
    collect(four, keep=1)
    assert tables(four, DAYS[0]) == before
    assert history.entries(four)[4].whole == ("term",)


def test_the_erased_are_in_no_night_and_in_no_file(four, build):
    gone, *others = [factory.record(number, courses=1) for number in range(4)]
    learner = factory.row(gone)["learner_id"]
    with reader.connect(four, DAYS[1]) as con:
        claims = con.execute(
            "SELECT assertion_id FROM assertion WHERE learner_id = ?", [learner]
        ).fetchall()
    assert claims
    build(others, erased=[learner])
    score(four, 5)
    publish(four, None)
    # Hidden at once where the snapshot stays, gone from the files when it goes.
    for _ in range(2):
        for day in DAYS:
            read = str(tables(four, day))
            assert not any(claim in read for (claim,) in claims)
            assert learner not in read.replace(f"('{learner}', 'erased')", "")
        for day in DAYS[:3]:
            with pytest.raises(OperatorError, match="was erased"):
                reader.record(four, learner, day)
        age(four)
        collect(four, keep=1)
    for file in four.history.rglob("*.parquet"):
        with duckdb.connect() as con:
            read = str(con.execute(f"FROM '{file}'").fetchall())
        assert learner not in read, file
        assert not any(claim in read for (claim,) in claims), file
    assert records(four, DAYS[0])[factory.row(others[0])["learner_id"]]


def test_a_day_before_the_first_and_a_gap_are_one_line_each(four):
    with pytest.raises(OperatorError, match="begins with 2026-09-01"):
        reader.record(four, "x", date(2026, 8, 31))
    age(four)
    collect(four, keep=1)
    assert reader.connect(four, date(2027, 1, 1)).execute("FROM learner").fetchall()
    for file in (four.history / "000002").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(OperatorError, match="000002"):
        reader.connect(four, DAYS[0])


def test_a_reader_of_an_old_night_gets_no_further(four):
    age(four)
    collect(four, keep=1)
    with reader.connect(four, DAYS[0]) as con, pytest.raises(duckdb.Error):
        con.execute(f"FROM '{four.history}/000001/record.parquet'")
