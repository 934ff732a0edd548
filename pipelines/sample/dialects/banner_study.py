"""Banner's tables about study: terms, registrations, academic history, awards.

Belongs here: superseded grades, further levels, registrations beside the history they
were copied to, as real tables have them. Does not belong here: people
(``banner_people``).
"""

from collections.abc import Mapping

import polars as pl

from pipelines.sample.dialects.banner_words import code, day, nothing, number, pidms

Text = Mapping[str, pl.DataFrame]


def tables(text: Text) -> dict[str, pl.DataFrame]:
    """Table to rows."""
    results = _results(text)
    return {
        "STVTERM": _stvterm(text),
        "SOBPTRM": _sobptrm(text),
        "SHRGRDE": _shrgrde(text),
        "SGBSTDN": _sgbstdn(text),
        "SORLCUR": _sorlcur(text),
        "SORLFOS": _sorlfos(text),
        "SHRTGPA": _shrtgpa(text),
        "SFBETRM": _sfbetrm(text),
        "SHRTTRM": _shrttrm(text),
        "STVRSTS": _stvrsts(),
        "SFRSTCR": _sfrstcr(results),
        "SHRTCKN": _shrtckn(results),
        "SHRTCKG": _shrtckg(results),
        "SHRTCKL": _shrtckl(results),
        "SHRDGMR": _shrdgmr(text),
    }


def _stvterm(text: Text) -> pl.DataFrame:
    terms = text["term"].filter(~_is_part()).select(
        STVTERM_CODE="term_code",
        STVTERM_DESC="title",
        STVTERM_START_DATE=day("start_date"),
        STVTERM_END_DATE=day("end_date"),
        STVTERM_ACYR_CODE="academic_year_end",
        STVTERM_TRMT_CODE=code("term_type", "term_types"),
        STVTERM_GRADES_FINAL_DATE=day("grades_final_on"),
        STVTERM_PARENT_CODE="parent_term_code",
    )  # fmt: skip
    end_of_time = terms.head(1).select(
        STVTERM_CODE=pl.lit("999999"), STVTERM_DESC=pl.lit("The End of Time")
    )
    return pl.concat([terms, end_of_time], how="diagonal")


def _is_part() -> pl.Expr:
    """Whether a term is a part of another, by its code too."""
    parent = pl.col("parent_term_code") + "-"
    return pl.col("term_code").str.starts_with(parent).fill_null(value=False)


def _sobptrm(text: Text) -> pl.DataFrame:
    """The whole of each term, whose census day it says, and the parts."""

    def rows(frame: pl.DataFrame, term: str, part: pl.Expr) -> pl.DataFrame:
        return frame.select(
            SOBPTRM_TERM_CODE=term,
            SOBPTRM_PTRM_CODE=part,
            SOBPTRM_DESC="title",
            SOBPTRM_START_DATE=day("start_date", year="%Y"),
            SOBPTRM_END_DATE=day("end_date", year="%Y"),
            SOBPTRM_CENSUS_DATE=day("census_date"),
            SOBPTRM_GRADES_FINAL_DATE=day("grades_final_on"),
        )

    whole = text["term"].filter(~_is_part())
    parts = text["term"].filter(_is_part())
    number_of_part = pl.col("term_code").str.split("-").list.last()
    return pl.concat(
        [
            rows(whole, "term_code", pl.lit("1")),
            rows(parts, "parent_term_code", number_of_part),
        ]
    )


def _shrgrde(text: Text) -> pl.DataFrame:
    passed = pl.when(pl.col("outcome") == "PASS").then(pl.lit("Y"))
    first = text["grade_scheme"].select(
        SHRGRDE_CODE="grade_local",
        SHRGRDE_LEVL_CODE=pl.lit("UG"),
        SHRGRDE_GMOD_CODE=code("grade_mode", "grade_modes"),
        SHRGRDE_TERM_CODE_EFFECTIVE="valid_from_term",
        SHRGRDE_QUALITY_POINTS=number("grade_points"),
        SHRGRDE_ATTEMPTED_IND="counts_attempted",
        SHRGRDE_COMPLETED_IND="counts_earned",
        SHRGRDE_PASSED_IND=passed.otherwise(pl.lit("N")),
        SHRGRDE_GPA_IND="counts_gpa",
        SHRGRDE_ABBREV="title",
    )
    second = first.with_columns(
        SHRGRDE_LEVL_CODE=pl.lit("CE"), SHRGRDE_QUALITY_POINTS=pl.lit("9")
    )
    return pl.concat([second, first])


def _terms(text: Text) -> pl.DataFrame:
    return text["term"].select("term_code", starts="start_date")


