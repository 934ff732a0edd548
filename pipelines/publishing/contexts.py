"""The JSON-LD contexts a record may name, and the only loader that serves them.

Belongs here: the three pinned contexts and the allow-list. Does not belong here: what
the terms mean for a document (``terms.py``). Nothing is fetched: a context host that
changed its answer would change what a signature covers.
"""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from openbadgeslib.ob3 import clr, contexts

CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
CLR_V2 = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
OB_V3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

CLR_CONTEXTS = (CREDENTIALS_V2, CLR_V2, OB_V3)
"""``@context`` of a CLR, in the order that the CLR JSON Schema demands."""

ACHIEVEMENT_CONTEXTS = (CREDENTIALS_V2, OB_V3)
"""``@context`` of a nested credential."""

_PINNED = {
    CREDENTIALS_V2: "b463c8d6a066214123ddd9827b135e1b",
    CLR_V2: "7defe702c102faf14108579b7d65ef39",
    OB_V3: "04b1136ddc4eda9a8966bc7ef182789f",
}


class ContextError(Exception):
    """A context is not on the allow-list, or its bytes are not the pinned ones."""


def _digest(document: Any) -> str:
    """SHA-256 of the context as sorted compact JSON, first 32 hex digits."""
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:32]


@functools.cache
def bundled() -> Mapping[str, dict[str, Any]]:
    """The pinned contexts as shipped by ``openbadgeslib``, by URL.

    Raises:
        ContextError: the installed package ships other bytes; signing with them
            would change what every record says.
    """
    documents = {
        CREDENTIALS_V2: contexts.load_context(CREDENTIALS_V2),
        OB_V3: contexts.load_context(OB_V3),
        **clr.bundled_clr_contexts(),
    }
    for url, pinned in _PINNED.items():
        if _digest(documents[url]) != pinned:
            raise ContextError(
                f"the installed openbadgeslib ships another {url}; install the "
                "locked version, or compare the contexts and move the pin"
            )
    return documents


class ContextLoader:
    """A PyLD document loader that serves the pinned contexts and nothing else.

    ``extra`` widens the allow-list of this one loader, as the published test vectors
    need.
    """

    def __init__(self, extra: Mapping[str, dict[str, Any]] | None = None) -> None:
        self.documents = {**bundled(), **(extra or {})}

    def __call__(
        self, url: str, options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The context at ``url`` in the shape PyLD expects.

        Raises:
            ContextError: the URL is not on the allow-list.
        """
        del options
        document = self.documents.get(url)
        if document is None:
            raise ContextError(f"context {url!r} is not on the allow-list")
        loaded = {"contextUrl": None, "documentUrl": url, "document": document}
        if document is bundled().get(url):
            # Lets PyLD keep what it made of a pinned context for the next document.
            loaded["tag"] = "static"
        return loaded
