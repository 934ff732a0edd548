"""Faults of rows: duplicates, vanished rows, missing files, and one of each row edit.

Belongs here: functions that spoil a draft's rows before they become bytes, and the
list of row edits with a value that offends each. Does not belong here: bytes and
manifests (``fault_files``).
"""

from dataclasses import dataclass

import polars as pl

from pipelines.sample.draft import Draft

# Identifiers of people who exist only as orphans of a fault.
ORPHAN_PREFIX = "Z9"
ORPHANS = 3


def identical_duplicates(draft: Draft) -> None:
    """F13: three rows twice."""
    frame = draft.text["person_identifier"]
    expected = draft.expect("person_identifier")
    expected.lines = draft.append("person_identifier", frame.head(3))
    expected.collapsed = len(expected.lines)


def superseded_duplicates(draft: Draft) -> None:
    """F14: an older version of two persons beside the current one."""
    frame = draft.text["person"]
    older = frame.head(2).with_columns(
        phone=pl.lit("205-555-0000"),
        record_updated_at=pl.lit("2001-01-01T00:00:00-06:00"),
    )
    expected = draft.expect("person")
    expected.lines = draft.append("person", older)
    expected.collapsed = len(expected.lines)


def differing_duplicates(draft: Draft) -> None:
    """F14: one enrolment twice, differing, with nothing to say which is newer."""
    frame = draft.text["program_enrollment"]
    # Of an enrolment in force: with both rows quarantined yesterday's stays.
    at = draft.settled["program_enrollment"][:1]
    other = frame[at].with_columns(concentration=pl.lit("Other"))
    expected = draft.expect("program_enrollment")
    expected.lines = [at[0] + 2, *draft.append("program_enrollment", other)]
    expected.quarantined = len(expected.lines)


def orphans_expected(draft: Draft) -> None:
    """F16: rows of people the package does not have; they come the next night."""
    found = (
        draft.text["noncredit_completion"]
        .with_row_index("line", 2)
        .filter(pl.col("student_id").str.starts_with(ORPHAN_PREFIX))
    )
    expected = draft.expect("noncredit_completion")
    expected.lines = found["line"].to_list()
    expected.quarantined = len(expected.lines)


