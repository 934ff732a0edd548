"""What learners have of a core, on drawn worlds, against a second implementation.

The worlds have what a generated state has too little of: courses taken again,
renumbered and moved to another area, the same course passed, accepted and in progress,
quarter and clock hours, wildcards, blocks and rules with several areas, cores that
changed, two programmes at once.
"""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import polars.selectors as cs
import pytest
from naive_requirements import Registrar, differing
from sweeps import few_of

MODELS = [
    "mob_attempt", "mob_declared", "mob_held_credit", "mob_area_credit",
    "clr_requirement_progress",
]  # fmt: skip
COLLEGES = {"ALPHA": ("ZZ", "SH"), "DELTA": ("ZZ", "QH"), "TECH": ("ZZ", "CLOCK"),
            "FAR": ("YY", "SH")}  # fmt: skip
TERMS = {"OLD": date(2019, 8, 15), "FALL": date(2025, 8, 15), "SPR": date(2026, 1, 8)}
MOVED = date(2025, 12, 1)
"""From here on some courses are in another area."""
COURSES = {
    # number: statewide number, area, area from MOVED on, developmental
    "101": ("ZZ:101", "A", "A", False),
    "1010": ("ZZ:101", "A", "A", False),
    "102": ("ZZ:102", "A", "B", False),
    "103": (None, "B", "B", False),
    "104": (None, "C", "C", False),
    "105": (None, "E", None, False),
    "106": (None, None, None, False),
    "098": (None, "A", "A", True),
}
GRADES: list[tuple[str, str | None]] = [
    ("completed", "4.0"), ("completed", "2.0"), ("completed", None), ("failed", "0.0"),
    ("withdrew", None), ("in_progress", None), ("not_recorded", None),
]  # fmt: skip

World = dict[str, list[dict[str, Any]]]


def drawn_world(seed: int, learners: int) -> World:
    """The input tables of the models: four colleges of two systems."""
    draw = random.Random(seed)
    world: World = {"requirement_set": [], "requirement": [], **_places()}
    for award in ("AS", "AA"):
        world["requirement_set"].append(
            {"set_code": "CORE", "system_code": "ZZ", "award_level": "3",
             "credential_type": award, "valid_from": date(2000, 1, 1),
             "valid_to": None if award == "AS" else date(2025, 12, 31)}
        )  # fmt: skip
    for area, least, most, unit, first, last in (
        ("A", 6, 6, "SH", None, None), ("B", 12, None, "SH", None, date(2020, 6, 30)),
        ("B", 9, 9, "QH", date(2020, 7, 1), None), ("C", None, None, "SH", None, None),
        ("A", 90, None, "CLOCK", None, None),
    ):  # fmt: skip
        world["requirement"].append(
            {"requirement_id": f"{area} {unit} {first}", "set_code": "CORE",
             "area_code": area, "title": area, "credit_unit": unit,
             "least_credit": None if least is None else Decimal(least),
             "most_credit": None if most is None else Decimal(most),
             "valid_from": first, "valid_to": last}
        )  # fmt: skip
    world["course_equivalency"] = [
        {"sender_code": "SYSTEM:ZZ", "rule_id": f"R{rule}", "rule_version": version,
         "side": draw.choice(["TO", "TO", "TO", "FROM"]), "member_seq": member,
         "institution_code": draw.choice(["SYSTEM:ZZ", "SYSTEM:ZZ", "ALPHA"]),
         "subject": "GEN", "course_number": draw.choice([*COURSES, "1XX", "1XX"]),
         "area_code": draw.choice(["A", "B", "B", None])}
        for rule in range(12) for version in (1, 2) for member in range(3)
    ]  # fmt: skip
    for number in range(learners):
        _learner(draw, world, f"learner {number:04}")
    return world


def _places() -> World:
    world: World = {
        name: [] for name in (
            "institution", "organization", "term", "course", "program",
            "fact_program_enrolment", "fact_section_enrolment", "fact_transfer_credit",
            "credit_ledger",
        )
    }  # fmt: skip
    for college, (system, unit) in COLLEGES.items():
        place = {"institution_code": college, "system_code": system}
        world["institution"].append(place)
        world["organization"].append({**place, "organization_id": f"org {college}"})
        for code, day in TERMS.items():
            world["term"].append(
                {"term_id": f"{college} {code}", "institution_code": college,
                 "term_code": code, "start_date": day}
            )  # fmt: skip
        for credential in ("AS", "AA", "AAS"):
            world["program"].append(
                {"program_id": f"{college} {credential}", "institution_code": college,
                 "award_level": "3", "credential_type": credential, "credit_unit": unit}
            )  # fmt: skip
        for number, (common, area, later, developmental) in COURSES.items():
            for which, first, last, where in (
                (1, date(1900, 1, 1), MOVED, area),
                (2, MOVED, date(9999, 12, 31), later),
            ):
                world["course"].append(
                    {"course_id": f"{college} {number} {which}", "subject": "GEN",
                     "institution_code": college, "course_number": number,
                     "common_course_id": common, "statewide_area": where,
                     "is_developmental": developmental, "effective_from": first,
                     "effective_to": last, "cip_code": "24.0101",
                     "transfer_code": "A"}
                )  # fmt: skip
    return world


