"""Learners at colleges: the id a college prints and what it wrote down, right or not.

Belongs here: memberships (one a learner and college id) with their recorded names,
birth dates and identifiers. Does not belong here: what they did there (``study``).
"""

from datetime import date

import polars as pl

from pipelines.sample.belongings import digits
from pipelines.sample.contacts import contacts
from pipelines.sample.draw import Draw
from pipelines.sample.instants import before
from pipelines.sample.numbers import known_numbers
from pipelines.sample.slips import births, names

LAST_TERM = 9

# Shares: learners at one, two and three colleges (domain.md section 1.6 and 5).
_COLLEGES = (0.75, 0.20, 0.05)
DUPLICATE = 0.004
MERGING = 0.003
MERGED_BEFORE = 0.006
_START_WEIGHTS = (34, 13, 5, 14, 6, 3, 12, 5, 2, 9)


def memberships(
    draw: Draw, people: pl.DataFrame, colleges: pl.DataFrame, nights: int
) -> pl.DataFrame:
    """Who has which id at which college.

    Returns:
        One row an id: ``m`` (0 ..), ``l``, ``_c``, ``j`` (0 the first college),
        ``role`` (CREDIT, DUAL, NONCREDIT, DUPLICATE: a second id never merged,
        MERGING: a second id the college merges on night ``merge_night``),
        ``student_id``, ``start_term``, ``span``, ``family``, ``variant``,
        ``_from`` (the night the id first appears) and ``keeps`` (for a second id the
        membership it duplicates).
    """
    weights = colleges["weight"].to_list()
    count = colleges.height
    drawn = (
        people.select("l", "kind", "household", other=pl.col("homonym") & pl.col("odd"))
        .with_columns(
            n=pl.when(pl.col("kind") == "NONCREDIT")
            .then(1)
            .otherwise(draw.index("college count", _COLLEGES, "l") + 1),
            c0=draw.index("home college", weights, "household"),
            c1=draw.index("second college", weights, "l"),
            c2=draw.index("third college", weights, "l"),
            theirs=draw.index("home college", weights, pl.col("household") - 1),
        )
        .with_columns(
            # Two people of one name and birth date begin at different colleges.
            c0=pl.when(pl.col("other") & (pl.col("c0") == pl.col("theirs")))
            .then((pl.col("c0") + 1) % count)
            .otherwise(pl.col("c0"))
        )
    )
    drawn = drawn.with_columns(
        c1=pl.when(pl.col("c1") == pl.col("c0"))
        .then((pl.col("c0") + 1) % count)
        .otherwise(pl.col("c1"))
    )
    at = (
        drawn.join(pl.DataFrame({"j": [0, 1, 2]}), how="cross")
        .filter(pl.col("j") < pl.col("n"))
        .with_columns(
            _c=pl.when(pl.col("j") == 0)
            .then(pl.col("c0"))
            .when(pl.col("j") == 1)
            .then(pl.col("c1"))
            .otherwise(pl.col("c2"))
            .cast(pl.Int16),
            role=pl.col("kind"),
        )
        .unique(["l", "_c"], keep="first", maintain_order=True)
    )
    at = pl.concat([at, _second_ids(draw, at, nights)], how="diagonal").sort(
        ["l", "j", "second"], maintain_order=True
    )
    at = _timeline(draw, at)
    at = at.with_columns(m=pl.int_range(pl.len(), dtype=pl.Int64))
    at = at.with_columns(
        keeps=pl.when(pl.col("second")).then(pl.col("m").shift(1)),
        has_second=pl.col("second").shift(-1).fill_null(value=False),
    )
    return _ids(draw, _paths(draw, at, colleges), colleges, nights)


def _second_ids(draw: Draw, at: pl.DataFrame, nights: int) -> pl.DataFrame:
    """Second ids of one learner at one college; only where it is the only college."""
    share = draw.unit("second id", "l")
    found = at.filter((pl.col("n") == 1) & (share < DUPLICATE + MERGING))
    merging = (share >= DUPLICATE) & (pl.col("kind") != "NONCREDIT")
    night = (
        2 + draw.below("merge night", nights - 1, "l")
        if nights > 1
        else pl.lit(None, dtype=pl.Int64)
    )
    found = found.with_columns(
        role=pl.when(merging).then(pl.lit("MERGING")).otherwise(pl.lit("DUPLICATE")),
        second=pl.lit(value=True),
    ).with_columns(merge_night=pl.when(pl.col("role") == "MERGING").then(night))
    return found.filter(
        (pl.col("role") == "DUPLICATE") | pl.col("merge_night").is_not_null()
    )


