"""The learners themselves: who they are, whatever any college writes down.

Belongs here: who they are, their names and births. Does not belong here: their homes
and numbers (``belongings``), what one college knows of them (``presence``).
"""

from datetime import date

import polars as pl

from pipelines.sample.belongings import with_belongings
from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

# Shares of learners; the spec's list of what a feed must be expected to hold.
TWINS = 0.006
NAMESAKES = 0.006
SHARED_HOUSEHOLD = 0.02
DUAL = 0.20
NONCREDIT = 0.09
HOMONYMS = 0.002
SIMILAR_TWINS = 0.35
DOUBLE_SURNAME = 0.015

# Given names that a hurried eye, or a string distance, takes for one another.
_SIMILAR = [
    ("Jayden", "M", "Jaylen", "M"), ("Maria", "F", "Marie", "F"),
    ("Kayla", "F", "Kaylee", "F"), ("Madison", "F", "Addison", "F"),
    ("Brandon", "M", "Brendan", "M"), ("Hannah", "F", "Anna", "F"),
    ("Jean", "F", "Jane", "F"), ("Christopher", "M", "Christian", "M"),
    ("Ashley", "F", "Ashlyn", "F"), ("Aaron", "M", "Erin", "F"),
    ("Michael", "M", "Michelle", "F"), ("Jon", "M", "Don", "M"),
    ("Alexander", "M", "Alexandra", "F"), ("Tiara", "F", "Kiara", "F"),
    # Two that share a short form, and two of which one is part of the other.
    ("Patrick", "M", "Patricia", "F"), ("Samuel", "M", "Samantha", "F"),
    ("Mary", "F", "Mary Ann", "F"), ("John", "M", "John Paul", "M"),
    ("Maria Jose", "F", "Maria Ana", "F"),
]  # fmt: skip


