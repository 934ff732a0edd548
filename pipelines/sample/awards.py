"""Programmes people are in and the credentials they are given.

Belongs here: who is in which programme, ``program_enrollment`` and
``credential_award`` with their later versions. Does not belong here: badges and
industry credentials (``activity``).
"""

from datetime import date

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.history import split, versioned
from pipelines.sample.instants import before
from pipelines.sample.presence import LAST_TERM

# An award follows once this share of the programme's credit was earned here; the
# rest came with transfer or from before.
_ENOUGH = 0.75
REVOKED = 0.015


def declared(draw: Draw, at: pl.DataFrame, offered: pl.DataFrame) -> pl.DataFrame:
    """Adds ``_p``, ``program_code`` and ``family`` to every membership.

    Undeclared learners (dual enrolment, a few others) follow general education, or
    at a technical college the courses of some programme.
    """
    spans = offered.select(
        "_c",
        "_p",
        "program_code",
        "family",
        "weight",
        "award_level",
        "required_credits",
    ).with_columns(high=pl.col("weight").cum_sum().over("_c"))
    spans = spans.with_columns(
        low=pl.col("high") - pl.col("weight"), all=pl.col("weight").sum().over("_c")
    )
    u = draw.unit("program", "m")
    chosen = (
        at.select("m", "_c")
        .join(spans, on="_c", how="inner", maintain_order="left")
        .filter(
            (u * pl.col("all") >= pl.col("low")) & (u * pl.col("all") < pl.col("high"))
        )
        .select("m", "_p", "program_code", "family", "award_level", "required_credits")
    )
    undeclared = (pl.col("role") != "CREDIT") | draw.chance("undeclared", 0.12, "m")
    general = undeclared & (pl.col("sector") != "TCAT")
    return at.join(chosen, on="m", how="left", maintain_order="left").with_columns(
        family=pl.when(general).then(pl.lit("G")).otherwise(pl.col("family"))
        + pl.when(pl.col("developmental")).then(pl.lit("+D")).otherwise(pl.lit("")),
        declares=~undeclared & pl.col("studies"),
    )


def _progress(results: pl.DataFrame) -> pl.DataFrame:
    """What each membership had to show on the first night."""
    first = results.filter(pl.col("_from") == 1)
    return first.group_by("m", maintain_order=True).agg(
        first_t=pl.col("_t").filter(pl.col("_t") >= 0).min(),
        last_t=pl.col("_t").max(),
        done_t=pl.col("_t")
        .filter((pl.col("_t") >= 0) & (pl.col("_t") < LAST_TERM))
        .max(),
        earned=pl.col("earned_credit").fill_null(0).sum(),
        gpa_credit=pl.col("gpa_credit").fill_null(0).sum(),
        points=pl.col("quality_points").fill_null(0).sum(),
    )


