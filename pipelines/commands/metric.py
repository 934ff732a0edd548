"""``lrw metric``: outcome metrics by their official definitions.

Belongs here: options. Does not belong here: a definition (``data_contracts/metrics``),
how it is worked out (``pipelines.metrics``), how it prints (``metric_told``).
"""

from typing import Annotated

import typer

from pipelines.commands.shared import (
    Format,
    FormatOption,
    Told,
    ToldOption,
    out,
    write_csv,
    write_json,
)
from pipelines.settings import home

app = typer.Typer(
    no_args_is_help=True, help="Outcome metrics by their official definitions."
)

MetricArgument = Annotated[str, typer.Argument(help="The id of a metric.")]


@app.command("list")
def list_metrics(form: FormatOption = Format.TABLE) -> None:
    """The metrics with whose definition they are."""
    from pipelines.commands import metric_told
    from pipelines.metrics.load import load_definitions

    rows = [
        {
            "metric": metric.id,
            "title": metric.title,
            "outcomes": " ".join(outcome.id for outcome in metric.outcomes),
            "publication": metric.source.publication,
            "version": metric.source.version,
            "effective_year": metric.source.effective_year,
            "url": metric.source.url,
        }
        for metric in load_definitions().metrics.values()
    ]
    if form is Format.JSON:
        write_json(rows)
    elif form is Format.CSV:
        write_csv(list(rows[0]), rows)
    else:
        metric_told.print_list(out, rows)


@app.command()
def show(
    metric: MetricArgument,
    cohort: Annotated[
        int | None, typer.Option(help="One cohort year; all when left out.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="college, or a disaggregation of the metric."),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Counts and rates, and the rules behind them; cells are not suppressed."""
    from pipelines.commands import metric_told
    from pipelines.metrics import answers
    from pipelines.metrics.load import find_metric, load_definitions

    definitions = load_definitions()
    found = find_metric(definitions, metric)
    rows = answers.show(home(), definitions, found, cohort, by)
    if form is Format.JSON:
        write_json(rows)
    elif form is Format.CSV:
        columns = [*answers.COUNTED]
        if by is not None:
            columns.insert(columns.index("excluded"), by)
        write_csv(columns, rows)
    else:
        metric_told.print_shown(out, definitions, found, rows, by)


@app.command()
def explain(
    metric: MetricArgument,
    learner: Annotated[str, typer.Argument(help="A learner_id.")],
    form: ToldOption = Told.TABLE,
) -> None:
    """Why a learner is in a metric or not: the deciding rule and its facts."""
    from pipelines.commands import metric_told
    from pipelines.metrics import answers
    from pipelines.metrics.load import find_metric, load_definitions

    definitions = load_definitions()
    told = answers.explain(
        home(), definitions, find_metric(definitions, metric), learner
    )
    if form is Told.JSON:
        write_json(told)
    else:
        metric_told.print_explained(out, told)
