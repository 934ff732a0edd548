"""The hand-worked cohort as tables of the published shape.

Every table has all the columns that its product contract publishes; what no story names
is null.
"""

import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from pipelines.contracts.products import load_products

WORKED = yaml.safe_load(Path(__file__).with_name("worked_cohort.yaml").read_text())
RETIRED = "summer starter, as known before a merge"
YEARS = range(2018, 2026)
SEASONS = {
    # season: first day, last day, census, years after the fall
    "F": ("08-17", "12-12", "08-31", 0),
    "S": ("01-08", "05-08", "01-22", 1),
    "U": ("05-26", "08-05", "06-09", 1),
}
TRIMESTERS = {
    "F": ("09-01", "12-15", None, 0),
    "S": ("01-05", "04-20", None, 1),
    "U": ("05-01", "08-15", None, 1),
}
AUGUST = {
    "F": ("08-20", "12-10", None, 0),
    "S": ("01-05", "04-20", None, 1),
    "U": ("05-01", "08-15", None, 1),
}
COLLEGES = {
    "NORTH": "SH",
    "SOUTH": "SH",
    "OLD": "SH",
    "JOINING": "SH",
    "TECH": "CLOCK",
    "TRADE": "CLOCK",
}
CALENDARS = {"TECH": TRIMESTERS, "TRADE": AUGUST}
STANDING = {"OLD": "closed_merged", "JOINING": "merging"}
PROGRAMS = {
    # code: award level, unit, required credits
    "AA": ("3", "SH", 60),
    "CER": ("2", "SH", 30),
    "STC": ("21", "SH", 18),
    "ODD": ("2", "NONE", None),
    "WELD": ("2", "CLOCK", 1296),
    "NAIL": ("21", "CLOCK", 400),
}
COURSES = {
    # code: developmental, statewide area
    "HIS101": (False, "4"),
    "HIS102": (False, "4"),
    "ENG101": (False, "1"),
    "MTH112": (False, "3"),
    "MTH098": (True, None),
}
_STUDY = re.compile(
    r"(?P<college>[A-Z]+) (?P<term>[FSU]\d\dM?) (?:(?P<course>[A-Z]{3}\d{3}) )?"
    r"(?P<credit>[\d.]+)(?: (?P<how>[a-z]+)(?: (?P<day>[\d-]+))?)?"
)
_PROGRAM = re.compile(
    r"(?P<college>[A-Z]+) (?P<program>[A-Z]+) from (?P<term>\w+)"
    r"(?: to (?P<last>\w+))?(?: level (?P<level>\w+))?"
)
_AWARD = re.compile(
    r"(?P<college>[A-Z]+) awards (?P<program>[A-Z]+) (?P<day>[\d-]+)"
    r"(?: (?P<how>[a-z]+))?(?: \d+)?"
)
_CREDIT = re.compile(r"(?P<college>[A-Z]+) credit (?P<term>\w+)")
_OUTSIDE = re.compile(
    r"outside (?P<begin>[\d-]+) to (?P<end>[\d-]+)(?: (?P<how>withdrawn|deceased))?"
)
_OUTSIDE_AWARD = re.compile(r"outside awards (?P<day>[\d-]+)")

Tables = dict[str, list[dict[str, Any]]]


def worked_tables() -> Tables:
    """What the hand-worked stories say, by table."""
    return tables_of({name: one["did"] for name, one in WORKED["learners"].items()})


def tables_of(stories: dict[str, list[str]]) -> Tables:
    """Colleges, calendars, programmes, and the facts of each learner's story."""
    tables: Tables = defaultdict(list)
    _reference(tables)
    for learner, did in stories.items():
        status = "erased" if "is erased" in did else "active"
        tables["learner"].append({"learner_id": learner, "status": status})
        for line in did:
            if line != "is erased":
                _tell(tables, learner, line)
    return tables


def expected(metric: str) -> list[str]:
    """The rows of a metric, ``learner: college year in|out rule: rule rule``."""
    rows = []
    for learner, story in WORKED["learners"].items():
        for row in story[metric]:
            cohort, _, outcomes = row.partition(": ")
            reached = WORKED["short"].get(outcomes, outcomes)
            rows.append(f"{learner}: {cohort}" + (f": {reached}" if reached else ""))
    return sorted(rows)


def published(tables: Tables) -> duckdb.DuckDBPyConnection:
    """A connection with every published table, filled with rows of ``tables``."""
    con = duckdb.connect()
    for product in load_products().values():
        if "published" not in product.layers:
            continue
        columns = {one.name: one.data_type for one in product.columns_in("published")}
        shape = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        con.execute(f'create table "{product.name}" ({shape})')
        rows = tables.get(product.name, ())
        names = sorted({name for row in rows for name in row})
        if rows:
            frame = pl.DataFrame(
                [[row.get(name) for name in names] for row in rows],
                schema=names,
                orient="row",
                infer_schema_length=None,
            )
            con.register("frame", frame.to_arrow())
            con.execute(f'insert into "{product.name}" by name from frame')
    return con


