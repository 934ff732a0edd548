"""Learners at colleges: the id a college prints and what it wrote down, right or not.

Belongs here: memberships (one a learner and college id) with their recorded names,
birth dates and identifiers. Does not belong here: what they did there (``study``).
"""

from datetime import UTC as UTC_ZONE
from datetime import date, datetime, time

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

LAST_TERM = 9

# Shares: learners at one, two and three colleges (domain.md section 1.6 and 5).
_COLLEGES = (0.75, 0.20, 0.05)
DUPLICATE = 0.004
MERGING = 0.003
MERGED_BEFORE = 0.006
_START_WEIGHTS = (34, 13, 5, 14, 6, 3, 12, 5, 2, 9)


def before(start: date, minutes: pl.Expr) -> pl.Expr:
    """An instant ``minutes`` before midnight UTC of the first night's date."""
    midnight = datetime.combine(start, time(), UTC_ZONE)
    return (pl.lit(midnight) - pl.duration(minutes=minutes)).cast(
        pl.Datetime("us", "UTC")
    )


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
    drawn = people.select("l", "kind", "household").with_columns(
        n=pl.when(pl.col("kind") == "NONCREDIT")
        .then(1)
        .otherwise(draw.index("college count", _COLLEGES, "l") + 1),
        c0=draw.index("home college", weights, "household"),
        c1=draw.index("second college", weights, "l"),
        c2=draw.index("third college", weights, "l"),
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
    letter = pl.lit("A") + _digits(10_000 + pl.col("_seq") * 37 + jitter, 8)
    seven = _digits(100_000 + pl.col("_seq") * 17 + jitter, 7)
    nine = pl.lit("80") + _digits(100_000 + pl.col("_seq") * 19 + jitter, 7)
    other = pl.lit("N") + _digits(1_000 + pl.col("_seq") * 17 + jitter, 7)
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
        pseudo=pl.lit("99") + _digits(1_000 + pl.col("_seq"), 7),
        _from=pl.when(fresh)
        .then(2 + draw.below("arrival", max(nights - 1, 1), "m"))
        .otherwise(1),
    )


