"""Term summaries as a college computes them: sums over its course results.

Belongs here: the ``term_enrollment`` feed for a set of results, and its versions over
the nights. Does not belong here: any number that is not a sum of results.
"""

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.history import standing_on, versioned
from pipelines.sample.layout import FROM, NEVER, TO

_VALUES = (
    "dual_enrollment", "attempted", "earned", "gpa_credits", "quality_points",
    "term_gpa", "cum_gpa", "academic_standing",
)  # fmt: skip


def _average(points: str, credit: str) -> pl.Expr:
    """Points / credit to three places, half up; null without credit."""
    return pl.when(pl.col(credit) > 0).then(
        (2000 * pl.col(points) + pl.col(credit)) // (2 * pl.col(credit))
    )


def summaries(draw: Draw, results: pl.DataFrame) -> pl.DataFrame:
    """The ``term_enrollment`` rows that equal the sums over ``results``.

    Args:
        draw: the seed's draws.
        results: course results of one night; in progress counts as attempted.
    """
    sums = (
        results.group_by("m", "_t", "level", maintain_order=True)
        .agg(
            pl.col("_c", "student_id", "term_code", "credit_unit", "sector").first(),
            pl.col("dual_enrollment").max(),
            attempted=pl.col("attempted_credit").sum(),
            earned=pl.col("earned_credit").fill_null(0).sum(),
            gpa_credits=pl.col("gpa_credit").fill_null(0).sum(),
            quality_points=pl.col("quality_points").fill_null(0).sum(),
        )
        .sort(["m", "_t", "level"])
        .with_columns(
            cum_points=pl.col("quality_points").cum_sum().over("m"),
            cum_credit=pl.col("gpa_credits").cum_sum().over("m"),
        )
    )
    cum = pl.col("cum_gpa")
    return sums.with_columns(
        term_gpa=_average("quality_points", "gpa_credits"),
        cum_gpa=_average("cum_points", "cum_credit"),
        student_type=pl.when(pl.col("level") == "DE")
        .then(pl.lit("H"))
        .otherwise(draw.choose("student type", ["C", "N", "T", "R"], "m", "_t")),
        residency=pl.when(draw.chance("out of state", 0.05, "m"))
        .then(pl.lit("O"))
        .otherwise(pl.lit("R")),
    ).with_columns(
        academic_standing=pl.when(cum.is_null())
        .then(None)
        .when(cum >= 2000)
        .then(pl.lit("GOOD"))
        .when(cum >= 1500)
        .then(pl.lit("WARN"))
        .otherwise(pl.lit("PROB"))
    )


def summary_versions(draw: Draw, results: pl.DataFrame, nights: int) -> pl.DataFrame:
    """All versions of ``term_enrollment`` over the nights.

    Only learners with a changed result are summed again on a later night.
    """
    versions = versioned(summaries(draw, standing_on(results, 1)))
    key = ["m", "_t", "level"]
    for night in range(2, nights + 1):
        touched = results.filter(
            (pl.col(FROM) == night) | (pl.col(TO) == night)
        ).select(pl.col("m").unique(maintain_order=True))
        new = summaries(
            draw,
            standing_on(results, night).join(
                touched, on="m", how="semi", maintain_order="left"
            ),
        )
        live = versions.filter(pl.col(TO) == NEVER).join(
            touched, on="m", how="semi", maintain_order="left"
        )
        same = live.join(
            new, on=[*key, *_VALUES], how="semi", nulls_equal=True,
            maintain_order="left",
        ).select(key)  # fmt: skip
        goes = live.join(same, on=key, how="anti", maintain_order="left").select(
            *key, _goes=pl.lit(value=True)
        )
        comes = new.join(same, on=key, how="anti", maintain_order="left")
        versions = versions.join(goes, on=key, how="left", maintain_order="left")
        ends = pl.col("_goes").fill_null(value=False) & (pl.col(TO) == NEVER)
        versions = versions.with_columns(
            pl.when(ends).then(night).otherwise(pl.col(TO)).cast(pl.Int8).alias(TO)
        ).drop("_goes")
        begun = versioned(comes.with_columns(pl.lit(night).alias(FROM)))
        versions = pl.concat([versions, begun.select(versions.columns)])
    return versions