def _timeline(draw: Draw, at: pl.DataFrame) -> pl.DataFrame:
    first = draw.index("start term", _START_WEIGHTS, "household")
    gap = 1 + draw.below("gap to next", 4, "l", "j")
    length = (
        (draw.unit("span", "l", "j").clip(1e-9).log() / -0.13).floor().cast(pl.Int64)
    )
    return at.with_columns(
        second=pl.col("second").fill_null(value=False),
        start_term=pl.when(pl.col("j") == 0).then(first).otherwise(gap),
        span=pl.when(pl.col("role").is_in(["DUPLICATE", "MERGING"]))
        .then(0)
        .otherwise(length.clip(0, LAST_TERM)),
    ).with_columns(
        start_term=pl.col("start_term")
        .cum_sum()
        .over(["l", "second"])
        .clip(0, LAST_TERM)
    )


def _paths(draw: Draw, at: pl.DataFrame, colleges: pl.DataFrame) -> pl.DataFrame:
    sector = colleges.select("_c", "sector", "institution_code")
    return at.join(sector, on="_c", how="left", maintain_order="left").with_columns(
        variant=draw.below("variant", 8, "m"),
        developmental=draw.chance("developmental", 0.2, "l")
        & (pl.col("role") == "CREDIT")
        & (pl.col("sector") != "TCAT"),
    )


def _ids(
    draw: Draw, at: pl.DataFrame, colleges: pl.DataFrame, nights: int
) -> pl.DataFrame:
    style = colleges.select("_c", "id_style")
    sequence = pl.int_range(pl.len()).over("_c")
    fresh = (
        (pl.col("start_term") == LAST_TERM)
        & (pl.col("n") == 1)
        & ~pl.col("second")
        & ~pl.col("has_second")
        & (pl.col("role") != "NONCREDIT")
        & draw.chance("arrives later", 0.02 * (nights - 1), "m")
    )
    at = at.join(style, on="_c", how="left", maintain_order="left").with_columns(
        _seq=sequence
    )
    jitter = draw.below("id jitter", 17, "m")
    letter = pl.lit("A") + digits(10_000 + pl.col("_seq") * 37 + jitter, 8)
    seven = digits(100_000 + pl.col("_seq") * 17 + jitter, 7)
    nine = pl.lit("80") + digits(100_000 + pl.col("_seq") * 19 + jitter, 7)
    other = pl.lit("N") + digits(1_000 + pl.col("_seq") * 17 + jitter, 7)
    duplicate_noncredit = (pl.col("role") == "DUPLICATE") & (pl.col("m") % 2 == 0)
    return at.with_columns(
        student_id=pl.when((pl.col("role") == "NONCREDIT") | duplicate_noncredit)
        .then(other)
        .when(pl.col("id_style") == "letter8")
        .then(letter)
        .when(pl.col("id_style") == "seven")
        .then(seven)
        .otherwise(nine),
        studies=(pl.col("role") != "NONCREDIT") & ~duplicate_noncredit,
        source_pk=(100_233 + pl.col("_seq") * 3).cast(pl.String),
        pseudo=pl.lit("99") + digits(1_000 + pl.col("_seq"), 7),
        _from=pl.when(fresh)
        .then(2 + draw.below("arrival", max(nights - 1, 1), "m"))
        .otherwise(1),
    )


def recorded(
    draw: Draw,
    at: pl.DataFrame,
    people: pl.DataFrame,
    colleges: pl.DataFrame,
    terms: pl.DataFrame,
    start: date,
) -> pl.DataFrame:
    """What each college wrote down of each person: the ``person`` columns and more.

    Besides the feed's columns: ``m``, ``l``, the numbers this college was given
    (``numbers.known_numbers``), the names it knew before (``maiden``, ``birth_name``)
    and the flags of ``slips`` and ``contacts``.
    """
    college = colleges.select(
        "_c", "name_case", "city", domain=pl.col("institution_code")
    )
    first_term = terms.filter(pl.col("_t").is_not_null()).select(
        "_c", start_term="_t", first_term_code="term_code"
    )
    frame = (
        at.join(people.drop("kind", "household"), on="l", how="left",
                maintain_order="left")
        .join(college, on="_c", how="left", maintain_order="left")
        .join(first_term, on=["_c", "start_term"], how="left", maintain_order="left")
    )  # fmt: skip
    frame = frame.with_columns(young_from=pl.lit(start.year - 26))
    frame = births(draw, frame)
    frame = names(draw, frame)
    frame = contacts(draw, frame)
    frame = known_numbers(draw, frame)
    domain = pl.lit("@") + (
        pl.col("domain").str.to_lowercase().str.replace_all("_", "")
        + pl.lit(".example.edu")
    )
    mail = draw.unit("mail", "m")
    return frame.with_columns(
        email_college=pl.when(mail < 0.9).then(
            pl.col("student_id").str.to_lowercase() + domain
        ),
        country=pl.lit("US"),
        first_term_code=pl.when("studies").then(pl.col("first_term_code")),
        sex=pl.when(draw.chance("sex unknown", 0.02, "m"))
        .then(pl.lit("U"))
        .otherwise(pl.col("sex")),
        record_updated_at=before(
            start, 400 + draw.below("person changed", 500_000, "m")
        ),
    )
