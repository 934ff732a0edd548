"""The manifest: what a snapshot holds, signed by the issuer's key.

Belongs here: the manifest's shape, its bytes and its signature. Does not belong here:
writing the files it lists (``snapshot.py``). It holds no clock and no path of a
machine: the same packages make the same manifest.
"""

import hashlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import orjson
from cryptography.exceptions import InvalidSignature

from pipelines.errors import OperatorError
from pipelines.publishing import multibase
from pipelines.publishing.keys import published_keys
from pipelines.publishing.signing import Signer
from pipelines.sealed import digest

FORMAT = "lrw-snapshot/1"
NAME = "manifest.json"
SIGNATURE = "manifest.sig"


@dataclass(frozen=True)
class FileEntry:
    """One file of a snapshot.

    Attributes:
        path: relative to the snapshot, with ``/``.
        bytes: size.
        sha256: hex digest of the bytes.
        rows: rows of a Parquet file; None for any other.
        columns: ``name:TYPE`` of a Parquet file's columns in order; empty for others.
    """

    path: str
    bytes: int
    sha256: str
    rows: int | None
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds and what it was made from.

    Attributes:
        seq: number of the snapshot; ``previous`` is the one it replaces, 0 for none.
        as_of: the moment the data speaks of, ISO 8601 with ``Z``.
        issuer: DID of the system.
        code: digest of the code that made it.
        ledger: digest of the packages it was made from.
        schema: fingerprint of all tables' columns.
        learners: signed records; ``credentials`` is the sum of those nested in them.
        files: every file but the manifest and its signature, by path.
    """

    seq: int
    previous: int
    as_of: str
    issuer: str
    code: str
    ledger: str
    schema: str
    learners: int
    credentials: int
    files: tuple[FileEntry, ...]

    def to_bytes(self) -> bytes:
        """The file's bytes: sorted keys, two spaces, a final newline."""
        options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=options)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Manifest":
        """The manifest in ``data``.

        Raises:
            ValueError: it is not a manifest of this format.
        """
        try:
            body = orjson.loads(data)
            if body.pop("format") != FORMAT:
                raise ValueError("not a manifest of this format")
            files = tuple(
                FileEntry(**{**entry, "columns": tuple(entry["columns"])})
                for entry in body.pop("files")
            )
            return cls(files=files, **body)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("not a manifest of this format") from None

    def under(self, folder: str) -> dict[str, str]:
        """SHA-256 of the files below ``folder``, by path."""
        return {
            entry.path: entry.sha256
            for entry in self.files
            if entry.path.startswith(f"{folder}/")
        }


def describe(root: Path, path: Path) -> FileEntry:
    """The entry of a file below ``root``, read back from the disk.

    Raises:
        OperatorError: a Parquet file cannot be read.
    """
    rows: int | None = None
    columns: tuple[str, ...] = ()
    if path.suffix == ".parquet":
        rows, columns = parquet_shape(path)
    return FileEntry(
        path=path.relative_to(root).as_posix(),
        bytes=path.stat().st_size,
        sha256=digest(path),
        rows=rows,
        columns=columns,
    )


def parquet_shape(path: Path) -> tuple[int, tuple[str, ...]]:
    """Rows and ``name:TYPE`` columns of a Parquet file.

    Raises:
        OperatorError: the file cannot be read.
    """
    try:
        with _reader().cursor() as con:
            relation = con.read_parquet(str(path), hive_partitioning=False)
            columns = tuple(
                f"{name}:{kind}"
                for name, kind in zip(relation.columns, relation.types, strict=True)
            )
            rows = relation.count("*").fetchall()[0][0]
    except duckdb.Error:
        # A damaged file may have broken what reads the next one.
        _reader.cache_clear()
        raise OperatorError(f"{path.name} of the snapshot cannot be read") from None
    return rows, columns


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    # Connecting takes 40 ms, ten times what a file takes; a snapshot has hundreds.
    return duckdb.connect()


def fingerprint(files: tuple[FileEntry, ...]) -> str:
    """SHA-256 over the columns of every table; the parts of a table count once."""
    shapes = sorted(
        {(entry.path.split("/part-")[0], *entry.columns) for entry in files}
    )
    return hashlib.sha256(orjson.dumps(shapes)).hexdigest()


def signature(data: bytes, signer: Signer) -> bytes:
    """The bytes of ``manifest.sig`` for the manifest ``data``."""
    body = {
        "verificationMethod": signer.method,
        "signature": multibase.encode(signer.sign(data)),
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def check_signature(data: bytes, sig: bytes, did_document: dict[str, Any]) -> None:
    """Check ``manifest.sig`` against the issuer's published keys.

    Raises:
        ValueError: the signature is missing, by an unlisted key, or wrong.
    """
    try:
        body = orjson.loads(sig)
        key = published_keys(did_document)[body["verificationMethod"]]
        key.verify(multibase.decode(body["signature"]), data)
    except (KeyError, TypeError, AttributeError, InvalidSignature):
        raise ValueError("the manifest is not signed by a published key") from None
