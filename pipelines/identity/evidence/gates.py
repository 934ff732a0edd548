"""What a score alone must not do: the gates between a probability and a link.

Belongs here: the facts of a pair, the gates in order, their reasons. Does not belong
here: classes of agreement (``compare``), who carries a value (``sharing``).

Decision 008 says why each gate is there. A gate gives a verdict of its own: ``review``
where a person should look, ``no`` where there is nothing to look at (twins, a father
and his son, two people of one name).
"""

from dataclasses import dataclass

import duckdb

from pipelines.identity.evidence.compare import (
    birth_class,
    family_class,
    given_class,
    middle_class,
    suffix_differs,
)
from pipelines.identity.evidence.policy import Policy
from pipelines.identity.evidence.sharing import KINDS, judge_sharing


@dataclass(frozen=True)
class Gate:
    """One way not to be linked.

    Attributes:
        id: Stable name.
        reason: The plain words for whom it concerns.
        holds: SQL over the columns of ``fact``: the gate is shut.
        review: SQL: a person should look at what it holds back.
    """

    id: str
    reason: str
    holds: str
    review: str


_NAMES_FIT = """(given in ('equal', 'swapped')
    or given = 'nickname' and (verified > 0 or not sex_differs))"""
_EVERY_NAME = (
    "given in ('equal', 'swapped') and birth = 'equal' and middle <> 'different'"
)
# Two names that many bear (Jaylen, Jayden) can be a slip of one another only where two
# offices say so: twins are given one number by mistake, not two.
_SLIP_FITS = """given = 'close' and birth = 'equal' and (verified >= 2
    or verified = 1 and family in ('equal', 'swapped') and not both_established)"""
# One mistyped digit of one number, and everything else the same person's.
_CONTRADICTION_FITS = """contradictions = 1 and birth = 'equal'
    and middle <> 'different' and case when given = 'equal' and family = 'equal'
        then verified > 0 or own >= 2 or own > 0 and (has_address or has_school)
        else given in ('equal', 'nickname') and verified > 0 and own >= 3
    end"""
_FAMILY_FITS = "family in ('equal', 'swapped', 'close', 'part')"
# A father and his son share a name, a home, an e-mail and a telephone; where one birth
# date is unknown, only an official number tells them apart.
_DOUBTFUL_BIRTH_FITS = """case birth
    when 'unknown' then verified > 0 and family <> 'different'
    else
        (own >= 3 and verified > 0)
        or (verified > 0 or own >= 2) and family not in ('different', 'unknown')
        or own > 0 and (has_address or has_school)
            and given = 'equal' and family = 'equal' and middle <> 'different'
end"""

GATES: tuple[Gate, ...] = (
    Gate(
        "generation",
        "The birth dates are a generation apart, or one is the elder and one the "
        "younger of one name.",
        "birth = 'generation' or suffix_differs",
        "official_same > 0",
    ),
    Gate(
        "birth-date",
        "The birth dates are different.",
        "birth = 'different'",
        "official_same > 0 and given not in ('different', 'part')",
    ),
    Gate(
        "given-name",
        "The given names are different, as those of brothers, sisters and twins are.",
        f"not ({_NAMES_FIT}) and not ({_SLIP_FITS}) and not ("
        "given in ('initial', 'preferred', 'unknown') and verified > 0)",
        "official_same > 0 or (given in ('initial', 'preferred', 'unknown', 'close') "
        "and own > 0 and birth = 'equal')",
    ),
    Gate(
        "contradiction",
        "A number that one person has once is different.",
        f"contradictions > 0 and not ({_CONTRADICTION_FITS})",
        "verified > 0 or own >= 2 or (own > 0 and family <> 'different')",
    ),
    Gate(
        "doubtful-birth-date",
        "The birth dates are not quite the same, and little else is a person's own.",
        f"birth <> 'equal' and not ({_DOUBTFUL_BIRTH_FITS})",
        "verified > 0 or own >= 2 or (own > 0 and family <> 'different')",
    ),
    Gate(
        "middle-name",
        "The middle names are different, and no two official numbers are the same.",
        "middle = 'different' and verified < 2",
        "own > 0",
    ),
    Gate(
        "family-name",
        "The family names are different, and so is the sex on record.",
        "family in ('different', 'unknown') and sex_differs and verified = 0",
        "own > 0",
    ),
    Gate(
        "corroboration",
        "Nothing of a person's own agrees beside name and birth date, "
        "which two people can share.",
        f"own = 0 and not ({_EVERY_NAME} and "
        f"({_FAMILY_FITS} and together or together_new_name))",
        "given in ('equal', 'nickname') and birth = 'equal' "
        "and (family = 'equal' or has_school or has_address)",
    ),
    Gate(
        "one-college",
        "Both are students of one college, which has not said that they are one.",
        "a_institution_code = b_institution_code",
        "true",
    ),
)


