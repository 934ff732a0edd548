"""One college of a generated state, as generic files and as its system writes them."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.landing.kept.state import connect_in_force
from pipelines.landing.land import LandedPackage, land
from pipelines.sample.dialects import writer
from pipelines.settings import Home, contracts_root

CLOCK = datetime(2026, 12, 31, tzinfo=UTC)
NIGHT = "2026-09-01"


def contracts_with(
    folder: Path, code: str, change: Callable[[dict[str, Any]], None], like: str
) -> Contracts:
    """A copy of the contracts in which one college's YAML file is written anew."""
    shutil.copytree(contracts_root(), folder)
    profile = yaml.safe_load((folder / "colleges" / f"{like}.yaml").read_text())
    profile |= {"institution_code": code, "delivery_folder": code}
    change(profile)
    (folder / "colleges" / f"{code}.yaml").write_text(
        yaml.safe_dump(profile, sort_keys=False, allow_unicode=True)
    )
    return load_contracts(folder)


def texts(package: Path, contracts: Contracts) -> dict[str, pl.DataFrame]:
    """The feeds of a generic package as strings."""
    return {
        name: pl.read_csv(package / f"{name}.csv", infer_schema=False)
        for name in contracts.feeds
        if (package / f"{name}.csv").exists()
    }


def deliver(
    generic: Path,
    home: Home,
    code: str,
    dialects: tuple[str, ...],
    contracts: Contracts,
) -> None:
    """The package of a college, in dialects as far as they carry its feeds."""
    folder = home.inbox / code / NIGHT
    folder.mkdir(parents=True)
    manifest = json.loads((generic / "manifest.json").read_text())
    manifest |= {"institution_code": code}
    profile = {"institution_code": code, "layouts": contracts.colleges[code].layouts}
    carried: set[str] = set()
    entries = []
    for dialect in dialects:
        one = writer(dialect)
        for file in one.tables(texts(generic, contracts), profile):
            (folder / file.name).write_bytes(file.data)
            entries.append(
                {
                    "feed": file.table,
                    "name": file.name,
                    "rows": file.rows,
                    "bytes": len(file.data),
                    "sha256": sha256(file.data).hexdigest(),
                    "dialect": dialect,
                    **({"encoding": file.encoding} if file.encoding else {}),
                }
            )
        carried |= one.carries
    for entry in manifest["files"]:
        if entry["feed"] not in carried:
            shutil.copy(generic / entry["name"], folder)
            entries.append(entry)
    manifest["files"] = entries
    (folder / "manifest.json").write_text(json.dumps(manifest))


def landed(home: Home, contracts: Contracts, code: str) -> LandedPackage:
    """The only package of the college, landed."""
    found = land(home, contracts, now=CLOCK).packages
    (package,) = (one for one in found if one.institution_code == code)
    return package


def in_force(home: Home, contracts: Contracts, feed: str) -> pl.DataFrame:
    """The rows of a feed in force, without where they came from."""
    columns = [
        column.name
        for column in contracts.feeds[feed].data_columns
        if column.name != "record_updated_at"
    ]
    with duckdb.connect() as con:
        connect_in_force(home, contracts, con)
        table = con.sql(f"from {feed}").to_arrow_table()
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.select(columns)
