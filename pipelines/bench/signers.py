"""One contestant of ``lrw bench sign``: ``python -m`` this, name, folder, processes.

Belongs here: the contestants and what they say of themselves. Does not belong here:
rounds and medians (``signing.py``).
"""

import hashlib
import itertools
import json
import multiprocessing
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

from pipelines.bench.learners import BUILD, DID, KEYS, record
from pipelines.publishing import records, reference, status_lists
from pipelines.publishing.canonical import canonical
from pipelines.publishing.documents import Documents
from pipelines.publishing.keys import load_key, published_keys
from pipelines.publishing.pruning import read_pruned
from pipelines.publishing.record_text import RecordTexts
from pipelines.publishing.signing import KeySigner, Proofs, sign_record

Made = TypeVar("Made")

_SLOW = 6
_SAMPLE = 120
"""Learners whose bytes the floor repeats, and the parts are measured on."""
_SECRET = "0" * 32
_AS_OF = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)


def _sign(root: Path, processes: int) -> dict[str, Any]:
    """Publishing's own way from the table of documents to files of signed records.

    Without the records compared with the slow path: ten a night, however many there
    are, which a state does not notice and a benchmark of minutes would.
    """
    records.COMPARED = 0
    spool, folder = _emptied(root / "spool"), _emptied(root / "records")
    with duckdb.connect(config={"temp_directory": str(spool)}) as con:
        con.execute(f"ATTACH '{root / BUILD}' AS build (READ_ONLY)")
        documents = Documents(con, "build.published", None, spool, 1, _SECRET)
        plan = documents.plan(lambda *_: None)
        watch = _Memory()
        start = time.perf_counter()
        records.write(
            documents,
            plan,
            folder,
            root / KEYS,
            DID,
            _AS_OF,
            processes,
            lambda *_: None,
        )
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_mib": watch.peak()}


def _floor(root: Path, processes: int) -> dict[str, Any]:
    """The least: as many signatures, hashes and bytes of JSON, and nothing else."""
    learners = _count(root)
    # A process repeats its share of one sample, so that none waits for bytes.
    shares = [
        learners // processes + (n < learners % processes) for n in range(processes)
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _prepare, (root,)) as pool:
        list(pool.map(_ready, range(processes), chunksize=1))
        start = time.perf_counter()
        list(pool.map(_repeat, shares, chunksize=1))
        return {"seconds": time.perf_counter() - start}


def _slow(root: Path, processes: int) -> dict[str, Any]:
    """Signing by a full JSON-LD processor, of a sample."""
    learners = _SLOW * processes
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _prepare, (root,)) as pool:
        list(pool.map(_ready, range(processes), chunksize=1))
        start = time.perf_counter()
        list(pool.map(_slowly, [_SLOW] * processes, chunksize=1))
        return {"seconds": time.perf_counter() - start, "learners": learners}


def _parts(root: Path, processes: int) -> dict[str, float]:
    """Milliseconds a learner: signed from its text, then node by node, step by step."""
    del processes
    texts = _texts(root, _SAMPLE)
    bench = _Prepared(root, texts)
    proofs = Proofs()
    watch = _Stopwatch(len(texts))
    for text, (_, signed) in zip(texts, bench.learners, strict=True):
        # A process meets each course once; a night is about those it has met.
        _canonicalise(_entered(text), signed, proofs)
    records_of = RecordTexts(proofs, bench.signer)
    entries = [_entries(signed) for _, signed in bench.learners]
    for text, given in zip(texts, entries, strict=True):
        records_of.sign(text, given)
    for text, given in zip(texts, entries, strict=True):
        watch("signed from its text", records_of.sign, text, given)
    for text, (forms, signed) in zip(texts, bench.learners, strict=True):
        document = watch("documents", _entered, text)
        watch("canonicalisation", _canonicalise, document, signed, proofs)
        watch("hashing", _hash, forms)
        watch("signatures", _sign_each, bench.signer, forms)
        watch("JSON", orjson.dumps, signed)
    table = pa.table({"clr": [orjson.dumps(one).decode() for _, one in bench.learners]})
    path = root / "written.parquet"
    start = time.perf_counter()
    pq.write_table(table, path, row_group_size=100, compression="zstd")
    spent = {name: round(value, 3) for name, value in watch.milliseconds().items()}
    return spent | {
        "writing": round(1000 * (time.perf_counter() - start) / len(texts), 3)
    }


def _canonicalise(
    document: dict[str, Any], signed: dict[str, Any], proofs: Proofs
) -> None:
    embedded = {}
    for one, same in zip(_nested(document), _nested(signed), strict=True):
        form = proofs.writer.write(one)
        canonical(form)
        one["proof"] = same["proof"]
        embedded[id(one)] = form
    canonical(proofs.writer.write(document, embedded))


def _hash(forms: list[bytes]) -> None:
    for form in forms:
        hashlib.sha256(form).digest()


def _sign_each(signer: KeySigner, forms: list[bytes]) -> None:
    for form in forms:
        signer.sign(form[:64])


