"""A small clean state: every feed has rows, no edit fires. Plants change one thing.

Times: the package is as of 2026-09-01, from the college CACC of ACCS.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache

import duckdb
import polars as pl

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Feed
from pipelines.contracts.polars import normalise, typed
from pipelines.contracts.sql import register_codes

CONTRACTS = load_contracts()
AS_OF = date(2026, 9, 1)

Row = dict[str, str]


def _rows(header: str, *lines: str) -> list[Row]:
    names = header.split()
    return [
        dict(zip(names, (v.strip() for v in line.split("|")), strict=True))
        for line in lines
    ]


RESULT = (
    "student_id term_code section_id attempt_seq subject course_number title level "
    "registration_status status_date credit_unit attempted_credit earned_credit "
    "gpa_credit quality_points clock_hours_scheduled clock_hours_attended grade_mode "
    "grade_local grade_seq grade_posted_on repeat_code dual_enrollment delivery"
)
TRANSFER = (
    "student_id transfer_seq source_type source_code_type source_code source_subject "
    "source_number source_credit source_credit_unit source_grade equiv_group decision "
    "equiv_type equiv_subject equiv_number accepted_credit credit_unit in_gpa applied "
    "applied_program_code applied_credit"
)
PERSON = (
    "student_id source_pk last_name first_name birth_date birth_date_quality sex "
    "email_college email_personal first_term_code"
)
BADGE = (
    "platform badge_assertion_id recipient_email student_id badge_class_id badge_name "
    "issuer_name issued_on expires_on status"
)
ENROLLED_ELSEWHERE = (
    "student_id college_code enrollment_begin enrollment_end college_name "
    "college_state college_level college_control enrollment_status class_level major_1 "
    "cip_1 source_system searched_on"
)
AWARDED_ELSEWHERE = (
    "student_id college_code awarded_on title college_name college_state college_level "
    "college_control major_1 cip_1 source_system searched_on"
)
RULE = (
    "rule_id rule_version side alternative member_seq institution_code subject "
    "course_number min_grade credits credit_unit valid_from valid_to status"
)

WORLD: dict[str, list[Row]] = {
    "term": _rows(
        "term_code title term_type start_date end_date academic_year_end census_date "
        "grades_final_on parent_term_code record_updated_at",
        "202410|Spring 2024|SEMESTER|2024-01-08|2024-05-10|2024|2024-01-22|2024-05-15"
        "||2024-05-20T08:00:00-05:00",
        "202610|Spring 2026|SEMESTER|2026-01-07|2026-05-08|2026||2026-05-13||",
        "202680|Fall 2026|SEMESTER|2026-08-17|2026-12-11|2027||2026-12-16||",
        "202681|Fall 2026 A|MINI|2026-08-17|2026-10-09|2027||2026-10-14|202680|",
    ),
    "grade_scheme": _rows(
        "grade_mode grade_local valid_from_term outcome grade_points counts_attempted "
        "counts_earned counts_gpa title",
        "STANDARD|A|202410|PASS|4.000|Y|Y|Y|Excellent",
        "STANDARD|F|202410|FAIL|0.000|Y|N|Y|Failing",
        "STANDARD|W|202410|WITHDRAW||Y|N|N|Withdrawn",
        "STANDARD|CE|202410|CREDIT_BY_EXAM||N|Y|N|By examination",
        "CLOCK|S|202410|PASS||Y|Y|N|Satisfactory",
        "STANDARD|P|202610|PASS||Y|Y|N|Passed, since 2026",
    ),
    "program": _rows(
        "program_code valid_from_term title cip_code cip_version award_level "
        "credential_type credit_unit required_credits ctid",
        "AAS-NUR|202410|Nursing|51.3801|2020|3|AAS|SH|66|"
        "ce-8a0f2c54-0f2b-4c5e-9a55-1f0a3c7d9e21",
        "CER-WLD|202410|Welding|48.0508|2020|2|CER|CLOCK|1296|",
        "CER-OLD|202410|Business|52.0101|2010|2|CER|SH|30|",
        "AS-NEW|202680|Transfer|24.0101|2020|3|AS|SH|60|",
    ),
    "course": _rows(
        "subject course_number valid_from_term title credit_unit credit_min credit_max "
        "clock_hours developmental",
        "ENG|101|202410|English Composition I|SH|3|3||N",
        "WLD|110|202410|Welding|CLOCK|30|432|432|N",
    ),
    "section": _rows(
        "term_code section_id subject course_number section_number start_date end_date "
        "delivery credit_value",
        "202610|10001|ENG|101|01|2026-01-07|2026-05-08|F2F|3",
        "202610|10002|WLD|110|01|2026-01-07|2026-05-08|F2F|432",
        "202680|20001|ENG|101|01|2026-08-17|2026-12-11|HYBRID|3",
    ),
    "section_attribute": _rows(
        "term_code section_id attribute_code framework hip_code milestone",
        "202610|10001|SL|HIP|SVL|1",
        "202610|10002|GE|GENED||",
    ),
    "person": _rows(
        PERSON,
        "A001|1|Núñez|María|2004-02-29|FULL|F|m.nunez@cacc.example||202610",
        "A002|2|O'Neal|Jo|2000-01-01|FULL|U|jo@cacc.example|jo@home.example|202410",
        "A003|3|Suharto|||UNKNOWN||||",
        "A004|4|Lee|Kim|1985-07-04|FULL|M|||",
    ),
    "person_merge": _rows(
        "from_student_id to_student_id kind merged_on reason",
        "A901|A002|MERGED_INTO|2025-03-01|duplicate",
        "A902|A004|ID_CHANGED|2024-03-01|",
    ),
    "person_name": _rows(
        "student_id name_type last_name first_name effective_from",
        "A001|FORMER|Núñez-Díaz|María|2022-05-01",
        "A003|LEGAL|Suharto||1900-01-01",
    ),
    "person_identifier": _rows(
        "student_id id_type id_value issuer is_current valid_from",
        "A001|SSN|212345678||Y|",
        "A002|SSN|234567890||Y|",
        "A004|ITIN|912701234||Y|2020-01-01",
        "A003|PSEUDO_SSN|991234567|CACC|Y|",
        "A901|SOURCE_PK|99||N|",
    ),
    "disclosure": _rows(
        "student_id kind valid_from valid_to note_code",
        "A004|TRANSCRIPT_HOLD|2026-01-01||LIB",
    ),
    "program_enrollment": _rows(
        "student_id program_code start_term end_term status level catalog_term",
        "A001|AAS-NUR|202610||ACTIVE|UG|202610",
        "A002|CER-WLD|202410|202610|COMPLETED|TC|202410",
    ),
    "course_result": _rows(
        RESULT,
        "A001|202610|10001|1|ENG|101|English Composition I|UG|COMPLETED|2026-05-12|SH"
        "|3.000|3.000|3.000|12.000|||STANDARD|A|1|2026-05-12||N|F2F",
        "A001|202680|20001|1|ENG|101|English Composition I|UG|ENROLLED|2026-08-10|SH"
        "|3.000|||||| STANDARD||0|||N|HYBRID",
        "A002|202410|HIST-1|1|ENG|101|English Comp|UG|COMPLETED||SH|3|0|3|0|||STANDARD"
        "|F|1|2024-05-12|EXCLUDE|N|",
        "A002|202610|10002|1|WLD|110|Welding|TC|COMPLETED||CLOCK|432|432|||432|430|CLOCK"
        "|S|1|2026-05-12||N|F2F",
    ),
    "term_enrollment": _rows(
        "student_id term_code level dual_enrollment attempted earned gpa_credits "
        "quality_points term_gpa cum_gpa credit_unit",
        "A001|202610|UG|N|3.000|3.000|3.000|12.000|4.000|4.000|SH",
        "A001|202680|UG|N|3.000|0|||||SH",
        "A002|202610|TC|N|432|432|||||CLOCK",
    ),
    "transfer_credit": _rows(
        TRANSFER,
        "A001|1|INSTITUTION|UNITID|100654|EN|101|4.5|QH|B|1|ACCEPTED|DIRECT|ENG|101"
        "|3.000|SH|N|Y|AAS-NUR|3.000",
        "A001|2|AP|||||||4|2|ACCEPTED|ELECTIVE|||3|SH|N|||",
        "A002|3|INSTITUTION|OPEID8|00100200|BI|1|3|SH|D|3|REJECTED|NONE|||0|SH|N|||",
        "A002|4|INSTITUTION|OPEID6|001002|BI|2|3|SH|B|4|ACCEPTED|ELECTIVE|||3|SH|N|||",
    ),
    "noncredit_completion": _rows(
        "student_id offering_id enrolled_on title provider_system outcome completed_on "
        "contact_hours ceu cip_code soc_code",
        "A004|FORK-1|2026-02-02|Forklift|LUMENS|COMPLETED|2026-02-20|40|4|49.0205|",
    ),
    "credential_award": _rows(
        "student_id award_id program_code award_level credential_type title cip_code "
        "status awarded_on award_term reverse_transfer",
        "A002|1|CER-WLD|2|CER|Welding|48.0508|AWARDED|2026-05-09|202610|N",
        "A001|2|CER-OLD|2|CER|Business|52.0101|REVOKED|2026-05-09|202610|N",
    ),
    "experience": _rows(
        "student_id experience_id experience_type title organization term_code "
        "section_id start_date end_date hours verification",
        "A001|E1|INT|Internship|Clinic|202610|10001|2026-02-01|2026-04-01|120|EMPLOYER",
        "A002|E2|OTH|Student senate|||||||STAFF",
    ),
    "badge": _rows(
        BADGE,
        "CREDLY|b-1|M.Nunez@cacc.example|A001|c-1|Teamwork|CACC|2026-06-01|2028-06-01"
        "|ACCEPTED",
        "CREDLY|b-2|jo@home.example||c-1|Teamwork|CACC|2026-06-01||ISSUED",
    ),
    "skill_assertion": _rows(
        "student_id skill_assertion_id framework skill_code skill_name asserted_on "
        "asserted_by basis_type basis_ref score",
        "A001|s1|NACE|NACE-TW|Teamwork|2026-06-01|FACULTY|BADGE|CREDLY/b-1|",
        "A002|s2|ONET|2.A.1.a|Reading|2026-06-01|FACULTY|ASSESSMENT|test 7|88.5",
        "A002|s3|LOCAL|X|Local|2026-06-01|STAFF|EXPERIENCE|E2|",
        "A004|s4|ED-ESF|ESF-RM|Resources|2026-06-01|STAFF|NONCREDIT|FORK-1/2026-02-02|",
        "A001|s5|NACE|NACE-COM|Communication|2026-06-01|FACULTY|COURSE|202610/10001/1|",
    ),
    "equivalency": _rows(
        RULE,
        "R1|1|FROM|1|1|CACC|ENG|101|C|3|SH|2020-01-01||ACTIVE",
        "R1|1|FROM|2|1|SYSTEM:ACCS|ENG|101H||3|SH|2020-01-01||ACTIVE",
        "R1|1|TO|1|1|CVCC|ENG|101||3|SH|2020-01-01||ACTIVE",
        "R1|0|FROM|1|1|CACC|ENG|101||3|SH|2010-01-01|2025-01-01|RETIRED",
        "R1|0|TO|1|1|CVCC|ENG|1XX||3|SH|2010-01-01|2025-01-01|RETIRED",
    ),
    "enrollment_elsewhere": _rows(
        ENROLLED_ELSEWHERE,
        "A002|001052-00|2025-01-08|2025-05-02|UNIVERSITY OF ALABAMA AT BIRMINGHAM|AL"
        "|4_YEAR|PUBLIC|FULL_TIME|JUNIOR|NURSING|51.3801|NSC|2026-08-30",
        "A001|001009-00|2025-08-18|2025-12-12|AUBURN UNIVERSITY|AL|4_YEAR"
        "|PUBLIC|||||NSC|",
    ),
    "employment_quarter": _rows(
        "ssn employer_account year quarter wages state naics soc",
        "212345678|0012345|2026|1|8123.45|AL|622110|29-1141",
        "212345678|0099999|2026|1|410.00|AL|722|",
        "312345679|0012345|2026|3|0|GA||",
    ),
    "award_elsewhere": _rows(
        AWARDED_ELSEWHERE,
        "A002|001052-00|2025-05-02|BACHELOR OF SCIENCE IN NURSING"
        "|UNIVERSITY OF ALABAMA AT BIRMINGHAM|AL|4_YEAR|PUBLIC|NURSING|51.3801|NSC|",
    ),
}
for _row in WORLD["skill_assertion"]:
    _row["basis_ref"] = _row["basis_ref"].replace("/", "|")


def raw_frame(feed: Feed, rows: list[Row]) -> pl.DataFrame:
    """The normalised strings of ``rows`` with what judging needs beside them."""
    names = [column.source_name for column in feed.columns]
    sent = pl.DataFrame(
        [{name: row.get(name, "") for name in names} for row in rows],
        schema=dict.fromkeys(names, pl.String),
    )
    offices = {"system": "SYSTEM:ACCS", "agency": "AGENCY:AL_UI"}
    sender = offices.get(feed.kind, "CACC")
    clean = normalise(feed, sent)
    extra = pl.DataFrame(
        {"_row": range(len(rows))}, schema={"_row": pl.UInt32}
    ).with_columns(
        pl.lit(sender).alias("sender"),
        pl.lit("ACCS").alias("system"),
        pl.lit(AS_OF).alias("as_of"),
    )
    return pl.concat([clean, extra], how="horizontal").rename(
        {"sender": "institution_code"}
    )


def typed_frame(feed: Feed, rows: list[Row]) -> pl.DataFrame:
    return typed(feed, raw_frame(feed, rows))


def register(
    con: duckdb.DuckDBPyConnection, name: str, feed: Feed, rows: list[Row]
) -> None:
    """What is in force of a feed; a row with ``_op`` C is closed."""
    frame = typed_frame(feed, rows)
    closed = pl.Series("is_closed", [row.get("_op") == "C" for row in rows], pl.Boolean)
    con.register(name, frame.with_columns(closed))


@contextmanager
def practices_ending(
    con: duckdb.DuckDBPyConnection, ends: dict[str, str]
) -> Iterator[None]:
    """The practice list with entries that end on a day, for as long as it is open."""
    if not ends:
        yield
        return
    shipped = con.sql("from code_practice").to_arrow_table()
    con.register("_shipped", shipped)
    cases = " ".join(f"when '{code}' then '{day}'" for code, day in ends.items())
    con.execute(
        "create or replace temp view code_practice as select * replace "
        f"(case code {cases} else valid_to end as valid_to) from _shipped"
    )
    try:
        yield
    finally:
        con.execute("drop view code_practice")
        con.register("code_practice", shipped)


@cache
def _clean() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    register_codes(con, CONTRACTS)
    for name, feed in CONTRACTS.feeds.items():
        register(con, name, feed, WORLD[name])
    return con


@contextmanager
def connect(
    feed: Feed,
    before: list[Row] | None = None,
    others: dict[str, list[Row]] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The views of judging ``feed``: the others in force, itself as of before."""
    con = _clean()
    try:
        for name, rows in (others or {}).items():
            register(con, name, CONTRACTS.feeds[name], rows)
        register(con, feed.name, feed, before or [])
        yield con
    finally:
        for name in {feed.name, *(others or {})}:
            register(con, name, CONTRACTS.feeds[name], WORLD[name])
