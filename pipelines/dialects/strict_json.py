"""JSON from outside, read so that it means one thing and costs little.

Refused by name: a key twice in one object (readers disagree which counts), NaN and
Infinity, numbers beyond a double, half of a surrogate pair, more than 64 levels.

Belongs here: bytes to documents with their lines. Does not belong here: what a document
is (``credentials``). A refusal quotes no value.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.landing.package.notes import Note
from pipelines.landing.reading.unpack import FileRefusedError

MAX_BYTES = 256 << 20
MAX_DEPTH = 64
MAX_DOCUMENTS = 200_000
MAX_DOCUMENT = 2_000_000
"""Characters of one document; a record of 40 courses has 91 KB."""

_SPACE = re.compile(r"[ \t\r\n]*")
_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class JsonError(ValueError):
    """A text is not JSON of the strict kind; the message says why, without values."""


@dataclass(frozen=True)
class Located:
    """One document of a file.

    Attributes:
        line: Where it starts, 1 is the first line.
        value: The document; None when it cannot be read.
        fault: Why it cannot be read.
    """

    line: int
    value: Any
    fault: str | None = None


def strict_loads(text: str) -> Any:
    """The one value of a text.

    Raises:
        JsonError: It is not JSON, or JSON that readers understand differently.
    """
    if len(text) > MAX_DOCUMENT:
        raise JsonError(f"more than {MAX_DOCUMENT} characters")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
    except JsonError:
        raise
    except RecursionError:
        raise JsonError(f"more than {MAX_DEPTH} levels") from None
    except ValueError as error:
        # JSONDecodeError names a place and what was expected, never a value; a number
        # of thousands of digits is another ValueError.
        what = getattr(error, "msg", "a number is too long")
        raise JsonError(f"not JSON: {what}") from None
    _check(value)
    return value


def documents(content: bytes) -> list[Located]:
    """The documents of a file: an array, one object, or one a line.

    A line may also hold a compact JWS, as platforms hand them out.

    Raises:
        FileRefusedError: F08 when it is not UTF-8; F20 when it is too large or is no
            JSON as a whole.
    """
    if len(content) > MAX_BYTES:
        raise _refused("F20", f"the file is larger than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("F08", "undecodable bytes in utf-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refused("F20", "a NUL character", line)
    start = _end_of_space(text, 0)
    if start == len(text):
        return []
    if text[start] == "[":
        found = _array(text, start)
    elif _is_one_a_line(text):
        found = _lines(text)
    else:
        found = iter([_whole(text, start)])
    listed = []
    for document in found:
        listed.append(document)
        if len(listed) > MAX_DOCUMENTS:
            raise _refused("F20", f"more than {MAX_DOCUMENTS} documents")
    return listed


def _refused(edit_id: str, value: str, line: int | None = None) -> FileRefusedError:
    return FileRefusedError(Note(edit_id, "F", line=line, value=value))


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise JsonError(f"{name} is not a JSON number")


def _check(value: Any) -> None:
    """Depth, numbers and characters, without recursion."""
    stack = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, dict | list):
            if depth > MAX_DEPTH:
                raise JsonError(f"more than {MAX_DEPTH} levels")
            children = node if isinstance(node, list) else [*node, *node.values()]
            stack += [(child, depth + 1) for child in children]
        elif isinstance(node, float) and not math.isfinite(node):
            raise JsonError("a number is beyond every double")
        elif isinstance(node, str) and not node.isascii() and _is_broken(node):
            raise JsonError("half of a surrogate pair")


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _array(text: str, start: int) -> Iterator[Located]:
    """Items of an array, each with its own line."""
    decoder = json.JSONDecoder()
    at, counted, line = _end_of_space(text, start + 1), 0, 1
    if text[at : at + 1] == "]":
        return
    while True:
        line += text.count("\n", counted, at)
        counted = at
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise _refused("F20", "the array is cut off or is no JSON", line) from None
        yield _located(text[at:end], line)
        at = _end_of_space(text, end)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            raise _refused("F20", "the array is cut off or is no JSON", line)
        at = _end_of_space(text, at + 1)
    if _end_of_space(text, at + 1) != len(text):
        raise _refused("F20", "text after the end of the array")


def _is_one_a_line(text: str) -> bool:
    """Whether lines are documents of their own, and not the lines of one object."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines[0].endswith(("}", '"')) and not _COMPACT_JWS.fullmatch(lines[0]):
        return False
    return all(line.startswith(("{", '"', "ey")) for line in lines)


def _lines(text: str) -> Iterator[Located]:
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped:
            continue
        if _COMPACT_JWS.fullmatch(stripped):
            yield Located(number, stripped)
        else:
            yield _located(stripped, number)


def _whole(text: str, start: int) -> Located:
    line = text.count("\n", 0, start) + 1
    try:
        return Located(line, strict_loads(text[start:]))
    except JsonError as error:
        raise _refused("F20", str(error), line) from None


def _located(text: str, line: int) -> Located:
    try:
        return Located(line, strict_loads(text))
    except JsonError as error:
        return Located(line, None, str(error))
