"""The term calendars of the colleges: titles, dates and codes nobody can compute.

Belongs here: the ``term`` feed and the index other modules use to name a term. Does
not belong here: who studied in a term.
"""

from datetime import date

import polars as pl

# Terms before the first one with sections; they carry history and effective dates.
HISTORY_YEARS = 4
STUDY_YEARS = 3

_SEMESTER = {
    # season: (first month, day), (last month, day), rank in the academic year
    "Fall": ((8, 17), (12, 11)),
    "Spring": ((1, 8), (5, 7)),
    "Summer": ((5, 26), (7, 31)),
}
_TRIMESTER = {
    "Fall": ((8, 24), (12, 18)),
    "Spring": ((1, 5), (4, 24)),
    "Summer": ((4, 30), (8, 14)),
}
_SEASONS = ("Fall", "Spring", "Summer")


def current_position(start: date) -> tuple[int, str]:
    """The calendar year and season of the term in progress on ``start``."""
    if start.month >= 9 or (start.month == 8 and start.day >= 25):
        return start.year, "Fall"
    if start.month >= 6 or (start.month == 5 and start.day >= 27):
        return start.year, "Summer"
    if start.month > 1 or start.day >= 9:
        return start.year, "Spring"
    return start.year - 1, "Fall"


def _seasons(start: date) -> pl.DataFrame:
    """Every term of the calendar, oldest first, for both kinds of calendar."""
    year, season = current_position(start)
    # A term's rank: three a year, counted from the fall of year 0.
    ranks = {"Fall": 0, "Spring": -2, "Summer": -1}
    last = 3 * year + ranks[season]
    first = last - 3 * (HISTORY_YEARS + STUDY_YEARS)
    rows = []
    for rank in range(first, last + 1):
        name = _SEASONS[rank % 3]
        at = rank // 3 + (0 if name == "Fall" else 1)
        for kind, dates in (("SEMESTER", _SEMESTER), ("TRIMESTER", _TRIMESTER)):
            (m1, d1), (m2, d2) = dates[name]
            rows.append(
                {
                    "_t": rank - last + 3 * STUDY_YEARS,
                    "season": name,
                    "year": at,
                    "term_type": kind,
                    "start_date": date(at, m1, d1),
                    "end_date": date(at, m2, d2),
                }
            )
    return pl.DataFrame(rows)


def _code() -> pl.Expr:
    """A term's code in its college's own style."""
    style = pl.col("term_style")
    fall = pl.col("season") == "Fall"
    year = pl.col("year").cast(pl.String)
    short = year.str.slice(2)
    ending = (pl.col("year") + fall.cast(pl.Int64)).cast(pl.String)
    season = pl.col("season")
    return (
        pl.when(style == "banner_ahead")
        .then(ending + season.replace({"Fall": "10", "Spring": "20", "Summer": "30"}))
        .when(style == "banner_calendar")
        .then(year + season.replace({"Fall": "80", "Spring": "10", "Summer": "50"}))
        .when(style == "colleague")
        .then(year + season.replace({"Fall": "FA", "Spring": "SP", "Summer": "SU"}))
        .when(style == "peoplesoft")
        .then("2" + short + season.replace({"Fall": "7", "Spring": "1", "Summer": "4"}))
        .otherwise(
            short + "/" + season.replace({"Fall": "F", "Spring": "S", "Summer": "X"})
        )
    )


def calendar(colleges: pl.DataFrame, start: date) -> pl.DataFrame:
    """The terms of every college.

    Args:
        colleges: the senders.
        start: first night; the last term of the calendar is in progress on it.

    Returns:
        Columns of the ``term`` feed, ``_c`` and ``_t``: 0 .. 9 are the terms with
        sections (9 in progress), negative ones are history, null are parts of term.
    """
    kinds = colleges.select(
        "_c",
        "term_style",
        "summer_leads",
        term_type=pl.when(pl.col("sector") == "TCAT")
        .then(pl.lit("TRIMESTER"))
        .otherwise(pl.lit("SEMESTER")),
    )
    terms = kinds.join(_seasons(start), on="term_type").with_columns(
        term_code=_code(),
        title=pl.col("season") + " " + pl.col("year").cast(pl.String),
        academic_year_end=pl.col("year")
        + (
            (pl.col("season") == "Fall")
            | ((pl.col("season") == "Summer") & (pl.col("summer_leads") == "Y"))
        ).cast(pl.Int64),
        census_date=pl.col("start_date") + pl.duration(days=14),
        grades_final_on=pl.col("end_date") + pl.duration(days=5),
        parent_term_code=pl.lit(None, dtype=pl.String),
    )
    parts = (
        terms.filter(
            (pl.col("term_type") == "SEMESTER")
            & (pl.col("season") != "Summer")
            & (pl.col("_t") >= 0)
            & (pl.col("_c") % 4 == 1)
        )
        .join(pl.DataFrame({"part": [1, 2]}), how="cross")
        .with_columns(
            parent_term_code=pl.col("term_code"),
            term_code=pl.col("term_code") + "-" + pl.col("part").cast(pl.String),
            title=pl.col("title") + " Mini " + pl.col("part").cast(pl.String),
            term_type=pl.lit("MINI"),
            start_date=pl.when(pl.col("part") == 1)
            .then(pl.col("start_date"))
            .otherwise(pl.col("start_date") + pl.duration(days=58)),
            end_date=pl.when(pl.col("part") == 1)
            .then(pl.col("start_date") + pl.duration(days=54))
            .otherwise(pl.col("end_date")),
            census_date=pl.lit(None, dtype=pl.Date),
            _t=pl.lit(None, dtype=pl.Int64),
        )
        .drop("part")
    )
    return pl.concat([terms, parts]).sort(["_c", "start_date", "term_code"])