def _sgbstdn(text: Text) -> pl.DataFrame:
    """What a student was, from the term on in which it changed."""
    terms = (
        text["term_enrollment"]
        .join(_terms(text), on="term_code")
        .sort("student_id", "starts", "level")
        .unique(["student_id", "term_code"], keep="first", maintain_order=True)
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SGBSTDN_PIDM="pidm",
            SGBSTDN_TERM_CODE_EFF="term_code",
            SGBSTDN_LEVL_CODE=code("level", "levels"),
            SGBSTDN_STYP_CODE="student_type",
            SGBSTDN_RESD_CODE="residency",
            SGBSTDN_STST_CODE=pl.lit("AS"),
        )
    )
    what = pl.struct("SGBSTDN_LEVL_CODE", "SGBSTDN_STYP_CODE", "SGBSTDN_RESD_CODE")
    changed = what.ne_missing(what.shift(1).over("SGBSTDN_PIDM"))
    first = pl.int_range(pl.len()).over("SGBSTDN_PIDM") == 0
    terms = terms.filter(first | changed)
    admitted = text["person"].select(
        SGBSTDN_PIDM="source_pk", SGBSTDN_TERM_CODE_ADMIT="first_term_code"
    )
    rows = terms.join(admitted, on="SGBSTDN_PIDM", how="left", maintain_order="left")
    without = (
        admitted.drop_nulls("SGBSTDN_TERM_CODE_ADMIT")
        .join(terms, on="SGBSTDN_PIDM", how="anti")
        .with_columns(
            SGBSTDN_TERM_CODE_EFF="SGBSTDN_TERM_CODE_ADMIT",
            SGBSTDN_STST_CODE=pl.lit("IS"),
        )
    )
    return pl.concat([rows, without], how="diagonal")


def _sorlcur(text: Text) -> pl.DataFrame:
    newest = (
        text["program_enrollment"]
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SORLCUR_PIDM="pidm",
            SORLCUR_SEQNO=(2 * pl.int_range(1, pl.len() + 1)).over("pidm"),
            SORLCUR_LMOD_CODE=pl.lit("LEARNER"),
            SORLCUR_TERM_CODE="start_term",
            SORLCUR_TERM_CODE_END="end_term",
            SORLCUR_TERM_CODE_CTLG="catalog_term",
            SORLCUR_TERM_CODE_GRAD="expected_grad_term",
            SORLCUR_PROGRAM="program_code",
            SORLCUR_CACT_CODE=code("status", "curriculum_activities"),
            SORLCUR_LEVL_CODE=code("level", "levels"),
        )
    )
    before = newest.head(25).with_columns(
        SORLCUR_SEQNO=pl.col("SORLCUR_SEQNO") - 1,
        SORLCUR_CACT_CODE=pl.lit("ACTIVE"),
    )
    applied = newest.head(25).with_columns(
        SORLCUR_SEQNO=pl.col("SORLCUR_SEQNO") + 100,
        SORLCUR_LMOD_CODE=pl.lit("ADMISSIONS"),
    )
    return pl.concat([before, newest, applied])


def _sorlfos(text: Text) -> pl.DataFrame:
    return (
        text["program_enrollment"]
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SORLFOS_PIDM="pidm",
            SORLFOS_LCUR_SEQNO=(2 * pl.int_range(1, pl.len() + 1)).over("pidm"),
            SORLFOS_LFST_CODE=pl.lit("CONCENTRATION"),
            SORLFOS_MAJR_CODE="concentration",
        )
        .drop_nulls("SORLFOS_MAJR_CODE")
    )


def _in_progress(text: Text) -> pl.DataFrame:
    """Student terms that are registered for and not in academic history yet."""
    exact = pl.Decimal(18, 3)
    results = (
        text["course_result"]
        .group_by("student_id", "term_code")
        .agg(
            graded=pl.col("grade_local").count(),
            booked=pl.col("attempted_credit").cast(exact).sum(),
        )
    )
    return (
        text["term_enrollment"]
        .join(results, on=["student_id", "term_code"])
        .filter(
            pl.col("graded") == 0,
            pl.col("attempted").cast(exact) == pl.col("booked"),
            pl.all_horizontal(
                pl.col(name).cast(exact) == 0
                for name in ("earned", "gpa_credits", "quality_points")
            ),
            pl.col("term_gpa").is_null(),
            pl.col("academic_standing").is_null(),
            pl.struct("student_id", "term_code").is_unique(),
        )
        .select("student_id", "term_code")
    )


def _sfbetrm(text: Text) -> pl.DataFrame:
    """Every term somebody was eligible to register for."""
    return (
        text["term_enrollment"]
        .unique(["student_id", "term_code"], keep="first", maintain_order=True)
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SFBETRM_PIDM="pidm",
            SFBETRM_TERM_CODE="term_code",
            SFBETRM_ESTS_CODE=pl.lit("EL"),
            SFBETRM_CUM_GPA=number("cum_gpa"),
            SFBETRM_UNIT=code("credit_unit", "credit_units"),
        )
    )


