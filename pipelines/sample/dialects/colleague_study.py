"""Programmes, terms and registrations as Colleague keeps them.

Belongs here: STUDENT.PROGRAMS, STUDENT.TERMS, STUDENT.ACAD.CRED and STUDENT.COURSE.SEC.
Does not belong here: credit from elsewhere, and degrees (``colleague_credit``).
"""

import polars as pl

from pipelines.sample.dialects.colleague_credit import accepted
from pipelines.sample.dialects.colleague_words import (
    VALUE_MARK,
    Text,
    code_of,
    course_name,
    dates_of_terms,
    day_of,
    grade_ids,
    section_id,
)

_GRADED_BY_SECTION = {"AUDIT": "A", "PASS_FAIL": "P"}


def student_programs(text: Text) -> pl.DataFrame:
    """STUDENT.PROGRAMS, a row a person and programme."""
    begins, ends = dates_of_terms(text, "start_date"), dates_of_terms(text, "end_date")
    periods = (
        text["program_enrollment"]
        .with_columns(
            begins=pl.col("start_term").replace(begins),
            ends=pl.col("end_term").replace(ends),
            planned=pl.col("expected_grad_term").replace(begins),
        )
        .sort("begins", descending=True, maintain_order=True)
    )
    return periods.group_by(
        "student_id", "program_code", maintain_order=True
    ).agg(
        code_of("status", "program_statuses").str.join(VALUE_MARK).alias("STPR.STATUS"),
        day_of("begins").str.join(VALUE_MARK).alias("STPR.STATUS.DATE"),
        day_of("begins").str.join(VALUE_MARK).alias("STPR.START.DATE"),
        day_of("ends").fill_null("").str.join(VALUE_MARK).alias("STPR.END.DATE"),
        code_of("level", "acad_levels").first().alias("STPR.ACAD.LEVEL"),
        *(
            pl.col(column).fill_null("").str.join(VALUE_MARK).alias(own)
            for column, own in (
                ("catalog_term", "STPR.CATALOG"),
                ("concentration", "STPR.CONCENTRATION"),
            )
        ),
        day_of("planned").fill_null("").str.join(VALUE_MARK).alias("STPR.ANT.CMPL.DATE"),
    ).select(
        pl.concat_str("student_id", pl.lit("*"), "program_code").alias(
            "STUDENT.PROGRAMS.ID"
        ),
        pl.selectors.starts_with("STPR."),
    )  # fmt: skip


def student_terms(text: Text) -> pl.DataFrame:
    """STUDENT.TERMS."""
    key = pl.concat_str(
        "student_id", "term_code", code_of("level", "acad_levels"), separator="*"
    )
    return text["term_enrollment"].select(
        key.alias("STUDENT.TERMS.ID"),
        pl.col("attempted").alias("STTR.ATT.CRED"),
        pl.col("earned").alias("STTR.CMPL.CRED"),
        pl.col("student_type").alias("STTR.STUDENT.TYPE"),
        pl.col("residency").alias("STTR.RESIDENCY"),
        pl.col("gpa_credits").alias("STTR.GPA.CRED"),
        pl.col("quality_points").alias("STTR.GRADE.PTS"),
        pl.col("term_gpa").alias("STTR.TERM.GPA"),
        pl.col("cum_gpa").alias("STTR.CUM.GPA"),
        pl.col("academic_standing").alias("STTR.ACAD.STANDING"),
        code_of("credit_unit", "credit_types").alias("STTR.CRED.TYPE"),
    )


def _registrations(text: Text) -> pl.DataFrame:
    """Course results with the id of their row and whether they have a section.

    The id of history is made of what does not change from night to night, because it
    is part of the row's key.
    """
    history = pl.col("section_id").str.starts_with("HIST-")
    number = pl.col("section_id").str.strip_prefix("HIST-")
    order = pl.int_range(1, pl.len() + 1).over("student_id").cast(pl.String)
    return text["course_result"].with_columns(
        history=history,
        id=pl.when(history)
        .then(
            pl.concat_str("student_id", pl.lit("9"), number.str.zfill(2), "attempt_seq")
        )
        .otherwise(pl.concat_str("student_id", pl.lit("1"), order.str.zfill(3))),
    )


