"""What a learner owns: a home, e-mail addresses, telephone numbers and identifiers.

Belongs here: values that are a person's or a household's, whatever a college knows of
them. Does not belong here: what one college wrote down (``presence``, ``slips``).
"""

from math import ceil

import polars as pl

from pipelines.sample.draw import Draw
from pipelines.sample.reference import table

# Areas the Social Security Administration had not assigned when it stopped
# allocating by area in June 2011, so no adult can own one of these numbers.
_SSN_AREA_FROM, _SSN_AREAS = 773, 127
SSN_SPACE = _SSN_AREAS * 99 * 9999

# Shares of learners.
ITIN = 0.004
WITHOUT_SSN = 0.14
HOMONYM_WITHOUT_SSN = 0.5
WRONG_SSN = 1 / 5000

# Shares of two who live together.
FAMILY_MAIL = 0.5
FAMILY_PHONE = 0.5
FAMILY_SSN = 0.03
CONSECUTIVE_SSN = 0.3

_STREETS = [
    "Oak St", "Main St", "Church St", "County Road 12", "Magnolia Ave",
    "Dogwood Ln", "Martin Luther King Jr Blvd", "Highway 431 N", "River Rd",
    "College Dr", "Pine Cir", "2nd Ave S",
]  # fmt: skip

# The state's own area codes first; mobile numbers come along from everywhere.
_AREA_CODES = {
    "AL": (205, 251, 256, 334, 659, 938),
    "TN": (423, 615, 629, 731, 865, 901, 931),
}


def digits(number: pl.Expr, width: int) -> pl.Expr:
    """A number as text of at least ``width`` digits."""
    return number.cast(pl.String).str.zfill(width)


def spread(number: pl.Expr, factor: int, space: int) -> pl.Expr:
    """A one-to-one scatter of 0 .. space-1 onto itself; ``factor`` is coprime."""
    return (number * factor) % space


def ssn_text(number: pl.Expr) -> pl.Expr:
    """Nine digits for a number in 0 .. 125 729 999; always a plausible SSN."""
    serial = number % 9999 + 1
    group = (number // 9999) % 99 + 1
    area = number // (9999 * 99) + _SSN_AREA_FROM
    return pl.concat_str(digits(area, 3), digits(group, 2), digits(serial, 4))


def plain(text: pl.Expr) -> pl.Expr:
    """Text without accents."""
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}", "")


def with_belongings(draw: Draw, people: pl.DataFrame, state: str) -> pl.DataFrame:
    """Adds home, contacts and identifiers to the learners.

    Args:
        draw: the seed's draws.
        people: ``l``, ``household``, ``together``, ``odd``, births and names.
        state: ``AL`` or ``TN``.

    Returns:
        ``people`` with ``state``, ``postal_code``, ``address_line1`` and ``2``,
        ``email`` (of the household), ``own_email`` (whether the learner uses another),
        ``email_1`` and ``email_2`` (own, now and before), ``phone_1`` and ``phone_2``,
        ``ssn``, ``itin``, ``ps_id``, ``k12_id``, ``ssn_shared`` (two learners use the
        number) and ``ssn_of_twin`` (and they are twins).
    """
    return _identifiers(
        draw, _contacts(draw, _homes(draw, people, state), state), state
    )


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
    return frame.with_columns(
        state=pl.lit(regions["state"]).gather(at),
        postal_code=digits(zip_code, 5),
        address_line1=street_address(draw, "house", "household"),
        address_line2=pl.when(draw.chance("flat", 0.12, "household")).then(
            pl.lit("Apt ")
            + (draw.below("flat no", 40, "household") + 1).cast(pl.String)
        ),
    )


def street_address(draw: Draw, stream: str, key: str) -> pl.Expr:
    """A house number and a street."""
    number = draw.below(stream, 9800, key) + 100
    street = draw.choose("street" if stream == "house" else stream, _STREETS, key)
    return number.cast(pl.String) + " " + street


