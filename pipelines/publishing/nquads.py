"""A document as quads, straight from its keys by the term tables.

Belongs here: values to RDF terms, and what is refused because a signature would not
cover it. Does not belong here: naming blank nodes (``canonical.py``).

Sources: JSON-LD 1.1 API §8 (object to RDF conversion) and RDF 1.2 N-Quads §3
(canonical form of terms, with the escapes of RDFC-1.0 §5).
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph

from pipelines.publishing.plates import NoPlateError, Page, Press
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.terms import Coercion, Scope, Table, Term, Terms

Quad = tuple[str, str, str, str]
"""Subject, predicate, object and graph in N-Quads spelling; graph may be empty."""

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FIRST: Final = f"<{_RDF}first>"
_REST: Final = f"<{_RDF}rest>"
_NIL: Final = f"<{_RDF}nil>"
_ESCAPED: Final = re.compile('[\x00-\x1f"\\\\\x7f]')
_ESCAPES: Final = {
    **{chr(code): f"\\u{code:04X}" for code in [*range(0x20), 0x7F]},
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}
# Most ids occur once and are of this form, so nothing is gained by remembering them.
_ALWAYS_IRI: Final = re.compile(
    "urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
).fullmatch
_STRUCTURE: Final = frozenset({"@context", "id", "type"})
_EXACT: Final = 2**53
"""Beyond this, JSON readers disagree about a number."""


@dataclass(slots=True)
class Quads:
    """The quads of one document.

    Attributes:
        subject: the node of the document.
        table: the table its keys were read by.
        ground: finished lines without blank nodes; repeats are harmless.
        blank: quads that name a blank node, each once.
        hashes: RDFC-1.0 first-degree hashes known so far, by blank node.
    """

    subject: str = ""
    table: Table | None = None
    ground: list[str] = field(default_factory=list)
    blank: list[Quad] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)


class Writer:
    """Writes documents as quads; blank nodes are numbered over its lifetime.

    Attributes:
        terms: what keys mean.
        press: prints what plates can print.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._count = 0
        self._iris: dict[str, str] = {}
        self._quads = Quads()
        self._embedded: Mapping[int, Quads | Page] = {}
        self.press = Press(terms, self)

    def write(
        self,
        document: Mapping[str, Any],
        embedded: Mapping[int, Quads | Page] | None = None,
    ) -> Quads | Page:
        """The quads of ``document``: printed by plates, else written key by key.

        Args:
            document: pruned JSON-LD: no nulls, no empty lists or objects.
            embedded: quads of nested credentials written before, by ``id()`` of the
                nested object; they are taken over when they mean the same here.

        Raises:
            UnsignableError: the signature would not cover all that it says.
        """
        if "@context" not in document:
            raise UnsignableError("the document names no context")
        try:
            page = self.press.print(document, embedded or {})
        except (NoPlateError, TypeError, KeyError):
            return self.write_by_key(document, embedded)
        page.again = functools.partial(self.write_by_key, document, embedded)
        return page

    def write_by_key(
        self,
        document: Mapping[str, Any],
        embedded: Mapping[int, Quads | Page] | None = None,
    ) -> Quads:
        """The same without plates; nested credentials that were printed, from anew."""
        self._quads = Quads()
        self._embedded = embedded or {}
        root = self.terms.root
        self._quads.table = self.terms.table(root, document)
        self._quads.subject = self._node(document, root, "")
        return self._quads

    def _node(self, node: Mapping[str, Any], scope: Scope, graph: str) -> str:
        written = self._embedded.get(id(node))
        if isinstance(written, Quads) and not graph:
            return self._take_over(node, scope, written)
        if len(node) == 1 and "id" in node:
            return self._reference(node["id"], scope)
        table = self.terms.table(scope, node)
        identifier = node.get("id")
        if identifier is not None:
            subject = self.iri(identifier, table.prefixes)
        elif node:
            subject = self._fresh()
        else:
            raise UnsignableError("an object is empty")
        if subject[0] == "<" and not graph:
            ground = self._quads.ground
            for kind in table.types:
                ground.append(f"{subject} {kind} .\n")
        else:
            for kind in table.types:
                predicate, _, iri = kind.partition(" ")
                self._quads.blank.append((subject, predicate, iri, graph))
        for key, value in node.items():
            if key not in _STRUCTURE:
                self._property(subject, key, table.terms[key], value, graph)
        return subject

    def _take_over(self, node: Mapping[str, Any], scope: Scope, written: Quads) -> str:
        table = self.terms.table(scope, node)
        if written.table is None or not self.terms.extends(table, written.table):
            raise UnsignableError("a nested context means something else in its record")
        quads = self._quads
        quads.ground += written.ground
        quads.blank += written.blank
        quads.hashes |= written.hashes
        if "proof" in node:
            term = table.terms["proof"]
            self._property(written.subject, "proof", term, node["proof"], "")
        return written.subject

    def _property(
        self, subject: str, key: str, term: Term, value: Any, graph: str
    ) -> None:
        if type(value) is list:
            if not value:
                raise UnsignableError(f"the list of {key!r} is empty")
            if term.ordered:
                self._list(subject, key, term, value, graph)
                return
            for item in value:
                self._emit(
                    subject, term.predicate, self._value(key, term, item, graph), graph
                )
        elif term.ordered:
            self._list(subject, key, term, [value], graph)
        else:
            self._emit(
                subject, term.predicate, self._value(key, term, value, graph), graph
            )

    def _list(
        self, subject: str, key: str, term: Term, values: list[Any], graph: str
    ) -> None:
        cells = [self._fresh() for _ in values]
        self._emit(subject, term.predicate, cells[0], graph)
        for cell, value, rest in zip(cells, values, [*cells[1:], _NIL], strict=True):
            self._emit(cell, _FIRST, self._value(key, term, value, graph), graph)
            self._emit(cell, _REST, rest, graph)

    def _value(self, key: str, term: Term, value: Any, graph: str) -> str:
        kind = type(value)
        if kind is dict:
            if term.graph:
                inner = self._fresh()
                self._node(value, term.scope, inner)
                return inner
            return self._node(value, term.scope, graph)
        if term.graph or term.coercion is Coercion.UNSUPPORTED:
            raise UnsignableError(f"the value of {key!r} is of a kind no record uses")
        if term.coercion is Coercion.LITERAL:
            return _literal(key, term, value, kind)
        if kind is not str:
            raise UnsignableError(f"the value of {key!r} is not an IRI")
        if term.coercion is Coercion.VOCABULARY:
            return term.vocabulary[value]
        return self.iri(value, self.prefixes(term.scope))

    def _emit(self, subject: str, predicate: str, value: str, graph: str) -> None:
        if subject[0] == "<" and value[0] != "_" and not graph:
            self._quads.ground.append(f"{subject} {predicate} {value} .\n")
        else:
            self._quads.blank.append((subject, predicate, value, graph))

    def _fresh(self) -> str:
        self._count += 1
        return f"_:b{self._count}"

    def _reference(self, identifier: Any, scope: Scope) -> str:
        return self.iri(identifier, self.prefixes(scope))

    def literal(self, key: str, term: Term, value: Any) -> str:
        """A scalar as a literal, escaped; raises UnsignableError."""
        return _literal(key, term, value, type(value))

    def needs_escape(self, text: str) -> bool:
        """Whether a literal of ``text`` is not ``text`` between quotes."""
        return _ESCAPED.search(text) is not None

    def prefixes(self, scope: Scope) -> frozenset[str]:
        """Schemes that an IRI may not have in ``scope``."""
        found = scope.prefixes
        if found is None:
            found = scope.prefixes = self.terms.prefixes(scope.reference)
        return found

    def iri(self, value: Any, prefixes: frozenset[str]) -> str:
        """``<value>``; raises UnsignableError when a reader would not keep it."""
        if type(value) is not str:
            raise UnsignableError("an id is not a string")
        if _ALWAYS_IRI(value):
            return f"<{value}>"
        known = self._iris.get(value)
        if known is None:
            try:
                known = str(pyoxigraph.NamedNode(value))
            except ValueError:
                raise UnsignableError("an id is not an absolute IRI") from None
            if len(self._iris) > 100_000:
                self._iris.clear()
            self._iris[value] = known
        if prefixes and value.partition(":")[0] in prefixes:
            raise UnsignableError("an id starts with a prefix of its context")
        return known


