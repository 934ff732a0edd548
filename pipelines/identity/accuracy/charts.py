"""The charts of the accuracy report, as SVG.

Belongs here: what is drawn and how. Does not belong here: the figures (``measure``,
``curves``).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import altair as alt

from pipelines.identity.accuracy.curves import Bin, Point, odds
from pipelines.identity.accuracy.measure import Kind

_BLUE, _ORANGE, _GREY = "#1f5fa8", "#c2570c", "#6b6b6b"
_WIDTH, _HEIGHT = 560, 300
_LEGEND = alt.Legend(orient="top", labelLimit=400, title=None)
# A logarithm shows no zero: what never happened is drawn at the floor.
_FLOOR = 1e-6


def calibration_chart(bins: Sequence[Bin], strangers: Sequence[Bin], out: Path) -> None:
    """Predicted against observed, in bits of evidence, dots as large as their bin."""
    rows = [
        {
            "predicted": _bits(one.predicted),
            "observed": _bits(one.observed),
            "pairs": one.pairs,
            "which": which,
        }
        for which, some in (
            ("all pairs", bins),
            ("without planted lookalikes", strangers),
        )
        for one in some
    ]
    ends = [
        _bits(share)
        for one in (*bins, *strangers)
        for share in (one.predicted, one.observed)
    ]
    diagonal = [
        {"predicted": end, "observed": end}
        for end in (min(ends, default=-1), max(ends, default=1))
    ]
    ideal = (
        alt.Chart(alt.Data(values=diagonal))
        .mark_line(strokeDash=[4, 4], color=_GREY)
        .encode(x="predicted:Q", y="observed:Q")
    )
    dots = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, opacity=0.75)
        .encode(
            x=alt.X("predicted:Q", title="Predicted, bits of evidence for one person"),
            y=alt.Y(
                "observed:Q", title="Observed, bits (never and always at the ends)"
            ),
            size=alt.Size("pairs:Q", title="pairs", scale=alt.Scale(type="sqrt")),
            color=alt.Color(
                "which:N", scale=alt.Scale(range=[_ORANGE, _BLUE]), legend=_LEGEND
            ),
            shape=alt.Shape("which:N", legend=_LEGEND),
        )
    )
    _save(ideal + dots, "Does the probability mean what it says?", out)


def sweep_chart(
    points: Sequence[Point], ungated: Sequence[Point], threshold: float, out: Path
) -> None:
    """The two error rates by threshold, with gates and without, logarithmic."""
    rows = [
        {
            "bits": odds(point.threshold),
            "share": max(share, _FLOOR),
            "error": name,
            "which": which,
            "in_use": odds(threshold),
        }
        for which, some in (
            ("with rules and gates", points),
            ("the model alone", ungated),
        )
        for point in some
        for name, share in (
            ("joined pairs that are two people", 1 - point.precision),
            ("pairs of one person not joined", 1 - point.recall),
        )
    ]
    base = alt.Chart(alt.Data(values=rows))
    lines = base.mark_line(point=True).encode(
        x=alt.X("bits:Q", title="Threshold, bits of evidence"),
        y=alt.Y(
            "share:Q",
            title=f"Share (log; never = {_FLOOR:g})",
            scale=alt.Scale(type="log"),
        ),
        color=alt.Color(
            "error:N", scale=alt.Scale(range=[_ORANGE, _BLUE]), legend=_LEGEND
        ),
        shape=alt.Shape("error:N", legend=None),
    )
    rule = base.mark_rule(strokeDash=[4, 4], color=_GREY).encode(x="in_use:Q")
    panels = (
        alt.layer(lines, rule)
        .properties(width=_WIDTH // 2, height=_HEIGHT)
        .facet(column=alt.Column("which:N", title=None, sort="descending"))
    )
    _write(panels.properties(title="Errors by threshold (dashed: the one in use)"), out)


def kinds_chart(kinds: Sequence[Kind], out: Path) -> None:
    """Recall of every kind of case that has true pairs."""
    rows = [
        {"case": kind.case.replace("_", " "), "recall": kind.recall}
        for kind in kinds
        if kind.recall is not None
    ]
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color=_BLUE)
        .encode(
            x=alt.X("recall:Q", title="Share of one person's pairs that were joined"),
            y=alt.Y("case:N", title=None, sort="x"),
        )
    )
    _save(bars, "Found, by kind of case", out, height=14 * len(rows))


def _bits(share: float) -> float:
    return odds(min(max(share, _FLOOR), 1 - _FLOOR))


def _save(chart: Any, title: str, out: Path, height: int = _HEIGHT) -> None:
    _write(chart.properties(title=title, width=_WIDTH, height=height), out)


def _write(chart: Any, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    chart.configure_axis(labelFontSize=12, titleFontSize=12).save(str(out))
