"""What anybody may have: the issuer's keys, the status lists, the state of the service.

Belongs here: files of ``public/`` of the current snapshot, byte for byte, where the
issuer's did:web says they are. Does not belong here: anything of a learner.
"""

import hashlib
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response

from pipelines.publishing import snapshot as store
from pipelines.publishing.keys import jwks
from pipelines.publishing.status_lists import base_url
from pipelines.service.records import Reading, Records
from pipelines.service.told import not_found

_LIFETIME = 300
"""Seconds that a key or a list may be kept: so late can a revocation be seen."""


def paths(did: str) -> dict[str, str]:
    """Where a did:web issuer's files are, by what they are.

    Source: did:web method specification, "Read (Resolve)": without a path the document
    is below ``/.well-known``.
    """
    below = urlsplit(base_url(did)).path
    return {
        "did": f"{below or '/.well-known'}/did.json",
        "jwks": f"{below or '/.well-known'}/jwks.json",
        "status": f"{below}/status/{{number:int}}.json",
        "profile": f"{below}/{store.PROFILE}",
    }


class Public:
    """Answers from the ``public`` folder of the current snapshot."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def did(self, request: Request) -> Response:
        """The DID document."""
        return self._file(request, "application/did+json", store.DID_DOCUMENT)

    def status(self, request: Request) -> Response:
        """A status list."""
        name = f"{request.path_params['number']}.json"
        return self._file(request, "application/vc+json", store.STATUS, name)

    def profile(self, request: Request) -> Response:
        """The mapping profile, at which alignments of credentials point."""
        answered = self._file(request, "text/html", store.PROFILE)
        # A published page brings its style with it.
        answered.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        )
        return answered

    def jwks(self, request: Request) -> Response:
        """The same keys as a JWK Set (RFC 7517, RFC 8037)."""
        return answer(request, _jwks(self._records.now()), "application/jwk-set+json")

    def health(self, request: Request) -> Response:
        """Which snapshot is served."""
        del request
        manifest = self._records.now().snapshot.manifest
        told = {
            "status": "ok",
            "issuer": manifest.issuer,
            "snapshot": manifest.seq,
            "as_of": manifest.as_of,
        }
        return Response(orjson.dumps(told), media_type="application/json")

    def _file(self, request: Request, media_type: str, *names: str) -> Response:
        folder = self._records.now().snapshot.path / store.PUBLIC
        try:
            data = folder.joinpath(*names).read_bytes()
        except FileNotFoundError:
            raise not_found() from None
        return answer(request, data, media_type)


def answer(
    request: Request, data: bytes, media_type: str, lifetime: int = _LIFETIME
) -> Response:
    """Public bytes, or 304 when the asker has them."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={lifetime}"}
    known = request.headers.get("if-none-match", "")
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    if tags & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=media_type)


def _jwks(reading: Reading) -> bytes:
    return orjson.dumps(
        jwks(reading.did_document),
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )
