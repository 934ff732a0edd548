"""Class sections: who sits where, how it is taught, what is coded on it.

Belongs here: the ``section`` and ``section_attribute`` feeds. Does not belong here:
what came of sitting there (``study``).
"""

import polars as pl

from pipelines.sample.draw import Draw

_SEATS = 22


def seated(
    draw: Draw, taken: pl.DataFrame, terms: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Splits each course of a term into sections of up to 22 seats."""
    seat = draw.bits("seat", "m", "_t", "_k")
    taken = taken.with_columns(_seat=seat).with_columns(
        _s=(pl.col("_seat").rank("ordinal").over(["_c", "_t", "_k"]).cast(pl.Int64) - 1)
        // _SEATS
    )
    sections = (
        taken.select("_c", "_t", "_k", "_s", "section_style", "subject",
                     "course_number", "credit", "credit_unit")
        .unique(["_c", "_t", "_k", "_s"], maintain_order=True)
        .sort(["_c", "_t", "_k", "_s"])
        .with_columns(_n=pl.int_range(pl.len()).over(["_c", "_t"]))
    )  # fmt: skip
    number = pl.col("_n")
    sections = sections.with_columns(
        section_id=pl.when(pl.col("section_style") == "crn")
        .then((10_001 + number * 3).cast(pl.String))
        .when(pl.col("section_style") == "synonym")
        .then((100_000 + pl.col("_t").cast(pl.Int64) * 9_000 + number).cast(pl.String))
        .otherwise((1_000 + number).cast(pl.String).str.zfill(5)),
        section_number=(pl.col("_s") + 1).cast(pl.String).str.zfill(2),
    )
    keys = ["_c", "_t", "_k", "_s"]
    how = draw.unit("delivery", *keys)
    sections = (
        sections.join(
            terms.filter(pl.col("_t").is_not_null()).select(
                "_c", "_t", "term_code", "start_date", "end_date"
            ),
            on=["_c", "_t"],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            delivery=pl.when(pl.col("credit_unit") == "CLOCK")
            .then(pl.lit("F2F"))
            .when(how < 0.55)
            .then(pl.lit("F2F"))
            .when(how < 0.8)
            .then(pl.lit("ONLINE_ASYNC"))
            .when(how < 0.86)
            .then(pl.lit("ONLINE_SYNC"))
            .when(how < 0.99)
            .then(pl.lit("HYBRID"))
            .otherwise(pl.lit("CORRECTIONAL")),
            campus_code=draw.choose("campus", ["MAIN", "NORTH", "WEST"], *keys),
            instructor_id=pl.lit("E")
            + (7_000 + draw.below("instructor", 180, *keys)).cast(pl.String),
            credit_value=pl.col("credit"),
            title=pl.lit(None, dtype=pl.String),
            _hip=draw.chance("hip section", 0.14, *keys),
        )
        .drop("credit", "credit_unit", "section_style", "_n")
    )
    seated = taken.join(
        sections.select(*keys, "section_id", "delivery"),
        on=keys,
        how="left",
        maintain_order="left",
    ).drop("_seat", "_s")
    return seated, sections


def section_attributes(draw: Draw, sections: pl.DataFrame) -> pl.DataFrame:
    """The ``section_attribute`` feed: high-impact practices and a few other codes.

    Local codes differ by college, as SSRATTR codes do.
    """
    hips = pl.Series(
        ["FYE", "SVL", "WBL", "URS", "LCM", "HON", "GLB", "CAP", "INT", "CLN", "TEL"]
    )
    keys = ("_c", "_t", "_k", "_s")
    hip = draw.below("hip", len(hips), *keys)
    practice = sections.filter("_hip").with_columns(
        hip_code=pl.lit(hips).gather(hip), framework=pl.lit("HIP")
    )
    again = practice.filter(draw.chance("second hip", 0.08, *keys)).with_columns(
        hip_code=pl.lit(hips).gather((hip + 1) % len(hips))
    )
    local = pl.lit(["H", "Z", "HP"]).list.get(pl.col("_c").cast(pl.Int64) % 3) + pl.col(
        "hip_code"
    )
    practice = pl.concat([practice, again]).with_columns(
        attribute_code=local,
        milestone=pl.when(draw.chance("milestone", 0.6, *keys)).then(
            1 + draw.below("milestone no", 3, *keys)
        ),
    )
    other = (
        sections.filter(draw.chance("other attribute", 0.1, *keys))
        .with_columns(
            framework=draw.choose(
                "framework", ["OER", "HONORS", "GENED", "COREQ", "DUAL"], *keys
            ),
            hip_code=pl.lit(None, dtype=pl.String),
            milestone=pl.lit(None, dtype=pl.Int64),
        )
        .with_columns(attribute_code=pl.col("framework").str.slice(0, 4))
    )
    columns = [
        "_c", "_t", "term_code", "section_id", "attribute_code", "framework",
        "hip_code", "milestone",
    ]  # fmt: skip
    return pl.concat([practice.select(columns), other.select(columns)]).unique(
        ["_c", "term_code", "section_id", "attribute_code"],
        keep="first",
        maintain_order=True,
    )
