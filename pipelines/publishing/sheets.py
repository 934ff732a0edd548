"""Credentials printed whole, by code made once for each skeleton.

A plate (``plates.py``) prints one node; a *sheet* prints a credential: from the values
in its text straight to its blocks and its JSON. It is made by printing a sample once,
by plates, with a *slot* in the place of every value, and turning what was printed into
f-strings. So it can say nothing that plates do not say, and knows no rule of its own.

What a value decides beyond itself belongs to the kind: a type, whether a number is
integral. A list of several values is sorted when it is
printed, since the slots' order is not the values'.

Belongs here: skeletons to code. Does not belong here: taking texts apart
(``skeleton.py``), proofs and records (``record_text.py``).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from pipelines.publishing import status_lists
from pipelines.publishing.nquads import Writer, double
from pipelines.publishing.plates import (
    MARK,
    NoPlateError,
    Page,
    braced,
    seen_from,
    sha256,
    sorted_lines,
)
from pipelines.publishing.pruning import Bodies, prune_in_place
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.skeleton import CUT, OPENING, SHARED, Skeleton, UnusualError
from pipelines.publishing.terms import Coercion, Scope, Table, Term

_MOST_FAMILIES: Final = 2_000
_MOST_SHEETS: Final = 500
_SLOT: Final = "urn:slot:x{}x"
_SLOTTED: Final = re.compile(r'(["<])urn:slot:x(\d+)x[">]')
_CUT_OUT: Final = re.compile(r'\{"id":"urn:cut:x(\d)x"\}|<urn:cut:x(\d)x>')
_NUMBER: Final = 990_000_000
_MOST_DIGITS: Final = 15

Sheet = Callable[..., tuple[str, tuple[str, ...], tuple[str, ...]]]
"""Values, subjects and texts of the shared nodes, how labels and IRIs are made, page.

Its blocks go on the page, its own last. It returns its JSON without the last brace, and
its own block in two, between which the line of a proof stands.
"""


@dataclass(slots=True)
class Family:
    """What is known of a skeleton, whatever stands in it.

    Attributes:
        fixed: values that belong to the kind: types.
        numbers: values that are numbers.
        name: value that is the credential's id.
        valid_from: value that is its ``validFrom``.
        ids: values that are ids of nodes which only this credential may describe.
        issuer: the shared node that is its issuer.
        scopes: where each shared node stands.
        stub: context and types, by which a record knows the meaning of its keys.
        table: of the credential.
        within: what ``proof`` means in a record, by the scope it stands in.
        sheets: by fixed values and by which numbers are integral.
    """

    fixed: tuple[int, ...]
    numbers: tuple[int, ...]
    name: int
    valid_from: int
    ids: tuple[int, ...]
    issuer: int
    scopes: tuple[Scope, ...]
    stub: dict[str, Any]
    table: Table
    within: dict[int, Term] = field(default_factory=dict)
    sheets: dict[object, Sheet] = field(default_factory=dict)


class Sheets:
    """Makes sheets on demand and keeps them; ``did`` is the issuer."""

    def __init__(self, writer: Writer, did: str) -> None:
        self._writer = writer
        self._did = did
        self._families: dict[tuple[str, ...], Family | None] = {}

    def find(self, skeleton: Skeleton) -> tuple[Family, Sheet]:
        """The sheet for a credential; makes its numbers canonical.

        Raises:
            UnusualError: it is to be written node by node.
        """
        values = skeleton.values
        try:
            family = self._families[skeleton.structure]
        except KeyError:
            family = self._family(skeleton)
        if family is None:
            raise UnusualError
        kind: list[object] = [values[position] for position in family.fixed]
        for position in family.numbers:
            values[position], integral = _number(values[position])
            kind.append(integral)
        key = tuple(kind)
        sheet = family.sheets.get(key)
        if sheet is None:
            if len(family.sheets) >= _MOST_SHEETS:
                raise UnusualError
            sheet = family.sheets[key] = _Maker(self._writer, self._did, skeleton).sheet
        return family, sheet

    def _family(self, skeleton: Skeleton) -> Family | None:
        if len(self._families) >= _MOST_FAMILIES:
            raise UnusualError
        values = list(skeleton.values)
        try:
            for position, value in enumerate(values):
                if value[0] != '"':
                    values[position], _ = _number(value)
            sample = Skeleton(skeleton.structure, values, skeleton.shared)
            made = _Maker(self._writer, self._did, sample).family
        except UnusualError:
            made = None
        self._families[skeleton.structure] = made
        return made


def _number(token: str) -> tuple[str, bool]:
    """A number as pruning leaves it in JSON, and whether it is integral."""
    if token.isdigit():
        if len(token) > _MOST_DIGITS:
            raise UnusualError
        return token, True
    try:
        value = float(token)
    except ValueError:
        raise UnusualError from None
    if len(token) > _MOST_DIGITS or (value == 0 and token[0] == "-"):
        raise UnusualError
    if value.is_integer():
        return str(int(value)), True
    if "e" in repr(value):
        raise UnusualError
    return repr(value), False


class _Recorder(Page):
    """A page that remembers how its blank nodes were hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[int, tuple[str, str]] = {}

    def name(self, label: str, incoming: str) -> None:
        self.named[len(self.blocks) - 1] = (label, incoming)
        super().name(label, incoming)


