"""Documents as dbt writes them, made fit to sign.

Belongs here: dropping nulls and empties, integral numbers as integers, one body for one
id. Does not belong here: what a document says (``dbt_project/``).
"""

import re
from typing import Any, Final

from pipelines.publishing.reference import UnsignableError

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
    bodies: dict[str, dict[str, Any]] = {}
    return _object(document, bodies)


def _object(value: dict[str, Any], bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            kept[key] = _UNPORTABLE.sub("", item)
            continue
        if kind is dict:
            item = _object(item, bodies)  # noqa: PLW2901
            if item:
                kept[key] = item
        elif kind is list:
            item = _list(item, bodies)  # noqa: PLW2901
            if item:
                kept[key] = item
        elif kind is float and item.is_integer():
            kept[key] = int(item)
        elif item is not None:
            kept[key] = item
    identifier = kept.get("id")
    if (
        identifier is not None
        and len(kept) > 1
        and bodies.setdefault(identifier, kept) != kept
    ):
        raise UnsignableError(f"two bodies of type {kept.get('type')!r} share one id")
    return kept


def _list(value: list[Any], bodies: dict[str, dict[str, Any]]) -> list[Any]:
    kept: list[Any] = []
    for item in value:
        kind = type(item)
        if kind is dict:
            item = _object(item, bodies)  # noqa: PLW2901
            if item:
                kept.append(item)
        elif kind is list:
            raise UnsignableError("a list holds a list")
        elif kind is float and item.is_integer():
            kept.append(int(item))
        elif kind is str:
            kept.append(_UNPORTABLE.sub("", item))
        elif item is not None:
            kept.append(item)
    return kept
