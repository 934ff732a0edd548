"""Records signed side by side, in batches, in the order they came.

Belongs here: processes and back-pressure. Does not belong here: what signing is
(``signing.py``) or where documents come from (``records.py``).
"""

import collections
import contextlib
import multiprocessing
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import orjson
import pyarrow as pa

from pipelines.publishing import guard, status_lists, versions
from pipelines.publishing.keys import load_key
from pipelines.publishing.pruning import read_pruned
from pipelines.publishing.record_table import SCHEMA
from pipelines.publishing.record_text import RecordTexts
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import KeySigner, Proofs, sign_record
from pipelines.publishing.skeleton import UnusualError

_BATCHES_A_WORKER: Final = 6
"""Enough to sign while a part is read or written, which takes half a second."""

_MADE: Final = ("clr_id", "valid_from", "credential_count", "clr")

_ENTRY: Final = re.compile(r"^(\S+) (.+)$", re.MULTILINE)

JOBS = pa.schema(
    [
        pa.field("learner_id", pa.string(), nullable=False),
        pa.field("document", pa.string(), nullable=False),
        pa.field("issued", pa.list_(pa.string()), nullable=False),
        pa.field("not_before", pa.string()),
        pa.field("entries", pa.string()),
        pa.field("compare", pa.bool_(), nullable=False),
    ]
)
"""One row a document to sign.

``learner_id`` is whom an error is about, ``document`` the unsigned CLR as JSON text,
``issued`` the published CLRs that it, or a credential in it, must be later than,
``not_before`` the latest ``validFrom`` under its id where ``issued`` has it not,
``entries`` its status entries, a line each (``status_lists.enter``), ``compare``
whether to compare its canonical forms with the reference path.
"""

SIGNED = pa.schema([SCHEMA.field(name) for name in _MADE])
"""One row a signed record, in the order of its jobs."""


class UnsignableRecordError(Exception):
    """A document cannot be signed; the message names the learner's id and a term."""


class _Bench:
    """What a process needs to sign: made once, kept."""

    def __init__(self, keys: Path, did: str, as_of: str) -> None:
        key = load_key(keys, did)
        self.signer = KeySigner(key)
        self.void = frozenset(f"{did}#{one}" for one in key.withdrawn)
        self.as_of = as_of
        self.proofs = Proofs()
        self.texts = RecordTexts(self.proofs, self.signer)

    def sign(self, jobs: pa.Table) -> pa.Table:
        made = [self._one(*job) for job in zip(*jobs.to_pydict().values(), strict=True)]
        return pa.Table.from_arrays(
            [
                pa.array(values, field.type)
                for values, field in zip(zip(*made, strict=True), SIGNED, strict=True)
            ],
            schema=SIGNED,
        )

    def _one(
        self,
        learner_id: str,
        document: str,
        issued: list[str],
        not_before: str | None,
        entries: str | None,
        compare: bool,  # noqa: FBT001 - a column
    ) -> tuple[str, datetime, int, str]:
        try:
            places = dict(_ENTRY.findall(entries or ""))
            record, text = self._signed(document, issued, not_before, places)
            if compare:
                guard.compare(orjson.loads(text), self.proofs)
            return (
                record["id"].removeprefix("urn:uuid:"),
                datetime.fromisoformat(record["validFrom"]),
                len(record["credentialSubject"]["verifiableCredential"]),
                text,
            )
        except UnsignableError as error:
            raise UnsignableRecordError(
                f"the record of learner {learner_id} cannot be signed: {error}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnsignableRecordError(
                f"the record of learner {learner_id} is not a CLR document"
            ) from None

    def _signed(
        self,
        document: str,
        issued: list[str],
        not_before: str | None,
        entries: Mapping[str, str],
    ) -> tuple[dict[str, Any], str]:
        if not issued and not not_before:
            with contextlib.suppress(UnusualError):
                return self.texts.sign(document, entries)
        record = read_pruned(document)
        status_lists.enter(record, self.signer.did, entries, self.as_of)
        if issued or not_before:
            former = [orjson.loads(text) for text in issued]
            versions.supersede(record, former, self.as_of, not_before, self.void)
        signed = sign_record(record, self.signer, self.proofs)
        return signed, orjson.dumps(signed).decode()


class SigningPool:
    """Signs batches in ``workers`` processes; in this one when that is 1.

    Each process reads the key file itself, and opens its own session where that names a
    token, so no secret passes through a pipe.
    """

    def __init__(self, keys: Path, did: str, as_of: str, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._local: Callable[[pa.Table], pa.Table] | None = None
        if workers > 1:
            # Not fork: DuckDB and Dagster run threads in this process.
            self._pool = ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(keys, did, as_of),
            )
        else:
            self._local = _Bench(keys, did, as_of).sign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Signed batches in the order of ``batches``; few are in flight at a time.

        Args:
            batches: tables of ``JOBS``.

        Returns:
            Tables of ``SIGNED``.

        Raises:
            UnsignableRecordError: a document cannot be signed.
        """
        if self._pool is None:
            assert self._local is not None
            yield from map(self._local, batches)
            return
        waiting: collections.deque[Future[bytes]] = collections.deque()
        for batch in batches:
            waiting.append(self._pool.submit(_sign, _packed(batch)))
            if len(waiting) > _BATCHES_A_WORKER * self._workers:
                yield _unpacked(waiting.popleft().result())
        while waiting:
            yield _unpacked(waiting.popleft().result())


_bench: _Bench | None = None


def _start(keys: Path, did: str, as_of: str) -> None:
    global _bench  # noqa: PLW0603 - one bench a process, made by the initializer
    _bench = _Bench(keys, did, as_of)


def _sign(jobs: bytes) -> bytes:
    assert _bench is not None
    return _packed(_bench.sign(_unpacked(jobs)))


def _packed(table: pa.Table) -> bytes:
    # Not pickled: a slice would take along all that it was cut from.
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(memoryview(sink.getvalue()))


def _unpacked(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()
