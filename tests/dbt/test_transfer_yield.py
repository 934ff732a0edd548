"""What records count as elsewhere, on drawn worlds, against a second implementation.

The worlds have what a generated state has too little of: rules of several courses that
compete for them, wildcards, quarter and clock hours, grades of every kind, rules of one
college, courses taken again and taken at the target.
"""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import polars.selectors as cs
import pytest
from naive_transfer import State, differing
from sweeps import few_of

MODELS = [
    "mob_rule_from", "mob_rule_to", "mob_attempt", "mob_record", "mob_match",
    "mob_single", "mob_combination", "clr_transfer_yield",
]  # fmt: skip
TODAY = date(2026, 9, 3)
COLLEGES = {
    "ALPHA": ("active", "SH"),
    "BRAVO": ("active", "SH"),
    "DELTA": ("active", "QH"),
    "TECH": ("merging", "CLOCK"),
    "GONE": ("closed_merged", "SH"),
}
SUBJECTS = ["ENG", "BIO", "GEN", "WLD"]
NUMBERS = ["101", "102", "105", "201"]
GRADES: dict[str | None, tuple[str, str | None]] = {
    "A": ("completed", "4.0"),
    "B": ("completed", "3.0"),
    "B-": ("completed", "2.7"),
    "C": ("completed", "2.0"),
    "D": ("completed", "1.0"),
    "P": ("completed", None),
    "CE": ("completed", None),
    "F": ("failed", "0.0"),
    "W": ("withdrew", None),
    None: ("in_progress", None),
}


def drawn_world(
    seed: int, learners: int, rules: int
) -> dict[str, list[dict[str, Any]]]:
    """The input tables of the models: a system of five colleges and its rules."""
    draw = random.Random(seed)
    world: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "institution", "organization", "transfer_target", "course",
            "fact_section_enrolment", "fact_transfer_credit", "course_equivalency",
        )
    }  # fmt: skip
    world["institution"].append(
        {"institution_code": "SYSTEM:ZZ", "system_code": "ZZ", "kind": "system",
         "status": "active"}
    )  # fmt: skip
    for college, (status, unit) in COLLEGES.items():
        described = {"institution_code": college, "system_code": "ZZ", "status": status}
        world["institution"].append({**described, "kind": "college"})
        world["organization"].append(
            {**described, "kind": "college", "organization_id": f"org {college}"}
        )
        if status != "closed_merged":
            world["transfer_target"].append(
                {"institution_code": college, "system_code": "ZZ",
                 "counts_in": "CLOCK" if unit == "CLOCK" else "SH",
                 "uses_transfer_codes": True, "asked_on": TODAY}
            )  # fmt: skip
        for subject in SUBJECTS:
            for number in NUMBERS:
                is_common = subject in ("ENG", "BIO") and number != "201"
                world["course"].append(
                    {"course_id": f"{college} {subject} {number}",
                     "institution_code": college, "credit_unit": unit,
                     "common_course_id": f"ZZ:{subject}{number}" if is_common else None,
                     "statewide_area": "1" if is_common else None,
                     "cip_code": "24.0101",
                     "transfer_code": draw.choice(["A", "B", "C", None]),
                     "is_developmental": number == "105" and subject == "GEN"}
                )  # fmt: skip
    world["organization"].append(
        {"institution_code": None, "system_code": None, "status": "external",
         "kind": "external", "organization_id": "org far"}
    )  # fmt: skip
    for number in range(learners):
        for attempt in range(draw.randint(1, 9)):
            world["fact_section_enrolment"].append(
                _attempt(draw, f"learner {number:04}", f"{number:04}-{attempt}")
            )
        if draw.random() < 0.1:
            world["fact_transfer_credit"].append(
                {"source_record_key": f"{number:04}-t",
                 "learner_id": f"learner {number:04}", "institution_code": "ALPHA",
                 "source_organization_id": draw.choice(["org far", "org BRAVO"]),
                 "source_subject": "ENG", "source_number": "101", "source_grade": "A",
                 "source_credit": Decimal(3), "source_credit_unit": "SH"}
            )  # fmt: skip
    for number in range(rules):
        world["course_equivalency"] += _rule(draw, f"R{number:03}")
    return world


def _attempt(draw: random.Random, learner: str, key: str) -> dict[str, Any]:
    college = draw.choice(["ALPHA", *COLLEGES])
    unit = COLLEGES[college][1]
    grade = draw.choices(list(GRADES), weights=[6, 5, 3, 5, 3, 1, 1, 1, 1, 1])[0]
    status, points = GRADES[grade]
    subject, number = draw.choice(SUBJECTS), draw.choice(NUMBERS)
    credit = Decimal(draw.choice({"CLOCK": [45, 90], "QH": [4, 5]}.get(unit, [3, 4])))
    return {
        "source_record_key": key, "learner_id": learner, "institution_code": college,
        "course_id": draw.choice([f"{college} {subject} {number}"] * 9 + [None]),
        "subject": subject, "course_number": number, "status": status, "grade": grade,
        "grade_mode": "STANDARD", "grade_points": Decimal(points) if points else None,
        "earned_credit": credit * (status == "completed") if grade else None,
        "credit_unit": draw.choice([unit] * 19 + ["NONE"]),
        "start_date": draw.choice([date(2025, 8, 15), date(2026, 1, 8), None]),
    }  # fmt: skip


