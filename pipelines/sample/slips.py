"""How one college's word on a person differs from another's: names and births.

Belongs here: what makes the names and births in two honest records of one person
unequal, each with a flag. Does not belong here: contacts (``contacts``), identifiers
(``numbers``), the people themselves.

What a first college (``j`` = 0) wrote down is right but for its manner of writing;
slips happen at the later ones.
"""

import polars as pl

from pipelines.sample.belongings import plain
from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

# Shares of college students after a learner's first.
BIRTH_MISREAD = 0.012
MARRIED = 0.12
NEW_GIVEN_NAME = 0.003
NICKNAME = 0.03
FAMILY_TYPO = 0.015
GIVEN_TYPO = 0.004
NAMES_SWAPPED = 0.001
UNKNOWN_FIRST = 0.4

# Shares of college students wherever they have such a name.
ACCENTS_DROPPED = 0.4
SURNAME_REWRITTEN = 0.5
SUFFIX_IN_NAME = 0.15
SUFFIX_MISSING = 0.2


def births(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """The birth date as written down, ``true_birth_date``, quality and flags."""
    born = pl.col("birth_date")
    day, month, year = born.dt.day(), born.dt.month(), born.dt.year()
    misread = (pl.col("j") >= 1) & draw.chance("birth misread", BIRTH_MISREAD, "m")
    how = draw.unit("how misread", "m")
    swap = misread & (how < 0.45) & (day <= 12) & (day != month)
    digit = misread & ~swap & (how < 0.8)
    # Ten days on or back is one digit, and a day that every month has.
    other_day = pl.when(day <= 18).then(day + 10).otherwise(day - 10)
    other_year = pl.when(draw.chance("later", 0.5, "m")).then(1).otherwise(-1)
    quality = draw.unit("birth quality", "m")
    unknown, month_only = quality < 0.003, quality < 0.006
    return frame.with_columns(
        true_birth_date=born,
        birth_misread=misread & ~month_only,
        birth_swapped=swap & ~month_only,
        birth_digit=digit & ~month_only,
        birth_year=misread & ~swap & ~digit & ~month_only,
        birth_vague=month_only,
        birth_date=pl.when(unknown)
        .then(None)
        .when(month_only)
        .then(pl.date(year, month, 1))
        .when(swap)
        .then(pl.date(year, day, month))
        .when(digit)
        .then(pl.date(year, month, other_day))
        .when(misread)
        .then(pl.date(year + other_year, month, pl.min_horizontal(day, pl.lit(28))))
        .otherwise(born),
        birth_date_quality=pl.when(unknown)
        .then(pl.lit("UNKNOWN"))
        .when(month_only)
        .then(pl.lit("YEAR_MONTH"))
        .otherwise(pl.lit("FULL")),
    )


def names(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """The names as written down, the former ones a college knows, and flags.

    Adds ``maiden`` and ``birth_name`` (family and given name on file before this
    college knew the new one).
    """
    frame = _with_nicknames(draw, frame)
    later = pl.col("j") >= 1
    single = pl.col("mononym")
    lookalike = pl.col("together") | pl.col("homonym")
    last, first = pl.col("last_name"), pl.col("first_name")
    frame = frame.with_columns(
        married=later
        & (pl.col("sex") == "F")
        & ~single
        & draw.chance("married", MARRIED, "l"),
        renamed=later
        & ~single
        & ~lookalike
        & draw.chance("new given name", NEW_GIVEN_NAME, "m"),
        family_typo=later
        & (last.str.len_chars() > 4)
        & draw.chance("name slip", FAMILY_TYPO, "m"),
    )
    surname = pl.when("married").then("married_name").otherwise("last_name")
    frame = frame.with_columns(
        double=surname.str.contains("^[^- ]+-[^- ]+$")
        & draw.chance("surname rewritten", SURNAME_REWRITTEN, "m"),
        nicknamed=later
        & ~pl.col("renamed")
        & pl.col("nickname").is_not_null()
        & draw.chance("nickname", NICKNAME, "m"),
        given_typo=later
        & (first.str.len_chars() > 5)
        & draw.chance("given typo", GIVEN_TYPO, "m"),
        suffix_in_name=pl.col("suffix").is_not_null()
        & draw.chance("suffix in name", SUFFIX_IN_NAME, "m"),
    ).with_columns(
        suffix_missing=pl.col("suffix").is_not_null()
        & ~pl.col("suffix_in_name")
        & draw.chance("suffix missing", SUFFIX_MISSING, "m"),
    )
    only_first = draw.chance("one surname of two", 0.3, "m")
    family = (
        pl.when(pl.col("double") & only_first)
        .then(surname.str.replace("-.*$", ""))
        .when("double")
        .then(surname.str.replace("-", " ", literal=True))
        .when(pl.col("family_typo") & ~pl.col("married"))
        .then(_without_fourth(surname))
        .when(draw.chance("apostrophe lost", 0.3, "m"))
        .then(surname.str.replace_all("'", "", literal=True))
        .otherwise(surname)
    )
    given = (
        pl.when("renamed")
        .then(draw.choose("new given", table("first_name")["name"], "m"))
        .when("nicknamed")
        .then("nickname")
        .when("given_typo")
        .then(_without_fourth(first))
        .when(single & later & draw.chance("fnu", UNKNOWN_FIRST, "m"))
        .then(pl.lit("FNU"))
        .otherwise(first)
    )
    return _written(draw, frame, family, given)


def _without_fourth(name: pl.Expr) -> pl.Expr:
    return name.str.slice(0, 3) + name.str.slice(4, 96)


def _with_nicknames(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """Adds ``nickname``, one of those the given name has, and a preferred name."""
    known = table("nickname").group_by("name", maintain_order=True).agg("nickname")
    frame = frame.join(
        known.rename({"nickname": "_short"}),
        left_on="first_name", right_on="name", how="left", maintain_order="left",
    )  # fmt: skip
    which = draw.below("which nickname", pl.col("_short").list.len().fill_null(1), "l")
    some = table("first_name")["name"]
    frame = frame.with_columns(nickname=pl.col("_short").list.get(which)).drop("_short")
    return frame.with_columns(
        preferred_first_name=pl.when(
            draw.chance("preferred", 0.06, "l") & pl.col("first_name").is_not_null()
        ).then(pl.coalesce("nickname", draw.choose("preferred name", some, "l")))
    )


def _written(
    draw: Draw, frame: pl.DataFrame, family: pl.Expr, given: pl.Expr
) -> pl.DataFrame:
    """Names in the college's manner: capitals, accents, where the suffix goes."""
    upper = pl.col("name_case") == "upper"
    drops = draw.chance("accents dropped", ACCENTS_DROPPED, "m")
    known = draw.chance("maiden known", 0.5, "m")
    joint = pl.when(upper).then(pl.lit(",")).otherwise(pl.lit(" "))

    def cased(text: pl.Expr) -> pl.Expr:
        return pl.when(upper).then(text.str.to_uppercase()).otherwise(text)

    def spelt(text: pl.Expr) -> pl.Expr:
        return cased(pl.when(drops).then(plain(text)).otherwise(text))

    suffixed = family + pl.when("suffix_in_name").then(
        joint + pl.col("suffix").str.to_titlecase()
    ).otherwise(pl.lit(""))
    accented = pl.col("first_name").fill_null("") + pl.col("last_name")
    # A registrar who types first and last name into each other's field.
    swapped = (
        (pl.col("j") >= 1)
        & ~pl.col("mononym")
        & ~pl.col("suffix_in_name")
        & draw.chance("names swapped", NAMES_SWAPPED, "m")
    )
    return frame.with_columns(
        accents_dropped=drops & (accented != plain(accented)),
        all_capitals=upper,
        names_swapped=swapped,
        maiden=pl.when(pl.col("married") & known).then(cased(pl.col("last_name"))),
        birth_name=pl.when(pl.col("renamed") & known).then(
            cased(pl.col("first_name"))
        ),
        last_name=pl.when(swapped).then(spelt(given)).otherwise(spelt(suffixed)),
        first_name=pl.when(swapped).then(spelt(family)).otherwise(spelt(given)),
        middle_name=cased(pl.col("middle_name")),
        suffix=pl.when(pl.col("suffix_in_name") | pl.col("suffix_missing"))
        .then(None)
        .otherwise(pl.col("suffix")),
    )  # fmt: skip
