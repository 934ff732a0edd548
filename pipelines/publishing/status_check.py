"""Whether a credential is revoked, by the issuer's published status lists.

Source: W3C Bitstring Status List v1.0 §3.2 (validate algorithm).

Belongs here: looking an entry up. Does not belong here: proofs (``proof_check.py``), or
making lists (``status_lists.py``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from pipelines.publishing import status_lists
from pipelines.publishing.proof_check import Keys


class StatusLists:
    """The issuer's published status lists, each read and verified once.

    ``folder`` holds ``1.json`` and on; ``keys`` are those that may sign them.
    """

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys
        self._bits: dict[str, bytes | str] = {}

    def failure(self, document: Mapping[str, Any]) -> str | None:
        """Why a credential does not stand by its status entry; None when it does.

        A credential without an entry cannot be revoked, and stands.
        """
        entry = document.get("credentialStatus")
        if entry is None:
            return None
        try:
            url, slot = entry["statusListCredential"], int(entry["statusListIndex"])
            known = entry["statusPurpose"] == status_lists.PURPOSE and slot >= 0
            bits = self.bits(url)
            if isinstance(bits, str):
                return bits
            revoked = status_lists.is_set(bits, slot)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            known = False
        if not known:
            return "its status entry is not one of this issuer's lists"
        return "its issuer has revoked it" if revoked else None

    def bits(self, url: str) -> bytes | str:
        """The bits of a list by its URL, or why there are none.

        Raises:
            ValueError: it is no URL of this issuer's lists.
        """
        if url not in self._bits:
            self._bits[url] = self._read(url)
        return self._bits[url]

    def _read(self, url: str) -> bytes | str:
        number = url.rpartition("/")[2].removesuffix(".json")
        if not number.isdecimal() or url != status_lists.list_url(
            self._keys.did, int(number)
        ):
            raise ValueError("another issuer's list")
        try:
            document = orjson.loads((self._folder / f"{number}.json").read_bytes())
        except (OSError, ValueError):
            return f"status list {number} is not published"
        failure = self._keys.failure(document)
        if failure or document.get("id") != url:
            return f"status list {number} does not verify"
        return status_lists.decode(document["credentialSubject"]["encodedList"])
