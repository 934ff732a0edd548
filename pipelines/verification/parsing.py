"""Bytes to one JSON object, read so that it means one thing.

Belongs here: whether it can be read at all, as JSON or as a signed text (JWT) around
it. Does not belong here: what it is, and whether a signature holds (``jwt.py``).
"""

import re
from collections.abc import Mapping

from pipelines.dialects.credential_proofs import NotAcceptedError, read_jws
from pipelines.dialects.strict_json import MAX_DOCUMENT, JsonError, strict_loads
from pipelines.verification.document import Document
from pipelines.verification.report import Finding, failed, passed

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that are read at all; a record of 40 courses has 0.1 M."""

CLAIMS = frozenset({"iss", "sub", "jti", "nbf", "exp", "iat", "aud"})
"""Registered claims (RFC 7519 §4.1): of the signed text, not of the credential."""

# An unsigned one ends in its second point.
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_ASK = "ask its sender for the credential as a JSON file"


def parse(content: bytes) -> tuple[Document | None, Finding]:
    """What a file holds, None when it is no object, and why."""
    if len(content) > MAX_DOCUMENT:
        return None, failed(f"{len(content):,} bytes, more than any credential", _ASK)
    if content.startswith(b"\x89PNG") or content.lstrip()[:5] in (b"<?xml", b"<svg "):
        return None, failed("it is a picture, which is not read here", _ASK)
    if _COMPACT.fullmatch(content.strip()):
        return _of_jwt(content.strip().decode())
    try:
        value = strict_loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None, failed("it is not text in UTF-8", _ASK)
    except JsonError as error:
        return None, failed(f"it cannot be read as JSON, {error}", _ASK)
    if not isinstance(value, dict):
        return None, failed("it is not a JSON object", _ASK)
    return Document(value), passed("one JSON object")


def _of_jwt(text: str) -> tuple[Document | None, Finding]:
    """The credential of a VC-JWT: its payload, or the claim ``vc`` of VCDM 1.1."""
    try:
        jws = read_jws(text)
    except NotAcceptedError:
        return None, failed("it looks like a signed text (JWT), and is none", _ASK)
    body = {name: one for name, one in jws.payload.items() if name not in CLAIMS}
    if isinstance(body.get("vc"), Mapping):
        if set(body) != {"vc"}:
            return None, failed("it holds a credential beside another", _ASK)
        body = dict(body["vc"])
    return Document(body, jws=jws), passed("a signed text (JWT) of one JSON object")
