"""The practice list: kinds of experiences with definition, category and dates.

Belongs here: what ``codes/practice.csv``, ``codes/experience_category.csv``,
``codes/framework.csv`` and ``codes/practice_skill.csv`` must be like, and reading them.
Does not belong here: which entry an experience falls under
(``dbt_project/models/clr/clr_fact_experience.sql``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from pipelines.contracts.model import CodeList

Row = dict[str, str | None]

PRACTICE_COLUMNS = (
    "code",
    "name",
    "definition",
    "category",
    "achievement_type",
    "source",
    "valid_from",
    "valid_to",
)
SKILL_COLUMNS = ("code", "practice_valid_from", "framework", "skill_code", "source")


@dataclass(frozen=True)
class Practice:
    """An entry of the list; a code whose meaning changes has one for each span.

    Attributes:
        category: Code of experience_category.csv; None where a title alone decides.
        achievement_type: CLR 2.0 achievementType of an experience of this kind.
        source: Who named the practice, and whose the definition is.
        valid_from: First day, inclusive; None without beginning.
        valid_to: Last day, inclusive; None without end.
    """

    code: str
    name: str
    definition: str
    category: str | None
    achievement_type: str
    source: str
    valid_from: date | None
    valid_to: date | None


def rows(code_list: CodeList) -> Iterator[Row]:
    """The lines of a list by column; an empty value is None."""
    for row in code_list.rows:
        yield dict(zip(code_list.header, row, strict=True))


def practices(codes: Mapping[str, CodeList]) -> list[Practice]:
    """The entries in the order of the file.

    Raises:
        ValueError: A date is not one.
    """
    return [
        Practice(
            code=row["code"] or "",
            name=row["name"] or "",
            definition=row["definition"] or "",
            category=row["category"],
            achievement_type=row["achievement_type"] or "",
            source=row["source"] or "",
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
        )
        for row in rows(codes["practice"])
    ]


def practice_mistakes(codes: Mapping[str, CodeList]) -> list[str]:
    """What contradicts itself in the list and in the skills declared for it.

    Args:
        codes: Every code list; without a practice list there is nothing to judge.

    Returns:
        One line a mistake: a code that no feed can send, an unknown category, a text
        that is missing, two entries of one code in force on one day, a skill of an
        entry or a framework that is not declared.
    """
    if "practice" not in codes:
        return []
    if codes["practice"].header != PRACTICE_COLUMNS:
        return ["practice.csv: the columns are " + ",".join(PRACTICE_COLUMNS)]
    try:
        entries = practices(codes)
    except ValueError as error:
        return [f"practice.csv: {error}"]
    return [*_entry_mistakes(codes, entries), *_skill_mistakes(codes, entries)]


def _entry_mistakes(
    codes: Mapping[str, CodeList], entries: list[Practice]
) -> Iterable[str]:
    categories = codes["experience_category"].codes
    for entry in entries:
        label = f"practice.csv: {entry.code}"
        if entry.code not in codes["exp_type"].values:
            yield f"{label} is not in exp_type.csv, so no feed can send it"
        if entry.category is not None and entry.category not in categories:
            yield f"{label}: {entry.category} is not in experience_category.csv"
        if not all((entry.name, entry.definition, entry.achievement_type)):
            yield f"{label}: a name, definition or achievement_type is missing"
        if not entry.source:
            yield f"{label}: the source is missing"
        if _from(entry) > _to(entry):
            yield f"{label} ends before it begins"
    ordered = sorted(entries, key=lambda entry: (entry.code, _from(entry)))
    for before, after in pairwise(ordered):
        if before.code == after.code and _to(before) >= _from(after):
            yield (
                f"practice.csv: two entries of {after.code} are in force on "
                f"{_from(after)}"
            )


def _skill_mistakes(
    codes: Mapping[str, CodeList], entries: list[Practice]
) -> Iterable[str]:
    declared = {(entry.code, entry.valid_from) for entry in entries}
    skills = {(row["framework"], row["code"]) for row in rows(codes["skill"])}
    for row in rows(codes["practice_skill"]):
        label = f"practice_skill.csv: {row['code']} {row['skill_code']}"
        if (row["code"], _day(row["practice_valid_from"])) not in declared:
            yield f"{label}: no entry of practice.csv begins then"
        if (row["framework"], row["skill_code"]) not in skills:
            yield f"{label}: not a skill of {row['framework']} in skill.csv"
        if not row["source"]:
            yield f"{label}: the source is missing"


def _from(entry: Practice) -> date:
    return entry.valid_from or date.min


def _to(entry: Practice) -> date:
    return entry.valid_to or date.max


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
