"""What a reader of the current snapshot can do, and cannot."""

import duckdb
import orjson
import pyarrow as pa
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.publishing import reader
from pipelines.publishing.publish import publish


def test_every_analyst_table_is_a_view_and_records_are_not(published):
    with reader.connect(published) as con:
        assert con.execute("SHOW TABLES").fetchall() == [
            ("assertion",),
            ("learner",),
            ("learner_redirect",),
            ("term",),
        ]
        assert con.execute("SELECT count(*) FROM learner").fetchall() == [(4,)]


def test_a_connection_stays_on_its_snapshot_when_another_is_published(published, build):
    with reader.connect(published) as con:
        build([factory.record(number, courses=1) for number in range(5)])
        publish(published, None)
        assert con.execute("SELECT count(*) FROM learner").fetchall() == [(4,)]
    with reader.connect(published) as con:
        assert con.execute("SELECT count(*) FROM learner").fetchall() == [(5,)]


def test_a_connection_reads_nothing_else(published, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    inside = reader.resolve(published).path
    local_table = pa.table({"a": [1]})
    assert local_table.num_rows == 1
    with reader.connect(published) as con:
        for sql in (
            f"FROM '{outside}'",
            f"FROM '{inside}/records/part-00000.parquet'",
            f"FROM '{inside}/analyst/../records/part-00000.parquet'",
            f"SELECT * FROM read_text('{inside}/public/did.json')",
            f"ATTACH '{tmp_path}/x.duckdb'",
            f"COPY (SELECT 1) TO '{outside}'",
            "FROM local_table",
            "SET enable_external_access = true",
            "SET memory_limit = '100GB'",
            "SET allowed_directories = ['/']",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                con.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "FROM learner LIMIT 1",
        "WITH a AS (SELECT 1) FROM a",
        "DESCRIBE learner",
        "SHOW TABLES",
        "SUMMARIZE term",
        "EXPLAIN SELECT 1",
    ],
)
def test_reading_statements_run(published, sql):
    with reader.connect(published) as con:
        assert con.execute(reader.only_select(con, sql)).fetchall()


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{folder}/x.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/x.parquet'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{folder}/x.parquet'",
        "CREATE TABLE x AS SELECT 1",
        "SET threads = 1",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "",
    ],
)
def test_statements_that_could_write_are_refused(published, sql):
    folder = reader.resolve(published).path / "analyst"
    with (
        reader.connect(published) as con,
        pytest.raises(OperatorError),
    ):
        reader.only_select(con, sql.format(folder=folder))
    assert not (folder / "x.parquet").exists()


def test_a_record_comes_out_as_published(published):
    record = orjson.loads(reader.record(published, factory.learner_id(2)))
    assert record["credentialSubject"]["id"] == f"urn:uuid:{factory.learner_id(2)}"
    assert record["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022"


def test_an_unknown_learner_is_an_operator_error(published):
    with pytest.raises(OperatorError, match="has no published record"):
        reader.record(published, "nobody' OR true --")


def test_before_the_first_publication_every_reader_says_so(warehouse):
    for read in (
        reader.resolve,
        reader.connect,
        lambda home: reader.record(home, "x"),
    ):
        with pytest.raises(OperatorError, match="nothing is published yet"):
            read(warehouse)


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"seq": "x"}', b"\xff"])
def test_a_damaged_pointer_is_named(published, damage):
    published.current.write_bytes(damage)
    with pytest.raises(OperatorError, match=r"current\.json"):
        reader.resolve(published)


def test_a_pointer_to_another_manifest_is_refused(published):
    pointer = orjson.loads(published.current.read_bytes())
    pointer["manifest_sha256"] = "0" * 64
    published.current.write_bytes(orjson.dumps(pointer))
    with pytest.raises(OperatorError, match="does not match its snapshot"):
        reader.resolve(published)
