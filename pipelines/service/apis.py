"""The two interfaces that hand out a record: CLR 2.0 whole, Open Badges 3.0 in pieces.

Belongs here: their paths, scopes and what is an item of each. Does not belong here:
paging and answering (``credentials.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from pipelines.service.records import Published

READ_CREDENTIALS, READ_PROFILE = "credential.readonly", "profile.readonly"
OFFLINE = "offline_access"
"""Asked for by clients that want a refresh token; 1EdTech's examples have it."""

SCOPE_WORDS = {
    READ_CREDENTIALS: "Read your published record and every credential in it",
    READ_PROFILE: "Read your name as your record gives it",
}


@dataclass(frozen=True)
class Api:
    """One of 1EdTech's interfaces, its reading side.

    Attributes:
        name: for people.
        path: in front of every operation.
        family: of its scopes.
        version: of the specification.
        response: name of the class that ``getCredentials`` answers with.
        item: name of the class of a credential.
        items: the credentials of a record as JSON text, and their ids.
        context: JSON-LD context of a Profile that stands alone.
    """

    name: str
    path: str
    family: str
    version: str
    response: str
    item: str
    items: Callable[[Published], list[tuple[str, bytes]]]
    context: tuple[str, ...]

    def scope(self, kind: str) -> str:
        """The URI of a scope."""
        return f"{self.family}{kind}"


def _whole(record: Published) -> list[tuple[str, bytes]]:
    return [(record.clr["id"], record.text.encode())]


def _pieces(record: Published) -> list[tuple[str, bytes]]:
    return [(one["id"], orjson.dumps(one)) for one in record.credentials]


_PURL = "https://purl.imsglobal.org/spec"

CLR = Api(
    "Comprehensive Learner Record API",
    "/ims/clr/v2p0",
    f"{_PURL}/clr/v2p0/scope/",
    "2.0",
    "GetClrCredentialsResponse",
    "ClrCredential",
    _whole,
    (f"{_PURL}/clr/v2p0/context-2.0.1.json", f"{_PURL}/ob/v3p0/context-3.0.3.json"),
)
BADGES = Api(
    "Open Badges API",
    "/ims/ob/v3p0",
    f"{_PURL}/ob/v3p0/scope/",
    "3.0",
    "GetOpenBadgeCredentialsResponse",
    "AchievementCredential",
    _pieces,
    (f"{_PURL}/ob/v3p0/context-3.0.3.json",),
)
APIS = (CLR, BADGES)

SCOPES = {
    api.scope(kind): words for api in APIS for kind, words in SCOPE_WORDS.items()
} | {OFFLINE: "Go on doing so without asking you again"}
"""Every scope that is given, in words for the learner."""
