"""A whole warehouse for a test: a generated state and the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

LRW = Path(sys.executable).with_name("lrw")

# In the truth, but not conserved into facts: what governs or describes, not claims.
NOT_MEASURED = {"night", "state_of", "disclosures", "person_merges", "sections"}


@dataclass(frozen=True)
class Warehouse:
    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def lrw(self, *arguments: str, code: int = 0) -> str:
        """Run the command line as an operator does; fail on another exit code."""
        done = subprocess.run(
            [LRW, *arguments],
            env={
                **os.environ,
                "LRW_HOME": str(self.root),
                "LRW_WORKERS": "1",
                **self.settings,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def query(self, sql: str) -> list[dict]:
        return json.loads(self.lrw("query", sql, "--format", "json"))

    def guarded(self, sql: str) -> list[dict]:
        return json.loads(self.lrw("query", "--guarded", sql, "--format", "json"))

    def truth(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.root / "truth" / f"{name}.parquet")

    def ledger(self) -> pl.DataFrame:
        return pl.read_parquet(self.root / "landing" / "ledger" / "*.parquet")

    @property
    def snapshot(self) -> Path:
        current = json.loads((self.root / "published" / "current.json").read_bytes())
        return self.root / "published" / "snapshots" / f"{current['seq']:06d}"

    def analyst(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.snapshot / "analyst" / f"{table}.parquet")

    def links(self) -> pl.DataFrame:
        return pl.read_parquet(self.root / "warehouse" / "identity_link.parquet")

    def published_totals(self) -> pl.DataFrame:
        """Columns institution_code, measure, staged, facts, assertions as floats."""
        return self.analyst("conservation").with_columns(
            pl.col("staged", "facts", "assertions").cast(pl.Float64)
        )

    def expected_totals(self) -> pl.DataFrame:
        """Columns institution_code, measure, expected: the truth of the last night."""
        last = self.truth("published_total").filter(
            pl.col("night") == pl.col("night").max()
        )
        return (
            last.drop(NOT_MEASURED)
            .unpivot(
                index="institution_code",
                variable_name="measure",
                value_name="expected",
            )
            .with_columns(pl.col("expected").cast(pl.Float64))
        )


def differing_term_totals(truth: pl.DataFrame, snapshot: Path) -> list[tuple]:
    """Every (college, term, measure) that is published otherwise than it is true.

    Args:
        truth: ``published_term_total`` of the generator.
        snapshot: Folder of the published tables.
    """
    facts = {
        "fact_section_enrolment": {
            "attempted_credit": "attempted_credit",
            "earned_credit": "earned_credit",
        },
        "fact_transfer_credit": {
            "transfer_accepted_credit": "accepted_credit",
            "transfer_applied_credit": "applied_credit",
        },
        "fact_award": {
            "awards_awarded": "(status <> 'REVOKED')::int",
            "awards_revoked": "(status = 'REVOKED')::int",
        },
    }
    published = " UNION ALL ".join(
        f"SELECT institution_code, term_id, '{measure}' AS measure, "
        f"sum({amount})::DECIMAL(18, 3) AS total FROM '{snapshot}/{fact}.parquet' "
        "GROUP BY ALL"
        for fact, measures in facts.items()
        for measure, amount in measures.items()
    )
    with duckdb.connect() as con:
        con.register("truth", truth)
        # Zero and no row are one: a rejected transfer names a term and brings nothing.
        return con.execute(f"""
            WITH told AS (
                SELECT f.institution_code, term.term_code, measure, total
                FROM ({published}) AS f
                LEFT JOIN '{snapshot}/term.parquet' AS term USING (term_id)
            )
            SELECT truth.*, told.*
            FROM (FROM truth WHERE total <> 0) AS truth
            FULL JOIN (FROM told WHERE total <> 0) AS told
                ON truth.institution_code = told.institution_code
                AND truth.measure = told.measure
                AND truth.term_code IS NOT DISTINCT FROM told.term_code
            WHERE truth.total IS DISTINCT FROM told.total
        """).fetchall()


def generated_state(root: Path, *arguments: str) -> Warehouse:
    """A warehouse whose inbox holds a generated state and whose issuer has a key."""
    warehouse = Warehouse(root)
    warehouse.lrw("sample", *arguments, "--out", str(root))
    system = arguments[arguments.index("--system") + 1]
    warehouse.lrw("keys", "new", "--system", system)
    return warehouse


def differing_totals(warehouse: Warehouse) -> list[dict]:
    """Every (college, measure) whose published total is not the truth's."""
    compared = warehouse.expected_totals().join(
        warehouse.published_totals(),
        on=["institution_code", "measure"],
        how="left",
    )
    return compared.filter(
        ((pl.col("facts").fill_null(0) - pl.col("expected")).abs() > 0.0005)
        | ((pl.col("staged").fill_null(0) - pl.col("expected")).abs() > 0.0005)
    ).to_dicts()


def in_force(warehouse: Warehouse, sql: str) -> list[tuple]:
    """Ask the landing's in-force views; for what never leaves the building."""
    from pipelines.contracts.load import load_contracts
    from pipelines.landing.kept.state import connect_in_force
    from pipelines.settings import Home

    with duckdb.connect() as con:
        connect_in_force(Home(warehouse.root), load_contracts(), con)
        return con.execute(sql).fetchall()
