"""What can be worked out about hidden counts, and the cheapest way to stop it.

Belongs here: linear programmes (HiGHS) over the counts and equations of ``cells``. Does
not belong here: which counts are hidden to begin with.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import highspy
import numpy as np

from pipelines.suppression.cells import Equation

SLACK = 1e-5
"""Of a person: HiGHS keeps equations to a ten-millionth."""

TRIES = 24
"""Random directions that are tried before each count is asked about on its own."""


class _Solver(highspy.Highs):
    """HiGHS that prints nothing: its own start asks for callbacks, and that prints."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)  # noqa: FBT003


class Programme:
    """Minimise a cost over ``equations @ x = right side`` and bounds, again and again.

    A solved programme is where the next one starts, so ask similar things in a row.
    """

    def __init__(
        self,
        lower: np.ndarray,
        upper: np.ndarray,
        rows: Sequence[Sequence[tuple[int, float]]],
        right: np.ndarray,
    ) -> None:
        self._columns = np.arange(len(lower), dtype=np.int32)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(lower), len(rows)
        model.col_cost_ = np.zeros(len(lower))
        model.col_lower_, model.col_upper_ = lower, upper
        model.row_lower_ = model.row_upper_ = right
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row) for row in rows)])
        model.a_matrix_.index_ = np.array([i for row in rows for i, _ in row])
        model.a_matrix_.value_ = np.array([c for row in rows for _, c in row], float)
        self._solver = _Solver()
        self._solver.passModel(model)

    def bound(self, columns: Iterable[int], lower: Any, upper: Any) -> None:
        """Other bounds for columns."""
        which = np.fromiter(columns, np.int32)
        lower = np.broadcast_to(np.asarray(lower, float), which.shape).copy()
        upper = np.broadcast_to(np.asarray(upper, float), which.shape).copy()
        self._solver.changeColsBounds(len(which), which, lower, upper)

    def cheapest(self, cost: np.ndarray) -> np.ndarray | None:
        """The columns at the least cost; None: nothing satisfies all."""
        self._solver.changeColsCost(len(cost), self._columns, cost)
        self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.asarray(self._solver.getSolution().col_value)


def narrow(
    values: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    equations: Sequence[Equation],
    targets: np.ndarray,
    width: float,
) -> dict[int, tuple[float, float]]:
    """The targets that are bounded more tightly than ``width``, with their bounds.

    Args:
        values: The true counts; a point of what is possible.
        lower: What is known of each count at least.
        upper: What is known of each count at most; where it is ``lower``, all.
        equations: All that binds the counts.
        targets: Which counts to ask about.
        width: In people.
    """
    # An equation that leaves one count open makes it known, and that another.
    lower, upper = lower.astype(float), upper.astype(float)
    open_ = _subtracted(values, lower, upper, equations)
    found = {int(t): (values[t], values[t]) for t in targets if not open_[t]}
    targets = targets[open_[targets]]
    if not len(targets):
        return found
    number = np.cumsum(open_) - 1
    ranges = _Ranges(values, lower, upper, equations, open_)
    for column, least, most in ranges.narrow(number[targets], width):
        found[int(np.flatnonzero(open_)[column])] = (least, most)
    return found


class _Ranges:
    """How far each open count has been seen to go, point by possible point."""

    def __init__(
        self,
        values: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        equations: Sequence[Equation],
        open_: np.ndarray,
    ) -> None:
        number = np.cumsum(open_) - 1
        rows, right = [], []
        for equation in equations:
            terms = [(i, c) for i, c in equation.terms if open_[i]]
            if terms:
                rows.append([(int(number[i]), float(c)) for i, c in terms])
                right.append(float(sum(c * values[i] for i, c in terms)))
        self._programme = Programme(lower[open_], upper[open_], rows, np.array(right))
        self._least = values[open_].astype(float)
        self._most = self._least.copy()

    def narrow(
        self, asked: np.ndarray, width: float
    ) -> Iterable[tuple[int, float, float]]:
        """The columns that cannot go ``width`` far, with the ends they can go to."""
        drawn = np.random.default_rng(1)
        left = asked
        for _ in range(TRIES):
            before = len(left)
            cost = np.zeros(len(self._least))
            cost[left] = drawn.uniform(-1, 1, len(left))
            self._ask(cost)
            self._ask(-cost)
            left = self._within(left, width)
            if not len(left) or before - len(left) < before / 20:
                break
        for column in left:
            for sign in (-1.0, 1.0):
                if len(self._within(np.array([column]), width)):
                    cost = np.zeros(len(self._least))
                    cost[column] = sign
                    self._ask(cost)
        for column in self._within(left, width):
            yield int(column), float(self._least[column]), float(self._most[column])

    def _within(self, columns: np.ndarray, width: float) -> np.ndarray:
        seen = self._most[columns] - self._least[columns]
        return np.asarray(columns[seen < width - SLACK])

    def _ask(self, cost: np.ndarray) -> None:
        point = self._programme.cheapest(cost)
        if point is None:
            raise RuntimeError("HiGHS found no point where the true counts are one")
        np.minimum(self._least, point, out=self._least)
        np.maximum(self._most, point, out=self._most)


