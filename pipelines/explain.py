"""A published claim traced: back to the line of a college's file, on to the records.

Belongs here: following one credential through snapshot, models and landing. Does not
belong here: why a learner is who it is (``pipelines.identity.explain``), printing
(``pipelines.commands.explain_told``).

Every row of the unified schema carries its package, file, line and contract version
(``macros/lineage.sql``); the change log of landing keeps every version of that row. So
nothing is worked out here that is not written down somewhere.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import duckdb
import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Feed
from pipelines.errors import OperatorError
from pipelines.landing.kept.ledger import in_effect, read_ledger
from pipelines.publishing.reader import resolve
from pipelines.publishing.record_table import quoted, relation
from pipelines.publishing.snapshot import ANALYST, RECORDS, Snapshot, folder_of
from pipelines.settings import DBT_PROJECT, Home

_PERSONAL = ("personal", "restricted")
_FACTS = {
    "course": "clr_fact_section_enrolment",
    "transfer": "clr_fact_transfer_credit",
    "award": "clr_fact_award",
    "noncredit": "clr_fact_noncredit",
    "certification": "clr_fact_noncredit",
    "experience": "clr_fact_experience",
    "practice": "clr_fact_experience",
    "skill": "clr_fact_skill",
    "badge": "clr_fact_badge",
    "standing": "clr_fact_term_enrolment",
}
"""By kind of claim the model that holds what happened (``clr_assertion``)."""


def explain(home: Home, asked: str) -> dict[str, Any]:
    """Where one published claim comes from, and where it is held.

    Args:
        home: The warehouse; its current snapshot is read, and for ``records`` every
            older one that is kept.
        asked: The id of a credential, with or without ``urn:uuid:``.

    Returns:
        Stable keys: ``credential`` (its row of ``assertion``), ``achievement``,
        ``results``, ``alignments``, ``evidence``, ``quality`` (``score`` and what is
        ``missing``, with the remedy; None unless the claim is active), ``models``
        (those that the row passed, first to last: ``model``, ``file`` and the
        ``sha256`` of its text), ``built_at`` (of the last build), ``package``, ``line``
        (``file``, ``line``, ``feed``, ``contract_version``, ``values``; values that
        name a person are left out), ``versions`` (each time the college said this row
        otherwise, newest first) and ``records`` (newest snapshot first).

    Raises:
        OperatorError: Nothing is published, the id is none, or no claim has it.
    """
    try:
        credential = str(UUID(asked.strip()))
    except ValueError:
        raise OperatorError(
            f"{asked}: not the id of a credential (urn:uuid:…)"
        ) from None
    snapshot = resolve(home)
    contracts = load_contracts()
    ledger = in_effect(read_ledger(home))
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        claim = _claim(con, snapshot, credential)
        feed = contracts.feeds[claim["source_feed"]]
        models, built_at = _models(home, feed, claim["kind"])
        con.register("in_force", ledger.select("package_id", "wave_id").unique())
        versions = list(_versions(con, home, feed, claim))
        return {
            "credential": claim,
            "achievement": _one(
                con, snapshot, "achievement", "achievement_id", claim["achievement_id"]
            ),
            "results": _many(con, snapshot, "result", "assertion_id", credential),
            "evidence": _many(con, snapshot, "evidence", "assertion_id", credential),
            "alignments": _many(
                con, snapshot, "alignment", "achievement_id", claim["achievement_id"]
            ),
            "quality": _quality(con, snapshot, credential),
            "models": models,
            "built_at": built_at,
            "package": _package(ledger, claim),
            "line": _line(feed, claim, versions),
            "versions": versions,
            "records": list(_records(con, home, snapshot, credential)),
        }


def _table(snapshot: Snapshot, name: str) -> str:
    return relation(snapshot.path / ANALYST / f"{name}.parquet")


def _rows(
    con: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    cursor = con.execute(sql, dict(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _many(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: str, key: str, value: Any
) -> list[dict[str, Any]]:
    return _rows(
        con,
        f"select * from {_table(snapshot, table)} where {key} = $value order by all",
        {"value": value},
    )


def _one(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: str, key: str, value: Any
) -> dict[str, Any] | None:
    rows = _many(con, snapshot, table, key, value)
    return rows[0] if rows else None


def _claim(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, credential: str
) -> dict[str, Any]:
    claim = _one(con, snapshot, "assertion", "assertion_id", credential)
    if claim is None:
        raise OperatorError(
            f"{credential}: no claim of snapshot {snapshot.seq} has this id"
        )
    return claim


def _quality(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, credential: str
) -> dict[str, Any] | None:
    if not (snapshot.path / ANALYST / "credential_quality.parquet").exists():
        return None
    scored = _one(con, snapshot, "credential_quality", "assertion_id", credential)
    if scored is None:
        return None
    rules = _rows(
        con,
        f"select rule, points, expects, source, remedy "
        f"from {_table(snapshot, 'credential_quality_rule')} "
        "where rule = any($missing) order by points desc, rule",
        {"missing": scored["missing"]},
    )
    return {
        "score": scored["score"],
        "points": scored["points"],
        "points_possible": scored["points_possible"],
        "missing": rules,
    }


def _models(
    home: Home, feed: Feed, kind: str
) -> tuple[list[dict[str, Any]], str | None]:
    """The models that the row passed to become a claim and part of a record."""
    built = home.warehouse / "dbt" / "manifest.json"
    file = built if built.exists() else DBT_PROJECT / "target" / "manifest.json"
    try:
        manifest = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return [], None
    project = manifest["metadata"]["project_name"]
    stations = [
        f"source.{project}.landing.{feed.name}",
        f"model.{project}.stg_{feed.name}",
        f"model.{project}.{_FACTS[kind]}",
        f"model.{project}.clr_assertion",
        f"model.{project}.pub_assertion",
    ]
    passed: list[str] = []
    for start, end in pairwise(stations):
        passed += _way(manifest["child_map"], start, end)
    passed.append(f"model.{project}.pub_record_document")
    told = [
        {
            "model": node["name"],
            "file": node["original_file_path"],
            "sha256": node["checksum"]["checksum"],
        }
        for node in (manifest["nodes"][one] for one in passed)
    ]
    return told, manifest["metadata"]["generated_at"]


def _way(children: Mapping[str, list[str]], start: str, end: str) -> list[str]:
    """The shortest way from one node to another, without the first."""
    came: dict[str, str] = {start: ""}
    waiting = deque([start])
    while waiting and end not in came:
        node = waiting.popleft()
        for child in sorted(children.get(node, ())):
            if child not in came:
                came[child] = node
                waiting.append(child)
    way: list[str] = []
    node = end
    while node in came and node != start:
        way.insert(0, node)
        node = came[node]
    return way


def _package(ledger: pl.DataFrame, claim: Mapping[str, Any]) -> dict[str, Any] | None:
    rows = ledger.filter(
        (pl.col("institution_code") == claim["institution_code"])
        & (pl.col("package_id") == claim["package_id"])
    )
    if rows.is_empty():
        return None
    last = rows.sort("wave_id").row(-1, named=True)
    names = ("package_id", "delivery", "as_of", "mode", "verdict", "landed_at")
    return {name: last[name] for name in names}


def _versions(
    con: duckdb.DuckDBPyConnection, home: Home, feed: Feed, claim: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Every version of the row that counts; what names a person is left out.

    A wave that a replay took back is in the change log still, and counts no more.
    """
    log = f"read_parquet('{quoted(home.accepted / feed.name)}/*.parquet')"
    key = ", ".join(feed.key)
    open_columns = [
        column.name
        for column in feed.data_columns
        if column.classification not in _PERSONAL
    ]
    rows = _rows(
        con,
        f"""
        with named as (
            select institution_code, {key} from {log}
            where institution_code = $institution_code
                and _package_id = $package_id and _file_name = $file_name
                and _line = $line
        )
        select distinct
            landed._as_of as as_of, landed._op as op, landed._package_id as package_id,
            landed._file_name as file, landed._line as line,
            landed._contract_version as contract_version,
            {", ".join(f"landed.{name}" for name in open_columns)}
        from {log} as landed
        semi join named using (institution_code, {key})
        semi join in_force
            on landed._package_id = in_force.package_id
            and landed._wave_id = in_force.wave_id
        order by as_of desc, op
        """,
        {
            name: claim[name]
            for name in ("institution_code", "package_id", "file_name", "line")
        },
    )
    for row in rows:
        values = {
            name: row.pop(name) for name in open_columns if row.get(name) is not None
        }
        yield {**row, "values": values}


