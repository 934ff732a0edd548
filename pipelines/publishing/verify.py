"""Verification of a snapshot: every byte, and the proofs of its records.

Belongs here: checks that need nothing but the published files and the issuer's
published keys. Does not belong here: making any of them; a single document from outside
(``pipelines.verification``). A verdict never quotes what a record says about its
learner.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson

from pipelines.errors import OperatorError
from pipelines.publishing import snapshot as store
from pipelines.publishing import status_lists, witness
from pipelines.publishing.manifest import NAME, SIGNATURE, check_signature, describe
from pipelines.publishing.proof_check import Keys
from pipelines.publishing.record_table import relation
from pipelines.publishing.snapshot import Snapshot
from pipelines.publishing.status_check import StatusLists
from pipelines.publishing.status_entries import NO_ENTRY
from pipelines.settings import Home

# The manifest and the witness are signed themselves.
_BESIDE = {NAME, SIGNATURE, witness.NAME, witness.SIGNATURE}

SAMPLE = 200
"""Records of a snapshot whose proofs are checked when not all are asked for."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str = ""


@dataclass
class Verification:
    """Every check in order; ``ok`` when there was one and all passed."""

    checks: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether all of it verifies."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def add(self, name: str, failure: str | None, detail: str = "") -> None:
        """Record a check; ``failure`` is None when it passed."""
        self.checks.append(Check(name, failure is None, failure or detail))


def verify_snapshot(home: Home, records: int | None = SAMPLE) -> Verification:
    """Check the current snapshot: every byte, and the proofs of ``records`` records.

    And that landing still holds the ledger, the decisions and the certified rows that
    the snapshot witnessed.

    Args:
        home: the warehouse.
        records: how many records, chosen at random; None checks all.

    Raises:
        OperatorError: nothing is published, or the pointer is damaged.
    """
    present = store.current(home)
    if present is None:
        raise OperatorError("nothing is published yet")
    result = check_snapshot(present, records)
    if result.checks[0].ok:
        keys = present.did_document()
        for name, failure in witness.failures(home, present.path, keys):
            result.add(name, failure)
    return result


def check_snapshot(snapshot: Snapshot, records: int | None = SAMPLE) -> Verification:
    """Check one snapshot folder against its manifest; see ``verify_snapshot``."""
    result = Verification()
    root, manifest = snapshot.path, snapshot.manifest
    try:
        did_document = snapshot.did_document()
        data, sig = (root / NAME).read_bytes(), (root / SIGNATURE).read_bytes()
        check_signature(data, sig, did_document)
        result.add("manifest signature", None, manifest.issuer)
    except (OSError, ValueError, OperatorError) as error:
        result.add("manifest signature", str(error))
        return result
    listed = {entry.path: entry for entry in manifest.files}
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if not path.is_dir() and path.name not in _BESIDE
    }
    strangers, missing = sorted(found - listed.keys()), sorted(listed.keys() - found)
    result.add(
        "files",
        _some(strangers, "unlisted") or _some(missing, "missing"),
        f"{len(listed)} files",
    )
    damaged = [
        path for path in sorted(found & listed.keys()) if not _whole(root, listed[path])
    ]
    result.add("hashes and rows", _some(damaged, "altered"), f"{len(listed)} files")
    if result.ok:
        _check_records(snapshot, did_document, records, result)
    return result


def _check_records(
    snapshot: Snapshot,
    did_document: Mapping[str, Any],
    wanted: int | None,
    result: Verification,
) -> None:
    parts = snapshot.manifest.under(store.RECORDS)
    learners = sum(
        entry.rows or 0 for entry in snapshot.manifest.files if entry.path in parts
    )
    stated = snapshot.manifest.learners
    result.add(
        "learners",
        None if learners == stated else f"{learners:,} records, {stated:,} stated",
        f"{learners:,}",
    )
    result.add("redirects", *_redirects(snapshot))
    keys = Keys(did_document)
    result.add("status lists", *_status_lists(snapshot, keys))
    status = StatusLists(_lists(snapshot), keys)
    checked, failed = 0, []
    for learner, text in _texts(snapshot, wanted):
        checked += 1
        failure = _record_failure(keys, status, text)
        if failure:
            failed.append(f"learner {learner}: {failure}")
    result.add("proofs", _some(failed, "not valid"), f"{checked:,} records")


def _lists(snapshot: Snapshot) -> Path:
    return snapshot.path / store.PUBLIC / store.STATUS


