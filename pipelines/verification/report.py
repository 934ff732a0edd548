"""What a check found, and what all of them come to.

Belongs here: verdicts, and lines for people and programs. Does not belong here: any
check.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PROOF, STATUS, TEXT = "Proof", "Status", "Text"

DECISIVE = frozenset({PROOF, STATUS})
"""Checks without which nothing is verified: one left out is not passed over."""


class Verdict(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """A verdict and its words; a failure ends in what to do."""

    verdict: Verdict
    words: str = ""


def passed(words: str = "") -> Finding:
    """It is as it should be."""
    return Finding(Verdict.PASSED, words)


def warning(words: str) -> Finding:
    """It holds, and somebody should know something about it."""
    return Finding(Verdict.WARNING, words)


def skipped(words: str) -> Finding:
    """It was not looked at; the words say why."""
    return Finding(Verdict.SKIPPED, words)


def failed(what: str, remedy: str) -> Finding:
    """It is not as it should be."""
    return Finding(Verdict.FAILED, f"{what}: {remedy}")


def judged(faults: Iterable[str], remedy: str, good: str = "") -> Finding:
    """Failed when there are faults, of which three are named; passed else."""
    told = list(dict.fromkeys(faults))
    if not told:
        return passed(good)
    more = f" and {len(told) - 3:,} more" if len(told) > 3 else ""
    return failed("; ".join(told[:3]) + more, remedy)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: the check; stable, for programs.
        verdict: how it came out.
        words: why, and after a failure what to do; of the learner nothing is quoted.
        where: which part of the document; empty for the whole.
    """

    name: str
    verdict: Verdict
    words: str = ""
    where: str = ""


@dataclass(frozen=True)
class Report:
    """Every check of a document, in order."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of them; skipped when something decisive was not checked."""
        verdicts = {check.verdict for check in self.checks}
        if Verdict.FAILED in verdicts or not self.checks:
            return Verdict.FAILED
        if _undecided(self.checks):
            return Verdict.SKIPPED
        return Verdict.WARNING if Verdict.WARNING in verdicts else Verdict.PASSED

    @property
    def ok(self) -> bool:
        """Whether it verifies, with reservations or without."""
        return self.verdict in {Verdict.PASSED, Verdict.WARNING}

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(one for one in self.checks if one.verdict is Verdict.FAILED)

    def as_json(self) -> dict[str, Any]:
        """Verdict and checks under stable keys."""
        return {
            "verdict": self.verdict.value,
            "checks": [
                {
                    "name": one.name,
                    "verdict": one.verdict.value,
                    "words": one.words,
                    "where": one.where,
                }
                for one in self.checks
            ],
        }

    def by_credential(self) -> tuple[Check, ...]:
        """A line a check of the whole, and one a nested credential that is right.

        What failed in one has lines of its own; what was left out or is worth a note
        in several is said once.
        """
        lines = [one for one in self.checks if not one.where]
        parts: dict[str, list[Check]] = {}
        for one in self.checks:
            if one.where:
                parts.setdefault(one.where, []).append(one)
        said = {(one.name, one.verdict, one.words) for one in lines}
        lines += [
            one
            for one in _notes(parts)
            if (one.name, one.verdict, one.words) not in said
        ]
        for where, checks in parts.items():
            wrong = [one for one in checks if one.verdict is Verdict.FAILED]
            good = sum(one.verdict is Verdict.PASSED for one in checks)
            kept = f"{good} checks passed"
            state = Check("Credential", Verdict.PASSED, kept, where)
            if _undecided(checks):
                state = Check("Credential", Verdict.SKIPPED, "not verified", where)
            lines += wrong or [state]
        return tuple(lines)

    def in_short(self) -> tuple[Check, ...]:
        """The same, with all nested credentials that are right in one line."""
        lines = tuple(
            one
            for one in self.by_credential()
            # What was left out in it is told in a line for all.
            if one.name != "Credential" or one.verdict is not Verdict.SKIPPED
        )
        right = [one for one in lines if one.where and one.verdict is Verdict.PASSED]
        if not right:
            return lines
        words = right[0].words if len({one.words for one in right}) == 1 else ""
        if words and len(right) > 1:
            words = f"{words} in each"
        count = f"{len(right):,} nested credential{'s' if len(right) > 1 else ''}"
        one_line = Check("Credentials", Verdict.PASSED, words, count)
        at = lines.index(right[0])
        return (
            *(one for one in lines[:at] if one not in right),
            one_line,
            *(one for one in lines[at:] if one not in right),
        )


def _notes(parts: Mapping[str, list[Check]]) -> list[Check]:
    """Warnings and what was left out below the whole, each kind once."""
    kinds: dict[tuple[str, Verdict, str], list[str]] = {}
    for where, checks in parts.items():
        for one in checks:
            if one.verdict in {Verdict.WARNING, Verdict.SKIPPED}:
                kinds.setdefault((one.name, one.verdict, one.words), []).append(where)
    return [
        Check(
            name,
            verdict,
            words,
            where[0] if len(where) == 1 else f"{len(where):,} nested credentials",
        )
        for (name, verdict, words), where in kinds.items()
    ]


def _undecided(checks: Iterable[Check]) -> bool:
    return any(
        one.verdict is Verdict.SKIPPED and one.name in DECISIVE for one in checks
    )


def counted(checks: Iterable[Check]) -> str:
    """``31 passed, 1 failed``."""
    count = Counter(check.verdict for check in checks)
    return ", ".join(f"{count[one]:,} {one.value}" for one in Verdict if count[one])
