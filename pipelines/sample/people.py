"""The learners themselves: who they are, whatever any college writes down.

Belongs here: names, births, homes, households and the identifiers a person owns.
Does not belong here: what one college knows of them (``presence``).
"""

from datetime import date

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

# Areas the Social Security Administration had not assigned when it stopped
# allocating by area in June 2011, so no adult can own one of these numbers.
_SSN_AREA_FROM, _SSN_AREAS = 773, 127
_SSN_SPACE = _SSN_AREAS * 99 * 9999

# Shares of learners; the spec's list of what a feed must be expected to hold.
TWINS = 0.006
NAMESAKES = 0.006
SHARED_HOUSEHOLD = 0.02
DUAL = 0.20
NONCREDIT = 0.09
ITIN = 0.004
WITHOUT_SSN = 0.14
WRONG_SSN = 1 / 5000


def ssn_text(number: pl.Expr) -> pl.Expr:
    """Nine digits for a number in 0 .. 125 729 999; always a plausible SSN."""
    serial = number % 9999 + 1
    group = (number // 9999) % 99 + 1
    area = number // (9999 * 99) + _SSN_AREA_FROM
    return pl.concat_str(_digits(area, 3), _digits(group, 2), _digits(serial, 4))


def _digits(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)


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
        ``ability`` in 0 .. 1 and ``email``.
    """
    base = pl.DataFrame({"l": pl.int_range(0, count, eager=True)})
    before = pl.col("l") - 1
    # Odd learners may share the household of the one before them.
    shared = draw.unit("household", pl.col("l") // 2)
    odd = pl.col("l") % 2 == 1
    frame = base.with_columns(
        twin=odd & (shared < TWINS),
        namesake=odd & shared.is_between(TWINS, TWINS + NAMESAKES, closed="left"),
        cohabits=odd & (shared < TWINS + NAMESAKES + SHARED_HOUSEHOLD),
        elder=~odd & shared.is_between(TWINS, TWINS + NAMESAKES, closed="left"),
    ).with_columns(
        household=pl.when(pl.col("cohabits")).then(before).otherwise(pl.col("l")),
        birth_of=pl.when(pl.col("twin") | pl.col("namesake"))
        .then(before)
        .otherwise(pl.col("l")),
        name_of=pl.when(pl.col("namesake")).then(before).otherwise(pl.col("l")),
    )
    frame = _kinds(draw, frame)
    frame = _births(draw, frame, start)
    frame = _names(draw, frame)
    frame = _homes(draw, frame, state)
    return _identifiers(draw, frame, state)


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
        .when(draw.chance("female", 0.58, "l"))
        .then(pl.lit("F"))
        .otherwise(pl.lit("M")),
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
        "last name", last["name"], "household", weights=last["frequency"].to_list()
    )
    mono = draw.chance("mononym", 0.0015, "l") & ~pl.col("cohabits")
    return (
        frame.with_columns(
            first_name=pl.when(draw.chance("special first", 0.02, "name_of"))
            .then(draw.choose("special first name", special_names("first"), "name_of"))
            .otherwise(given("first name", "name_of")),
            middle_name=pl.when(draw.chance("has middle", 0.7, "l")).then(
                given("middle name", "l").str.slice(
                    0, pl.when(draw.chance("initial", 0.5, "l")).then(1).otherwise(40)
                )
            ),
            last_name=pl.when(draw.chance("special last", 0.04, "household"))
            .then(draw.choose("special last name", special_names("last"), "household"))
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
            twin_letter=pl.when("twin").then(
                draw.choose("twin", ["-Lee", "-Ann"], "l")
            ),
        )
        .with_columns(
            first_name=pl.col("first_name") + pl.col("twin_letter").fill_null("")
        )
    )


_STREETS = [
    "Oak St", "Main St", "Church St", "County Road 12", "Magnolia Ave",
    "Dogwood Ln", "Martin Luther King Jr Blvd", "Highway 431 N", "River Rd",
    "College Dr", "Pine Cir", "2nd Ave S",
]  # fmt: skip


def _homes(draw: Draw, frame: pl.DataFrame, state: str) -> pl.DataFrame:
    regions = table("region")
    codes = regions["state"].to_list()
    near = [30.0 if code == state else 0.4 for code in codes]
    at = draw.index("home state", near, "household")
    low, high = regions["postal_code_from"], regions["postal_code_to"]
    span = pl.lit(high - low + 1).gather(at)
    zip_code = pl.lit(low).gather(at) + (
        draw.unit("zip", "household") * span
    ).floor().cast(pl.Int64)
    number = draw.below("house", 9800, "household") + 100
    return frame.with_columns(
        state=pl.lit(regions["state"]).gather(at),
        postal_code=_digits(zip_code, 5),
        address_line1=number.cast(pl.String)
        + " "
        + draw.choose("street", _STREETS, "household"),
        address_line2=pl.when(draw.chance("flat", 0.12, "household")).then(
            pl.lit("Apt ")
            + (draw.below("flat no", 40, "household") + 1).cast(pl.String)
        ),
        phone=pl.lit("205-555-") + _digits(draw.below("phone", 10_000, "l"), 4),
        # example.org is reserved (RFC 2606): no mail can reach anybody.
        email=pl.lit("h")
        + _digits(pl.col("household") * 7 + 1000, 7)
        + pl.lit("@mail.example.org"),
    )


def _spread(number: pl.Expr, factor: int, space: int) -> pl.Expr:
    """A one-to-one scatter of 0 .. space-1 onto itself; ``factor`` is coprime."""
    return (number * factor) % space


def _identifiers(draw: Draw, frame: pl.DataFrame, state: str) -> pl.DataFrame:
    offset = draw.constant("ssn offset") % 1_000_003
    owner = pl.col("l") + offset
    age_proxy = pl.col("birth_date").dt.year()
    number = ssn_text(_spread(owner, 48_271, _SSN_SPACE))
    has = draw.unit("ssn owner", "l")
    itin = pl.concat_str(
        pl.lit("9"),
        _digits(_spread(owner, 37, 100), 2),
        _digits(70 + draw.below("itin group", 19, "l"), 2),
        _digits(_spread(owner, 7919, 10_000), 4),
    )
    youngest = age_proxy.max()
    return (
        frame.with_columns(
            ssn=pl.when(has >= WITHOUT_SSN + ITIN).then(number),
            itin=pl.when(has < ITIN).then(itin),
            ps_id=pl.when(draw.chance("ps id", 0.62, "l")).then(
                pl.lit(state) + _digits(_spread(owner, 31_337, 10**8), 8)
            ),
            k12_id=pl.when(
                (youngest - age_proxy < 14)
                & draw.chance(
                    "k12 id",
                    pl.when(pl.col("kind") == "DUAL").then(0.95).otherwise(0.6),
                    "l",
                )
            ).then(pl.lit("19") + _digits(_spread(owner, 65_537, 10**8), 8)),
            own_email=draw.chance("own email", 0.85, "l") & ~pl.col("cohabits"),
        )
        .with_columns(
            # Another person's number, used by mistake: the learner two before.
            ssn=pl.when(
                draw.chance("wrong ssn", WRONG_SSN, "l")
                & (pl.col("l") >= 2)
                & pl.col("ssn").is_not_null()
                & (pl.col("birth_date") != pl.col("birth_date").shift(2))
            )
            .then(pl.col("ssn").shift(2))
            .otherwise(pl.col("ssn")),
        )
        .with_columns(
            ssn_shared=pl.col("ssn").is_not_null() & pl.col("ssn").is_duplicated()
        )
    )
