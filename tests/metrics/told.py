"""A row of the engine as the hand-worked cohort and the plain loops write it."""

from typing import Any

from pipelines.metrics.model import Metric


def told(row: dict[str, Any], metric: Metric) -> str:
    """``learner: college year in|out rule``, then the deciding rules of outcomes."""
    where = f"{row['learner_id']}: {row['institution_code']} {row['cohort_year']}"
    if not row["is_in"]:
        return f"{where} out {row['rule']}"
    reached = " ".join(row[f"{outcome.id}_rule"] for outcome in metric.outcomes)
    return f"{where} in {row['rule']}: {reached}"
