"""The Splink model: what is compared, by which levels, within which blocks.

Belongs here: the settings object, the same for every engine. Does not belong here:
DuckDB's own SQL, running it (``score``, ``train``), gates.

Levels are SQL that DuckDB and Spark both read; a test scores the same people on both.
What "nearly the same" is, ``alike`` says to the model and the gates. The model sees
values only: whether an e-mail is a person's or a household's the gates judge from the
data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator
from splink.blocking_rule_library import CustomRule
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from pipelines.identity.evidence.alike import (
    a_year_apart,
    day_and_month_swapped,
    is_initial,
    one_digit,
    one_slip,
)
from pipelines.identity.evidence.policy import Model

UNIQUE_ID = "rid"
TERM_FREQUENCIES = ("n_given", "n_family")
"""Columns whose common values weigh less: a Smith agrees by chance."""

_RAREST = 0.00005
"""A name that one family in a million has counts no more than one in 20,000 has: it
agrees by a copied mistake more often than by chance."""


@dataclass(frozen=True)
class Level:
    """One answer of a comparison.

    Attributes:
        name: Key in the model file.
        words: How a person says it, without a value.
        sql: When it holds; empty for everything else.
        term_frequency: Column whose common values weigh less at this level.
        is_null: Nothing to compare: no weight either way.
        m, u: Shares to begin training with.
    """

    name: str
    words: str
    sql: str = ""
    term_frequency: str = ""
    is_null: bool = False
    m: float = 0.0
    u: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Something that two records can agree or differ in."""

    name: str
    words: str
    levels: tuple[Level, ...]


def _unknown(*columns: str) -> Level:
    sql = " or ".join(f"{c}_l is null or {c}_r is null" for c in columns)
    return Level("unknown", "Not known for both", sql, is_null=True)


def _same_or_not(name: str, words: str, column: str, m: float, u: float) -> Comparison:
    return Comparison(
        name,
        words,
        (
            _unknown(column),
            Level("same", f"Same {words}", f"{column}_l = {column}_r", m=m, u=u),
            Level("other", f"Different {words}", m=1 - m, u=1 - u),
        ),
    )


COMPARISONS: tuple[Comparison, ...] = (
    Comparison(
        "given_name",
        "given name",
        (
            _unknown("n_given"),
            Level("same", "Same given name", "n_given_l = n_given_r",
                  term_frequency="n_given", m=0.90, u=0.005),
            Level("nickname", "One given name is a short form of the other",
                  "ROOTS", m=0.03, u=0.003),
            Level("swapped", "Given and family name changed places",
                  "n_given_l = n_family_r and n_family_l = n_given_r",
                  m=0.002, u=0.0001),
            Level("initial", "One given name is the initial of the other",
                  is_initial("n_given_l", "n_given_r"), m=0.005, u=0.002),
            Level("close", "Given names differ by one letter",
                  one_slip("n_given_l", "n_given_r"), m=0.02, u=0.003),
            Level("other", "Different given name", m=0.04, u=0.98),
        ),
    ),
    Comparison(
        "family_name",
        "family name",
        (
            _unknown("n_family"),
            Level("same", "Same family name", "n_family_l = n_family_r",
                  term_frequency="n_family", m=0.90, u=0.002),
            Level("part", "One family name is part of the other", "PARTS",
                  m=0.02, u=0.0005),
            Level("close", "Family names differ by one letter",
                  one_slip("n_family_l", "n_family_r"), m=0.02, u=0.0008),
            Level("other", "Different family name", m=0.06, u=0.997),
        ),
    ),
    Comparison(
        "birth_date",
        "birth date",
        (
            Level("unknown", "Not known for both",
                  "n_birth_month_l is null or n_birth_month_r is null", is_null=True),
            Level("same", "Same birth date", "n_birth_l = n_birth_r",
                  m=0.96, u=0.0002),
            Level("same_month", "Same month and year of birth; a day is not known",
                  "(n_birth_l is null or n_birth_r is null) "
                  "and n_birth_month_l = n_birth_month_r", m=0.005, u=0.0001),
            Level("swapped", "Birth day and month swapped",
                  day_and_month_swapped("n_birth_l", "n_birth_r"), m=0.005, u=0.0001),
            Level("digit", "Birth dates differ by one digit",
                  one_digit("n_birth_l", "n_birth_r"), m=0.01, u=0.003),
            Level("year", "Birth dates a year apart",
                  a_year_apart("n_birth_day_no_l", "n_birth_day_no_r"),
                  m=0.01, u=0.0005),
            Level("other", "Different birth date", m=0.01, u=0.996),
        ),
    ),
    Comparison(
        "middle_name",
        "middle name",
        (
            _unknown("n_middle"),
            Level("same", "Same middle name", "n_middle_l = n_middle_r",
                  m=0.85, u=0.02),
            Level("initial", "Same middle initial",
                  "substr(n_middle_l, 1, 1) = substr(n_middle_r, 1, 1)",
                  m=0.1, u=0.06),
            Level("family", "One middle name is the family name of the other",
                  "n_middle_l = n_family_r or n_middle_r = n_family_l",
                  m=0.01, u=0.001),
            Level("other", "Different middle name", m=0.05, u=0.92),
        ),
    ),
    _same_or_not("suffix", "suffix of the name", "n_suffix", 0.95, 0.4),
    _same_or_not("tax_number", "Social Security or taxpayer number", "n_ssn",
                 0.97, 0.000001),
    _same_or_not("state_student_id", "state student id", "n_state_ps_id",
                 0.98, 0.000001),
    _same_or_not("state_school_id", "state K-12 id", "n_state_k12_id",
                 0.98, 0.000001),
    _same_or_not("email", "personal e-mail address", "n_email", 0.8, 0.00001),
    _same_or_not("phone", "telephone number", "n_phone", 0.8, 0.0001),
    Comparison(
        "address",
        "address",
        (
            Level("unknown", "Not known for both", "n_zip_l is null or n_zip_r is null",
                  is_null=True),
            Level("same", "Same street address", "n_address_l = n_address_r",
                  m=0.7, u=0.00001),
            Level("zip", "Same postal code", "n_zip_l = n_zip_r", m=0.1, u=0.004),
            Level("other", "Different postal code", m=0.2, u=0.996),
        ),
    ),
    Comparison(
        "high_school",
        "high school",
        (
            _unknown("n_school"),
            Level("same", "Same high school and graduation year",
                  "n_school_l = n_school_r "
                  "and high_school_grad_year_l = high_school_grad_year_r",
                  m=0.9, u=0.0006),
            Level("school", "Same high school", "n_school_l = n_school_r",
                  m=0.03, u=0.003),
            Level("other", "Different high school", m=0.07, u=0.997),
        ),
    ),
    _same_or_not("sex", "sex", "n_sex", 0.97, 0.5),
)  # fmt: skip