def awards_and_enrollments(
    draw: Draw,
    at: pl.DataFrame,
    results: pl.DataFrame,
    offered: pl.DataFrame,
    terms: pl.DataFrame,
    nights: int,
    start: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``credential_award`` and ``program_enrollment``, with their later versions."""
    dated = terms.filter(pl.col("_t").is_not_null()).select(
        "_c", "_t", "term_code", "end_date"
    )
    who = (
        at.filter("declares")
        .select("m", "l", "_c", "_p", "student_id", "sector", "_from")
        .join(_progress(results), on="m", how="left", maintain_order="left")
        .join(
            results.filter(pl.col("_t") >= 0)
            .group_by("m", maintain_order=True)
            .agg(any_t=pl.col("_t").min()),
            on="m", how="inner", maintain_order="left",
        )
        .join(
            offered.select(
                "_c", "_p", "program_code", "title", "cip_code", "award_level",
                "credential_type", "required_credits", "ctid",
            ),
            on=["_c", "_p"], how="left", maintain_order="left",
        )
        .with_columns(
            gpa=pl.when(pl.col("gpa_credit") > 0).then(
                (2000 * pl.col("points") + pl.col("gpa_credit"))
                // (2 * pl.col("gpa_credit"))
            )
        )
    )  # fmt: skip
    # earned is in 10**-3, required_credits in 10**-2.
    ready = (
        (pl.col("earned") >= pl.col("required_credits") * 10 * _ENOUGH)
        & (pl.col("gpa") >= 2000)
        & pl.col("done_t").is_not_null()
        & (pl.col("_from") == 1)
    ).fill_null(value=False)
    luck = draw.unit("award", "m")
    later = 0.8 + 0.03 * (nights - 1)
    who = who.with_columns(
        award_from=pl.when(ready & (luck < 0.8))
        .then(1)
        .when(ready & (luck < later) & (nights > 1))
        .then(2 + draw.below("award night", max(nights - 1, 1), "m"))
    ).with_columns(
        award_t=pl.when(pl.col("award_from") > 1)
        .then(LAST_TERM - 1)
        .otherwise(pl.col("done_t"))
    )
    return (
        _awards(draw, who, dated, nights, start),
        _enrollments(draw, who, dated, start),
    )


def _awards(
    draw: Draw, who: pl.DataFrame, dated: pl.DataFrame, nights: int, start: date
) -> pl.DataFrame:
    names = {
        "AA": "Associate in Arts", "AS": "Associate in Science",
        "AAS": "Associate in Applied Science",
        "AST": "Associate of Science in Teaching",
        "CER": "Certificate", "STC": "Short-Term Certificate", "DIPL": "Diploma",
    }  # fmt: skip
    gpa = pl.col("gpa")
    frame = (
        who.filter(pl.col("award_from").is_not_null())
        .join(
            dated.rename({"_t": "award_t", "term_code": "award_term"}),
            on=["_c", "award_t"], how="left", maintain_order="left",
        )
        .with_columns(
            _from=pl.col("award_from"),
            award_id=(1 + draw.below("award id", 3, "m")).cast(pl.String),
            title=pl.col("credential_type").replace(names)
            + ", "
            + pl.col("title").str.strip_suffix(" Certificate").str.strip_suffix(
                " Diploma"
            ),
            status=pl.when(
                draw.chance("revoked", REVOKED, "m") & (pl.col("award_from") == 1)
            )
            .then(pl.lit("REVOKED"))
            .otherwise(pl.lit("AWARDED")),
            awarded_on=pl.col("end_date")
            + pl.duration(days=2 + draw.below("awarded", 12, "m")),
            honors=pl.when((pl.col("award_level") != "3") | (gpa < 3500))
            .then(None)
            .when(gpa < 3700)
            .then(pl.lit("Cum Laude"))
            .when(gpa < 3900)
            .then(pl.lit("Magna Cum Laude"))
            .otherwise(pl.lit("Summa Cum Laude")),
            credits_at_award=pl.col("earned") // 10,
            gpa_at_award=gpa,
            reverse_transfer=pl.when(
                (pl.col("sector") != "TCAT") & draw.chance("reverse", 0.02, "m")
            )
            .then(pl.lit("Y"))
            .otherwise(pl.lit("N")),
            record_updated_at=pl.when(pl.col("award_from") == 1).then(
                before(start, 500 + draw.below("award changed", 20_000, "m"))
            ),
        )
    )  # fmt: skip
    frame = versioned(frame)
    if nights == 1:
        return frame
    return split(
        frame,
        (pl.col("status") == "AWARDED")
        & draw.chance("revocation", 0.006 * (nights - 1), "m"),
        2 + draw.below("revocation night", nights - 1, "m"),
        {
            "status": pl.lit("REVOKED"),
            "record_updated_at": pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        },
    )


def _enrollments(
    draw: Draw, who: pl.DataFrame, dated: pl.DataFrame, start: date
) -> pl.DataFrame:
    inactive = pl.col("last_t") < LAST_TERM - 3
    done = pl.col("award_from") == 1
    codes = dated.select("_c", "_t", "term_code")
    changed = before(start, 600 + draw.below("program changed", 300_000, "m"))
    frame = who.with_columns(
        start_t=pl.coalesce("first_t", "any_t"),
        end_t=pl.when(done)
        .then(pl.col("award_t"))
        .when(inactive)
        .then(pl.col("last_t").clip(0)),
        status=pl.when(done)
        .then(pl.lit("COMPLETED"))
        .when(inactive)
        .then(pl.lit("INACTIVE"))
        .otherwise(pl.lit("ACTIVE")),
        level=pl.when(pl.col("sector") == "TCAT")
        .then(pl.lit("TC"))
        .otherwise(pl.lit("UG")),
        concentration=pl.lit(None, dtype=pl.String),
    )
    # Some came to their programme from another one of the college.
    others = who.group_by("_c", maintain_order=True).agg(
        other=pl.col("program_code").first(), other_p=pl.col("_p").first()
    )
    moved = (
        frame.join(others, on="_c", how="left", maintain_order="left")
        .filter(
            (pl.col("program_code") != pl.col("other"))
            & draw.chance("changed program", 0.08, "m")
            & pl.col("first_t").is_not_null()
        )
        .with_columns(
            program_code=pl.col("other"),
            end_t=pl.col("start_t"),
            status=pl.lit("CHANGED"),
            award_from=pl.lit(None, dtype=pl.Int32),
        )
        .drop("other", "other_p")
    )
    frame = pl.concat([frame, moved], how="vertical_relaxed")
    frame = (
        frame.join(
            codes.rename({"_t": "start_t", "term_code": "start_term"}),
            on=["_c", "start_t"], how="left", maintain_order="left",
        )
        .join(
            codes.rename({"_t": "end_t", "term_code": "end_term"}),
            on=["_c", "end_t"], how="left", maintain_order="left",
        )
        .join(
            codes.rename({"_t": "award_t", "term_code": "last_term"}),
            on=["_c", "award_t"], how="left", maintain_order="left",
        )
        .with_columns(catalog_term=pl.col("start_term"), record_updated_at=changed)
    )  # fmt: skip
    return split(
        versioned(frame),
        pl.col("award_from") > 1,
        pl.col("award_from"),
        {
            "status": pl.lit("COMPLETED"),
            "end_term": pl.col("last_term"),
            "record_updated_at": pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        },
    )
