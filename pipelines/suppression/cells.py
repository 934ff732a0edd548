"""The counts of linked tables, and every equation that holds between them.

Belongs here: reading the long table; sums over margins, residuals that nobody listed,
margins that nobody printed, colleges that merged, the same people under two metrics or
in two releases. Does not belong here: what may be shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from pipelines.suppression.rules import SuppressionError

NUMERATOR, DENOMINATOR, REST, AVERAGED = "numerator", "denominator", "rest", "averaged"
"""Kinds of count in a cell; ``rest`` is the denominator less the numerator."""

KINDS = (NUMERATOR, DENOMINATOR, REST, AVERAGED)

Values = tuple[str | None, ...]
"""A cell's value in each dimension; None: all of them."""

Merged = Mapping[str, Mapping[str, str]]
"""Of a dimension, what each value that is no more became."""


class Place(NamedTuple):
    """Where a cell stands; ``implied`` is empty for one that the table prints."""

    metric: str
    release: int
    values: Values
    implied: str = ""


Count = tuple[Place, str]
"""A place and a kind of count."""


@dataclass
class Cell:
    """One cell's counts of people."""

    numerator: int
    denominator: int
    averaged: int | None = None
    row: int = -1  # of the table; none for one that no table prints

    def count(self, kind: str) -> int | None:
        """The count of a kind."""
        if kind == REST:
            return self.denominator - self.numerator
        value: int | None = getattr(self, kind)
        return value


class Equation(NamedTuple):
    """``sum(coefficient * count) = 0``, known from a release on."""

    release: int
    terms: tuple[tuple[int, int], ...]


