"""Bytes to one JSON object, read so that it means one thing.

Belongs here: whether it can be read at all. Does not belong here: what it is.
"""

import re
from typing import Any

from pipelines.dialects.strict_json import MAX_DOCUMENT, JsonError, strict_loads
from pipelines.verification.report import Finding, failed, passed

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that are read at all; a record of 40 courses has 0.1 M."""

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_ASK = "ask its sender for the credential as a JSON file"


def parse(content: bytes) -> tuple[dict[str, Any] | None, Finding]:
    """The object of a file, None when there is none, and why."""
    if len(content) > MAX_DOCUMENT:
        return None, failed(f"{len(content):,} bytes, more than any credential", _ASK)
    if content.startswith(b"\x89PNG") or content.lstrip()[:5] in (b"<?xml", b"<svg "):
        return None, failed("it is a picture, which is not read here", _ASK)
    if _COMPACT.fullmatch(content.strip()):
        return None, failed(
            "it is a signed text (JWT), which is not checked here",
            "ask its sender for the JSON form, or use 1EdTech's public validator",
        )
    try:
        value = strict_loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None, failed("it is not text in UTF-8", _ASK)
    except JsonError as error:
        return None, failed(f"it cannot be read as JSON, {error}", _ASK)
    if not isinstance(value, dict):
        return None, failed("it is not a JSON object", _ASK)
    return value, passed("one JSON object")