def learners(draw: Draw, count: int, state: str, start: date) -> pl.DataFrame:
    """The learners of a state.

    Args:
        draw: the seed's draws.
        count: how many.
        state: ``AL`` or ``TN``.
        start: the first night; ages are drawn as of this date.

    Returns:
        One row a learner: ``l`` (0 ..), ``kind`` (CREDIT, DUAL, NONCREDIT),
        ``household`` (the learner whose home, last name and perhaps birth date are
        shared), names, birth, home, ``ssn``, ``itin``, ``ps_id``, ``k12_id``,
        ``ability`` in 0 .. 1 and contacts (``belongings``). Who is easily
        taken for whom: ``twin`` and ``namesake`` on the odd one of two, ``twin_pair``,
        ``father_son``, ``homonym`` and ``home_pair`` (live together, not twins, not
        father and son) on both.
    """
    base = pl.DataFrame({"l": pl.int_range(0, count, eager=True)})
    before = pl.col("l") - 1
    # Odd learners may share the household of the one before them.
    shared = draw.unit("household", pl.col("l") // 2)
    odd = pl.col("l") % 2 == 1
    homes = TWINS + NAMESAKES + SHARED_HOUSEHOLD
    frame = (
        base.with_columns(
            odd=odd,
            twin_pair=shared < TWINS,
            father_son=shared.is_between(TWINS, TWINS + NAMESAKES, closed="left"),
            home_pair=shared.is_between(TWINS + NAMESAKES, homes, closed="left"),
            homonym=shared.is_between(homes, homes + HOMONYMS, closed="left"),
        )
        # The last of an odd number of learners has nobody after it.
        .with_columns(
            pl.col("twin_pair", "father_son", "home_pair", "homonym")
            & ((pl.col("l") // 2) * 2 + 1 < count)
        )
        .with_columns(
            twin=odd & pl.col("twin_pair"),
            namesake=odd & pl.col("father_son"),
            elder=~odd & pl.col("father_son"),
            together=pl.col("twin_pair") | pl.col("father_son") | pl.col("home_pair"),
        )
        .with_columns(cohabits=odd & pl.col("together"))
    )
    same_birth = odd & (pl.col("twin_pair") | pl.col("father_son") | pl.col("homonym"))
    same_name = odd & (pl.col("father_son") | pl.col("homonym"))
    same_family = odd & (pl.col("together") | pl.col("homonym"))
    frame = frame.with_columns(
        household=pl.when("cohabits").then(before).otherwise("l"),
        birth_of=pl.when(same_birth).then(before).otherwise("l"),
        name_of=pl.when(same_name).then(before).otherwise("l"),
        family_of=pl.when(same_family).then(before).otherwise("l"),
        similar=pl.when(
            pl.col("twin_pair")
            & draw.chance("similar twins", SIMILAR_TWINS, pl.col("l") // 2)
        ).then(draw.below("similar names", len(_SIMILAR), pl.col("l") // 2)),
    )
    frame = _kinds(draw, frame)
    frame = _births(draw, frame, start)
    frame = _names(draw, frame)
    return with_belongings(draw, frame, state)


def _kinds(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    kind = draw.unit("kind", "birth_of")
    return frame.with_columns(
        kind=pl.when(pl.col("namesake") | pl.col("elder"))
        .then(pl.lit("CREDIT"))
        .when(kind < DUAL)
        .then(pl.lit("DUAL"))
        .when(kind < DUAL + NONCREDIT)
        .then(pl.lit("NONCREDIT"))
        .otherwise(pl.lit("CREDIT")),
        ability=draw.unit("ability", "l"),
    )


def _births(draw: Draw, frame: pl.DataFrame, start: date) -> pl.DataFrame:
    spread = draw.unit("age", "birth_of")
    years = (
        pl.when(pl.col("kind") == "DUAL")
        .then(15.5 + 3.5 * spread)
        .when((pl.col("kind") == "NONCREDIT") | pl.col("elder"))
        .then(22 + 40 * spread)
        .when(draw.chance("adult", 0.35, "birth_of"))
        .then(24 + 32 * spread**1.7)
        .otherwise(18 + 6.5 * spread)
    )
    # A namesake is the child of the learner before: draws of the parent's age, and
    # a generation between them.
    generation = pl.when(pl.col("namesake")).then(
        19.0 + 4 * draw.unit("generation", "l")
    )
    elder_years = 42 + 20 * spread
    age = (
        pl.when(pl.col("elder"))
        .then(elder_years)
        .when(pl.col("namesake"))
        .then(elder_years - generation)
        .otherwise(years)
    )
    days = (age * 365.25).round().cast(pl.Int64)
    born = pl.lit(start) - pl.duration(days=days)
    return frame.with_columns(
        birth_date=born.cast(pl.Date),
        sex=pl.when(pl.col("namesake") | pl.col("elder"))
        .then(pl.lit("M"))
        .when(pl.col("similar").is_not_null())
        .then(_similar("sex"))
        .when(draw.chance("female", 0.58, "name_of"))
        .then(pl.lit("F"))
        .otherwise(pl.lit("M")),
    )


def _similar(what: str) -> pl.Expr:
    """The ``name`` or ``sex`` of one of two twins with similar given names."""
    at = ("name", "sex").index(what)
    first = pl.Series([pair[at] for pair in _SIMILAR])
    second = pl.Series([pair[at + 2] for pair in _SIMILAR])
    return (
        pl.when("odd")
        .then(pl.lit(second).gather(pl.col("similar")))
        .otherwise(pl.lit(first).gather(pl.col("similar")))
    )


def _names(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    first, last = table("first_name"), table("last_name")
    female = first.filter(pl.col("gender") == "F")
    male = first.filter(pl.col("gender") == "M")
    special = table("special_name")

    def special_names(kind: str) -> pl.Series:
        return special.filter(pl.col("kind") == kind)["name"]

    def given(stream: str, key: str) -> pl.Expr:
        women = draw.choose(
            stream, female["name"], key, weights=female["frequency"].to_list()
        )
        men = draw.choose(
            stream, male["name"], key, weights=male["frequency"].to_list()
        )
        return pl.when(pl.col("sex") == "F").then(women).otherwise(men)

    surname = draw.choose(
        "last name", last["name"], "family_of", weights=last["frequency"].to_list()
    )
    other = draw.choose(
        "second surname", last["name"], "family_of", weights=last["frequency"].to_list()
    )
    alone = ~pl.col("together") & ~pl.col("homonym")
    mono = draw.chance("mononym", 0.0015, "l") & alone
    double = draw.chance("double surname", DOUBLE_SURNAME, "family_of")
    return (
        frame.with_columns(
            first_name=pl.when(pl.col("similar").is_not_null())
            .then(_similar("name"))
            .when(draw.chance("special first", 0.02, "name_of"))
            .then(draw.choose("special first name", special_names("first"), "name_of"))
            .otherwise(given("first name", "name_of")),
            middle_name=pl.when(draw.chance("has middle", 0.7, "l")).then(
                given("middle name", "l").str.slice(
                    0, pl.when(draw.chance("initial", 0.5, "l")).then(1).otherwise(40)
                )
            ),
            last_name=pl.when(draw.chance("special last", 0.04, "family_of"))
            .then(draw.choose("special last name", special_names("last"), "family_of"))
            .when(double)
            .then(surname + "-" + other)
            .otherwise(surname),
            married_name=draw.choose(
                "married name", last["name"], "l", weights=last["frequency"].to_list()
            ),
            suffix=pl.when(pl.col("namesake"))
            .then(pl.lit("JR"))
            .when(pl.col("elder"))
            .then(pl.lit("SR"))
            .when((pl.col("sex") == "M") & draw.chance("numbered", 0.012, "l"))
            .then(draw.choose("number", ["II", "III", "JR"], "l")),
            mononym=mono,
        )
        .with_columns(
            last_name=pl.when("mononym")
            .then(draw.choose("mononym name", special_names("mono"), "l"))
            .otherwise(pl.col("last_name")),
            first_name=pl.when("mononym").then(None).otherwise(pl.col("first_name")),
            middle_name=pl.when("mononym").then(None).otherwise(pl.col("middle_name")),
            suffix=pl.when("mononym").then(None).otherwise(pl.col("suffix")),
            # Twins do not share a first name; two draws may still agree.
            twin_letter=pl.when(pl.col("twin") & pl.col("similar").is_null()).then(
                draw.choose("twin", ["-Lee", "-Ann"], "l")
            ),
        )
        .with_columns(
            first_name=pl.col("first_name") + pl.col("twin_letter").fill_null("")
        )
    )
