"""Banner's tables about people: identification, biography, addresses, numbers, holds.

Belongs here: change rows, companies and addresses nobody uses, as real tables have
them. Does not belong here: what people study (``banner_study``).
"""

from collections.abc import Mapping

import polars as pl

from pipelines.sample.dialects.banner_words import code, day, nothing, pidms, setting

Text = Mapping[str, pl.DataFrame]

_IN_SSN = ("SSN", "ITIN", "PSEUDO_SSN", "SSN_LAST4")


def tables(text: Text) -> dict[str, pl.DataFrame]:
    """Table to rows."""
    return {
        "SPRIDEN": _spriden(text),
        "SPBPERS": _spbpers(text),
        "SPRADDR": _spraddr(text),
        "SPRTELE": _sprtele(text),
        "GOREMAL": _goremal(text),
        "SORHSCH": _sorhsch(text),
        "GORADID": _goradid(text),
        "SPRHOLD": _sprhold(text),
        "GZBMERG": _gzbmerg(text),
        "STVHLDD": pl.DataFrame(
            {
                "STVHLDD_CODE": ["PK", "TR"],
                "STVHLDD_TRANS_HOLD_IND": ["N", "Y"],
            }
        ),
    }


def _added(text: Text) -> pl.DataFrame:
    """The day each person was entered."""
    return (
        text["person_identifier"]
        .group_by("student_id")
        .agg(added=pl.col("valid_from").min())
    )


def _spriden(text: Text) -> pl.DataFrame:
    people = text["person"].join(_added(text), on="student_id", how="left")
    current = people.sort("student_id").select(
        SPRIDEN_PIDM="source_pk",
        SPRIDEN_ID="student_id",
        SPRIDEN_LAST_NAME="last_name",
        SPRIDEN_FIRST_NAME="first_name",
        SPRIDEN_MI="middle_name",
        SPRIDEN_CHANGE_IND=nothing(),
        SPRIDEN_ENTITY_IND=pl.lit("P"),
        SPRIDEN_ACTIVITY_DATE=day("added", year="%Y"),
        SPRIDEN_NTYP_CODE=nothing(),
    )
    # Every saved form leaves a row, also where only the case of a name was mended.
    mended = current.gather_every(3).with_columns(
        SPRIDEN_LAST_NAME=pl.col("SPRIDEN_LAST_NAME").str.to_uppercase(),
        SPRIDEN_CHANGE_IND=pl.lit("N"),
        SPRIDEN_ACTIVITY_DATE=pl.lit("11-JAN-22"),
    )
    before = (
        text["person_name"]
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SPRIDEN_PIDM="pidm",
            SPRIDEN_ID="student_id",
            SPRIDEN_LAST_NAME="last_name",
            SPRIDEN_FIRST_NAME="first_name",
            SPRIDEN_MI="middle_name",
            SPRIDEN_CHANGE_IND=pl.lit("N"),
            SPRIDEN_ENTITY_IND=pl.lit("P"),
            # An unknown day is 1900-01-01, which two digits cannot say.
            SPRIDEN_ACTIVITY_DATE=day("effective_from", year="%Y"),
            SPRIDEN_NTYP_CODE=code("name_type", "name_types"),
        )
    )
    old_ids = (
        text["person_identifier"]
        .filter(pl.col("id_type") == "OLD_STUDENT_ID")
        .join(current, left_on="student_id", right_on="SPRIDEN_ID")
        .select(
            "SPRIDEN_PIDM",
            SPRIDEN_ID="id_value",
            SPRIDEN_LAST_NAME="SPRIDEN_LAST_NAME",
            SPRIDEN_FIRST_NAME="SPRIDEN_FIRST_NAME",
            SPRIDEN_MI="SPRIDEN_MI",
            SPRIDEN_CHANGE_IND=pl.lit("I"),
            SPRIDEN_ENTITY_IND=pl.lit("P"),
            SPRIDEN_ACTIVITY_DATE=day("valid_from", year="%Y"),
            SPRIDEN_NTYP_CODE=nothing(),
        )
    )
    company = current.head(1).select(
        SPRIDEN_PIDM=pl.lit("9000001"),
        SPRIDEN_ID=pl.lit("C00000001"),
        SPRIDEN_LAST_NAME=pl.lit("Example Supply Company"),
        SPRIDEN_FIRST_NAME=nothing(),
        SPRIDEN_MI=nothing(),
        SPRIDEN_CHANGE_IND=nothing(),
        SPRIDEN_ENTITY_IND=pl.lit("C"),
        SPRIDEN_ACTIVITY_DATE=pl.lit("03-SEP-24"),
        SPRIDEN_NTYP_CODE=nothing(),
    )
    return pl.concat([mended, current, before, old_ids, company])


