"""What a snapshot was made from, as digests that arrival order does not change.

Belongs here: the ledger's digest, the as-of moment, the code's digest. Does not belong
here: reading any learner's data.
"""

import functools
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import OperatorError
from pipelines.landing.kept.ledger import IN_EFFECT
from pipelines.settings import DBT_PROJECT, Home, contracts_root

_LEDGER = "read_parquet($files, hive_partitioning = false, union_by_name = true)"
_APPLIED = f"""
    SELECT DISTINCT institution_code, package_id, manifest_sha256, as_of
    FROM ({IN_EFFECT.format(ledger=_LEDGER)})
    WHERE verdict IN ('accepted', 'accepted_with_quarantine')
    QUALIFY
        package_seq <= max(package_seq) FILTER (publishable)
            OVER (PARTITION BY institution_code)
"""
"""Packages in the published data: each college's up to its last publishable one."""


def ledger_digest(home: Home) -> str:
    """SHA-256 over the published packages: college, package, manifest hash.

    Wave ids and clock times are left out: the same packages in another order of
    arrival give the same digest.
    """
    rows = _ledger(home, "institution_code, package_id, manifest_sha256")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def ledger_as_of(home: Home) -> datetime | None:
    """Latest as-of of a published package, in UTC; None without a ledger."""
    rows = _ledger(home, "max(epoch_us(as_of))")
    if not rows or rows[0][0] is None:
        return None
    return datetime.fromtimestamp(rows[0][0] // 1_000_000, UTC)


def _ledger(home: Home, columns: str) -> list[tuple[Any, ...]]:
    files = sorted(str(path) for path in home.ledger.glob("*.parquet"))
    if not files:
        return []
    try:
        with duckdb.connect() as con:
            return con.execute(
                f"SELECT {columns} FROM ({_APPLIED}) ORDER BY ALL",
                {"files": files},
            ).fetchall()
    except duckdb.Error:
        raise OperatorError(
            f"the ledger in {home.ledger} cannot be read: restore it"
        ) from None


@functools.cache
def code_digest() -> str:
    """SHA-256 over the night's code: pipelines, dbt models, contracts."""
    total = hashlib.sha256()
    pipelines = Path(__file__).resolve().parent.parent
    trees = {
        "pipelines": (pipelines, ("*.py",)),
        "dbt_project": (DBT_PROJECT, ("models/**/*.sql", "macros/**/*.sql", "seeds/*")),
        "data_contracts": (contracts_root(), ("**/*.yaml", "**/*.sql", "**/*.csv")),
    }
    for name, (root, patterns) in trees.items():
        found = {path for pattern in patterns for path in root.rglob(pattern)}
        for path in sorted(found):
            if path.is_file():
                data = hashlib.sha256(path.read_bytes()).hexdigest()
                total.update(f"{name}/{path.relative_to(root)} {data}\n".encode())
    return total.hexdigest()