def _learner(draw: random.Random, world: World, learner: str) -> None:
    for college in draw.sample(list(COLLEGES), draw.choice([1, 1, 2])):
        unit = COLLEGES[college][1]
        place = {"learner_id": learner, "institution_code": college}
        terms = [f"{college} {code}" for code in TERMS]
        for key in range(draw.choice([1, 1, 2, 3])):
            kind = draw.choice(["AS", "AS", "AA", "AAS"])
            world["fact_program_enrolment"].append(
                {**place, "source_record_key": f"{learner} {college} p{key}",
                 "program_code": kind, "status": "ACTIVE",
                 "program_id": draw.choice([f"{college} {kind}"] * 9 + [None]),
                 "start_term_id": draw.choice([*terms, None]),
                 "catalog_term_code": draw.choice([*TERMS, None])}
            )  # fmt: skip
        for key in range(draw.randint(0, 8)):
            status, points = draw.choices(GRADES, [6, 6, 1, 1, 1, 3, 1])[0]
            number, which = draw.choice(list(COURSES)), draw.choice([1, 1, 2])
            credit = Decimal(
                draw.choice({"CLOCK": [45], "QH": [4, 5]}.get(unit, [3, 4]))
            )
            world["fact_section_enrolment"].append(
                {**place, "source_record_key": f"{learner} {college} c{key}",
                 "course_id": draw.choice([f"{college} {number} {which}"] * 9 + [None]),
                 "subject": "GEN", "course_number": number, "status": status,
                 "grade": None, "grade_points": Decimal(points) if points else None,
                 "grade_mode": draw.choice(["STANDARD"] * 9 + ["DEVELOPMENTAL"]),
                 "credit_unit": draw.choice([unit] * 9 + ["SH", "CLOCK", "NONE"]),
                 "attempted_credit": credit * draw.choice([1, 1, 1, 0]),
                 "earned_credit": credit * (status == "completed"),
                 "start_date": draw.choice([*TERMS.values(), None])}
            )  # fmt: skip
        for key in range(draw.choice([0, 0, 2, 4])):
            _evaluated(draw, world, place, f"{learner} {college} t{key}", unit)


def _evaluated(
    draw: random.Random, world: World, place: dict[str, Any], key: str, unit: str
) -> None:
    kind, number = draw.choice(
        [("DIRECT", n) for n in COURSES] + [("ELECTIVE", "1XX"), ("AREA", "1XX"),
         ("BLOCK", None), ("DIRECT", "1XX")]
    )  # fmt: skip
    decision = draw.choice(["ACCEPTED"] * 4 + ["REJECTED", "PENDING"])
    terms = [f"{place['institution_code']} {code}" for code in TERMS]
    world["fact_transfer_credit"].append(
        {**place, "source_record_key": key, "decision": decision, "equiv_type": kind,
         "equiv_group": draw.choice([1, 1, 2]), "term_id": draw.choice([*terms, None]),
         "equiv_subject": "GEN" if number else None, "equiv_number": number,
         "accepted_credit": Decimal(draw.choice([0, 2, 3]) * (decision == "ACCEPTED")),
         "credit_unit": draw.choice([unit, unit, "SH", "QH"]),
         "source_organization_id": "org FAR", "source_subject": "X",
         "source_number": "1", "source_grade": "A", "source_credit": Decimal(3),
         "source_credit_unit": "SH"}
    )  # fmt: skip
    world["credit_ledger"].append(
        {"source_record_key": key, "rule_id": draw.choice([f"R{n}" for n in range(12)]),
         "rule_version": draw.choice([1, 2, 3])}
    )  # fmt: skip


def told_by_the_models(build, world: World, root) -> list[dict[str, Any]]:
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
        return con.sql("select * from clr.requirement_progress").pl().to_dicts()


@pytest.mark.parametrize("seed", few_of(range(1, 27), (1, 2, 3)))
def test_the_table_says_what_plain_loops_say(build, tmp_path, seed):
    world = drawn_world(seed, learners=400)
    told = told_by_the_models(build, world, tmp_path)
    learners = {row["learner_id"] for row in world["fact_program_enrolment"]}
    assert differing(Registrar(world), told, learners) == []
    # A world in which nothing of it happens would prove nothing.
    assert {row["area_code"] for row in told} == {"A", "B", "C", "E", "undeclared"}
    assert {row["is_met"] for row in told} == {True, False, None}
    assert {row["credit_unit"] for row in told} == {"SH", "CLOCK"}
    assert {"B SH None", "B QH 2020-07-01"} <= {row["requirement_id"] for row in told}
    for column in ("earned", "accepted", "in_progress", "remaining", "surplus"):
        assert len({row[f"{column}_credit"] for row in told}) > 2, column
    programs = {
        (r["learner_id"], r["institution_code"], r["program_code"]) for r in told
    }
    assert len(programs) > len({key[:2] for key in programs}) > 100
    assert not {row["institution_code"] for row in told} & {"FAR"}


def test_credit_is_in_one_row_of_each_programme(build, tmp_path):
    """Every course that counts is in an area or undeclared: nothing is dropped."""
    world = drawn_world(40, learners=300)
    told = told_by_the_models(build, world, tmp_path)
    registrar = Registrar(world)
    sums: dict[Any, Decimal] = {}
    for row in told:
        key = (
            row["learner_id"], row["institution_code"], row["program_code"],
            row["credit_unit"],
        )  # fmt: skip
        there = row["earned_credit"] + row["accepted_credit"]
        sums[key] = sums.get(key, Decimal(0)) + there + row["in_progress_credit"]
    assert len(sums) > 200
    for (learner, college, _, unit), credit in sums.items():
        held = registrar.held(learner, college, unit)
        assert credit == sum((course["credit"] for course in held), Decimal(0))
