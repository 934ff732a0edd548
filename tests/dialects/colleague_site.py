"""A Colleague site of two students, as small as the dialect's required tables allow."""

from typing import Any

from spoken import Row, quoted, source, spoken

from pipelines.dialects.source import Source, Translation

MARK = "\u00fd"


def site() -> dict[str, list[Row]]:
    """Every table of the site by name; a test changes what it is about."""
    return {
        "TERMS": [
            term("2024FA", "08/19/24", "12/13/24", "2024"),
            term("2025SP", "01/13/25", "05/09/25", "2024"),
        ],
        "GRADES": [grade("1", "A", "4.00"), grade("2", "TA"), grade("7", "W")],
        "ACAD.PROGRAMS": [
            {
                "ACAD.PROGRAMS.ID": "AS.GEN",
                "ACPG.TITLE": "General Studies",
                "ACPG.CIP": "240102",
                "ACPG.DEGREE": "AS",
                "ACPG.CCDS": "",
                "ACPG.AWARD.LEVEL": "3",
            },
            {
                "ACAD.PROGRAMS.ID": "C.WLD",
                "ACPG.TITLE": "Welding",
                "ACPG.CIP": "48.0508",
                "ACPG.DEGREE": "CER",
                "ACPG.CCDS": "WLD1",
                "ACPG.AWARD.LEVEL": "2",
            },
        ],
        "COURSE.SECTIONS": [
            {
                "COURSE.SECTIONS.ID": "19034",
                "SEC.TERM": "2024FA",
                "SEC.SYNONYM": "0081234",
                "SEC.COURSE.NAME": "MATH-108",
                "SEC.INSTR.METHODS": "ONLA",
            }
        ],
        "PERSON": [person("0123456"), person("0000777", **{"LAST.NAME": "Ýmir"})],
        "PERSON.RESTRICTIONS": [restriction("PARK")],
        "STUDENT.PROGRAMS": [
            {
                "STUDENT.PROGRAMS.ID": "0123456*AS.GEN",
                "STPR.STATUS": "A",
                "STPR.STATUS.DATE": "08/20/24",
                "STPR.START.DATE": "08/20/24",
                "STPR.END.DATE": "",
            }
        ],
        "STUDENT.TERMS": [
            {
                "STUDENT.TERMS.ID": "0123456*2024FA*UG",
                "STTR.ATT.CRED": "4.00",
                "STTR.CMPL.CRED": "0.00",
            }
        ],
        "STUDENT.ACAD.CRED": [credit("1048812")],
        "STUDENT.COURSE.SEC": [
            {
                "STUDENT.COURSE.SEC.ID": "55",
                "SCS.COURSE.SECTION": "19034",
                "SCS.PASS.AUDIT": "",
            }
        ],
        "ACAD.CREDENTIALS": [
            {
                "ACAD.CREDENTIALS.ID": "9001",
                "ACAD.PERSON.ID": "0123456",
                "ACAD.INSTITUTIONS.ID": "0000043",
                "ACAD.DEGREE": "AS",
                "ACAD.DEGREE.DATE": "05/09/25",
                "ACAD.CCD": "",
                "ACAD.CCD.DATE": "",
                "ACAD.ACAD.PROGRAM": "AS.GEN",
                "ACAD.TERM": "2025SP",
            }
        ],
    }


def term(code: str, start: str, end: str, year: str) -> Row:
    return {
        "TERMS.ID": code,
        "TERM.DESC": code,
        "TERM.REPORTING.YEAR": year,
        "TERM.START.DATE": start,
        "TERM.END.DATE": end,
        "TERM.SESSION": code[-2:],
    }


def grade(key: str, letter: str, value: str = "") -> Row:
    earns = "Y" if value else "N"
    return {
        "GRADES.ID": key,
        "GRD.GRADE": letter,
        "GRD.GRADE.SCHEME": "UG",
        "GRD.VALUE": value,
        "GRD.ATT.CRED.FLAG": "Y",
        "GRD.CMPL.CRED.FLAG": earns,
        "GRD.GPA.CRED.FLAG": earns,
    }


def person(key: str, **fields: str) -> Row:
    return {
        "ID": key,
        "LAST.NAME": "Nuñez",
        "FIRST.NAME": "María",
        "MIDDLE.NAME": "",
        "SUFFIX": "",
        "BIRTH.DATE": "02/29/2004",
        "SSN": "",
        "GENDER": "F",
        **fields,
    }


def restriction(kind: str, **fields: str) -> Row:
    return {
        "PRS.PERSON": "0123456",
        "PRS.TYPE": kind,
        "PRS.START.DATE": "09/02/24",
        "PRS.END.DATE": "",
        **fields,
    }


def credit(key: str, **fields: str) -> Row:
    """A registration that was dropped with a W, as the specification shows it."""
    return {
        "STUDENT.ACAD.CRED.ID": key,
        "STC.PERSON.ID": "0123456",
        "STC.TERM": "2024FA",
        "STC.COURSE.NAME": "MATH-108",
        "STC.SECTION.NO": "01",
        "STC.TITLE": 'Beginning Algebra, Part "A"',
        "STC.CRED": "4.00",
        "STC.CMPL.CRED": "0.00",
        "STC.VERIFIED.GRADE": "7",
        "STC.STATUS": f"W{MARK}N",
        "STC.STATUS.DATE": f"10/02/24{MARK}08/14/24",
        "STC.REPL.CODE": "",
        "STC.STUDENT.COURSE.SEC": "55",
        "STC.VERIFIED.GRADE.DATE": "12/16/24",
        **fields,
    }


def files(
    tables: dict[str, list[Row]], codec: str = "utf-8-sig", **declared: Any
) -> list[Source]:
    return [
        source(table, quoted(rows).encode(codec), len(rows), **declared)
        for table, rows in tables.items()
    ]


def said(tables: dict[str, list[Row]], **profile: Any) -> Translation:
    """The site's files, UTF-8 with a byte-order mark, translated."""
    return spoken("colleague", files(tables), **profile)
