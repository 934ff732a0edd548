"""Records signed side by side, in batches, in the order they came.

Belongs here: processes and back-pressure. Does not belong here: what signing is
(``signing.py``) or where documents come from (``records.py``).
"""

import collections
import contextlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson

from pipelines.publishing import guard, status_lists, versions
from pipelines.publishing.keys import load_key
from pipelines.publishing.pruning import read_pruned
from pipelines.publishing.record_text import RecordTexts
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import KeySigner, Proofs, sign_record
from pipelines.publishing.skeleton import UnusualError


@dataclass(frozen=True, slots=True)
class Job:
    """One document to sign.

    Attributes:
        learner_id: whom an error is about.
        document: the unsigned CLR, JSON text.
        issued: published CLRs that it, or a credential in it, must be later than.
        not_before: latest ``validFrom`` under its id where ``issued`` has it not.
        entries: status entries of it and of each credential in it, by id; see
            ``status_lists.enter``.
        as_of: ``validFrom`` for content that changed without a later date.
        compare: whether to compare its canonical forms with the reference path.
    """

    learner_id: str
    document: str
    issued: tuple[str, ...]
    not_before: str | None
    entries: Mapping[str, str]
    as_of: str
    compare: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """One signed record: JSON text, id without ``urn:uuid:``, and what it holds."""

    text: str
    clr_id: str
    valid_from: str
    credentials: int


class UnsignableRecordError(Exception):
    """A document cannot be signed; the message names the learner's id and a term."""


class _Bench:
    """What a process needs to sign: made once, kept."""

    def __init__(self, keys: Path, did: str) -> None:
        key = load_key(keys, did)
        self.signer = KeySigner(key)
        self.void = frozenset(f"{did}#{one}" for one in key.withdrawn)
        self.proofs = Proofs()
        self.texts = RecordTexts(self.proofs, self.signer)

    def sign(self, jobs: list[Job]) -> list[Signed]:
        return [self._one(job) for job in jobs]

    def _one(self, job: Job) -> Signed:
        try:
            record, text = self._signed(job)
            if job.compare:
                guard.compare(orjson.loads(text), self.proofs)
            return Signed(
                text=text,
                clr_id=record["id"].removeprefix("urn:uuid:"),
                valid_from=record["validFrom"],
                credentials=len(record["credentialSubject"]["verifiableCredential"]),
            )
        except UnsignableError as error:
            raise UnsignableRecordError(
                f"the record of learner {job.learner_id} cannot be signed: {error}"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnsignableRecordError(
                f"the record of learner {job.learner_id} is not a CLR document"
            ) from None

    def _signed(self, job: Job) -> tuple[dict[str, Any], str]:
        if not job.issued and not job.not_before:
            with contextlib.suppress(UnusualError):
                return self.texts.sign(job.document, job.entries)
        record = read_pruned(job.document)
        status_lists.enter(record, self.signer.did, job.entries, job.as_of)
        if job.issued or job.not_before:
            issued = [orjson.loads(text) for text in job.issued]
            versions.supersede(record, issued, job.as_of, job.not_before, self.void)
        signed = sign_record(record, self.signer, self.proofs)
        return signed, orjson.dumps(signed).decode()


class SigningPool:
    """Signs batches in ``workers`` processes; in this one when that is 1.

    Each process reads the key file itself, and opens its own session where that names a
    token, so no secret passes through a pipe.
    """

    def __init__(self, keys: Path, did: str, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._local: Callable[[list[Job]], list[Signed]] | None = None
        if workers > 1:
            # Not fork: DuckDB and Dagster run threads in this process.
            self._pool = ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start,
                initargs=(keys, did),
            )
        else:
            self._local = _Bench(keys, did).sign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(self, batches: Iterable[list[Job]]) -> Iterator[list[Signed]]:
        """Signed batches in the order of ``batches``; few are in flight at a time.

        Raises:
            UnsignableRecordError: a document cannot be signed.
        """
        if self._pool is None:
            assert self._local is not None
            yield from map(self._local, batches)
            return
        waiting: collections.deque[Future[list[Signed]]] = collections.deque()
        for batch in batches:
            waiting.append(self._pool.submit(_sign, batch))
            if len(waiting) > 2 * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_bench: _Bench | None = None


def _start(keys: Path, did: str) -> None:
    global _bench  # noqa: PLW0603 - one bench a process, made by the initializer
    _bench = _Bench(keys, did)


def _sign(jobs: list[Job]) -> list[Signed]:
    assert _bench is not None
    return _bench.sign(jobs)
