"""Documents as dbt writes them, made fit to sign.

Belongs here: dropping nulls and empties, integral numbers as integers, one body for one
id. Does not belong here: what a document says (``dbt_project/``).
"""

import re
from typing import Any, Final

import orjson

from pipelines.publishing.reference import UnsignableError

Bodies = dict[str, dict[str, Any]]
"""The nodes of a document that have an id and say more than it, by id."""

_UNPORTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters that PyLD's canonicaliser does not escape as RDFC-1.0 does:
verifiers built on it would refuse a right proof over them."""


def prune(document: dict[str, Any]) -> dict[str, Any]:
    """A copy without nulls, empty lists, empty objects and control characters.

    Tab, line feed and carriage return stay.

    Integral numbers become integers (``3``, not ``3.0``): readers in other languages
    write them so.

    Raises:
        UnsignableError: an id has two bodies; in one graph they would be mixed.
    """
    pruned: dict[str, Any] = orjson.loads(orjson.dumps(document))
    _Pruning(strip=True).object(pruned)
    return pruned


def read_pruned(text: str) -> dict[str, Any]:
    """The document of a JSON text, pruned as by ``prune()``.

    Raises:
        UnsignableError: an id has two bodies.
        ValueError: the text is not JSON.
        AttributeError: it is not an object.
    """
    document: dict[str, Any] = orjson.loads(text)
    # JSON escapes control characters, DEL excepted: without either there is none.
    _Pruning(strip="\\" in text or "\x7f" in text).object(document)
    return document


def prune_in_place(document: dict[str, Any], bodies: Bodies) -> None:
    """Prune a document that has no control characters.

    Args:
        document: changed in place.
        bodies: those of what belongs to it and was read before; its own are added.

    Raises:
        UnsignableError: an id has two bodies.
    """
    _Pruning(strip=False, bodies=bodies).object(document)


class _Pruning:
    """Prunes one document in place."""

    def __init__(self, *, strip: bool, bodies: Bodies | None = None) -> None:
        self._strip = strip
        self._bodies: Bodies = {} if bodies is None else bodies

    def object(self, value: dict[str, Any]) -> None:
        dropped: list[str] = []
        for key, item in value.items():
            kind = type(item)
            if kind is str:
                if self._strip:
                    value[key] = _UNPORTABLE.sub("", item)
            elif kind is dict or kind is list:
                self.object(item) if kind is dict else self.list(item)
                if not item:
                    dropped.append(key)
            elif kind is float:
                value[key] = int(item) if item.is_integer() else item
            elif item is None:
                dropped.append(key)
        for key in dropped:
            del value[key]
        self._hold_to_one_body(value)

    def _hold_to_one_body(self, value: dict[str, Any]) -> None:
        identifier = value.get("id")
        if (
            identifier is not None
            and len(value) > 1
            and self._bodies.setdefault(identifier, value) != value
        ):
            raise UnsignableError(
                f"two bodies of type {value.get('type')!r} share one id"
            )

    def list(self, value: list[Any]) -> None:
        empty = False
        for index, item in enumerate(value):
            kind = type(item)
            if kind is str:
                if self._strip:
                    value[index] = _UNPORTABLE.sub("", item)
            elif kind is dict:
                self.object(item)
                empty = empty or not item
            elif kind is list:
                raise UnsignableError("a list holds a list")
            elif kind is float:
                value[index] = int(item) if item.is_integer() else item
            elif item is None:
                empty = True
        if empty:
            value[:] = [item for item in value if item is not None and item != {}]
