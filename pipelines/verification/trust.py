"""Whom and what a verification relies on, each read once.

Belongs here: keys by issuer, status lists, schemas, and the way out to the network, if
there is one. Does not belong here: verdicts.

Sources of keys: did:key (W3C CCG did:key v0.7, Ed25519 alone) is computed, never
fetched; did:web and an https issuer are fetched.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from pipelines.dialects.credential_proofs import known_contexts
from pipelines.dialects.strict_json import JsonError, strict_loads
from pipelines.publishing import multibase
from pipelines.publishing.proof_check import Keys
from pipelines.publishing.signing import Proofs
from pipelines.publishing.status_check import StatusLists
from pipelines.publishing.terms import Terms

_DID_KEY = "did:key:"


class Fetch(Protocol):
    """A way out to the network; raises OSError with words when it leads nowhere."""

    def __call__(self, url: str) -> bytes:
        """The bytes at an https URL."""
        ...


class UnknownKeysError(Exception):
    """The keys of an issuer are not known; the message says why and what to do.

    Attributes:
        is_offline: they were not looked for, because nothing is fetched.
    """

    def __init__(self, why: str, *, is_offline: bool = False) -> None:
        super().__init__(why)
        self.is_offline = is_offline


@dataclass
class Trust:
    """What checks ask.

    Attributes:
        now: the moment that dates are held against.
        own: DID document of this warehouse's issuer; None when it published nothing.
        lists: folder of its status lists; None when they are not at hand.
        schemas: folder with 1EdTech's JSON Schemas, at any depth; None without.
        contexts: further JSON-LD contexts, by URL.
        fetch: a way to the network; None stays here.
    """

    now: datetime
    own: Mapping[str, Any] | None = None
    lists: Path | None = None
    schemas: Path | None = None
    contexts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    fetch: Fetch | None = None
    _keys: dict[str, Keys] = field(default_factory=dict)
    _documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @functools.cached_property
    def known(self) -> dict[str, dict[str, Any]]:
        """Every context that is known without the network; shipped ones stay."""
        return {**self.contexts, **known_contexts()}

    @functools.cached_property
    def proofs(self) -> Proofs:
        """The writer of canonical forms."""
        return Proofs(Terms(self.known) if self.contexts else _terms())

    @functools.cached_property
    def status_lists(self) -> StatusLists | None:
        """This warehouse's lists."""
        if self.own is None or self.lists is None:
            return None
        return StatusLists(self.lists, self.keys(self.own["id"]))

    def is_own(self, issuer: str) -> bool:
        """Whether this warehouse issues under that id."""
        return self.own is not None and issuer == self.own["id"]

    def keys(self, issuer: str) -> Keys:
        """The keys that may sign for an issuer.

        Raises:
            UnknownKeysError: they cannot be had here.
        """
        if issuer not in self._keys:
            document = self.document(issuer)
            try:
                keys = Keys(document, self.known, self.proofs)
            except (ValueError, KeyError, TypeError):
                raise UnknownKeysError(
                    "its issuer publishes no Ed25519 keys that are understood here: "
                    "use 1EdTech's public validator"
                ) from None
            if keys.did != issuer:
                raise UnknownKeysError(
                    "what its issuer's address answers is about somebody else: "
                    "do not rely on it"
                )
            self._keys[issuer] = keys
        return self._keys[issuer]

    def document(self, issuer: str) -> Mapping[str, Any]:
        """The DID document of an issuer, or what an https issuer answers.

        Raises:
            UnknownKeysError: it cannot be had here.
        """
        if issuer not in self._documents:
            self._documents[issuer] = self._document(issuer)
        return self._documents[issuer]

    def _document(self, issuer: str) -> Mapping[str, Any]:
        if self.own is not None and self.is_own(issuer):
            return self.own
        if issuer.startswith(_DID_KEY):
            return _of_did_key(issuer)
        url = address_of(issuer)
        if url is None:
            raise UnknownKeysError(
                "keys of an issuer of this kind cannot be had here: ask the issuer"
            )
        if self.fetch is None:
            raise UnknownKeysError(
                "its issuer's keys are on the network: ask again with --online",
                is_offline=True,
            )
        try:
            found = strict_loads(self.fetch(url).decode())
        except (OSError, ValueError, JsonError):
            raise UnknownKeysError(
                "its issuer's keys cannot be fetched: try later, or ask the issuer"
            ) from None
        if not isinstance(found, dict):
            raise UnknownKeysError("its issuer publishes no keys: ask the issuer")
        return found


@functools.cache
def _terms() -> Terms:
    return Terms(known_contexts())


def address_of(issuer: str) -> str | None:
    """Where an issuer's keys are: did:web (W3C CCG, §2.5.2) or https; None else."""
    if issuer.startswith("https://"):
        return issuer.partition("#")[0]
    if not issuer.startswith("did:web:"):
        return None
    host, *path = issuer.removeprefix("did:web:").split(":")
    where = "/".join(map(unquote, path)) if path else ".well-known"
    return f"https://{unquote(host)}/{where}/did.json"


def _of_did_key(did: str) -> dict[str, Any]:
    multikey = did.removeprefix(_DID_KEY)
    try:
        multibase.public_bytes(multikey)
    except ValueError:
        raise UnknownKeysError(
            "its issuer's did:key is no Ed25519 key: use 1EdTech's public validator"
        ) from None
    method = f"{did}#{multikey}"
    return {
        "id": did,
        "assertionMethod": [method],
        "verificationMethod": [
            {
                "id": method,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multikey,
            }
        ],
    }