def _ssns(text: Text) -> pl.DataFrame:
    """One number a person in SPBPERS; GORADID has the others."""
    rank = {kind: at for at, kind in enumerate(_IN_SSN)}
    return (
        text["person_identifier"]
        .filter(pl.col("id_type").is_in(_IN_SSN))
        .with_columns(rank=pl.col("id_type").replace_strict(rank))
        .sort("student_id", "rank", "id_value")
        .unique("student_id", keep="first", maintain_order=True)
    )


def _spbpers(text: Text) -> pl.DataFrame:
    flags = (
        text["disclosure"]
        .filter(_is_flag())
        .group_by("student_id")
        .agg(
            private=pl.col("valid_from").filter(pl.col("kind") == "FERPA_BLOCK").min(),
            dead=pl.col("valid_from").filter(pl.col("kind") == "DECEASED").min(),
        )
    )
    numbers = _ssns(text).select("student_id", ssn="id_value", known="valid_from")
    frame = text["person"].sort("student_id")
    for beside in (flags, numbers):
        frame = frame.join(beside, on="student_id", how="left", maintain_order="left")
    return frame.select(
        SPBPERS_PIDM="source_pk",
        SPBPERS_SSN="ssn",
        SPBPERS_BIRTH_DATE=day("birth_date"),
        SPBPERS_SEX="sex",
        SPBPERS_NAME_SUFFIX="suffix",
        SPBPERS_PREF_FIRST_NAME="preferred_first_name",
        SPBPERS_CONFID_IND=pl.when(pl.col("private").is_not_null()).then(pl.lit("Y")),
        SPBPERS_CONFID_DATE=day("private"),
        SPBPERS_DEAD_IND=pl.when(pl.col("dead").is_not_null()).then(pl.lit("Y")),
        SPBPERS_DEAD_DATE=day("dead"),
        SPBPERS_ACTIVITY_DATE=day("known", year="%Y"),
    )


def _is_flag() -> pl.Expr:
    """Blocks that SPBPERS itself can say: without an end."""
    return pl.col("kind").is_in(["FERPA_BLOCK", "DECEASED"]) & (
        pl.col("valid_to").is_null()
    )


def _spraddr(text: Text) -> pl.DataFrame:
    """The permanent address, and beside it old, mailing and billing ones."""
    homes = text["person"].filter(pl.col("address_line1").is_not_null())
    best = homes.select(
        SPRADDR_PIDM="source_pk",
        SPRADDR_ATYP_CODE=pl.lit("PR"),
        SPRADDR_SEQNO=pl.lit("2"),
        SPRADDR_STREET_LINE1="address_line1",
        SPRADDR_STREET_LINE2="address_line2",
        SPRADDR_CITY="city",
        SPRADDR_STAT_CODE="state",
        SPRADDR_ZIP="postal_code",
        SPRADDR_NATN_CODE="country",
        SPRADDR_STATUS_IND=nothing(),
        SPRADDR_FROM_DATE=pl.lit("15-AUG-19"),
        SPRADDR_TO_DATE=nothing(),
    )

    def other(
        kind: str, seqno: str, status: str | None, ended: str | None
    ) -> pl.DataFrame:
        return best.head(40).with_columns(
            SPRADDR_ATYP_CODE=pl.lit(kind),
            SPRADDR_SEQNO=pl.lit(seqno),
            SPRADDR_STREET_LINE1=pl.lit("1 Former Way"),
            SPRADDR_STATUS_IND=pl.lit(status, pl.String),
            SPRADDR_TO_DATE=pl.lit(ended, pl.String),
        )

    return pl.concat(
        [
            other("PR", "3", "I", None),
            other("PR", "4", None, "31-DEC-24"),
            other("MA", "9", None, None),
            best,
            other("BI", "1", None, None),
        ]
    )