def acad_cred(text: Text) -> pl.DataFrame:
    """STUDENT.ACAD.CRED: registrations, deleted ones, and transferred credit."""
    grade = pl.col("grade_local").is_not_null()
    status = (
        pl.when(pl.col("registration_status") == "WITHDRAWN")
        .then(pl.lit("W"))
        .when(pl.col("registration_status") == "DROPPED_NO_RECORD")
        .then(pl.lit("D"))
        .when(pl.col("registration_status") == "CANCELLED")
        .then(pl.lit("C"))
        .otherwise(pl.lit("A"))
    )
    day = day_of("status_date")
    rows = (
        _registrations(text)
        .join(
            grade_ids(text).rename({"id": "grade_id"}),
            on=["grade_mode", "grade_local"],
            how="left",
            maintain_order="left",
        )
        .select(
            pl.col("id").alias("STUDENT.ACAD.CRED.ID"),
            pl.col("student_id").alias("STC.PERSON.ID"),
            pl.col("term_code").alias("STC.TERM"),
            course_name().alias("STC.COURSE.NAME"),
            pl.lit("01").alias("STC.SECTION.NO"),
            pl.col("title").alias("STC.TITLE"),
            pl.col("attempted_credit").alias("STC.CRED"),
            pl.col("earned_credit").alias("STC.CMPL.CRED"),
            pl.col("grade_id").alias("STC.VERIFIED.GRADE"),
            # Newest first; every row was new once.
            (status + VALUE_MARK + "N").alias("STC.STATUS"),
            pl.concat_str(day, pl.lit(VALUE_MARK), day_of("start_date")).alias(
                "STC.STATUS.DATE"
            ),
            pl.when(pl.col("repeat_code") == "EXCLUDE")
            .then(pl.lit("R"))
            .alias("STC.REPL.CODE"),
            pl.when(~pl.col("history")).then("id").alias("STC.STUDENT.COURSE.SEC"),
            day_of("grade_posted_on").alias("STC.VERIFIED.GRADE.DATE"),
            code_of("grade_mode", "grade_schemes").alias("STC.GRADE.SCHEME"),
            day_of("incomplete_expires_on").alias("STC.GRADE.EXPIRE.DATE"),
            code_of("level", "acad_levels").alias("STC.ACAD.LEVEL"),
            code_of("credit_unit", "credit_types").alias("STC.CRED.TYPE"),
            pl.when(grade).then("gpa_credit").alias("STC.ALTCUM.CONTRIB.GPA.CRED"),
            pl.when(grade).then("quality_points").alias("STC.ALTCUM.CONTRIB.GRADE.PTS"),
            day_of("start_date").alias("STC.START.DATE"),
            day_of("end_date").alias("STC.END.DATE"),
            pl.col("clock_hours_scheduled").alias("X.STC.CLOCK.SCHED"),
            pl.col("clock_hours_attended").alias("X.STC.CLOCK.ATT"),
        )
    )
    deleted = rows.head(3).with_columns(
        ("8" + pl.col("STUDENT.ACAD.CRED.ID")).alias("STUDENT.ACAD.CRED.ID"),
        pl.lit(f"X{VALUE_MARK}N").alias("STC.STATUS"),
        *(
            pl.lit(None, pl.String).alias(name)
            for name in ("STC.VERIFIED.GRADE", "STC.STUDENT.COURSE.SEC")
        ),
    )
    return pl.concat([rows, deleted, accepted(text)], how="diagonal")


def course_sec(text: Text) -> pl.DataFrame:
    """STUDENT.COURSE.SEC."""
    return (
        _registrations(text)
        .filter(~pl.col("history"))
        .select(
            pl.col("id").alias("STUDENT.COURSE.SEC.ID"),
            section_id().alias("SCS.COURSE.SECTION"),
            pl.col("grade_mode")
            .replace_strict(_GRADED_BY_SECTION, default=None, return_dtype=pl.String)
            .alias("SCS.PASS.AUDIT"),
            day_of("last_attendance_date").alias("SCS.LAST.ATTEND.DATE"),
        )
    )
