"""What colleges teach and award: grade schemes, programmes, courses, study paths.

Belongs here: the reference feeds that do not depend on learners, and the order in
which a programme's courses are taken. Does not belong here: sections, which follow
from who enrolled (``study``).
"""

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

# Orders in which the courses of one family are taken.
VARIANTS = 8
MILLI = 1000


def _milli(column: str) -> pl.Expr:
    return (pl.col(column) * MILLI).round().cast(pl.Int64)


def grade_schemes(colleges: pl.DataFrame, first_term: pl.DataFrame) -> pl.DataFrame:
    """The ``grade_scheme`` feed: one row a college, mode and local grade.

    Args:
        colleges: the senders.
        first_term: ``_c`` and ``valid_from_term``, the oldest term of the calendar.
    """
    return (
        colleges.select("_c", "grade_style")
        .join(table("grade"), on="grade_style")
        .join(first_term, on="_c")
        .with_columns(grade_points=_milli("grade_points"))
        .sort(["_c", "grade_mode", "grade_local"])
    )


def programs(
    draw: Draw, colleges: pl.DataFrame, first_term: pl.DataFrame
) -> pl.DataFrame:
    """The ``program`` feed with ``family`` and ``weight``; small colleges offer fewer.

    The transfer and general programmes are everywhere.
    """
    offered = (
        colleges.select("_c", "sector", size="weight")
        .join(table("program").with_row_index("_p"), on="sector")
        .join(first_term, on="_c")
        .filter(
            (pl.col("family") == "G")
            | draw.chance(
                "program offered", 0.45 + pl.col("size").clip(0, 5) / 10, "_c", "_p"
            )
            | pl.col("program_code").is_in(["WLD-D", "PNU-D", "HVA-D"])
        )
    )
    return offered.with_columns(
        required_credits=(pl.col("required_credits") * 100).round().cast(pl.Int64),
        cip_version=pl.lit(2020),
        valid_to_term=pl.lit(None, dtype=pl.String),
        ctid=pl.when(draw.chance("program ctid", 0.5, "_c", "_p")).then(
            pl.lit("ce-") + uuid(draw, "program ctid value", "_c", "_p")
        ),
    ).sort(["_c", "_p"])


def uuid(draw: Draw, stream: str, *keys: str) -> pl.Expr:
    """A version 4 UUID in text, from 128 drawn bits."""
    high = _hex(draw.bits(f"{stream}/high", *keys))
    low = _hex(draw.bits(f"{stream}/low", *keys))
    return pl.concat_str(
        high.str.slice(0, 8),
        pl.lit("-"),
        high.str.slice(8, 4),
        pl.lit("-4"),
        high.str.slice(13, 3),
        pl.lit("-8"),
        low.str.slice(1, 3),
        pl.lit("-"),
        low.str.slice(4, 12),
    )


def _hex(bits: pl.Expr) -> pl.Expr:
    digits = pl.Series([f"{i:04x}" for i in range(65536)])
    parts = [
        pl.lit(digits).gather(
            (bits // pl.lit(65536**power, dtype=pl.UInt64))
            % pl.lit(65536, dtype=pl.UInt64)
        )
        for power in (3, 2, 1, 0)
    ]
    return pl.concat_str(parts)


def courses(
    draw: Draw, colleges: pl.DataFrame, first_term: pl.DataFrame
) -> pl.DataFrame:
    """The ``course`` feed with ``_k``, the course's number in the sector's list.

    Common courses have one number at every college of the sector; a local course
    shares its ``_k`` and has each college's own number and title.
    """
    local_title = (
        pl.col("title") + " of the " + pl.col("city").fill_null("Region") + " Area"
    )
    listed = table("course").with_columns(
        _k=pl.int_range(pl.len()).over("sector").cast(pl.Int64)
    )
    own = pl.col("is_local") == "Y"
    clock = pl.col("credit_unit") == "CLOCK"
    return (
        colleges.select("_c", "sector", "city")
        .join(listed, on="sector")
        .join(first_term, on="_c")
        .with_columns(
            subject=pl.when(own).then(pl.lit("GEN")).otherwise(pl.col("subject")),
            course_number=pl.when(own)
            .then(
                pl.col("course_number").str.slice(0, 2)
                + (pl.col("_k") % 10 + draw.below("local number", 8, "_c")).cast(
                    pl.String
                )
                + pl.lit(["A", "B", "L"]).list.get(pl.col("_k") % 3)
            )
            .otherwise(pl.col("course_number")),
            title=pl.when(own).then(local_title).otherwise(pl.col("title")),
            common_course_id=pl.when(~own).then(
                pl.col("sector") + ":" + pl.col("subject") + pl.col("course_number")
            ),
            credit_min=_milli("credit"),
            credit_max=_milli("credit"),
            clock_hours=pl.when(clock).then(
                (pl.col("credit") * 100).round().cast(pl.Int64)
            ),
            valid_to_term=pl.lit(None, dtype=pl.String),
        )
        .sort(["_c", "_k"])
    )


def paths(draw: Draw) -> pl.DataFrame:
    """The order in which a family's courses are taken.

    Returns:
        ``sector``, ``family``, ``variant``, ``place`` (0 ..) and ``_k``. General
        education is woven between a family's own courses; the developmental courses
        stand in front for the family name with ``+D``.
    """
    listed = table("course").with_columns(
        _k=pl.int_range(pl.len()).over("sector").cast(pl.Int64)
    )
    families = table("program").select("sector", "family").unique(maintain_order=True)
    both = pl.DataFrame({"takes": [False, True]})
    every = families.join(both, how="cross")
    variants = pl.DataFrame({"variant": list(range(VARIANTS))})
    own = pl.col("family") == pl.col("course_family")
    return (
        every.join(variants, how="cross")
        .join(
            listed.select("sector", "_k", "rank", course_family="family"), on="sector"
        )
        .filter(
            own
            | (pl.col("course_family") == "G")
            | ((pl.col("course_family") == "D") & pl.col("takes"))
        )
        .with_columns(
            order=pl.col("rank")
            + 5 * draw.unit("path", "variant", "_k")
            + pl.when(own & (pl.col("family") != "G")).then(-1.5).otherwise(0.0)
        )
        .with_columns(
            order=pl.when(pl.col("course_family") == "D")
            .then(pl.col("rank") - 9 + 2 * draw.unit("path", "variant", "_k"))
            .otherwise(pl.col("order")),
            family=pl.when(pl.col("takes"))
            .then(pl.col("family") + "+D")
            .otherwise(pl.col("family")),
        )
        .sort(["sector", "family", "variant", "order", "_k"])
        .with_columns(
            place=pl.int_range(pl.len()).over(["sector", "family", "variant"])
        )
        .select("sector", "family", "variant", "place", "_k")
    )
