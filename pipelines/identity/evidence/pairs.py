"""``find_pairs``: exact rules and model together, one row a pair of college students.

Belongs here: the order of the steps and the view ``pair``. Does not belong here: any of
the steps.
"""

import duckdb

from pipelines.identity.evidence.gates import judge
from pipelines.identity.evidence.policy import Policy
from pipelines.identity.evidence.rows import load
from pipelines.identity.evidence.rules import COLLEGE_SPLIT, exact_pairs
from pipelines.identity.evidence.score import score
from pipelines.identity.evidence.words import parts_sql, reasons_sql

_STUDENTS = "a_institution_code, a_student_id, b_institution_code, b_student_id"
_ALL_KEPT = 1e-9
_WORKING = (
    "near_row", "number_row", "new_row", "tonight_no", "merged_no", "everybodys",
    "number_carrier", "carrier_row", "number_pair", "involved", "scored",
    "candidate", "candidate_value", "value_judged", "fact",
)  # fmt: skip


def find_pairs(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    *,
    new: str | None = None,
    keep_all: bool = False,
) -> None:
    """Create the view ``pair`` (columns: see the package).

    Args:
        con: Has the views of ``representation.collect``. Temporary tables are made.
        policy: What was agreed.
        new: Name of a table (institution_code, student_id): only pairs with one of
            them; None compares all with all.
        keep_all: Keep pairs of any probability that a block brought up, for sweeps.
    """
    near = load(con, policy, new)
    exact_pairs(con, policy, new)
    score(con, policy, near, _ALL_KEPT if keep_all else policy.keep)
    judge(con, policy)
    if new and not near:
        _only_of(con, new)
    _merge(con, policy, keep_all=keep_all)
    for table in _WORKING:
        con.execute(f"drop table if exists {table}")


def _only_of(con: duckdb.DuckDBPyConnection, new: str) -> None:
    tonight = f"select institution_code, student_id from {new}"
    con.execute(
        f"""
        create or replace temp table judged as
        from judged
        where (a_institution_code, a_student_id) in ({tonight})
            or (b_institution_code, b_student_id) in ({tonight})
        """
    )


def _merge(con: duckdb.DuckDBPyConnection, policy: Policy, *, keep_all: bool) -> None:
    """The better verdict of rules and model; of equals the rule's.

    Parts and reasons are put into words by the view: a night asks for few of them.
    """
    con.execute(
        f"""
        create or replace temp table decided_pair as
        with ordered as (
            select
                if(in_order, a_institution_code, b_institution_code)
                    as a_institution_code,
                if(in_order, a_student_id, b_student_id) as a_student_id,
                if(in_order, b_institution_code, a_institution_code)
                    as b_institution_code,
                if(in_order, b_student_id, a_student_id) as b_student_id,
                rule_id, verdict, gate, reasons as exact_reasons
            from (
                select *, (a_institution_code, a_student_id)
                    < (b_institution_code, b_student_id) as in_order
                from exact_pair
            )
        ),
        exact as (
            from ordered
            qualify row_number() over (
                partition by {_STUDENTS}
                order by rule_id = '{COLLEGE_SPLIT.id}' desc, {_rank("verdict")},
                    rule_id
            ) = 1
        )
        select
            {_STUDENTS},
            -- What a college says of its own ids is not for a model to know better.
            exact.rule_id is not null and (
                starts_with(exact.rule_id, 'college-')
                or judged.verdict is null
                or {_rank("exact.verdict")} <= {_rank("judged.verdict")}
            ) as is_exact,
            exact.rule_id, exact.verdict as exact_verdict, exact.gate as exact_gate,
            exact.exact_reasons,
            judged.* exclude ({_STUDENTS})
        from exact
        full join judged using ({_STUDENTS})
        """
    )
    con.execute(
        """
        create or replace temp table student_digest as
        select institution_code, student_id, evidence_digest as digest
        from (
            from given_up_row
            union
            select institution_code, student_id, evidence_digest from near_row
        )
        semi join (
            select
                unnest([a_institution_code, b_institution_code]) as institution_code,
                unnest([a_student_id, b_student_id]) as student_id
            from decided_pair
            where a_digest is null
        ) using (institution_code, student_id)
        """
    )
    dropped = "" if keep_all else "where verdict <> 'no' or probability >= $keep"
    con.execute(
        f"""
        create or replace temp view pair as
        select * from (
            select
                {_STUDENTS},
                if(is_exact, 'exact', 'model') as kind,
                if(is_exact, rule_id, '{policy.model.id}') as decided_by,
                if(is_exact, null, match_weight) as weight,
                if(is_exact, 1.0, match_probability) as probability,
                if(is_exact, exact_verdict, verdict) as verdict,
                if(is_exact, exact_gate, gate) as gate,
                if(is_exact, exact_reasons, {reasons_sql()}) as reasons,
                if(is_exact, null, {parts_sql(policy.model)}) as parts,
                md5(concat_ws(
                    ' ', coalesce(a_digest, a.digest), coalesce(b_digest, b.digest),
                    if(is_exact, rule_id, '{policy.model.id}')
                )) as evidence_hash
            from decided_pair
            left join student_digest as a
                on a.institution_code = a_institution_code
                and a.student_id = a_student_id
            left join student_digest as b
                on b.institution_code = b_institution_code
                and b.student_id = b_student_id
        )
        {dropped.replace("$keep", repr(policy.keep))}
        """
    )


def _rank(verdict: str) -> str:
    return f"case {verdict} when 'link' then 0 when 'review' then 1 else 2 end"
