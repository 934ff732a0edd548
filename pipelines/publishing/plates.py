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

import bisect
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from pipelines.publishing.terms import Coercion, Scope, Table, Term, Terms

MARK: Final = "\x00"
_SHARED: Final = frozenset({"issuer", "source", "achievement", "creator"})
"""Terms whose nodes many documents repeat word for word."""
_MOST_SHARED: Final = 8_192
_NAMES: Final = tuple(f"_:c14n{number}" for number in range(10_000))
_MOST_STAMPS: Final = 8_192
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


Block = tuple[str, Sequence[str], bool]
"""Subject, its lines, and whether their order hangs on the names of blank nodes.

The lines are taken apart where a blank node is named: every second part is its label.
"""


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
    hashes: dict[str, bytes] = field(default_factory=dict)
    touching: set[str] = field(default_factory=set)
    again: Callable[[], Any] | None = None

    def take(self, subject: str, lines: str, loose: bool) -> None:  # noqa: FBT001
        """Add a block of lines with labels between marks."""
        self.blocks.append((subject, lines.split(MARK), loose))

    def name(self, label: str, incoming: str) -> None:
        """Hash the blank node whose block was added last.

        ``incoming`` is the quad that leads to it, up to its object.
        """
        _, parts, loose = self.blocks[-1]
        own = label[1:-1]
        others = any(part != own for part in parts[1::2]) or incoming[:1] == "_"
        text = seen_from(own, parts)
        if loose:
            text = sorted_lines(text)
        # "<" < "_:a" < "_:z": the quad that leads here comes first or last.
        if incoming:
            leading = f"{incoming} _:a{_END}"
            text = text + leading if incoming[0] == "_" else leading + text
        self.hashes[own] = sha256(text)
        if others:
            self.touching.add(own)

    def canonical(self) -> str:
        """Sorted canonical lines.

        Raises:
            NoPlateError: first-degree hashes do not settle the names.
        """
        names = self._names()
        named = names.__getitem__
        texts: dict[str, Sequence[str]] = {}
        for subject, parts, loose in self.blocks:
            key = named(subject[1:-1]) if subject[0] == MARK else subject
            if loose:
                parts = (sorted_lines(_named(parts, names)),)  # noqa: PLW2901
            known = texts.setdefault(key, parts)
            if known is not parts and known != parts:
                merged = _named(known, names) + _named(parts, names)
                texts[key] = (_merged(merged),)
        lines: list[str] = []
        for key in sorted(texts):
            parts = texts[key]
            if len(parts) == 1:
                lines.append(parts[0])
            else:
                filled = [*parts]
                filled[1::2] = map(named, parts[1::2])
                lines += filled
        return "".join(lines)

    def _names(self) -> dict[str, str]:
        hashes = self.hashes
        label_of = {value: label for label, value in hashes.items()}
        if len(label_of) == len(hashes):
            order = [label_of[value] for value in sorted(label_of)]
        else:
            alike: defaultdict[bytes, list[str]] = defaultdict(list)
            for label, value in hashes.items():
                alike[value].append(label)
            twins = sorted(value for value, labels in alike.items() if len(labels) > 1)
            if any(label in self.touching for one in twins for label in alike[one]):
                raise NoPlateError
            unique = sorted(alike.keys() - set(twins))
            order = [label for value in (*unique, *twins) for label in alike[value]]
        if len(order) > len(_NAMES):
            raise NoPlateError
        return dict(zip(order, _NAMES, strict=False))


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
        self._stamps: dict[object, Callable[[str, str, str], Sequence[str]]] = {}
        self._embedded: Mapping[int, object] = {}

    def print(
        self,
        document: Mapping[str, Any],
        embedded: Mapping[int, object],
        page: Page | None = None,
    ) -> Page:
        """The blocks of ``document``; see ``nquads.Writer.write``.

        Args:
            document: as ``Writer.write``.
            embedded: as ``Writer.write``.
            page: an empty page to print on.

        Raises:
            UnsignableError: the signature would not cover all that it says.
            NoPlateError: a kind of node that no plate prints.
        """
        self._embedded = embedded
        page = Page() if page is None else page
        page.table = self._terms.table(self._terms.root, document)
        page.subject = self._node(document, self._terms.root, page, "", _END)
        return page

    def fresh(self) -> str:
        """A new blank node: its label between marks."""
        return f"{MARK}{self.label()}{MARK}"

    def label(self) -> str:
        """The label of a new blank node."""
        self._count += 1
        return str(self._count)

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
            if len(self._shared) > _MOST_SHARED:
                self._shared.clear()
            known = self._shared[key] = self.part(node, scope)
        subject, part = known
        self.adopt(page, part)
        return subject

    def part(self, node: Mapping[str, Any], scope: Scope) -> tuple[str, Page]:
        """Subject and blocks of a node with an id, to be adopted by several pages."""
        part = Page()
        return self._node(node, scope, part, "", _END), part

    def adopt(self, page: Page, part: Page) -> None:
        """Add the blocks of ``part`` to those of ``page``."""
        if page.hashes.keys().isdisjoint(part.hashes):
            page.blocks += part.blocks
            page.hashes |= part.hashes
            page.touching |= part.touching
            return
        # The same course twice: its nodes without an id are others each time.
        new = {label: self.label() for label in part.hashes}
        for subject, parts, loose in part.blocks:
            renamed = [*parts]
            renamed[1::2] = [new[label] for label in parts[1::2]]
            label = new.get(subject[1:-1])
            subject_now = subject if label is None else f"{MARK}{label}{MARK}"
            page.blocks.append((subject_now, renamed, loose))
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
        self.adopt(page, written)
        proofs = node.get("proof", ())
        if proofs:
            subject, parts, loose = page.blocks.pop()
            if subject != written.subject or len(proofs) > 1:
                raise NoPlateError
            graph = self.prove(subject, proofs[0], table.terms["proof"], page)
            line = f"{subject} {table.terms['proof'].predicate} {MARK}{graph}{MARK} ."
            lines = MARK.join(parts).split("\n")
            # No other line has its predicate, so no name decides where it stands.
            bisect.insort(lines, line, hi=len(lines) - 1)
            page.take(subject, "\n".join(lines), loose)
        return written.subject

    def prove(
        self, subject: str, proof: Mapping[str, Any], term: Term, page: Page
    ) -> str:
        """Print a proof of ``subject``; returns the label of the graph it stands in.

        The quad that leads to the graph is the caller's to print.

        Raises:
            NoPlateError: it is no proof of strings.
        """
        *options, (last, value) = proof.items()
        if (
            not term.graph
            or subject[0] != "<"
            or type(value) is not str
            or self._values.needs_escape(value)
        ):
            raise NoPlateError
        key = (id(term), *options)
        stamp = self._stamps.get(key)
        if stamp is None:
            if last != "proofValue" or any(type(one) is not str for _, one in options):
                raise NoPlateError
            if len(self._stamps) > _MOST_STAMPS:
                self._stamps.clear()
            stamp = self._stamps[key] = self._stamp(proof, term)
        node, graph = self.label(), self.label()
        as_node = "".join(stamp("_:a", "_:z", value))
        as_graph = "".join(stamp("_:z", "_:a", value))
        page.hashes[node] = sha256(as_node)
        page.hashes[graph] = sha256(f"{subject} {term.predicate} _:a{_END}{as_graph}")
        page.touching.add(node)
        page.touching.add(graph)
        page.blocks.append(
            (f"{MARK}{node}{MARK}", stamp(node, graph, value), False),
        )
        return graph

    def _stamp(
        self, proof: Mapping[str, Any], term: Term
    ) -> Callable[[str, str, str], Sequence[str]]:
        """The lines of proofs that differ in ``proofValue`` alone, taken apart.

        A function of the labels of the proof's node and its graph, and of the value,
        in which nothing is to be escaped.
        """
        sample, graph, value = Page(), self.label(), "\ue000"
        node = self._node(
            {**proof, "proofValue": value},
            term.scope,
            sample,
            "",
            f" {MARK}{graph}{MARK}{_END}",
        )
        if node[0] != MARK or len(sample.blocks) != 1:
            raise NoPlateError
        parts = [
            f"f{braced(part).replace(value, '{value}')!r}"
            for part in sample.blocks[0][1]
        ]
        names = {node[1:-1]: "node", graph: "graph"}
        parts[1::2] = [names[label] for label in sample.blocks[0][1][1::2]]
        made: Callable[[str, str, str], Sequence[str]] = eval(
            f"lambda node, graph, value: ({', '.join(parts)},)"
        )
        return made


