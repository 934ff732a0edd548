"""One planted violation for every row, reference and file edit of the feeds.

A plant changes the clean world of ``contract_world`` and says which rows must be hit.
"""

from dataclasses import dataclass, field

from contract_world import WORLD, Row

from pipelines.contracts.model import Column, Edit


@dataclass(frozen=True)
class Plant:
    """Changes to the rows of the edit's own feed, and what else must be so.

    Attributes:
        change: Values to set in row ``row``.
        add: Rows to append, as changes of row ``like``.
        before: Rows of the feed already in force, as changes of row ``row``.
        others: Rows of other feeds that replace the clean ones.
        practice_ends: Codes of the practice list whose entries end on a day.
        hit: Indexes of the rows the edit must name.
    """

    change: Row = field(default_factory=dict)
    row: int = 0
    add: tuple[Row, ...] = ()
    like: int = 0
    before: tuple[Row, ...] = ()
    others: dict[str, list[Row]] = field(default_factory=dict)
    practice_ends: dict[str, str] = field(default_factory=dict)
    hit: tuple[int, ...] | None = None

    def rows(self, feed: str) -> list[Row]:
        clean = WORLD[feed]
        changed = [
            {**row, **self.change} if at == self.row else dict(row)
            for at, row in enumerate(clean)
        ]
        return changed + [{**clean[self.like], **row} for row in self.add]

    def in_force(self, feed: str) -> list[Row]:
        return [{**WORLD[feed][self.row], **row} for row in self.before]

    def hits(self) -> list[int]:
        return list(self.hit if self.hit is not None else (self.row,))


def column_plant(edit: Edit, column: Column) -> Plant:
    """A value that breaks a column edit, of row 0."""
    value = {
        "REQUIRED": "",
        "TYPE": "n/a",
        "LENGTH": "q" * ((column.type.length or 0) + 1),
        "CODE": "?",
    }[edit.id.rsplit("-", 1)[1]]
    return Plant({column.source_name: value})


def _of(feed: str, row: int, **change: str) -> Row:
    return {**WORLD[feed][row], **change}


_UNKNOWN_STUDENT = Plant({"student_id": "A999"})
_NAMES = tuple({"student_id": f"A{n:03d}", "last_name": "Other"} for n in (1, 2, 3))
_PASSED = tuple(
    {"student_id": f"A{n:03d}", "section_id": "10003", "earned_credit": "0"}
    for n in range(1, 6)
)

