"""What every answer of the service has, and what it takes in: headers, bounds, rates.

Belongs here: HTTP that is the same for all paths. Does not belong here: what any path
answers.
"""

import logging
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import UsageError

log = logging.getLogger(__name__)

LARGEST_FORM = 16 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FIELDS = 20
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action "
)
"""Content-Security-Policy, but for where forms may lead."""

_YEAR = 365 * 24 * 3600
HEALTH = "/health"


@dataclass(frozen=True)
class Site:
    """Where the service is reached.

    Attributes:
        url: scheme, host and port, without a slash at the end.
    """

    url: str

    @classmethod
    def at(cls, url: str) -> "Site":
        """A checked address.

        Raises:
            UsageError: it is not https, and not this machine alone; or has a path.
        """
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.path.strip("/") or parts.query or parts.fragment:
            raise UsageError(f"{url} is no address like https://records.example.edu")
        if parts.scheme != "https" and not (
            parts.scheme == "http" and host in _LOOPBACK
        ):
            raise UsageError(
                f"{url} is not https: tokens and records cross the network; "
                "--url https://… names the address of the proxy in front"
            )
        return cls(f"{parts.scheme}://{parts.netloc}")

    @property
    def secure(self) -> bool:
        """Whether it is reached by HTTPS."""
        return self.url.startswith("https:")


class TooLargeError(Exception):
    """A body has more bytes than are taken in."""


async def body(request: Request, most: int) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: it is longer than ``most``, or says so.
    """
    stated = request.headers.get("content-length", "0")
    if not stated.isdigit() or int(stated) > most:
        raise TooLargeError
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise TooLargeError
    return bytes(found)


def fields(data: bytes) -> dict[str, str]:
    """An ``application/x-www-form-urlencoded`` body; empty when it is not one."""
    try:
        pairs = parse_qsl(data.decode(), max_num_fields=_FIELDS, strict_parsing=True)
    except ValueError:
        return {}
    return dict(pairs)


def peer(request: Request) -> str:
    """The address that a request came from; the proxy's word where one is trusted."""
    return request.client.host if request.client else ""


class Rate:
    """At most so many of something in so many seconds, of one address."""

    _ADDRESSES = 20_000

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._lock = Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def spent(self, address: str) -> bool:
        """Whether the address has to wait."""
        with self._lock:
            return len(self._recent(address)) >= self._most

    def count(self, address: str) -> None:
        """One more."""
        with self._lock:
            self._recent(address).append(time.monotonic())
            self._times.move_to_end(address)
            if len(self._times) > self._ADDRESSES:
                self._times.popitem(last=False)

    def _recent(self, address: str) -> deque[float]:
        times = self._times.setdefault(address, deque())
        since = time.monotonic() - self._seconds
        while times and times[0] < since:
            times.popleft()
        return times


class Outermost:
    """Security headers, HTTPS alone, and a line a request that tells nobody's data."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, begun_to_answer = time.perf_counter(), 500, False

        async def sent(message: Message) -> None:
            nonlocal status, begun_to_answer
            if message["type"] == "http.response.start":
                status, begun_to_answer = message["status"], True
                self._head(MutableHeaders(scope=message))
            await send(message)

        answer = self._app
        if not self._may(scope):
            answer = PlainTextResponse(
                "This address is reached by https alone; a proxy in front has to say "
                "so in X-Forwarded-Proto.\n",
                403,
            )
        try:
            await answer(scope, receive, sent)
        except Exception as error:
            # Its words might quote a record; the answer that it failed is sent.
            log.error("%s at %s", type(error).__name__, _places(error))  # noqa: TRY400
            if not begun_to_answer:
                raise
        finally:
            log.info(
                "%s %s %d %.0f ms",
                scope["method"] if scope["method"].isalpha() else "?",
                _template(scope),
                status,
                1000 * (time.perf_counter() - begun),
            )

    def _may(self, scope: Scope) -> bool:
        if scope["path"] == HEALTH:
            return True
        if self._site.secure:
            return scope["scheme"] == "https"
        return bool(scope.get("client")) and scope["client"][0] in _LOOPBACK

    def _head(self, headers: MutableHeaders) -> None:
        headers.setdefault("Cache-Control", "no-store")
        headers.setdefault("Content-Security-Policy", f"{POLICY}'self'")
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if self._site.secure:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR}"


def _places(error: Exception) -> str:
    """The last steps to an error, without what was in them."""
    steps = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(
        f"{Path(step.filename).name}:{step.lineno}" for step in reversed(steps)
    )


def _template(scope: Mapping[str, Any]) -> str:
    """The path as the routes write it: what somebody typed may be anything."""
    return str(getattr(scope.get("route"), "path", None) or "(no such path)")
