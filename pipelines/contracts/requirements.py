"""Requirements: what a published core asks of a kind of programme, with dates.

Belongs here: what ``codes/requirement_set.csv`` and ``codes/requirement.csv`` must be
like. Does not belong here: what a learner has of it
(``dbt_project/models/clr/clr_requirement_progress.sql``).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from pipelines.contracts.model import CodeList
from pipelines.contracts.practices import Row, rows

SET_COLUMNS = (
    "code",
    "title",
    "system",
    "award_level",
    "credential_type",
    "source",
    "valid_from",
    "valid_to",
)
REQUIREMENT_COLUMNS = (
    "code",
    "set_code",
    "title",
    "least_credit",
    "most_credit",
    "credit_unit",
    "inner_rule",
    "source",
    "valid_from",
    "valid_to",
)
UNDECLARED = "undeclared"
"""What stands for the area of a course that has none: no set may ask for it."""


def requirement_mistakes(
    codes: Mapping[str, CodeList], systems: Collection[str]
) -> list[str]:
    """What contradicts itself in the requirements.

    Args:
        codes: Every code list; without requirements there is nothing to judge.
        systems: Codes of the systems.

    Returns:
        One line a mistake: an unknown system, award level, unit or set, a text that is
        missing, hours that are no number or the wrong way round, two sets in force for
        one kind of programme on one day, or an area twice in a set.
    """
    if "requirement_set" not in codes or "requirement" not in codes:
        return []
    for name, columns in (
        ("requirement_set", SET_COLUMNS),
        ("requirement", REQUIREMENT_COLUMNS),
    ):
        if codes[name].header != columns:
            return [f"{name}.csv: the columns are " + ",".join(columns)]
    sets = list(rows(codes["requirement_set"]))
    requirements = list(rows(codes["requirement"]))
    try:
        return [
            *_set_mistakes(codes, sets, systems),
            *_requirement_mistakes(codes, requirements, {row["code"] for row in sets}),
            *_twice(
                "requirement_set.csv",
                sets,
                ("system", "award_level", "credential_type"),
            ),
            *_twice("requirement.csv", requirements, ("set_code", "code")),
        ]
    except ValueError as error:
        return [f"requirement.csv, requirement_set.csv: {error}"]


def _set_mistakes(
    codes: Mapping[str, CodeList], sets: Iterable[Row], systems: Collection[str]
) -> Iterable[str]:
    for row in sets:
        label = f"requirement_set.csv: {row['code']}"
        if row["system"] not in systems:
            yield f"{label}: system {row['system']} is not defined"
        if row["award_level"] not in codes["award_level"].values:
            yield f"{label}: {row['award_level']} is not in award_level.csv"
        yield from _lacking(label, row, ("title", "credential_type", "source"))


def _requirement_mistakes(
    codes: Mapping[str, CodeList],
    requirements: Iterable[Row],
    known: Collection[str | None],
) -> Iterable[str]:
    for row in requirements:
        label = f"requirement.csv: {row['set_code']} {row['code']}"
        if row["set_code"] not in known:
            yield f"{label}: the set is not in requirement_set.csv"
        if row["code"] == UNDECLARED:
            yield f"{label}: the name stands for courses without an area"
        if row["credit_unit"] not in codes["credit_unit"].values:
            yield f"{label}: {row['credit_unit']} is not in credit_unit.csv"
        yield from _lacking(label, row, ("title", "source"))
        if not row["least_credit"] and (row["most_credit"] or not row["inner_rule"]):
            yield f"{label}: without a least_credit only the inner_rule says what"
        least, most = _credit(row["least_credit"]), _credit(row["most_credit"])
        if least is not None and least <= 0:
            yield f"{label}: the least credit is not above 0"
        if least is not None and most is not None and most < least:
            yield f"{label}: the most credit is below the least"


def _lacking(label: str, row: Row, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        if not row[name]:
            yield f"{label}: the {name} is missing"


def _twice(file: str, lines: Iterable[Row], key: tuple[str, ...]) -> Iterable[str]:
    def identity(row: Row) -> tuple[str, ...]:
        return tuple(row[name] or "" for name in key)

    ordered = sorted(lines, key=lambda row: (identity(row), _from(row)))
    for row in ordered:
        if _from(row) > _to(row):
            yield f"{file}: {' '.join(identity(row))} ends before it begins"
    for before, after in pairwise(ordered):
        if identity(before) == identity(after) and _to(before) >= _from(after):
            yield (
                f"{file}: two lines of {' '.join(identity(after))} are in force on "
                f"{_from(after)}"
            )


def _credit(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise ValueError(f"{text} is not a number") from None


def _from(row: Row) -> date:
    return date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min


def _to(row: Row) -> date:
    return date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