PLANTS: dict[str, Plant] = {
    "TRM-Q01": Plant({"start_date": "2024-05-11"}),
    "TRM-Q02": Plant({"end_date": "2025-02-12", "term_type": "OPEN"}),
    "TRM-W01": Plant(
        add=({"term_code": "X", "start_date": "2024-04-01", "end_date": "2024-06-01"},),
        hit=(0, 4),
    ),
    "GRS-Q01": Plant({"counts_earned": "Y"}, row=1),
    "GRS-Q02": Plant({"grade_points": "1.000"}, row=2),
    "GRS-Q03": Plant({"grade_points": "5.001"}),
    "PRG-Q01": Plant({"cip_code": "51.9998"}),
    "PRG-Q02": Plant({"required_credits": "0"}),
    "PRG-W01": Plant({"required_credits": "3001"}, row=1),
    "PRG-W02": Plant({"ctid": "ce-8A0F2C54"}),
    "CRS-Q01": Plant({"credit_min": "4"}),
    "CRS-Q02": Plant({"credit_max": "300"}),
    "CRS-W01": Plant({"title": "Composition"}, before=({},)),
    "SEC-Q01": Plant({"term_code": "209999"}),
    "SEC-Q02": Plant({"start_date": "2026-05-10"}),
    "SEC-W01": Plant({"end_date": "2026-06-08"}),
    "SAT-Q01": Plant({"section_id": "99999"}),
    "SAT-Q02": Plant({"hip_code": ""}),
    "SAT-W01": Plant(practice_ends={"SVL": "2026-01-06"}),
    "PER-Q01": Plant({"birth_date": "2016-09-02"}),
    "PER-Q02": Plant({"birth_date": "1901-01-01", "birth_date_quality": "YEAR"}),
    "PER-W01": Plant({"last_name": "zzTest"}),
    "PER-W02": Plant(
        {"email_personal": "Office@home.example"},
        add=tuple(
            {"student_id": n, "email_college": "office@home.example"}
            for n in ("A011", "A012", "A013")
        ),
        hit=(0, 4, 5, 6),
    ),
    "NAM-Q01": _UNKNOWN_STUDENT,
    "NAM-Q02": Plant({"effective_from": ""}),
    "PID-Q01": Plant({"id_value": "078051120"}),
    "PID-Q02": Plant({"id_value": "912931234"}, row=2),
    "PID-Q03": Plant({"id_value": "991234567"}),
    "PID-W01": Plant(
        {"id_value": "212345678"},
        row=1,
        others={"person": [_of("person", at, birth_date="") for at in range(4)]},
        hit=(0, 1),
    ),
    "PID-W02": Plant({"id_value": "212345678", "is_current": "N"}, row=1, hit=(0, 1)),
    "PID-Q04": _UNKNOWN_STUDENT,
    "MRG-Q01": Plant({"from_student_id": "A002"}),
    "MRG-Q02": Plant(
        {"to_student_id": "A902"},
        add=({"from_student_id": "A902", "to_student_id": "A901"},),
        hit=(0, 2),
    ),
    "MRG-W01": Plant({"from_student_id": "A003"}, row=1),
    "MRG-Q03": Plant({"to_student_id": "A999"}),
    "DSC-Q01": _UNKNOWN_STUDENT,
    "PEN-Q01": Plant({"program_code": "AS-NEW"}),
    "PEN-Q02": Plant({"end_term": "202410"}, row=0),
    "PEN-W01": Plant(
        add=tuple(
            {"program_code": code, "start_term": "202680"}
            for code in ("CER-WLD", "CER-OLD", "AS-NEW")
        ),
        hit=(0, 2, 3, 4),
    ),
    "PEN-Q03": _UNKNOWN_STUDENT,
    "TEN-Q01": Plant({"earned": "3.001"}),
    "TEN-Q02": Plant({"term_gpa": "3.994"}),
    "TEN-W01": Plant({"attempted": "3.011"}),
    "TEN-Q03": Plant(
        {"student_id": "A999"},
        others={
            "course_result": [
                *WORLD["course_result"],
                _of("course_result", 0, student_id="A999"),
            ]
        },
    ),
    "TEN-Q04": Plant(
        {"term_code": "209999"},
        others={
            "course_result": [
                *WORLD["course_result"],
                _of("course_result", 0, term_code="209999"),
            ]
        },
    ),
    "CRR-Q01": _UNKNOWN_STUDENT,
    "CRR-Q02": Plant(
        {"grade_local": "P", "term_code": "202410", "section_id": "HIST-9"}
    ),
    "CRR-Q03": Plant({"earned_credit": "3.001"}),
    "CRR-Q04": Plant({"earned_credit": "3"}, row=2),
    "CRR-Q05": Plant({"clock_hours_attended": "475.21"}, row=3),
    "CRR-Q06": Plant(before=({"grade_seq": "2"},)),
    "CRR-W01": Plant(
        {"grade_posted_on": "2025-05-16"},
        row=2,
        before=({"grade_local": "W"},),
    ),
    "CRR-W02": Plant({"section_id": "99999"}),
    "CRR-W03": Plant({"quality_points": "12.051"}),
    "CRR-Q07": Plant({"earned_credit": ""}),
    "CRR-Q08": Plant({"grade_local": ""}),
    "CRR-Q09": Plant({"grade_posted_on": ""}),
    "TRC-Q01": Plant({"decision": "PENDING"}),
    "TRC-Q02": Plant({"applied_credit": "3.001"}),
    "TRC-Q03": Plant({"source_credit": "2.9"}),
    "TRC-W01": Plant({"source_code": "000001"}),
    "TRC-W02": Plant({"source_code": "100760"}),
    "TRC-Q04": Plant({"source_code_type": ""}),
    "TRC-Q05": Plant({"source_code": ""}),
    "TRC-Q06": Plant({"equiv_subject": ""}),
    "TRC-Q07": Plant({"equiv_number": ""}),
    "TRC-Q08": _UNKNOWN_STUDENT,
    "AWD-Q01": Plant(
        {"student_id": "A999"},
        others={
            "noncredit_completion": [_of("noncredit_completion", 0, student_id="A999")]
        },
    ),
    "AWD-Q02": Plant({"program_code": "CER-GONE"}),
    "AWD-Q03": Plant({"awarded_on": "2026-09-02"}),
    "AWD-Q04": Plant({"cip_code": "48.9998"}),
    "AWD-W01": Plant({"awarded_on": "2026-01-07"}),
    "AWD-W02": Plant({"student_id": "A003"}),
    "NCC-Q01": Plant({"completed_on": ""}),
    "NCC-Q02": Plant({"contact_hours": "3000.01", "ceu": ""}),
    "NCC-Q03": Plant({"ceu": "4.401"}),
    "NCC-Q04": _UNKNOWN_STUDENT,
    "EXP-Q01": Plant({"section_id": "20001"}),
    "EXP-Q02": Plant({"hours": "8784.01"}),
    "EXP-W01": Plant({"experience_type": "SVL"}),
    "EXP-W02": Plant(practice_ends={"INT": "2026-01-31"}),
    "EXP-Q03": Plant({"term_code": ""}),
    "EXP-Q04": _UNKNOWN_STUDENT,
    "BDG-Q01": Plant({"issued_on": "2026-09-02"}),
    "BDG-Q02": Plant({"expires_on": "2026-06-01"}),
    "BDG-W01": Plant({"recipient_email": "stranger@home.example"}),
    "BDG-W02": Plant({"recipient_email": "jo@cacc.example"}),
    "BDG-Q03": _UNKNOWN_STUDENT,
    "SKL-Q01": Plant({"skill_code": "NACE-XX"}),
    "SKL-Q02": Plant({"basis_ref": "202610|10001|2"}, row=4),
    "SKL-Q03": Plant({"student_id": "A999", "basis_type": "ASSESSMENT"}),
    "EQV-Q01": Plant({"rule_version": "2", "status": "DRAFT"}),
    "EQV-Q02": Plant(
        add=(
            {"rule_version": "2", "valid_from": "2026-01-01"},
            {"rule_version": "2", "valid_from": "2026-01-01", "side": "TO"},
        ),
        hit=(0, 1, 2, 5, 6),
    ),
    "EQV-W01": Plant({"credits": "3.5"}, row=2),
    "EQV-Q03": Plant({"side": "BOTH"}),
    "EQV-Q04": Plant({"status": "OLD"}),
    "ENE-Q01": _UNKNOWN_STUDENT,
    "ENE-Q02": Plant({"enrollment_begin": "2025-05-03"}),
    "ENE-Q03": Plant({"college_code": "001007-01"}),
    "ENE-W01": Plant({"cip_1": "51.9998"}),
    "AWE-Q01": _UNKNOWN_STUDENT,
    "AWE-Q02": Plant({"awarded_on": "2026-09-02"}),
    "AWE-Q03": Plant({"college_code": "001007-00"}),
    "AWE-W01": Plant({"cip_1": "51.9998"}),
    "EMP-Q01": Plant({"ssn": "991234567"}),
    "EMP-Q02": Plant({"quarter": "5"}),
    "EMP-Q03": Plant({"wages": "-1.00"}),
    "EMP-W01": Plant({"naics": "31-33"}),
    "EMP-W02": Plant({"soc": "99-9998"}),
}

FILE_PLANTS: dict[str, Plant] = {
    "PER-F01": Plant(add=_NAMES),
    "CRR-F02": Plant(add=_PASSED, like=3),
    "TRM-F01": Plant(others={"section": [_of("section", 0, term_code="209999")] * 6}),
}