def _contacts(draw: Draw, frame: pl.DataFrame, state: str) -> pl.DataFrame:
    family = plain(pl.col("last_name")).str.to_lowercase().str.replace_all("[^a-z]", "")
    given = plain(pl.col("first_name")).str.to_lowercase().str.replace_all("[^a-z]", "")
    initial = given.str.slice(0, 1).fill_null("")
    owner = pl.col("l") + draw.constant("mail offset") % 1_000_003
    number = spread(owner, 65_537, 10_000_019).cast(pl.String)
    older = spread(owner, 31_337, 10_000_019).cast(pl.String)
    # RFC 2606 reserves these domains: no mail can reach anybody.
    mail_of_home = draw.chance("family mail", FAMILY_MAIL, "household")
    phone_of_home = draw.chance("family phone", FAMILY_PHONE, "household")
    holder = (
        pl.when(pl.col("together") & phone_of_home).then("household").otherwise("l")
    )
    return frame.with_columns(
        email=pl.concat_str(
            pl.lit("family"), digits(pl.col("household") * 7 + 1000, 7),
            pl.lit("@mail.example.org"),
        ),
        email_1=pl.concat_str(initial, family, number, pl.lit("@mail.example.org")),
        email_2=pl.concat_str(
            family, pl.lit("."), initial, older, pl.lit("@example.net")
        ),
        own_email=draw.chance("own email", 0.85, "l")
        & ~(pl.col("together") & mail_of_home),
        phone_1=_phone(holder * 2, frame.height, state),
        phone_2=_phone(pl.col("l") * 2 + 1, frame.height, state),
    )  # fmt: skip


def _phone(index: pl.Expr, learners: int, state: str) -> pl.Expr:
    """One number of its own for every index; exchange 555, which serves no homes."""
    own = _AREA_CODES[state]
    others = (
        code for code in range(201, 990)
        if code // 10 % 10 != 9 and code % 100 != 11 and code not in own
    )  # fmt: skip
    codes = [*own, *others][: max(len(own), ceil(learners * 2 / 10_000))]
    place = spread(index, 7_919, len(codes) * 10_000)
    area = pl.lit(pl.Series(codes)).gather(place // 10_000)
    return digits(area, 3) + "555" + digits(place % 10_000, 4)


def _identifiers(draw: Draw, frame: pl.DataFrame, state: str) -> pl.DataFrame:
    offset = draw.constant("ssn offset") % 1_000_003
    owner = pl.col("l") + offset
    age_proxy = pl.col("birth_date").dt.year()
    number = spread(owner, 48_271, SSN_SPACE)
    # Parents apply for all their children on one day: numbers one apart.
    consecutive = pl.col("twin") & draw.chance("next ssn", CONSECUTIVE_SSN, "l")
    siblings = (spread(owner - 1, 48_271, SSN_SPACE) + 1) % SSN_SPACE
    without = pl.when("homonym").then(HOMONYM_WITHOUT_SSN).otherwise(WITHOUT_SSN + ITIN)
    has = draw.unit("ssn owner", "l")
    itin = pl.concat_str(
        pl.lit("9"),
        digits(spread(owner, 37, 100), 2),
        digits(70 + draw.below("itin group", 19, "l"), 2),
        digits(spread(owner, 7919, 10_000), 4),
    )
    # Some begin with a zero, which a spreadsheet takes away.
    k12 = pl.when(pl.col("l") % 10 < 3).then(pl.lit("01")).otherwise(pl.lit("19"))
    youngest = age_proxy.max()
    borrowed = draw.chance("family ssn", FAMILY_SSN, "l") & pl.col("cohabits")
    wrong = (
        draw.chance("wrong ssn", WRONG_SSN, "l")
        & (pl.col("l") >= 2)
        & pl.col("ssn").is_not_null()
        & (pl.col("birth_date") != pl.col("birth_date").shift(2))
    )
    return (
        frame.with_columns(
            ssn=pl.when(has >= without).then(
                ssn_text(pl.when(consecutive).then(siblings).otherwise(number))
            ),
            itin=pl.when(has < ITIN).then(itin),
            ps_id=pl.when(draw.chance("ps id", 0.62, "l")).then(
                pl.lit(state) + digits(spread(owner, 31_337, 10**8), 8)
            ),
            k12_id=pl.when(
                (youngest - age_proxy < 14)
                & draw.chance(
                    "k12 id",
                    pl.when(pl.col("kind") == "DUAL").then(0.95).otherwise(0.6),
                    "l",
                )
            ).then(k12 + digits(spread(owner, 65_537, 10**8), 8)),
        )
        .with_columns(
            # Another person's number: a relative's, taken for one's own, or a
            # stranger's, by mistake: the learner two before.
            ssn=pl.when(borrowed & pl.col("ssn").shift(1).is_not_null())
            .then(pl.col("ssn").shift(1))
            .when(wrong)
            .then(pl.col("ssn").shift(2))
            .otherwise(pl.col("ssn")),
        )
        .with_columns(
            ssn_shared=pl.col("ssn").is_not_null() & pl.col("ssn").is_duplicated()
        )
        .with_columns(
            ssn_of_twin=pl.col("ssn_shared")
            & pl.struct("ssn", "birth_date").is_duplicated()
        )
    )
