"""One credential of what was handed in, and where it stands.

Belongs here: kinds of documents, and reading members that may be anything. Does not
belong here: judging them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipelines.dialects.credential_proofs import Jws

CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"


class Kind(StrEnum):
    """What a document says it is."""

    RECORD = "learner record"
    BADGE = "Open Badge"
    ENDORSEMENT = "endorsement"
    PRESENTATION = "presentation"
    OTHER = "credential"


_KINDS = {
    "ClrCredential": Kind.RECORD,
    "OpenBadgeCredential": Kind.BADGE,
    "AchievementCredential": Kind.BADGE,
    "EndorsementCredential": Kind.ENDORSEMENT,
    "VerifiablePresentation": Kind.PRESENTATION,
}


@dataclass(frozen=True)
class Document:
    """A credential, a record or a presentation.

    Attributes:
        body: its JSON, as it was read.
        where: which part of what was handed in; empty for the whole.
        jws: the signed text that it came in; None where it came as JSON.
    """

    body: Mapping[str, Any]
    where: str = ""
    jws: Jws | None = None

    @property
    def kind(self) -> Kind:
        """By its types; the first known one counts."""
        types = texts(self.body.get("type"))
        found = [_KINDS[one] for one in types if one in _KINDS]
        # What says something of its own is no wrapping that may stand unsigned.
        if "VerifiableCredential" in types or "credentialSubject" in self.body:
            found = [one for one in found if one is not Kind.PRESENTATION]
        return found[0] if found else Kind.OTHER

    @property
    def is_old(self) -> bool:
        """Whether it follows VC Data Model 1.1."""
        return CREDENTIALS_V1 in texts(self.body.get("@context"))

    @property
    def issuer(self) -> str:
        """The id of its issuer; empty when there is none."""
        issuer = self.body.get("issuer")
        named = issuer.get("id") if isinstance(issuer, Mapping) else issuer
        return named if isinstance(named, str) else ""

    @property
    def nested(self) -> list[Any]:
        """What it holds as credentials, credentials or not."""
        if self.kind is Kind.PRESENTATION:
            return listed(self.body.get("verifiableCredential"))
        return [
            one
            for subject in objects(self.body.get("credentialSubject"))
            for one in listed(subject.get("verifiableCredential"))
        ]


def listed(value: Any) -> list[Any]:
    """One or many, as a list; nothing is none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Those of one or many that are objects."""
    return [one for one in listed(value) if isinstance(one, Mapping)]


def texts(value: Any) -> list[str]:
    """Those of one or many that are texts."""
    return [one for one in listed(value) if isinstance(one, str)]


def every(body: Mapping[str, Any], *members: str) -> Iterator[tuple[str, Any]]:
    """Members of these names at any depth, not within nested credentials.

    An endorsement is a credential too: nothing is looked for inside it.
    """
    apart = {"verifiableCredential", "endorsement", "endorsementJwt", "proof"}
    stack: list[Any] = [body]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack += reversed(one)
        elif isinstance(one, Mapping):
            for name, value in one.items():
                if name in members:
                    yield from ((name, each) for each in listed(value))
                if name not in apart:
                    stack.append(value)
