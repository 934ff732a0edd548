"""Persons as Colleague keeps them: one wide entity with lists, and a few beside it.

Belongs here: PERSON, ADDRESS, PERSON.RESTRICTIONS and the log of duplicates. Does not
belong here: what they studied.
"""

import polars as pl

from pipelines.sample.dialects.colleague_words import (
    VALUE_MARK,
    Text,
    code_of,
    day_of,
    joined,
    setting,
)

_IN_SSN_FIELD = ("SSN", "ITIN", "PSEUDO_SSN", "SSN_LAST4")
_COMPANY = {
    "ID": "9900001",
    "LAST.NAME": "Example Supply Company",
    "PERSON.CORP.INDICATOR": "Y",
}


def persons(text: Text) -> pl.DataFrame:
    """PERSON, its lists and a vendor included."""
    mails = (
        text["person"]
        .select("student_id", COL="email_college", PER="email_personal")
        .unpivot(index="student_id", variable_name="type", value_name="mail")
        .filter(pl.col("mail").is_not_null())
        .group_by("student_id", maintain_order=True)
        .agg(*joined(pl.col("mail"), pl.col("type")))
    )
    frame = text["person"]
    for beside in (mails, _identifiers(text), _former_names(text), _flags(text)):
        frame = frame.join(beside, on="student_id", how="left", maintain_order="left")
    people = frame.select(
        pl.col("student_id").alias("ID"),
        pl.col("last_name").alias("LAST.NAME"),
        pl.col("first_name").alias("FIRST.NAME"),
        pl.col("middle_name").alias("MIDDLE.NAME"),
        pl.col("suffix").alias("SUFFIX"),
        day_of("birth_date", "%m/%d/%Y").alias("BIRTH.DATE"),
        pl.col("ssn").alias("SSN"),
        pl.col("sex").alias("GENDER"),
        pl.lit(None, pl.String).alias("PERSON.CORP.INDICATOR"),
        pl.col("preferred_first_name").alias("PERSON.CHOSEN.FIRST.NAME"),
        pl.col("mail").alias("PERSON.EMAIL.ADDRESSES"),
        pl.col("type").alias("PERSON.EMAIL.TYPES"),
        pl.col("alt_ids").alias("PERSON.ALT.IDS"),
        pl.col("alt_types").alias("PERSON.ALT.ID.TYPES"),
        day_of("added").alias("PERSON.ADD.DATE"),
        pl.col("phone").alias("PERSONAL.PHONE.NUMBER"),
        pl.when(pl.col("address_line1").is_not_null())
        .then("AD" + pl.col("student_id"))
        .alias("PREFERRED.ADDRESS"),
        pl.col("name_type").alias("NAMEHIST.TYPE"),
        pl.col("old_last").alias("NAMEHIST.LAST.NAME"),
        pl.col("old_first").alias("NAMEHIST.FIRST.NAME"),
        pl.col("old_middle").alias("NAMEHIST.MIDDLE.NAME"),
        pl.col("changed").alias("NAMEHIST.CHGDATE"),
        pl.when(pl.col("private").is_not_null())
        .then(pl.lit("Y"))
        .alias("PERSON.PRIVACY.FLAG"),
        day_of("private").alias("PERSON.PRIVACY.DATE"),
        day_of("deceased").alias("DECEASED.DATE"),
        pl.col("high_school_code").alias("X.HIGH.SCHOOL"),
        pl.col("high_school_grad_year").alias("X.HIGH.SCHOOL.GRAD.YEAR"),
        pl.col("first_term_code").alias("X.FIRST.TERM"),
    )
    return pl.concat([people, pl.DataFrame([_COMPANY])], how="diagonal")