def _digits(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


def recorded(
    draw: Draw,
    at: pl.DataFrame,
    people: pl.DataFrame,
    colleges: pl.DataFrame,
    terms: pl.DataFrame,
    start: date,
) -> pl.DataFrame:
    """What each college wrote down of each person: the ``person`` columns and more.

    Besides the feed's columns: ``m``, ``l``, ``ssn_given``, ``itin_given``,
    ``ssn_misread`` (this college has another number than the learner's own),
    ``birth_misread``, ``ps_given``, ``k12_given`` and ``maiden`` (the name on file
    before this college knew the married one).
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
    frame = _births(draw, frame)
    frame = _names(draw, frame)
    frame = _evidence(draw, frame)
    domain = pl.lit("@") + (
        pl.col("domain").str.to_lowercase().str.replace_all("_", "")
        + pl.lit(".example.edu")
    )
    young = pl.col("birth_date").dt.year() >= start.year - 26
    mail = draw.unit("mail", "m")
    return frame.with_columns(
        email_college=pl.when(mail < 0.9).then(
            pl.col("student_id").str.to_lowercase() + domain
        ),
        email_personal=pl.when(
            (pl.col("role") != "DUAL") | draw.chance("dual mail", 0.5, "m")
        ).then(
            pl.when("own_email")
            .then(
                pl.lit("p")
                + _digits(pl.col("l") * 3 + 500, 7)
                + pl.lit("@mail.example.org")
            )
            .otherwise(pl.col("email"))
        ),
        country=pl.lit("US"),
        high_school_code=pl.when(young & draw.chance("school", 0.8, "l")).then(
            pl.lit("0") + _digits(10_000 + draw.below("school no", 400, "l"), 5)
        ),
        high_school_grad_year=pl.when(young).then(
            pl.col("birth_date").dt.year().cast(pl.Int64) + 18
        ),
        first_term_code=pl.when("studies").then(pl.col("first_term_code")),
        sex=pl.when(draw.chance("sex unknown", 0.02, "m"))
        .then(pl.lit("U"))
        .otherwise(pl.col("sex")),
        record_updated_at=before(
            start, 400 + draw.below("person changed", 500_000, "m")
        ),
    )


def _births(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    born = pl.col("birth_date")
    day, month, year = born.dt.day(), born.dt.month(), born.dt.year()
    swapped = pl.date(year, day, month)
    misread = (pl.col("j") >= 1) & draw.chance("birth misread", 0.012, "m")
    swappable = (day <= 12) & (day != month)
    quality = draw.unit("birth quality", "m")
    return frame.with_columns(
        birth_misread=misread,
        birth_date=pl.when(quality < 0.003)
        .then(None)
        .when(quality < 0.006)
        .then(pl.date(year, month, 1))
        .when(misread & swappable)
        .then(swapped)
        .when(misread)
        .then(born + pl.duration(days=365))
        .otherwise(born),
        birth_date_quality=pl.when(quality < 0.003)
        .then(pl.lit("UNKNOWN"))
        .when(quality < 0.006)
        .then(pl.lit("YEAR_MONTH"))
        .otherwise(pl.lit("FULL")),
    )


def _names(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    married = (
        (pl.col("sex") == "F")
        & (pl.col("j") >= 1)
        & ~pl.col("mononym")
        & draw.chance("married", 0.12, "l")
    )
    slip = (pl.col("j") >= 1) & draw.chance("name slip", 0.015, "m")
    last = (
        pl.when(married)
        .then(pl.col("married_name"))
        .when(slip & (pl.col("last_name").str.len_chars() > 4))
        .then(
            pl.col("last_name").str.slice(0, 3) + pl.col("last_name").str.slice(4, 96)
        )
        .when(draw.chance("apostrophe lost", 0.3, "m"))
        .then(pl.col("last_name").str.replace_all("'", "", literal=True))
        .otherwise(pl.col("last_name"))
    )
    upper = pl.col("name_case") == "upper"

    def cased(expr: pl.Expr) -> pl.Expr:
        return pl.when(upper).then(expr.str.to_uppercase()).otherwise(expr)

    nick = table("first_name")["name"]
    return frame.with_columns(
        maiden=pl.when(married & draw.chance("maiden known", 0.5, "m")).then(
            cased(pl.col("last_name"))
        ),
        preferred_first_name=pl.when(
            draw.chance("preferred", 0.06, "l") & pl.col("first_name").is_not_null()
        ).then(draw.choose("preferred name", nick, "l")),
        last_name=cased(last),
        first_name=cased(pl.col("first_name")),
        middle_name=cased(pl.col("middle_name")),
    )


def _evidence(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    asked = (
        pl.when(pl.col("role") == "DUAL")
        .then(0.45)
        .when(pl.col("student_id").str.starts_with("N"))
        .then(0.25)
        .when(pl.col("second"))
        .then(0.3)
        .otherwise(0.97)
    )
    given = draw.chance("ssn given", asked, "m")
    misread = (pl.col("j") >= 1) & draw.chance("ssn misread", 0.006, "m")
    tail = pl.col("ssn").str.slice(5)
    wrong = pl.col("ssn").str.slice(0, 5) + _digits(
        (tail.cast(pl.Int64) + 3000 - 1) % 9999 + 1, 4
    )
    return frame.with_columns(
        ssn_given=pl.when(given).then(
            pl.when(misread).then(wrong).otherwise(pl.col("ssn"))
        ),
        ssn_misread=misread & given & pl.col("ssn").is_not_null(),
        itin_given=pl.when(given).then(pl.col("itin")),
        ps_given=pl.when(draw.chance("ps given", 0.92, "m") & ~pl.col("second")).then(
            pl.col("ps_id")
        ),
        k12_given=pl.when(draw.chance("k12 given", 0.9, "m") & ~pl.col("second")).then(
            pl.col("k12_id")
        ),
    )


def identifiers(draw: Draw, records: pl.DataFrame, start: date) -> pl.DataFrame:
    """The ``person_identifier`` feed: one row an id and typed value.

    PSEUDO_SSN is ``99`` and a running number of the college, at ACCS only, so two
    colleges do issue the same one.
    """
    changed = before(start, 400 + draw.below("identifier changed", 500_000, "m"))
    frame = records.with_columns(
        last4=pl.when(
            pl.col("ssn_given").is_null() & draw.chance("last four", 0.08, "m")
        ).then(pl.col("ssn").str.slice(5)),
        pseudo=pl.when(
            (pl.col("sector") == "ACCS")
            & pl.col("ssn_given").is_null()
            & pl.col("itin_given").is_null()
        ).then(pl.col("pseudo")),
        email_id=pl.when(pl.col("student_id").str.starts_with("N")).then(
            pl.col("email_personal")
        ),
        old_id=pl.when(draw.chance("old id", 0.015, "m") & ~pl.col("second")).then(
            pl.lit("X") + _digits(500_000 + pl.col("m"), 8)
        ),
        valid_from=changed.dt.date(),
        record_updated_at=changed,
    )
    parts = [
        ("SSN", "ssn_given"),
        ("ITIN", "itin_given"),
        ("SSN_LAST4", "last4"),
        ("PSEUDO_SSN", "pseudo"),
        ("STATE_K12_ID", "k12_given"),
        ("STATE_PS_ID", "ps_given"),
        ("OLD_STUDENT_ID", "old_id"),
        ("SOURCE_PK", "source_pk"),
        ("EMAIL", "email_id"),
    ]
    return pl.concat(
        [
            frame.filter(pl.col(column).is_not_null()).select(
                "m",
                "_c",
                "student_id",
                pl.lit(kind).alias("id_type"),
                pl.col(column).alias("id_value"),
                pl.lit(
                    "State" if kind.startswith("STATE") else None, dtype=pl.String
                ).alias("issuer"),
                pl.lit("N" if kind == "OLD_STUDENT_ID" else "Y").alias("is_current"),
                "valid_from",
                "record_updated_at",
                "_from",
            )
            for kind, column in parts
        ]
    ).sort(["m", "id_type"], maintain_order=True)
