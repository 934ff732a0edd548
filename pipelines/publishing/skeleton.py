"""The text of a credential taken apart without parsing it.

dbt writes every credential of a kind with the same keys in the same order, so its text
is a skeleton that thousands share, and values between. A regular expression tells them
apart in one call, where reading JSON would make a dozen objects that other code has to
walk. What documents repeat word for word (a course, a college, the issuer) is cut out
first, known by its first letters, and read once.

Belongs here: text to skeleton, values and shared nodes. Does not belong here: what a
skeleton means (``sheets.py``).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS
from pipelines.publishing.plates import Page
from pipelines.publishing.pruning import Bodies, prune_in_place

OPENING: Final = f'{{"@context":{orjson.dumps(ACHIEVEMENT_CONTEXTS).decode()},'
"""How the text of a nested credential begins."""

CUT: Final = "~"
"""What stands in a skeleton for a shared node; no JSON has it outside a string."""

_LIST: Final = '"verifiableCredential":['
SHARED: Final = ('"achievement":', '"source":', '"issuer":')
"""Keys of shared nodes; the first may hold the others, so it is cut out first."""

_VALUE: Final = re.compile(r':("[^"\\]*"|-?[0-9][0-9.]*(?![0-9.eE]))')
_FIRST_LETTERS: Final = len('{"id":"urn:uuid:00000000-0000-0000-0000-000000000000"')
_MOST_SHARED: Final = 32_768
"""Courses of a state and their versions; 9 KB each with what is printed of them."""

_decoder: Final = json.JSONDecoder()


class UnusualError(Exception):
    """A record is to be read as JSON and written node by node."""


@dataclass(slots=True, eq=False)
class Shared:
    """A node that many credentials repeat word for word.

    Attributes:
        text: as it stands in documents.
        node: read and pruned.
        json: the pruned node as text.
        bodies: the nodes with an id in it, itself among them, by id.
        printed: subject and blocks, by the identity of the scope it stands in.
    """

    text: str
    node: dict[str, Any]
    json: str
    bodies: Bodies
    printed: dict[int, tuple[str, Page]] = field(default_factory=dict)


@dataclass(slots=True)
class Skeleton:
    """A credential taken apart.

    Attributes:
        structure: the text between values, shared nodes as ``CUT``.
        values: JSON tokens, strings with their quotes.
        shared: the nodes cut out, in the order of ``SHARED``.
    """

    structure: tuple[str, ...]
    values: list[str]
    shared: list[Shared]


class Anatomist:
    """Takes the documents of a process apart; keeps the shared nodes it has read."""

    def __init__(self) -> None:
        self._known: dict[str, Shared] = {}
        self._bodies: dict[bytes, dict[str, Any]] = {}

    def credentials(self, text: str) -> tuple[str, Iterator[Skeleton]]:
        """A record's text without its nested credentials, and each of them.

        Raises:
            UnusualError: the text is not as dbt writes it; also later, while iterating.
        """
        # Escapes are rare, and a value without any is the same in JSON and N-Quads.
        if "\\" in text or "\x7f" in text:
            raise UnusualError
        head, *pieces = text.split(OPENING)
        if not pieces or not head.endswith(_LIST):
            raise UnusualError
        try:
            _, end = _decoder.raw_decode("{" + pieces[-1])
        except ValueError:
            raise UnusualError from None
        tail = pieces[-1][end - 1 :]
        pieces[-1] = pieces[-1][: end - 1] + ","
        return head + tail, map(self._apart, pieces)

    def _apart(self, piece: str) -> Skeleton:
        if piece[-2:] != "},":
            raise UnusualError
        shared = []
        for key in SHARED:
            start = piece.find(key) + len(key)
            if start < len(key):
                continue
            known = self._known.get(piece[start : start + _FIRST_LETTERS])
            if known is None or not piece.startswith(known.text, start):
                known = self._read(piece, start)
            shared.append(known)
            piece = piece[:start] + CUT + piece[start + len(known.text) :]
        parts = _VALUE.split(piece)
        return Skeleton(tuple(parts[::2]), parts[1::2], shared)

    def _read(self, piece: str, start: int) -> Shared:
        try:
            node, end = _decoder.raw_decode(piece, start)
        except ValueError:
            raise UnusualError from None
        if type(node) is not dict or type(node.get("id")) is not str or len(node) == 1:
            raise UnusualError
        text = piece[start:end]
        # Read anew: the decoder of the standard library takes what JSON forbids (NaN).
        node = orjson.loads(text)
        bodies: Bodies = {}
        prune_in_place(node, bodies)
        for name, body in bodies.items():
            bodies[name] = self._bodies.setdefault(orjson.dumps(body), body)
        made = Shared(text, node, orjson.dumps(node).decode(), bodies)
        if len(self._known) >= _MOST_SHARED:
            self._known.clear()
            self._bodies.clear()
        self._known[text[:_FIRST_LETTERS]] = made
        return made
