"""``make hostile``: every case in a process of its own, and the page of it.

Belongs here: printing what was measured, and writing it to ``docs/hostile-corpus.md``.
Does not belong here: measuring a case (``hostile_process``).
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from corpus import CORPUS
from hostile_package import Case
from hostile_process import Measured, best, measure
from rich.console import Console
from rich.progress import track

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hostile-corpus.md"
# The name may hold escaped bars; verdict and edits hold none.
_ROW = re.compile(
    r"\| (?P<name>.+) \| [a-z0-9 ]+ \| [A-Za-z0-9_, -]*"
    r" \| (?P<seconds>[0-9.]*) \| (?P<megabytes>[0-9]*) \|"
)


def main(words: list[str]) -> int:
    """Measure the cases whose names hold one of these words, or all of them."""
    cases = [c for c in CORPUS.values() if not words or any(w in c.name for w in words)]
    base = measure("")
    console = Console(width=150, highlight=False)
    told = figures_of(PAGE.read_text())
    measured: list[Measured] = []
    failed = 0
    # One at a time: seconds are by the clock, and two would measure each other.
    for case in track(cases, "Landing", console=console):
        one = best(case.name, base)
        measured.append(one)
        failed += bool(one.problems)
        style = "red" if one.problems else None
        console.print(_line(case, one), style=style, markup=False)
        if not one.problems:
            # As it goes: a run that is stopped keeps what it has measured.
            told[case.name] = _figures(one)
            PAGE.write_text(page(told))
    slowest = max(one.seconds for one in measured)
    largest = max(one.megabytes for one in measured)
    console.print(
        f"{len(cases)} cases, {failed} failures; at most {slowest:.1f} s "
        f"and {largest:.0f} MB above an empty landing"
    )
    return 1 if failed else 0


def _line(case: Case, one: Measured) -> str:
    name = case.name.encode("unicode_escape").decode()
    seconds, megabytes = _figures(one)
    problems = f"  {'; '.join(one.problems)}" if one.problems else ""
    return f"{seconds:>5} s {megabytes:>4} MB  {one.verdict:<9} {name}{problems}"


Figures = tuple[str, str]
_NO_FIGURES: Figures = ("", "")


def _figures(one: Measured) -> Figures:
    return f"{one.seconds:.1f}", f"{one.megabytes:.0f}"


def figures_of(text: str) -> dict[str, Figures]:
    """Seconds and megabytes of each case as a page has them."""
    names = {_shown(name): name for name in CORPUS}
    found = {}
    for line in text.splitlines():
        row = _ROW.fullmatch(line)
        if row is not None and row["name"] in names:
            found[names[row["name"]]] = (row["seconds"], row["megabytes"])
    return found


def page(figures: Mapping[str, Figures] = MappingProxyType({})) -> str:
    """The corpus as a page: what is sent, and what came of it.

    Args:
        figures: Seconds and megabytes by case, as last measured.
    """
    lines = [
        "<!-- generated from tests/hostile by `make hostile`; edit that -->",
        "# Hostile files, and what becomes of them",
        "",
        f"{len(CORPUS)} packages, each wrong in one way, each landed in a process of",
        "its own beside a good college: it gets the verdict below in less than 10",
        "seconds and 512 MB above an empty landing, every row is loaded, collapsed or",
        "quarantined by the count of an independent reader, and the good college loses",
        "nothing. `make hostile` measures all of it and writes this page; seconds by",
        "the clock, and megabytes above an empty landing, are those of its last run.",
        "",
        "*accepted*: all rows are in. *quarantined n*: so many rows are put aside, the",
        "rest is in. *held*: it waits for a resend or for a person. *rejected*: it is",
        "not read. *waiting*: there is nothing complete to take in yet.",
    ]
    group = ""
    for case in CORPUS.values():
        if case.group != group:
            group = case.group
            lines += ["", f"## {group[0].upper()}{group[1:]}", ""]
            lines.append("| what is sent | verdict | edits | s | MB |")
            lines.append("| --- | --- | --- | --: | --: |")
        expected = case.expected
        verdict = expected.verdict
        if expected.quarantined:
            verdict = f"quarantined {expected.quarantined}"
        edits = ", ".join(sorted(expected.edits))
        seconds, megabytes = figures.get(case.name, _NO_FIGURES)
        told = (_shown(case.name), verdict, edits, seconds, megabytes)
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def _shown(name: str) -> str:
    name = name.encode("unicode_escape").decode()
    for mark in "\\|<>*_`[":
        name = name.replace(mark, f"\\{mark}")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