def _reference(tables: Tables) -> None:
    for college, unit in COLLEGES.items():
        tables["organization"].append(
            {
                "organization_id": college,
                "kind": "college",
                "institution_code": college,
                "system_code": "STATE",
                "status": STANDING.get(college, "active"),
                "successor_code": "NORTH" if college in STANDING else None,
            }
        )
        _terms(tables, college, CALENDARS.get(college, SEASONS))
        for code, (level, of, required) in PROGRAMS.items():
            if (of == "CLOCK") == (unit == "CLOCK"):
                tables["program"].append(
                    {
                        "program_id": f"{college} {code}",
                        "institution_code": college,
                        "program_code": code,
                        "award_level": level,
                        "credit_unit": of,
                        "required_credits": required,
                        "is_closed": False,
                    }
                )
        for code, (developmental, area) in COURSES.items():
            tables["course"].append(
                {
                    "course_id": f"{college} {code}",
                    "institution_code": college,
                    "subject": code[:3],
                    "course_number": code[3:],
                    "statewide_area": area,
                    "is_developmental": developmental,
                }
            )
    tables["organization"].append(
        {"organization_id": "outside", "kind": "external", "status": "external"}
    )


def _terms(tables: Tables, college: str, seasons: dict[str, Any]) -> None:
    for year in YEARS:
        for season, (first, last, census, later) in seasons.items():
            on = year + later
            code = f"{season}{on % 100}"
            row = {
                "institution_code": college,
                "term_type": "SEMESTER" if seasons is SEASONS else "TRIMESTER",
                "start_date": date.fromisoformat(f"{on}-{first}"),
                "end_date": date.fromisoformat(f"{on}-{last}"),
                "census_date": census and date.fromisoformat(f"{on}-{census}"),
                "academic_year_end": year + 1,
            }
            tables["term"].append(
                {"term_id": f"{college} {code}", "term_code": code, **row}
            )
            if season == "F":
                mini = {
                    **row,
                    "term_type": "MINI",
                    "start_date": row["end_date"] - timedelta(59),
                    "census_date": None,
                    "parent_term_code": code,
                }
                tables["term"].append(
                    {"term_id": f"{college} {code}M", "term_code": f"{code}M", **mini}
                )


def _tell(tables: Tables, learner: str, line: str) -> None:
    who: dict[str, Any] = {"learner_id": learner}
    if found := _PROGRAM.fullmatch(line):
        tables["fact_program_enrolment"].append(
            who
            | {
                "institution_code": found["college"],
                "program_id": f"{found['college']} {found['program']}",
                "program_code": found["program"],
                "start_term_id": f"{found['college']} {found['term']}",
                "end_term_id": found["last"] and f"{found['college']} {found['last']}",
                "level": found["level"] or "UG",
                "status": "ACTIVE",
            }
        )
    elif found := _AWARD.fullmatch(line):
        status = {"revoked": "REVOKED", "reissued": "RESCINDED_REISSUED"}
        tables["fact_award"].append(
            who
            | {
                "institution_code": found["college"],
                "program_id": f"{found['college']} {found['program']}",
                "program_code": found["program"],
                "award_level": PROGRAMS[found["program"]][0],
                "status": status.get(found["how"] or "", "AWARDED"),
                "awarded_on": date.fromisoformat(found["day"]),
            }
        )
    elif found := _CREDIT.fullmatch(line):
        tables["fact_transfer_credit"].append(
            who
            | {
                "institution_code": found["college"],
                "source_organization_id": "outside",
                "term_id": f"{found['college']} {found['term']}",
                "source_type": "INSTITUTION",
                "decision": "ACCEPTED",
                "accepted_credit": 60,
            }
        )
    elif found := _OUTSIDE.fullmatch(line):
        tables["fact_enrolment_elsewhere"].append(
            who
            | {
                "is_sender": False,
                "enrolment_begin": date.fromisoformat(found["begin"]),
                "enrolment_end": date.fromisoformat(found["end"]),
                "enrolment_status": (found["how"] or "full_time").upper(),
            }
        )
    elif found := _OUTSIDE_AWARD.fullmatch(line):
        tables["fact_award_elsewhere"].append(
            who | {"is_sender": False, "awarded_on": date.fromisoformat(found["day"])}
        )
    else:
        found = _STUDY.fullmatch(line)
        assert found is not None, line
        _study(tables, who, found)


def _study(tables: Tables, who: dict[str, Any], found: re.Match[str]) -> None:
    college, how, credit = found["college"], found["how"] or "", float(found["credit"])
    where = who | {
        "institution_code": college,
        "term_id": f"{college} {found['term']}",
        "credit_unit": "QH" if how == "quarter" else COLLEGES[college],
        "is_dual_enrolment": how == "dual",
        "level": "DE" if how == "dual" else "UG",
    }
    if how == "summary":
        tables["fact_term_enrolment"].append(where | {"attempted": credit, "earned": 0})
        return
    code = found["course"] or "HIS101"
    status = {"withdrew": "withdrew", "failed": "failed", "audit": "audited"}
    outcome = {"exam": "CREDIT_BY_EXAM", "failed": "FAIL", "withdrew": "WITHDRAW"}
    is_passed = how not in status
    tables["fact_section_enrolment"].append(
        where
        | {
            "course_id": f"{college} {code}",
            "subject": code[:3],
            "course_number": code[3:],
            "title": code,
            "status": status.get(how, "completed"),
            "registration_status": "AUDIT" if how == "audit" else "REGISTERED",
            "status_date": date.fromisoformat(found["day"]) if found["day"] else None,
            "attempted_credit": credit,
            "earned_credit": credit if is_passed else 0,
            "grade_outcome": outcome.get(how, "PASS"),
            "repeat_code": "EXCLUDE" if how == "excluded" else None,
        }
    )
