"""How the answers of ``lrw metric`` look in a terminal.

Belongs here: words, order and columns. Does not belong here: what is counted
(``pipelines.metrics``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.metrics.model import Cohort, Definitions, Metric, Outcome

NOT_SUPPRESSED = "For the system office: small cells are NOT suppressed in this answer."


def print_list(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A line a metric."""
    table = _table("metric", "title", "definition of", "since")
    for row in rows:
        _add(
            table,
            row["metric"],
            row["title"],
            row["publication"],
            str(row["effective_year"]),
        )
    out.print(table)


def print_shown(
    out: Console,
    definitions: Definitions,
    metric: Metric,
    rows: Sequence[Mapping[str, Any]],
    by: str | None,
) -> None:
    """The definition in short, then its numbers."""
    source = metric.source
    _say(out, f"{metric.title}", style="bold")
    _say(out, f"  {source.publication}; {source.version}; from {source.effective_year}")
    _say(out, f"  {source.url}")
    _say(out, f"  cohort: {metric.cohort.says}")
    _print_rules(out, definitions, metric.cohort)
    for outcome in metric.outcomes:
        _say(out, f"  {outcome.id}: {outcome.title}")
        _print_rules(out, definitions, outcome)
    for part in metric.not_applied:
        _say(out, f"  NOT APPLIED  {part.rule}: {part.reason}")
    _say(out, f"\n{NOT_SUPPRESSED}", style="bold")
    if not rows:
        _say(out, "Nobody is in such a cohort.")
        return
    split = [] if by is None else [by]
    table = _table(
        "system",
        "cohort",
        *split,
        "outcome",
        "excluded",
        "in cohort",
        "reached",
        "rate",
        "final",
    )
    for row in rows:
        _add(
            table,
            row["system_code"],
            str(row["cohort_year"]),
            *(str(row[name]) for name in split),
            row["outcome"],
            f"{row['excluded']:,}",
            f"{row['denominator']:,}",
            f"{row['numerator']:,}",
            f"{row['rate']} %",
            "yes" if row["is_final"] else f"after {row['final_on']}",
        )
    out.print(table)


def print_explained(out: Console, told: Mapping[str, Any]) -> None:
    """Each cohort of the learner: in or out, the rule, the facts, the outcomes."""
    merged = (
        ""
        if told["asked"] == told["learner_id"]
        else f", into whom {told['asked']} was merged"
    )
    _say(out, told["title"], style="bold")
    _say(out, f"Learner {told['learner_id']}{merged}; as of {told['as_of']}")
    if not told["cohorts"]:
        _say(out, "\nIn no cohort: no term for credit falls in a period of the metric.")
    for cohort in told["cohorts"]:
        _say(
            out,
            f"\n{cohort['institution_code']} {cohort['cohort_year']}  "
            f"{'IN' if cohort['is_in'] else 'OUT'}  {cohort['rule']}",
            style="bold",
        )
        _say(out, f"  {cohort['says']}")
        _print_facts(out, cohort["facts"])
        for outcome in cohort["outcomes"]:
            final = "" if outcome["is_final"] else f", open until {outcome['final_on']}"
            _say(
                out,
                f"  {outcome['title']}: {'YES' if outcome['is_reached'] else 'NO'}"
                f"{final}  {outcome['rule']}",
                style="bold",
            )
            _say(out, f"    {outcome['says']}")
            _print_facts(out, outcome["facts"], indent=6)


def _print_rules(
    out: Console, definitions: Definitions, part: Cohort | Outcome
) -> None:
    for name in (*part.ordered, part.otherwise):
        rule = definitions.rules[name]
        _say(out, f"    {rule.decides:<3} {name}: {rule.says}")


def _print_facts(
    out: Console, facts: Sequence[Mapping[str, Any]], indent: int = 4
) -> None:
    for fact in facts:
        value = "none" if fact["value"] is None else fact["value"]
        _say(out, f"{' ' * indent}{fact['input']} = {value}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in columns:
        right = name in ("excluded", "in cohort", "reached", "rate")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    # as Text: a title with brackets is no markup
    table.add_row(*map(Text, cells))


def _say(out: Console, text: str, style: str | None = None) -> None:
    out.print(text, style=style, markup=False, highlight=False)
