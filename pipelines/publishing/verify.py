"""Verification: a credential, a record, or every byte of a snapshot.

Belongs here: checks that need nothing but the published files and the issuer's
published keys. Does not belong here: making any of them. A verdict never quotes what a
record says about its learner.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.errors import OperatorError
from pipelines.publishing import multibase, reference, status_lists, witness
from pipelines.publishing import snapshot as store
from pipelines.publishing.canonical import canonical
from pipelines.publishing.keys import published_keys
from pipelines.publishing.manifest import NAME, SIGNATURE, check_signature, describe
from pipelines.publishing.record_table import relation
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import Proofs, proof_options
from pipelines.publishing.snapshot import Snapshot
from pipelines.publishing.status_check import StatusLists
from pipelines.publishing.status_entries import NO_ENTRY
from pipelines.settings import Home

LARGEST = 16 * 1024 * 1024
"""Bytes of a credential file that are read at all; a record of 40 courses has 0.1 M."""

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


class Keys:
    """The issuer's published keys, and proofs checked with them.

    ``did_document`` lists the keys that may sign for its ``id``.
    """

    def __init__(self, did_document: Mapping[str, Any]) -> None:
        self.did = did_document["id"]
        self._keys: dict[str, Ed25519PublicKey] = published_keys(dict(did_document))
        self._proofs = Proofs()

    def failure(
        self, document: Mapping[str, Any], *, by_reference: bool = False
    ) -> str | None:
        """Why the proof of one credential or record does not hold; None when it does.

        Args:
            document: a signed document; nested ones are part of what it signs, their
                own proofs are not looked at.
            by_reference: canonicalise with PyLD and pyoxigraph instead of the fast
                path.
        """
        try:
            proof = _only_proof(document)
            key = self._keys.get(proof["verificationMethod"])
            if key is None or _issuer(document) != self.did:
                return "not signed by a key that its issuer publishes"
            options = proof_options(proof["verificationMethod"], proof["created"])
            if {**options, "proofValue": proof["proofValue"]} != proof:
                return "its proof is not an eddsa-rdfc-2022 assertion"
            data = self._data(document, options, by_reference=by_reference)
            key.verify(multibase.decode(proof["proofValue"]), data)
        except UnsignableError as error:
            return f"its proof cannot cover it: {error}"
        except InvalidSignature:
            return "its proof does not match its content"
        except (KeyError, TypeError, ValueError, AttributeError):
            return "it is not a signed credential"
        except RecursionError:
            return "it is nested too deeply"
        return None

    def _data(
        self,
        document: Mapping[str, Any],
        options: dict[str, str],
        *,
        by_reference: bool,
    ) -> bytes:
        bare = {key: value for key, value in document.items() if key != "proof"}
        contexts = document["@context"]
        # The fast path always runs: it refuses what a full processor drops in silence.
        quads = self._proofs.writer.write(bare)
        data = self._proofs.data(quads, tuple(contexts), options)
        if by_reference and canonical(quads) != reference.canonical(bare):
            raise UnsignableError("two canonical forms differ")
        return data


def verify_file(home: Home, path: Path) -> Verification:
    """Check a credential or record in a JSON file, and every credential nested in it.

    The issuer's keys are those published with the current snapshot.

    Raises:
        OperatorError: nothing is published, so there is no key to check against; or
            the file cannot be read.
    """
    present = store.current(home)
    if present is None:
        raise OperatorError("nothing is published: there is no issuer key to check by")
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    if size > LARGEST:
        result = Verification()
        result.add("size", f"{size:,} bytes, more than any credential")
        return result
    return verify_document(data, present.did_document(), _lists(present))


def verify_document(
    data: bytes, did_document: Mapping[str, Any], lists: Path | None = None
) -> Verification:
    """Check a credential or record given as JSON text; see ``verify_file``.

    ``lists`` is the folder of the issuer's status lists; without it nobody asks whether
    anything is revoked.
    """
    result = Verification()
    try:
        document = orjson.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        result.add("JSON", "it is not a JSON object")
        return result
    keys = Keys(did_document)
    status = StatusLists(lists, keys) if lists else None

    def failure(one: Mapping[str, Any]) -> str | None:
        return (
            keys.failure(one, by_reference=True)
            or _out_of_time(one, datetime.now(UTC))
            or (status.failure(one) if status else None)
        )

    nested = _nested(document)
    for number, credential in enumerate(nested, start=1):
        result.add(f"credential {number} of {len(nested)}", failure(credential))
    result.add(
        "record" if nested else "credential",
        failure(document) or _unbound(document, nested),
        keys.did,
    )
    return result


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
    nested = _nested(document)
    failures: Iterable[str | None] = (
        keys.failure(one) or status.failure(one) for one in (*nested, document)
    )
    return next(filter(None, failures), None) or _unbound(document, nested)


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


def _nested(document: Mapping[str, Any]) -> list[Any]:
    subject = document.get("credentialSubject")
    found = subject.get("verifiableCredential", []) if isinstance(subject, dict) else []
    return found if isinstance(found, list) else [found]


def _unbound(document: Mapping[str, Any], nested: list[Any]) -> str | None:
    """Whether grades could have been exchanged: subjects that are not distinct."""
    try:
        ids = [one["credentialSubject"]["id"] for one in (*nested, document)]
        ids += [one["id"] for one in (*nested, document)]
    except (KeyError, TypeError):
        return "a credential has no subject of its own"
    return None if len(set(ids)) == len(ids) else "two credentials share a subject"


def _out_of_time(document: Mapping[str, Any], now: datetime) -> str | None:
    """Why a credential is not valid now; VC Data Model 2.0 §4.9."""
    try:
        begins = datetime.fromisoformat(document["validFrom"])
        ends = datetime.fromisoformat(document.get("validUntil", "9999-12-31T00:00Z"))
        early, late = begins > now, ends < now
    except (KeyError, TypeError, ValueError):
        return "its dates are not dates with a zone"
    if early:
        return f"it is not valid before {begins:%Y-%m-%d}"
    return f"it expired on {ends:%Y-%m-%d}" if late else None


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = document["issuer"]
    return issuer if isinstance(issuer, str) else issuer["id"]


def _only_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    proof = document["proof"]
    if isinstance(proof, list):
        (proof,) = proof
    return proof


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
