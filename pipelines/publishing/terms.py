"""Term tables: what each key of a document means, asked of PyLD once.

A context array, a type set and a position fix what every key below it stands for. The
tables here are filled by PyLD's own context processing (property-scoped, embedded and
type-scoped contexts in the order of JSON-LD 1.1 API §5.1.2), so the writer in
``nquads.py`` needs no JSON-LD of its own.

Belongs here: contexts to tables. Does not belong here: values.
"""

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyld import jsonld
from pyld.context_resolver import ContextResolver

from pipelines.publishing.contexts import ContextError, ContextLoader
from pipelines.publishing.reference import UnsignableError

RDF_TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


class Coercion(enum.Enum):
    """What a scalar becomes under a term."""

    LITERAL = enum.auto()
    IRI = enum.auto()
    VOCABULARY = enum.auto()
    UNSUPPORTED = enum.auto()


@dataclass(slots=True)
class Term:
    """One key of one table.

    Attributes:
        predicate: ``<iri>``.
        coercion: what a scalar value becomes.
        text: suffix of a string literal, such as ``^^<…#dateTime>``; may be empty.
        boolean: suffix of a boolean.
        integer: suffix of an integral number.
        double: suffix of any other number.
        ordered: values form an RDF list.
        graph: each value stands in a graph of its own (a proof).
        scope: where nodes below this term stand.
        vocabulary: term to ``<iri>``, for values under ``@vocab``.
    """

    predicate: str
    coercion: Coercion
    text: str
    boolean: str
    integer: str
    double: str
    ordered: bool
    graph: bool
    scope: "Scope"
    vocabulary: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """What the keys of one kind of node mean.

    Attributes:
        base: PyLD's active context before the types were looked up.
        types: ``<rdf:type> <iri>`` of each type, ready to follow a subject.
        terms: every key allowed beside ``id``, ``type`` and ``@context``.
        prefixes: schemes that are prefixes here; an IRI using one would be expanded.
    """

    base: Mapping[str, Any]
    types: tuple[str, ...]
    terms: Mapping[str, Term]
    prefixes: frozenset[str]


@dataclass(slots=True)
class Scope:
    """A place where nodes stand: the active context before their own ``@context``.

    ``reference`` is the context under which ``{"id": …}`` alone is read.
    """

    active: Mapping[str, Any]
    reference: Mapping[str, Any]
    tables: dict[object, Table] = field(default_factory=dict)
    prefixes: frozenset[str] | None = None


