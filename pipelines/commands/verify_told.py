"""How a verification looks in a terminal.

Belongs here: lines. Does not belong here: checks.
"""

from rich.console import Console
from rich.markup import escape

from pipelines.publishing.verify import Verification
from pipelines.verification.report import Check, Report, Verdict, counted

_MARKS = {
    Verdict.PASSED: "[green]ok[/]     ",
    Verdict.FAILED: "[red]FAILED[/] ",
    Verdict.WARNING: "[yellow]note[/]   ",
    Verdict.SKIPPED: "[dim]skipped[/]",
}
_COME_TO = {
    Verdict.PASSED: "verified",
    Verdict.WARNING: "verified, with reservations",
    Verdict.FAILED: "[red]does not verify[/]",
    Verdict.SKIPPED: "[yellow]not decided[/]: a proof or a status was not checked",
}


def of_snapshot(result: Verification) -> Report:
    """The checks of a snapshot as those of a document."""
    return Report(
        tuple(
            Check(
                check.name,
                Verdict.PASSED if check.ok else Verdict.FAILED,
                check.detail,
            )
            for check in result.checks
        )
    )


def print_report(out: Console, report: Report, *, every: bool = False) -> None:
    """A line a check, nested credentials that are right in one, and the verdict.

    Args:
        out: where to.
        report: what was found.
        every: with every check of every nested credential.
    """
    for check in report.checks if every else report.in_short():
        name = "" if check.name.startswith("Credential") else check.name
        words = escape("  ".join(filter(None, (check.where, name, check.words))))
        out.print(f"{_MARKS[check.verdict]}  {words}", soft_wrap=True, highlight=False)
    out.print(f"{_COME_TO[report.verdict]} ({counted(report.checks)})")
