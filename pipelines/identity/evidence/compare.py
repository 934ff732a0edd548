"""How alike two rows are in what matters to rules and gates, as SQL.

Belongs here: classes of agreement of given names, family names, birth dates, suffixes
and middle names, one definition for exact rules, gates and sharing. Does not belong
here: weights (``model``), what follows from a class (``gates``, ``rules``).

Every function takes the aliases of two rows of ``representation``.
"""

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
    return f"""case
        when {a}.n_given is null and {b}.n_given is null
            then if({a}.n_family = {b}.n_family, 'equal', 'unknown')
        when {a}.n_given is null or {b}.n_given is null then 'unknown'
        when {a}.n_given = {b}.n_given
            or {a}.n_given || {a}.n_middle = {b}.n_given
            or {b}.n_given || {b}.n_middle = {a}.n_given then 'equal'
        when list_has_any({a}.n_given_roots, {b}.n_given_roots) then 'nickname'
        when {a}.n_given = {b}.n_family and {a}.n_family = {b}.n_given then 'swapped'
        when least(length({a}.n_given), length({b}.n_given)) = 1
            and left({a}.n_given, 1) = left({b}.n_given, 1) then 'initial'
        when {a}.n_given = {b}.n_preferred or {b}.n_given = {a}.n_preferred
            then 'preferred'
        when least(length({a}.n_given), length({b}.n_given)) >= 4
            and damerau_levenshtein({a}.n_given, {b}.n_given) <= 1 then 'close'
        when least(length({a}.n_given), length({b}.n_given)) >= 3
            and (starts_with({a}.n_given, {b}.n_given)
                or starts_with({b}.n_given, {a}.n_given)) then 'part'
        else 'different'
    end"""


def family_class(a: str, b: str) -> str:
    """equal, swapped, part (of a double surname), close, unknown or different."""
    return f"""case
        when {a}.n_family is null or {b}.n_family is null then 'unknown'
        when {a}.n_family = {b}.n_family then 'equal'
        when {a}.n_given = {b}.n_family and {a}.n_family = {b}.n_given then 'swapped'
        when list_has_any({a}.n_family_parts, {b}.n_family_parts) then 'part'
        when least(length({a}.n_family), length({b}.n_family)) >= 4
            and damerau_levenshtein({a}.n_family, {b}.n_family) <= 1 then 'close'
        else 'different'
    end"""


def birth_class(a: str, b: str, generation_years: int) -> str:
    """equal, month, swapped, digit, year, unknown, generation or different.

    ``month``: equal as far as both are known. ``digit``: one digit, or two neighbours
    changed places. ``year``: a year apart, give or take the days
    by which months differ (the 31st becomes the 28th).
    """
    x, y = f"{a}.n_birth", f"{b}.n_birth"
    apart = f"abs({a}.n_birth_day_no - {b}.n_birth_day_no)"
    return f"""case
        when {x} = {y} then 'equal'
        when {a}.n_birth_month is null or {b}.n_birth_month is null then 'unknown'
        when {x} is null or {y} is null
            then if({a}.n_birth_month = {b}.n_birth_month, 'month', 'different')
        when {apart} >= {generation_years} * 365.25 - 3 then 'generation'
        when left({x}, 4) = left({y}, 4) and substr({x}, 6, 2) = right({y}, 2)
            and right({x}, 2) = substr({y}, 6, 2) then 'swapped'
        when damerau_levenshtein({x}, {y}) = 1 then 'digit'
        when {apart} between 360 and 370 then 'year'
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
    return f"""case
        when {a}.n_middle is null or {b}.n_middle is null then 'unknown'
        when {a}.n_middle = {b}.n_middle
            then if(length({a}.n_middle) > 1, 'equal', 'initial')
        when least(length({a}.n_middle), length({b}.n_middle)) = 1
            and left({a}.n_middle, 1) = left({b}.n_middle, 1) then 'initial'
        when starts_with({a}.n_family, {b}.n_middle)
            or starts_with({b}.n_family, {a}.n_middle) then 'unknown'
        when damerau_levenshtein({a}.n_middle, {b}.n_middle) <= 1
            and least(length({a}.n_middle), length({b}.n_middle)) >= 4 then 'initial'
        else 'different'
    end"""
