"""The contracts that dbt needs as tables: institutions and CIP titles.

Belongs here: rendering ``dbt_project/seeds`` files out of ``data_contracts``. Does not
belong here: how a credential shows a code (those seeds are written by hand, beside
these).
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pipelines.contracts.model import College, Contracts, System
from pipelines.settings import DBT_PROJECT

INSTITUTION_COLUMNS = (
    "institution_code",
    "kind",
    "system_code",
    "name",
    "did",
    "url",
    "unitid",
    "opeid8",
    "opeid6",
    "city",
    "state",
    "timezone",
    "status",
    "valid_from",
    "valid_to",
    "successor_code",
)


def render(contracts: Contracts, dbt_project: Path = DBT_PROJECT) -> dict[Path, str]:
    """Renders the generated seeds.

    A seed is read by dbt as it stands, so it cannot say in its first line that it is
    generated; ``seeds/_seeds.yml`` says it.

    Args:
        contracts: Everything agreed.
        dbt_project: The dbt project.

    Returns:
        CSV text by path: ``institution.csv`` (systems and colleges, closed ones too,
        by code) and ``cip.csv`` (titles of CIP codes, by code).
    """
    institutions = [_system(system) for system in contracts.systems.values()]
    institutions += [_college(college) for college in contracts.colleges.values()]
    # NCES writes every title as a sentence; a field of study is not one.
    titles = (
        (row[0], str(row[1]).rstrip(".")) for row in contracts.codes["cip2020"].rows
    )
    seeds = dbt_project / "seeds"
    return {
        seeds / "institution.csv": _csv(INSTITUTION_COLUMNS, sorted(institutions)),
        seeds / "cip.csv": _csv(("code", "title"), titles),
    }


def _system(system: System) -> tuple[str, ...]:
    return _row(
        institution_code=system.sender,
        kind="system",
        system_code=system.code,
        name=system.name,
        did=system.did,
        url=system.url,
        timezone=system.timezone,
        status="active",
    )


def _college(college: College) -> tuple[str, ...]:
    return _row(
        institution_code=college.sender,
        kind="college",
        system_code=college.system,
        name=college.name,
        unitid=college.unitid,
        opeid8=college.opeid8,
        opeid6=college.opeid6,
        city=college.city,
        state=college.state,
        timezone=college.timezone,
        status=college.status,
        valid_from=_day(college.valid_from),
        valid_to=_day(college.valid_to),
        successor_code=college.successor_code,
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _row(**values: str | None) -> tuple[str, ...]:
    return tuple(values.get(name) or "" for name in INSTITUTION_COLUMNS)


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str | None, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
