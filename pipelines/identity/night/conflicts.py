"""What holds in a group whose evidence breaks a rule: edge by edge, strongest first.

Belongs here: the few groups that cannot be joined whole. Does not belong here: the
rest, which is joined set-based (``graph``).

In the order: what stewards said, newest first; what colleges said; exact evidence;
scores from the highest down. An edge that would join two students whom a steward called
different, or two current students of one college, is refused and waits for a person.

Exact evidence has no degrees. Where it would join two students of one college that it
does not itself call one person, all of it in that group is refused: any choice would be
a guess. Likewise a score is refused when the same student fits another of that college
about as well.

A group of more nodes than ``MOST_NODES`` is not put together again at all: one value
that a file carries in every row makes a group of thousands, in which every pair would
be weighed against every other before the guard may speak. Only what people said of it
holds; all other evidence is refused and waits, and the night goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import duckdb
import pyarrow as pa

from pipelines.identity.night.graph import EXACT, MODEL, MUST_COLLEGE

MOST_NODES = 200
"""Learners and unlinked students of one group; eight times the students that a learner
may have (``guard.yaml``), and a second's work."""


@dataclass(frozen=True)
class Edge:
    """One reason to join two nodes.

    Attributes:
        id: Number in the table ``edge``.
        a: One node.
        b: The other.
        rank: Its class, see ``graph``.
        weight: Bits for a score, order for a steward's word, 0 otherwise.
        key: Both students, which order edges of equal strength.
    """

    id: int
    a: int
    b: int
    rank: int
    weight: float
    key: tuple[str, str, str, str]


class Group:
    """One broken component while it is put together again."""

    def __init__(
        self,
        colleges: dict[int, frozenset[str]],
        apart: Iterable[tuple[int, int]],
        margin: float,
    ) -> None:
        """Begin with every node by itself.

        Args:
            colleges: Of each node, the colleges at which it has a current student.
            apart: Pairs of nodes that a steward keeps apart.
            margin: Bits by which one score must exceed its rival.
        """
        self._root = {node: node for node in colleges}
        self._nodes = {node: [node] for node in colleges}
        self._colleges = {node: set(codes) for node, codes in colleges.items()}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for a, b in apart:
            self._apart[a].add(b)
            self._apart[b].add(a)
        self._margin = margin

    def join(self, edges: Iterable[Edge]) -> set[int]:
        """Join what may be joined.

        Returns:
            Numbers of the edges that were refused.
        """
        ordered = sorted(edges, key=lambda e: (e.rank, -e.weight, e.key))
        refused = set(self._each(ordered, _must, lambda e: self._kept_apart(e.a, e.b)))
        exact = [edge for edge in ordered if edge.rank == EXACT]
        for tier in self._hanging_together(exact):
            refused |= self._join_exact(tier)
        scored = [edge for edge in ordered if edge.rank == MODEL]
        self._rivals: dict[int, list[Edge]] = defaultdict(list)
        for edge in scored:
            self._rivals[edge.a].append(edge)
            self._rivals[edge.b].append(edge)
        links = {frozenset((edge.a, edge.b)) for edge in (*exact, *scored)}
        refused |= set(
            self._each(
                scored,
                lambda _: True,
                lambda e: self._breaks(e.a, e.b) or self._is_guess(e, links),
            )
        )
        return refused

    def clusters(self) -> dict[int, int]:
        """The group each node ended in, by one of its nodes."""
        return dict(self._root)

    def _each(
        self,
        edges: Iterable[Edge],
        wanted: Callable[[Edge], bool],
        breaks: Callable[[Edge], bool],
    ) -> Iterator[int]:
        for edge in edges:
            if not wanted(edge) or self._root[edge.a] == self._root[edge.b]:
                continue
            if breaks(edge):
                yield edge.id
            else:
                self._unite(edge.a, edge.b)

    def _unite(self, a: int, b: int) -> None:
        keep, lose = self._root[a], self._root[b]
        for node in self._nodes[lose]:
            self._root[node] = keep
        self._nodes[keep] += self._nodes.pop(lose)
        self._colleges[keep] |= self._colleges.pop(lose)

    def _kept_apart(self, a: int, b: int) -> bool:
        here, there = sorted(
            (self._root[a], self._root[b]), key=lambda root: len(self._nodes[root])
        )
        return any(
            self._root[far] == there
            for node in self._nodes[here]
            for far in self._apart.get(node, ())
        )

    def _breaks(self, a: int, b: int) -> bool:
        shared = self._colleges[self._root[a]] & self._colleges[self._root[b]]
        return bool(shared) or self._kept_apart(a, b)

    def _hanging_together(self, edges: list[Edge]) -> list[list[Edge]]:
        """Edges by the component that they make of the groups so far."""
        label = {root: root for root in self._nodes}

        def find(node: int) -> int:
            while label[node] != node:
                label[node] = label[label[node]]
                node = label[node]
            return node

        for edge in edges:
            label[find(self._root[edge.b])] = find(self._root[edge.a])
        tiers: dict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            if self._root[edge.a] != self._root[edge.b]:
                tiers[find(self._root[edge.a])].append(edge)
        return list(tiers.values())

    def _join_exact(self, tier: list[Edge]) -> set[int]:
        roots = sorted({self._root[node] for edge in tier for node in (edge.a, edge.b)})
        said = {frozenset((self._root[e.a], self._root[e.b])) for e in tier}
        broken = [pair for pair in combinations(roots, 2) if self._breaks(*pair)]
        if any(
            frozenset(pair) not in said or self._kept_apart(*pair) for pair in broken
        ):
            return {edge.id for edge in tier}
        return set(self._each(tier, lambda _: True, lambda e: self._breaks(e.a, e.b)))

    def _is_guess(self, edge: Edge, links: set[frozenset[int]]) -> bool:
        """Whether one side fits another student of the other's college as well."""
        return any(
            self._rival(edge, mine, theirs, links)
            for mine, theirs in ((edge.a, edge.b), (edge.b, edge.a))
        )

    def _rival(
        self, edge: Edge, mine: int, theirs: int, links: set[frozenset[int]]
    ) -> bool:
        for node in self._nodes[self._root[mine]]:
            for other in self._rivals[node]:
                far = other.b if other.a == node else other.a
                if (
                    other.id != edge.id
                    and abs(other.weight - edge.weight) <= self._margin
                    and self._root[far] not in (self._root[theirs], self._root[mine])
                    and frozenset((far, theirs)) not in links
                    and self._breaks(far, theirs)
                ):
                    return True
        return False