BLOCKS: dict[str, str] = {
    "tax number": "l.n_ssn = r.n_ssn",
    "state postsecondary id": "l.n_state_ps_id = r.n_state_ps_id",
    "state K-12 id": "l.n_state_k12_id = r.n_state_k12_id",
    "e-mail": "l.n_email = r.n_email",
    "telephone": "l.n_phone = r.n_phone",
    "birth date, given and family name": "l.n_birth = r.n_birth "
    "and l.n_given = r.n_given and l.n_family = r.n_family",
    "birth date and address": "l.n_birth = r.n_birth and l.n_address = r.n_address",
    "birth date, given name and school": "l.n_birth = r.n_birth "
    "and l.n_given = r.n_given and l.n_school = r.n_school",
}
"""Pairs that are looked at. No gate lets a pair link that none of these brings up."""

COLUMNS: tuple[str, ...] = (
    UNIQUE_ID, "student_no", "n_given", "n_given_roots", "n_middle", "n_family",
    "n_family_parts", "n_suffix", "n_birth", "n_birth_month", "n_birth_day_no",
    "n_ssn", "n_state_ps_id", "n_state_k12_id", "n_email", "n_phone", "n_address",
    "n_zip", "n_school", "high_school_grad_year", "n_sex",
)  # fmt: skip
"""The columns of a table that the model can score."""


def settings(model: Model | None = None, *, details: bool = True) -> SettingsCreator:
    """Splink's settings, for whichever engine asks for them.

    Args:
        model: Trained shares; the starting values of training when left out.
        details: Keep each comparison's level and weight beside the sum.
    """
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=UNIQUE_ID,
        probability_two_random_records_match=model.prior if model else 1e-6,
        comparisons=[_creator(comparison, model) for comparison in COMPARISONS],
        blocking_rules_to_generate_predictions=blocking_rules(),
        # Splink keeps the levels (gamma) only together with the values.
        retain_matching_columns=details,
        retain_intermediate_calculation_columns=details,
        em_convergence=0.001,
        max_iterations=15,
        linker_uid="lrw",
    )


def blocking_rules(blocks: Iterable[str] = BLOCKS.values()) -> list[Any]:
    """Blocks as Splink takes them (``BlockingRuleCreator``, in lists of several types).

    A student's own representations are no pair.
    """
    return [CustomRule(f"{rule} and l.student_no <> r.student_no") for rule in blocks]


def _creator(comparison: Comparison, model: Model | None) -> cl.CustomComparison:
    levels: list[ComparisonLevelCreator | dict[str, Any]] = []
    for level in comparison.levels:
        creator = _level(level)
        if level.is_null:
            levels.append(creator.configure(is_null_level=True))
            continue
        m, u = (
            model.levels[comparison.name][level.name] if model else (level.m, level.u)
        )
        creator.configure(m_probability=m, u_probability=u)
        if level.term_frequency:
            creator.configure(
                tf_adjustment_column=level.term_frequency,
                tf_minimum_u_value=_RAREST,
            )
        levels.append(creator)
    return cl.CustomComparison(levels, output_column_name=comparison.name)


def _level(level: Level) -> ComparisonLevelCreator:
    found: ComparisonLevelCreator
    if level.sql == "ROOTS":
        found = cll.ArrayIntersectLevel("n_given_roots", 1)
    elif level.sql == "PARTS":
        found = cll.ArrayIntersectLevel("n_family_parts", 1)
    elif not level.sql:
        found = cll.ElseLevel()
    else:
        found = cll.CustomLevel(level.sql)
    return found.configure(label_for_charts=level.words)
