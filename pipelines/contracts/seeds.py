"""The contracts that dbt needs as tables: institutions, practices, requirements.

Belongs here: rendering ``dbt_project/seeds`` files out of ``data_contracts``. Does not
belong here: what the lists mean, and whether they contradict themselves
(``practices``, ``requirements``).
"""

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pipelines.contracts.model import CodeList, College, Contracts, System
from pipelines.contracts.practices import PRACTICE_COLUMNS, SKILL_COLUMNS, rows
from pipelines.contracts.requirements import REQUIREMENT_COLUMNS, SET_COLUMNS
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
        by code), ``cip.csv`` and ``soc.csv`` (titles by code), ``cip_soc.csv`` (the
        crosswalk), ``practice.csv``, ``practice_skill.csv``,
        ``requirement_set.csv``, ``requirement.csv``, ``skill.csv``,
        ``experience_category.csv`` and ``framework.csv``.
    """
    institutions = [_system(system) for system in contracts.systems.values()]
    institutions += [_college(college) for college in contracts.colleges.values()]
    codes = contracts.codes
    seeds = dbt_project / "seeds"
    return {
        seeds / "institution.csv": _csv(INSTITUTION_COLUMNS, sorted(institutions)),
        seeds / "cip.csv": _csv(("code", "title"), _titles(codes["cip2020"])),
        seeds / "soc.csv": _csv(("code", "title"), _titles(codes["soc2018"])),
        seeds / "cip_soc.csv": _csv(("cip_code", "soc_code"), codes["cip_soc"].rows),
        seeds / "practice.csv": _csv(
            PRACTICE_COLUMNS, _chosen(codes["practice"], PRACTICE_COLUMNS)
        ),
        seeds / "practice_skill.csv": _csv(
            SKILL_COLUMNS, _chosen(codes["practice_skill"], SKILL_COLUMNS)
        ),
        seeds / "requirement_set.csv": _csv(
            SET_COLUMNS, _chosen(codes["requirement_set"], SET_COLUMNS)
        ),
        seeds / "requirement.csv": _csv(
            REQUIREMENT_COLUMNS, _chosen(codes["requirement"], REQUIREMENT_COLUMNS)
        ),
        seeds / "skill.csv": _csv(
            ("framework", "code", "name"),
            _chosen(codes["skill"], ("framework", "code", "label")),
        ),
        seeds / "experience_category.csv": _csv(
            ("code", "name"), _chosen(codes["experience_category"], ("code", "label"))
        ),
        seeds / "framework.csv": _csv(
            _FRAMEWORK_COLUMNS, _chosen(codes["framework"], _FRAMEWORK_COLUMNS)
        ),
    }


_FRAMEWORK_COLUMNS = ("code", "name", "version", "url", "target_type")


def _titles(code_list: CodeList) -> Iterable[tuple[str | None, ...]]:
    # NCES writes every title as a sentence; a field of study is not one.
    return ((row[0], str(row[1]).rstrip(".")) for row in code_list.rows)


def _chosen(
    code_list: CodeList, columns: tuple[str, ...]
) -> Iterable[tuple[str | None, ...]]:
    return (tuple(row[name] for name in columns) for row in rows(code_list))


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
