"""The recipe of CONTRIBUTING: a college of a known dialect is one YAML file."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from colleague_site import site
from shaped import CLOCK, contracts_with, in_force
from spoken import quoted, source

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import ContractError
from pipelines.contracts.sync import generated
from pipelines.landing.land import land
from pipelines.settings import CHECKOUT, Home, contracts_root

CODE = "NEWCC"
RECIPE = "## Recipe: add a college of a known dialect"


def recipe_profile() -> dict[str, Any]:
    """The lines that the recipe itself shows."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text()
    section = text.split(RECIPE, 1)[1].split("\n## ", 1)[0]
    block = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return dict(yaml.safe_load(block[1]))


def new_college(item: dict[str, Any]) -> None:
    item |= {"name": "New Community College", "opeid6": None, "unitid": None}
    item |= recipe_profile()


def package(home: Home, mode: str = "snapshot", dialect: str = "colleague") -> None:
    folder = home.inbox / CODE / "2026-09-01"
    folder.mkdir(parents=True)
    entries = []
    for table, rows in site().items():
        one = source(table, quoted(rows).encode("utf-8-sig"), len(rows))
        (folder / one.declared.name).write_bytes(one.content)
        entries.append(one.declared.model_dump(include={"feed", "name", "rows"}))
        entries[-1] |= {
            "bytes": one.declared.bytes,
            "sha256": one.declared.sha256,
            "encoding": "utf-8",
        }
    course = (
        b"subject,course_number,valid_from_term,title,credit_unit,credit_min,"
        b"credit_max,developmental\nMATH,108,2024FA,Beginning Algebra,SH,4,4,Y\n"
    )
    (folder / "course.csv").write_bytes(course)
    one = source("course", course, 1)
    entries.append(
        {
            "feed": "course",
            "name": "course.csv",
            "rows": 1,
            "bytes": len(course),
            "sha256": one.declared.sha256,
            "dialect": "generic",
        }
    )
    manifest: dict[str, Any] = {
        "spec_version": "1.0",
        "package_id": "0198f000-0000-4000-8000-000000000001",
        "institution_code": CODE,
        "mode": mode,
        "as_of": "2026-09-01T02:00:00-05:00",
        "dialect": dialect,
        "files": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_new_college_of_a_known_dialect_is_one_yaml_file(tmp_path: Path) -> None:
    contracts = contracts_with(tmp_path / "contracts", CODE, new_college, "NWSCC")
    added = {p.name for p in (tmp_path / "contracts").rglob("*") if p.is_file()}
    known = {p.name for p in contracts_root().rglob("*") if p.is_file()}
    assert added - known == {f"{CODE}.yaml"}
    home = Home(tmp_path / "home")
    package(home)
    (landed,) = land(home, contracts, now=CLOCK).packages
    assert landed.verdict == "accepted"
    results = in_force(home, contracts, "course_result")
    assert results.select("student_id", "section_id", "grade_local").rows() == [
        ("0123456", "0081234", "W")
    ]
    assert in_force(home, contracts, "person").height == 2


def test_the_settings_in_the_profile_are_the_college_s_own(tmp_path: Path) -> None:
    def local(item: dict[str, Any]) -> None:
        new_college(item)
        item["dialect_settings"] = {
            "colleague": {"status_actions": {"W": 6}, "reporting_year_offset": 0}
        }

    contracts = contracts_with(tmp_path / "contracts", CODE, local, "NWSCC")
    home = Home(tmp_path / "home")
    package(home)
    land(home, contracts, now=CLOCK)
    results = in_force(home, contracts, "course_result")
    assert results["registration_status"].to_list() == ["CANCELLED"]
    terms = in_force(home, contracts, "term")
    assert terms["academic_year_end"].unique().to_list() == [2024]


def test_without_the_profile_the_dialect_is_refused(tmp_path: Path) -> None:
    def generic_only(item: dict[str, Any]) -> None:
        new_college(item)
        item["dialect"] = "generic"

    contracts = contracts_with(tmp_path / "contracts", CODE, generic_only, "NWSCC")
    home = Home(tmp_path / "home")
    package(home)
    (landed,) = land(home, contracts, now=CLOCK).packages
    assert landed.verdict == "rejected"


def test_a_dialect_nobody_declared_is_a_mistake_of_the_profile(tmp_path: Path) -> None:
    def misspelt(item: dict[str, Any]) -> None:
        new_college(item)
        item["dialect"] = "colleage"

    with pytest.raises(ContractError, match="NEWCC: dialect colleage is not declared"):
        contracts_with(tmp_path / "contracts", CODE, misspelt, "NWSCC")


# What the recipe says of a layout, each kind of field at least once.
LAYOUTS: dict[str, Any] = {
    "term": {
        "length": 36,
        "fields": [
            {"column": "term_code", "start": 1, "width": 6},
            {"column": "title", "start": 7, "width": 10},
            {"column": "start_date", "start": 17, "width": 8, "date": "YYYYMMDD"},
            {"column": "end_date", "start": 25, "width": 8, "date": "YYYYMMDD"},
            {"column": "academic_year_end", "start": 33, "width": 4},
            {"column": "term_type", "constant": "SEMESTER"},
        ],
    },
    "person": {
        "length": 30,
        "trailer": {"begins": "TRL", "count_start": 4, "count_width": 6},
        "fields": [
            {"column": "student_id", "start": 1, "width": 7},
            {"column": "last_name", "start": 8, "width": 10},
            {"column": "birth_date", "start": 18, "width": 8, "date": "YYYYMMDD"},
            {
                "column": "high_school_grad_year",
                "start": 26,
                "width": 4,
                "null": "nines",
            },
            {
                "column": "sex",
                "start": 30,
                "width": 1,
                "codes": {1: "M", 2: "F"},
            },
            {"column": "birth_date_quality", "constant": "FULL"},
        ],
    },
    "term_enrollment": {
        "length": 23,
        "fields": [
            {"column": "student_id", "start": 1, "width": 7},
            {"column": "term_code", "start": 8, "width": 6},
            {"column": "attempted", "start": 14, "width": 5, "decimals": 2},
            {
                "column": "earned",
                "start": 19,
                "width": 5,
                "decimals": 2,
                "null": "nines",
            },
            {"column": "level", "constant": "UG"},
            {"column": "dual_enrollment", "constant": "N"},
            {"column": "credit_unit", "constant": "SH"},
        ],
    },
}
RECORDS = {
    "term": ["2026FAFall 2026 20260817202612112027"],
    "person": [
        "0000012Nuñez     2004022999992",
        "0012345O'Neal    1999010120171",
    ],
    "term_enrollment": ["00000122026FA0120000000", "00123452026FA0045099999"],
}


def fixed_college(item: dict[str, Any]) -> None:
    """A profile as the recipe's second step has it, in place of its example."""
    new_college(item)
    del item["also"], item["dialect_settings"]
    item |= {"dialect": "fixed", "layouts": LAYOUTS, "required_feeds": list(RECORDS)}


def fixed_package(home: Home) -> None:
    folder = home.inbox / CODE / "2026-09-01"
    folder.mkdir(parents=True)
    entries = []
    for feed, records in RECORDS.items():
        lines = [*records, "TRL000002"] if feed == "person" else records
        content = "".join(f"{line}\r\n" for line in lines).encode("cp1252")
        (folder / f"{feed}.txt").write_bytes(content)
        one = source(feed, content, len(records), name=f"{feed}.txt")
        entries.append(
            one.declared.model_dump(include={"feed", "name", "rows", "bytes", "sha256"})
        )
    manifest = {
        "spec_version": "1.0",
        "package_id": "0198f000-0000-4000-8000-000000000002",
        "institution_code": CODE,
        "mode": "snapshot",
        "as_of": "2026-09-01T02:00:00-05:00",
        "dialect": "fixed",
        "files": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_new_college_of_fixed_width_files_is_one_yaml_file_too(
    tmp_path: Path,
) -> None:
    contracts = contracts_with(tmp_path / "contracts", CODE, fixed_college, "NWSCC")
    home = Home(tmp_path / "home")
    fixed_package(home)
    (landed,) = land(home, contracts, now=CLOCK).packages
    # What was earned is required, and all nines mean that nobody knows.
    assert landed.verdict == "accepted_with_quarantine"
    assert landed.edits["TEN-earned-REQUIRED"] == 1
    columns = ("student_id", "last_name", "birth_date", "high_school_grad_year", "sex")
    people = in_force(home, contracts, "person").select(columns).sort("student_id")
    assert people.rows() == [
        ("0000012", "Nuñez", date(2004, 2, 29), None, "F"),
        ("0012345", "O'Neal", date(1999, 1, 1), 2017, "M"),
    ]
    terms = in_force(home, contracts, "term")
    assert terms.select("term_code", "title", "start_date", "term_type").rows() == [
        ("2026FA", "Fall 2026", date(2026, 8, 17), "SEMESTER")
    ]
    enrolled = in_force(home, contracts, "term_enrollment")
    assert enrolled.select("student_id", "term_code", "attempted", "level").rows() == [
        ("0000012", "2026FA", Decimal("12.000"), "UG")
    ]


def test_an_impossible_layout_is_a_mistake_of_the_profile(tmp_path: Path) -> None:
    def overlapping(item: dict[str, Any]) -> None:
        new_college(item)
        item["dialect"] = "fixed"
        item["layouts"] = {
            "person": {
                "length": 20,
                "fields": [
                    {"column": "student_id", "start": 1, "width": 9},
                    {"column": "last_name", "start": 9, "width": 9},
                ],
            },
            "term": {
                "length": 6,
                "fields": [{"column": "terms", "start": 1, "width": 6}],
            },
            "nowhere": {"length": 1, "fields": []},
        }

    with pytest.raises(ContractError) as caught:
        contracts_with(tmp_path / "contracts", CODE, overlapping, "NWSCC")
    assert str(caught.value).splitlines() == [
        "NEWCC: layout person: student_id and last_name overlap",
        "NEWCC: layout term: there is no column terms",
        "NEWCC: layout nowhere: there is no such table",
    ]


def test_nothing_but_the_list_of_institutions_is_generated_anew(tmp_path: Path) -> None:
    contracts = contracts_with(tmp_path / "contracts", CODE, new_college, "NWSCC")
    before, after = generated(load_contracts()), generated(contracts)
    changed = {path.name for path, text in after.items() if before.get(path) != text}
    assert changed == {"institution.csv"}
