"""Tables of counts of made-up colleges, at every grain, with releases that correct."""

import random
from collections import defaultdict

import polars as pl

GROUPS = (
    ("white", 0.55),
    ("black", 0.22),
    ("hispanic", 0.1),
    ("asian", 0.05),
    ("two or more", 0.04),
    ("native", 0.02),
    ("pacific", 0.02),
)


def rolled(leaves: dict[tuple[str, ...], list[int]], *dimensions: str) -> list[dict]:
    """Every grain of leaves: all subsets of the dimensions, null standing for all."""
    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
    for values, (numerator, denominator) in leaves.items():
        for mask in range(2 ** len(dimensions)):
            kept = tuple(v if mask >> i & 1 else None for i, v in enumerate(values))
            sums[kept][0] += numerator
            sums[kept][1] += denominator
    return [
        dict(zip(dimensions, values, strict=True))
        | {"numerator": numerator, "denominator": denominator}
        for values, (numerator, denominator) in sums.items()
    ]


def state(
    *, colleges: int, metrics: int, releases: int, seed: int, size: float = 6
) -> pl.DataFrame:
    """A table of a state: state, college, college × group, group.

    Each release after the first corrects about 3 of 100 of its finest cells, by 1 to 4
    people. ``size`` is the logarithm of a college's median denominator.
    """
    drawn = random.Random(seed)
    rows: list[dict] = []
    for metric in range(metrics):
        mean = drawn.uniform(0.15, 0.8)
        leaves = {}
        for college in range(colleges):
            people = drawn.lognormvariate(size, 0.8)
            for group, share in GROUPS:
                denominator = round(people * share * drawn.lognormvariate(0, 0.7))
                rate = min(1, max(0, drawn.gauss(mean, 0.12)))
                numerator = sum(drawn.random() < rate for _ in range(denominator))
                leaves[f"C{college:02}", group] = [numerator, denominator]
        for release in range(releases):
            if release:
                for cell in drawn.sample(
                    sorted(leaves), max(1, len(leaves) * 3 // 100)
                ):
                    numerator, denominator = leaves[cell]
                    denominator = max(0, denominator + drawn.randint(-4, 4))
                    numerator = min(
                        denominator, max(0, numerator + drawn.randint(-2, 2))
                    )
                    leaves[cell] = [numerator, denominator]
            rows += [
                {"release": str(2026 + release), "metric": f"metric {metric}"} | row
                for row in rolled(leaves, "college", "group")
            ]
    return pl.DataFrame(rows)
