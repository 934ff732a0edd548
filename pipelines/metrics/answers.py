"""Asking a metric of what is published: of the state, of one learner.

Belongs here: counts and rates, and why a learner is in a number. Does not belong here:
the definition as SQL (``statement.py``), printing (``pipelines.commands.metric_told``).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from pipelines.errors import OperatorError, UsageError
from pipelines.metrics.model import Cohort, Definitions, Metric, Outcome, words_of
from pipelines.metrics.statement import statement
from pipelines.publishing.reader import connect, resolve
from pipelines.settings import Home

COLLEGE = "college"
COUNTED = (
    "metric",
    "outcome",
    "system_code",
    "cohort_year",
    "excluded",
    "denominator",
    "numerator",
    "rate",
    "final_on",
    "is_final",
)


def show(
    home: Home,
    definitions: Definitions,
    metric: Metric,
    cohort: int | None = None,
    by: str | None = None,
) -> list[dict[str, Any]]:
    """Counts and rates of a metric; no cell is suppressed.

    Args:
        home: The warehouse; its current snapshot is read.
        definitions: Rules and inputs.
        metric: One of them.
        cohort: One cohort year; None for all.
        by: ``college``, or the name of one of the metric's disaggregations.

    Returns:
        A row an outcome, system and cohort year (and college, or value of the
        disaggregation): ``COUNTED``, with the name in ``by`` after the year when asked
        for. ``excluded`` were taken out of the cohort, ``denominator`` is
        those left, ``numerator`` those with the outcome,
        ``rate`` 100 times their ratio, to a tenth. Until ``final_on`` is past, both
        may move.

    Raises:
        UsageError: The metric has no such disaggregation.
        OperatorError: Nothing is published.
    """
    names = (COLLEGE, *metric.disaggregations)
    if by is not None and by not in names:
        raise UsageError(f"{by}: {metric.id} is counted by {', '.join(names)}")
    as_of = spoken_of(home)
    with connect(home) as con:
        rows = counted(con, definitions, metric, cohort, by)
    for row in rows:
        row["is_final"] = row["final_on"] < as_of
    return rows


def counted(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    metric: Metric,
    cohort: int | None = None,
    by: str | None = None,
) -> list[dict[str, Any]]:
    """``show`` on a connection that sees the published tables, but ``is_final``."""
    split = {
        None: "",
        COLLEGE: "institution_code as college,",
    }.get(by, f"by_{by} as {by},")
    outcomes = " union all ".join(
        f"""
        select {place} as place, '{outcome.id}' as outcome, {split} system_code,
            cohort_year, is_in, {outcome.id} as is_reached,
            {outcome.id}_final_on as final_on
        from told
        """
        for place, outcome in enumerate(metric.outcomes)
    )
    # a list that is empty is no SQL
    excluded = ", ".join(f"'{name}'" for name in metric.cohort.exclusions or ("",))
    kept = "" if by is None else f"{by},"
    return _fetch(
        con,
        f"""
        with told as (
            select metric.*, system_code
            from ({statement(definitions, metric)}) as metric
            inner join organization using (institution_code)
            where (is_in or rule in ({excluded})) and kind = 'college'
                and ($cohort is null or cohort_year = $cohort)
        ), reached as ({outcomes})
        select
            '{metric.id}' as metric, outcome, system_code, cohort_year, {kept}
            count(*) filter (not is_in) as excluded,
            count(*) filter (is_in) as denominator,
            count(*) filter (is_in and is_reached) as numerator,
            round(100.0 * numerator / denominator, 1) as rate,
            max(final_on) as final_on
        from reached
        group by {kept} place, outcome, system_code, cohort_year
        order by system_code, cohort_year, {kept} place
        """,
        cohort=cohort,
    )


def explain(
    home: Home, definitions: Definitions, metric: Metric, learner: str
) -> dict[str, Any]:
    """Why a learner is in a metric's cohorts or not, and what came of it.

    Args:
        home: The warehouse; its current snapshot is read.
        definitions: Rules and inputs.
        metric: One of them.
        learner: A learner_id; of an id that a merge retired, the surviving learner's.

    Returns:
        ``metric``, ``title``, ``asked`` and ``learner_id``, ``as_of``, and ``cohorts``:
        by year and college ``is_in``, ``rule``, ``says``, ``facts`` (the inputs that
        decided, with what they are) and ``outcomes``, empty outside of the cohort.

    Raises:
        OperatorError: Nothing is published, or there is no such learner.
    """
    as_of = spoken_of(home)
    with connect(home) as con:
        meant = _meant(con, learner)
        rows = decided(con, definitions, metric, meant)
    return {
        "metric": metric.id,
        "title": metric.title,
        "asked": learner,
        "learner_id": meant,
        "as_of": as_of,
        "cohorts": [_cohort(definitions, metric, row, as_of) for row in rows],
    }


def decided(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    metric: Metric,
    learner: str | None = None,
) -> list[dict[str, Any]]:
    """The rows of ``statement`` by year and college, of one learner or of all."""
    sql = statement(definitions, metric, of_one_learner=learner is not None)
    rows = _fetch(con, sql, **({} if learner is None else {"learner": learner}))
    return sorted(
        rows,
        key=lambda row: (
            row["learner_id"],
            row["cohort_year"],
            row["institution_code"],
        ),
    )


def spoken_of(home: Home) -> date:
    """The day that the current snapshot speaks of.

    Raises:
        OperatorError: Nothing is published.
    """
    return datetime.fromisoformat(resolve(home).manifest.as_of).date()


def _cohort(
    definitions: Definitions, metric: Metric, row: Mapping[str, Any], as_of: date
) -> dict[str, Any]:
    return {
        "institution_code": row["institution_code"],
        "cohort_year": row["cohort_year"],
        "is_in": row["is_in"],
        "rule": row["rule"],
        "says": definitions.rules[row["rule"]].says,
        "facts": _facts(definitions, metric.cohort, row["rule"], row),
        "outcomes": [
            {
                "outcome": outcome.id,
                "title": outcome.title,
                "is_reached": row[outcome.id],
                "rule": row[f"{outcome.id}_rule"],
                "says": definitions.rules[row[f"{outcome.id}_rule"]].says,
                "facts": _facts(definitions, outcome, row[f"{outcome.id}_rule"], row),
                "final_on": row[f"{outcome.id}_final_on"],
                "is_final": row[f"{outcome.id}_final_on"] < as_of,
            }
            for outcome in metric.outcomes
            if row["is_in"]
        ],
    }


def _facts(
    definitions: Definitions,
    part: Cohort | Outcome,
    rule: str,
    row: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The inputs of the rule that decided; where none held, of all that were asked."""
    asked: Iterable[str] = part.ordered if rule == part.otherwise else (rule,)
    names = dict.fromkeys(
        word for name in asked for word in words_of(definitions.rules[name].when or "")
    )
    described = {
        column: text
        for group in definitions.groups.values()
        for column, text in group.columns.items()
    }
    return [
        {"input": name, "value": row[name], "what": described[name]}
        for name in dict.fromkeys(["starts", *names])
    ]


def _meant(con: duckdb.DuckDBPyConnection, learner: str) -> str:
    """The learner that an id means now.

    Raises:
        OperatorError: The id is unknown or its learner was erased.
    """
    found = _fetch(
        con,
        """
        select coalesce(to_learner_id, learner.learner_id) as meant, status
        from learner
        left join learner_redirect using (learner_id)
        where learner.learner_id = $learner
        """,
        learner=learner,
    )
    if not found:
        raise OperatorError(f"learner {learner} is not published")
    if found[0]["status"] == "erased":
        raise OperatorError(f"learner {learner} was erased")
    return found[0]["meant"]


def _fetch(
    con: duckdb.DuckDBPyConnection, sql: str, **values: Any
) -> list[dict[str, Any]]:
    try:
        cursor = con.execute(sql, values)
    except duckdb.CatalogException as error:
        # A snapshot of before a table was published; other errors are ours.
        reason = str(error).strip().splitlines()[0]
        raise OperatorError(f"this snapshot cannot answer: {reason}") from None
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