def _literal(key: str, term: Term, value: Any, kind: type) -> str:
    if kind is str:
        if _ESCAPED.search(value):
            value = _ESCAPED.sub(lambda match: _ESCAPES[match[0]], value)
        return f'"{value}"{term.text}'
    if kind is bool:
        return f'"{"true" if value else "false"}"{term.boolean}'
    if kind is int:
        if abs(value) > _EXACT:
            raise UnsignableError(f"the number of {key!r} is too large")
        return f'"{value}"{term.integer}'
    if kind is float:
        return _number(key, term, value)
    raise UnsignableError(f"the value of {key!r} is null or of no JSON type")


def _number(key: str, term: Term, value: float) -> str:
    if value.is_integer() and abs(value) <= _EXACT:
        return f'"{int(value)}"{term.integer}'
    if not abs(value) <= _EXACT or "e" in repr(value):
        raise UnsignableError(f"the number of {key!r} needs an exponent")
    return f'"{double(value)}"{term.double}'


def double(value: float) -> str:
    """A number as a double in canonical form (XSD 1.1 §3.3.5.2)."""
    mantissa, exponent = f"{value:1.15E}".split("E")
    # At least one digit after the point, no padding elsewhere.
    digits = mantissa.rstrip("0")
    digits = digits + "0" if digits.endswith(".") else digits
    return f"{digits}E{int(exponent)}"
