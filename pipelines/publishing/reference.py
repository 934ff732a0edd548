"""The slow way to the canonical form: PyLD's expansion and pyoxigraph's RDFC-1.0.

Belongs here: what ``nquads.py`` and ``canonical.py`` are compared with, on every
fixture and on a sample every night, and what verifies a single credential. Does not
belong here: any table or shortcut of the fast path.
"""

from collections.abc import Mapping
from typing import Any

import pyoxigraph
from pyld import jsonld

from pipelines.publishing.contexts import ContextError, ContextLoader

_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class UnsignableError(ValueError):
    """The document says something its signature would not cover.

    The message names terms and never a value: a record holds personal data.
    """


def canonical(
    document: Mapping[str, Any],
    extra_contexts: Mapping[str, dict[str, Any]] | None = None,
) -> str:
    """RDFC-1.0 canonical N-Quads of a JSON-LD document.

    Args:
        document: JSON-LD whose contexts are pinned or in ``extra_contexts``.
        extra_contexts: further contexts by URL, for published test vectors.

    Returns:
        Sorted lines, each ended by a newline.

    Raises:
        UnsignableError: a term is undefined, an IRI is not absolute, or the document
            cannot be expanded.
    """
    loader = ContextLoader(extra_contexts)
    processor = jsonld.JsonLdProcessor(on_property_dropped=_refuse_dropped)
    try:
        graphs = processor.to_rdf(
            dict(document), {"documentLoader": loader, "base": "", "isFrame": False}
        )
    except UnsignableError:
        raise
    except (jsonld.JsonLdError, ContextError) as error:
        raise UnsignableError(_reason(error)) from None
    quads = [
        _quad(triple, graph) for graph, triples in graphs.items() for triple in triples
    ]
    return canonicalize(quads)


def canonicalize(quads: list[pyoxigraph.Quad]) -> str:
    """RDFC-1.0 of quads by pyoxigraph: sorted canonical lines as one text."""
    dataset = pyoxigraph.Dataset(quads)
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    text = pyoxigraph.serialize(dataset, format=pyoxigraph.RdfFormat.N_QUADS) or b""
    # Not splitlines(): it also breaks at U+2028, VT, FF and NEL inside literals.
    lines = text.decode().split("\n")[:-1]
    return "".join(f"{line}\n" for line in sorted(lines))


def _refuse_dropped(expanded: Any) -> None:
    raise UnsignableError(f"no pinned context defines the term {expanded!r}")


def _reason(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UnsignableError | ContextError):
            return str(cause)
        cause = cause.__cause__
    return f"JSON-LD expansion failed: {getattr(error, 'code', None) or 'invalid'}"


def _quad(triple: Mapping[str, Any], graph: str) -> pyoxigraph.Quad:
    try:
        name = pyoxigraph.DefaultGraph() if graph == "@default" else _resource(graph)
        return pyoxigraph.Quad(
            _resource(triple["subject"]["value"]),
            pyoxigraph.NamedNode(triple["predicate"]["value"]),
            _object(triple["object"]),
            name,
        )
    except ValueError:
        raise UnsignableError("an IRI or a literal is not valid RDF") from None


def _resource(value: str) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode:
    if value.startswith("_:"):
        return pyoxigraph.BlankNode(value[2:])
    return pyoxigraph.NamedNode(value)


def _object(
    term: Mapping[str, Any],
) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal:
    if term["type"] != "literal":
        return _resource(term["value"])
    if "language" in term:
        return pyoxigraph.Literal(term["value"], language=term["language"])
    datatype = term["datatype"]
    if datatype == _XSD_STRING:
        return pyoxigraph.Literal(term["value"])
    return pyoxigraph.Literal(term["value"], datatype=pyoxigraph.NamedNode(datatype))
