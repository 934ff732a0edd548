"""Evidence as edges between nodes, and which nodes hang together; all set-based.

Belongs here: nodes, edges, components and finding components that break a rule. Does
not belong here: what becomes of such a component (``conflicts``).

A node is a learner with all its students, for links that stand hold; or one college
student who is nobody yet.
"""

import duckdb

from pipelines.identity.log.schema import DIFFERENT, SAME

MUST_STEWARD, MUST_COLLEGE, EXACT, MODEL = range(4)
"""Classes of edges: a steward's word, a college's, an exact rule's, a score."""

COLLEGE_MERGE = "college-merge/"


def no_pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``pair`` for a night on which nothing is to be compared."""
    con.execute(
        """
        create or replace temp view pair as
        select
            null::varchar as a_institution_code, null::varchar as a_student_id,
            null::varchar as b_institution_code, null::varchar as b_student_id,
            null::varchar as kind, null::varchar as decided_by, null::double as weight,
            null::double as probability, null::varchar as verdict,
            null::varchar[] as reasons,
            null::struct(comparison varchar, level varchar, bits double)[] as parts,
            null::varchar as evidence_hash
        where false
        """
    )


def register_edges(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``student_node``, ``node_learner`` and ``edge`` from tonight's evidence.

    Needs ``pair``, ``override``, ``linked``, ``unlinked`` and ``deciding``.

    - ``student_node``: (institution_code, student_id, node) of whoever is nobody yet,
      and of all students of learners in an edge;
    - ``node_learner``: (node, learner_id) of nodes that are learners;
    - ``edge``: one row a pair to join, the pair's columns with ``edge``, ``a_node``,
      ``b_node`` and ``class``.

    A pair that a steward decided is an edge by that word or none at all; a pair of one
    learner is none; neither is a pair of which nothing is new.
    """
    con.execute(
        f"""
        create or replace table night.wanted as
        with decided as (
            select a_institution_code, a_student_id, b_institution_code, b_student_id,
                {MUST_STEWARD} as class, decided_by, seq::double as weight,
                1.0::double as score, [reason] as reasons, evidence_hash
            from override
            where verdict = '{SAME}'
        ),
        found as (
            select pair.a_institution_code, pair.a_student_id,
                pair.b_institution_code, pair.b_student_id,
                case
                    when starts_with(pair.decided_by, '{COLLEGE_MERGE}')
                    then {MUST_COLLEGE}
                    when pair.kind = 'exact' then {EXACT}
                    else {MODEL}
                end as class,
                pair.decided_by, pair.weight, pair.probability as score, pair.reasons,
                pair.evidence_hash
            from pair
            left join night.deciding as a
                on a.institution_code = pair.a_institution_code
                and a.student_id = pair.a_student_id
            left join night.deciding as b
                on b.institution_code = pair.b_institution_code
                and b.student_id = pair.b_student_id
            where pair.verdict = 'link'
              and (a.student_id is not null or b.student_id is not null)
        )
        from decided
        union all
        from found anti join override using (
            a_institution_code, a_student_id, b_institution_code, b_student_id
        )
        """
    )
    con.execute(
        """
        create or replace table night.joining as
        with seated as (
            select institution_code, student_id, learner_id from night.linked
            union all
            select institution_code, student_id, null from night.unlinked
        )
        select wanted.*, a.learner_id as a_learner_id, b.learner_id as b_learner_id
        from night.wanted
        inner join seated as a
            on a.institution_code = wanted.a_institution_code
            and a.student_id = wanted.a_student_id
        inner join seated as b
            on b.institution_code = wanted.b_institution_code
            and b.student_id = wanted.b_student_id
        where a.learner_id is distinct from b.learner_id or a.learner_id is null
        """
    )
    _register_nodes(con)
    con.execute(
        """
        create or replace table night.edge as
        select row_number() over () as edge, joining.*, a.node as a_node,
            b.node as b_node
        from night.joining
        inner join night.student_node as a
            on a.institution_code = joining.a_institution_code
            and a.student_id = joining.a_student_id
        inner join night.student_node as b
            on b.institution_code = joining.b_institution_code
            and b.student_id = joining.b_student_id
        """
    )


