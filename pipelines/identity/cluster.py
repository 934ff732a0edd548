"""Connected components over the evidence, set-based, and the guard on them.

A component that would join two student ids of one college, which neither that college
nor an earlier decision has joined, is not trusted: identifiers are shared or mistyped
more often than a college keeps two current records of one person. Its exact evidence
is set aside and its members stay as they were.
"""

import duckdb

from pipelines.identity.rules import COLLEGE_MERGE, EXISTING_LINK


def _components(con: duckdb.DuckDBPyConnection, edges: str, out: str) -> None:
    """Label every ``node`` of ``edges(a, b)`` with the least node it is joined to."""
    con.execute(
        f"create or replace temp table {out} as "
        f"select node, node as component from node"
    )
    while True:
        con.execute(
            f"""
            create or replace temp table lowered as
            with reach as (
                select {edges}.a as node, {out}.component
                from {edges} inner join {out} on {out}.node = {edges}.b
                union all
                select {edges}.b, {out}.component
                from {edges} inner join {out} on {out}.node = {edges}.a
            ),
            least as (
                select node, min(component) as component from reach group by node
            )
            select least.node, least.component
            from least inner join {out} using (node)
            where least.component < {out}.component
            """
        )
        moved = con.execute("select count(*) from lowered").fetchone()
        if not moved or not moved[0]:
            return
        # Following the label's own label halves the distance to the root each round.
        con.execute(
            f"""
            create or replace temp table {out} as
            with step as (
                select node, coalesce(lowered.component, was.component) as component
                from {out} as was left join lowered using (node)
            )
            select step.node, least(step.component, root.component) as component
            from step inner join step as root on root.node = step.component
            """
        )


def cluster(con: duckdb.DuckDBPyConnection) -> int:
    """Turn ``evidence`` into ``person_cluster``: a component a college student.

    Returns:
        How many components were set aside because they join one college's students.
    """
    con.execute(
        """
        create or replace temp table node as
        select
            institution_code,
            student_id,
            row_number() over (order by institution_code, student_id) as node
        from college_student
        """
    )
    con.execute(
        """
        create or replace temp table every_edge as
        with keyed as (
            select evidence.rule_id, evidence.key, node.node
            from evidence inner join node using (institution_code, student_id)
        )
        select
            rule_id,
            min(node) over (partition by rule_id, key) as a,
            node as b
        from keyed
        """
    )
    con.execute(
        """
        create or replace temp table decided_edge as
        select a, b
        from every_edge
        where a <> b and rule_id in ($college_merge, $existing_link)
        """,
        {"college_merge": COLLEGE_MERGE.id, "existing_link": EXISTING_LINK},
    )
    _components(con, "decided_edge", "own_component")
    con.execute(
        "create or replace temp table edge as select a, b from every_edge where a <> b"
    )
    _components(con, "edge", "joined_component")
    con.execute(
        """
        create or replace temp table doubtful as
        select joined.component
        from joined_component as joined
        inner join own_component as own using (node)
        inner join node using (node)
        group by joined.component, node.institution_code
        having count(distinct own.component) > 1
        """
    )
    con.execute(
        """
        create or replace temp table person_cluster as
        select
            node.institution_code,
            node.student_id,
            if(doubtful.component is null, joined.component, own.component) as component
        from node
        inner join joined_component as joined using (node)
        inner join own_component as own using (node)
        left join (select distinct component from doubtful) as doubtful
            on doubtful.component = joined.component
        """
    )
    found = con.execute("select count(distinct component) from doubtful").fetchone()
    return int(found[0]) if found else 0
