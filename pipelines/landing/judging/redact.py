"""Social Security and taxpayer numbers: kept as tokens, shown as nothing.

Belongs here: the pepper, the keyed HMAC (delivery rule 6), masking for quarantine and
return files. Does not belong here: who may read the vault.

A hash without a secret protects no SSN: all of them are hashed in minutes. The pepper
never leaves ``vault/``, and the tokens never leave the warehouse.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.model import Column, Feed
from pipelines.durable import sync_folder
from pipelines.settings import Home

TOKEN_PREFIX = "hmac-sha256:"
MASK = "[withheld]"
_NUMBERS = ["SSN", "ITIN", "SSN_LAST4"]
_BLOCK = 64
_PEPPER_BYTES = 32


def pepper(home: Home) -> bytes:
    """The warehouse's secret, made at first use and readable by its owner only."""
    path = home.vault / "pepper"
    with suppress(FileNotFoundError):
        return path.read_bytes()
    home.vault.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_suffix(".tmp")
    _write_secret(partial, secrets.token_bytes(_PEPPER_BYTES))
    with suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()
    sync_folder(home.vault)
    return path.read_bytes()


def _write_secret(path: Path, value: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value)
        file.flush()
        os.fsync(descriptor)


def tokenise(
    feed: Feed, rows: pl.DataFrame, key: bytes, con: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """Replace raw numbers in ``person_identifier`` by tokens.

    Args:
        feed: Any feed; only ``person_identifier`` changes.
        rows: Rows with ``id_type`` and ``id_value``.
        key: The pepper.
        con: An in-memory connection to compute in.

    Returns:
        The same rows in the same order; equal numbers give equal tokens everywhere.
    """
    if feed.name != "person_identifier" or rows.is_empty():
        return rows
    is_raw = (
        pl.col("id_type").is_in(_NUMBERS)
        & pl.col("id_value").is_not_null()
        & ~pl.col("id_value").str.starts_with(TOKEN_PREFIX)
    )
    numbers = rows.filter(is_raw).select("id_value").unique()
    tokens = _tokens(numbers, key, con)
    joined = rows.join(tokens, on="id_value", how="left", maintain_order="left")
    replaced = pl.when(is_raw).then("_token").otherwise("id_value").alias("id_value")
    return joined.with_columns(replaced).drop("_token")


def with_tokens(feed: Feed, rows: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Rows as sent with ``_token``, by which numbers are compared with those in force.

    Args:
        feed: Any feed; ``_token`` is null but for ``person_identifier``.
        rows: Rows as sent.
        stored: The same rows in the same order, by ``tokenise``.
    """
    if feed.name != "person_identifier":
        return rows.with_columns(_token=pl.lit(None, pl.String))
    return rows.with_columns(stored["id_value"].alias("_token"))


def _tokens(
    numbers: pl.DataFrame, key: bytes, con: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """HMAC-SHA256 of each number: SHA-256 twice, as RFC 2104 defines it."""
    padded = key.ljust(_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in padded)
    outer = bytes(byte ^ 0x5C for byte in padded)
    con.register("_numbers", numbers)
    tokens = con.sql(
        """
        select
            id_value,
            $prefix || sha256($outer || unhex(sha256($inner || encode(id_value))))
                as _token
        from _numbers
        """,
        params={"prefix": TOKEN_PREFIX, "outer": outer, "inner": inner},
    )
    return pl.DataFrame(tokens.to_arrow_table())


def is_shown(column: Column) -> bool:
    """Whether a return file may show the column's values.

    A college's own student numbers are shown: without them nobody finds the row. What
    kind of identifier, name or merge a key is about is shown too, and the dates in it.
    """
    if column.classification == "restricted":
        return False
    if column.classification != "personal" or column.name.endswith("student_id"):
        return True
    return column.is_key and column.type.kind in ("code", "date")


def masked(feed: Feed, name: str) -> pl.Expr:
    """A column as quarantine and return files may show it."""
    if feed.column(name).classification != "restricted":
        return pl.col(name)
    return pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name)


def has_restricted(feed: Feed) -> bool:
    """Whether any column of the feed may not be shown."""
    return any(column.classification == "restricted" for column in feed.columns)