def _register_nodes(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        create or replace table night.node_learner as
        select row_number() over () as node, learner_id
        from (
            select a_learner_id as learner_id from night.joining
            where a_learner_id is not null
            union
            select b_learner_id from night.joining where b_learner_id is not null
        )
        """
    )
    con.execute(
        """
        create or replace table night.student_node as
        select institution_code, student_id,
            (select count(*) from night.node_learner) + row_number() over () as node
        from night.unlinked
        union all
        select linked.institution_code, linked.student_id, node_learner.node
        from night.linked
        inner join night.node_learner using (learner_id)
        """
    )


def components(con: duckdb.DuckDBPyConnection, edges: str, out: str) -> None:
    """Label every node in ``edges`` (a_node, b_node) with the least one it reaches.

    Args:
        con: The connection.
        edges: A table or a query in brackets.
        out: Name of the table to create: (node, component).
    """
    con.execute(
        f"""
        create or replace table night.both_ways as
        select a_node as near, b_node as far from {edges}
        union
        select b_node, a_node from {edges}
        """
    )
    con.execute(
        f"create or replace table {out} as "
        "select distinct near as node, near as component from night.both_ways"
    )
    while True:
        con.execute(
            f"""
            create or replace table night.lowered as
            select both_ways.near as node, min(far.component) as component
            from night.both_ways
            inner join {out} as far on far.node = both_ways.far
            inner join {out} as near on near.node = both_ways.near
            where far.component < near.component
            group by both_ways.near
            """
        )
        if not con.execute("select 1 from night.lowered limit 1").fetchall():
            return
        # Following the label's own label halves the distance to the root each round.
        con.execute(
            f"""
            create or replace table {out} as
            with step as (
                select node, coalesce(lowered.component, was.component) as component
                from {out} as was left join night.lowered using (node)
            )
            select step.node, least(step.component, root.component) as component
            from step inner join step as root on root.node = step.component
            """
        )


def register_conflicts(con: duckdb.DuckDBPyConnection) -> None:
    """Create ``joined`` and ``conflict``: components of all edges, and the broken ones.

    A component is broken that holds two students whom a steward called different, or
    two current students of one college whom neither the college nor a steward joins.
    ``apart`` gets the nodes (a_node, b_node) that a steward keeps apart, and
    ``node_student`` all students of the nodes in edges, and whether they are current.
    """
    components(con, "night.edge", "night.joined")
    components(
        con, f"(from night.edge where class <= {MUST_COLLEGE})", "night.must_joined"
    )
    con.execute(
        """
        create or replace table night.node_student as
        with seated as (
            select student_node.*
            from night.student_node
            semi join night.joined using (node)
        )
        select seated.*, coalesce(known.is_current, false) as is_current
        from seated
        left join (
            select institution_code, student_id, bool_or(is_current) as is_current
            from representation
            semi join seated using (institution_code, student_id)
            group by institution_code, student_id
        ) as known using (institution_code, student_id)
        """
    )
    con.execute(
        f"""
        create or replace table night.apart as
        select a.node as a_node, b.node as b_node
        from override
        inner join night.student_node as a
            on a.institution_code = override.a_institution_code
            and a.student_id = override.a_student_id
        inner join night.student_node as b
            on b.institution_code = override.b_institution_code
            and b.student_id = override.b_student_id
        where override.verdict = '{DIFFERENT}' and a.node <> b.node
        """
    )
    con.execute(
        """
        create or replace table night.conflict as
        select joined.component
        from night.joined
        inner join night.node_student using (node)
        left join night.must_joined using (node)
        where node_student.is_current
        group by joined.component, node_student.institution_code
        having count(distinct coalesce(must_joined.component, node)) > 1
        union
        select a.component
        from night.apart
        inner join night.joined as a on a.node = apart.a_node
        inner join night.joined as b on b.node = apart.b_node
        where a.component = b.component
        """
    )