def _status_lists(snapshot: Snapshot, keys: Keys) -> tuple[str | None, str]:
    """What is wrong with the status lists, and how many there are.

    No two credentials share a slot, and the lists' bits are the entries'.
    """
    entries = relation(snapshot.path / store.STEWARD / store.STATUS, NO_ENTRY)
    with duckdb.connect() as con:
        given, slots = con.execute(
            f"SELECT count(*), count(DISTINCT (list, slot)) FROM {entries}"
        ).fetchall()[0]
        revoked = con.execute(
            f"SELECT list, list(slot) FILTER (revoked_at IS NOT NULL) FROM {entries} "
            "GROUP BY list"
        ).fetchall()
    if given != slots:
        return f"{given - slots:,} slots are given twice", ""
    lists = StatusLists(_lists(snapshot), keys)
    for number, slots_set in revoked:
        bits = lists.bits(status_lists.list_url(keys.did, number))
        if isinstance(bits, str):
            return bits, ""
        if bits != status_lists.bits(slots_set or []):
            return f"status list {number} is not what was revoked", ""
    return None, f"{len(revoked):,} lists, {given:,} entries"


def _redirects(snapshot: Snapshot) -> tuple[str | None, str]:
    """What is wrong with the redirects, and how many there are.

    A retired id has no record, and leads to an id that is not retired itself.
    """
    path = snapshot.path / store.ANALYST / store.REDIRECTS
    if not path.exists():
        return None, "0"
    with duckdb.connect() as con:
        (count, owning, chained), *_ = con.execute(
            "WITH r AS (FROM read_parquet($redirects, hive_partitioning = false)) "
            "SELECT count(*), count(*) FILTER (learner_id IN ("
            "SELECT learner_id FROM read_parquet($records, hive_partitioning = false))"
            "), count(*) FILTER (to_learner_id IN (SELECT learner_id FROM r)) FROM r",
            {
                "redirects": str(path),
                "records": f"{snapshot.path / store.RECORDS}/*.parquet",
            },
        ).fetchall()
    if owning:
        return f"{owning:,} retired ids have a record", ""
    return f"{chained:,} lead to a retired id" if chained else None, f"{count:,}"


def _record_failure(keys: Keys, status: StatusLists, text: str) -> str | None:
    document = orjson.loads(text)
    nested = nested_in(document)
    failures: Iterable[str | None] = (
        keys.failure(one) or status.failure(one) for one in (*nested, document)
    )
    return next(filter(None, failures), None) or unbound(document, nested)


def _texts(snapshot: Snapshot, wanted: int | None) -> Iterator[tuple[str, str]]:
    files = f"{snapshot.path / store.RECORDS}/*.parquet"
    with duckdb.connect() as con:
        learners = [
            row[0]
            for row in con.execute(
                "SELECT learner_id FROM read_parquet(?, hive_partitioning = false) "
                "ORDER BY ALL",
                [files],
            ).fetchall()
        ]
        if wanted is not None and wanted < len(learners):
            learners = sorted(random.sample(learners, wanted))
        for start in range(0, len(learners), 500):
            yield from con.execute(
                "SELECT learner_id, clr FROM read_parquet(?, hive_partitioning = false)"
                " WHERE learner_id IN (SELECT unnest(?)) ORDER BY learner_id",
                [files, learners[start : start + 500]],
            ).fetchall()


def nested_in(document: Mapping[str, Any]) -> list[Any]:
    """What a document names as the credentials of its record."""
    subject = document.get("credentialSubject")
    found = subject.get("verifiableCredential", []) if isinstance(subject, dict) else []
    return found if isinstance(found, list) else [found]


def unbound(document: Mapping[str, Any], nested: list[Any]) -> str | None:
    """Whether grades could have been exchanged: subjects that are not distinct."""
    try:
        ids = [one["credentialSubject"]["id"] for one in (*nested, document)]
        ids += [one["id"] for one in (*nested, document)]
    except (KeyError, TypeError):
        return "a credential has no subject of its own"
    return None if len(set(ids)) == len(ids) else "two credentials share a subject"


def _whole(root: Path, entry: Any) -> bool:
    try:
        return describe(root, root / entry.path) == entry
    except (OSError, OperatorError):
        return False


def _some(items: list[str], what: str) -> str | None:
    if not items:
        return None
    more = f" and {len(items) - 3:,} more" if len(items) > 3 else ""
    return f"{what}: {', '.join(items[:3])}{more}"
