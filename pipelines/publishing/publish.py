"""Publish: tonight's build as a signed snapshot, if anything in it is new.

Belongs here: the order of the steps. Does not belong here: any one of them. Each call
of ``at`` names a point where a crash must leave the published state whole.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.contracts.model import Contracts
from pipelines.contracts.products import load_products
from pipelines.errors import OperatorError
from pipelines.identity.namespace import id_namespace
from pipelines.publishing import analyst, inputs, manifest, records, status_lists
from pipelines.publishing import snapshot as store
from pipelines.publishing.documents import Documents, Plan
from pipelines.publishing.keys import IssuerKey, key_for_publication, write_public
from pipelines.publishing.manifest import FileEntry, Manifest
from pipelines.publishing.signing import KeySigner
from pipelines.publishing.snapshot import Snapshot
from pipelines.publishing.verify import check_snapshot
from pipelines.publishing.witness import refuse_changed_landing, write_witness
from pipelines.settings import CHECKOUT, Home, workers

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class PublishResult:
    """What a publication did.

    Attributes:
        published: whether the pointer moved.
        seq: number of the current snapshot now.
        learners: records in it.
        signed: records signed tonight, new or changed.
        reused: records whose published bytes stand.
        restored: records published again as they were before a merge.
        withdrawn: learners who had a record and have none now.
        path: folder of the current snapshot.
        reason: one line for the operator.
    """

    published: bool
    seq: int
    learners: int
    signed: int
    reused: int
    restored: int
    withdrawn: int
    path: Path
    reason: str


def publish(
    home: Home,
    contracts: Contracts | None,
    on_progress: Progress | None = None,
    *,
    at: Callable[[str], None] = lambda _: None,
) -> PublishResult:
    """Publish ``warehouse/build.duckdb`` as the next snapshot.

    Args:
        home: the warehouse.
        contracts: what was agreed; the issuer must be one of its systems, every
            published column in a product contract. None skips both checks.
        on_progress: called with a step's name, units done and units in all.
        at: called at every step boundary with its name; for crash tests.

    Returns:
        What was published, or that nothing was new.

    Raises:
        OperatorError: another run publishes, the key is missing or unsafe, a document
            cannot be signed, the snapshot does not verify, the build is unreadable, or
            landing is not what the current snapshot witnessed. That snapshot then
            stands as it was.
    """
    progress = on_progress or (lambda _step, _done, _total: None)
    if not home.build_db.exists():
        raise OperatorError(f"{home.build_db} is missing: run dbt before publishing")
    try:
        with store.publishing_alone(home):
            at("locked")
            previous = store.current(home)
            if previous is not None:
                refuse_changed_landing(home, previous.path, previous.did_document())
            with _spill(home) as spill, _build(home, spill) as con:
                return _publish(home, contracts, con, spill, previous, progress, at)
    except OSError as error:
        cause = os.strerror(error.errno) if error.errno else "input/output error"
        raise OperatorError(
            f"nothing is published: {cause} below {home.root}; the current snapshot "
            "stands, run again when there is room"
        ) from None


def _publish(
    home: Home,
    contracts: Contracts | None,
    con: duckdb.DuckDBPyConnection,
    spill: Path,
    previous: Snapshot | None,
    progress: Progress,
    at: Callable[[str], None],
) -> PublishResult:
    database = home.build_db.stem
    tables = analyst.tables(con, database)
    seq = (previous.seq if previous else 0) + 1
    documents = Documents(
        con,
        f'"{database}"."{analyst.SCHEMA}"',
        previous.path if previous else None,
        spill,
        seq,
        id_namespace(home).hex,
    )
    if contracts is not None:
        analyst.refuse_unagreed(con, database, load_products())
    key = _key(home, contracts, documents.issuer(), previous)
    published = previous.did_document()["assertionMethod"] if previous else []
    void = tuple(one for one in key.withdrawn if f"{key.did}#{one}" in published)
    plan = documents.plan(
        lambda done, total: progress("documents", done, total), key.withdrawn, void
    )
    as_of = inputs.ledger_as_of(home) or documents.latest()
    with store.staging(home, seq) as staged:
        at("staged")
        for done, name in enumerate(tables, start=1):
            path = staged / store.ANALYST / f"{name}.parquet"
            analyst.copy(con, database, name, path)
            progress("analyst tables", done, len(tables))
        at("analyst written")
        for name in analyst.guarded_tables(con, database):
            path = staged / store.GUARDED / f"{name}.parquet"
            analyst.copy(con, database, name, path, analyst.GUARDED)
            path.chmod(0o600)
        tables_entries = _describe(staged, store.ANALYST, store.GUARDED)
        if previous and plan.unchanged and _same(previous, tables_entries, key):
            return PublishResult(
                published=False,
                seq=previous.seq,
                learners=plan.learners,
                signed=0,
                reused=plan.reused,
                restored=0,
                withdrawn=0,
                path=previous.path,
                reason=f"nothing new since snapshot {previous.seq}: nothing published",
            )
        credentials = records.write(
            documents,
            plan,
            staged / store.RECORDS,
            home.keys,
            key.did,
            as_of,
            workers(),
            lambda done, total: progress("records", done, total),
        )
        at("records written")
        documents.write_changes(staged / store.STEWARD / "record_change.parquet")
        documents.replaced.write(staged / store.STEWARD)
        documents.status.write(staged / store.STEWARD / store.STATUS, _stamp(as_of))
        status_lists.write(
            staged / store.PUBLIC / store.STATUS,
            previous.path if previous else None,
            documents.status.lists(),
            documents.status.changed_lists() if not void else None,
            _stamp(as_of),
            KeySigner(key),
        )
        write_public(key, staged / store.PUBLIC)
        shutil.copyfile(
            CHECKOUT / "docs" / store.PROFILE, staged / store.PUBLIC / store.PROFILE
        )
        files = tables_entries + _describe(
            staged, store.PUBLIC, store.RECORDS, store.STEWARD
        )
        _write_manifest(
            staged,
            Manifest(
                seq=seq,
                previous=previous.seq if previous else 0,
                as_of=_stamp(as_of),
                issuer=key.did,
                code=inputs.code_digest(),
                ledger=inputs.ledger_digest(home),
                schema=manifest.fingerprint(files),
                learners=plan.learners,
                credentials=credentials,
                files=files,
            ),
            key,
        )
        write_witness(home, staged, KeySigner(key))
        at("manifest written")
        final = store.settle(home, staged, seq)
    at("renamed")
    _flip(home, final, progress, at)
    return PublishResult(
        published=True,
        seq=seq,
        learners=plan.learners,
        signed=plan.fresh,
        reused=plan.reused,
        restored=plan.restored,
        withdrawn=plan.withdrawn,
        path=final,
        reason=_reason(seq, plan),
    )


def _flip(
    home: Home, final: Path, progress: Progress, at: Callable[[str], None]
) -> None:
    """Verify from disk as a reader would, then move the pointer."""
    settled = store.read_staged(final)
    verification = check_snapshot(settled)
    progress("verified", 1, 1)
    if not verification.ok:
        failed = ", ".join(check.name for check in verification.checks if not check.ok)
        raise OperatorError(f"snapshot {settled.seq} does not verify: {failed}")
    at("verified")
    store.make_current(home, settled)
    at("current")


def _key(
    home: Home, contracts: Contracts | None, did: str, previous: Snapshot | None
) -> IssuerKey:
    if contracts is not None:
        known = {system.did for system in contracts.systems.values()}
        if did not in known:
            raise OperatorError(
                f"the records name the issuer {did}, which is no agreed system"
            )
    return key_for_publication(
        home.keys, did, previous.did_document() if previous else None
    )


@contextmanager
def _spill(home: Home) -> Iterator[Path]:
    """A folder for what does not fit into memory; it holds personal data."""
    path = home.warehouse / "spill"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _build(home: Home, spill: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"temp_directory": str(spill)})
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH '{home.build_db}' (READ_ONLY)")
    except duckdb.Error as error:
        con.close()
        raise OperatorError(
            f"{home.build_db} cannot be opened ({type(error).__name__}): end the run "
            "that holds it, or rebuild with dbt"
        ) from None
    return con


def _same(previous: Snapshot, tables: tuple[FileEntry, ...], key: IssuerKey) -> bool:
    return (
        previous.manifest.under(store.ANALYST) | previous.manifest.under(store.GUARDED)
        == {entry.path: entry.sha256 for entry in tables}
        and previous.did_document() == key.document()
    )


def _describe(staged: Path, *folders: str) -> tuple[FileEntry, ...]:
    return tuple(
        manifest.describe(staged, path)
        for folder in folders
        for path in sorted((staged / folder).rglob("*"))
        if path.is_file()
    )


def _write_manifest(staged: Path, body: Manifest, key: IssuerKey) -> None:
    data = body.to_bytes()
    (staged / manifest.NAME).write_bytes(data)
    sig = manifest.signature(data, KeySigner(key))
    (staged / manifest.SIGNATURE).write_bytes(sig)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _reason(seq: int, plan: Plan) -> str:
    restored = f"{plan.restored:,} restored, " if plan.restored else ""
    return (
        f"snapshot {seq}: {plan.learners:,} records, {plan.fresh:,} signed, "
        f"{plan.reused:,} unchanged, {restored}{plan.withdrawn:,} withdrawn"
    )
