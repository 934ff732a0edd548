"""Tables of a small Banner college as its extract writes them, one test at a time."""

from collections.abc import Mapping
from dataclasses import replace

from spoken import Row, source, spoken

from pipelines.dialects.source import Source, Translation

ENCODING = "windows-1252"

# One person, one section in two terms, and what every table needs at least.
SMALLEST: Mapping[str, list[Row]] = {
    "STVTERM": [
        {
            "STVTERM_CODE": code,
            "STVTERM_DESC": title,
            "STVTERM_START_DATE": start,
            "STVTERM_END_DATE": end,
            "STVTERM_ACYR_CODE": year,
        }
        for code, title, start, end, year in (
            ("202380", "Fall 2023", "21-AUG-23", "15-DEC-23", "2024"),
            ("202410", "Spring 2024", "08-JAN-24", "10-MAY-24", "2024"),
        )
    ],
    "SHRGRDE": [
        {
            "SHRGRDE_CODE": grade,
            "SHRGRDE_LEVL_CODE": "UG",
            "SHRGRDE_GMOD_CODE": "S",
            "SHRGRDE_TERM_CODE_EFFECTIVE": "000000",
            "SHRGRDE_QUALITY_POINTS": points,
            "SHRGRDE_ATTEMPTED_IND": "Y",
            "SHRGRDE_COMPLETED_IND": earned,
            "SHRGRDE_PASSED_IND": earned,
            "SHRGRDE_GPA_IND": averaged,
        }
        for grade, points, earned, averaged in (
            ("A", "4", "Y", "Y"),
            ("B", "3", "Y", "Y"),
            ("F", "0", "N", "Y"),
            ("I", "", "N", "N"),
        )
    ],
    "SCBCRSE": [
        {
            "SCBCRSE_SUBJ_CODE": "MTH",
            "SCBCRSE_CRSE_NUMB": "100",
            "SCBCRSE_EFF_TERM": "000000",
            "SCBCRSE_TITLE": "Algebra",
            "SCBCRSE_CREDIT_HR_LOW": "3",
            "SCBCRSE_CREDIT_HR_HIGH": "",
        }
    ],
    "SSBSECT": [
        {
            "SSBSECT_TERM_CODE": term,
            "SSBSECT_CRN": "10001",
            "SSBSECT_SUBJ_CODE": "MTH",
            "SSBSECT_CRSE_NUMB": "100",
            "SSBSECT_SEQ_NUMB": "01",
            "SSBSECT_CREDIT_HRS": "",
            "SSBSECT_SSTS_CODE": "A",
            "SSBSECT_INSM_CODE": way,
        }
        for term, way in (("202380", "TR"), ("202410", "OA"))
    ],
    "SPRIDEN": [],
    "SPBPERS": [],
    "SPRHOLD": [],
    "SORLCUR": [],
    "SHRTGPA": [],
    "STVRSTS": [
        {
            "STVRSTS_CODE": code,
            "STVRSTS_INCL_SECT_ENRL": counted,
            "STVRSTS_WITHDRAW_IND": withdrawn,
            "STVRSTS_WAIT_IND": "N",
        }
        for code, counted, withdrawn in (
            ("RE", "Y", "N"),
            ("DD", "N", "N"),
            ("ZZ", "N", "Y"),
        )
    ],
    "SFRSTCR": [],
    "SHRTCKN": [],
    "SHRTCKG": [],
    "SHRTCKL": [],
    "SHRDGMR": [],
}
_NEEDED = {
    "SPRIDEN": ("PIDM ID LAST_NAME FIRST_NAME MI CHANGE_IND ENTITY_IND ACTIVITY_DATE"),
    "SPBPERS": "PIDM SSN BIRTH_DATE SEX CONFID_IND DEAD_IND",
    "SPRHOLD": "PIDM HLDD_CODE FROM_DATE TO_DATE",
    "SORLCUR": "PIDM SEQNO LMOD_CODE TERM_CODE PROGRAM CACT_CODE LEVL_CODE",
    "SHRTGPA": (
        "PIDM TERM_CODE LEVL_CODE GPA_TYPE_IND HOURS_ATTEMPTED HOURS_EARNED "
        "GPA_HOURS QUALITY_POINTS GPA"
    ),
    "SFRSTCR": ("TERM_CODE PIDM CRN RSTS_CODE RSTS_DATE CREDIT_HR LEVL_CODE GMOD_CODE"),
    "SHRTCKN": (
        "PIDM TERM_CODE SEQ_NO CRN SUBJ_CODE CRSE_NUMB CRSE_TITLE REPEAT_COURSE_IND"
    ),
    "SHRTCKG": (
        "PIDM TERM_CODE TCKN_SEQ_NO SEQ_NO GRDE_CODE_FINAL GMOD_CODE CREDIT_HOURS "
        "FINAL_GRDE_CHG_DATE"
    ),
    "SHRTCKL": "PIDM TERM_CODE TCKN_SEQ_NO LEVL_CODE",
    "SHRDGMR": "PIDM SEQ_NO DEGS_CODE DEGC_CODE PROGRAM GRAD_DATE TERM_CODE_GRAD",
}


