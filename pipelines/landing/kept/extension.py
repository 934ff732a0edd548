"""The extension area read: what a college sent in ``x_`` columns beside the contract.

Belongs here: which values count now. Does not belong here: which columns pass through
and what is withheld of them (``drift``), or writing them (``store``).
"""

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.errors import UsageError
from pipelines.landing.kept.ledger import History, in_effect, read_ledger
from pipelines.landing.kept.store import EXTENSION_SCHEMA, wave_of
from pipelines.settings import Home

COLUMNS = ("delivery", "package_id", "line", "key_json", "name", "value")


def read_extension(
    home: Home, contracts: Contracts, code: str, feed: str
) -> pl.DataFrame:
    """The newest word of a college on each key and ``x_`` column of a feed.

    Args:
        home: The warehouse.
        contracts: Its feeds.
        code: The college.
        feed: The feed, in whatever case.

    Returns:
        The columns of ``COLUMNS``, by key and name; of packages in force only. A value
        stays when the row of the feed is removed.

    Raises:
        UsageError: No feed has that name.
    """
    name = feed.strip().lower()
    if name not in contracts.feeds:
        raise UsageError(f"No feed has the name {feed}.")
    files = sorted((home.extension / name).glob("*.parquet"))
    parts = [pl.DataFrame(schema={**EXTENSION_SCHEMA, "wave_id": pl.String})]
    for file in files:
        rows = pl.read_parquet(file).filter(pl.col("institution_code") == code)
        parts.append(rows.with_columns(wave_id=pl.lit(wave_of(file))))
    ledger = read_ledger(home)
    place = in_effect(ledger).select(
        "institution_code", "package_id", "wave_id", "delivery", "package_seq"
    )
    on = ["institution_code", "package_id", "wave_id"]
    applied = place.join(History(ledger).packages(), on=on, how="semi")
    rows = pl.concat(parts).join(applied, on=on)
    # A masked key stands for several rows of a file; all of the newest one count.
    about = ["key_json", "name"]
    newest = rows.filter(
        pl.col("package_seq") == pl.col("package_seq").max().over(about)
    )
    return newest.sort(*about, "line").select(COLUMNS)
