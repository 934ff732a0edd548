"""The exact rules: evidence that by itself says two college records are one person.

Belongs here: the rules, their reasons, the pairs they make. Does not belong here: the
model and its gates.

A rule demands, beside the same plausible number, the same fully known birth date and
given names that can be one person's: one SSN in some thousands is mistyped, a parent's
or used by two people, and those three together are what tells the holders apart. Pseudo
SSNs (Alabama's 99 + seven digits), wallets, e-mails and old ids are numbers of one
college or things that families share, and never link.
"""

from dataclasses import dataclass

import duckdb

from pipelines.identity.evidence.compare import (
    COLUMNS,
    birth_class,
    family_class,
    given_class,
    middle_class,
    suffix_differs,
)
from pipelines.identity.evidence.policy import Policy
from pipelines.identity.evidence.sharing import cannot_be_one

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
        number: How the number is called in reasons.
    """

    id: str
    reason: str
    id_types: tuple[str, ...]
    number: str = ""

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
COLLEGE_SPLIT = ExactRule(
    id="college-split/1",
    reason="The college parted these two student ids again.",
    id_types=(),
)
EXACT_RULES: tuple[ExactRule, ...] = (
    ExactRule(
        id="tax-id-and-birth-date/3",
        reason="Same Social Security or taxpayer number and same full birth date.",
        id_types=("SSN", "ITIN"),
        number="Social Security or taxpayer number",
    ),
    ExactRule(
        id="state-id-and-birth-date/3",
        reason="Same state student id and same full birth date.",
        id_types=("STATE_PS_ID", "STATE_K12_ID"),
        number="state student id",
    ),
)

_SAFE_NAMES = "('equal', 'nickname', 'swapped', 'initial', 'preferred')"
# A given name that a person took later. Twins are given one number by mistake, hardly
# two, and their middle names differ; a number of theirs contradicts.
_RENAMED = """(given = 'different' and birth = 'equal'
    and family in ('equal', 'swapped', 'part', 'close')
    and not contradicts and not sex_differs
    and (official_same = 3 and middle <> 'different'
        or official_same = 2 and middle in ('equal', 'initial')))"""


def exact_pairs(
    con: duckdb.DuckDBPyConnection, policy: Policy, new: str | None
) -> None:
    """Create ``exact_pair``: a row a rule and pair of representations it looked at.

    Columns: the four of the college students (unordered), ``rule_id``, ``verdict``,
    ``gate``, ``reasons``.

    Args:
        con: Has what ``rows.load`` made, and ``college_merge``.
        policy: What was agreed.
        new: Table of the students of whom one must be in a pair; None for all.
    """
    con.execute(
        """
        create or replace temp table exact_pair (
            a_institution_code varchar, a_student_id varchar,
            b_institution_code varchar, b_student_id varchar,
            rule_id varchar, verdict varchar, gate varchar, reasons varchar[]
        )
        """
    )
    _college_merges(con, new)
    for rule in EXACT_RULES:
        _by_number(con, policy, rule, new)


def _college_merges(con: duckdb.DuckDBPyConnection, new: str | None) -> None:
    for rule, split in ((COLLEGE_MERGE, False), (COLLEGE_SPLIT, True)):
        kinds = "('SPLIT_FROM')" if split else "('MERGED_INTO', 'ID_CHANGED')"
        about = (
            f"""and exists (
                select 1 from {new} as new_student
                where new_student.institution_code = college_merge.institution_code
                    and new_student.student_id in (from_student_id, to_student_id)
            )"""
            if new
            else ""
        )
        con.execute(
            f"""
            insert into exact_pair
            select
                institution_code, from_student_id, institution_code, to_student_id,
                $rule, $verdict, $gate, [$reason]
            from college_merge
            where kind in {kinds} {about}
            """,
            {
                "rule": rule.id,
                "verdict": "review" if split else "link",
                "gate": "college-split" if split else None,
                "reason": rule.reason,
            },
        )


def _by_number(
    con: duckdb.DuckDBPyConnection, policy: Policy, rule: ExactRule, new: str | None
) -> None:
    types = ", ".join(f"'{kind}'" for kind in rule.id_types)
    about = (
        f"""where (a_institution_code, a_student_id) in (from {new})
            or (b_institution_code, b_student_id) in (from {new})"""
        if new
        else ""
    )
    con.execute(
        f"""
        create or replace temp table number_carrier as
        select distinct student_no, number_no
        from number_row
        semi join (
            select number_no from number_row
            where id_type in ({types})
            group by number_no
            having count(distinct student_no) between 2 and $most
        ) using (number_no)
        """,
        {"most": policy.most_carriers},
    )
    con.execute(
        f"""
        create or replace temp table carrier_row as
        select number_no, student_no, institution_code, student_id, n_ssn,
            n_state_ps_id, n_state_k12_id, n_sex, {", ".join(COLUMNS)}
        from near_row
        inner join number_carrier using (student_no)
        """
    )
    con.execute(
        f"""
        create or replace temp table number_pair as
        with compared as (
            select
                a.institution_code as a_institution_code, a.student_id as a_student_id,
                b.institution_code as b_institution_code, b.student_id as b_student_id,
                a.number_no,
                {given_class("a", "b")} as given,
                {family_class("a", "b")} as family,
                {birth_class("a", "b", policy.generation_years)} as birth,
                {suffix_differs("a", "b")} as suffix_differs,
                {middle_class("a", "b")} as middle,
                coalesce(a.n_sex <> b.n_sex, false) as sex_differs,
                coalesce(a.n_ssn = b.n_ssn, false)::integer
                    + coalesce(a.n_state_ps_id = b.n_state_ps_id, false)::integer
                    + coalesce(a.n_state_k12_id = b.n_state_k12_id, false)::integer
                    as official_same,
                a.n_given as a_given, b.n_given as b_given,
                coalesce(a.n_ssn <> b.n_ssn, false)
                    or coalesce(a.n_state_ps_id <> b.n_state_ps_id, false)
                    or coalesce(a.n_state_k12_id <> b.n_state_k12_id, false)
                    as contradicts
            from carrier_row as a
            inner join carrier_row as b
                on a.number_no = b.number_no
                and (a.institution_code, a.student_id)
                    < (b.institution_code, b.student_id)
        )
        select *, given in {_SAFE_NAMES} or (
            given = 'close' and family in ('equal', 'swapped')
            and (coalesce(given_name_count.students, 0) < $established
                or coalesce(other_count.students, 0) < $established)
        ) as given_fits, {_RENAMED} as renamed
        from compared
        left join given_name_count on given_name_count.n_given = compared.a_given
        left join given_name_count as other_count
            on other_count.n_given = compared.b_given
        """,
        {"established": policy.established_name},
    )
    # A number that two people carry who cannot be one still joins rows that agree in
    # every name or in another number; anything less may be the other person's.
    con.execute(
        f"""
        insert into exact_pair
        with shared as (
            select number_no
            from (
                select number_no, a_institution_code, a_student_id, b_institution_code,
                    b_student_id,
                    bool_and({cannot_be_one(official=True)}) as two_people
                from number_pair group by all
            )
            group by number_no having bool_or(two_people)
        ),
        judged as (
            select
                number_pair.*,
                case
                    when not given_fits and not renamed then 'given-name'
                    when birth <> 'equal' then 'birth-date'
                    when suffix_differs then 'generation'
                    when middle = 'different' and official_same < 2 then 'middle-name'
                    when (shared.number_no is not null or contradicts)
                        and not (given = 'equal' and family = 'equal')
                        and not renamed
                        then if(contradicts, 'contradiction', 'shared-number')
                    when a_institution_code = b_institution_code then 'one-college'
                end as gate
            from number_pair
            left join shared using (number_no)
            {about}
        )
        select
            a_institution_code, a_student_id, b_institution_code, b_student_id,
            $rule,
            case
                when gate is null then 'link'
                when gate = 'one-college'
                    or family in ('equal', 'swapped', 'part', 'close') or given_fits
                    then 'review'
                else 'no'
            end,
            gate,
            case gate
                when 'given-name' then [$same, 'But the given names are different.']
                when 'birth-date' then [$same, 'But the birth dates are not the same.']
                when 'generation' then [$same, 'But one is the elder, one the younger.']
                when 'middle-name' then [$same, 'But the middle names are different.']
                when 'contradiction' then [$same, 'But another number is different.']
                when 'shared-number' then [$same, 'But somebody else has it too.']
                when 'one-college' then [
                    $reason, 'But both are students of one college.']
                else if(renamed, [$reason, $renamed], [$reason])
            end
        from judged
        qualify row_number() over (
            partition by a_institution_code, a_student_id,
                b_institution_code, b_student_id
            order by gate is null desc, gate = 'one-college' desc, gate
        ) = 1
        """,
        {
            "rule": rule.id,
            "reason": rule.reason,
            "same": f"Same {rule.number}.",
            "renamed": "The given names are different, but another number agrees.",
        },
    )
