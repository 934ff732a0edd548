"""The exact rules: evidence that by itself says two college records are one person.

Each rule yields groups: rows that share one evidence key. A rule demands an equal,
fully known birth date beside the identifier, because SSNs are shared and mistyped
(one in some thousands), and birth dates are what tells the holders apart.
Pseudo SSNs (Alabama's 99 + seven digits) are local numbers and never link.

Probabilistic linkage joins here as one more producer of ``evidence`` rows.
"""

from dataclasses import dataclass

import duckdb

NEVER_EVIDENCE = frozenset(
    {"WALLET_DID", "EMAIL", "PSEUDO_SSN", "SSN_LAST4", "SOURCE_PK", "OLD_STUDENT_ID"}
)
"""Identifiers that never link two records by an exact rule: a wallet and an address can
be another's, a family shares both, and the others are numbers of one college or parts
of a number."""


@dataclass(frozen=True)
class ExactRule:
    """One deterministic rule.

    Attributes:
        id: Stable name written to the event log as ``decided_by``.
        reason: The plain words shown to whom the link concerns.
        id_types: The identifier types that carry the evidence.
    """

    id: str
    reason: str
    id_types: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a rule that would link by what is no evidence.

        Raises:
            ValueError: One of its identifiers never links.
        """
        barred = NEVER_EVIDENCE & set(self.id_types)
        if barred:
            raise ValueError(f"{', '.join(sorted(barred))} never links two records")


COLLEGE_MERGE = ExactRule(
    id="college-merge/1",
    reason="The college recorded that it merged or renamed these two student ids.",
    id_types=(),
)
EXACT_RULES: tuple[ExactRule, ...] = (
    ExactRule(
        id="tax-id-and-birth-date/1",
        reason="Same Social Security or taxpayer number and same full birth date.",
        id_types=("SSN", "ITIN"),
    ),
    ExactRule(
        id="state-id-and-birth-date/1",
        reason="Same state student id and same full birth date.",
        id_types=("STATE_PS_ID", "STATE_K12_ID"),
    ),
)
EXISTING_LINK = "existing-link"
UNLINKED = "first-seen/1"
UNLINKED_REASON = "First record of this person; nothing links it to another."


def register_evidence(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``college_student`` and ``evidence`` from the in-force feed views.

    Needs the view ``identity_link`` (see ``events.register``) and the feed views.
    ``college_student`` has one row a (institution_code, student_id) that a college
    says exists or once existed. ``evidence`` has one row a (rule, key, student);
    rows of one rule and key are one person. Keys hold a keyed hash, never a raw
    tax number.
    """
    con.execute(
        """
        create or replace temp table college_student as
        select institution_code, student_id from person
        union
        select institution_code, from_student_id from person_merge
        union
        select institution_code, to_student_id from person_merge
        union
        select institution_code, student_id from identity_link
        """
    )
    con.execute(
        """
        create or replace temp table evidence (
            rule_id varchar, key varchar, institution_code varchar, student_id varchar
        )
        """
    )
    con.execute(
        """
        insert into evidence
        with leg as (
            select institution_code, from_student_id, to_student_id
            from person_merge
            where kind in ('MERGED_INTO', 'ID_CHANGED')
        )
        select
            $rule_id,
            concat_ws('|', institution_code, from_student_id, to_student_id),
            institution_code,
            unnest([from_student_id, to_student_id])
        from leg
        """,
        {"rule_id": COLLEGE_MERGE.id},
    )
    for rule in EXACT_RULES:
        con.execute(
            """
            insert into evidence
            select distinct
                $rule_id,
                concat_ws('|', identifier.id_type, identifier.id_value,
                          person.birth_date::varchar),
                person.institution_code,
                person.student_id
            from person_identifier as identifier
            inner join person
                on person.institution_code = identifier.institution_code
                and person.student_id = identifier.student_id
            where list_contains($id_types, identifier.id_type)
              and person.birth_date_quality = 'FULL'
              and person.birth_date is not null
            """,
            {"rule_id": rule.id, "id_types": list(rule.id_types)},
        )
    con.execute(
        """
        insert into evidence
        select $rule_id, learner_id, institution_code, student_id from identity_link
        """,
        {"rule_id": EXISTING_LINK},
    )
    con.execute(
        """
        delete from evidence
        where (rule_id, key) in (
            select (rule_id, key) from evidence
            group by rule_id, key having count(*) < 2
        )
        """
    )
