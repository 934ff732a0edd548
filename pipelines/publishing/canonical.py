"""RDFC-1.0 canonical form of written quads.

Belongs here: naming blank nodes. First-degree hashes (RDFC-1.0 §4.6) settle the names
when they all differ, and also when equal ones belong to nodes that touch no other
blank node: such twins can be exchanged without changing a line. Anything harder goes to
pyoxigraph. Does not belong here: making quads (``nquads.py``).
"""

import hashlib
from collections import defaultdict

import pyoxigraph

from pipelines.publishing.nquads import Quad, Quads
from pipelines.publishing.plates import NoPlateError, Page
from pipelines.publishing.reference import UnsignableError, canonicalize

_MOST_ALIKE = 1_000
_MOST_NEIGHBOURS = 2


def canonical(form: Quads | Page) -> str:
    """Sorted canonical N-Quads lines; fills ``hashes`` of quads as it goes."""
    if isinstance(form, Page):
        try:
            return form.canonical()
        except NoPlateError:
            assert form.again is not None
            return canonical(form.again())
    quads = form
    lines = set(quads.ground)
    if quads.blank:
        names = _names(quads)
        if names is None:
            return _by_pyoxigraph(quads)
        for subject, predicate, value, graph in quads.blank:
            lines.add(
                _line(
                    names.get(subject, subject),
                    predicate,
                    names.get(value, value),
                    names.get(graph, graph),
                )
            )
    return "".join(sorted(lines))


def digest(quads: Quads | Page) -> bytes:
    """SHA-256 of the canonical form: 32 bytes."""
    return hashlib.sha256(canonical(quads).encode()).digest()


def _line(subject: str, predicate: str, value: str, graph: str) -> str:
    if graph:
        return f"{subject} {predicate} {value} {graph} .\n"
    return f"{subject} {predicate} {value} .\n"


def _names(quads: Quads) -> dict[str, str] | None:
    """Canonical names by blank node; None when first-degree hashes do not settle."""
    mentions: defaultdict[str, set[Quad]] = defaultdict(set)
    hashes = quads.hashes
    for quad in quads.blank:
        subject, _, value, graph = quad
        if subject[0] == "_" and subject not in hashes:
            mentions[subject].add(quad)
        if value[0] == "_" and value not in hashes:
            mentions[value].add(quad)
        if graph and graph[0] == "_" and graph not in hashes:
            mentions[graph].add(quad)
    for node, own in mentions.items():
        hashes[node] = _first_degree(node, own)
    by_hash: defaultdict[str, list[str]] = defaultdict(list)
    for node, value in hashes.items():
        by_hash[value].append(node)
    twins = {value for value, nodes in by_hash.items() if len(nodes) > 1}
    if twins:
        alike = {node for value in twins for node in by_hash[value]}
        neighbours = _neighbours(quads, alike)
        if neighbours:
            _refuse_tangles(neighbours)
            return None
    # RDFC-1.0 §4.4.3: unique hashes are named first, then the shared ones, each in
    # code point order.
    order = sorted(by_hash.keys() - twins) + sorted(twins)
    nodes = [node for value in order for node in by_hash[value]]
    return {node: f"_:c14n{number}" for number, node in enumerate(nodes)}


def _first_degree(node: str, quads: set[Quad]) -> str:
    lines = [
        _line(
            _masked(subject, node),
            predicate,
            _masked(value, node),
            _masked(graph, node) if graph else "",
        )
        for subject, predicate, value, graph in quads
    ]
    lines.sort()
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _masked(term: str, node: str) -> str:
    if term[0] != "_":
        return term
    return "_:a" if term == node else "_:z"


def _neighbours(quads: Quads, nodes: set[str]) -> dict[str, set[str]]:
    """Blank nodes that share a quad with one of ``nodes``, by node."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for subject, _, value, graph in quads.blank:
        named = {term for term in (subject, value, graph) if term[:1] == "_"}
        if len(named) > 1:
            for node in named & nodes:
                found[node] |= named - {node}
    return found


def _refuse_tangles(neighbours: dict[str, set[str]]) -> None:
    """Refuse graphs on which RDFC-1.0 takes exponential time.

    Lists and small trees, the only such shapes in a record, stay well below.
    """
    if len(neighbours) > _MOST_ALIKE or any(
        len(around) > _MOST_NEIGHBOURS for around in neighbours.values()
    ):
        raise UnsignableError("too many nodes without an id look alike")


def _by_pyoxigraph(quads: Quads) -> str:
    text = "".join([*quads.ground, *(_line(*quad) for quad in quads.blank)])
    return canonicalize(
        list(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_QUADS))
    )
