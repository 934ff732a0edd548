"""The accuracy report: a page, three charts, and a line kept for every run.

Belongs here: which trials are made, where it is written. Does not belong here: the
figures (``measure``, ``curves``, ``trial``), the words (``page``).
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.identity.accuracy.charts import (
    calibration_chart,
    kinds_chart,
    sweep_chart,
)
from pipelines.identity.accuracy.febrl import SETS
from pipelines.identity.accuracy.measure import Accuracy
from pipelines.identity.accuracy.page import (
    AIMED_AT,
    CHARTS,
    KEPT,
    Found,
    page,
    summed,
)
from pipelines.identity.accuracy.trial import SetTrial, Trial, try_set, try_state
from pipelines.identity.evidence import Policy, load_policy

PAGE = "identity-accuracy.md"


@dataclass(frozen=True)
class Targets:
    """What the linkage must reach on every seed, and febrl4 by the model alone.

    Attributes:
        trapped: Planted pairs of two people that may be joined.
    """

    precision: float = 0.9999
    recall: float = 0.985
    trapped: int = 0
    febrl4_f1: float = 0.99


@dataclass(frozen=True)
class Report:
    """What one run found.

    Attributes:
        trials: By seed, in the order asked for.
        sets: The public sets, in the order of their names; empty where left out.
        missed: Targets that were missed, one line each; empty when all were reached.
        path: The page that was written.
    """

    learners: int
    model: str
    digest: str
    trials: tuple[Trial, ...]
    sets: tuple[SetTrial, ...]
    missed: tuple[str, ...]
    path: Path


def run(
    out: Path,
    learners: int,
    seeds: Sequence[int],
    *,
    public_sets: bool = True,
    targets: Targets | None = None,
) -> Report:
    """Make the trials and write the report.

    Args:
        out: Folder of ``identity-accuracy.md``, of ``identity-accuracy.jsonl``, which
            gets one more line, and of the folder with the charts.
        learners: True persons of every trial.
        seeds: One trial each.
        public_sets: Try the FEBRL sets too.
        targets: What must be reached.

    Raises:
        OperatorError: The public sets are not installed, or a guard refused a trial.
        ValueError: No seed is given.
    """
    if not seeds:
        raise ValueError("a report needs at least one seed")
    policy = load_policy()
    # The small ones first: they fail at once where they fail.
    sets = tuple(_set(name) for name in SETS) if public_sets else ()
    trials = tuple(_state(learners, seed) for seed in seeds)
    report = Report(
        learners=learners,
        model=policy.model.id,
        digest=policy.digest,
        trials=trials,
        sets=sets,
        missed=tuple(_missed(trials, sets, targets or Targets())),
        path=out / PAGE,
    )
    _draw(report, policy, out / CHARTS)
    found = Found(learners, trials, sets, report.missed)
    report.path.write_text(page(found, policy))
    with (out / KEPT).open("a") as kept:
        kept.write(json.dumps(line(report), sort_keys=True) + "\n")
    return report


def line(report: Report) -> dict[str, Any]:
    """What is kept of a run: when, of what, and its figures."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": report.model,
        "policy_sha256": report.digest,
        "learners": report.learners,
        "seeds": {str(trial.seed): trial.accuracy.as_dict() for trial in report.trials},
        "blocks": {str(t.seed): asdict(t.blocking) for t in report.trials},
        "sets": {
            one.name: {
                "whole": _shares(one.whole),
                "even": _shares(one.even),
                "strict": _shares(one.strict),
            }
            for one in report.sets
        },
        "missed": list(report.missed),
    }


def _state(learners: int, seed: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        return try_state(learners, seed, Path(folder))


def _set(name: str) -> SetTrial:
    with tempfile.TemporaryDirectory() as folder:
        return try_set(name, Path(folder))


def _shares(accuracy: Accuracy) -> dict[str, float]:
    return {name: getattr(accuracy, name) for name in ("precision", "recall", "f1")}


def _missed(
    trials: Sequence[Trial], sets: Sequence[SetTrial], targets: Targets
) -> list[str]:
    found = []
    for trial in trials:
        got, seed = trial.accuracy, trial.seed
        if got.precision < targets.precision:
            found.append(f"seed {seed}: precision {got.precision:.6f}")
        if got.recall < targets.recall:
            found.append(f"seed {seed}: recall {got.recall:.5f}")
        if got.trapped > targets.trapped:
            found.append(f"seed {seed}: {got.trapped} planted pairs joined")
    return found + [
        f"{one.name}: F1 {one.even.f1:.4f} by the model alone from 0.5"
        for one in sets
        if one.name == AIMED_AT and one.even.f1 < targets.febrl4_f1
    ]


def _draw(report: Report, policy: Policy, folder: Path) -> None:
    first = report.trials[0]
    calibration_chart(first.bins, first.strangers, folder / "calibration.svg")
    sweep_chart(first.points, first.ungated, policy.link, folder / "threshold.svg")
    kinds_chart(summed(report.trials), folder / "kinds.svg")
