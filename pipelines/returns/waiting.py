"""What was found in packages that wait, kept until a person has decided about them.

Belongs here: keeping it beside the landing and reading it back. Does not belong here:
return files (``write``, ``again``).

The ledger counts findings and quarantine has only rows of applied packages, so without
this a page could not be written again after a refusal: the outbox is the college's, who
may have emptied it. Values are masked as in the return file.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.returns.compare import OPEN, Comparison, Previous
from pipelines.settings import Home

_PARTS = ("findings", "resolved", "unmentioned")


def keep_waiting(home: Home, row: Mapping[str, Any], compared: Comparison) -> None:
    """Keep the findings of a held package; those of an earlier wave are replaced.

    Args:
        home: The warehouse.
        row: The package's ledger row.
        compared: Its findings against the last package's.
    """
    path = _path(home, row)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = pl.concat(
        [getattr(compared, part).with_columns(_part=pl.lit(part)) for part in _PARTS],
        how="diagonal",
    )
    previous = compared.previous
    partial = path.with_name(f".{path.name}.tmp")
    whole.write_parquet(
        partial,
        metadata={
            "wave_id": row["wave_id"],
            "previous_package_id": previous.package_id if previous else "",
            "previous_delivery": previous.delivery if previous else "",
        },
    )
    partial.replace(path)


def forget_waiting(home: Home, row: Mapping[str, Any]) -> None:
    """Remove what was kept of a package that waits no longer."""
    _path(home, row).unlink(missing_ok=True)


def read_waiting(home: Home, row: Mapping[str, Any]) -> Comparison | None:
    """What ``keep_waiting`` kept of this word on the package; None if nothing."""
    path = _path(home, row)
    if not path.exists():
        return None
    told = pl.read_parquet_metadata(path)
    if told.get("wave_id") != row["wave_id"]:
        return None
    whole = pl.read_parquet(path)
    findings, resolved, unmentioned = (
        whole.filter(pl.col("_part") == part).drop("_part") for part in _PARTS
    )
    previous = None
    if told["previous_package_id"]:
        previous = Previous(
            told["previous_package_id"],
            told["previous_delivery"],
            pl.DataFrame(schema=OPEN),
        )
    return Comparison(
        previous, findings, resolved.select(*OPEN), unmentioned.select(*OPEN)
    )


def _path(home: Home, row: Mapping[str, Any]) -> Path:
    folder = home.waiting_findings / row["institution_code"] / row["delivery"]
    return folder / f"{row['package_id']}.parquet"
