"""The application: which path is answered by whom.

Belongs here: routes and what holds for all of them. Does not belong here: answers.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines.errors import OperatorError
from pipelines.service import credentials, discovery, oauth, pages, public
from pipelines.service.apis import APIS
from pipelines.service.credentials import Disclosed, Reader
from pipelines.service.grants import Grants
from pipelines.service.oauth import Limits, OAuth
from pipelines.service.records import Records
from pipelines.service.sign_in import LearnerSignIn
from pipelines.service.state import State
from pipelines.service.told import RefusedError, not_allowed, not_found
from pipelines.service.verify_page import VerifyPage
from pipelines.service.web import HEALTH, Outermost, Site, TooLargeError

log = logging.getLogger(__name__)

_FORGET_SECONDS = 3600
_API = "/ims/"
_OWN = (discovery.AUTHORIZE, oauth.SIGN_IN, oauth.CONSENT, "/verify")
"""Paths for people: a page of another site may call any but these."""


def application(
    site: Site,
    records: Records,
    state: State,
    sign_in: LearnerSignIn,
    disclosed: Disclosed,
    limits: Limits | None = None,
) -> ASGIApp:
    """The service.

    Args:
        site: where it is reached.
        records: what it hands out.
        state: what it remembers.
        sign_in: how it recognises learners.
        disclosed: writes a hand-out down before it is sent.
        limits: of what one address may do.

    Raises:
        OperatorError: nothing is published yet.
    """
    limits = limits or Limits.usual()
    grants = Grants(state)
    login = OAuth(site, state, grants, records, sign_in, limits)
    check = VerifyPage(records, limits.checks)
    told = public.Public(records)
    issuer = records.now().snapshot.manifest.issuer
    where = public.paths(issuer)
    routes = [
        Route("/", lambda _: RedirectResponse("/about", 303)),
        Route(discovery.ABOUT, _about(site, records)),
        Route(HEALTH, told.health),
        Route("/static/{name}", _static),
        Route("/verify", check.show, methods=["GET"]),
        Route("/verify", check.check, methods=["POST"]),
        Route(where["did"], told.did),
        Route(where["jwks"], told.jwks),
        Route(where["status"], told.status),
        Route(where["profile"], told.profile),
        Route(discovery.METADATA, login.metadata),
        Route(discovery.AUTHORIZE, login.authorize),
        Route(discovery.TOKEN, login.token, methods=["POST"]),
        Route(discovery.REVOKE, login.revoke, methods=["POST"]),
        Route(discovery.REGISTER, login.register, methods=["POST"]),
        Route(oauth.SIGN_IN, login.sign_in, methods=["POST"]),
        Route(oauth.CONSENT, login.consent, methods=["POST"]),
    ]
    for api in APIS:
        reader = Reader(api, site, records, grants, disclosed)
        routes += [
            Route(f"{api.path}/credentials", reader.credentials),
            Route(f"{api.path}/profile", reader.profile),
            Route(f"{api.path}/discovery", _described(reader)),
        ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            RefusedError: credentials.refused,
            HTTPException: _http,
            TooLargeError: _too_large,
            OperatorError: _unavailable,
            Exception: _failed,
        },
        lifespan=_forgetting(state),
    )
    return Outermost(_Open(app), site)


class _Open:
    """Lets pages of other sites call what is called with tokens."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Link", "X-Total-Count", "WWW-Authenticate"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_open = scope["type"] == "http" and scope["path"] not in _OWN
        await (self._cors if is_open else self._app)(scope, receive, send)


def _described(reader: Reader) -> Callable[[Request], Response]:
    def description(request: Request) -> Response:
        document = discovery.description(
            reader.api, reader.site, reader.records.now().system
        )
        return public.answer(
            request, orjson.dumps(document), "application/json", _FORGET_SECONDS
        )

    return description


def _about(site: Site, records: Records) -> Callable[[Request], Response]:
    def about(_: Request) -> Response:
        reading = records.now()
        manifest = reading.snapshot.manifest
        paths = public.paths(manifest.issuer)
        return pages.page(
            "about.html.j2",
            system=reading.system,
            issuer=manifest.issuer,
            seq=manifest.seq,
            as_of=datetime.fromisoformat(manifest.as_of),
            addresses=[
                *((api.name, f"{site.url}{api.path}/discovery") for api in APIS),
                ("Authorization server", site.url + discovery.METADATA),
                ("Keys of the issuer", site.url + paths["did"]),
            ],
        )

    return about


def _static(request: Request) -> Response:
    found = pages.static().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return public.answer(request, *found)


def _forgetting(
    state: State,
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    async def forget() -> None:
        while True:
            try:
                await run_in_threadpool(state.forget)
            except Exception as error:  # noqa: BLE001 - it is tried again in an hour
                log.warning("nothing was forgotten: %s", type(error).__name__)
            await asyncio.sleep(_FORGET_SECONDS)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(forget())
        yield
        task.cancel()

    return lifespan


def _http(request: Request, error: Exception) -> Response | Awaitable[Response]:
    """A path or a verb that is not there."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if request.url.path.startswith(_API):
        if error.status_code == 405:
            return not_allowed(headers.get("Allow", "GET")).response()
        return not_found().response()
    words = {404: "There is nothing here.", 405: "This is not done here."}
    text = words.get(error.status_code, error.detail)
    return PlainTextResponse(f"{text}\n", error.status_code, headers)


def _too_large(_: Request, __: Exception) -> Response:
    return PlainTextResponse("The body is too large.\n", 413, {"Connection": "close"})


def _unavailable(request: Request, error: Exception) -> Response:
    """The published snapshot cannot be read: whoever asks can come again."""
    log.error("%s", error)
    words = "records cannot be read at present"
    if request.url.path.startswith(_API):
        refused = RefusedError(503, "server_busy", words)
        refused.headers["Retry-After"] = "600"
        return refused.response()
    return PlainTextResponse(f"{words}\n", 503, {"Retry-After": "600"})


def _failed(request: Request, error: Exception) -> Response:
    """Something that nobody foresaw; ``Outermost`` logs where."""
    del error
    words = "the service failed; nothing was handed out"
    if request.url.path.startswith(_API):
        return RefusedError(500, "internal_server_error", words).response()
    return PlainTextResponse(f"{words}\n", 500)
