"""What tonight's groups say of learners: the events of one night.

Belongs here: who survives a merge, whose evidence is named, the order of events. Does
not belong here: which groups there are (``graph``, ``conflicts``), whether they may
pass (``guard``).
"""

from datetime import datetime

import duckdb

FIRST_SEEN = "first-seen/1"
FIRST_SEEN_REASON = "First record of this person; nothing links it to another."


def register_events(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Create ``night.new_event``: mints, then merges, then links, in that order.

    Needs ``night.edge``, ``night.refused``, ``night.cluster`` and ``learner``. A group
    that holds learners keeps the longest-standing id, then the one with most students:
    ids minted in one night are in no order that a second warehouse would repeat. A
    student's link names the strongest evidence there is for it and whom it joins it to.

    Args:
        con: The connection.
        at: When tonight's decisions are made.
    """
    _register_groups(con)
    _register_evidence(con)
    con.execute(
        """
        create or replace table night.new_event as
        with mint as (
            select 1 as rank, 'mint' as event_type, learner_id,
                null::varchar as other_learner_id, null::varchar as institution_code,
                null::varchar as student_id, null::varchar as other_institution_code,
                null::varchar as other_student_id, $rule as decided_by,
                null::double as score, [$reason] as reasons,
                null::varchar as evidence_hash, first_student
            from night.new_learner
        ),
        merge as (
            select 2, 'merge', retired.survivor, retired.learner_id,
                best.institution_code, best.student_id,
                best.other_institution_code, best.other_student_id,
                best.decided_by, best.score, best.reasons, best.evidence_hash,
                (best.institution_code, best.student_id)
            from night.retired
            inner join night.best_of_learner as best using (node)
        ),
        link as (
            select 3, 'link', student.learner_id, null,
                student.institution_code, student.student_id,
                best.other_institution_code, best.other_student_id,
                coalesce(best.decided_by, $rule), best.score,
                coalesce(best.reasons, [$reason]), best.evidence_hash,
                (student.institution_code, student.student_id)
            from night.new_student as student
            left join night.best_of_student as best
                using (institution_code, student_id)
        ),
        every as (from mint union all from merge union all from link)
        select
            uuidv7()::varchar as event_id,
            event_type, learner_id, other_learner_id, institution_code, student_id,
            other_institution_code, other_student_id, decided_by, score, reasons,
            evidence_hash, null::varchar as undoes, $at::timestamptz as decided_at
        from every
        order by rank, first_student
        """,
        {"rule": FIRST_SEEN, "reason": FIRST_SEEN_REASON, "at": at},
    )


def _register_groups(con: duckdb.DuckDBPyConnection) -> None:
    """Which learner each group is: ``new_learner``, ``retired``, ``new_student``."""
    con.execute(
        """
        create or replace table night.retired as
        with held as (
            select cluster.cluster, node_learner.node, node_learner.learner_id
            from night.cluster
            inner join night.node_learner using (node)
        ),
        standing as (
            select held.cluster, held.node, held.learner_id,
                any_value(learner.minted_in) as minted_in,
                count(*) as students,
                min((linked.institution_code, linked.student_id)) as first_student
            from held
            inner join learner using (learner_id)
            inner join night.linked as linked using (learner_id)
            group by held.cluster, held.node, held.learner_id
        ),
        ranked as (
            select *,
                row_number() over (
                    partition by cluster
                    order by minted_in, students desc, first_student
                ) as place,
                first_value(learner_id) over (
                    partition by cluster
                    order by minted_in, students desc, first_student
                ) as survivor
            from standing
        )
        select cluster, node, learner_id, survivor, place > 1 as is_retired
        from ranked
        """
    )
    con.execute(
        """
        create or replace table night.group_learner as
        select distinct cluster, survivor as learner_id from night.retired
        """
    )
    con.execute("delete from night.retired where not is_retired")
    con.execute(
        """
        create or replace table night.seat as
        select unlinked.institution_code, unlinked.student_id,
            coalesce(cluster.cluster, student_node.node) as cluster
        from night.unlinked
        inner join night.student_node using (institution_code, student_id)
        left join night.cluster on cluster.node = student_node.node
        """
    )
    con.execute(
        """
        create or replace table night.new_learner as
        select cluster, uuidv7()::varchar as learner_id,
            min((institution_code, student_id)) as first_student
        from night.seat
        anti join night.group_learner using (cluster)
        group by cluster
        """
    )
    con.execute(
        """
        create or replace table night.new_student as
        with learner_of as (
            select cluster, learner_id from night.group_learner
            union all
            select cluster, learner_id from night.new_learner
        )
        select seat.institution_code, seat.student_id, learner_of.learner_id
        from night.seat
        inner join learner_of using (cluster)
        """
    )


def _register_evidence(con: duckdb.DuckDBPyConnection) -> None:
    """The strongest evidence of each student and node that joins a group."""
    con.execute(
        """
        create or replace table night.evidence as
        with held as (
            select edge.*
            from night.edge
            anti join night.refused using (edge)
            inner join night.cluster as a on a.node = edge.a_node
            inner join night.cluster as b on b.node = edge.b_node
            where a.cluster = b.cluster
        )
        select a_node as node, a_institution_code as institution_code,
            a_student_id as student_id, b_institution_code as other_institution_code,
            b_student_id as other_student_id, class, weight, decided_by, score, reasons,
            evidence_hash
        from held
        union all
        select b_node, b_institution_code, b_student_id, a_institution_code,
            a_student_id, class, weight, decided_by, score, reasons, evidence_hash
        from held
        """
    )
    for name, one in (
        ("best_of_student", "institution_code, student_id"),
        ("best_of_learner", "node"),
    ):
        con.execute(
            f"""
            create or replace table night.{name} as
            from night.evidence
            qualify row_number() over (
                partition by {one}
                order by class, weight desc nulls last, institution_code, student_id,
                    other_institution_code, other_student_id
            ) = 1
            """
        )
