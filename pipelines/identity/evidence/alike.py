"""When two values are nearly the same: one answer for the model and for the gates.

Belongs here: conditions that DuckDB and Spark both read, of two values of a row each.
Does not belong here: the order in which they are asked (``compare``, ``model``), what
follows from them.

Every function takes two SQL expressions and is null where one of them is.
``damerau_levenshtein`` counts two neighbours that changed places as one slip; on Spark
it comes from the jar that Splink ships.
"""

_SHORTEST_NAME = 4
"""Letters from which one slip leaves a name what it is: Ana and Ann are two names."""


def one_slip(x: str, y: str) -> str:
    """Names that differ by a letter, or by two neighbours that changed places."""
    return (
        f"(length({x}) >= {_SHORTEST_NAME} and length({y}) >= {_SHORTEST_NAME} "
        f"and damerau_levenshtein({x}, {y}) <= 1)"
    )


def is_initial(x: str, y: str) -> str:
    """One is the initial of the other, or both are one letter."""
    return (
        f"(least(length({x}), length({y})) = 1 "
        f"and substr({x}, 1, 1) = substr({y}, 1, 1))"
    )


def day_and_month_swapped(x: str, y: str) -> str:
    """Dates as ``YYYY-MM-DD`` of one year whose day and month changed places."""
    return (
        f"(substr({x}, 1, 4) = substr({y}, 1, 4) "
        f"and substr({x}, 6, 2) = substr({y}, 9, 2) "
        f"and substr({x}, 9, 2) = substr({y}, 6, 2))"
    )


def one_digit(x: str, y: str) -> str:
    """Dates that differ by a digit, or by two neighbours that changed places."""
    return f"(damerau_levenshtein({x}, {y}) <= 1)"


def a_year_apart(x: str, y: str) -> str:
    """Days numbered through; the 31st becomes the 28th, hence the ten days."""
    return f"(abs({x} - {y}) between 360 and 370)"