def _largest(root: Path, _: int) -> dict[str, float]:
    """A record of 60 courses: its canonical form, and a verifier that is not ours."""
    key = load_key(root / KEYS, DID)
    proofs = Proofs()
    document = _entered(orjson.dumps(record(0, 60)).decode())
    canonical(proofs.writer.write(document))
    milliseconds = []
    for _ in range(9):
        fresh = orjson.loads(orjson.dumps(document))
        start = time.perf_counter()
        canonical(proofs.writer.write(fresh))
        milliseconds.append(1000 * (time.perf_counter() - start))
    signed = orjson.loads(orjson.dumps(sign_record(document, KeySigner(key), proofs)))
    pem = published_keys(key.document())[key.method].public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    did_document = orjson.dumps(key.document())
    contexts = bundled_clr_contexts()
    verify_data_integrity_proof(signed, pem, extra_contexts=contexts)
    start = time.perf_counter()
    verify_data_integrity_proof(signed, pem, extra_contexts=contexts)
    outer = time.perf_counter() - start
    verifier = OB3LdpVerifier()
    start = time.perf_counter()
    for one in _nested(signed):
        verifier.verify(one, download=lambda _: did_document)
    return {
        "canonical_ms": round(sorted(milliseconds)[4], 2),
        "verifier_seconds": round(outer, 3),
        "verifier_nested_seconds": round(time.perf_counter() - start, 3),
    }


class _Prepared:
    """Canonical bytes and signed documents of a sample, made before the clock runs."""

    def __init__(self, root: Path, texts: list[str]) -> None:
        self.signer = KeySigner(load_key(root / KEYS, DID))
        proofs = Proofs()
        self.learners: list[tuple[list[bytes], dict[str, Any]]] = []
        for text in texts:
            signed = sign_record(_entered(text), self.signer, proofs)
            forms = []
            for one in (*_nested(signed), signed):
                bare = {key: value for key, value in one.items() if key != "proof"}
                forms.append(canonical(proofs.writer.write(bare)).encode())
            self.learners.append((forms, signed))


_prepared: _Prepared | None = None


def _prepare(root: Path) -> None:
    global _prepared  # noqa: PLW0603 - one a process, made by the initializer
    _prepared = _Prepared(root, _texts(root, _SAMPLE))


def _ready(_: int) -> bool:
    time.sleep(0.5)
    return _prepared is not None


def _repeat(learners: int) -> int:
    assert _prepared is not None
    options = b"\0" * 32
    for forms, signed in itertools.islice(
        itertools.cycle(_prepared.learners), learners
    ):
        for form in forms:
            _prepared.signer.sign(options + hashlib.sha256(form).digest())
        orjson.dumps(signed)
    return learners


def _slowly(learners: int) -> int:
    assert _prepared is not None
    for _, signed in _prepared.learners[:learners]:
        for one in (*_nested(signed), signed):
            bare = {key: value for key, value in one.items() if key != "proof"}
            form = reference.canonical(bare).encode()
            _prepared.signer.sign(b"\0" * 32 + hashlib.sha256(form).digest())
        orjson.dumps(signed)
    return learners


def _entered(text: str) -> dict[str, Any]:
    document = read_pruned(text)
    status_lists.enter(document, DID, _entries(document), "2026-09-01T06:15:00Z")
    return document


def _entries(document: dict[str, Any]) -> dict[str, str]:
    ids = [
        one["id"].removeprefix("urn:uuid:") for one in (document, *_nested(document))
    ]
    return {name: f"1 {slot}" for slot, name in enumerate(ids)}


def _nested(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["credentialSubject"]["verifiableCredential"]
    return found


def _texts(root: Path, count: int) -> list[str]:
    with duckdb.connect(str(root / BUILD), read_only=True) as con:
        rows = con.execute(
            f"SELECT document FROM published.record_document LIMIT {count}"
        ).fetchall()
    return [text for (text,) in rows]


def _count(root: Path) -> int:
    with duckdb.connect(str(root / BUILD), read_only=True) as con:
        rows = con.execute("SELECT count(*) FROM published.record_document").fetchall()
    return int(rows[0][0])


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


class _Stopwatch:
    def __init__(self, learners: int) -> None:
        self._learners = learners
        self._seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[..., Made], *told: Any) -> Made:
        start = time.perf_counter()
        made = work(*told)
        spent = time.perf_counter() - start
        self._seconds[name] = self._seconds.get(name, 0.0) + spent
        return made

    def milliseconds(self) -> dict[str, float]:
        return {
            name: 1000 * spent / self._learners for name, spent in self._seconds.items()
        }


class _Memory(threading.Thread):
    """Watches what this process and its children hold together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._peak = 0.0
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._done.wait(0.1):
            self._peak = max(self._peak, sum(_resident()))

    def peak(self) -> float:
        self._done.set()
        self.join()
        return self._peak


def _resident() -> Iterator[float]:
    own = Path("/proc/self")
    children = (own / "task").glob("*/children")
    processes = [
        own,
        *(Path("/proc") / n for f in children for n in f.read_text().split()),
    ]
    for process in processes:
        try:
            lines = (process / "status").read_text().splitlines()
        except OSError:
            continue  # it has ended
        for line in lines:
            if line.startswith("VmRSS:"):
                yield int(line.split()[1]) / 1024


def _main(name: str, root: Path, processes: int) -> None:
    contestants = {
        "sign": _sign,
        "floor": _floor,
        "slow": _slow,
        "parts": _parts,
        "largest": _largest,
    }
    sys.stdout.write(json.dumps(contestants[name](root, processes)) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