def table(name: str, rows: list[Row], *, trailer: int | None = None) -> Source:
    """A file as Banner's extracts are: pipes, CRLF, padding, Windows-1252, trailer."""
    header = list(
        dict.fromkeys(
            [f"{name}_{column}" for column in _NEEDED.get(name, "").split()]
            + [column for row in rows for column in row]
        )
    )
    lines = ["|".join(header)]
    for row in rows:
        values = [row.get(column, "") for column in header]
        lines.append("|".join(value.ljust(6) if value else "" for value in values))
    lines.append(f"TRAILER|{len(rows) if trailer is None else trailer}")
    content = "".join(f"{line}\r\n" for line in lines).encode(ENCODING)
    return source(name, content, len(rows), name=f"{name}_20260901.txt")


def torn(whole: Source, old: str, new: str) -> Source:
    """The file with one text in another's place, its length declared anew."""
    before, after = old.encode(ENCODING), new.encode(ENCODING)
    assert whole.content.count(before) == 1
    content = whole.content.replace(before, after)
    size = {"bytes": len(content)}
    return replace(
        whole, content=content, declared=whole.declared.model_copy(update=size)
    )


def person(pidm: str = "104233", number: str = "A00104233", **more: str) -> Row:
    return {
        "SPRIDEN_PIDM": pidm,
        "SPRIDEN_ID": number,
        "SPRIDEN_LAST_NAME": "Núñez-O'Neal",
        "SPRIDEN_FIRST_NAME": "María",
        "SPRIDEN_MI": "L",
        "SPRIDEN_CHANGE_IND": "(null)",
        "SPRIDEN_ENTITY_IND": "P",
        "SPRIDEN_ACTIVITY_DATE": "03-SEP-24",
        **more,
    }


def biography(birth: str = "", ssn: str = "", **more: str) -> Row:
    return {
        "SPBPERS_PIDM": "104233",
        "SPBPERS_SSN": ssn,
        "SPBPERS_BIRTH_DATE": birth,
        "SPBPERS_SEX": "F",
        **more,
    }


def course(term: str = "202380", seq: str = "2", **more: str) -> Row:
    return {
        "SHRTCKN_PIDM": "104233",
        "SHRTCKN_TERM_CODE": term,
        "SHRTCKN_SEQ_NO": seq,
        "SHRTCKN_CRN": "10001",
        "SHRTCKN_SUBJ_CODE": "MTH",
        "SHRTCKN_CRSE_NUMB": "100",
        "SHRTCKN_CRSE_TITLE": "Algebra",
        **more,
    }


def grade(letter: str, number: str = "1", term: str = "202380", **more: str) -> Row:
    return {
        "SHRTCKG_PIDM": "104233",
        "SHRTCKG_TERM_CODE": term,
        "SHRTCKG_TCKN_SEQ_NO": "2",
        "SHRTCKG_SEQ_NO": number,
        "SHRTCKG_GRDE_CODE_FINAL": letter,
        "SHRTCKG_GMOD_CODE": "S",
        "SHRTCKG_CREDIT_HOURS": "3",
        "SHRTCKG_FINAL_GRDE_CHG_DATE": "15-DEC-23",
        **more,
    }


def level(code: str, term: str = "202380", **more: str) -> Row:
    return {
        "SHRTCKL_PIDM": "104233",
        "SHRTCKL_TERM_CODE": term,
        "SHRTCKL_TCKN_SEQ_NO": "2",
        "SHRTCKL_LEVL_CODE": code,
        **more,
    }


def registration(term: str = "202380", status: str = "RE", **more: str) -> Row:
    return {
        "SFRSTCR_TERM_CODE": term,
        "SFRSTCR_PIDM": "104233",
        "SFRSTCR_CRN": "10001",
        "SFRSTCR_RSTS_CODE": status,
        "SFRSTCR_RSTS_DATE": "20-AUG-23",
        "SFRSTCR_CREDIT_HR": "3",
        "SFRSTCR_LEVL_CODE": "UG",
        "SFRSTCR_GMOD_CODE": "S",
        **more,
    }


def banner(**tables: list[Row]) -> Translation:
    """What a college of one person becomes, these tables being as given."""
    every = {**SMALLEST, "SPRIDEN": [person()], **tables}
    return spoken("banner", [table(name, rows) for name, rows in every.items()])
