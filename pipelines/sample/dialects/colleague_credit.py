"""Credit from elsewhere, degrees and certificates as Colleague keeps them.

Belongs here: EXTERNAL.TRANSCRIPTS, STUDENT.EQUIV.EVALS, what was accepted of them, and
ACAD.CREDENTIALS. Does not belong here: registrations (``colleague_study``).
"""

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.sample.dialects.colleague_words import (
    DEGREES,
    VALUE_MARK,
    Text,
    code_of,
    day_of,
)


def _transfer_id() -> pl.Expr:
    return pl.concat_str("student_id", pl.lit("*"), "transfer_seq")


def _evaluation_id() -> pl.Expr:
    return pl.concat_str("student_id", "equiv_group", "transfer_seq", separator="*")


def accepted(text: Text) -> pl.DataFrame:
    """Rows of STUDENT.ACAD.CRED for credit that was accepted."""
    target = pl.when(pl.col("equiv_subject").is_not_null()).then(
        pl.concat_str("equiv_subject", pl.lit("-"), "equiv_number")
    )
    number = pl.col("transfer_seq").str.replace_all("-", "", literal=True)
    rows = text["transfer_credit"].filter(pl.col("decision") == "ACCEPTED")
    return rows.select(
        pl.concat_str("student_id", pl.lit("7"), number).alias("STUDENT.ACAD.CRED.ID"),
        pl.col("student_id").alias("STC.PERSON.ID"),
        target.alias("STC.COURSE.NAME"),
        pl.coalesce("source_title", pl.lit("Transfer credit")).alias("STC.TITLE"),
        pl.col("accepted_credit").alias("STC.CRED"),
        pl.col("accepted_credit").alias("STC.CMPL.CRED"),
        pl.when(pl.col("source_type") == "INSTITUTION")
        .then(pl.lit("TR"))
        .otherwise(pl.lit("NC"))
        .alias("STC.STATUS"),
        day_of("evaluated_on").alias("STC.STATUS.DATE"),
        code_of("credit_unit", "credit_types").alias("STC.CRED.TYPE"),
        _transfer_id().alias("STC.EXTERNAL.TRANSCRIPT"),
    )


def transcripts(text: Text) -> pl.DataFrame:
    """EXTERNAL.TRANSCRIPTS."""
    course = pl.when(pl.col("source_subject").is_not_null()).then(
        pl.concat_str("source_subject", pl.lit("-"), "source_number")
    )
    return text["transfer_credit"].select(
        _transfer_id().alias("EXTERNAL.TRANSCRIPTS.ID"),
        pl.col("source_code").alias("EXTL.INSTITUTION"),
        course.alias("EXTL.COURSE"),
        pl.col("source_title").alias("EXTL.TITLE"),
        pl.col("source_credit").alias("EXTL.CRED"),
        pl.col("source_type").alias("EXTL.SOURCE.TYPE"),
        pl.col("source_code_type").alias("EXTL.INST.CODE.TYPE"),
        pl.col("source_name").alias("EXTL.INST.NAME"),
        pl.col("source_term_text").alias("EXTL.TERM"),
        code_of("source_credit_unit", "credit_types").alias("EXTL.CRED.TYPE"),
        pl.col("source_grade").alias("EXTL.GRADE"),
        code_of("decision", "transcript_statuses").alias("EXTL.STATUS"),
        pl.col("reject_reason").alias("EXTL.REJECT.REASON"),
        _evaluation_id().alias("EXTL.EQUIV.EVAL"),
    )


def evaluations(text: Text) -> pl.DataFrame:
    """STUDENT.EQUIV.EVALS."""
    return text["transfer_credit"].select(
        _evaluation_id().alias("STUDENT.EQUIV.EVALS.ID"),
        day_of("evaluated_on").alias("STE.DATE"),
        pl.col("rule_id").alias("STE.RULE"),
        pl.col("equiv_type").alias("STE.TYPE"),
        pl.col("effective_term").alias("STE.EFF.TERM"),
        pl.col("applied_program_code").alias("STE.APPLIED.PROGRAM"),
        pl.col("applied_credit").alias("STE.APPLIED.CRED"),
        pl.col("applied").alias("STE.APPLIED"),
    )


def credentials(text: Text) -> pl.DataFrame:
    """Degrees, each with the certificates of its term beside it as a list."""
    own = load_contracts().dialects["colleague"].settings["own_institution_id"]
    together = ["student_id", "award_term", "status", "reverse_transfer"]
    is_degree = pl.col("credential_type").is_in(DEGREES)
    awards = text["credential_award"].with_columns(degree=is_degree)
    # A second degree of one term is a row of its own.
    awards = awards.with_columns(
        row=pl.when("degree")
        .then(pl.col("degree").cum_sum().over(together) - 1)
        .otherwise(0)
    ).with_columns(revoked=day_of("awarded_on"))

    def of_degree(column: pl.Expr) -> pl.Expr:
        return column.filter(pl.col("degree")).first()

    def of_certificates(column: pl.Expr) -> pl.Expr:
        listed = column.filter(~pl.col("degree")).fill_null("")
        return pl.when((~pl.col("degree")).any()).then(listed.str.join(VALUE_MARK))

    rows = awards.group_by(*together, "row", maintain_order=True).agg(
        pl.concat_str("student_id", pl.col("award_id").str.zfill(2))
        .min()
        .alias("ACAD.CREDENTIALS.ID"),
        pl.lit(own).alias("ACAD.INSTITUTIONS.ID"),
        of_degree(pl.col("credential_type")).alias("ACAD.DEGREE"),
        of_degree(day_of("awarded_on")).alias("ACAD.DEGREE.DATE"),
        of_certificates(pl.col("program_code")).alias("ACAD.CCD"),
        of_certificates(day_of("awarded_on")).alias("ACAD.CCD.DATE"),
        of_degree(pl.col("program_code")).alias("ACAD.ACAD.PROGRAM"),
        of_degree(pl.col("honors")).alias("ACAD.HONORS"),
        of_degree(pl.col("title")).alias("ACAD.DIPLOMA.TITLE"),
        of_certificates(pl.col("title")).alias("ACAD.CCD.TITLE"),
        of_degree(pl.col("gpa_at_award")).alias("ACAD.GPA"),
        of_degree(pl.col("credits_at_award")).alias("ACAD.NO.CREDITS"),
        of_certificates(pl.col("gpa_at_award")).alias("ACAD.CCD.GPA"),
        of_certificates(pl.col("credits_at_award")).alias("ACAD.CCD.CREDITS"),
        pl.col("revoked").first().alias("ACAD.REVOKED.DATE"),
    )
    rows = rows.select(
        pl.col("student_id").alias("ACAD.PERSON.ID"),
        pl.col("award_term").alias("ACAD.TERM"),
        pl.col("reverse_transfer").alias("X.REVERSE.TRANSFER"),
        pl.selectors.starts_with("ACAD.").exclude("ACAD.REVOKED.DATE"),
        pl.when(pl.col("status") == "REVOKED")
        .then("ACAD.REVOKED.DATE")
        .alias("ACAD.REVOKED.DATE"),
    )
    elsewhere = text["person"].head(2).select(
        ("5" + pl.col("student_id")).alias("ACAD.CREDENTIALS.ID"),
        pl.col("student_id").alias("ACAD.PERSON.ID"),
        pl.lit("0000999").alias("ACAD.INSTITUTIONS.ID"),
        pl.lit("HSD").alias("ACAD.DEGREE"),
        pl.lit("05/20/23").alias("ACAD.DEGREE.DATE"),
    )  # fmt: skip
    return pl.concat([rows, elsewhere], how="diagonal")