@dataclass
class Counts:
    """Every count of some metrics that share people, each once, and the equations.

    Counts that are equal because they are of the same people are one count: who knows
    that nothing moved between two releases would take them as one.
    """

    values: list[int] = field(default_factory=list)
    moves: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Differences of two releases, which can be negative: the earlier, the later."""
    equations: list[Equation] = field(default_factory=list)
    margins: list[Equation] = field(default_factory=list)
    """Those of the equations that say a whole is the sum of its parts."""
    at: dict[Count, int] = field(default_factory=dict)
    cells: dict[Place, Cell] = field(default_factory=dict)
    delicate: dict[int, int] = field(default_factory=dict)
    """Counts that no table prints and that must stay open, with their first release."""


def read(table: pl.DataFrame) -> tuple[list[str], list[str]]:
    """The dimensions of a long table and its releases in order.

    Raises:
        SuppressionError: A column is missing, a count impossible, a cell there twice.
    """
    own = {
        "release", "metric", "cohort", "rate", NUMERATOR, DENOMINATOR, "average",
        "average_count",
    }  # fmt: skip
    missing = {"release", "metric", NUMERATOR, DENOMINATOR} - set(table.columns)
    if missing:
        raise SuppressionError(f"The table has no column {', '.join(sorted(missing))}")
    dimensions = [name for name in table.columns if name not in own]
    wrong = table.filter(
        pl.any_horizontal(
            pl.col("release", "metric", NUMERATOR, DENOMINATOR).is_null(),
        )
        | (pl.col(NUMERATOR) < 0)
        | (pl.col(NUMERATOR) > pl.col(DENOMINATOR))
    )
    if "average_count" in table.columns:
        beyond = table.filter(
            (pl.col("average_count") < 0)
            | (pl.col("average_count") > pl.col(DENOMINATOR))
        )
        wrong = pl.concat([wrong, beyond])
    if wrong.height:
        raise SuppressionError(
            f"{told(wrong.row(0, named=True), dimensions)}: a numerator, and the count "
            "of an average, lie between 0 and the denominator"
        )
    key = ["release", "metric", *dimensions]
    twice = table.filter(pl.struct(key).is_duplicated())
    if twice.height:
        raise SuppressionError(
            f"{told(twice.row(0, named=True), dimensions)} is there twice"
        )
    return dimensions, sorted(table["release"].cast(pl.String).unique().to_list())


def told(row: Mapping[str, object], dimensions: Iterable[str]) -> str:
    """A cell in words; no count is in it.

    >>> told({"release": "2026", "metric": "retention", "college": "A"}, ["college"])
    'retention, release 2026, college A'
    """
    where = [f"{name} {row[name]}" for name in dimensions if row[name] is not None]
    return ", ".join([str(row["metric"]), f"release {row['release']}", *where])


def linked(
    cells: dict[Place, Cell],
    dimensions: Sequence[str],
    cohorts: Mapping[str, str],
    merged: Merged,
    minimum: int,
) -> Counts:
    """The counts of the cells and all that binds them.

    Args:
        cells: Those that the table prints, of metrics that share people.
        dimensions: Their names, in the order of ``Place.values``.
        cohorts: Of each metric the name of whose denominator it has.
        merged: Of a dimension, what each value that is no more became.
        minimum: A smaller count, or difference of two releases, must stay open.

    Raises:
        SuppressionError: Parts are more than their whole.
    """
    cells = dict(cells)
    sums: list[tuple[Place, list[Place]]] = []
    by_table: dict[tuple[str, int], list[Place]] = defaultdict(list)
    for place in cells:
        by_table[place.metric, place.release].append(place)
    for places in by_table.values():
        sums += _margins(cells, places, dimensions)
    earlier = _earlier(cells, sums, dimensions, merged)

    same = _same_people(cells, cohorts)
    moved: list[tuple[Count, Count]] = []
    for before, after in earlier:
        for kind in KINDS:
            was, now = cells[before].count(kind), cells[after].count(kind)
            if was is None or now is None:
                continue
            if was == now:
                same.join((before, kind), (after, kind))
            elif abs(was - now) < minimum:
                moved.append(((before, kind), (after, kind)))
    counts = _numbered(cells, same, minimum)
    _equations(counts, sums, moved)
    return counts


def _same_people(cells: dict[Place, Cell], cohorts: Mapping[str, str]) -> "_Same":
    """Counts of one release that are one: of a cohort, and of an average of all."""
    same = _Same()
    shared: dict[tuple[object, ...], Place] = {}
    for place, cell in cells.items():
        if cell.averaged is not None and cell.averaged == cell.numerator:
            same.join((place, NUMERATOR), (place, AVERAGED))
        elif cell.averaged is not None and cell.averaged == cell.denominator:
            same.join((place, DENOMINATOR), (place, AVERAGED))
        first = shared.setdefault((cohorts[place.metric], *place[1:]), place)
        if cells[first].denominator == cell.denominator:
            same.join((first, DENOMINATOR), (place, DENOMINATOR))
        elif not place.implied:
            raise SuppressionError(
                f"{place.metric} and {first.metric} name one cohort and differ in it"
            )
    return same


def _margins(
    cells: dict[Place, Cell], places: list[Place], dimensions: Sequence[str]
) -> list[tuple[Place, list[Place]]]:
    """Each cell of a table as the sum of its parts, at every grain that is there.

    Margins that are not printed and follow from two grains, and parts that are not
    printed and are what is left of the whole, are added to the cells as implied.
    """
    metric, release = places[0].metric, places[0].release
    at: dict[frozenset[int], dict[Values, Place]] = defaultdict(dict)
    for place in places:
        grain = frozenset(
            i for i, value in enumerate(place.values) if value is not None
        )
        at[grain][place.values] = place
    grains = set(at)
    while more := {a & b for a in grains for b in grains} - grains:
        grains |= more
    sums = []
    for coarse in sorted(grains, key=len, reverse=True):
        finer = [grain for grain in grains if grain > coarse]
        for fine in (f for f in finer if not any(coarse < g < f for g in finer)):
            parts: dict[Values, list[Place]] = defaultdict(list)
            for values, place in at[fine].items():
                kept = tuple(v if i in coarse else None for i, v in enumerate(values))
                parts[kept].append(place)
            for values, of in parts.items():
                if values not in at[coarse]:
                    whole = Place(metric, release, values, "margin")
                    cells[whole] = _sum(cells[part] for part in of)
                    at[coarse][values] = whole
                whole = at[coarse][values]
                names = [dimensions[i] for i in sorted(fine)]
                left = _left(cells[whole], [cells[part] for part in of])
                if left is None:
                    raise SuppressionError(
                        f"{metric}, release {release + 1}: the parts by "
                        f"{' × '.join(names)} are more than their whole; a dimension's "
                        "values must not overlap"
                    )
                if left.denominator or left.averaged:
                    rest = Place(metric, release, values, f"not in {' × '.join(names)}")
                    cells[rest] = left
                    of.append(rest)
                sums.append((whole, of))
    return sums


def _sum(parts: Iterable[Cell]) -> Cell:
    total = Cell(0, 0, None)
    for part in parts:
        total.numerator += part.numerator
        total.denominator += part.denominator
        if part.averaged is not None:
            total.averaged = (total.averaged or 0) + part.averaged
    return total


def _left(whole: Cell, parts: list[Cell]) -> Cell | None:
    """What the parts leave of the whole; None: they are more."""
    of = _sum(parts)
    averaged = None
    if whole.averaged is not None:
        averaged = whole.averaged - (of.averaged or 0)
    left = Cell(
        whole.numerator - of.numerator, whole.denominator - of.denominator, averaged
    )
    fits = 0 <= left.numerator <= left.denominator and (averaged or 0) >= 0
    return left if fits else None


def _earlier(
    cells: dict[Place, Cell],
    sums: list[tuple[Place, list[Place]]],
    dimensions: Sequence[str],
    merged: Merged,
) -> list[tuple[Place, Place]]:
    """Pairs of one cell in two releases, what merged added up in the earlier."""
    by_metric: dict[str, dict[int, list[Place]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for place in cells:
        by_metric[place.metric][place.release].append(place)
    pairs = []
    for metric, releases in by_metric.items():
        for later in sorted(releases):
            new = set(releases[later])
            there = [{p.values[i] for p in new} for i in range(len(dimensions))]
            for before in (release for release in releases if release < later):
                became: dict[Place, list[Place]] = defaultdict(list)
                for place in releases[before]:
                    values = tuple(
                        _became(value, merged.get(dimensions[i], {}), there[i])
                        for i, value in enumerate(place.values)
                    )
                    became[place._replace(release=later, values=values)].append(place)
                for after, of in became.items():
                    if after not in new:
                        continue
                    one = of[0]
                    if len(of) > 1:
                        one = Place(
                            metric,
                            before,
                            after.values,
                            f"{after.implied} merged {later}",
                        )
                        cells[one] = _sum(cells[part] for part in of)
                        sums.append((one, of))
                    pairs.append((one, after))
    return pairs


def _became(
    value: str | None, merged: Mapping[str, str], there: set[str | None]
) -> str | None:
    """What a value is called in a later release."""
    while value is not None and value not in there and value in merged:
        value = merged[value]
    return value


class _Same:
    """Counts that are one."""

    def __init__(self) -> None:
        self._of: dict[Count, Count] = {}

    def one(self, count: Count) -> Count:
        while (further := self._of.get(count, count)) != count:
            self._of[count] = self._of.get(further, further)
            count = further
        return count

    def join(self, a: Count, b: Count) -> None:
        a, b = self.one(a), self.one(b)
        if a != b:
            self._of[b] = a


def _numbered(cells: dict[Place, Cell], same: _Same, minimum: int) -> Counts:
    counts = Counts(cells=cells)
    number: dict[Count, int] = {}
    for place, cell in cells.items():
        for kind in KINDS:
            value = cell.count(kind)
            if value is None:
                continue
            one = same.one((place, kind))
            if one not in number:
                number[one] = len(counts.values)
                counts.values.append(value)
            counts.at[place, kind] = number[one]
            if place.implied and 0 < value < minimum:
                counts.delicate.setdefault(number[one], place.release)
    return counts


def _equations(
    counts: Counts,
    sums: list[tuple[Place, list[Place]]],
    moved: list[tuple[Count, Count]],
) -> None:
    at, values = counts.at, counts.values

    def left(release: int, whole: int, part: int) -> int:
        """A new count, by which one is more than another."""
        values.append(values[whole] - values[part])
        rest = len(values) - 1
        counts.equations.append(Equation(release, ((whole, -1), (part, 1), (rest, 1))))
        return rest

    for place in counts.cells:
        # Numerators and denominators that add up make the rests do so.
        whole, part, rest = (at[place, k] for k in (DENOMINATOR, NUMERATOR, REST))
        terms = ((whole, -1), (part, 1), (rest, 1))
        counts.equations.append(Equation(place.release, terms))
        averaged = at.get((place, AVERAGED), whole)
        if averaged not in (whole, part):
            # Whom an average leaves out is no cell; they are not fewer than none.
            left(place.release, whole, averaged)
    for total, parts in sums:
        for kind in (NUMERATOR, DENOMINATOR, AVERAGED):
            if (total, kind) in at:
                of = [(at[p, kind], 1) for p in parts if (p, kind) in at]
                counts.margins.append(
                    Equation(total.release, ((at[total, kind], -1), *of))
                )
    counts.equations += counts.margins
    for before, after in moved:
        difference = left(after[0].release, at[after], at[before])
        counts.moves[difference] = (at[before], at[after])
        counts.delicate[difference] = after[0].release
