"""Where one college reaches a person, and where another does.

Belongs here: e-mail, telephone, address and high school as a college wrote them down,
with a flag for what differs from the learner's first college. Does not belong here:
whose they are (``belongings``).
"""

import polars as pl

from pipelines.sample.belongings import street_address
from pipelines.sample.draw import Draw

# Shares of college students after a learner's first.
NEW_MAIL = 0.12
NEW_PHONE = 0.15
MOVED = 0.20

# Shares of all college students.
SCHOOL_CODE_MANGLED = 0.03
MAIL_IN_CAPITALS = 0.05
SAME_SCHOOL_HOMONYMS = 0.2

_LONG_STREETS = {
    " St": " Street", " Ave": " Avenue", " Ln": " Lane", " Blvd": " Boulevard",
    " Rd": " Road", " Dr": " Drive", " Cir": " Circle",
}  # fmt: skip


def contacts(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    """E-mail, telephone, address and high school as written down, with flags.

    Students whose parents signed them up (DUAL) leave their own e-mail half of the
    time.
    """
    later = pl.col("j") >= 1
    new_mail = later & pl.col("own_email") & draw.chance("new mail", NEW_MAIL, "m")
    mail = (
        pl.when(new_mail)
        .then("email_2")
        .when("own_email")
        .then("email_1")
        .otherwise("email")
    )
    mail = (
        pl.when(draw.chance("mail in capitals", MAIL_IN_CAPITALS, "m"))
        .then(mail.str.to_uppercase())
        .otherwise(mail)
    )
    new_phone = later & draw.chance("new phone", NEW_PHONE, "m")
    number = pl.when(new_phone).then("phone_2").otherwise("phone_1")
    young = pl.col("true_birth_date").dt.year() >= pl.col("young_from")
    # Of two with one name and one birth date, some went to one school.
    schooled = (
        pl.when(
            pl.col("homonym")
            & draw.chance("same school", SAME_SCHOOL_HOMONYMS, pl.col("l") // 2)
        )
        .then("birth_of")
        .otherwise("household")
    )
    code = _school_code(draw, schooled)
    mangled = draw.chance("school code mangled", SCHOOL_CODE_MANGLED, "m")
    return _addresses(draw, frame).with_columns(
        new_mail=new_mail,
        new_phone=new_phone,
        email_personal=pl.when(
            (pl.col("role") != "DUAL") | draw.chance("dual mail", 0.5, "m")
        ).then(mail),
        phone=_phone_text(number),
        school_mangled=young & mangled,
        high_school_code=pl.when(young & draw.chance("school", 0.8, schooled)).then(
            pl.when(mangled).then(code.str.strip_chars_start("0")).otherwise(code)
        ),
        high_school_grad_year=pl.when(young).then(
            pl.col("true_birth_date").dt.year().cast(pl.Int64)
            + 18
            + draw.chance("late graduate", 0.08, schooled).cast(pl.Int64)
        ),
    )


def _school_code(draw: Draw, key: pl.Expr) -> pl.Expr:
    """One of 400 school codes, which begin with a zero."""
    return pl.lit("0") + (10_000 + draw.below("school no", 400, key)).cast(pl.String)


def _phone_text(number: pl.Expr) -> pl.Expr:
    """Ten digits in the manner of the college."""
    parts = (number.str.slice(0, 3), number.str.slice(3, 3), number.str.slice(6, 4))
    manner = pl.col("_c") % 4
    return (
        pl.when(manner == 0)
        .then(pl.concat_str(*parts, separator="-"))
        .when(manner == 1)
        .then(pl.format("({}) {}-{}", *parts))
        .when(manner == 2)
        .then(number)
        .otherwise(pl.concat_str(*parts, separator="."))
    )


def _addresses(draw: Draw, frame: pl.DataFrame) -> pl.DataFrame:
    moved = (pl.col("j") >= 1) & draw.chance("moved", MOVED, "m")
    upper = pl.col("name_case") == "upper"
    line = (
        pl.when(moved)
        .then(street_address(draw, "new home", "m"))
        .otherwise("address_line1")
    )
    spelt_out = line
    for short, long in _LONG_STREETS.items():
        spelt_out = spelt_out.str.replace(f"{short}$", long)
    line = pl.when(pl.col("_c") % 3 == 1).then(spelt_out).otherwise(line)
    zip_code = (
        pl.when(moved)
        .then(
            pl.col("postal_code").str.slice(0, 3)
            + draw.below("new zip", 100, "m").cast(pl.String).str.zfill(2)
        )
        .otherwise("postal_code")
    )
    plus_four = (1000 + draw.below("plus four", 8999, "household")).cast(pl.String)
    return frame.with_columns(
        moved=moved,
        address_line1=pl.when(upper).then(line.str.to_uppercase()).otherwise(line),
        address_line2=pl.when(~moved).then("address_line2"),
        postal_code=pl.when((pl.col("_c") % 7 == 3) & ~moved)
        .then(zip_code + "-" + plus_four)
        .otherwise(zip_code),
    )
