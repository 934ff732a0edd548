"""What another threshold would have done, and whether probabilities mean what they say.

Belongs here: the threshold sweep and the calibration, computed from scored pairs. Does
not belong here: scoring (``evidence``), drawing (``charts``).

A scored pair has ``a_`` and ``b_`` of ``institution_code`` and ``student_id``,
``kind`` (exact, model), ``probability`` and ``may_link``: no gate but the threshold
forbids the link.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log2

import polars as pl

THRESHOLDS = (
    0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999,
    0.999999, 0.9999999, 0.99999999,
)  # fmt: skip
"""Probabilities at which the sweep measures; an exact link counts at all of them."""

_EDGES = (0.0, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Bin:
    """Scored pairs of like probability.

    Attributes:
        low: Least probability of the bin; the next bin's is its end.
        pairs: How many.
        predicted: Their mean probability.
        observed: The share of them that is one person.
    """

    low: float
    pairs: int
    predicted: float
    observed: float


@dataclass(frozen=True)
class Point:
    """The links of one threshold.

    Attributes:
        threshold: Probability from which a model's pair is linked.
        precision: Share of joined pairs that are one person.
        recall: Share of one person's pairs that were joined.
        false_merges: Joined pairs of two people.
    """

    threshold: float
    precision: float
    recall: float
    false_merges: int


def calibration(truth: pl.DataFrame, pairs: pl.DataFrame) -> list[Bin]:
    """Predicted probability against the observed share, by bins; the model's pairs.

    Args:
        truth: ``institution_code``, ``student_id``, ``true_learner``.
        pairs: Scored pairs, also those far from the threshold.
    """
    known = with_truth(truth, pairs.filter(pl.col("kind") == "model"))
    place = pl.col("probability").cut(list(_EDGES[1:]), left_closed=True)
    binned = known.group_by(place.to_physical().alias("bin")).agg(
        pairs=pl.len(),
        predicted=pl.col("probability").mean(),
        observed=(pl.col("person_a") == pl.col("person_b")).mean(),
    )
    return [
        Bin(_EDGES[row["bin"]], row["pairs"], row["predicted"], row["observed"])
        for row in binned.sort("bin").iter_rows(named=True)
    ]


def sweep(
    truth: pl.DataFrame,
    pairs: pl.DataFrame,
    thresholds: Iterable[float] = THRESHOLDS,
) -> list[Point]:
    """Precision and recall after clustering, by threshold, lowest first.

    Exact pairs first, then the model's by falling probability; two ids in force at one
    college are never joined by a model. The nightly clustering knows more (steward's
    overrides, refusals); on a first night without them it does the same.

    Args:
        truth: ``institution_code``, ``student_id``, ``true_learner``, ``current``.
        pairs: Scored pairs.
        thresholds: Probabilities.
    """
    people, forest, edges = _grown(truth, pairs)
    sizes = people.group_by("true_learner").len()["len"].cast(pl.Int64)
    true = int((sizes * (sizes - 1) // 2).sum())
    points, at = [], 0
    for threshold in sorted(thresholds, reverse=True):
        while at < len(edges) and edges[at][0] >= threshold:
            forest.join(*edges[at][1:])
            at += 1
        points.append(
            Point(
                threshold=threshold,
                precision=forest.found / forest.joined if forest.joined else 1.0,
                recall=forest.found / true if true else 1.0,
                false_merges=forest.joined - forest.found,
            )
        )
    return points[::-1]


def links_at(
    truth: pl.DataFrame, pairs: pl.DataFrame, threshold: float
) -> pl.DataFrame:
    """The links of one threshold, clustered as ``sweep`` does.

    Returns:
        ``institution_code``, ``student_id``, ``learner_id``.
    """
    people, forest, edges = _grown(truth, pairs)
    for probability, a, b in edges:
        if probability >= threshold:
            forest.join(a, b)
    learners = pl.Series([f"learner-{forest.root(n)}" for n in people["n"]])
    return people.select("institution_code", "student_id", learner_id=learners)


def odds(probability: float) -> float:
    """A probability as bits of evidence for it; the scale on which thresholds differ.

    Raises:
        ValueError: It is 0 or 1.
    """
    return log2(probability / (1 - probability))


def _grown(
    truth: pl.DataFrame, pairs: pl.DataFrame
) -> tuple[pl.DataFrame, "_Forest", list[tuple[float, int, int]]]:
    """Numbered people, all of them apart, and the edges to join them by."""
    people = truth.with_row_index("n")
    owner = dict(zip(people["n"], people["true_learner"], strict=True))
    here = people.filter("current")
    college = dict(zip(here["n"], here["institution_code"], strict=True))
    return people, _Forest(owner, college), _edges(people, pairs)


def _edges(people: pl.DataFrame, pairs: pl.DataFrame) -> list[tuple[float, int, int]]:
    """Pairs that may link, as (probability, n, n); exact ones first."""
    exact = pl.col("kind") == "exact"
    wanted = pairs.filter(exact | pl.col("may_link")).with_columns(
        # An exact pair passes every threshold.
        pl.when(exact).then(2.0).otherwise("probability").alias("probability")
    )
    found = _placed(people, wanted, "n").sort(
        ["probability", "n_a", "n_b"], descending=[True, False, False]
    )
    return list(found.select("probability", "n_a", "n_b").iter_rows())


def with_truth(truth: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """``pairs`` with ``person_a`` and ``person_b``, the true persons of both."""
    return _placed(truth.rename({"true_learner": "person"}), pairs, "person")


def _placed(people: pl.DataFrame, pairs: pl.DataFrame, what: str) -> pl.DataFrame:
    for side in ("a", "b"):
        one = people.select(
            pl.col("institution_code").alias(f"{side}_institution_code"),
            pl.col("student_id").alias(f"{side}_student_id"),
            pl.col(what).alias(f"{what}_{side}"),
        )
        keys = [f"{side}_institution_code", f"{side}_student_id"]
        pairs = pairs.join(one, on=keys, how="inner")
    return pairs


class _Forest:
    """Clusters that grow, with the pairs joined and found so far."""

    def __init__(self, owner: dict[int, int], college: dict[int, str]) -> None:
        self._parent: dict[int, int] = {}
        self._owner, self._college = owner, college
        # Of clusters of two and more; most people are one.
        self._people: dict[int, Counter[int]] = {}
        self._colleges: dict[int, set[str]] = {}
        self.joined = 0
        self.found = 0

    def root(self, n: int) -> int:
        """The one of its cluster that stands for it."""
        path = []
        while (up := self._parent.get(n, n)) != n:
            path.append(n)
            n = up
        for step in path:
            self._parent[step] = n
        return n

    def join(self, a: int, b: int) -> None:
        """Joins two clusters unless both have an id in force at one college."""
        a, b = self.root(a), self.root(b)
        if a == b or self._at(a) & self._at(b):
            return
        if self._in(a).total() < self._in(b).total():
            a, b = b, a
        mine, theirs = self._in(a), self._in(b)
        self.joined += mine.total() * theirs.total()
        self.found += sum(mine[person] * count for person, count in theirs.items())
        self._people[a] = mine + theirs
        self._colleges[a] = self._at(a) | self._at(b)
        self._parent[b] = a

    def _in(self, n: int) -> Counter[int]:
        return self._people.get(n) or Counter({self._owner[n]: 1})

    def _at(self, n: int) -> set[str]:
        alone = {self._college[n]} if n in self._college else set()
        return self._colleges.get(n, alone)