def _shrtgpa(text: Text) -> pl.DataFrame:
    own = (
        text["term_enrollment"]
        .join(_in_progress(text), on=["student_id", "term_code"], how="anti")
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SHRTGPA_PIDM="pidm",
            SHRTGPA_TERM_CODE="term_code",
            SHRTGPA_LEVL_CODE=code("level", "levels"),
            SHRTGPA_GPA_TYPE_IND=pl.lit("I"),
            SHRTGPA_HOURS_ATTEMPTED=number("attempted"),
            SHRTGPA_HOURS_EARNED=number("earned"),
            SHRTGPA_GPA_HOURS=number("gpa_credits"),
            SHRTGPA_QUALITY_POINTS=number("quality_points"),
            SHRTGPA_GPA=number("term_gpa"),
            SHRTGPA_CUM_GPA=number("cum_gpa"),
            SHRTGPA_UNIT=code("credit_unit", "credit_units"),
        )
    )
    overall = own.head(50).with_columns(SHRTGPA_GPA_TYPE_IND=pl.lit("O"))
    return pl.concat([own, overall])


def _shrttrm(text: Text) -> pl.DataFrame:
    return (
        text["term_enrollment"]
        .drop_nulls("academic_standing")
        .unique(["student_id", "term_code"], keep="first", maintain_order=True)
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SHRTTRM_PIDM="pidm",
            SHRTTRM_TERM_CODE="term_code",
            SHRTTRM_ASTD_CODE_END_OF_TERM="academic_standing",
        )
    )


def _stvrsts() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "STVRSTS_CODE": ["RW", "DD", "WD", "WL"],
            "STVRSTS_INCL_SECT_ENRL": ["Y", "N", "N", "N"],
            "STVRSTS_WITHDRAW_IND": ["N", "N", "Y", "N"],
            "STVRSTS_WAIT_IND": ["N", "N", "N", "Y"],
        }
    )


def _results(text: Text) -> pl.DataFrame:
    """Course results with ``pidm``, and ``seq``, their number in academic history."""
    history = pl.col("section_id").str.starts_with("HIST-")
    given = pl.col("section_id").str.strip_prefix("HIST-").cast(pl.Int64, strict=False)
    place = ["student_id", "term_code"]
    shared = pl.len().over(*place, "section_id") > 1
    order = pl.int_range(1, pl.len() + 1).over(place)
    return (
        text["course_result"]
        .sort(*place, "section_id", pl.col("attempt_seq").cast(pl.Int64))
        .join(pidms(text), on="student_id", maintain_order="left")
        .with_columns(history=history, shared=shared)
        .with_columns(
            seq=pl.when(pl.col("history") & ~pl.col("shared"))
            .then(given)
            .otherwise(order + 100)
        )
    )


def _graded(results: pl.DataFrame) -> pl.DataFrame:
    return results.filter(pl.col("grade_local").is_not_null())


def _sfrstcr(results: pl.DataFrame) -> pl.DataFrame:
    """Every registration, those that history has too among them."""
    status = {
        "WITHDRAWN": "WD",
        "DROPPED_NO_RECORD": "DD",
        "CANCELLED": "DD",
        "WAITLISTED": "WL",
    }
    rows = results.filter(~pl.col("history")).select(
        SFRSTCR_TERM_CODE="term_code",
        SFRSTCR_PIDM="pidm",
        SFRSTCR_CRN="section_id",
        SFRSTCR_RSTS_CODE=pl.col("registration_status").replace_strict(
            status, default="RW"
        ),
        SFRSTCR_RSTS_DATE=day("status_date"),
        SFRSTCR_CREDIT_HR=number("attempted_credit"),
        SFRSTCR_LEVL_CODE=code("level", "levels"),
        SFRSTCR_GMOD_CODE=code("grade_mode", "grade_modes"),
        SFRSTCR_ERROR_FLAG=nothing(),
        SFRSTCR_LAST_ATTEND=day("last_attendance_date"),
        SFRSTCR_UNIT=code("credit_unit", "credit_units"),
        SFRSTCR_CLOCK_SCHED=number("clock_hours_scheduled"),
        SFRSTCR_CLOCK_ATT=number("clock_hours_attended"),
    )
    errors = rows.head(4).with_columns(
        SFRSTCR_CRN=pl.lit("00000"), SFRSTCR_ERROR_FLAG=pl.lit("F")
    )
    return pl.concat([errors, rows])


