"""Someone who has every table and every release, and works out what is hidden.

Shares no code with the suppressor. Told: the published rows, that the values of a
dimension do not overlap and are all there, which colleges merged, and, from inside,
which counts did not change between releases. First subtraction, again and again; then
for every count that is still hidden the least and the most it can be, by linear
programming.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import highspy
import numpy as np
import polars as pl

OWN = {
    "release", "metric", "cohort", "numerator", "denominator", "rate", "average",
    "average_count", "numerator_mark", "denominator_mark", "average_mark",
}  # fmt: skip
FAR = 1e6


@dataclass
class Report:
    """What the attack came to; widths in people."""

    tables: int = 0
    cells: int = 0
    hidden: int = 0
    told: int = 0
    recovered: list = field(default_factory=list)
    narrowest: float = FAR
    where: object = None
    moves: int = 0
    moves_recovered: list = field(default_factory=list)
    narrowest_move: float = FAR
    averages_recovered: list = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"tables attacked        {self.tables}",
                f"counts                 {self.cells}",
                f"hidden                 {self.hidden}",
                f"  unchanged since shown {self.told}",
                f"exactly recovered      {len(self.recovered)}",
                f"narrowest bound        {self.narrowest:g}",
                f"small changes          {self.moves}",
                f"  exactly recovered    {len(self.moves_recovered)}",
                f"  narrowest bound      {self.narrowest_move:g}",
                f"averages recovered     {len(self.averages_recovered)}",
            )
        )


class Attack:
    def __init__(
        self, public: pl.DataFrame, truth: pl.DataFrame, merged=None, least=10
    ):
        self.dimensions = [name for name in truth.columns if name not in OWN]
        self.least, self.merged = least, merged or {}
        self.names: dict = {}
        self.true: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.sums: list[list[tuple[int, float]]] = []
        self.secret: set[int] = set()
        self.averages: dict = {}
        self.report = Report()
        self._read(public, truth)
        self._margins()
        self._inside()

    def _variable(self, name, true, low=0.0, high=FAR) -> int:
        if name not in self.names:
            self.names[name] = len(self.true)
            self.true.append(true)
            self.low.append(low)
            self.high.append(high)
        return self.names[name]

    def _read(self, public, truth):
        tables = set()
        for seen, row in zip(public.to_dicts(), truth.to_dicts(), strict=True):
            cell = tuple(row[d] for d in self.dimensions)
            key = (row["metric"], row["release"], cell)
            tables.add((*key[:2], tuple(v is None for v in cell)))
            n, d = row["numerator"], row["denominator"]
            numbers = [
                self._variable((*key, "n"), n),
                self._variable((*key, "d"), d),
                self._variable((*key, "c"), d - n),
            ]
            self.sums.append([(numbers[0], 1), (numbers[2], 1), (numbers[1], -1)])
            self.report.cells += 2
            for number, name in zip(
                numbers, ("numerator", "denominator"), strict=False
            ):
                if seen[name] is None:
                    self.secret.add(number)
                else:
                    assert seen[name] == row[name]
                    self.low[number] = self.high[number] = seen[name]
            if seen["numerator"] is None or seen["denominator"] is None:
                self.secret.add(numbers[2])
            if rate := seen.get("rate"):
                percent = int(rate[2:-2])
                low = rate.startswith("<")
                people = (
                    (percent if low else 100 - percent) * seen["denominator"] // 100
                )
                self.high[numbers[0 if low else 2]] = people
            if row.get("average_count") is not None:
                m = self._variable((*key, "m"), row["average_count"])
                total = self._variable(
                    (*key, "total"), row["average_count"] * row["average"], -FAR * FAR
                )
                left = self._variable((*key, "left"), d - row["average_count"])
                self.sums.append([(m, 1), (left, 1), (numbers[1], -1)])
                if seen["average_count"] is None:
                    assert seen["average"] is None
                    self.secret.add(m)
                    self.averages[key] = (m, total)
                else:
                    self.low[m] = self.high[m] = seen["average_count"]
                    self.low[total] = self.high[total] = self.true[total]
        self.report.tables = len(tables)

    def _margins(self):
        """Sums over each dimension; totals that nobody printed are sums too."""
        grown = 0
        while grown < len(self.names):
            grown = len(self.names)
            for i in range(len(self.dimensions)):
                for whole, parts in self._parts(i).items():
                    low = -FAR * FAR if whole[3] == "total" else 0.0
                    self._variable(whole, sum(self.true[x] for x in parts), low)
        for i in range(len(self.dimensions)):
            for whole, parts in self._parts(i).items():
                self.sums.append([(self.names[whole], -1), *((x, 1) for x in parts)])

    def _parts(self, i: int) -> dict:
        parts = defaultdict(list)
        for (metric, release, cell, kind), x in self.names.items():
            if kind in ("n", "d", "m", "total") and cell[i] is not None:
                whole = (*cell[:i], None, *cell[i + 1 :])
                parts[metric, release, whole, kind].append(x)
        return parts

    def _renamed(self, cell, there):
        def now(i, value):
            known = self.merged.get(self.dimensions[i], {})
            return known[value] if value in known and value not in there[i] else value

        return tuple(now(i, value) for i, value in enumerate(cell))

    def _inside(self):
        """Link releases: what did not change is known not to have."""
        self.moved = []
        releases = sorted({name[1] for name in self.names})
        for before, after in combinations(releases, 2):
            new = {
                n for n in self.names if n[1] == after and n[3] in ("n", "d", "c", "m")
            }
            there = [{n[2][i] for n in new} for i in range(len(self.dimensions))]
            became = defaultdict(list)
            for name in list(self.names):
                if name[1] == before and name[3] in ("n", "d", "c", "m"):
                    cell = self._renamed(name[2], there)
                    became[name[0], after, cell, name[3]].append(self.names[name])
            for name, olds in became.items():
                if name not in new:
                    continue
                x = self.names[name]
                moved = self.true[x] - sum(self.true[o] for o in olds)
                if abs(moved) >= self.least:
                    continue
                terms = [(x, 1), *((o, -1) for o in olds)]
                if moved:
                    y = self._variable(
                        ((before, name[0]), *name[1:3], f"move {name[3]}"), moved, -FAR
                    )
                    self.sums.append([*terms, (y, -1)])
                    self.moved.append(y)
                else:
                    self.sums.append(terms)
                    known = all(self.low[o] == self.high[o] for o in olds)
                    if x in self.secret and known:
                        self.secret.discard(x)
                        self.report.told += 1

    def run(self) -> Report:
        report = self.report
        self._first_told()
        known = self._subtract()
        report.hidden = len(self.secret)
        report.recovered = [x for x in self.secret if known[x]]
        report.moves = len(self.moved)
        report.moves_recovered = [y for y in self.moved if known[y]]
        report.averages_recovered = [
            key
            for key, (m, total) in self.averages.items()
            if known[m] and known[total]
        ]
        self._bounds(known)
        return report

    def _first_told(self):
        """The rest of a cell both of whose counts were shown was never secret."""
        told = set()
        for name in sorted((n for n in self.names if n[3] == "c"), key=lambda n: n[1]):
            metric, _, cell, _ = name
            x = self.names[name]
            if x not in self.secret:
                told.add((metric, cell, self.true[x]))
            elif (metric, cell, self.true[x]) in told:
                self.secret.discard(x)
                self.report.told += 1

    def _subtract(self) -> list[bool]:
        known = [low == high for low, high in zip(self.low, self.high, strict=True)]
        again = True
        while again:
            again = False
            for terms in self.sums:
                open_ = [(x, c) for x, c in terms if not known[x]]
                if len(open_) == 1:
                    (x, c), again = open_[0], True
                    value = -sum(k * self.low[o] for o, k in terms if o != x) / c
                    assert abs(value - self.true[x]) < 1e-6
                    known[x] = True
                    self.low[x] = self.high[x] = value
        return known

    def _bounds(self, known):  # noqa: C901
        columns = [x for x in range(len(known)) if not known[x]]
        totals = {x for name, x in self.names.items() if name[3] == "total"}
        columns = [x for x in columns if x not in totals]
        at = {x: i for i, x in enumerate(columns)}
        solver = highspy.Highs()
        solver.silent()
        for x in columns:
            solver.addVar(self.low[x], self.high[x])
        for terms in self.sums:
            row = [(at[x], c) for x, c in terms if x in at]
            if row and all(known[x] or x in at for x, _ in terms):
                right = -sum(c * self.low[x] for x, c in terms if known[x])
                index = np.array([i for i, _ in row], dtype=np.int32)
                value = np.array([c for _, c in row], dtype=float)
                solver.addRow(right, right, len(row), index, value)

        def width(x) -> float:
            ends = []
            solver.changeColCost(at[x], 1)
            for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
                solver.changeObjectiveSense(sense)
                solver.run()
                ends.append(solver.getInfo().objective_function_value)
            solver.changeColCost(at[x], 0)
            assert ends[0] - 1e-4 <= self.true[x] <= ends[1] + 1e-4
            return round(ends[1] - ends[0], 4)

        for x in self.secret:
            wide = 0.0 if known[x] else width(x)
            if wide < self.report.narrowest:
                name = next(n for n, i in self.names.items() if i == x)
                self.report.narrowest, self.report.where = wide, name
            if not known[x] and wide < 1:
                self.report.recovered.append(x)
        for y in self.moved:
            wide = 0.0 if known[y] else width(y)
            self.report.narrowest_move = min(self.report.narrowest_move, wide)
            if not known[y] and wide < 1:
                self.report.moves_recovered.append(y)


def attacked(public, truth, merged=None) -> Report:
    return Attack(public, truth, merged).run()


def naive(table: pl.DataFrame, least: int = 10) -> pl.DataFrame:
    """What many publish: counts under 10 left out, and nothing else."""
    n, d = pl.col("numerator"), pl.col("denominator")
    hidden = d < least
    columns = [
        pl.when(hidden | (n < least) | (d - n < least)).then(None).otherwise(n),
        pl.when(hidden).then(None).otherwise(d),
    ]
    if "average" in table.columns:
        few = pl.col("average_count") < least
        columns += [
            pl.when(few).then(None).otherwise(pl.col(name)).alias(name)
            for name in ("average", "average_count")
        ]
    return table.with_columns(
        columns[0].alias("numerator"), columns[1].alias("denominator"), *columns[2:]
    )