def _subtracted(
    values: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    equations: Sequence[Equation],
) -> np.ndarray:
    """Which counts are open once what follows by subtraction alone is known."""
    open_ = lower < upper
    touching: dict[int, list[int]] = {}
    unknown = []
    for number, equation in enumerate(equations):
        still = {i for i, _ in equation.terms if open_[i]}
        unknown.append(still)
        for i in still:
            touching.setdefault(i, []).append(number)
    ready = [number for number, still in enumerate(unknown) if len(still) == 1]
    while ready:
        for i in tuple(unknown[ready.pop()]):
            open_[i] = False
            lower[i] = upper[i] = values[i]
            for other in touching[i]:
                unknown[other].discard(i)
                if len(unknown[other]) == 1:
                    ready.append(other)
    return open_


class Openings:
    """Which more counts to hide so that a hidden one can be ``width`` people off.

    A column for each movement that costs nothing, within what is open already, and two
    for each count that could be hidden, up and down, at a price. The counts that have
    to move when the hidden one does are those to hide (Fischetti and Salazar 2001, one
    subproblem at a time).
    """

    def __init__(
        self,
        values: np.ndarray,
        lower: np.ndarray,
        upper: np.ndarray,
        equations: Sequence[Equation],
        prices: dict[int, float],
        before: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self._values = values.astype(float)
        free = (lower < upper) | np.isin(np.arange(len(values)), list(prices))
        self._free = np.flatnonzero(free)
        self._number = np.cumsum(free) - 1
        self._priced = np.array(list(prices), dtype=int)
        pairs = self._number[self._priced]
        size = len(self._free)
        up = {int(c): size + 2 * i for i, c in enumerate(pairs)}
        rows = []
        for equation in equations:
            row: list[tuple[int, float]] = []
            for i, coefficient in equation.terms:
                if not free[i]:
                    continue
                column = int(self._number[i])
                row.append((column, coefficient))
                if column in up:
                    row += [(up[column], coefficient), (up[column] + 1, -coefficient)]
            if row:
                rows.append(row)
        room = np.empty(2 * len(pairs))
        # To hide a count does not take back what an earlier release said of it.
        room[0::2] = np.maximum((before[1] - upper)[self._priced], 0)
        room[1::2] = np.maximum((lower - before[0])[self._priced], 0)
        self._cost = np.concatenate(
            [np.zeros(size), np.repeat(list(prices.values()), 2)]
        )
        self._programme = Programme(
            np.concatenate([self._least(lower), np.zeros(len(room))]),
            np.concatenate([self._most(upper), room]),
            rows,
            np.zeros(len(rows)),
        )
        self.known(lower, upper)

    def _least(self, lower: np.ndarray) -> np.ndarray:
        return np.asarray((lower - self._values)[self._free])

    def _most(self, upper: np.ndarray) -> np.ndarray:
        return np.asarray((upper - self._values)[self._free])

    def known(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """What is known by now; it has become less."""
        self._lower, self._upper = self._least(lower), self._most(upper)
        self._programme.bound(range(len(self._free)), self._lower, self._upper)

    def open(self, target: int, width: int) -> tuple[set[int], list[np.ndarray]] | None:
        """What to hide, and the counts that are possible then; None: nothing helps.

        The target goes up by the width; where it cannot, down, or some of each.
        """
        if target not in self._free:
            return None
        column = int(self._number[target])
        value = (
            int(min(self._values[target], width)) if self._lower[column] > -1e8 else 0
        )
        splits = dict.fromkeys([(width, 0), (width - value, value)])
        splits |= dict.fromkeys([(0, width)] if value == width else [])
        splits |= dict.fromkeys((up, width - up) for up in range(1, width))
        for up, down in splits:
            hidden: set[int] = set()
            points = []
            for step in (up, -down):
                if not step:
                    continue
                if not self._lower[column] <= step <= self._upper[column]:
                    break
                self._programme.bound([column], step, step)
                moves = self._programme.cheapest(self._cost)
                self._programme.bound(
                    [column], self._lower[column], self._upper[column]
                )
                if moves is None:
                    break
                size = len(self._free)
                paid = moves[size::2] + moves[size + 1 :: 2]
                hidden |= {int(i) for i in self._priced[paid > SLACK]}
                point = self._values.copy()
                point[self._free] += moves[:size]
                point[self._priced] += moves[size::2] - moves[size + 1 :: 2]
                points.append(point)
            else:
                return hidden, points
        return None
