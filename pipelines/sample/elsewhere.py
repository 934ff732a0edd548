"""What a clearinghouse tells a college about its learners at other colleges.

Belongs here: ``enrollment_elsewhere`` and ``award_elsewhere``, all at universities
that send no packages. Does not belong here: credit that was brought in from there
(``transfer``).
"""

from datetime import date

import polars as pl

from pipelines.contracts.model import Contracts
from pipelines.sample.draw import Draw
from pipelines.sample.history import versioned
from pipelines.sample.reference import table

_MAJORS = [
    ("NURSING", "51.3801"),
    ("GENERAL BUSINESS", "52.0101"),
    ("BIOLOGY", "26.0101"),
    (None, None),
]
_STATUSES = ["FULL_TIME", "HALF_TIME", "LESS_THAN_HALF_TIME", "WITHDRAWN", None]
_TITLES = ["BACHELOR OF SCIENCE", "BACHELOR OF ARTS", "CERTIFICATE"]
TERM_DAYS = 110


def elsewhere(
    draw: Draw,
    contracts: Contracts,
    at: pl.DataFrame,
    system: str,
    nights: int,
    start: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The feeds ``enrollment_elsewhere`` and ``award_elsewhere``.

    A few learners studied or study on at a university, for one to four terms; some
    have a degree of it. What the university reported last is known on a later night.
    """
    schools = _universities(contracts, system)
    which = draw.below("university", schools.height, "m")
    major = draw.index("university major", (3, 3, 2, 2), "m")
    found = (
        at.filter(
            ~pl.col("second")
            & ~pl.col("has_second")
            & (pl.col("role") != "NONCREDIT")
            & draw.chance("elsewhere", 0.07, "m")
        )
        .select("m", "_c", "student_id", "_from")
        .with_columns(
            *(
                pl.lit(schools[column]).gather(which).alias(column)
                for column in schools.columns
            ),
            terms=1 + draw.index("terms elsewhere", (4, 3, 2, 2), "m"),
            major_1=pl.lit(pl.Series([m for m, _ in _MAJORS])).gather(major),
            cip_1=pl.lit(pl.Series([c for _, c in _MAJORS])).gather(major),
            college_level=pl.lit("4_YEAR"),
            source_system=pl.lit("NSC"),
            searched_on=pl.lit(start),
        )
    )
    awards = _awards(draw, found, start)
    return _enrollments(draw, found, nights, start), versioned(awards)


def _universities(contracts: Contracts, system: str) -> pl.DataFrame:
    directory = contracts.codes["institution_directory"]
    opeid6 = {row[0] or "": row[3] for row in directory.rows}
    known = table("outside_institution").filter(pl.col("system") == system)
    return known.select(
        college_code=pl.col("code").replace(opeid6) + "-00",
        college_name=pl.col("name").str.to_uppercase(),
        college_state="state",
        college_control="control",
    )


def _enrollments(
    draw: Draw, found: pl.DataFrame, nights: int, start: date
) -> pl.DataFrame:
    rows = (
        found.join(pl.DataFrame({"i": [0, 1, 2, 3]}), how="cross")
        .filter(pl.col("i") < pl.col("terms"))
        .with_columns(begun=_begun(draw, start))
        .with_columns(
            enrollment_begin="begun",
            enrollment_end=pl.col("begun") + pl.duration(days=TERM_DAYS),
            enrollment_status=draw.choose("status elsewhere", _STATUSES, "m", "i"),
            class_level=draw.choose("class", ["JUNIOR", "SENIOR", None], "m"),
        )
    )
    if nights > 1:
        late = (pl.col("i") == 0) & draw.chance("told later", 0.1, "m")
        told = 2 + draw.below("told on", nights - 1, "m")
        rows = rows.with_columns(
            _from=pl.when(late)
            .then(pl.max_horizontal("_from", told))
            .otherwise(pl.col("_from"))
        )
    return versioned(rows)


def _begun(draw: Draw, start: date) -> pl.Expr:
    ago = 250 + 180 * pl.col("i") + draw.below("term elsewhere", 20, "m")
    return (pl.lit(start) - pl.duration(days=ago)).cast(pl.Date)


def _awards(draw: Draw, found: pl.DataFrame, start: date) -> pl.DataFrame:
    graduated = (pl.col("terms") >= 3) & draw.chance("graduated elsewhere", 0.5, "m")
    return found.filter(graduated).with_columns(
        awarded_on=(pl.lit(start) - pl.duration(days=250 - TERM_DAYS)).cast(pl.Date),
        title=draw.choose("degree elsewhere", _TITLES, "m", weights=[5, 3, 1]),
    )