def _identifiers(text: Text) -> pl.DataFrame:
    """Of each student one number in the field SSN, the others as alternate ids."""
    codes = {
        str(kind["id_type"]): str(code)
        for code, kind in setting("alt_id_types").items()
    }
    ids = text["person_identifier"].with_columns(
        rank=pl.col("id_type").replace_strict(
            {kind: at for at, kind in enumerate(_IN_SSN_FIELD)}, default=9
        )
    )
    first = (pl.col("rank") < 9) & (
        pl.int_range(pl.len()).over("student_id", order_by="rank") == 0
    )
    ids = ids.with_columns(first=first)
    alternate = (
        ids.filter(~pl.col("first"))
        .group_by("student_id", maintain_order=True)
        .agg(
            pl.col("id_value").str.join(VALUE_MARK).alias("alt_ids"),
            pl.col("id_type").replace(codes).str.join(VALUE_MARK).alias("alt_types"),
        )
    )
    return (
        ids.group_by("student_id", maintain_order=True)
        .agg(
            pl.col("id_value").filter("first").first().alias("ssn"),
            pl.col("valid_from").min().alias("added"),
        )
        .join(alternate, on="student_id", how="left", maintain_order="left")
    )


def _former_names(text: Text) -> pl.DataFrame:
    return (
        text["person_name"]
        .sort("effective_from", descending=True, maintain_order=True)
        .with_columns(
            name_type=code_of("name_type", "name_types"),
            old_last="last_name",
            old_first="first_name",
            old_middle="middle_name",
            # An unknown day is 1900-01-01, which two digits cannot say.
            changed=day_of("effective_from", "%m/%d/%Y"),
        )
        .group_by("student_id", maintain_order=True)
        .agg(
            *joined(
                *(
                    pl.col(name)
                    for name in (
                        "name_type",
                        "old_last",
                        "old_first",
                        "old_middle",
                        "changed",
                    )
                )
            )
        )
    )


def _is_flag() -> pl.Expr:
    """Blocks that PERSON itself can say: without an end."""
    return (
        pl.col("kind").is_in(["FERPA_BLOCK", "DECEASED"]) & pl.col("valid_to").is_null()
    )


def _flags(text: Text) -> pl.DataFrame:
    kind = pl.col("kind")
    return (
        text["disclosure"]
        .filter(_is_flag())
        .group_by("student_id", maintain_order=True)
        .agg(
            pl.col("valid_from").filter(kind == "FERPA_BLOCK").min().alias("private"),
            pl.col("valid_from").filter(kind == "DECEASED").min().alias("deceased"),
        )
    )


def restrictions(text: Text) -> pl.DataFrame:
    """PERSON.RESTRICTIONS, some without meaning for disclosure."""
    noise = text["person"].head(2).select(
        pl.col("student_id").alias("PRS.PERSON"),
        pl.lit("PARK").alias("PRS.TYPE"),
        pl.lit("08/20/24").alias("PRS.START.DATE"),
        pl.lit(None, pl.String).alias("PRS.END.DATE"),
    )  # fmt: skip
    blocks = text["disclosure"].filter(~_is_flag()).select(
        pl.col("student_id").alias("PRS.PERSON"),
        code_of("kind", "restriction_types").alias("PRS.TYPE"),
        day_of("valid_from").alias("PRS.START.DATE"),
        day_of("valid_to").alias("PRS.END.DATE"),
    )  # fmt: skip
    return pl.concat([blocks, noise])


def addresses(text: Text) -> pl.DataFrame:
    """ADDRESS, one a person."""
    lines = pl.concat_str(
        "address_line1", "address_line2", separator=VALUE_MARK, ignore_nulls=True
    )
    return (
        text["person"]
        .filter(pl.col("address_line1").is_not_null())
        .select(
            ("AD" + pl.col("student_id")).alias("ADDRESS.ID"),
            lines.alias("ADDRESS.LINES"),
            pl.col("city").alias("CITY"),
            pl.col("state").alias("STATE"),
            pl.col("postal_code").alias("ZIP"),
            pl.col("country").alias("COUNTRY"),
        )
    )


def duplicates(text: Text) -> pl.DataFrame:
    """DUPLICATE.LOG."""
    return text["person_merge"].select(
        pl.col("from_student_id").alias("DUPL.OLD.ID"),
        pl.col("to_student_id").alias("DUPL.NEW.ID"),
        day_of("merged_on").alias("DUPL.DATE"),
        code_of("kind", "merge_actions").alias("DUPL.ACTION"),
        pl.col("reason").alias("DUPL.REASON"),
    )
