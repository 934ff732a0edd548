"""The model on Spark: the pairs and the scores that DuckDB gives, of the same people.

Splink ships the jar with ``damerau_levenshtein`` for Spark. ``make servers`` installs
Java; ``LRW_SKIP_SPARK=1`` leaves these tests out.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot.generator

from pipelines.contracts.load import load_contracts
from pipelines.identity.evidence import load_policy
from pipelines.identity.evidence.model import COMPARISONS, TERM_FREQUENCIES
from pipelines.identity.evidence.rows import load
from pipelines.identity.evidence.score import linker, score
from pipelines.identity.representation import collect
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("LRW_SKIP_SPARK")), reason="LRW_SKIP_SPARK is set"
)

LEARNERS, SEED = 500, 7
ANY = 1e-12
TABLES = ("near_row", *(f"frequency_{column}" for column in TERM_FREQUENCIES))
ANSWERS = (
    "match_weight",
    "match_probability",
    *(f"gamma_{comparison.name}" for comparison in COMPARISONS),
    *(f"mw_{comparison.name}" for comparison in COMPARISONS),
)

Scores = dict[tuple[int, int], tuple[float, ...]]


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scores]:
    """What the people's rows are, as Parquet, and what DuckDB makes of them."""
    folder = tmp_path_factory.mktemp("people")
    home = Home(folder / "home")
    land_people(home, people_only(LEARNERS, SEED))
    with duckdb.connect() as con:
        collect(home, load_contracts(), con)
        policy = load_policy()
        load(con, policy, None)
        for table in TABLES:
            con.execute(f"copy {table} to '{folder}/{table}.parquet'")
        score(con, policy, None, ANY)
        found = con.execute(
            f"select rid_l, rid_r, {', '.join(ANSWERS)} from scored"
        ).fetchall()
    return folder, {(row[0], row[1]): row[2:] for row in found}


@pytest.fixture(scope="module")
def on_spark(on_duckdb: tuple[Path, Scores]) -> Iterator[Scores]:
    from pyspark.sql import SparkSession
    from splink.backends.spark import SparkAPI, similarity_jar_location

    if not sqlglot.generator.__file__.endswith(".py"):
        pytest.fail(
            "sqlglot is compiled, and Splink cannot write SQL for Spark with it: "
            "pip uninstall sqlglotc sqlglotrs (requirements.lock leaves both out)"
        )
    folder, _ = on_duckdb
    # A few hundred rows: what costs is starting, compiling and shuffling nothing.
    asked = {
        "spark.jars": similarity_jar_location(),
        "spark.driver.memory": "512m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.default.parallelism": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    builder = SparkSession.builder.master("local[2]").appName("lrw")
    for name, value in asked.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for table in TABLES:
        rows = spark.read.parquet(str(folder / f"{table}.parquet"))
        rows.createOrReplaceTempView(table)
    api = SparkAPI(
        spark_session=spark,
        break_lineage_method="persist",
        num_partitions_on_repartition=1,
    )
    predicted = linker(api, api.register("near_row"), load_policy()).inference.predict(
        threshold_match_probability=ANY, warning_mode="never"
    )
    names = {
        f"mw_{c.name}": f"mw_{c.name} + coalesce(mw_tf_adj_{c.name}, 0)"
        for c in COMPARISONS
        if any(level.term_frequency for level in c.levels)
    }
    wanted = ", ".join(names.get(answer, answer) for answer in ANSWERS)
    found = spark.sql(
        f"select rid_l, rid_r, {wanted} from {predicted.physical_name}"
    ).collect()
    yield {(row[0], row[1]): tuple(row[2:]) for row in found}
    spark.stop()


def test_spark_brings_up_the_pairs_that_duckdb_does(
    on_duckdb: tuple[Path, Scores], on_spark: Scores
) -> None:
    assert len(on_spark) > 200
    assert set(on_spark) == set(on_duckdb[1])


def test_spark_gives_every_pair_the_same_score_for_the_same_reasons(
    on_duckdb: tuple[Path, Scores], on_spark: Scores
) -> None:
    for pair, answers in on_duckdb[1].items():
        assert on_spark[pair] == pytest.approx(answers, abs=1e-6), pair
