"""Packages on disk: files in the college's format, then the manifest, last.

Belongs here: CSV, gzip and Parquet bytes and ``manifest.json``. Does not belong here:
which rows (``content``) and what is wrong with them (``faults``).
"""

import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from pipelines.contracts.model import Feed
from pipelines.sample.layout import native, written
from pipelines.sample.package import Package


@dataclass
class File:
    """One file of a package, before it is written.

    Attributes:
        rows: records in it.
        students: distinct ``student_id``.
        data: its bytes as delivered.
    """

    feed: str
    name: str
    rows: int
    students: int | None
    data: bytes
    format: str


@dataclass(frozen=True)
class Spoken:
    """A file in a dialect, for the manifest.

    Attributes:
        table: What the manifest names as its ``feed``.
        rows: Records; of XML and JSON documents.
        encoding: None where the dialect says it.
    """

    dialect: str
    table: str
    name: str
    rows: int
    data: bytes
    encoding: str | None = None


@dataclass
class Manner:
    """How a college's files look."""

    file_format: str
    encoding: str
    delimiter: str
    line_ending: str
    product: str

    @staticmethod
    def of(college: dict[str, object] | None) -> "Manner":
        """The manner of a sender's profile; plain for the system office."""
        if college is None:
            return Manner("csv", "utf-8", ",", "LF", "Articulation")
        return Manner(
            str(college["file_format"]),
            str(college["encoding"]),
            str(college["delimiter"]),
            str(college["line_ending"]),
            "Colleague" if college["term_style"] == "colleague" else "Banner",
        )


def text_frame(feed: Feed, rows: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """The rows as a delimited file shows them: source names, ``_op`` last if any."""
    columns = [written(column, timezone) for column in feed.data_columns]
    if "_op" in rows.columns:
        columns.append(pl.col("_op"))
    return rows.select(columns)


def delimited(frame: pl.DataFrame, manner: Manner) -> bytes:
    """CSV bytes in the college's encoding, delimiter and line ending (RFC 4180)."""
    out = io.BytesIO()
    frame.write_csv(
        out,
        separator=manner.delimiter,
        line_terminator="\r\n" if manner.line_ending == "CRLF" else "\n",
        quote_style="necessary",
    )
    data = out.getvalue()
    if manner.encoding != "utf-8":
        data = data.decode("utf-8").encode(manner.encoding)
    return data


def compressed(data: bytes) -> bytes:
    """Gzip without a time or a name in it, so equal content has equal bytes."""
    return gzip.compress(data, compresslevel=3, mtime=0)


def _parquet(feed: Feed, rows: pl.DataFrame) -> bytes:
    columns = [native(column) for column in feed.data_columns]
    if "_op" in rows.columns:
        columns.append(pl.col("_op"))
    out = io.BytesIO()
    pq.write_table(
        rows.select(columns).to_arrow(compat_level=pl.CompatLevel.oldest()),
        out,
        compression="zstd",
    )
    return out.getvalue()


def students(rows: pl.DataFrame) -> int | None:
    """Distinct student ids, None where the feed has no such column."""
    if "student_id" not in rows.columns:
        return None
    return rows["student_id"].drop_nulls().n_unique()


def file_of(feed: Feed, rows: pl.DataFrame, manner: Manner, timezone: str) -> File:
    """A feed's rows as a file in the college's manner."""
    count, distinct = rows.height, students(rows)
    if manner.file_format == "parquet":
        return File(
            feed.name, f"{feed.name}.parquet", count, distinct, _parquet(feed, rows),
            "parquet",
        )  # fmt: skip
    data = delimited(text_frame(feed, rows, timezone), manner)
    return text_file(feed.name, count, distinct, data, manner)


def text_file(
    feed: str, rows: int, distinct: int | None, data: bytes, manner: Manner
) -> File:
    """A delimited file around its bytes, compressed where the college does that."""
    if manner.file_format == "csv.gz":
        return File(feed, f"{feed}.csv.gz", rows, distinct, compressed(data), "csv")
    return File(feed, f"{feed}.csv", rows, distinct, data, "csv")


def _described(file: File, manner: Manner) -> dict[str, object]:
    entry: dict[str, object] = {
        "feed": file.feed,
        "name": file.name,
        "rows": file.rows,
        "bytes": len(file.data),
        "sha256": hashlib.sha256(file.data).hexdigest(),
    }
    if file.format == "csv":
        entry |= {
            "encoding": manner.encoding,
            "delimiter": manner.delimiter,
            "quote": '"',
            "header": True,
            "date_format": "YYYY-MM-DD",
            "decimal": ".",
            "null_tokens": [""],
            "line_ending": manner.line_ending,
        }
    if file.students is not None:
        entry["distinct_students"] = file.students
    return entry


def _described_table(file: Spoken) -> dict[str, object]:
    entry: dict[str, object] = {
        "feed": file.table,
        "name": file.name,
        "rows": file.rows,
        "bytes": len(file.data),
        "sha256": hashlib.sha256(file.data).hexdigest(),
        "dialect": file.dialect,
    }
    if file.encoding is not None:
        entry["encoding"] = file.encoding
    return entry


def control_totals(rows: pl.DataFrame) -> dict[str, object]:
    """Headcount, attempted and earned credit of the package's course results.

    Overall and by term; credits in the college's own unit to three places.
    """

    def totals(frame: pl.DataFrame) -> dict[str, object]:
        return {
            "headcount": frame["student_id"].n_unique(),
            "attempted_credit": int(frame["attempted_credit"].sum()) / 1000,
            "earned_credit": int(frame["earned_credit"].sum() or 0) / 1000,
        }

    terms = rows.sort("term_code").partition_by(
        "term_code", as_dict=True, maintain_order=True
    )
    return totals(rows) | {
        "terms": {str(key[0]): totals(part) for key, part in terms.items()}
    }


def manifest(
    package: Package,
    files: list[File],
    manner: Manner,
    terms: list[str],
    control: dict[str, object] | None,
    spoken: Sequence[Spoken] = (),
) -> dict[str, object]:
    """The manifest of a package, by feed specification 1.0."""
    body: dict[str, object] = {
        "spec_version": "1.0",
        "package_id": package.package_id,
        "institution_code": package.institution_code,
        "mode": "delta" if package.mode == "delta" else "snapshot",
    }
    if package.mode == "full":
        body["scope"] = {"kind": "full"}
    if package.mode == "terms":
        body["scope"] = {"kind": "terms", "terms": terms}
    extracted = package.as_of + timedelta(minutes=20)
    body |= {
        "as_of": package.as_of.isoformat(),
        "extracted_at": extracted.isoformat(),
        "timezone": package.timezone,
    }
    if package.mode == "delta":
        body["previous_package_id"] = package.previous_package_id
    mailbox = package.institution_code.lower().replace(":", "-").replace("_", "-")
    body |= {
        "source": {"product": manner.product, "version": "9.x", "instance": "PROD"},
        "dialect": "generic",
        "files": [_described(file, manner) for file in files]
        + [_described_table(file) for file in spoken],
    }
    if control is not None:
        body["control"] = control
    return body | {"sent_by": f"sis-extract@{mailbox}.example.edu"}


def put(folder: Path, disk: dict[str, bytes], body: dict[str, object] | bytes) -> None:
    """Writes the files, then the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in disk.items():
        (folder / name).write_bytes(data)
    if isinstance(body, dict):
        body = json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"
    (folder / "manifest.json").write_bytes(body)