class Terms:
    """Tables of the pinned contexts, filled on demand and kept.

    ``extra`` widens the contexts, as the published test vectors need.
    """

    def __init__(self, extra: Mapping[str, dict[str, Any]] | None = None) -> None:
        loader = ContextLoader(extra)
        self._processor = jsonld.JsonLdProcessor()
        self._options = {
            "base": "",
            "isFrame": False,
            "processingMode": "json-ld-1.1",
            "documentLoader": loader,
            "contextResolver": ContextResolver({}, loader),
        }
        initial = self._processor._get_initial_context(self._options)
        self.root = Scope(initial, initial)
        self._scopes: dict[tuple[int, int], Scope] = {}
        self._extends: dict[tuple[int, int], bool] = {}

    def table(self, scope: Scope, node: Mapping[str, Any]) -> Table:
        """The table for ``node`` standing in ``scope``.

        Raises:
            UnsignableError: a type or the context is not defined.
        """
        context, types = node.get("@context"), node.get("type")
        key = (
            tuple(context) if isinstance(context, list) else context,
            tuple(types) if isinstance(types, list) else types,
        )
        try:
            found = scope.tables.get(key)
        except TypeError:
            raise UnsignableError("a context or a type is not a string") from None
        if found is None:
            found = scope.tables[key] = self._build(scope, context, types)
        return found

    def extends(self, outer: Table, inner: Table) -> bool:
        """Whether all that ``inner`` defines means the same in ``outer``.

        True lets the quads of a nested credential, written on its own, stand in the
        graph of the record around it: terms that only ``outer`` has cannot occur in
        them.
        """
        key = (id(outer.base), id(inner.base))
        if key not in self._extends:
            ours, theirs = dict(outer.base), dict(inner.base)
            mappings, inner_mappings = ours.pop("mappings"), theirs.pop("mappings")
            ignored = {"_uuid", "inverse"}
            self._extends[key] = (
                {k: v for k, v in ours.items() if k not in ignored}
                == {k: v for k, v in theirs.items() if k not in ignored}
            ) and all(
                mappings.get(term) == meaning
                for term, meaning in inner_mappings.items()
            )
        return self._extends[key] and outer.types == inner.types

    def _build(self, scope: Scope, context: Any, types: Any) -> Table:
        head = {} if context is None else {"@context": context}
        if types is not None:
            head["type"] = types
        try:
            base = scope.active
            if context is not None:
                base = self._processor._process_context(base, context, self._options)
            active, _, typed = self._processor._prepare_nested_context(
                scope.active, head, self._options
            )
        except (jsonld.JsonLdError, ContextError) as error:
            raise UnsignableError(f"context refused: {_cause(error)}") from None
        for key, keyword in (("id", "@id"), ("type", "@type")):
            if self._iri(active, key) != keyword:
                raise UnsignableError(f"no context makes {key!r} mean {keyword!r} here")
        if active.get("@language") or active.get("@direction") or active.get("@vocab"):
            raise UnsignableError("a default language or vocabulary is in force")
        kinds = [] if types is None else types if isinstance(types, list) else [types]
        return Table(
            base=base,
            types=tuple(
                f"{RDF_TYPE} <{self._type(typed, kind)}>"
                for kind in dict.fromkeys(kinds)
            ),
            terms=_LazyTerms(self, active),
            prefixes=self.prefixes(active),
        )

    def prefixes(self, active: Mapping[str, Any]) -> frozenset[str]:
        """Terms that an IRI may not start with: PyLD would expand them."""
        return frozenset(
            term
            for term, meaning in active["mappings"].items()
            if meaning and meaning.get("_prefix")
        )

    def _type(self, active: Mapping[str, Any], kind: Any) -> str:
        if not isinstance(kind, str) or not active["mappings"].get(kind):
            raise UnsignableError(f"no pinned context defines the type {kind!r}")
        return self._iri(active, kind)

    def _iri(self, active: Mapping[str, Any], value: str) -> str:
        return self._processor._expand_iri(active, value, vocab=True)

    def term(self, active: Mapping[str, Any], key: str) -> Term:
        """What ``key`` means under ``active``.

        Raises:
            UnsignableError: it is undefined, a keyword, or of a kind that no record
                uses (language maps, JSON literals, reverse terms, indexes).
        """
        mapping = active["mappings"].get(key)
        if not mapping:
            raise UnsignableError(f"no pinned context defines the term {key!r}")
        iri = mapping["@id"]
        container = {*_listed(mapping.get("@container"))} - {"@set"}
        if (
            iri.startswith("@")
            or mapping.get("reverse")
            or mapping.get("@language")
            or mapping.get("@direction")
            or mapping.get("@nest")
            or not container <= {"@list", "@graph"}
        ):
            raise UnsignableError(f"the term {key!r} is of a kind no record uses")
        scoped = active
        if mapping.get("@context") is not None:
            scoped = self._processor._process_context(
                active, mapping["@context"], self._options, override_protected=True
            )
        datatype = mapping.get("@type")
        typed = f"^^<{datatype}>" if datatype else None
        return Term(
            predicate=f"<{iri}>",
            coercion=_coercion(datatype),
            text="" if datatype == f"{_XSD}string" else typed or "",
            boolean=typed or f"^^<{_XSD}boolean>",
            integer=typed or f"^^<{_XSD}integer>",
            double=typed or f"^^<{_XSD}double>",
            ordered="@list" in container,
            graph="@graph" in container,
            scope=self._scope(scoped, key),
            vocabulary=_Vocabulary(self, scoped) if datatype == "@vocab" else {},
        )

    def _scope(self, active: Mapping[str, Any], key: str) -> Scope:
        below = self._processor._revert_to_previous_context(active)
        mapping = active["mappings"].get(key)
        own = mapping.get("@context") if mapping else None
        if own is not None:
            below = self._processor._process_context(
                below, own, self._options, override_protected=True
            )
        # The scope keeps both contexts alive, so their ids stay their own.
        identity = (id(below), id(active))
        return self._scopes.setdefault(identity, Scope(below, active))


@functools.cache
def pinned_terms() -> Terms:
    """The tables of the pinned contexts, filled once a process."""
    return Terms()


class _LazyTerms(dict[str, Term]):
    """Terms of one active context; a first use asks PyLD."""

    def __init__(self, terms: Terms, active: Mapping[str, Any]) -> None:
        super().__init__()
        self._terms = terms
        self._active = active

    def __missing__(self, key: str) -> Term:
        found = self[key] = self._terms.term(self._active, key)
        return found


class _Vocabulary(dict[str, str]):
    """Terms as values under ``@vocab``: term to ``<iri>``."""

    def __init__(self, terms: Terms, active: Mapping[str, Any]) -> None:
        super().__init__()
        self._terms = terms
        self._active = active

    def __missing__(self, key: str) -> str:
        iri = self._terms._type(self._active, key)
        found = self[key] = f"<{iri}>"
        return found


def _coercion(datatype: str | None) -> Coercion:
    if datatype == "@id":
        return Coercion.IRI
    if datatype == "@vocab":
        return Coercion.VOCABULARY
    # PyLD rewrites every xsd:double, strings too; no pinned term has that type.
    if datatype in {"@json", "@none", f"{_XSD}double"}:
        return Coercion.UNSUPPORTED
    return Coercion.LITERAL


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _cause(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ContextError):
            return str(cause)
        cause = cause.__cause__
    return str(getattr(error, "code", None) or "invalid")
