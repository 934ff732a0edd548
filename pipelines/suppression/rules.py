"""The rules of a release, and how a rate near 0 or 100 % is told without its count.

Belongs here: thresholds, and the coding of one cell on its own. Does not belong here:
anything that needs a second cell.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipelines.errors import OperatorError


class SuppressionError(OperatorError):
    """The tables cannot be released so; the message says which, and why."""


class Coded(NamedTuple):
    """A rate told as a range: 0 to ``percent`` ("low"), or as far below 100 ("high").

    ``people`` is the most that the numerator (low) or the rest (high) can be.
    """

    end: Literal["low", "high"]
    percent: int
    people: int

    @property
    def words(self) -> str:
        """As a table prints it.

        >>> Coded("high", 5, 12).words
        '>=95 %'
        """
        return (
            f"<={self.percent} %" if self.end == "low" else f">={100 - self.percent} %"
        )


@dataclass(frozen=True)
class Rules:
    """What a release is held to.

    Attributes:
        minimum: A count of fewer people is not shown (NCES 2011-603: the states' mode
            is 10), nor an average of fewer, nor a difference of two releases that is
            smaller. Nobody is fewer too: once a release has said that a cell is empty,
            what the first person in it did shows in the next one's margins.
        width: No hidden count can be bounded to an interval narrower than this, in
            people, by anyone who adds and subtracts all that is shown.
        percents: The ends of the ranges that a rate near 0 or 100 % is told by. The
            first that leaves ``width`` people open counts, so a small college gets a
            wide range, which is how NCES's brief widens them.
    """

    minimum: int = 10
    width: int = 10
    percents: tuple[int, ...] = (1, 2, 5, 10, 20, 25, 40)

    def __post_init__(self) -> None:
        if self.minimum < 2 or self.width < 1:
            raise SuppressionError(
                "A minimum cell is 2 or more and a width 1 or more; "
                f"these are {self.minimum} and {self.width}"
            )
        if list(self.percents) != sorted(p for p in self.percents if 0 < p < 50):
            raise SuppressionError("Percents of coded rates rise, above 0 and below 50")

    def coded(self, numerator: int, denominator: int) -> Coded | None:
        """The range that a shown denominator's rate is told by; None: no range fits.

        What is coded is a matter of the rate alone: were it only counts below the
        minimum, the code would say that the count is one.

        >>> Rules().coded(0, 200), Rules().coded(11, 200), Rules().coded(3, 20)
        (Coded(end='low', percent=5, people=10), None, None)
        """
        for percent in self.percents:
            people = percent * denominator // 100
            if people >= max(self.width, self.minimum - 1):
                if numerator <= people:
                    return Coded("low", percent, people)
                if denominator - numerator <= people:
                    return Coded("high", percent, people)
                break
        return None
