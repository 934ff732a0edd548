"""Whose a value is: one person's, a household's, or nobody's. Judged from the data.

Belongs here: who carries an identifier, an e-mail, a telephone or an address. Does not
belong here: what follows for a pair (``gates``).

A value that two college students carry who cannot be one person (given names or birth
dates exclude it) is not a person's own. For numbers that an office gave out only clear
contradictions count, because a slip in a name is likelier than a second holder; for
e-mails, telephones and addresses every given name that is not the same does, because
twins with like names share all three.
"""

import duckdb

from pipelines.identity.evidence.compare import COLUMNS, birth_class, given_class
from pipelines.identity.evidence.policy import Policy

KINDS = {
    "ssn": "n_ssn",
    "state_ps_id": "n_state_ps_id",
    "state_k12_id": "n_state_k12_id",
    "email": "n_email",
    "phone": "n_phone",
    "address": "n_address",
}
"""What can be shared, and the column that holds it."""

OFFICIAL = ("ssn", "state_ps_id", "state_k12_id")
"""Numbers that an office gave out."""


def cannot_be_one(*, official: bool) -> str:
    """SQL over ``given`` and ``birth`` of two rows: they are of two people.

    Two carriers are two people where that holds of every pair of their rows.

    Args:
        official: The value is a number that an office gave out.
    """
    given = (
        "given = 'different'"
        if official
        else "given not in ('equal', 'nickname', 'swapped', 'unknown')"
    )
    return f"({given} or birth in ('different', 'generation'))"


def judge_sharing(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Create ``value_judged``: ``kind``, ``value``, ``carriers`` and ``shared``.

    It has the values that a candidate agrees in, and no others.

    Args:
        con: Has ``candidate_value`` (``kind``, ``value``) and ``near_row``.
        policy: What was agreed.
    """
    con.execute(
        "create or replace temp table value_judged "
        "(kind varchar, value varchar, carriers bigint, shared boolean)"
    )
    for kind, column in KINDS.items():
        _judge(con, policy, kind, column)


def _judge(
    con: duckdb.DuckDBPyConnection, policy: Policy, kind: str, column: str
) -> None:
    given = given_class("a", "b")
    birth = birth_class("a", "b", policy.generation_years)
    never = cannot_be_one(official=kind in OFFICIAL)
    con.execute(
        f"""
        insert into value_judged
        with carrier as (
            select {column} as value, student_no, hash(n_given, n_birth) as who
            from near_row
            where {column} in (select value from candidate_value where kind = $kind)
        ),
        counted as (
            select value, count(distinct student_no) as carriers,
                count(distinct who) > 1 as varies
            from carrier group by value
        ),
        -- few: whole rows are read of no others
        doubtful as (
            select {column} as value, student_no, {", ".join(COLUMNS)}
            from near_row
            where {column} in (
                select value from counted where varies and carriers <= $most
            )
        ),
        compared as (
            select a.value, a.student_no as a_no, b.student_no as b_no,
                bool_and({never}) as cannot_be_one
            from doubtful as a
            inner join doubtful as b
                on a.value = b.value and a.student_no < b.student_no,
                lateral (select {given} as given, {birth} as birth)
            group by all
        ),
        shared as (
            select distinct value from compared where cannot_be_one
        )
        select $kind, value, carriers,
            carriers > $most or shared.value is not null
        from counted
        left join shared using (value)
        """,
        {"kind": kind, "most": policy.most_carriers},
    )
