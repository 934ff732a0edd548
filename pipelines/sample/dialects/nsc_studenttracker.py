"""What a college knows of other colleges, as a StudentTracker detail report.

Belongs here: the columns and codes of the report, with the rows a college gets and has
no use for: students who were not found, and its own terms. Does not belong here: how
they are read (``data_contracts/dialects/nsc_studenttracker``).
"""

import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.sample.dialects import TableFile

CARRIES = frozenset({"enrollment_elsewhere", "award_elsewhere"})
_TABLE = "DETAIL"


def tables(
    text: Mapping[str, pl.DataFrame], college: Mapping[str, Any]
) -> list[TableFile]:
    """One detail report, sorted by student as the clearinghouse does.

    Args:
        text: The feeds of ``CARRIES`` and ``person``, as generic files show them.
        college: The sender's profile, with its ``institution_code``.
    """
    contracts = load_contracts()
    code = str(college["institution_code"])
    opeid6 = contracts.colleges[code].opeid6 or "000000"
    people = text["person"].select("student_id", "first_name", "last_name")
    terms = _terms(text["enrollment_elsewhere"])
    degrees = _degrees(text["award_elsewhere"])
    known = pl.concat([terms, degrees], how="diagonal")
    rows = pl.concat(
        [known, _not_found(people, known), _own(known, f"{opeid6}-00")],
        how="diagonal",
    )
    report = (
        rows.join(people, on="student_id", how="left", maintain_order="left")
        .sort("student_id", maintain_order=True)
        .select(_report())
    )
    out = io.BytesIO()
    report.write_csv(out, quote_style="always")
    data = out.getvalue().decode().encode("windows-1252", errors="replace")
    name = f"{opeid6}00_DETLRPT_SE.csv"
    return [TableFile(_TABLE, name, report.height, data)]


def _letters(setting: str, column: str) -> pl.Expr:
    dialect = load_contracts().dialects["nsc_studenttracker"]
    codes: dict[str, str] = {}
    for letter, value in dialect.settings[setting].items():
        codes.setdefault(str(value), str(letter))
    return pl.col(column).replace(codes)


def _told(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all("-", "", literal=True)


def _terms(rows: pl.DataFrame) -> pl.DataFrame:
    return _college(rows).with_columns(
        begin=_told("enrollment_begin"),
        end=_told("enrollment_end"),
        status=_letters("enrollment_statuses", "enrollment_status"),
        klass=_letters("class_levels", "class_level"),
        graduated=pl.lit("N"),
        **{f"e_major_{n}": pl.col(f"major_{n}") for n in (1, 2)},
        **{f"e_cip_{n}": _digits(f"cip_{n}") for n in (1, 2)},
    )


def _degrees(rows: pl.DataFrame) -> pl.DataFrame:
    return _college(rows).with_columns(
        graduated=pl.lit("Y"),
        day=_told("awarded_on"),
        degree=pl.when(pl.col("title") != "UNSPECIFIED").then("title"),
        **{f"d_major_{n}": pl.col(f"major_{n}") for n in (1, 2, 3, 4)},
        **{f"d_cip_{n}": _digits(f"cip_{n}") for n in (1, 2, 3, 4)},
    )


def _digits(column: str) -> pl.Expr:
    return pl.col(column).str.replace(".", "", literal=True)


def _college(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        found=pl.lit("Y"),
        searched=_told("searched_on"),
        size=_letters("college_levels", "college_level"),
        control=pl.col("college_control").str.to_titlecase(),
        sequence=pl.lit("1"),
    )


def _not_found(people: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    nobody = people.join(known, on="student_id", how="anti", maintain_order="left")
    return nobody.head(25).select("student_id", found=pl.lit("N"))


def _own(known: pl.DataFrame, code: str) -> pl.DataFrame:
    """The asking college's own terms come back too."""
    return known.head(5).with_columns(
        college_code=pl.lit(code), college_name=pl.lit("THE ASKING COLLEGE")
    )


def _report() -> list[pl.Expr]:
    columns = {
        "Your Unique Identifier": pl.concat_str("student_id", pl.lit("_")),
        "First Name": pl.col("first_name").str.to_uppercase(),
        "Middle Initial": pl.lit(None, pl.String),
        "Last Name": pl.col("last_name").str.to_uppercase(),
        "Name Suffix": pl.lit(None, pl.String),
        "Requester Return Field": pl.concat_str("student_id", pl.lit("_")),
        "Record Found Y/N": pl.col("found"),
        "Search Date": pl.col("searched"),
        "College Code/Branch": pl.col("college_code"),
        "College Name": pl.col("college_name"),
        "College State": pl.col("college_state"),
        "2-year / 4-year": pl.col("size"),
        "Public / Private": pl.col("control"),
        "Enrollment Begin": pl.col("begin"),
        "Enrollment End": pl.col("end"),
        "Enrollment Status": pl.col("status"),
        "Class Level": pl.col("klass"),
        "Enrollment Major 1": pl.col("e_major_1"),
        "Enrollment CIP 1": pl.col("e_cip_1"),
        "Enrollment Major 2": pl.col("e_major_2"),
        "Enrollment CIP 2": pl.col("e_cip_2"),
        "Graduated?": pl.col("graduated"),
        "Graduation Date": pl.col("day"),
        "Degree Title": pl.col("degree"),
        "Degree Major 1": pl.col("d_major_1"),
        "Degree CIP 1": pl.col("d_cip_1"),
        "Degree Major 2": pl.col("d_major_2"),
        "Degree CIP 2": pl.col("d_cip_2"),
        "Degree Major 3": pl.col("d_major_3"),
        "Degree CIP 3": pl.col("d_cip_3"),
        "Degree Major 4": pl.col("d_major_4"),
        "Degree CIP 4": pl.col("d_cip_4"),
        "College Sequence": pl.col("sequence"),
    }
    return [expression.alias(name) for name, expression in columns.items()]
