"""A warehouse, colleges with drop zones, and short questions about them."""

import dataclasses
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store
from package_builder import CONTRACTS, college_state, send

from pipelines.contracts.delivery import DeliveryProfile, read_delivery
from pipelines.contracts.model import Contracts
from pipelines.delivery.collect import collect
from pipelines.delivery.opening import Event, open_packages
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.land import LandedPackage, land
from pipelines.settings import Home

DAY = "2026-09-01"
# No clock is so wrong.
HOURS = 7200.0
CLOCK = datetime(2026, 12, 31, tzinfo=UTC)


@dataclass
class World:
    """A home; profiles are added by a test."""

    home: Home
    secrets: Path
    profiles: dict[str, DeliveryProfile] = field(default_factory=dict)

    def agree(self, code: str, **delivery: Any) -> None:
        """Give a college its ``delivery`` mapping."""
        self.profiles[code] = read_delivery(delivery)

    def keep_secret(self, name: str, content: bytes) -> None:
        path = self.secrets / name
        path.write_bytes(content)
        path.chmod(0o600)

    @property
    def contracts(self) -> Contracts:
        colleges = {
            code: dataclasses.replace(
                college, delivery=self.profiles.get(code, college.delivery)
            )
            for code, college in CONTRACTS.colleges.items()
        }
        return dataclasses.replace(CONTRACTS, colleges=colleges)

    def collect(self, *codes: str, later: float = 0.0) -> list[Event]:
        """One look; ``later`` seconds after now."""
        return collect(self.home, self.contracts, codes, now=time.time() + later)

    def land(self, later: float = 0.0) -> dict[str, LandedPackage]:
        """Land what waits, opened ``later`` seconds after now: delivery to package."""
        open_packages(self.home, self.contracts, now=time.time() + later)
        result = land(self.home, self.contracts, now=CLOCK)
        return {package.delivery: package for package in result.packages}

    def verdicts(self) -> dict[str, str]:
        rows = read_ledger(self.home).sort("landed_at")
        return dict(rows.select("delivery", "verdict").iter_rows())

    def finding(self, code: str, delivery: str) -> str:
        """The text of a refused package's newest return file."""
        files = (self.home.outbox / code / delivery).glob("*.return.json")
        return max(files, key=lambda path: path.stat().st_mtime_ns).read_text()


def outcomes(events: list[Event]) -> dict[str, str]:
    """Delivery to outcome; a failed drop zone is under its college's code."""
    return {e.delivery or e.institution_code: e.outcome for e in events}


def reason(events: list[Event], delivery: str) -> str:
    (found,) = (e.reason for e in events if e.delivery == delivery)
    return found


def package(zone: Path, name: str = DAY, code: str = "CACC", **options: Any) -> Path:
    """Put a package into a drop zone as its college would: a folder of files."""
    # The builder writes <folder>/<code>/<name>; a drop zone is one college's own.
    home = zone / ".made"
    send(home, code, name, college_state(), **options)
    final = zone / name
    (home / code / name).rename(final)
    (home / code).rmdir()
    home.rmdir()
    return final


def upload(store: S3Store, folder: Path, prefix: str) -> None:
    """Put a package into a bucket, its manifest last."""
    files = sorted(folder.iterdir(), key=lambda path: path.name == "manifest.json")
    for path in files:
        obstore.put(store, f"{prefix}/{folder.name}/{path.name}", path.read_bytes())


def date_back(path: Path, seconds: float) -> None:
    """Set the times of modification back, as a copying program can."""
    then = time.time() - seconds
    for place in (path, *path.rglob("*")):
        if not place.is_symlink():
            os.utime(place, (then, then))


def names_in(path: Path) -> set[str]:
    return {p.relative_to(path).as_posix() for p in path.rglob("*")}


def manifest_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())  # type: ignore[no-any-return]
