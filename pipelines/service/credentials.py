"""``getCredentials`` and ``getProfile``: a learner's record to who was allowed it.

Source: Open Badges 3.0 API §"Secure REST Endpoints" and §"Paging"; CLR 2.0 the same.

Belongs here: who asks, for what, which part, and the answer. Does not belong here: the
record (``records.py``), tokens (``grants.py``).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from pipelines.disclosure.ledger import Content, json_digest, party
from pipelines.service.apis import READ_CREDENTIALS, READ_PROFILE, Api
from pipelines.service.grants import Bearer, Grants
from pipelines.service.records import Published, Records
from pipelines.service.told import (
    RefusedError,
    bad_parameter,
    not_found,
    out_of_scope,
    unauthorized,
)
from pipelines.service.web import Site

MOST, USUAL = 100, 50
"""Credentials of a page: at most, and when nothing is said."""

_NUMBER = re.compile(r"[0-9]{1,9}")

Disclosed = Callable[[str, Content], None]
"""Writes down a hand-out before it is sent: to whom, and what."""


@dataclass(frozen=True)
class Asked:
    """The parameters of a request for credentials.

    Attributes:
        version: of the record, put into links: all pages are of one version.
    """

    limit: int = USUAL
    offset: int = 0
    since: datetime | None = None
    version: str | None = None

    def query(self) -> str:
        """As a query string."""
        told: dict[str, object] = {"limit": self.limit, "offset": self.offset}
        if self.since is not None:
            told["since"] = self.since.isoformat()
        if self.version is not None:
            told["version"] = self.version
        return urlencode(told)


@dataclass(frozen=True)
class Reader:
    """Answers for one interface."""

    api: Api
    site: Site
    records: Records
    grants: Grants
    disclosed: Disclosed

    def credentials(self, request: Request) -> Response:
        """``GET …/credentials``."""
        bearer = self._bearer(request, READ_CREDENTIALS)
        asked = _asked(request)
        record = self.records.now().record(bearer.learner_id)
        if record is not None and asked.version not in (None, record.version):
            first = replace(asked, offset=0, version=None)
            raise bad_parameter(
                "the record was issued anew since the first page: begin again",
                Link=self._links([("first", first)]),
            )
        items = self._items(record, asked.since)
        page = items[asked.offset : asked.offset + asked.limit]
        body = b",".join(text for _, text in page)
        if page and record is not None:
            parts = {name: json_digest(orjson.loads(text)) for name, text in page}
            self._write_down(bearer, record, body, parts)
        version = record.version if record is not None else None
        return Response(
            b'{"credential":[' + body + b'],"compactJwsString":[]}',
            headers={
                "X-Total-Count": str(len(items)),
                "Link": self._links(
                    _pages(replace(asked, version=version), len(items))
                ),
            },
            media_type="application/json",
        )

    def profile(self, request: Request) -> Response:
        """``GET …/profile``: the learner, by what the record says of the learner."""
        bearer = self._bearer(request, READ_PROFILE)
        record = self.records.now().record(bearer.learner_id)
        if record is None:
            raise not_found()
        subject = record.clr["credentialSubject"]
        profile = {
            "@context": ["https://www.w3.org/ns/credentials/v2", *self.api.context],
            "id": subject["id"],
            "type": ["Profile"],
        }
        name = next(
            (
                one["identityHash"]
                for one in subject.get("identifier", ())
                if one["identityType"] == "name" and not one["hashed"]
            ),
            None,
        )
        if name is not None:
            profile["name"] = name
        body = orjson.dumps(profile)
        self._write_down(bearer, record, body, {})
        return Response(body, media_type="application/json")

    def _bearer(self, request: Request, kind: str) -> Bearer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("an access token is needed", presented=False)
        bearer = self.grants.bearer(token)
        if bearer is None:
            raise unauthorized(
                "the access token has ended, was taken back or is none", presented=True
            )
        if self.api.scope(kind) not in bearer.scopes:
            raise out_of_scope(self.api.scope(kind))
        return bearer

    def _items(
        self, record: Published | None, since: datetime | None
    ) -> list[tuple[str, bytes]]:
        if record is None or (since is not None and record.issued_at <= since):
            return []
        return self.api.items(record)

    def _write_down(
        self,
        bearer: Bearer,
        record: Published,
        body: bytes,
        credentials: dict[str, str],
    ) -> None:
        said = bearer.client.metadata
        audience = f"{said['client_name']} ({said['client_uri']})"
        content = Content(
            learner_id=record.learner_id,
            form=f"{self.api.name} API",
            record_id=str(record.clr["id"]),
            sha256=hashlib.sha256(body).hexdigest(),
            credentials=credentials,
        )
        self.disclosed(party(audience), content)

    def _links(self, pages: list[tuple[str, Asked]]) -> str:
        base = f"{self.site.url}{self.api.path}/credentials"
        return ", ".join(
            f'<{base}?{asked.query()}>; rel="{relation}"' for relation, asked in pages
        )


def _pages(asked: Asked, total: int) -> list[tuple[str, Asked]]:
    """Where the pages around one are: first and last always, others where they are."""
    last = max(0, (total - 1) // asked.limit * asked.limit)
    pages = [("first", 0), ("last", last)]
    if asked.offset + asked.limit < total:
        pages.append(("next", asked.offset + asked.limit))
    if asked.offset > 0:
        pages.append(("prev", min(max(0, asked.offset - asked.limit), last)))
    return [(relation, replace(asked, offset=at)) for relation, at in pages]


def _asked(request: Request) -> Asked:
    query = request.query_params
    for name in ("limit", "offset", "since", "version"):
        if len(query.getlist(name)) > 1:
            raise bad_parameter(f"{name} is there twice")
    limit = _number(query.get("limit"), "limit", USUAL)
    if not 0 < limit <= MOST:
        raise bad_parameter(f"limit must be 1 to {MOST}")
    return Asked(
        limit,
        _number(query.get("offset"), "offset", 0),
        _moment(query.get("since")),
        query.get("version"),
    )


def _number(text: str | None, name: str, otherwise: int) -> int:
    if text is None:
        return otherwise
    if not _NUMBER.fullmatch(text):
        raise bad_parameter(f"{name} must be a whole number")
    return int(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        # A plus that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_parameter(
            "since must be a date and time with a zone, 2026-09-01T00:00:00Z"
        )
    return moment


def refused(_: Request, error: Exception) -> Response:
    """The answer to a ``RefusedError``."""
    assert isinstance(error, RefusedError)
    return error.response()
