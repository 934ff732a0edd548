"""How alike two rows are in what matters to rules and gates, as SQL.

Belongs here: classes of agreement of given names, family names, birth dates, suffixes
and middle names, one definition for exact rules, gates and sharing. Does not belong
here: weights (``model``), what follows from a class (``gates``, ``rules``).

Every function takes the aliases of two rows of ``representation``.
"""

from pipelines.identity.evidence.alike import (
    a_year_apart,
    day_and_month_swapped,
    is_initial,
    one_digit,
    one_slip,
)

COLUMNS = (
    "n_given", "n_given_roots", "n_preferred", "n_middle", "n_family",
    "n_family_parts", "n_suffix", "n_birth", "n_birth_month", "n_birth_day_no",
)  # fmt: skip
"""The columns of ``representation`` that the classes need."""


def given_class(a: str, b: str) -> str:
    """equal, nickname, swapped, initial, preferred, close, part, unknown or different.

    A given name that the other row has as given and middle name together is equal, and
    so are two people of one and the same single name.
    """
    x, y = f"{a}.n_given", f"{b}.n_given"
    return f"""case
        when {a}.n_given is null and {b}.n_given is null
            then if({a}.n_family = {b}.n_family, 'equal', 'unknown')
        when {a}.n_given is null or {b}.n_given is null then 'unknown'
        when {a}.n_given = {b}.n_given
            or {a}.n_given || {a}.n_middle = {b}.n_given
            or {b}.n_given || {b}.n_middle = {a}.n_given then 'equal'
        when list_has_any({a}.n_given_roots, {b}.n_given_roots) then 'nickname'
        when {a}.n_given = {b}.n_family and {a}.n_family = {b}.n_given then 'swapped'
        when {is_initial(x, y)} then 'initial'
        when {a}.n_given = {b}.n_preferred or {b}.n_given = {a}.n_preferred
            then 'preferred'
        when {one_slip(x, y)} then 'close'
        when least(length({x}), length({y})) >= 3
            and (starts_with({x}, {y}) or starts_with({y}, {x})) then 'part'
        else 'different'
    end"""


def family_class(a: str, b: str) -> str:
    """equal, swapped, part (of a double surname), close, unknown or different."""
    return f"""case
        when {a}.n_family is null or {b}.n_family is null then 'unknown'
        when {a}.n_family = {b}.n_family then 'equal'
        when {a}.n_given = {b}.n_family and {a}.n_family = {b}.n_given then 'swapped'
        when list_has_any({a}.n_family_parts, {b}.n_family_parts) then 'part'
        when {one_slip(f"{a}.n_family", f"{b}.n_family")} then 'close'
        else 'different'
    end"""


def birth_class(a: str, b: str, generation_years: int) -> str:
    """equal, month, swapped, digit, year, unknown, generation or different.

    ``month``: equal as far as both are known.
    """
    x, y = f"{a}.n_birth", f"{b}.n_birth"
    day_x, day_y = f"{a}.n_birth_day_no", f"{b}.n_birth_day_no"
    return f"""case
        when {x} = {y} then 'equal'
        when {a}.n_birth_month is null or {b}.n_birth_month is null then 'unknown'
        when {x} is null or {y} is null
            then if({a}.n_birth_month = {b}.n_birth_month, 'month', 'different')
        when abs({day_x} - {day_y}) >= {generation_years} * 365.25 - 3
            then 'generation'
        when {day_and_month_swapped(x, y)} then 'swapped'
        when {one_digit(x, y)} then 'digit'
        when {a_year_apart(day_x, day_y)} then 'year'
        else 'different'
    end"""


def suffix_differs(a: str, b: str) -> str:
    """Whether two generation marks exclude each other; JR and II can be one person."""
    return f"""coalesce(
        {a}.n_suffix <> {b}.n_suffix
        and list_sort([{a}.n_suffix, {b}.n_suffix]) <> ['ii', 'jr'],
        false
    )"""


def middle_class(a: str, b: str) -> str:
    """equal, initial, unknown or different.

    A middle name that is the other's family name, or begins it, is no difference: many
    keep the name they were born with when they marry.
    """
    x, y = f"{a}.n_middle", f"{b}.n_middle"
    return f"""case
        when {a}.n_middle is null or {b}.n_middle is null then 'unknown'
        when {a}.n_middle = {b}.n_middle
            then if(length({a}.n_middle) > 1, 'equal', 'initial')
        when {is_initial(x, y)} then 'initial'
        when starts_with({a}.n_family, {y}) or starts_with({b}.n_family, {x})
            then 'unknown'
        when {one_slip(x, y)} then 'initial'
        else 'different'
    end"""