def _shrtckn(results: pl.DataFrame) -> pl.DataFrame:
    return _graded(results).select(
        SHRTCKN_PIDM="pidm",
        SHRTCKN_TERM_CODE="term_code",
        SHRTCKN_SEQ_NO="seq",
        # Several rows of one number came with a conversion, which gave it as a CRN.
        SHRTCKN_CRN=pl.when(~pl.col("history") | pl.col("shared")).then("section_id"),
        SHRTCKN_SUBJ_CODE="subject",
        SHRTCKN_CRSE_NUMB="course_number",
        SHRTCKN_CRSE_TITLE="title",
        SHRTCKN_REPEAT_COURSE_IND=code("repeat_code", "repeat_codes"),
        SHRTCKN_PTRM_START_DATE=day("start_date"),
        SHRTCKN_PTRM_END_DATE=day("end_date"),
        SHRTCKN_ACTIVITY_DATE=day("status_date"),
        SHRTCKN_UNIT=code("credit_unit", "credit_units"),
        SHRTCKN_CLOCK_SCHED=number("clock_hours_scheduled"),
        SHRTCKN_CLOCK_ATT=number("clock_hours_attended"),
        SHRTCKN_LAST_ATTEND=pl.when("history").then(day("last_attendance_date")),
    )


def _shrtckg(results: pl.DataFrame) -> pl.DataFrame:
    """The grade, and before a second one the first, which counts no more."""
    final = _graded(results).select(
        SHRTCKG_PIDM="pidm",
        SHRTCKG_TERM_CODE="term_code",
        SHRTCKG_TCKN_SEQ_NO="seq",
        SHRTCKG_SEQ_NO="grade_seq",
        SHRTCKG_GRDE_CODE_FINAL="grade_local",
        SHRTCKG_GMOD_CODE=code("grade_mode", "grade_modes"),
        SHRTCKG_CREDIT_HOURS=number("attempted_credit"),
        SHRTCKG_FINAL_GRDE_CHG_DATE=day("grade_posted_on"),
        SHRTCKG_GCHG_CODE="grade_change_code",
        SHRTCKG_INCOMPLETE_EXT_DATE=day("incomplete_expires_on"),
    )
    before = final.filter(
        (pl.int_range(pl.len()) % 5 == 0)
        | (pl.col("SHRTCKG_SEQ_NO").cast(pl.Int64) > 1)
    ).with_columns(
        SHRTCKG_SEQ_NO=(pl.col("SHRTCKG_SEQ_NO").cast(pl.Int64) - 1).cast(pl.String),
        SHRTCKG_GRDE_CODE_FINAL=pl.lit("I"),
        SHRTCKG_CREDIT_HOURS=pl.lit("99"),
    )
    # Oracle promises no order: half of the superseded rows come last.
    half = before.height // 2
    return pl.concat([before.head(half), final, before.slice(half)])


def _shrtckl(results: pl.DataFrame) -> pl.DataFrame:
    first = _graded(results).select(
        SHRTCKL_PIDM="pidm",
        SHRTCKL_TERM_CODE="term_code",
        SHRTCKL_TCKN_SEQ_NO="seq",
        SHRTCKL_LEVL_CODE=code("level", "levels"),
        SHRTCKL_PRIMARY_LEVL_IND=pl.lit("Y"),
    )
    second = first.gather_every(7).with_columns(
        SHRTCKL_LEVL_CODE=pl.lit("CE"), SHRTCKL_PRIMARY_LEVL_IND=pl.lit("N")
    )
    return pl.concat([second, first])


def _shrdgmr(text: Text) -> pl.DataFrame:
    awards = (
        text["credential_award"]
        .join(pidms(text), on="student_id", maintain_order="left")
        .select(
            SHRDGMR_PIDM="pidm",
            SHRDGMR_SEQ_NO="award_id",
            SHRDGMR_DEGS_CODE=code("status", "degree_statuses"),
            SHRDGMR_DEGC_CODE="credential_type",
            SHRDGMR_PROGRAM="program_code",
            SHRDGMR_GRAD_DATE=day("awarded_on"),
            SHRDGMR_TERM_CODE_GRAD="award_term",
            SHRDGMR_TITLE="title",
            SHRDGMR_AWARD_LEVEL="award_level",
            SHRDGMR_CIPC_CODE=pl.col("cip_code").str.replace(".", "", literal=True),
            SHRDGMR_HONORS="honors",
            SHRDGMR_CREDITS=number("credits_at_award"),
            SHRDGMR_GPA=number("gpa_at_award"),
            SHRDGMR_REVERSE_IND="reverse_transfer",
            SHRDGMR_CTID="ctid",
        )
    )
    sought = awards.head(10).with_columns(
        SHRDGMR_SEQ_NO=pl.lit("9") + pl.col("SHRDGMR_SEQ_NO"),
        SHRDGMR_DEGS_CODE=pl.lit("SO"),
    )
    return pl.concat([awards, sought])