def many_bad_rows(draft: Draft) -> None:
    """F15: over 2 % of the results have a grade mode that no list knows."""
    frame = draft.text["course_result"]
    bad = max(8, frame.height // 20)
    row = pl.int_range(pl.len())
    draft.text["course_result"] = frame.with_columns(
        grade_mode=pl.when(row < bad)
        .then(pl.lit("BOGUS"))
        .otherwise(pl.col("grade_mode"))
    )
    draft.expect("course_result").lines = list(range(2, bad + 2))
    draft.control = False


def constant_grade(draft: Draft) -> None:
    """F17: one grade in all rows, as an export with a broken join has it."""
    draft.text["course_result"] = draft.text["course_result"].with_columns(
        grade_local=pl.when(pl.col("grade_local").is_not_null()).then(pl.lit("A"))
    )


def empty_column(draft: Draft) -> None:
    """F17: nobody has a sex any more; not a key, so it only warns."""
    draft.text["person"] = draft.text["person"].with_columns(
        sex=pl.lit(None, dtype=pl.String)
    )


def results_vanish(draft: Draft) -> None:
    """F11: three in ten results are gone from a full snapshot."""
    frame = draft.text["course_result"]
    draft.text["course_result"] = frame.head(frame.height * 7 // 10)
    draft.control = False


def identifiers_vanish(draft: Draft) -> None:
    """F11: four in ten identifiers are gone from a full snapshot."""
    frame = draft.text["person_identifier"]
    draft.text["person_identifier"] = frame.head(frame.height * 6 // 10)


def other_titles(draft: Draft) -> None:
    """F02: the package id of the day again, with other content."""
    frame = draft.text["term"]
    draft.text["term"] = frame.with_columns(title=pl.col("title") + " Session")


def without_disclosure(draft: Draft) -> None:
    """F12: the file that stops publication when it is missing."""
    del draft.text["disclosure"]


def without_sections(draft: Draft) -> None:
    """F12: a required feed is missing."""
    del draft.text["section"]


def column_missing(draft: Draft) -> None:
    """F07: no ``last_name``."""
    draft.text["person"] = draft.text["person"].drop("last_name")


def column_unknown(draft: Draft) -> None:
    """F07: a column that the specification does not have; it only warns."""
    draft.text["person"] = draft.text["person"].with_columns(
        shoe_size=pl.lit("9", dtype=pl.String)
    )


@dataclass(frozen=True)
class RowEdit:
    """A row that offends one edit: a copy of a good row with these values.

    Attributes:
        values: by source column; among them a new value of some key column, so that
            no row in force has the key.
        systems: where the edit exists.
        where: SQL that the copied row fulfils.
    """

    edit_id: str
    feed: str
    values: dict[str, str | None]
    systems: tuple[str, ...] = ("ACCS", "TBR")
    where: str = "TRUE"


_GRADED = "grade_mode IN ('STANDARD', 'CLOCK') AND earned_credit NOT IN ('0.000')"

EDITS: tuple[RowEdit, ...] = (
    RowEdit("TRM-Q01", "term", {"term_code": "QX1", "term_type": "OPEN",
            "start_date": "2021-06-02", "end_date": "2021-06-01"}),
    RowEdit("TRM-Q02", "term", {"term_code": "QX2", "term_type": "OPEN",
            "start_date": "2021-01-01", "end_date": "2022-06-01"}),
    RowEdit("GRS-Q01", "grade_scheme", {"grade_local": "QF", "outcome": "FAIL",
            "counts_earned": "Y"}),
    RowEdit("GRS-Q02", "grade_scheme", {"grade_local": "QG", "counts_gpa": "N",
            "grade_points": "4.000"}),
    RowEdit("GRS-Q03", "grade_scheme", {"grade_local": "QH", "counts_gpa": "Y",
            "grade_points": "9.000"}),
    RowEdit("PRG-Q01", "program", {"program_code": "QCIP", "cip_code": "98.7654"}),
    RowEdit("PRG-Q02", "program", {"program_code": "QZERO", "required_credits": "0"}),
    RowEdit("CRS-Q01", "course", {"course_number": "Q901", "credit_min": "4.000",
            "credit_max": "3.000"}),
    RowEdit("CRS-Q02", "course", {"course_number": "Q902", "credit_unit": "SH",
            "credit_min": "3.000", "credit_max": "300.000"}),
    RowEdit("SEC-Q02", "section", {"section_id": "Q1", "start_date": "2026-02-02",
            "end_date": "2026-02-01"}),
    RowEdit("SAT-Q02", "section_attribute", {"attribute_code": "Q1",
            "framework": "HIP", "hip_code": None}),
    RowEdit("PER-Q01", "person", {"student_id": "Q0001", "birth_date": "2021-05-05",
            "birth_date_quality": "FULL", "email_college": None}),
    RowEdit("PER-Q02", "person", {"student_id": "Q0002", "birth_date": "1900-01-01",
            "birth_date_quality": "YEAR", "email_college": None}),
    RowEdit("PER-birth_date-TYPE", "person", {"student_id": "Q0003",
            "birth_date": "31/12/1999", "email_college": None}),
    RowEdit("PER-sex-CODE", "person", {"student_id": "Q0004", "sex": "Q",
            "email_college": None}),
    RowEdit("PER-last_name-REQUIRED", "person", {"student_id": "Q0005",
            "last_name": None, "email_college": None}),
    RowEdit("NAM-Q02", "person_name", {"name_type": "DIPLOMA",
            "effective_from": None}),
    RowEdit("PID-Q01", "person_identifier", {"id_type": "SSN",
            "id_value": "000121234", "is_current": "N"}),
    RowEdit("PID-Q02", "person_identifier", {"id_type": "ITIN",
            "id_value": "912001234", "is_current": "N"}),
    RowEdit("PID-Q03", "person_identifier", {"id_type": "SSN",
            "id_value": "991234567", "is_current": "N"}, ("ACCS",)),
    RowEdit("PEN-Q02", "program_enrollment", {},
            where="status IN ('INACTIVE', 'COMPLETED')"),
    RowEdit("CRR-Q02", "course_result", {"section_id": "HIST-901",
            "grade_local": "QQ"}, where=_GRADED),
    RowEdit("CRR-Q03", "course_result", {"section_id": "HIST-902",
            "earned_credit": "29.000", "attempted_credit": "3.000"}, where=_GRADED),
    RowEdit("CRR-Q08", "course_result", {"section_id": "HIST-903",
            "grade_local": None}, where=_GRADED),
    RowEdit("CRR-attempted_credit-TYPE", "course_result", {"section_id": "HIST-904",
            "attempted_credit": "three"}, where=_GRADED),
    RowEdit("CRR-title-LENGTH", "course_result", {"section_id": "HIST-905",
            "title": "A very long title " * 8}, where=_GRADED),
    RowEdit("TRC-Q01", "transfer_credit", {"transfer_seq": "Q-1",
            "decision": "REJECTED", "equiv_group": "9901"},
            where="decision = 'ACCEPTED' AND accepted_credit <> '0.000'"),
    RowEdit("TRC-Q02", "transfer_credit", {"transfer_seq": "Q-2",
            "applied_credit": "9.000", "equiv_group": "9902"},
            where="decision = 'ACCEPTED' AND source_credit IS NOT NULL"
            " AND equiv_type = 'DIRECT' AND credit_unit = 'SH'"),
    RowEdit("NCC-Q01", "noncredit_completion", {"offering_id": "Q-1",
            "completed_on": None, "outcome": "COMPLETED"}),
    RowEdit("NCC-Q02", "noncredit_completion", {"offering_id": "Q-2",
            "contact_hours": "3000.50", "ceu": None}),
    RowEdit("NCC-Q03", "noncredit_completion", {"offering_id": "Q-3", "ceu": "90.000"},
            where="ceu IS NOT NULL"),
    RowEdit("AWD-Q03", "credential_award", {"award_id": "Q1",
            "awarded_on": "2099-01-01"}),
    RowEdit("AWD-Q04", "credential_award", {"award_id": "Q2", "cip_code": "98.7654"}),
    RowEdit("EXP-Q02", "experience", {"experience_id": "Q-1", "hours": "9000.00"}),
    RowEdit("BDG-Q01", "badge", {"badge_assertion_id": "q-1", "expires_on": None,
            "issued_on": "2099-01-01"}),
    RowEdit("BDG-Q02", "badge", {"badge_assertion_id": "q-2",
            "expires_on": "2001-01-01"}),
    RowEdit("SKL-Q01", "skill_assertion", {"skill_assertion_id": "Q-1",
            "framework": "NACE", "skill_code": "NACE-QQQ"}),
)  # fmt: skip


def every_edit(draft: Draft) -> None:
    """One row against each edit of one row, in a package that is otherwise good."""
    draft.control = False
    for edit in EDITS:
        if draft.system not in edit.systems or edit.feed not in draft.text:
            continue
        frame = draft.text[edit.feed]
        chosen = frame.with_row_index("line", 2).filter(pl.sql_expr(edit.where)).head(1)
        if edit.edit_id == "PEN-Q02":
            chosen = _ends_before_it_starts(draft, chosen)
        else:
            # Nobody shares an address with a row that is not to count.
            nobody = {"email_personal": None} if edit.feed == "person" else {}
            chosen = chosen.with_columns(
                pl.lit(value, dtype=pl.String).alias(name)
                for name, value in (edit.values | nobody).items()
            )
        if not chosen.height:
            continue
        expected = draft.expect(edit.feed)
        lines = draft.append(edit.feed, chosen)
        expected.lines += lines
        expected.quarantined += len(lines)
        planted = draft.planted.setdefault(edit.feed, {})
        planted[edit.edit_id] = lines


def _ends_before_it_starts(draft: Draft, chosen: pl.DataFrame) -> pl.DataFrame:
    """A programme left in a term before the one it was started in."""
    terms = draft.text["term"].filter(~pl.col("term_code").str.starts_with("QX"))
    terms = terms.sort("start_date")
    return chosen.with_columns(
        start_term=pl.lit(terms["term_code"][-1]),
        end_term=pl.lit(terms["term_code"][0]),
    )