def judge(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Create ``judged``: of each pair of students the best pair of representations.

    Columns: the four of the college students (the lesser first), ``rid_l``, ``rid_r``,
    ``verdict``, ``gate``, the classes, and everything of ``scored``.

    Args:
        con: Has ``scored`` and what ``rows.load`` made.
        policy: What was agreed.
    """
    _candidates(con)
    judge_sharing(con, policy)
    _facts(con, policy)
    holds = "\n".join(f"when {gate.holds} then '{gate.id}'" for gate in GATES)
    reviews = "\n".join(f"when '{gate.id}' then {gate.review}" for gate in GATES)
    con.execute(
        f"""
        create or replace temp table judged as
        with gated as (
            select fact.*, case {holds} end as gate
            from fact
        ),
        decided as (
            select *,
                case
                    when match_probability < $review and gate is null then 'no'
                    when match_probability < $link and gate is null then 'review'
                    when gate is null then 'link'
                    when match_probability >= $review
                        and coalesce(case gate {reviews} end, false) then 'review'
                    else 'no'
                end as verdict
            from gated
        )
        from decided
        qualify row_number() over (
            partition by a_institution_code, a_student_id,
                b_institution_code, b_student_id
            order by
                case verdict when 'link' then 0 when 'review' then 1 else 2 end,
                match_weight desc, rid_l, rid_r
        ) = 1
        """,
        {"review": policy.review, "link": policy.link},
    )


def _candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Both rows of every scored pair, and the values they agree in."""
    con.execute(
        """
        create or replace temp table involved as
        from near_row
        where rid in (
            select rid_l from scored union select rid_r from scored
        )
        """
    )
    con.execute(
        """
        create or replace temp table candidate as
        select
            scored.*,
            (a.institution_code, a.student_id) < (b.institution_code, b.student_id)
                as in_order
        from scored
        inner join involved as a on a.rid = scored.rid_l
        inner join involved as b on b.rid = scored.rid_r
        """
    )
    values = " union ".join(
        f"""select '{kind}' as kind, a.{column} as value
        from candidate
        inner join involved as a on a.rid = rid_l
        inner join involved as b on b.rid = rid_r
        where a.{column} = b.{column}"""
        for kind, column in KINDS.items()
    )
    con.execute(f"create or replace temp table candidate_value as {values}")


def _facts(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    joins = "\n".join(
        f"left join (from value_judged where kind = '{kind}') as {kind}_value "
        f"on a.{column} = b.{column} and {kind}_value.value = a.{column}"
        for kind, column in KINDS.items()
    )
    own = ", ".join(
        f"coalesce(not {kind}_value.shared, false) as own_{kind}" for kind in KINDS
    )
    few = f"<= {policy.most_carriers}"
    person = " + ".join(f"own_{kind}::integer" for kind in policy.person)
    con.execute(
        f"""
        create or replace temp table fact as
        with compared as (
            select
                a.institution_code as a_institution_code,
                a.student_id as a_student_id,
                b.institution_code as b_institution_code,
                b.student_id as b_student_id,
                a.evidence_digest as a_digest,
                b.evidence_digest as b_digest,
                candidate.* exclude (in_order),
                {given_class("a", "b")} as given,
                {family_class("a", "b")} as family,
                {birth_class("a", "b", policy.generation_years)} as birth,
                {middle_class("a", "b")} as middle,
                {suffix_differs("a", "b")} as suffix_differs,
                coalesce(a.n_sex <> b.n_sex, false) as sex_differs,
                coalesce(first_count.students >= $established, false)
                    and coalesce(second_count.students >= $established, false)
                    as both_established,
                coalesce(a.n_ssn = b.n_ssn, false)::integer
                    + coalesce(a.n_state_ps_id = b.n_state_ps_id, false)::integer
                    + coalesce(a.n_state_k12_id = b.n_state_k12_id, false)::integer
                    as official_same,
                coalesce(a.n_ssn <> b.n_ssn, false)::integer
                    + coalesce(a.n_state_ps_id <> b.n_state_ps_id, false)::integer
                    + coalesce(a.n_state_k12_id <> b.n_state_k12_id, false)::integer
                    as contradictions,
                {own},
                coalesce(address_value.carriers {few}, false) as has_address,
                coalesce(email_value.carriers {few}, false) as has_household_email,
                coalesce(phone_value.carriers {few}, false) as has_household_phone,
                coalesce(a.n_school = b.n_school and
                    a.high_school_grad_year = b.high_school_grad_year, false)
                    as has_school,
                coalesce(a.n_zip = b.n_zip, false) as has_zip
            from candidate
            inner join involved as a on a.rid = if(in_order, rid_l, rid_r)
            inner join involved as b on b.rid = if(in_order, rid_r, rid_l)
            {joins}
            left join given_name_count as first_count
                on first_count.n_given = a.n_given
            left join given_name_count as second_count
                on second_count.n_given = b.n_given
        ),
        counted as (
            select *,
                middle = 'equal' as has_middle_name,
                {" , ".join(f"own_{kind} as has_{kind}" for kind in policy.person)},
                {person} as own,
                own_ssn::integer + own_state_ps_id::integer
                    + own_state_k12_id::integer as verified
            from compared
        )
        select *, {_any_of(policy.together)} as together,
            {_any_of(policy.together_new_name)} as together_new_name
        from counted
        """,
        {"established": policy.established_name},
    )


def _any_of(lines: tuple[tuple[str, ...], ...]) -> str:
    alternatives = (" and ".join(f"has_{word}" for word in line) for line in lines)
    return " or ".join(f"({line})" for line in alternatives) or "false"