def _rule(draw: random.Random, rule_id: str) -> list[dict[str, Any]]:
    places = [*COLLEGES, "SYSTEM:ZZ", "SYSTEM:ZZ", "SYSTEM:ZZ"]
    begins = TODAY - timedelta(days=draw.choice([900, 0, -1]))
    shared = {
        "sender_code": "SYSTEM:ZZ", "rule_id": rule_id,
        "rule_version": draw.choice([1, 2]),
        "valid_from": begins,
        "valid_to": draw.choice(
            [None, None, None, TODAY, begins + timedelta(days=10)]
        ),
        "status": draw.choice(["ACTIVE"] * 6 + ["RETIRED", "DRAFT"]),
    }  # fmt: skip
    rows = []
    for alternative in range(1, draw.choice([1, 1, 2]) + 1):
        for member in range(1, draw.choice([1, 2, 2, 3]) + 1):
            rows.append(
                {**shared, "side": "FROM", "alternative": alternative,
                 "member_seq": member, "institution_code": draw.choice(places),
                 "subject": draw.choice(SUBJECTS),
                 "course_number": draw.choice([*NUMBERS, "1XX", "1XX", "ELEC"]),
                 "min_grade": draw.choice([None, "C", "C", "B", "P", "CE"]),
                 "credits": Decimal(3), "credit_unit": "SH", "area_code": None}
            )  # fmt: skip
    target = draw.choice([code for code in places if code != "GONE"])
    for member in range(1, draw.choice([1, 1, 2, 3]) + 1):
        rows.append(
            {**shared, "side": "TO", "alternative": 1, "member_seq": member,
             "institution_code": target, "subject": draw.choice(SUBJECTS),
             "course_number": draw.choice([*NUMBERS, "1XX", "ELEC"]),
             "min_grade": None, "credits": Decimal(draw.choice([3, 4, 6, 8])),
             "credit_unit": draw.choice(["SH"] * 8 + ["QH", "CLOCK", "CEU"]),
             "area_code": draw.choice([None, None, "2"])}
        )  # fmt: skip
    return rows


def told_by_the_models(build, world, root) -> list[dict[str, Any]]:
    """The models' own SQL on the world's tables, in dbt's order."""
    compiled = {
        node["name"]: node["compiled_code"]
        for node in build.manifest["nodes"].values()
        if node["name"] in MODELS
    }
    with duckdb.connect(str(root / build.database.name)) as con:
        for schema in ("clr", "seed", "mobility"):
            con.execute(f"create schema {schema}")
        for name, rows in world.items():
            frame = pl.DataFrame(rows, infer_schema_length=None)
            frame = frame.with_columns(cs.decimal().cast(pl.Decimal(9, 3)))
            con.register("given", frame)
            schema = "seed" if name == "institution" else "clr"
            con.execute(f"create table {schema}.{name} as select * from given")
        for name in MODELS:
            schema, _, table = name.partition("_")
            place = f"clr.{table}" if schema == "clr" else f"mobility.{name}"
            con.execute(f"create table {place} as {compiled[name]}")
        return con.sql("select * from clr.transfer_yield").pl().to_dicts()


@pytest.mark.parametrize("seed", few_of(range(1, 27), (1, 2, 3)))
def test_the_table_says_what_plain_loops_say(build, tmp_path, seed):
    world = drawn_world(seed, learners=400, rules=45)
    told = told_by_the_models(build, world, tmp_path)
    learners = {row["learner_id"] for row in world["fact_section_enrolment"]}
    assert differing(State(world, TODAY), told, learners) == []
    # A world in which nothing of it happens would prove nothing.
    assert {row["reason"] for row in told} >= {
        None, "not_completed", "no_credit", "developmental", "evaluated_anew",
        "already_there", "repeated", "given_already", "grade_too_low",
        "other_course_missing", "used_otherwise", "not_in_force", "other_unit",
        "no_rule",
    }  # fmt: skip
    assert {row["counts_as"] for row in told} >= {"DIRECT", "AREA", "ELECTIVE"}
    assert max(row["part"] for row in told) > 1
    together = [
        row
        for row in told
        if row["basis"] == "rule" and row["yield_group"] != row["source_record_key"]
    ]
    assert len(together) > 20


def test_no_course_is_used_twice_at_a_target(build, tmp_path):
    world = drawn_world(9, learners=300, rules=60)
    told = pl.DataFrame(
        told_by_the_models(build, world, tmp_path), infer_schema_length=None
    )
    used = told.filter(pl.col("basis") == "rule").group_by(
        "target_code", "counts_in", "source_record_key"
    )
    groups = used.agg(pl.col("yield_group").n_unique(), pl.col("rule_id").n_unique())
    assert groups.height > 100
    assert groups["yield_group"].max() == 1
    assert groups["rule_id"].max() == 1
