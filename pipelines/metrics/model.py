"""What a metric's definition says, checked.

Belongs here: the shapes of ``data_contracts/metrics``. Does not belong here: opening
the files (``load.py``), SQL around a rule (``statement.py``).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1)]
Sql = Annotated[str, Field(min_length=1)]

_LITERAL = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_OF_SQL = frozenset(
    [
        "and",
        "or",
        "not",
        "is",
        "null",
        "true",
        "false",
        "case",
        "when",
        "then",
        "else",
        "end",
        "make_date",
        "between",
        "in",
    ]
)


class _Declared(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Source(_Declared):
    """Whose definition it is.

    Attributes:
        effective_year: First cohort or collection year that this version is for.
    """

    publication: Text
    version: Text
    effective_year: Annotated[int, Field(ge=1980, le=2100)]
    url: Annotated[str, Field(pattern=r"^https://\S+$")]


class Rule(_Declared):
    """A named rule.

    Attributes:
        decides: What holds of a learner of whom the rule is the first that holds.
        says: A sentence.
        when: SQL over the inputs; None of a rule that decides what no other does.
    """

    decides: Literal["in", "out", "yes", "no"]
    says: Text
    when: Sql | None = None


class Cohort(_Declared):
    """Who is looked at, and who of them belongs to the cohort.

    Attributes:
        period: The term with which a learner enters a cohort of a college.
        clock_hour_colleges: The same where most programmes are in clock hours.
        rules: In the order in which they are asked; the first that holds decides.
        exclusions: Rules that take somebody out of the cohort again: those left are
            the adjusted cohort.
        otherwise: The rule that decides where none of them holds.
    """

    period: Literal["fall", "own_start"]
    clock_hour_colleges: Literal["fall", "full_year", "august_to_october", "own_start"]
    says: Text
    rules: Annotated[tuple[Name, ...], Field(strict=False)]
    exclusions: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    otherwise: Name

    @property
    def ordered(self) -> tuple[Name, ...]:
        """Every rule with a condition, in the order in which they are asked."""
        return self.rules + self.exclusions


class Outcome(_Declared):
    """What may come of a learner in the cohort.

    Attributes:
        final_on: SQL over the inputs: the day after whose end nothing moves any more.
        rules: As of a cohort.
        otherwise: As of a cohort.
    """

    id: Name
    title: Text
    final_on: Sql
    rules: Annotated[tuple[Name, ...], Field(strict=False)]
    otherwise: Name

    @property
    def ordered(self) -> tuple[Name, ...]:
        """As of a cohort."""
        return self.rules


class Interpretation(_Declared):
    """How the definition's words were read where it leaves a choice."""

    name: Text
    how: Text


class NotApplied(_Declared):
    """A part of the definition that the published facts cannot answer."""

    rule: Text
    reason: Text


class Metric(_Declared):
    """One official definition."""

    id: Name
    title: Text
    source: Source
    cohort: Cohort
    outcomes: Annotated[tuple[Outcome, ...], Field(strict=False, min_length=1)]
    disaggregations: Mapping[Name, Sql]
    interpreted: Annotated[tuple[Interpretation, ...], Field(strict=False)] = ()
    not_applied: Annotated[tuple[NotApplied, ...], Field(strict=False)] = ()

    @property
    def parts(self) -> tuple[Cohort | Outcome, ...]:
        """What is decided by rules: the cohort, then each outcome."""
        return (self.cohort, *self.outcomes)


class Group(_Declared):
    """Inputs that are worked out together.

    Attributes:
        tables: Published tables they are read from.
        columns: What each input is, by its name.
    """

    says: Text
    tables: Annotated[tuple[Name, ...], Field(strict=False)]
    columns: Mapping[Name, Text]


class Definitions(_Declared):
    """All metrics with the rules and inputs they are written in."""

    groups: Mapping[Name, Group]
    rules: Mapping[Name, Rule]
    metrics: Mapping[Name, Metric]

    def inputs(self, metric: Metric) -> dict[str, str]:
        """The inputs that a metric asks for with the group of each, as declared."""
        words = {
            word for _, sql in self.expressions(metric) for word in words_of(sql)
        } | {"cohort_year", "starts"}
        return {
            column: name
            for name, group in self.groups.items()
            for column in group.columns
            if column in words
        }

    def expressions(self, metric: Metric) -> Iterator[tuple[str, str]]:
        """Every piece of SQL of a metric, with where it stands."""
        names = [*metric.cohort.ordered]
        for outcome in metric.outcomes:
            names += outcome.ordered
            yield f"{outcome.id}.final_on", outcome.final_on
        for name, sql in metric.disaggregations.items():
            yield f"disaggregations.{name}", sql
        for name in dict.fromkeys(names):
            rule = self.rules.get(name)
            if rule is not None and rule.when is not None:
                yield f"rule {name}", rule.when


def words_of(sql: str) -> list[str]:
    """The names in an expression that are not words of SQL, in order."""
    found = _WORD.findall(_LITERAL.sub("", sql))
    return [word for word in found if word.lower() not in _OF_SQL]


def mistakes(definitions: Definitions) -> Iterator[str]:
    """What contradicts itself, a line each: unknown names, wrong decisions."""
    known = {
        column for group in definitions.groups.values() for column in group.columns
    }
    for metric in definitions.metrics.values():
        yield from _named(
            definitions, f"{metric.id}.cohort", metric.cohort, ("in", "out")
        )
        for outcome in metric.outcomes:
            yield from _named(
                definitions, f"{metric.id}.{outcome.id}", outcome, ("yes", "no")
            )
        for place, sql in definitions.expressions(metric):
            for word in words_of(sql):
                if word not in known:
                    yield f"{metric.id}, {place}: {word} is no input"
    used = {
        name
        for metric in definitions.metrics.values()
        for part in metric.parts
        for name in (*part.ordered, part.otherwise)
    }
    yield from (
        f"rule {name} decides nothing" for name in definitions.rules.keys() - used
    )


def _named(
    definitions: Definitions,
    place: str,
    part: Cohort | Outcome,
    decisions: tuple[str, str],
) -> Iterator[str]:
    for name in (*part.ordered, part.otherwise):
        rule = definitions.rules.get(name)
        if rule is None:
            yield f"{place}: no rule is called {name}"
        elif rule.decides not in decisions:
            wanted = " or ".join(decisions)
            yield f"{place}: {name} decides {rule.decides}, not {wanted}"
        elif (rule.when is None) != (name == part.otherwise):
            yield f"{place}: {name} has a condition where it needs none, or needs one"
    if len(set(part.ordered)) < len(part.ordered):
        yield f"{place}: a rule is named twice"
