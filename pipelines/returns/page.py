"""Pages people read: Jinja2 with every value escaped, one file each, no scripts.

Belongs here: the environment, filters, and the page of one package. Does not belong
here: what the pages say (``summary``, ``scorecard``).
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipelines.landing.decided.verdicts import REFUSED
from pipelines.landing.limits import PAGE_FINDINGS
from pipelines.landing.package.parcel import (
    ACCEPTED,
    APPLIED,
    HELD,
    REJECTED,
    REPEAT,
    RETIRED,
    WITH_QUARANTINE,
)
from pipelines.returns.effects import (
    LET_THROUGH,
    SETS_ASIDE,
    STOPS_PACKAGE,
    STOPS_PUBLICATION,
    WARNS,
)
from pipelines.returns.text import made_visible
from pipelines.returns.words import (
    EFFECT,
    EFFECT_MEANING,
    EFFECTS_COUNTED,
    MODE,
    STATE,
)

TONE = {
    ACCEPTED: ("good", "✓"),
    WITH_QUARANTINE: ("aside", "◐"),
    HELD: ("stop", "‖"),
    REFUSED: ("stop", "⊘"),
    REJECTED: ("stop", "✕"),
    REPEAT: ("good", "="),
    RETIRED: ("good", "→"),
}
_UNPUBLISHED = ("warn", "◌")
EFFECT_TONE = {
    STOPS_PACKAGE: "stop",
    STOPS_PUBLICATION: "stop",
    LET_THROUGH: "good",
    SETS_ASIDE: "aside",
    WARNS: "warn",
}
# Told even where there is none of them.
_ALWAYS_COUNTED = (STOPS_PACKAGE, SETS_ASIDE, WARNS)
_SPELLED_OUT = re.compile(r"⟨(U\+[0-9A-F]{4,6})⟩")


@cache
def environment() -> Environment:
    """The one Jinja environment; a name a template misspells is an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"seen": seen, "number": number, "instant": instant}
    return made


def seen(text: object) -> Markup:
    """Text escaped, with characters nobody sees spelled out and marked."""
    spelled = _SPELLED_OUT.sub(r"<mark>\1</mark>", str(escape(made_visible(str(text)))))
    return Markup(spelled)


def number(value: int | None) -> str:
    """``12,345``; a dash for what was not counted."""
    return "–" if value is None else f"{value:,}"


def instant(value: datetime | None) -> str:
    """Date and minute with the zone it is told in."""
    if value is None:
        return "–"
    return f"{value:%Y-%m-%d %H:%M} {value.tzname() or ''}".rstrip()


def package_page(
    summary: Mapping[str, Any],
    listing: pl.DataFrame,
    names: Mapping[str, str],
) -> str:
    """The page of one package.

    Args:
        summary: ``summary.summarise``.
        listing: ``listing.listed``; the first few of each edit are shown.
        names: File names of csv, workbook and json beside the page.
    """
    applied = summary["verdict"] in APPLIED
    is_published = summary["publishable"] or not applied
    tone, sign = TONE[summary["verdict"]] if is_published else _UNPUBLISHED
    counts = summary["counts"]["by_effect"]
    return (
        environment()
        .get_template("package.html.j2")
        .render(
            s=summary,
            tone=tone,
            sign=sign,
            mode=_mode(summary),
            applied=applied,
            groups=_groups(summary, listing),
            resolved=summary["resolved"][:PAGE_FINDINGS],
            names=names,
            effects=EFFECT,
            tones=EFFECT_TONE,
            counted=[
                (counts[name], words)
                for name, words in EFFECTS_COUNTED.items()
                if counts[name] or name in _ALWAYS_COUNTED
            ],
            meanings=EFFECT_MEANING,
            let_through=LET_THROUGH,
            states=STATE,
        )
    )


def _mode(summary: Mapping[str, Any]) -> str | None:
    if summary["mode"] is None:
        return None
    return MODE.get("delta" if summary["mode"] == "delta" else summary["scope"]["kind"])


def _groups(summary: Mapping[str, Any], listing: pl.DataFrame) -> list[dict[str, Any]]:
    """One entry a feed, edit and severity with its first findings."""
    by = ["feed", "edit_id", "severity"]
    parts = listing.partition_by(by, as_dict=True, maintain_order=True)
    groups = []
    for entry in summary["edits"]:
        if not entry["count"]:
            continue
        part = parts[entry["feed"], entry["edit_id"], entry["severity"]]
        first = part.head(PAGE_FINDINGS)
        keyed = first["key"].is_not_null().any()
        groups.append(
            {
                **entry,
                "rows": first.to_dicts(),
                "more": part.height - first.height,
                "expected": first["expected"][0],
                "file": first["file"][0] if part["file"].n_unique() == 1 else None,
                "keyed": keyed,
                # What is said of a whole file is a sentence and no value.
                "of_rows": keyed or entry["severity"] == "Q",
                "overridden": first["overridden_by"].is_not_null().any(),
            }
        )
    return groups
