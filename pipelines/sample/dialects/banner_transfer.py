"""Banner's four tables of transferred credit, and the codes of where it came from.

Belongs here: splitting one row into institution, attendance, course and equivalent.
Does not belong here: credit earned at the college (``banner_study``).
"""

from collections.abc import Mapping

import polars as pl

from pipelines.sample.dialects.banner_words import code, day, number, pidms, setting

Text = Mapping[str, pl.DataFrame]


def tables(text: Text) -> dict[str, pl.DataFrame]:
    """Table to rows."""
    rows = _rows(text)
    return {
        "STVSBGI": _stvsbgi(rows),
        "SHRTRIT": _shrtrit(rows),
        "SHRTRAM": _shrtram(rows),
        "SHRTRCR": _shrtrcr(rows),
        "SHRTRCE": _shrtrce(rows),
    }


def _rows(text: Text) -> pl.DataFrame:
    """Transfer rows with ``pidm``, the four numbers, and the SBGI code of their source.

    Banner numbers institutions and attendances, each in the order of its first course.
    """
    tests: dict[str, str] = {}
    for own, value in setting("test_sources").items():
        tests.setdefault(str(value), str(own))
    parts = pl.col("transfer_seq").str.split("-")
    tested = pl.col("source_type").replace_strict(
        tests, default=None, return_dtype=pl.String
    )
    return (
        text["transfer_credit"]
        .join(pidms(text), on="student_id", maintain_order="left")
        .with_columns(
            trcr=_course_number(parts),
            trce=parts.list.get(3),
            sbgi=pl.coalesce("source_code", tested),
        )
        .with_columns(trit=_place("pidm", of=["sbgi"]))
        .with_columns(tram=_place("pidm", "trit", of=["source_term_text"]))
    )


def _course_number(parts: pl.Expr) -> pl.Expr:
    """A number a source course: several of one evaluation share one in the feed."""
    number, member = (parts.list.get(at).cast(pl.Int64) for at in (2, 3))
    return (number + 1000 * member).cast(pl.String)


def _place(*within: str, of: list[str]) -> pl.Expr:
    """The number of a group among its like, by its first course; text."""
    first = pl.col("trcr").cast(pl.Int64).min().over(*within, *of)
    return first.rank("dense").over(*within).cast(pl.String)


def _stvsbgi(rows: pl.DataFrame) -> pl.DataFrame:
    codes = rows.select(STVSBGI_CODE="sbgi", STVSBGI_DESC="source_name")
    return codes.unique("STVSBGI_CODE", keep="first", maintain_order=True)


def _shrtrit(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        SHRTRIT_PIDM="pidm", SHRTRIT_SEQ_NO="trit", SHRTRIT_SBGI_CODE="sbgi"
    ).unique(["SHRTRIT_PIDM", "SHRTRIT_SEQ_NO"], keep="first", maintain_order=True)


def _shrtram(rows: pl.DataFrame) -> pl.DataFrame:
    key = ["SHRTRAM_PIDM", "SHRTRAM_TRIT_SEQ_NO", "SHRTRAM_SEQ_NO"]
    return rows.select(
        SHRTRAM_PIDM="pidm",
        SHRTRAM_TRIT_SEQ_NO="trit",
        SHRTRAM_SEQ_NO="tram",
        SHRTRAM_ATTN_PERIOD="source_term_text",
    ).unique(key, keep="first", maintain_order=True)


def _shrtrcr(rows: pl.DataFrame) -> pl.DataFrame:
    is_open = pl.col("decision") != "ACCEPTED"
    key = ["SHRTRCR_PIDM", "SHRTRCR_TRIT_SEQ_NO", "SHRTRCR_TRAM_SEQ_NO"]
    return rows.select(
        SHRTRCR_PIDM="pidm",
        SHRTRCR_TRIT_SEQ_NO="trit",
        SHRTRCR_TRAM_SEQ_NO="tram",
        SHRTRCR_SEQ_NO="trcr",
        SHRTRCR_TRANS_COURSE_NAME="source_subject",
        SHRTRCR_TRANS_COURSE_NUMBERS="source_number",
        SHRTRCR_TCRSE_TITLE="source_title",
        SHRTRCR_TRANS_CREDIT_HOURS=number("source_credit"),
        SHRTRCR_TRANS_GRADE="source_grade",
        SHRTRCR_GROUP="equiv_group",
        SHRTRCR_REJECT_REASON="reject_reason",
        SHRTRCR_UNIT=code("source_credit_unit", "credit_units"),
        SHRTRCR_EVAL_DATE=day("evaluated_on"),
        SHRTRCR_TERM_CODE_EFF=pl.when(is_open).then("effective_term"),
    ).unique([*key, "SHRTRCR_SEQ_NO"], keep="first", maintain_order=True)


def _shrtrce(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("decision") == "ACCEPTED").select(
        SHRTRCE_PIDM="pidm",
        SHRTRCE_TRIT_SEQ_NO="trit",
        SHRTRCE_TRAM_SEQ_NO="tram",
        SHRTRCE_TRCR_SEQ_NO="trcr",
        SHRTRCE_SEQ_NO="trce",
        SHRTRCE_SUBJ_CODE="equiv_subject",
        SHRTRCE_CRSE_NUMB="equiv_number",
        SHRTRCE_CREDIT_HOURS=number("accepted_credit"),
        SHRTRCE_COUNT_IN_GPA_IND="in_gpa",
        SHRTRCE_TERM_CODE_EFF="effective_term",
        SHRTRCE_UNIT=code("credit_unit", "credit_units"),
        SHRTRCE_EQUIV_TYPE="equiv_type",
        SHRTRCE_APPLIED_IND="applied",
        SHRTRCE_APPLIED_PROGRAM="applied_program_code",
        SHRTRCE_APPLIED_HOURS=number("applied_credit"),
        SHRTRCE_RULE_ID="rule_id",
        SHRTRCE_EVAL_DATE=day("evaluated_on"),
    )
