"""A warehouse in a temporary folder, and a way to land and ask what came of it."""

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from package_builder import CONTRACTS

from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.kept.state import connect_in_force
from pipelines.landing.land import LandedPackage, LandingResult, land
from pipelines.settings import Home

CLOCK = datetime(2026, 12, 31, tzinfo=UTC)


@dataclass
class Warehouse:
    """A home, and short questions about it."""

    home: Home

    @property
    def inbox(self) -> Path:
        return self.home.inbox

    def land(self, **options: Any) -> LandingResult:
        options.setdefault("now", CLOCK)
        return land(self.home, CONTRACTS, **options)

    def in_force(
        self, feed: str, code: str, columns: str = "*"
    ) -> list[dict[str, Any]]:
        with duckdb.connect() as con:
            connect_in_force(self.home, CONTRACTS, con)
            sql = f"select {columns} from {feed} where institution_code = $code"
            ordered = f"{sql} order by all"
            return con.sql(ordered, params={"code": code}).pl().to_dicts()

    def ids(self, feed: str, code: str, column: str = "student_id") -> list[Any]:
        return [row[column] for row in self.in_force(feed, code, column)]

    def ledger(self) -> pl.DataFrame:
        return read_ledger(self.home)

    def findings(self, code: str, delivery: str) -> list[dict[str, str]]:
        (path,) = (self.home.outbox / code / delivery).glob("*.findings.csv")
        with path.open(newline="") as file:
            return list(csv.DictReader(file))

    def summary(self, code: str, delivery: str) -> dict[str, Any]:
        (path,) = (self.home.outbox / code / delivery).glob("*.return.json")
        return json.loads(path.read_text())  # type: ignore[no-any-return]

    def quarantine(self, feed: str) -> list[dict[str, Any]]:
        files = sorted((self.home.quarantine / feed).glob("*.parquet"))
        return [row for file in files for row in pl.read_parquet(file).to_dicts()]

    def log(self, feed: str) -> pl.DataFrame:
        """Every row of the change log of a feed."""
        files = sorted((self.home.accepted / feed).glob("*.parquet"))
        return pl.concat(pl.read_parquet(file) for file in files)


def package_of(result: LandingResult, code: str) -> LandedPackage:
    """The only package of a sender that a run looked at."""
    (package,) = (p for p in result.packages if p.institution_code == code)
    return package
