"""The system office's articulation rules (``equivalency``).

Belongs here: the rules and the one revision that arrives on a later night. Does not
belong here: what colleges did with them (``transfer``).
"""

from datetime import date, timedelta

import polars as pl

from pipelines.sample.layout import COLLEGE, FROM, NEVER, TO

# The sender's index in place of a college's.
SYSTEM_OFFICE = -1
REVISION_NIGHT = 3


def equivalencies(
    courses: pl.DataFrame, colleges: pl.DataFrame, sender: str, start: date
) -> pl.DataFrame:
    """What the system office lets count.

    A local course counts as an elective from a C, two of a college together from a D;
    a sequence counts in an area of the core; the first two courses of a technical
    programme count as a block, 45 clock hours for a semester hour. The first rule is
    retired on night 3 and replaced by its second version.
    """
    codes = colleges.select("_c", "institution_code", "sector")
    local = (
        courses.filter(pl.col("is_local") == "Y")
        .join(codes.select("_c", "institution_code"), on="_c", maintain_order="left")
        .with_columns(
            rule_id=pl.lit("LOCAL-")
            + pl.col("institution_code")
            + "-"
            + pl.col("course_number")
        )
    )
    shared = {
        "rule_version": pl.lit(1),
        "alternative": pl.lit(1),
        "credit_unit": pl.lit("SH"),
        "valid_from": pl.lit(start - timedelta(days=1500)),
        "valid_to": pl.lit(None, dtype=pl.Date),
        "status": pl.lit("ACTIVE"),
        "source_ref": pl.lit("Common course directory"),
    }
    one = local.with_columns(
        side=pl.lit("FROM"), member_seq=pl.lit(1),
        member_institution_code=pl.col("institution_code"), min_grade=pl.lit("C"),
        credits=pl.col("credit_min"), area_code=pl.lit(None, dtype=pl.String),
        **shared,
    )  # fmt: skip
    other = one.with_columns(
        side=pl.lit("TO"), member_institution_code=pl.lit(sender),
        subject=pl.lit("GEN"), course_number=pl.lit("ELEC"),
        min_grade=pl.lit(None, dtype=pl.String),
    )  # fmt: skip
    general = (
        courses.filter(
            (pl.col("_c") == pl.col("_c").min())
            & (pl.col("family") == "G")
            & (pl.col("credit_min") == 4000)
        )
        .sort("_k")
        .with_columns(member_seq=pl.int_range(1, pl.len() + 1))
        .head(2)
        .with_columns(
            rule_id=pl.lit("AREA-SEQUENCE-1"), side=pl.lit("FROM"),
            member_institution_code=pl.lit(sender), min_grade=pl.lit("C"),
            credits=pl.col("credit_min"), area_code=pl.col("statewide_area"), **shared,
        )
    )  # fmt: skip
    area = general.head(1).with_columns(
        side=pl.lit("TO"), member_seq=pl.lit(1), course_number=pl.lit("1XX"),
        credits=pl.lit(8000, dtype=pl.Int64),
    )  # fmt: skip
    pair = (
        one.with_columns(number=pl.int_range(1, pl.len() + 1).over("_c"))
        .filter((pl.col("number") <= 2) & (pl.len().over("_c") >= 2))
        .with_columns(
            rule_id=pl.lit("PAIR-") + pl.col("institution_code"),
            member_seq=pl.col("number"), min_grade=pl.lit("D"),
        )
    )  # fmt: skip
    block = (
        courses.filter((pl.col("sector") == "TCAT") & (pl.col("is_local") == "N"))
        .unique(["subject", "course_number"], keep="first", maintain_order=True)
        .sort("family", "rank")
        .with_columns(number=pl.int_range(1, pl.len() + 1).over("family"))
        .filter(pl.col("number") <= 2)
        .with_columns(
            rule_id=pl.lit("BLOCK-") + pl.col("subject"), side=pl.lit("FROM"),
            member_seq=pl.col("number"), member_institution_code=pl.lit(sender),
            min_grade=pl.lit("C"), credits=pl.col("credit_min"),
            area_code=pl.lit(None, dtype=pl.String), **shared,
        )
        .with_columns(credit_unit=pl.lit("CLOCK"))
    )  # fmt: skip
    pair_counts = _counts_as(pair, sender, pl.lit("GEN"), pl.col("credits").sum())
    block_counts = _counts_as(
        block, sender, pl.col("subject"), pl.col("credits").sum() // 45_000 * 1000
    )
    columns = [
        "rule_id", "rule_version", "side", "alternative", "member_seq",
        "member_institution_code", "subject", "course_number", "min_grade", "credits",
        "credit_unit", "area_code", "valid_from", "valid_to", "status", "source_ref",
    ]  # fmt: skip
    rules = pl.concat(
        [
            frame.select(columns)
            for frame in (
                *(one, other, general, area),
                *(pair, pair_counts, block, block_counts),
            )
        ],
        how="vertical_relaxed",
    )
    rules = rules.sort(["rule_id", "side", "member_seq"]).with_columns(
        pl.lit(SYSTEM_OFFICE).cast(pl.Int16).alias(COLLEGE),
        pl.lit(1).cast(pl.Int8).alias(FROM),
        pl.lit(NEVER).cast(pl.Int8).alias(TO),
    )
    return _revised(rules, start)


def _counts_as(
    asked: pl.DataFrame, sender: str, subject: pl.Expr, credit: pl.Expr
) -> pl.DataFrame:
    """One TO row a rule, a wildcard of the subject."""
    rule = "rule_id"
    return (
        asked.with_columns(
            side=pl.lit("TO"), member_institution_code=pl.lit(sender),
            subject=subject, course_number=pl.lit("1XX"), credits=credit.over(rule),
            credit_unit=pl.lit("SH"), min_grade=pl.lit(None, dtype=pl.String),
        )
        .filter(pl.col("member_seq") == 1)
    )  # fmt: skip


def _revised(rules: pl.DataFrame, start: date) -> pl.DataFrame:
    first = pl.col("rule_id") == rules["rule_id"].min()
    old = rules.filter(first)
    night = pl.lit(REVISION_NIGHT).cast(pl.Int8)
    retired = old.with_columns(
        night.alias(FROM),
        valid_to=pl.lit(start),
        status=pl.lit("RETIRED"),
    )
    renewed = old.with_columns(
        night.alias(FROM),
        rule_version=pl.lit(2).cast(rules.schema["rule_version"]),
        valid_from=pl.lit(start + timedelta(days=1)),
    )
    return pl.concat(
        [
            rules.with_columns(
                pl.when(first).then(night).otherwise(pl.col(TO)).alias(TO)
            ),
            retired,
            renewed,
        ]
    )