def _line(
    feed: Feed, claim: Mapping[str, Any], versions: list[dict[str, Any]]
) -> dict[str, Any]:
    said: dict[str, Any] = next(
        (
            version["values"]
            for version in versions
            if version["package_id"] == claim["package_id"]
            and version["line"] == claim["line"]
        ),
        {},
    )
    return {
        "institution_code": claim["institution_code"],
        "feed": feed.name,
        "file": claim["file_name"],
        "file_sha256": claim["file_sha256"],
        "line": claim["line"],
        "contract_version": claim["contract_version"],
        "values": said,
    }


def _records(
    con: duckdb.DuckDBPyConnection, home: Home, newest: Snapshot, credential: str
) -> Iterator[dict[str, Any]]:
    """Snapshot by snapshot the record that holds it, or whose the claim was then."""
    for seq in range(newest.seq, 0, -1):
        folder = folder_of(home, seq)
        claims = folder / ANALYST / "assertion.parquet"
        if not claims.exists():
            continue
        rows = _rows(
            con,
            f"""
            select claim.learner_id, claim.status, record.clr_id, record.valid_from
            from {relation(claims)} as claim
            left join (
                select learner_id, clr_id, valid_from
                from {relation(folder / RECORDS)}
                where contains(clr, $urn)
            ) as record using (learner_id)
            where claim.assertion_id = $credential
            """,
            {"credential": credential, "urn": f"urn:uuid:{credential}"},
        )
        for row in rows:
            if row["learner_id"]:
                yield {"seq": seq, **row}
