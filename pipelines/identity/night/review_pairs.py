"""The pairs that wait for a person, kept from night to night.

Belongs here: which pairs are open. Does not belong here: how a person sees them and
what a decision does (``review``, ``steward``).
"""

import duckdb

from pipelines.identity.log.schema import DIFFERENT, SAME
from pipelines.identity.night.conflicts import MOST_NODES
from pipelines.identity.night.places import review_file, write_table
from pipelines.settings import Home

COLUMNS = (
    "a_institution_code",
    "a_student_id",
    "b_institution_code",
    "b_student_id",
    "kind",
    "decided_by",
    "weight",
    "probability",
    "verdict",
    "reasons",
    "parts",
    "evidence_hash",
)
_PAIR = "a_institution_code, a_student_id, b_institution_code, b_student_id"
_ONE_COLLEGE = "The same college keeps both ids; only it or a steward can join them."
_REFUSED = "Joining these two would join others who must stay apart."
_CROWD = (
    f"More than {MOST_NODES} records hang together by such evidence; none of it was "
    "followed."
)
_DECIDED = "New evidence since a steward decided about these two."
_SAID_SAME = "A steward said same; joining would join others who must stay apart."


def keep_review_pairs(
    con: duckdb.DuckDBPyConnection, home: Home, *, every: bool
) -> None:
    """Write ``warehouse/identity/review_pair.parquet``.

    A pair waits when the evidence is not enough to link it, or is enough and a rule
    forbids it, and neither a link nor a steward has decided it. What a steward decided
    comes back when the evidence is no longer what it was decided on.

    Needs ``pair``, ``night.refused``, ``night.deciding``, ``night.link_now`` and the
    view ``override`` as they are after tonight's events.

    Args:
        con: The connection.
        home: The warehouse.
        every: All pairs were compared tonight; otherwise those of the students in
            ``night.deciding`` were, and the others' are those of the night before.
    """
    path = review_file(home)
    columns = ", ".join(COLUMNS)
    if every or not path.exists():
        before = f"select {columns} from pair where false"
    else:
        quoted = str(path).replace("'", "''")
        before = f"""
            select {columns} from read_parquet('{quoted}') as kept
            where not exists (
                select 1 from night.deciding where institution_code = a_institution_code
                    and student_id = a_student_id
            ) and not exists (
                select 1 from night.deciding where institution_code = b_institution_code
                    and student_id = b_student_id
            )
        """
    # Most pairs are one learner by now; what is said of a pair is put into words only
    # for the others.
    con.execute(
        f"""
        create or replace table night.waiting as
        select {_PAIR}
        from pair
        left join night.link_now as a
            on a.institution_code = a_institution_code and a.student_id = a_student_id
        left join night.link_now as b
            on b.institution_code = b_institution_code and b.student_id = b_student_id
        where verdict in ('link', 'review')
            and (a.learner_id is distinct from b.learner_id or a.learner_id is null)
        """
    )
    con.execute(
        f"""
        create or replace table night.review_pair as
        with tonight as (
            select {columns} from pair semi join night.waiting using ({_PAIR})
        ),
        student as (
            select institution_code, student_id, any_value(evidence_digest) as digest
            from representation
            semi join (
                select a_institution_code as institution_code,
                    a_student_id as student_id
                from tonight
                union
                select b_institution_code, b_student_id from tonight
            ) as named using (institution_code, student_id)
            group by institution_code, student_id
        ),
        told_apart as (
            select tonight.* replace (
                -- what is known of both, whatever rule or model looks at it
                md5(concat_ws(' ', a.digest, b.digest)) as evidence_hash
            )
            from tonight
            left join student as a
                on a.institution_code = a_institution_code
                and a.student_id = a_student_id
            left join student as b
                on b.institution_code = b_institution_code
                and b.student_id = b_student_id
        ),
        erased as (
            from night.set_apart
            anti join night.link_now using (institution_code, student_id)
        ),
        every_pair as (from told_apart union all {before}),
        seen as (
            select
                every_pair.* replace (
                    'review' as verdict,
                    case
                        when every_pair.verdict <> 'link' then every_pair.reasons
                        when crowd.edge is not null
                        then list_prepend($crowd, every_pair.reasons)
                        when a_institution_code = b_institution_code
                        then list_prepend($one_college, every_pair.reasons)
                        else list_prepend($refused, every_pair.reasons)
                    end as reasons
                ),
                told.verdict as told,
                told.evidence_hash as told_on
            from every_pair
            left join override as told using ({_PAIR})
            left join (
                from night.edge semi join (from night.refused where is_crowd)
                using (edge)
            ) as crowd using ({_PAIR})
            left join night.link_now as a
                on a.institution_code = a_institution_code
                and a.student_id = a_student_id
            left join night.link_now as b
                on b.institution_code = b_institution_code
                and b.student_id = b_student_id
            -- whoever was erased is asked about no more
            anti join erased as a_gone
                on a_gone.institution_code = a_institution_code
                and a_gone.student_id = a_student_id
            anti join erased as b_gone
                on b_gone.institution_code = b_institution_code
                and b_gone.student_id = b_student_id
            where a.learner_id is distinct from b.learner_id or a.learner_id is null
        )
        select {columns.replace("reasons", _AGAIN)}
        from seen
        where told is null
            or (told = '{SAME}')
            or (told_on is not null and told_on <> evidence_hash)
        """,
        {
            "one_college": _ONE_COLLEGE,
            "refused": _REFUSED,
            "crowd": _CROWD,
            "again": _DECIDED,
            "said_same": _SAID_SAME,
        },
    )
    write_table(con, f"from night.review_pair order by {_PAIR}", path)


_AGAIN = f"""
    case
        when told = '{DIFFERENT}' and not list_contains(reasons, $again)
        then list_prepend($again, reasons)
        when told = '{SAME}' and not list_contains(reasons, $said_same)
        then list_prepend($said_same, list_filter(reasons, lambda x: x <> $refused))
        else reasons
    end as reasons
"""
