"""One metric as one SELECT: a row a learner, college and cohort year.

Belongs here: putting rules in order around the inputs. Does not belong here: the
inputs' own SQL (``inputs.py``), running it (``answers.py``).
"""

from collections.abc import Iterable

from pipelines.metrics.inputs import CALENDAR, CANDIDATE, GROUPS, LENGTH, PERIODS
from pipelines.metrics.model import Cohort, Definitions, Metric, Outcome

KEY = ("learner_id", "institution_code", "cohort_year")


def statement(
    definitions: Definitions, metric: Metric, *, of_one_learner: bool = False
) -> str:
    """The SELECT of a metric over the published tables.

    Args:
        definitions: Rules and inputs.
        metric: One of them.
        of_one_learner: Only what concerns ``$learner``.

    Returns:
        SQL with the columns ``learner_id``, ``institution_code`` (the college that
        reports), ``cohort_year``, ``is_in``, ``rule``; of each outcome ``<id>`` (null
        outside of the cohort), ``<id>_rule`` and ``<id>_final_on``; ``by_<name>`` of
        each disaggregation; and the inputs that the metric asks for, by their names.
    """
    asked = definitions.inputs(metric)
    groups = [name for name in GROUPS if name in set(asked.values())]
    whom = "learner_id = $learner" if of_one_learner else "true"
    parts = [CALENDAR, _candidate(metric.cohort)]
    if {"programme", "award"} & set(groups):
        parts.append(LENGTH)
    parts += [f"\n    {name}_inputs as ({GROUPS[name]}\n    )" for name in groups]
    joins = "".join(
        f"\n        left join {name}_inputs using ({', '.join(KEY)})" for name in groups
    )
    columns = [name for name in asked if name not in KEY]
    is_in = _names(
        definitions, (*metric.cohort.ordered, metric.cohort.otherwise), decision="in"
    )
    told = [
        f"{_ladder(definitions, metric.cohort)} as rule",
        f"rule in ({is_in}) as is_in",
    ]
    for outcome in metric.outcomes:
        told += _outcome(definitions, outcome)
    told += [f"({sql}) as by_{name}" for name, sql in metric.disaggregations.items()]
    lines = ",\n        ".join([*KEY, *columns, *told])
    body = ",".join(parts).replace("{whom}", whom)
    return (
        f"with recursive{body}\n    select\n        {lines}\n"
        f"    from candidate{joins}\n    order by {', '.join(KEY)}"
    )


def _candidate(cohort: Cohort) -> str:
    is_in, year, summer = PERIODS[cohort.period]
    clock_in, clock_year, clock_summer = PERIODS[cohort.clock_hour_colleges]
    # A fall cohort counts from the last day of its colleges' year, a full-year cohort
    # from each learner's own first day.
    clock_from = (
        "starts"
        if cohort.clock_hour_colleges == "full_year"
        else "make_date(cohort_year, 8, 31)"
    )
    return CANDIDATE.format(
        is_in=is_in,
        year=year,
        summer=summer,
        clock_in=clock_in,
        clock_year=clock_year,
        clock_summer=clock_summer,
        clock_from=clock_from,
        of_year="" if cohort.period == "own_start" else ", cohort_year",
    )


def _ladder(definitions: Definitions, part: Cohort | Outcome) -> str:
    """CASE that names the first rule that holds."""
    if not part.ordered:
        return f"'{part.otherwise}'"
    rungs = "".join(
        f"\n            when {definitions.rules[name].when} then '{name}'"
        for name in part.ordered
    )
    return f"case{rungs}\n            else '{part.otherwise}' end"


def _outcome(definitions: Definitions, outcome: Outcome) -> list[str]:
    name = outcome.id
    reached = _names(definitions, (*outcome.ordered, outcome.otherwise), decision="yes")
    return [
        f"case when is_in then {_ladder(definitions, outcome)} end as {name}_rule",
        f"{name}_rule in ({reached}) as {name}",
        f"cast({outcome.final_on} as date) as {name}_final_on",
    ]


def _names(definitions: Definitions, names: Iterable[str], decision: str) -> str:
    found = [name for name in names if definitions.rules[name].decides == decision]
    return ", ".join(f"'{name}'" for name in found)
