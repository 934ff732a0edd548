"""A warehouse in a temporary folder, and a way to land and ask what came of it."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import duckdb
import polars as pl
from package_builder import CONTRACTS, State, send

from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.kept.state import connect_in_force
from pipelines.landing.land import LandedPackage, LandingResult, land
from pipelines.settings import Home

CLOCK = datetime(2026, 12, 31, tzinfo=UTC)
T = TypeVar("T")
# By what was done: the folder it was done in, and what came back.
_DONE: dict[tuple[str, ...], tuple[TemporaryDirectory[str], Any]] = {}


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

    def night(self, code: str, day: str, state: State, **how: Any) -> str:
        """Send a package and land it; returns its id."""
        if self.home.root.exists():
            return _one_package(self, code, day, state, how)
        return self.as_after(_one_package, code, day, state, how)

    def as_after(self, build: Callable[..., T], *given: Any) -> T:
        """Be as ``build(warehouse, *given)`` leaves an empty warehouse.

        It is built once a process and copied: many tests begin alike, and a landing
        takes 2 s.
        """
        assert not self.home.root.exists(), "only an empty warehouse begins"
        key = (build.__module__, build.__qualname__, json.dumps(given, default=repr))
        if key not in _DONE:
            folder = TemporaryDirectory()
            house = Warehouse(Home(Path(folder.name) / "home"))
            _DONE[key] = folder, build(house, *given)
        folder, result = _DONE[key]
        shutil.copytree(Path(folder.name) / "home", self.home.root)
        return result

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


def _one_package(
    house: Warehouse, code: str, day: str, state: State, how: dict[str, Any]
) -> str:
    package_id = send(house.inbox, code, day, state, **how)
    house.land()
    return package_id
