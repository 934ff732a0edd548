"""What a college's published credentials have and lack, in counts.

Belongs here: reading the quality tables of the current snapshot. Does not belong here:
how a credential is scored (``dbt_project/models/clr``), or any learner.

A return file is written when a package lands, which is before the night is published:
it tells of the snapshot that readers have then, and says which.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import OperatorError
from pipelines.publishing import snapshot as store
from pipelines.publishing.record_table import relation
from pipelines.settings import Home

_CREDENTIALS, SCORECARD, _RULES = TABLES = (
    "credential_quality",
    "credential_scorecard",
    "credential_quality_rule",
)


def credential_quality(home: Home, institution_code: str) -> dict[str, Any] | None:
    """The quality of the college's active credentials as published last.

    Args:
        home: The warehouse.
        institution_code: The college.

    Returns:
        ``snapshot`` and its ``as_of``; ``table`` and a ``query`` that shows it;
        ``credentials`` and their ``mean_score`` (0 to 100); ``kinds``, each with both;
        ``lacking``, one entry a rule that some credentials break, most of them first:
        ``rule``, ``expects``, ``remedy``, ``source``, ``credentials`` it applies to,
        ``lacking`` of them, and ``kinds`` with the counts of each. None before
        anything of the college is published.
    """
    try:
        present = store.current(home)
    except OperatorError:
        # Publishing and `lrw verify` tell of a damaged pointer; landing goes on.
        return None
    if present is None:
        return None
    told = _of_snapshot(present.path / store.ANALYST).get(institution_code)
    if told is None:
        return None
    return {
        "snapshot": present.seq,
        "as_of": present.manifest.as_of,
        "table": SCORECARD,
        "query": f"from {SCORECARD} where institution_code = '{institution_code}'",
        **told,
    }


@lru_cache(maxsize=2)
def _of_snapshot(folder: Path) -> dict[str, dict[str, Any]]:
    """What is told of every college; asked once a wave, not once a package."""
    files = [folder / f"{name}.parquet" for name in TABLES]
    if not all(file.exists() for file in files):
        return {}
    credentials, scorecard, rules = map(relation, files)
    with duckdb.connect() as con:
        heads = _rows(
            con,
            "select institution_code, count(*) as credentials, "
            f"round(avg(score), 1)::double as mean_score from {credentials} "
            "group by institution_code",
        )
        kinds = _rows(
            con,
            "select institution_code, kind, count(*) as credentials, "
            f"round(avg(score), 1)::double as mean_score from {credentials} "
            "group by institution_code, kind order by institution_code, kind",
        )
        lacking = _rows(
            con,
            f"""
            select institution_code, rule, any_value(expects) as expects,
                any_value(remedy) as remedy, any_value(source) as source,
                sum(credentials)::bigint as credentials,
                sum(credentials - met)::bigint as lacking,
                list({{'kind': kind, 'credentials': credentials,
                    'lacking': credentials - met}} order by kind)
                    filter (credentials > met) as kinds
            from {scorecard} as counted
            inner join {rules} as rules using (rule)
            group by institution_code, rule
            having sum(credentials - met) > 0
            order by institution_code, lacking desc, rule
            """,
        )
    told = {
        row.pop("institution_code"): {**row, "kinds": [], "lacking": []}
        for row in heads
    }
    for name, rows in (("kinds", kinds), ("lacking", lacking)):
        for row in rows:
            told[row.pop("institution_code")][name].append(row)
    return told


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return con.sql(sql).to_arrow_table().to_pylist()
