"""The waterfall of a score: from the odds before comparing to those after.

Belongs here: the arithmetic and geometry of the bars. Does not belong here: the
weights, which the model gives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.identity.review.words import label, odds

STARTS = ("prior", "before comparing")
"""What a model calls the part that is no comparison."""
_EMPTY = 0.05


@dataclass(frozen=True)
class Bar:
    """One step.

    Attributes:
        label: What was compared.
        found: What was found there, in words.
        bits: log2 of the Bayes factor; positive speaks for one person.
        total: Bits after this step.
        left: Start of the bar, percent of the chart's width.
        width: Percent of the chart's width.
        kind: ``start``, ``for``, ``against`` or ``end``.
        odds: The step, or for start and end the total, as odds.
    """

    label: str
    found: str
    bits: float
    total: float
    left: float
    width: float
    kind: str
    odds: str


@dataclass(frozen=True)
class Waterfall:
    """All steps of one pair.

    Attributes:
        bars: From the start through what was compared to the end.
        zero: Where even odds lie, in percent.
        silent: What was compared and says nothing either way.
    """

    bars: list[Bar]
    zero: float
    silent: list[str]


def waterfall(
    weight: float | None, parts: Iterable[Mapping[str, Any]]
) -> Waterfall | None:
    """Lay out the steps of a model's score.

    Args:
        weight: Bits in the end; None for pairs that no model scored.
        parts: ``comparison``, ``level`` and ``bits``, in the model's order. A part
            that names the prior is the start; else the start is what is left over.

    Returns:
        The steps, or None where there is no score.
    """
    if weight is None:
        return None
    every = [part for part in parts if part["bits"] is not None]
    compared = [p for p in every if str(p["comparison"]).lower() not in STARTS]
    silent = [p for p in compared if abs(float(p["bits"])) < _EMPTY]
    steps = [p for p in compared if p not in silent]
    start = weight - sum(float(p["bits"]) for p in steps)
    totals = [start]
    for part in steps:
        totals.append(totals[-1] + float(part["bits"]))
    scale = _Scale(min(0.0, weight, *totals), max(0.0, weight, *totals))
    found = "How seldom two records, taken at random, are one person"
    bars = [scale.bar("Before comparing", found, 0, start, "start")]
    for part, before, after in zip(steps, totals, totals[1:], strict=False):
        bits = float(part["bits"])
        kind = "for" if bits > 0 else "against"
        name, level = label(str(part["comparison"])), str(part["level"] or "–")
        bars.append(scale.bar(name, level, before, after, kind))
    bars.append(scale.bar("After comparing", "All together", 0, weight, "end"))
    quiet = [label(str(part["comparison"])) for part in silent]
    return Waterfall(bars, scale.percent(0 - scale.low), quiet)


@dataclass(frozen=True)
class _Scale:
    """Bits to percent of the chart's width."""

    low: float
    high: float

    def percent(self, bits: float) -> float:
        return round(bits / ((self.high - self.low) or 1.0) * 100, 2)

    def bar(self, name: str, found: str, before: float, after: float, kind: str) -> Bar:
        """A bar between two totals."""
        left, right = sorted((before, after))
        bits = after - before
        at, width = self.percent(left - self.low), self.percent(right - left)
        return Bar(name, found, bits, after, at, width, kind, odds(bits))
