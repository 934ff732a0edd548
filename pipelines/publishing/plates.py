"""Documents printed by code made once for each kind of node.

A record repeats a few kinds of node thousands of times: each time the same keys, the
same types, other values. Walking one key by key asks the term tables the same questions
again. Here the questions are asked once, when a kind is met first, and the answers
become a function, a *plate*, whose core is one f-string. For a course's result it is::

    def plate(press, node, page, incoming, end):
        v0 = node["value"]
        s = press.fresh()
        v1 = press.one("resultDescription", t1, node["resultDescription"], page, …)
        if values.needs_escape(v0): raise NoPlateError
        page.take(s, f'{s} <…#type> <…#Result>{end}'
                     f'{s} <…#resultDescription> {v1}{end}'
                     f'{s} <…#resultValue> "{v0}"{end}', False)
        page.name(s, incoming)
        return s

The lines of one node form a *block*. Subjects end in ``>``, so sorted blocks are sorted
lines, and whole blocks are sorted instead of lines: those of a nested credential once
for its own proof, then as they are inside its record. Blank nodes stand in a block as
``NUL label NUL``, which no literal and no IRI can hold, until all hashes are known.
What many learners share (a course, a college, the issuer) is printed once and kept.

Belongs here: kinds of nodes to plates, blocks to the canonical form. Does not belong
here: what a value becomes and what is refused (``nquads.py``, which also writes every
document that no plate can: ordered lists, graphs within graphs, nodes that only
pyoxigraph can tell apart).
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from pipelines.publishing.terms import Coercion, Scope, Table, Term, Terms

_MARK: Final = "\x00"
_SHARED: Final = frozenset({"issuer", "source", "achievement", "creator"})
"""Terms whose nodes many documents repeat word for word."""
_MOST_SHARED: Final = 8_192
_STRUCTURE: Final = frozenset({"@context", "id", "type"})
_END: Final = " .\n"


class NoPlateError(Exception):
    """A document is to be written key by key."""


class Values(Protocol):
    """What a value becomes: ``nquads.Writer``."""

    def iri(self, value: Any, prefixes: frozenset[str]) -> str:
        """``<value>``, checked."""
        ...

    def prefixes(self, scope: Scope) -> frozenset[str]:
        """Schemes that no IRI may have there."""
        ...

    def literal(self, key: str, term: Term, value: Any) -> str:
        """The literal, escaped."""
        ...

    def needs_escape(self, text: str) -> bool:
        """Whether a literal of ``text`` is not ``text`` between quotes."""
        ...


Block = tuple[str, str, bool]
"""Subject, its lines, and whether their order hangs on the names of blank nodes."""


@dataclass(slots=True)
class Page:
    """The printed blocks of one document.

    Attributes:
        subject: the node of the document.
        table: the table its keys were read by.
        blocks: of all nodes; the same one twice is harmless.
        hashes: RDFC-1.0 first-degree hash of each blank node.
        touching: blank nodes that share a quad with another.
        again: writes the document key by key.
    """

    subject: str = ""
    table: Table | None = None
    blocks: list[Block] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    touching: set[str] = field(default_factory=set)
    again: Callable[[], Any] | None = None

    def take(self, *block: *Block) -> None:
        """Add a block."""
        self.blocks.append(block)

    def name(self, label: str, incoming: str) -> None:
        """Hash the blank node whose block was added last.

        ``incoming`` is the quad that leads to it, up to its object.
        """
        _, lines, loose = self.blocks[-1]
        parts = lines.split(_MARK)
        own = label[1:-1]
        others = any(part != own for part in parts[1::2]) or incoming[:1] == "_"
        parts[1::2] = ["_:a" if part == own else "_:z" for part in parts[1::2]]
        text = "".join(parts)
        if loose:
            text = _sorted(text)
        # "<" < "_:a" < "_:z": the quad that leads here comes first or last.
        if incoming:
            leading = f"{incoming} _:a{_END}"
            text = text + leading if incoming[0] == "_" else leading + text
        self.hashes[own] = hashlib.sha256(text.encode()).hexdigest()
        if others:
            self.touching.add(own)

    def canonical(self) -> str:
        """Sorted canonical lines.

        Raises:
            NoPlateError: first-degree hashes do not settle the names.
        """
        names = self._names()
        texts: dict[str, str] = {}
        for subject, text, loose in self.blocks:
            if _MARK in text:
                parts = text.split(_MARK)
                parts[1::2] = [names[part] for part in parts[1::2]]
                lines = "".join(parts)
                if loose:
                    lines = _sorted(lines)
            else:
                lines = text
            key = names[subject[1:-1]] if subject[0] == _MARK else subject
            known = texts.setdefault(key, lines)
            if known != lines:
                texts[key] = _sorted(known + lines)
        return "".join([texts[key] for key in sorted(texts)])

    def _names(self) -> dict[str, str]:
        hashes = self.hashes
        label_of = {value: label for label, value in hashes.items()}
        if len(label_of) == len(hashes):
            order = [label_of[value] for value in sorted(label_of)]
        else:
            alike: defaultdict[str, list[str]] = defaultdict(list)
            for label, value in hashes.items():
                alike[value].append(label)
            twins = sorted(value for value, labels in alike.items() if len(labels) > 1)
            if any(label in self.touching for one in twins for label in alike[one]):
                raise NoPlateError
            unique = sorted(alike.keys() - set(twins))
            order = [label for value in (*unique, *twins) for label in alike[value]]
        return {label: f"_:c14n{number}" for number, label in enumerate(order)}


Plate = Callable[["Press", Mapping[str, Any], Page, str, str], str]


class Press:
    """Prints documents; plates are made on demand and kept."""

    def __init__(self, terms: Terms, values: Values) -> None:
        self._terms = terms
        self._values = values
        self.iri = values.iri
        self._count = 0
        self._plates: dict[int, dict[object, Plate]] = {}
        self._shared: dict[tuple[int, bytes], tuple[str, Page]] = {}
        self._embedded: Mapping[int, object] = {}

    def print(
        self, document: Mapping[str, Any], embedded: Mapping[int, object]
    ) -> Page:
        """The blocks of ``document``; see ``nquads.Writer.write``.

        Raises:
            UnsignableError: the signature would not cover all that it says.
            NoPlateError: a kind of node that no plate prints.
        """
        self._embedded = embedded
        page = Page(table=self._terms.table(self._terms.root, document))
        page.subject = self._node(document, self._terms.root, page, "", _END)
        return page

    def fresh(self) -> str:
        """A new blank node."""
        self._count += 1
        return f"{_MARK}{self._count}{_MARK}"

    def one(self, key: str, term: Term, value: Any, page: Page, incoming: str) -> str:
        """A value that is no plain text, as the object of ``incoming``."""
        kind = type(value)
        if kind is dict:
            if key in _SHARED and "id" in value and len(value) > 1:
                return self._share(value, term.scope, page)
            return self._node(value, term.scope, page, incoming, _END)
        if term.coercion is Coercion.LITERAL and kind is not list:
            return self._values.literal(key, term, value)
        if kind is str and term.coercion is Coercion.IRI:
            return self.iri(value, self._values.prefixes(term.scope))
        if kind is str and term.coercion is Coercion.VOCABULARY:
            return term.vocabulary[value]
        raise NoPlateError

    def many(
        self, key: str, term: Term, values: Any, page: Page, incoming: str
    ) -> list[str]:
        """The values of a list, sorted, each once."""
        if type(values) is not list or not values:
            raise NoPlateError
        return sorted({self.one(key, term, one, page, incoming) for one in values})

    def _node(
        self,
        node: Mapping[str, Any],
        scope: Scope,
        page: Page,
        incoming: str,
        end: str,
    ) -> str:
        written = self._embedded.get(id(node))
        if written is not None:
            return self._take_over(node, scope, page, written)
        if not node:
            raise NoPlateError
        if len(node) == 1 and "id" in node:
            return self.iri(node["id"], self._values.prefixes(scope))
        plates = self._plates.get(id(scope))
        if plates is None:
            plates = self._plates[id(scope)] = {}
        types, context = node.get("type"), node.get("@context")
        key = (
            tuple(node),
            tuple(types) if type(types) is list else types,
            tuple(context) if type(context) is list else context,
        )
        plate = plates.get(key)
        if plate is None:
            table = self._terms.table(scope, node)
            plate = plates[key] = _plate(table, node, self._values)
        return plate(self, node, page, incoming, end)

    def _share(self, node: Mapping[str, Any], scope: Scope, page: Page) -> str:
        key = (id(scope), orjson.dumps(node))
        known = self._shared.get(key)
        if known is None:
            part = Page()
            known = self._node(node, scope, part, "", _END), part
            if len(self._shared) > _MOST_SHARED:
                self._shared.clear()
            self._shared[key] = known
        subject, part = known
        self._adopt(page, part)
        return subject

    def _adopt(self, page: Page, part: Page) -> None:
        if page.hashes.keys().isdisjoint(part.hashes):
            page.blocks += part.blocks
            page.hashes |= part.hashes
            page.touching |= part.touching
            return
        # The same course twice: its nodes without an id are others each time.
        new = {label: self.fresh()[1:-1] for label in part.hashes}
        for subject, text, loose in part.blocks:
            parts = text.split(_MARK)
            parts[1::2] = [new[label] for label in parts[1::2]]
            label = new.get(subject[1:-1])
            subject_now = subject if label is None else f"{_MARK}{label}{_MARK}"
            page.take(subject_now, _MARK.join(parts), loose)
        page.hashes |= {new[label]: value for label, value in part.hashes.items()}
        page.touching |= {new[label] for label in part.touching}

    def _take_over(
        self, node: Mapping[str, Any], scope: Scope, page: Page, written: object
    ) -> str:
        if not isinstance(written, Page) or written.table is None:
            raise NoPlateError
        table = self._terms.table(scope, node)
        if not self._terms.extends(table, written.table):
            raise NoPlateError
        self._adopt(page, written)
        for proof in node.get("proof", ()):
            self._proof(written.subject, proof, table.terms["proof"], page)
        return written.subject

    def _proof(
        self, subject: str, proof: Mapping[str, Any], term: Term, page: Page
    ) -> None:
        if not term.graph or subject[0] != "<" or "id" in proof:
            raise NoPlateError
        graph = self.fresh()
        self._node(proof, term.scope, page, "", f" {graph}{_END}")
        # Printed last: the proof's own lines, all of them in its graph.
        lines = page.blocks[-1][1].split(_MARK)
        own = graph[1:-1]
        lines[1::2] = ["_:a" if part == own else "_:z" for part in lines[1::2]]
        leading = f"{subject} {term.predicate} "
        text = f"{leading}_:a{_END}" + "".join(lines)
        page.hashes[own] = hashlib.sha256(text.encode()).hexdigest()
        page.touching.add(own)
        page.take(subject, f"{leading}{graph}{_END}", False)  # noqa: FBT003


def _sorted(lines: str) -> str:
    # Not splitlines(): it also breaks at U+2028 and others inside literals.
    return "\n".join(["", *sorted(set(lines.split("\n")[:-1]))])[1:] + "\n"


def _plate(table: Table, sample: Mapping[str, Any], values: Values) -> Plate:
    """A function for all nodes of the keys, types and context of ``sample``.

    Values of other JSON types than the sample's are not printed by it: joining them
    raises TypeError, and the document is written key by key.
    """
    # What the code names: only constants go into its text, and repr() quotes them.
    names: dict[str, Any] = {"values": values}
    before: list[str] = []
    lines: dict[str, str] = {}
    plain: list[str] = []
    flat = True
    for kind in table.types:
        predicate, _, iri = kind.partition(" ")
        lines[kind] = f"{{s}} {_braced(predicate)} {_braced(iri)}{{end}}"
    for number, (key, value) in enumerate(sample.items()):
        if key in _STRUCTURE:
            continue
        term = table.terms[key]
        if term.ordered or term.graph or term.coercion is Coercion.UNSUPPORTED:
            raise NoPlateError
        v, t, got = f"v{number}", f"t{number}", f"node[{key!r}]"
        names[t] = term
        predicate = _braced(term.predicate)
        line = f"{{s}} {predicate} {{{v}}}{{end}}"
        # Braces stay literal: only the names of variables are filled in.
        if type(value) is str and term.coercion is Coercion.LITERAL:
            plain.append(v)
            before.append(f"{v} = {got}")
            line = f'{{s}} {predicate} "{{{v}}}"{_braced(term.text)}{{end}}'
        elif type(value) is list:
            flat = False
            names[f"p{number}"] = term.predicate
            before += [
                f"m = press.many({key!r}, {t}, {got}, page, at + p{number})",
                f"{v} = ''.join([f'{{s}} {{p{number}}} {{o}}{{end}}' for o in m])",
            ]
            before.append(f"loose = loose or len(m) > 1 and m[0][0] == {_MARK!r}")
            line = f"{{{v}}}"
        else:
            flat = flat and type(value) is not dict
            names[f"p{number}"] = term.predicate
            before.append(f"{v} = press.one({key!r}, {t}, {got}, page, at + p{number})")
        lines[term.predicate] = lines.get(term.predicate, "") + line
    if len(lines) != len(table.types) + len(sample.keys() - _STRUCTURE):
        raise NoPlateError  # two keys of one predicate
    names["NoPlateError"] = NoPlateError
    blank = "id" not in sample
    if not blank:
        names["prefixes"] = table.prefixes
    text = "".join(lines[predicate] for predicate in sorted(lines))
    body = [
        *(() if flat else (f"if end != {_END!r}: raise NoPlateError",)),
        "s = press.fresh()" if blank else "s = press.iri(node['id'], prefixes)",
        "at = '_:z ' if s[0] == '\\x00' else s + ' '",
        "loose = False",
        *before,
        *([_check(plain)] if plain else []),
        f"page.take(s, f{text!r}, loose)",
        *(("page.name(s, incoming)",) if blank else ()),
        "return s",
    ]
    source = "def plate(press, node, page, incoming, end):\n    " + "\n    ".join(body)
    # Only terms of the pinned contexts and quoted keys are in it, never a value.
    exec(source, names)
    made: Plate = names["plate"]
    return made


def _check(plain: list[str]) -> str:
    together = f"''.join(({', '.join(plain)},))"
    return f"if values.needs_escape({together}): raise NoPlateError"


def _braced(text: str) -> str:
    """Constant text as it stands in an f-string."""
    return text.replace("{", "{{").replace("}", "}}")
