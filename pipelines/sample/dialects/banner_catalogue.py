"""Banner's tables of what is taught: programmes, courses, sections, their attributes.

Belongs here: cancelled sections, inactive courses and attributes that mean nothing
here, as real tables have them. Does not belong here: who takes it (``banner_study``).
"""

from collections.abc import Mapping

import polars as pl

from pipelines.sample.dialects.banner_words import code, day, nothing, number

Text = Mapping[str, pl.DataFrame]


def tables(text: Text) -> dict[str, pl.DataFrame]:
    """Table to rows."""
    return {
        "SMRPRLE": _smrprle(text),
        "STVMAJR": _stvmajr(text),
        "SCBCRSE": _scbcrse(text),
        "SCRATTR": _scrattr(text),
        "SSBSECT": _ssbsect(text),
        "SSRATTR": _ssrattr(text),
    }


def _cip(column: str) -> pl.Expr:
    return pl.col(column).str.replace(".", "", literal=True)


def _smrprle(text: Text) -> pl.DataFrame:
    return text["program"].select(
        SMRPRLE_PROGRAM="program_code",
        SMRPRLE_PROGRAM_DESC="title",
        SMRPRLE_LEVL_CODE=pl.lit("UG"),
        SMRPRLE_DEGC_CODE="credential_type",
        SMRPRLE_MAJR_CODE=pl.lit("M") + _cip("cip_code"),
        SMRPRLE_TERM_CODE_EFF="valid_from_term",
        SMRPRLE_TERM_CODE_END="valid_to_term",
        SMRPRLE_AWARD_LEVEL="award_level",
        SMRPRLE_UNIT=code("credit_unit", "credit_units"),
        SMRPRLE_REQ_CREDITS=number("required_credits"),
        SMRPRLE_CTID="ctid",
    )


def _stvmajr(text: Text) -> pl.DataFrame:
    majors = text["program"].select(
        STVMAJR_CODE=pl.lit("M") + _cip("cip_code"),
        STVMAJR_CIPC_CODE=_cip("cip_code"),
    )
    return majors.unique(maintain_order=True)


def _scbcrse(text: Text) -> pl.DataFrame:
    held = text["course"].select(
        SCBCRSE_SUBJ_CODE="subject",
        SCBCRSE_CRSE_NUMB="course_number",
        SCBCRSE_EFF_TERM="valid_from_term",
        SCBCRSE_TITLE="title",
        SCBCRSE_CSTA_CODE=pl.lit("A"),
        SCBCRSE_CREDIT_HR_LOW=number("credit_min"),
        SCBCRSE_CREDIT_HR_HIGH=number("credit_max"),
        SCBCRSE_CIPC_CODE=_cip("cip_code"),
        SCBCRSE_CONT_HR_LOW=number("clock_hours"),
        SCBCRSE_UNIT=code("credit_unit", "credit_units"),
        SCBCRSE_COMMON_COURSE="common_course_id",
        SCBCRSE_STATE_AREA="statewide_area",
        SCBCRSE_TRANSFER_CODE="transfer_code",
        SCBCRSE_DEV_IND="developmental",
    )
    given_up = held.head(5).with_columns(
        SCBCRSE_CRSE_NUMB=pl.lit("9") + pl.col("SCBCRSE_CRSE_NUMB"),
        SCBCRSE_CSTA_CODE=pl.lit("I"),
    )
    return pl.concat([given_up, held])


def _scrattr(text: Text) -> pl.DataFrame:
    """Attributes of courses that mean nothing here."""
    return text["course"].head(5).select(
        SCRATTR_SUBJ_CODE="subject",
        SCRATTR_CRSE_NUMB="course_number",
        SCRATTR_EFF_TERM="valid_from_term",
        SCRATTR_ATTR_CODE=pl.lit("FEE1"),
    )  # fmt: skip


def _ssbsect(text: Text) -> pl.DataFrame:
    """Sections; where the course says the credit, they do not repeat it."""
    credit = (
        text["course"]
        .group_by("subject", "course_number")
        .agg(of_course=pl.col("credit_min").first(), versions=pl.len())
    )
    is_own = pl.col("credit_value").ne_missing(pl.col("of_course")) | (
        pl.col("versions") > 1
    )
    held = (
        text["section"]
        .join(
            credit, on=["subject", "course_number"], how="left", maintain_order="left"
        )
        .select(
            SSBSECT_TERM_CODE="term_code",
            SSBSECT_CRN="section_id",
            SSBSECT_SUBJ_CODE="subject",
            SSBSECT_CRSE_NUMB="course_number",
            SSBSECT_SEQ_NUMB="section_number",
            SSBSECT_CRSE_TITLE="title",
            SSBSECT_PTRM_START_DATE=day("start_date"),
            SSBSECT_PTRM_END_DATE=day("end_date"),
            SSBSECT_INSM_CODE=code("delivery", "instruction_methods"),
            SSBSECT_CAMP_CODE="campus_code",
            SSBSECT_CREDIT_HRS=pl.when(is_own).then(number("credit_value")),
            SSBSECT_SSTS_CODE=pl.lit("A"),
            SSBSECT_INSTRUCTOR_ID="instructor_id",
        )
    )
    cancelled = held.head(3).with_columns(
        SSBSECT_CRN=pl.lit("9") + pl.col("SSBSECT_CRN").str.tail(4),
        SSBSECT_SSTS_CODE=pl.lit("C"),
    )
    return pl.concat([held, cancelled])


def _ssrattr(text: Text) -> pl.DataFrame:
    coded = text["section_attribute"].select(
        SSRATTR_TERM_CODE="term_code",
        SSRATTR_CRN="section_id",
        SSRATTR_ATTR_CODE="attribute_code",
        SSRATTR_MILESTONE="milestone",
    )
    fees = text["section"].head(10).select(
        SSRATTR_TERM_CODE="term_code",
        SSRATTR_CRN="section_id",
        SSRATTR_ATTR_CODE=pl.lit("FEE2"),
        SSRATTR_MILESTONE=nothing(),
    )  # fmt: skip
    return pl.concat([coded, fees])
