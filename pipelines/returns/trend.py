"""Thirty nights as small bars: one inline SVG a row, drawn by column expressions.

Belongs here: geometry. Does not belong here: numbers (``scorecard``) and pages.

A bar's height is the rows read, and never so little that nobody sees it; its shape and
colour tell what became of them. A package that is not in force is a hollow bar, one of
changes only a narrow one, a night without one a dot on the base line, so that colour is
not the only sign.
"""

import polars as pl

NIGHTS = 30
_STEP, _WIDE, _NARROW, _HIGH, _LOW, _DOT, _BASE = 6, 4, 2, 24, 6, 2, 27
# Kinds of a night in a trend, and how their bars are drawn.
GOOD, ASIDE, WAITING, MISSING = "good", "aside", "waiting", "missing"
_FILL = {
    GOOD: 'fill="var(--bar)"',
    ASIDE: 'fill="var(--aside)"',
    WAITING: 'fill="none" stroke="var(--stop)"',
    MISSING: 'fill="var(--soft)"',
}
_SAID = {
    GOOD: "accepted",
    ASIDE: "accepted with rows set aside",
    WAITING: "not in force",
    MISSING: "without a package",
}


def svg(nights: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Bars of each group.

    Args:
        nights: The columns ``by``, ``at`` (0 to 29, the last night is 29), ``kind``
            (good, aside, waiting or missing), ``rows`` (may be null) and ``is_delta``.
            One row a night.
        by: What makes a row of the page.

    Returns:
        ``by`` and ``svg``, whose label says the same in words.
    """
    share = pl.col("rows").fill_null(0) / pl.col("rows").max().over(by)
    height = (
        pl.when(pl.col("kind") == MISSING)
        .then(_DOT)
        .otherwise((share.fill_nan(0).fill_null(0) * _HIGH).clip(_LOW, _HIGH))
        .round()
        .cast(pl.Int64)
    )
    wide = pl.when("is_delta").then(_NARROW).otherwise(_WIDE)
    bars = nights.sort(*by, "at").with_columns(
        d=pl.format(
            "M{} {}h{}v-{}h-{}z",
            pl.col("at") * _STEP + 1 + (_WIDE - wide) // 2,
            pl.lit(_BASE),
            wide,
            height,
            wide,
        )
    )
    deltas = pl.col("is_delta").sum()
    told = pl.when(deltas > 0).then(pl.format(", {} of changes only", deltas))
    narrow = bars.group_by(by).agg(_deltas=told.otherwise(pl.lit("")))
    paths = bars.group_by([*by, "kind"], maintain_order=True).agg(
        pl.col("d").str.join(""), count=pl.len()
    )
    drawn = paths.with_columns(
        path=pl.format(
            '<path {} d="{}"/>', pl.col("kind").replace_strict(_FILL), pl.col("d")
        ),
        said=pl.format("{} {}", "count", pl.col("kind").replace_strict(_SAID)),
        rank=pl.col("kind").replace_strict({kind: n for n, kind in enumerate(_SAID)}),
    )
    whole = (
        drawn.group_by(by, maintain_order=True)
        .agg(pl.col("path").str.join(""), pl.col("said").sort_by("rank").str.join(", "))
        .join(narrow, on=by, maintain_order="left")
    )
    head = (
        f'<svg class="trend" viewBox="0 0 {NIGHTS * _STEP + 1} {_BASE + 1}" '
        'preserveAspectRatio="none" role="img" aria-label="'
    )
    return whole.select(
        *by,
        svg=pl.concat_str(
            pl.lit(head),
            pl.format("{} nights: {}{}", pl.lit(NIGHTS), "said", "_deltas"),
            pl.lit('">'),
            "path",
            pl.lit("</svg>"),
        ),
    )