def sha256(text: str) -> bytes:
    """Digest of the UTF-8 bytes of ``text``; in the order of its hexadecimal form."""
    return hashlib.sha256(text.encode()).digest()


def sorted_lines(lines: str) -> str:
    """The lines of a block in code point order.

    Equal ones stay: RDFC-1.0 §4.6 hashes a line for each quad, and quads that lead to
    different blank nodes look alike there.
    """
    # Not splitlines(): it also breaks at U+2028 and others inside literals.
    return "\n".join(["", *sorted(lines.split("\n")[:-1])])[1:] + "\n"


def seen_from(own: str, parts: Sequence[str]) -> str:
    """The lines of a block as the hash of the blank node ``own`` sees them."""
    masked = [*parts]
    masked[1::2] = ["_:a" if label == own else "_:z" for label in parts[1::2]]
    return "".join(masked)


def _named(parts: Sequence[str], names: Mapping[str, str]) -> str:
    named = [*parts]
    named[1::2] = [names[label] for label in parts[1::2]]
    return "".join(named)


def _merged(lines: str) -> str:
    return "".join([f"{line}\n" for line in sorted(set(lines.split("\n")[:-1]))])


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
        lines[kind] = f"{{s}} {braced(predicate)} {braced(iri)}{{end}}"
    for number, (key, value) in enumerate(sample.items()):
        if key in _STRUCTURE:
            continue
        term = table.terms[key]
        if term.ordered or term.graph or term.coercion is Coercion.UNSUPPORTED:
            raise NoPlateError
        v, t, got = f"v{number}", f"t{number}", f"node[{key!r}]"
        names[t] = term
        predicate = braced(term.predicate)
        line = f"{{s}} {predicate} {{{v}}}{{end}}"
        # Braces stay literal: only the names of variables are filled in.
        if type(value) is str and term.coercion is Coercion.LITERAL:
            plain.append(v)
            before.append(f"{v} = {got}")
            line = f'{{s}} {predicate} "{{{v}}}"{braced(term.text)}{{end}}'
        elif type(value) is list:
            flat = False
            names[f"p{number}"] = term.predicate
            before += [
                f"m = press.many({key!r}, {t}, {got}, page, at + p{number})",
                f"{v} = ''.join([f'{{s}} {{p{number}}} {{o}}{{end}}' for o in m])",
            ]
            before.append(f"loose = loose or len(m) > 1 and m[0][0] == {MARK!r}")
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


def braced(text: str) -> str:
    """Constant text as it stands in an f-string."""
    return text.replace("{", "{{").replace("}", "}}")
