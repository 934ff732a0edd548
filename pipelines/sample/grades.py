"""What a grade means and what credit follows from it.

Belongs here: drawing grades by a college's scheme and turning them into attempted,
earned and GPA credit. Does not belong here: who gets one (``study``, ``changes``).
"""

import polars as pl

from pipelines.sample.draw import position
from pipelines.sample.reference import table


def drawn_grades(
    frame: pl.DataFrame, unit: pl.Expr, only: tuple[str, ...] | None = None
) -> pl.DataFrame:
    """Adds ``grade_local``, ``outcome``, points and flags by style and mode.

    Args:
        frame: has ``grade_style`` and ``grade_mode``.
        unit: 0 .. 1, small is good.
        only: keep to grades of these outcomes.
    """
    scheme = table("grade")
    if only is not None:
        scheme = scheme.filter(pl.col("outcome").is_in(only))
    scheme = scheme.with_columns(
        _g=pl.int_range(pl.len()).over(["grade_style", "grade_mode"])
    )
    which = pl.lit(None, dtype=pl.Int64)
    for (style, mode), part in scheme.group_by(
        ["grade_style", "grade_mode"], maintain_order=True
    ):
        which = (
            pl.when((pl.col("grade_style") == style) & (pl.col("grade_mode") == mode))
            .then(position(unit, part["weight"].to_list()))
            .otherwise(which)
        )
    meaning = scheme.select(
        "grade_style",
        "grade_mode",
        "_g",
        "grade_local",
        "outcome",
        "counts_attempted",
        "counts_earned",
        "counts_gpa",
        points=(pl.col("grade_points") * 1000).round().cast(pl.Int64),
    )
    return (
        frame.with_columns(_g=which)
        .join(
            meaning,
            on=["grade_style", "grade_mode", "_g"],
            how="left",
            maintain_order="left",
        )
        .drop("_g")
    )


def credited(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds attempted, earned and GPA credit and quality points from the outcome.

    Needs ``credit`` (10**-3), ``outcome`` and its flags; in progress is null outcome.
    """
    graded = pl.col("outcome").is_not_null()
    counts = pl.col("counts_attempted").fill_null("Y") == "Y"
    gpa = pl.when(graded & (pl.col("counts_gpa") == "Y")).then(pl.col("credit"))
    return frame.with_columns(
        attempted_credit=pl.when(counts).then(pl.col("credit")).otherwise(0),
        earned_credit=pl.when(graded).then(
            pl.when(pl.col("counts_earned") == "Y").then(pl.col("credit")).otherwise(0)
        ),
        gpa_credit=pl.when(graded).then(gpa.fill_null(0)),
    ).with_columns(
        quality_points=pl.when(graded).then(
            (pl.col("gpa_credit") * pl.col("points").fill_null(0)) // 1000
        )
    )