def settle_conflicts(con: duckdb.DuckDBPyConnection, margin: float) -> int:
    """Create ``refused`` (edge, is_crowd) and ``cluster`` (node, cluster) of all nodes.

    ``is_crowd``: refused because its group is too large to be looked at.

    Needs what ``graph.register_conflicts`` makes.

    Args:
        con: The connection.
        margin: Bits by which one score must exceed its rival.

    Returns:
        How many groups could not be joined whole.
    """
    refused: list[int] = []
    clusters: dict[int, int] = {}
    groups = 0
    _register_crowds(con)
    for nodes, edges, apart in _broken(con):
        group = Group(nodes, apart, margin)
        refused += group.join(edges)
        clusters |= group.clusters()
        groups += 1
    con.register(
        "settled",
        pa.table(
            {
                "node": pa.array(list(clusters), pa.int64()),
                "cluster": pa.array(list(clusters.values()), pa.int64()),
            }
        ),
    )
    con.register("not_joined", pa.table({"edge": pa.array(refused, pa.int64())}))
    con.execute(
        f"""
        create or replace table night.refused as
        select edge, false as is_crowd from not_joined
        union all
        select edge, true from night.edge
        inner join night.joined on joined.node = edge.a_node
        semi join night.crowd using (component)
        where class > {MUST_COLLEGE}
        """
    )
    con.execute(
        "create or replace table night.cluster as "
        "select node, coalesce(settled.cluster, joined.component) as cluster "
        "from night.joined left join settled using (node)"
    )
    con.unregister("settled")
    con.unregister("not_joined")
    return groups


def _register_crowds(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"""
        create or replace table night.crowd as
        select component
        from night.joined
        semi join night.conflict using (component)
        group by component
        having count(*) > {MOST_NODES}
        """
    )


_Broken = tuple[dict[int, frozenset[str]], list[Edge], list[tuple[int, int]]]


def _broken(con: duckdb.DuckDBPyConnection) -> Iterator[_Broken]:
    colleges: dict[int, dict[int, frozenset[str]]] = defaultdict(dict)
    for component, node, codes in con.execute(
        """
        select joined.component, joined.node,
            list(distinct node_student.institution_code)
                filter (node_student.is_current)
        from night.joined
        semi join night.conflict using (component)
        inner join night.node_student using (node)
        group by all
        """
    ).fetchall():
        colleges[component][node] = frozenset(codes or ())
    edges: dict[int, list[Edge]] = defaultdict(list)
    for row in con.execute(
        f"""
        select joined.component, edge, a_node, b_node, class, coalesce(weight, 0),
            a_institution_code, a_student_id, b_institution_code, b_student_id
        from night.edge
        inner join night.joined on joined.node = edge.a_node
        semi join night.conflict using (component)
        where class <= {MUST_COLLEGE}
            or joined.component not in (from night.crowd)
        """
    ).fetchall():
        number, a, b, rank, weight = row[1:6]
        edges[row[0]].append(Edge(number, a, b, rank, weight, row[6:]))
    apart: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for component, a, b in con.execute(
        """
        select one.component, a_node, b_node
        from night.apart
        inner join night.joined as one on one.node = apart.a_node
        inner join night.joined as other on other.node = apart.b_node
        where one.component = other.component
        """
    ).fetchall():
        apart[component].append((a, b))
    for component, nodes in colleges.items():
        yield nodes, edges[component], apart[component]


def _must(edge: Edge) -> bool:
    return edge.rank <= MUST_COLLEGE