def _sprtele(text: Text) -> pl.DataFrame:
    best = (
        text["person"]
        .filter(pl.col("phone").is_not_null())
        .select(
            SPRTELE_PIDM="source_pk",
            SPRTELE_SEQNO=pl.lit("1"),
            SPRTELE_PHONE_NUMBER="phone",
            SPRTELE_PRIMARY_IND=pl.lit("Y"),
            SPRTELE_STATUS_IND=nothing(),
        )
    )
    fax = best.head(20).with_columns(
        SPRTELE_SEQNO=pl.lit("7"),
        SPRTELE_PHONE_NUMBER=pl.lit("205-555-0100"),
        SPRTELE_PRIMARY_IND=nothing(),
    )
    return pl.concat([fax, best])


def _goremal(text: Text) -> pl.DataFrame:
    kinds = setting("email_types")
    by_kind = {str(value): str(own) for own, value in kinds.items()}
    addresses = (
        text["person"]
        .select(
            GOREMAL_PIDM="source_pk",
            college="email_college",
            personal="email_personal",
        )
        .unpivot(
            index="GOREMAL_PIDM",
            variable_name="kind",
            value_name="GOREMAL_EMAIL_ADDRESS",
        )
        .drop_nulls("GOREMAL_EMAIL_ADDRESS")
        .select(
            "GOREMAL_PIDM",
            "GOREMAL_EMAIL_ADDRESS",
            GOREMAL_EMAL_CODE=pl.col("kind").replace_strict(by_kind),
            GOREMAL_STATUS_IND=pl.lit("A"),
            GOREMAL_PREFERRED_IND=pl.lit("Y"),
        )
    )
    given_up = addresses.head(30).with_columns(
        GOREMAL_EMAIL_ADDRESS=pl.lit("former@mail.example.org"),
        GOREMAL_STATUS_IND=pl.lit("I"),
    )
    return pl.concat([given_up, addresses])


def _sorhsch(text: Text) -> pl.DataFrame:
    return (
        text["person"]
        .filter(
            pl.col("high_school_code").is_not_null()
            | pl.col("high_school_grad_year").is_not_null()
        )
        .select(
            SORHSCH_PIDM="source_pk",
            SORHSCH_SBGI_CODE="high_school_code",
            SORHSCH_GRADUATION_DATE=(
                pl.lit("15-MAY-") + pl.col("high_school_grad_year").str.tail(2)
            ),
        )
    )


def _goradid(text: Text) -> pl.DataFrame:
    codes = {
        str(kind["id_type"]): str(own)
        for own, kind in setting("additional_ids").items()
    }
    taken = _ssns(text).select("student_id", "id_type", "id_value")
    others = (
        text["person_identifier"]
        .filter(~pl.col("id_type").is_in(["SOURCE_PK", "OLD_STUDENT_ID"]))
        .join(taken, on=["student_id", "id_type", "id_value"], how="anti")
        .join(pidms(text), on="student_id")
        .select(
            GORADID_PIDM="pidm",
            GORADID_ADID_CODE=pl.col("id_type").replace(codes),
            GORADID_ADDITIONAL_ID="id_value",
            GORADID_ACTIVITY_DATE=day("valid_from", year="%Y"),
        )
    )
    cards = others.head(10).with_columns(
        GORADID_ADID_CODE=pl.lit("LIB"), GORADID_ADDITIONAL_ID=pl.lit("21000000001")
    )
    return pl.concat([others, cards])


def _sprhold(text: Text) -> pl.DataFrame:
    holds = (
        text["disclosure"]
        .filter(~_is_flag())
        .join(pidms(text), on="student_id")
        .select(
            SPRHOLD_PIDM="pidm",
            SPRHOLD_HLDD_CODE=code("kind", "holds"),
            SPRHOLD_FROM_DATE=day("valid_from"),
            SPRHOLD_TO_DATE=day("valid_to"),
        )
    )
    parking = pidms(text).head(5).select(
        SPRHOLD_PIDM="pidm",
        SPRHOLD_HLDD_CODE=pl.lit("PK"),
        SPRHOLD_FROM_DATE=pl.lit("20-AUG-24"),
        SPRHOLD_TO_DATE=pl.lit("31-DEC-99"),
    )  # fmt: skip
    return pl.concat([holds, parking])


def _gzbmerg(text: Text) -> pl.DataFrame:
    return text["person_merge"].select(
        GZBMERG_FROM_ID="from_student_id",
        GZBMERG_TO_ID="to_student_id",
        GZBMERG_KIND=code("kind", "merge_kinds"),
        GZBMERG_DATE=day("merged_on"),
        GZBMERG_REASON="reason",
    )
