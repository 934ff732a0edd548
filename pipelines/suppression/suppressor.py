"""From a long table of counts to what of it may be shown.

Belongs here: which cells are hidden and why, release after release, until the audit
finds no hidden count too narrow. Does not belong here: the equations (``cells``),
the linear programmes (``bounds``).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count as rounds

import numpy as np
import polars as pl

from pipelines.suppression.bounds import SLACK, Openings, narrow
from pipelines.suppression.cells import (
    AVERAGED,
    DENOMINATOR,
    NUMERATOR,
    REST,
    Cell,
    Counts,
    Merged,
    Place,
    linked,
    read,
    told,
)
from pipelines.suppression.rules import Coded, Rules, SuppressionError

SHOWN, HIDDEN, PRIMARY = "shown", "hidden", "primary"
COMPLEMENTARY, DIFFERENCE = "complementary", "difference"
CODED = {"low": "coded 0 %", "high": "coded 100 %"}

PRINTED = (NUMERATOR, DENOMINATOR, AVERAGED)
"""The counts that a table can print; the average itself goes with ``AVERAGED``."""

AUDITS = 50
"""More than ever were needed (5); beyond it something is wrong."""


@dataclass(frozen=True)
class Released:
    """What may be shown of a table.

    ``office`` has the true counts and why each is hidden, and never leaves: that a cell
    is small itself, and not hidden for another's sake, says that it is below the
    minimum.
    """

    office: pl.DataFrame
    rules: Rules

    def public(self) -> pl.DataFrame:
        """The same rows with what may be shown; a count that may not is null.

        ``numerator_mark`` and the like say ``shown``, ``hidden``, ``coded 0 %`` or
        ``coded 100 %``; ``rate`` is the range of a coded one.
        """
        office = self.office
        shown = [name for name in office.columns if name.endswith("_shown")]
        columns: list[pl.Expr | str] = []
        for name in office.columns:
            if name.endswith(("_shown", "_reason")):
                continue
            if f"{name}_shown" in shown:
                columns.append(pl.col(f"{name}_shown").alias(name))
            else:
                columns.append(name)
        marks = [
            pl.when(pl.col(f"{name}_reason").is_in([SHOWN, *CODED.values()]))
            .then(pl.col(f"{name}_reason"))
            .otherwise(
                pl.when(pl.col(f"{name}_reason").is_not_null()).then(pl.lit(HIDDEN))
            )
            .alias(f"{name}_mark")
            for name in (NUMERATOR, DENOMINATOR, "average")
            if f"{name}_reason" in office.columns
        ]
        return office.select(*columns, *marks)

    def reasons(self) -> dict[str, int]:
        """How many numerators, denominators and averages have which reason."""
        of: Counter[str] = Counter()
        for name in (NUMERATOR, DENOMINATOR, "average"):
            if f"{name}_reason" in self.office.columns:
                of.update(self.office[f"{name}_reason"].drop_nulls().to_list())
        return dict(of)


def suppress(
    table: pl.DataFrame,
    rules: Rules | None = None,
    *,
    earlier: Released | None = None,
    merged: Merged | None = None,
) -> Released:
    """Hide what may not be shown of linked tables of counts, and what would tell it.

    Args:
        table: A row a cell: ``release`` (releases follow one another in the order of
            their names), ``metric``, ``numerator`` and ``denominator`` (people, the
            first among the second); if there are any, ``average`` and ``average_count``
            (people it is of), and ``cohort`` (metrics of one cohort have one
            denominator). Every other column is a dimension, where null stands for all.
            A dimension's values do not overlap. What the same people are not counted in
            again and again (entry years) is a dimension and no release.
        rules: Thresholds.
        earlier: What was released before; it stays as it is and counts as known.
        merged: Of a dimension, what each value that is no more became
            (``{"college": {"OLD": "NEW"}}``).

    Returns:
        The rows of the table (and of ``earlier``), in its order.

    Raises:
        SuppressionError: The table is not such a table; or an earlier release has
            already given away what this one would have to hide.
    """
    rules = rules or Rules()
    if earlier is not None:
        names = [name for name in table.columns if name in earlier.office.columns]
        before = earlier.office.select(names)
        table = pl.concat([before, table.select(names)], how="vertical_relaxed")
        if "release" in names:
            _follows(before, table[before.height :], same_rules=earlier.rules == rules)
    dimensions, releases = read(table)
    number = {release: i for i, release in enumerate(releases)}
    rows = table.to_dicts()
    fixed = dict(enumerate(_marks(earlier.office))) if earlier else {}
    tables: dict[str, dict[Place, Cell]] = defaultdict(dict)
    cohorts: dict[str, str] = {}
    for i, row in enumerate(rows):
        cohort = str(row.get("cohort") or row["metric"])
        cohorts[row["metric"]] = cohort
        values = tuple(None if row[d] is None else str(row[d]) for d in dimensions)
        place = Place(row["metric"], number[str(row["release"])], values)
        averaged = row.get("average_count")
        tables[cohort][place] = Cell(row[NUMERATOR], row[DENOMINATOR], averaged, i)
    reasons: list[dict[str, str]] = [{} for _ in rows]
    for cells in tables.values():
        counts = linked(cells, dimensions, cohorts, merged or {}, rules.minimum)
        hiding = _Hiding(counts, rules, rows, dimensions, fixed)
        for release in sorted({place.release for place in cells}):
            hiding.release(release)
        for (i, kind), reason in hiding.reasons.items():
            reasons[i][kind] = reason
    return Released(_office(table, rows, reasons, rules), rules)


def _follows(before: pl.DataFrame, after: pl.DataFrame, *, same_rules: bool) -> None:
    """Say so when releases do not come after those that are out."""
    out = max(before["release"].cast(pl.String).to_list(), default="")
    early = [name for name in after["release"].cast(pl.String) if name <= out]
    if early:
        raise SuppressionError(
            f"Release {early[0]} does not come after {out}, which is out; "
            "give it a later name"
        )
    if not same_rules:
        raise SuppressionError(
            f"Release {out} is out under other rules; keep its minimum and width"
        )


def _marks(office: pl.DataFrame) -> list[dict[str, str]]:
    """The reasons that an earlier release was made with."""
    names = {NUMERATOR: NUMERATOR, DENOMINATOR: DENOMINATOR, AVERAGED: "average"}
    there = {k: n for k, n in names.items() if f"{n}_reason" in office.columns}
    return [
        {
            kind: row[f"{n}_reason"]
            for kind, n in there.items()
            if row[f"{n}_reason"] is not None
        }
        for row in office.iter_rows(named=True)
    ]


def _office(
    table: pl.DataFrame,
    rows: list[dict[str, object]],
    reasons: list[dict[str, str]],
    rules: Rules,
) -> pl.DataFrame:
    names = {NUMERATOR: [NUMERATOR], DENOMINATOR: [DENOMINATOR]}
    if "average_count" in table.columns:
        names[AVERAGED] = ["average", "average_count"]
    columns = []
    for kind, shown in names.items():
        why = [reason.get(kind) for reason in reasons]
        columns.append(pl.Series(f"{shown[0]}_reason", why, pl.String))
        for name in shown:
            values = [
                row.get(name) if reason == SHOWN else None
                for row, reason in zip(rows, why, strict=True)
            ]
            kept = table.schema.get(name, pl.Float64())
            columns.append(pl.Series(f"{name}_shown", values, kept))
    rate = []
    for row, reason in zip(rows, reasons, strict=True):
        code = None
        if reason[NUMERATOR] in CODED.values():
            code = rules.coded(int(str(row[NUMERATOR])), int(str(row[DENOMINATOR])))
        rate.append(code.words if code else None)
    return table.with_columns(*columns, pl.Series("rate", rate, pl.String))


class _Hiding:
    """What is hidden by now of the metrics that share people."""

    def __init__(
        self,
        counts: Counts,
        rules: Rules,
        rows: list[dict[str, object]],
        dimensions: list[str],
        fixed: Mapping[int, dict[str, str]],
    ) -> None:
        self.reasons: dict[tuple[int, str], str] = {}
        self._counts, self._rules = counts, rules
        self._rows, self._dimensions, self._fixed = rows, dimensions, fixed
        self._values = np.array(counts.values, dtype=np.int64)
        self._far = float(10 * (self._values.max(initial=0) + rules.width) + 1000)
        self._printed: dict[int, list[tuple[Place, Cell]]] = defaultdict(list)
        for place, cell in counts.cells.items():
            if cell.row >= 0:
                self._printed[place.release].append((place, cell))
        # Of each count, where the present release prints it.
        self._here: dict[int, list[tuple[Place, str]]] = {}

    def release(self, release: int) -> None:
        """Decide a release, those before it being out.

        Raises:
            SuppressionError: An earlier one has given away what should be hidden.
        """
        out = [cell.row for _, cell in self._printed[release]]
        if any(row in self._fixed for row in out):
            for row in out:
                for kind, reason in self._fixed[row].items():
                    self.reasons[row, kind] = reason
            return
        self._here = defaultdict(list)
        for place, cell in self._printed[release]:
            for kind in (*PRINTED, REST):
                if cell.count(kind) is not None:
                    self._here[self._at(place, kind)].append((place, kind))
        known = self._known(release - 1)
        hidden = self._hidden_before(release)
        for place, cell in self._printed[release]:
            self._alone(place, cell, hidden)
        self._moved(release, known)
        self._paired(release, known)
        self._audited(release, known)

    def _at(self, place: Place, kind: str) -> int:
        return self._counts.at[place, kind]

    def _hide(self, number: int, reason: str) -> None:
        """Hide a count wherever this release prints it, and the codes that need it."""
        for place, kind in self._here.get(number, ()):
            row = self._counts.cells[place].row
            if kind == REST:
                self._hide(self._at(place, NUMERATOR), reason)
                continue
            if self.reasons.get((row, kind), SHOWN) in (SHOWN, *CODED.values()):
                self.reasons[row, kind] = reason
            coded = self.reasons.get((row, NUMERATOR)) in CODED.values()
            if kind == DENOMINATOR and coded:
                self._hide(self._at(place, NUMERATOR), reason)
            if kind == NUMERATOR:
                # An average of the same people would print it.
                averaged = self._counts.at.get((place, AVERAGED))
                if averaged == number:
                    self.reasons[row, AVERAGED] = reason

    def _alone(self, place: Place, cell: Cell, hidden: set[int]) -> None:
        """What a cell's own counts ask, and what was hidden before of these people."""
        row, least = cell.row, self._rules.minimum
        for kind in PRINTED:
            if cell.count(kind) is not None:
                self.reasons.setdefault((row, kind), SHOWN)
                if kind != NUMERATOR and (cell.count(kind) or 0) < least:
                    self._hide(self._at(place, kind), PRIMARY)
                elif kind != NUMERATOR and self._at(place, kind) in hidden:
                    self._hide(self._at(place, kind), COMPLEMENTARY)
        code: Coded | None = None
        if self.reasons[row, DENOMINATOR] == SHOWN:
            code = self._rules.coded(cell.numerator, cell.denominator)
        few = min(cell.numerator, cell.denominator - cell.numerator) < least
        if code is None and few:
            self._hide(self._at(place, NUMERATOR), PRIMARY)
        if self._at(place, NUMERATOR) in hidden:
            self._hide(self._at(place, NUMERATOR), COMPLEMENTARY)
        if code is not None and self.reasons[row, NUMERATOR] == SHOWN:
            self.reasons[row, NUMERATOR] = CODED[code.end]
            if self._counts.at.get((place, AVERAGED)) == self._at(place, NUMERATOR):
                self.reasons[row, AVERAGED] = COMPLEMENTARY

    def _hidden_before(self, release: int) -> set[int]:
        """Counts that an earlier release hid and none showed."""
        hidden, shown = set(), set()
        for before in range(release):
            for place, cell in self._printed[before]:
                for kind in PRINTED:
                    reason = self.reasons.get((cell.row, kind))
                    if reason == SHOWN:
                        shown.add(self._at(place, kind))
                    elif reason is not None and reason not in CODED.values():
                        hidden.add(self._at(place, kind))
        return hidden - shown

    def _known(self, release: int) -> tuple[np.ndarray, np.ndarray]:
        """What the releases up to one say of each count: at least, at most."""
        lower = np.zeros(len(self._values))
        upper = np.full(len(self._values), self._far)
        lower[list(self._counts.moves)] = -self._far
        for before in range(release + 1):
            for place, cell in self._printed[before]:
                for kind in PRINTED:
                    reason = self.reasons.get((cell.row, kind))
                    if reason == SHOWN:
                        number = self._at(place, kind)
                        lower[number] = upper[number] = self._values[number]
                    elif kind == NUMERATOR and reason in CODED.values():
                        code = self._rules.coded(cell.numerator, cell.denominator)
                        assert code is not None
                        end = NUMERATOR if code.end == "low" else REST
                        number = self._at(place, end)
                        upper[number] = min(upper[number], code.people)
        return lower, upper

    def _moved(self, release: int, known: tuple[np.ndarray, np.ndarray]) -> None:
        """Hide what moved by few since it was last shown."""
        lower, upper = known
        for number, (before, after) in self._counts.moves.items():
            here = self._counts.delicate[number] == release
            if here and lower[before] == upper[before]:
                self._hide(after, DIFFERENCE)

    def _price(self, number: int) -> float:
        """What is lost with a count: more with a larger one, more with a margin."""
        place, _ = self._here[number][0]
        return math.log2(2 + self._values[number]) + 2 * place.values.count(None)

    def _prices(self, known: tuple[np.ndarray, np.ndarray]) -> dict[int, float]:
        """The counts that this release shows and could hide, with their prices."""
        prices = {}
        for number, where in self._here.items():
            if known[0][number] == known[1][number]:
                continue
            for place, kind in where:
                row = self._counts.cells[place].row
                reason = self.reasons[row, NUMERATOR if kind == REST else kind]
                coded = CODED["high" if kind == REST else "low"]
                if reason == coded or (reason == SHOWN and kind != REST):
                    prices[number] = self._price(number)
        return prices

    def _paired(self, release: int, known: tuple[np.ndarray, np.ndarray]) -> None:
        """Where one part of a sum is open, or few people's, open the cheapest other.

        The first pass; the audit finds what is left.
        """
        margins = [e for e in self._counts.margins if e.release == release]
        among: dict[int, list[int]] = defaultdict(list)
        for i, equation in enumerate(margins):
            for number, _ in equation.terms:
                among[number].append(i)
        lower, upper = self._known(release)
        open_ = lower < upper
        prices = self._prices(known)
        todo = list(range(len(margins)))
        while todo:
            i = todo.pop()
            (whole, _), *parts = margins[i].terms
            inside = [number for number, _ in parts if open_[number]]
            people = sum(self._values[number] for number in inside)
            wide = people >= self._rules.width or bool(open_[whole])
            if not inside and not open_[whole]:
                continue
            if len(inside) + open_[whole] > 1 and wide:
                continue
            choice = [n for n, _ in margins[i].terms if not open_[n] and n in prices]
            if not choice:
                continue
            best = min(
                choice,
                key=lambda n: (
                    sum(
                        not any(open_[m] for m, _ in margins[j].terms) for j in among[n]
                    ),
                    prices[n],
                ),
            )
            self._hide(best, COMPLEMENTARY)
            open_[best] = True
            todo += [j for j in among[best] if j != i]
            todo.append(i)

    def _targets(self, release: int) -> np.ndarray:
        """The counts that are not told by now, and those that no table prints."""
        hidden = {n for n, first in self._counts.delicate.items() if first <= release}
        shown: set[int] = set()
        for before in range(release + 1):
            for place, cell in self._printed[before]:
                why = {k: self.reasons.get((cell.row, k)) for k in PRINTED}
                both = why[NUMERATOR] == why[DENOMINATOR] == SHOWN
                why[REST] = SHOWN if both else HIDDEN
                for kind, reason in why.items():
                    if reason is None:
                        continue
                    number = self._at(place, kind)
                    if reason == SHOWN:
                        shown.add(number)
                    elif number not in shown:
                        # What an earlier release showed is no secret.
                        hidden.add(number)
        return np.array(sorted(hidden), dtype=int)

    def _audited(self, release: int, before: tuple[np.ndarray, np.ndarray]) -> None:
        """Ask how narrow each hidden count is; hide more until none is too narrow."""
        equations = [e for e in self._counts.equations if e.release <= release]
        width = self._rules.width
        for audit in rounds():
            known = (self._values, *self._known(release))
            found = narrow(*known, equations, self._targets(release), width)
            if not found:
                return
            if audit == AUDITS:
                raise SuppressionError(self._given_away(next(iter(found)), release))
            prices = self._prices(before)
            openings = Openings(*known, equations, prices, before)
            self._opened(release, found, openings, prices)

    def _opened(
        self,
        release: int,
        found: Iterable[int],
        openings: Openings,
        prices: Mapping[int, float],
    ) -> None:
        """Hide more for each count that is too narrow, unless it was for another."""
        width = self._rules.width
        least, most = self._values.astype(float), self._values.astype(float)
        for target in sorted(found, key=lambda number: self._values[number]):
            if most[target] - least[target] >= width - SLACK:
                continue
            hidden, points = openings.open(target, width) or (set(), [])
            for point in points:
                np.minimum(least, point, out=least)
                np.maximum(most, point, out=most)
            if not points and target in prices:
                # Coded, and the code with the rest says too much.
                hidden = {target}
            elif not points and not self._empty(target):
                raise SuppressionError(self._given_away(target, release))
            for number in hidden:
                self._hide(number, COMPLEMENTARY)
            if hidden:
                openings.known(*self._known(release))

    def _empty(self, target: int) -> bool:
        """Show that nobody is in a cell when all else says so; false: somebody is."""
        empty = False
        for place, _ in self._here.get(target, ()):
            cell = self._counts.cells[place]
            if not cell.denominator:
                empty = True
                for kind in PRINTED:
                    if cell.count(kind) is not None:
                        self.reasons[cell.row, kind] = SHOWN
        return empty

    def _given_away(self, target: int, release: int) -> str:
        for (place, _), number in self._counts.at.items():
            row = self._counts.cells[place].row
            if number == target and row >= 0:
                where = told(self._rows[row], self._dimensions)
                break
        else:
            metric = next(iter(self._counts.cells)).metric
            where = f"{metric}, a group of few that no table prints"
        return (
            f"{where}: earlier releases tell it whatever release {release + 1} hides; "
            "publish this metric again as it was, or withdraw the earlier release"
        )
