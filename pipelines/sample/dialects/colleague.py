"""A college's feeds as Colleague would write them: the inverse of the dialect.

Belongs here: the list of entities, those about the institution, and their bytes. The
noise a real system has (vendors among persons, deleted registrations, older statuses,
degrees of others) is in the entities. Does not belong here: how they are read
(``data_contracts/dialects/colleague``).
"""

import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.sample.dialects import TableFile
from pipelines.sample.dialects.colleague_credit import (
    credentials,
    evaluations,
    transcripts,
)
from pipelines.sample.dialects.colleague_people import (
    addresses,
    duplicates,
    persons,
    restrictions,
)
from pipelines.sample.dialects.colleague_study import (
    acad_cred,
    course_sec,
    student_programs,
    student_terms,
)
from pipelines.sample.dialects.colleague_words import (
    DEGREES,
    Text,
    code_of,
    course_name,
    dates_of_terms,
    day_of,
    grade_ids,
    section_id,
    setting,
)

CARRIES = frozenset(
    {
        "term",
        "grade_scheme",
        "program",
        "section",
        "person",
        "person_name",
        "person_identifier",
        "person_merge",
        "disclosure",
        "program_enrollment",
        "term_enrollment",
        "course_result",
        "transfer_credit",
        "credential_award",
    }
)


def tables(text: Text, college: Mapping[str, Any]) -> list[TableFile]:
    """The entities of a snapshot, UTF-8 with a byte-order mark and all quoted.

    Args:
        text: Each feed of ``CARRIES`` as its generic file would show it.
        college: The sender's profile; every college's entities look alike.
    """
    del college
    made = {
        "TERMS": _terms(text),
        "TERMS.LOCATIONS": _locations(text),
        "GRADES": _grades(text),
        "ACAD.PROGRAMS": _programs(text),
        "COURSE.SECTIONS": _sections(text),
        "PERSON": persons(text),
        "ADDRESS": addresses(text),
        "DUPLICATE.LOG": duplicates(text),
        "PERSON.RESTRICTIONS": restrictions(text),
        "STUDENT.PROGRAMS": student_programs(text),
        "STUDENT.TERMS": student_terms(text),
        "STUDENT.ACAD.CRED": acad_cred(text),
        "STUDENT.COURSE.SEC": course_sec(text),
        "EXTERNAL.TRANSCRIPTS": transcripts(text),
        "STUDENT.EQUIV.EVALS": evaluations(text),
        "ACAD.CREDENTIALS": credentials(text),
    }
    return [
        TableFile(table, f"{table}.csv", frame.height, _quoted(frame))
        for table, frame in made.items()
    ]


def _quoted(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.cast(pl.String).fill_null("").write_csv(
        out, quote_style="always", line_terminator="\r\n"
    )
    return b"\xef\xbb\xbf" + out.getvalue()


def _terms(text: Text) -> pl.DataFrame:
    ends = pl.col("term_code").str.tail(2)
    known = setting("term_types")
    session = pl.when(
        ends.is_in(list(known)) & (pl.col("term_type") == ends.replace(known))
    ).then(ends)
    offset = load_contracts().dialects["colleague"].settings["reporting_year_offset"]
    year = pl.col("academic_year_end").cast(pl.Int64, strict=False) - offset
    return text["term"].select(
        pl.col("term_code").alias("TERMS.ID"),
        pl.col("title").alias("TERM.DESC"),
        pl.coalesce(session, code_of("term_type", "term_types")).alias("TERM.SESSION"),
        pl.coalesce(year.cast(pl.String), "academic_year_end").alias(
            "TERM.REPORTING.YEAR"
        ),
        day_of("start_date").alias("TERM.START.DATE"),
        day_of("end_date").alias("TERM.END.DATE"),
        pl.coalesce("parent_term_code", "term_code").alias("TERM.REPORTING.TERM"),
        day_of("grades_final_on").alias("TERM.GRADES.FINAL.DATE"),
    )


def _locations(text: Text) -> pl.DataFrame:
    return (
        text["term"]
        .filter(pl.col("census_date").is_not_null())
        .select(
            (pl.col("term_code") + "*MAIN").alias("TERMS.LOCATIONS.ID"),
            day_of("census_date").alias("TLOC.CENSUS.DATES"),
        )
    )


def _grades(text: Text) -> pl.DataFrame:
    return (
        text["grade_scheme"]
        .join(grade_ids(text), on=["grade_mode", "grade_local"], how="left")
        .select(
            pl.col("id").alias("GRADES.ID"),
            pl.col("grade_local").alias("GRD.GRADE"),
            code_of("grade_mode", "grade_schemes").alias("GRD.GRADE.SCHEME"),
            pl.col("grade_points").alias("GRD.VALUE"),
            pl.col("counts_attempted").alias("GRD.ATT.CRED.FLAG"),
            pl.col("counts_earned").alias("GRD.CMPL.CRED.FLAG"),
            pl.col("counts_gpa").alias("GRD.GPA.CRED.FLAG"),
            pl.col("title").alias("GRD.LEGEND"),
        )
    )


def _programs(text: Text) -> pl.DataFrame:
    begins = dates_of_terms(text, "start_date")
    is_degree = pl.col("credential_type").is_in(DEGREES)
    return (
        text["program"]
        .with_columns(
            since=pl.col("valid_from_term").replace(begins),
            until=pl.col("valid_to_term").replace(begins),
        )
        .select(
            pl.col("program_code").alias("ACAD.PROGRAMS.ID"),
            pl.col("title").alias("ACPG.TITLE"),
            # As good a site as any writes a CIP without its point.
            pl.col("cip_code").str.replace(".", "", literal=True).alias("ACPG.CIP"),
            pl.col("credential_type").alias("ACPG.DEGREE"),
            pl.when(~is_degree).then(pl.col("program_code")).alias("ACPG.CCDS"),
            pl.col("award_level").alias("ACPG.AWARD.LEVEL"),
            day_of("since").alias("ACPG.START.DATE"),
            day_of("until").alias("ACPG.END.DATE"),
            code_of("credit_unit", "credit_types").alias("ACPG.CRED.TYPE"),
            pl.col("required_credits").alias("ACPG.CRED"),
            pl.col("ctid").alias("ACPG.CTID"),
        )
    )


def _sections(text: Text) -> pl.DataFrame:
    return text["section"].select(
        section_id().alias("COURSE.SECTIONS.ID"),
        pl.col("term_code").alias("SEC.TERM"),
        pl.col("section_id").alias("SEC.SYNONYM"),
        course_name().alias("SEC.COURSE.NAME"),
        pl.col("section_number").alias("SEC.NO"),
        pl.col("title").alias("SEC.SHORT.TITLE"),
        day_of("start_date").alias("SEC.START.DATE"),
        day_of("end_date").alias("SEC.END.DATE"),
        code_of("delivery", "instruction_methods").alias("SEC.INSTR.METHODS"),
        pl.col("campus_code").alias("SEC.LOCATION"),
        pl.col("instructor_id").alias("SEC.FACULTY"),
        pl.col("credit_value").alias("SEC.MIN.CRED"),
    )