class _Maker:
    """Makes one sheet of one sample.

    Attributes:
        family: of the sample's skeleton.
        sheet: of the sample's kind.
    """

    def __init__(self, writer: Writer, did: str, sample: Skeleton) -> None:
        self._writer = writer
        self._values = sample.values
        self._count = len(sample.values)
        self._doubles: dict[str, int] = {}
        structure = sample.structure
        fixed = {
            position
            for position in range(self._count)
            if structure[position].endswith('"type"')
        }
        document = self._document(structure, fixed)
        leaves = dict(self._leaves(document, writer.terms.root))
        slots = set(range(self._count)) - fixed
        if leaves.keys() != slots:
            raise UnusualError  # a token was no value of its own
        bodies = self._complete(document, did)
        leaves = dict(self._leaves(document, writer.terms.root))
        numbers = tuple(n for n in sorted(slots) if self._values[n][0] != '"')
        scopes = self._scopes(document, len(sample.shared))
        self.family = Family(
            fixed=tuple(sorted(fixed)),
            numbers=numbers,
            name=_slot_of(document.get("id")),
            valid_from=_slot_of(document.get("validFrom")),
            ids=tuple(_slot_of(name) for name in bodies),
            issuer=_cut_of(document.get("issuer")),
            scopes=scopes,
            stub={name: document.get(name) for name in ("@context", "type")},
            table=writer.terms.table(writer.terms.root, document),
        )
        self.sheet = self._code(document, leaves)

    def _document(self, structure: tuple[str, ...], fixed: set[int]) -> dict[str, Any]:
        """The sample with slots for values and references for shared nodes."""
        parts = [structure[0]]
        for position, value in enumerate(self._values):
            if position in fixed:
                token = value
            elif value[0] == '"':
                token = f'"{_SLOT.format(position)}"'
            else:
                token = str(_NUMBER + position)
                if "." in value:
                    token += ".5"
                    self._doubles[token] = position
            parts += [":", token, structure[position + 1]]
        text = OPENING + "".join(parts)[:-1]
        cut = 0
        for key in SHARED:
            if key + CUT in text:
                text = text.replace(key + CUT, f'{key}{{"id":"urn:cut:x{cut}x"}}')
                cut += 1
        try:
            document = orjson.loads(text)
        except ValueError:
            raise UnusualError from None
        if type(document) is not dict:
            raise UnusualError
        return document

    def _complete(self, document: dict[str, Any], did: str) -> Bodies:
        """Prune the sample and enter its status as publishing does."""
        if "proof" in document or "credentialStatus" in document:
            raise UnusualError
        bodies: Bodies = {}
        try:
            prune_in_place(document, bodies)
        except UnsignableError:
            raise UnusualError from None
        status = status_lists.entry(did, 1, 1)
        for number, key in enumerate(STATUS):
            status[key] = _SLOT.format(self._count + number)
        document["credentialStatus"] = status
        return bodies

    def _leaves(
        self, node: dict[str, Any], scope: Scope
    ) -> Iterator[tuple[int, tuple[Coercion, frozenset[str]]]]:
        """Each slot with what its value becomes and the prefixes it may not have."""
        table = self._table(node, scope)
        for key, value in node.items():
            if key == "id":
                yield from self._leaf(value, Coercion.IRI, table.prefixes)
            elif key not in {"@context", "type"}:
                try:
                    term = table.terms[key]
                except UnsignableError:
                    raise UnusualError from None
                prefixes = self._writer.prefixes(term.scope)
                for item in value if type(value) is list else [value]:
                    if type(item) is dict:
                        yield from self._leaves(item, term.scope)
                    else:
                        yield from self._leaf(item, term.coercion, prefixes)

    def _leaf(
        self, value: object, coercion: Coercion, prefixes: frozenset[str]
    ) -> Iterator[tuple[int, tuple[Coercion, frozenset[str]]]]:
        if coercion not in {Coercion.LITERAL, Coercion.IRI}:
            raise UnusualError
        if type(value) is str:
            found = _SLOTTED.fullmatch(f'"{value}"')
            if found:
                yield int(found[2]), (coercion, prefixes)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            position = int(value) - _NUMBER
            if 0 <= position < self._count:
                yield position, (coercion, prefixes)

    def _scopes(self, document: dict[str, Any], count: int) -> tuple[Scope, ...]:
        found = dict(self._cuts(document, self._writer.terms.root))
        if found.keys() != set(range(count)):
            raise UnusualError
        return tuple(found[number] for number in range(count))

    def _cuts(self, node: dict[str, Any], scope: Scope) -> Iterator[tuple[int, Scope]]:
        table = self._table(node, scope)
        for key, value in node.items():
            for item in value if type(value) is list else [value]:
                if type(item) is dict:
                    below = table.terms[key].scope
                    if str(item.get("id")).startswith("urn:cut:"):
                        yield _cut_of(item), below
                    else:
                        yield from self._cuts(item, below)

    def _table(self, node: Mapping[str, Any], scope: Scope) -> Table:
        try:
            return self._writer.terms.table(scope, node)
        except UnsignableError:
            raise UnusualError from None

    def _code(
        self,
        document: dict[str, Any],
        leaves: Mapping[int, tuple[Coercion, frozenset[str]]],
    ) -> Sheet:
        page = _Recorder()
        try:
            self._writer.press.print(document, {}, page)
        except (NoPlateError, UnsignableError, TypeError, KeyError):
            raise UnusualError from None
        if page.blocks[-1][0] != page.subject:
            raise UnusualError
        self._lexical = {
            double(float(token)): position for token, position in self._doubles.items()
        }
        names: dict[str, Any] = {"sha256": sha256, "sorted_lines": sorted_lines}
        before = ["blocks, hashes = page.blocks, page.hashes"]
        for position, (coercion, prefixes) in sorted(leaves.items()):
            if coercion is Coercion.IRI:
                names[f"p{position}"] = prefixes
                before.append(f"i{position} = iri(v[{position}][1:-1], p{position})")
        before += [
            f"d{position} = double(float(v[{position}]))"
            for position in self._lexical.values()
        ]
        names["double"] = double
        after = []
        for number, (subject, parts, loose) in enumerate(page.blocks):
            # The slots' order among themselves is not that of the values.
            varied = loose or self._varies(parts)
            if number in page.named:
                label, incoming = page.named[number]
                own = label[1:-1]
                before.append(f"b{own} = label()")
                seen = self._hashed(parts, own, incoming, loose=varied)
                after.append(f"hashes[b{own}] = sha256({seen})")
                if own in page.touching:
                    after.append(f"page.touching.add(b{own})")
            if number < len(page.blocks) - 1:
                code = self._apart(parts)
            else:
                head, tail = self._around_proof(MARK.join(parts))
                after += [f"head = {self._apart(head)}", f"tail = {self._apart(tail)}"]
                code = "(*head[:-1], head[-1] + tail[0], *tail[1:])"
            block = f"({self._subject(subject)}, {code}, {varied})"
            after.append(f"blocks.append({block})")
        after.append(f"page.subject = {self._literal(page.subject)}")
        body = orjson.dumps(document).decode()[:-1]
        after.append(f"return {self._literal(body)}, head, tail")
        source = "def sheet(v, c, j, label, iri, page):\n    " + "\n    ".join(
            [*before, *after]
        )
        # Only what plates printed and quoted JSON is in it, and slots for values.
        exec(source, names)
        made: Sheet = names["sheet"]
        return made

    def _varies(self, parts: Sequence[str]) -> bool:
        """Whether several values of one property are in a block, with a slot."""
        lines: dict[str, list[str]] = {}
        for line in MARK.join(parts).split("\n")[:-1]:
            _, predicate, rest = line.split(" ", 2)
            lines.setdefault(predicate, []).append(rest)
        return any(
            len(alike) > 1 and any("urn:slot:" in one or MARK in one for one in alike)
            for alike in lines.values()
        )

    def _around_proof(self, lines: str) -> tuple[list[str], list[str]]:
        """The credential's own block before and after the line of a proof in it."""
        predicate = self.family.table.terms["proof"].predicate
        kept = lines.split("\n")[:-1]
        before = [line for line in kept if line.split(" ", 2)[1] < predicate]
        after = kept[len(before) :]
        head, tail = ("".join(f"{line}\n" for line in part) for part in (before, after))
        return head.split(MARK), tail.split(MARK)

    def _hashed(
        self, parts: Sequence[str], own: str, incoming: str, *, loose: bool
    ) -> str:
        """The expression for what ``Page.name`` hashes."""
        code = self._literal(seen_from(own, parts))
        if loose:
            code = f"sorted_lines({code})"
        if not incoming:
            return code
        leading = self._literal(f"{incoming} _:a .\n")
        return f"{code} + {leading}" if incoming[0] == "_" else f"{leading} + {code}"

    def _apart(self, parts: Sequence[str]) -> str:
        """A tuple of f-strings and labels."""
        code = [self._literal(part) for part in parts]
        code[1::2] = [f"b{label}" for label in parts[1::2]]
        return f"({', '.join(code)},)"

    def _subject(self, subject: str) -> str:
        if subject[0] == MARK:
            return f"f{f'{MARK}{{b{subject[1:-1]}}}{MARK}'!r}"
        return self._literal(subject)

    def _literal(self, text: str) -> str:
        """An f-string of ``text`` with the values in their slots."""
        text = braced(text)
        text = _SLOTTED.sub(lambda m: f"{{{_of_slot(m)}}}", text)
        for lexical, position in self._lexical.items():
            text = text.replace(f'"{lexical}"', f'"{{d{position}}}"')
        for token, position in self._doubles.items():
            text = text.replace(token, f"{{v[{position}]}}")
        text = re.sub(
            rf"\b{_NUMBER // 10_000}(\d{{4}})\b",
            lambda m: f"{{v[{int(m[1])}]}}",
            text,
        )
        text = re.sub(
            r'\{\{"id":"urn:cut:x(\d)x"\}\}|<urn:cut:x(\d)x>',
            lambda m: f"{{j[{m[1]}]}}" if m[1] else f"{{c[{m[2]}]}}",
            text,
        )
        if "urn:slot:" in text or "urn:cut:" in text or MARK in text:
            raise UnusualError
        return f"f{text!r}"


STATUS: Final = ("id", "statusListIndex", "statusListCredential")
"""What of a status entry is its own; these values follow those of the text."""


def _of_slot(match: re.Match[str]) -> str:
    return f"v[{match[2]}]" if match[1] == '"' else f"i{match[2]}"


def _slot_of(value: object) -> int:
    found = _SLOTTED.fullmatch(f'"{value}"')
    if found is None:
        raise UnusualError
    return int(found[2])


def _cut_of(node: object) -> int:
    found = _CUT_OUT.fullmatch(orjson.dumps(node).decode())
    if found is None:
        raise UnusualError
    return int(found[1])
