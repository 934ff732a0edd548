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
_TOKENS = {"employment_quarter": {"ssn": "", "employer_account": "employer\x1f"}}
"""Columns that are numbers always, and what keeps one kind from another's tokens."""
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
    """Replace raw numbers by tokens, in the feeds that have any.

    Args:
        feed: Any feed; only ``person_identifier`` and ``employment_quarter`` change.
        rows: Rows of the feed.
        key: The pepper.
        con: An in-memory connection to compute in.

    Returns:
        The same rows in the same order; equal numbers give equal tokens everywhere,
        so that a worker of the wage records is the student with that number.
    """
    if rows.is_empty():
        return rows
    if feed.name == "person_identifier":
        is_number = pl.col("id_type").is_in(_NUMBERS)
        return _replaced(rows, "id_value", is_number, "", key, con)
    for column, purpose in _TOKENS.get(feed.name, {}).items():
        rows = _replaced(rows, column, pl.lit(value=True), purpose, key, con)
    return rows


def _replaced(
    rows: pl.DataFrame,
    column: str,
    where: pl.Expr,
    purpose: str,
    key: bytes,
    con: duckdb.DuckDBPyConnection,
) -> pl.DataFrame:
    """The rows with the raw values of a column as tokens."""
    value = pl.col(column)
    is_raw = where & value.is_not_null() & ~value.str.starts_with(TOKEN_PREFIX)
    numbers = rows.filter(is_raw).select(value.alias("_value")).unique()
    tokens = _tokens(numbers, purpose, key, con).rename({"_value": column})
    joined = rows.join(tokens, on=column, how="left", maintain_order="left")
    replaced = pl.when(is_raw).then("_token").otherwise(value).alias(column)
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
    numbers: pl.DataFrame, purpose: str, key: bytes, con: duckdb.DuckDBPyConnection
) -> pl.DataFrame:
    """HMAC-SHA256 of purpose and number: SHA-256 twice, as RFC 2104 defines it."""
    padded = key.ljust(_BLOCK, b"\0")
    inner = bytes(byte ^ 0x36 for byte in padded)
    outer = bytes(byte ^ 0x5C for byte in padded)
    con.register("_numbers", numbers)
    tokens = con.sql(
        """
        select
            _value,
            $prefix || sha256(
                $outer || unhex(sha256($inner || encode($purpose || _value)))
            ) as _token
        from _numbers
        """,
        params={
            "prefix": TOKEN_PREFIX,
            "purpose": purpose,
            "outer": outer,
            "inner": inner,
        },
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
