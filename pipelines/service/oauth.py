"""OAuth's endpoints, and the pages on which a learner signs in and allows or refuses.

Source: RFC 6749 §3 and §4.1, 7009, 7591, 8414, 9207.

Belongs here: HTTP around ``grants.py``. Does not belong here: who somebody is
(``sign_in.py``).
"""

import asyncio
import hmac
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import FatalClientError, OAuth2Error
from oauthlib.oauth2.rfc6749 import errors
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.forms.record import Record
from pipelines.service import discovery
from pipelines.service.apis import OFFLINE, SCOPES
from pipelines.service.grants import CONSENT_DAYS, Grants, Server, client
from pipelines.service.pages import page
from pipelines.service.records import Records
from pipelines.service.registration import RegistrationError, register
from pipelines.service.sign_in import LearnerSignIn
from pipelines.service.state import State, hashed, now
from pipelines.service.web import (
    LARGEST_FORM,
    POLICY,
    Rate,
    Site,
    body,
    fields,
    peer,
)

VISIT_SECONDS = 15 * 60
SIGN_IN, CONSENT = "/oauth/sign-in", "/oauth/consent"
_LONGEST_REQUEST = 8 * 1024
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

_KINDS = {
    "award": ("award", "awards"),
    "course": ("course", "courses"),
    "transfer": ("transfer course", "transfer courses"),
    "experience": ("experience", "experiences"),
    "skill": ("skill", "skills"),
    "noncredit": ("certificate of completion", "certificates of completion"),
    "certification": ("certification", "certifications"),
    "badge": ("badge", "badges"),
    "standing": ("statement of standing", "statements of standing"),
}


@dataclass(frozen=True)
class Limits:
    """How often one address may do what costs, and how much of it goes on at once."""

    wrong_codes: Rate
    registrations: Rate
    visits: Rate
    checks: Rate

    @classmethod
    def usual(cls) -> "Limits":
        """A campus has one address: what counts are failures."""
        return cls(Rate(20, 600), Rate(30, 3600), Rate(600, 600), Rate(60, 600))


class OAuth:
    """The endpoints of the authorization server."""

    def __init__(
        self,
        site: Site,
        state: State,
        grants: Grants,
        records: Records,
        sign_in: LearnerSignIn,
        limits: Limits,
    ) -> None:
        self._site, self._state, self._grants = site, state, grants
        self._records, self._recognise, self._limits = records, sign_in, limits
        self._server = Server(grants, site.url)
        self._cookie = "__Host-visit" if site.secure else "visit"
        # A guess takes 16 MB for as long as it takes.
        self._stretching = asyncio.Semaphore(4)

    # For applications.

    async def metadata(self, request: Request) -> Response:
        """RFC 8414."""
        del request
        return Response(
            orjson.dumps(discovery.metadata(self._site)),
            headers={"Cache-Control": "public, max-age=3600"},
            media_type=_JSON,
        )

    async def register(self, request: Request) -> Response:
        """RFC 7591: an application makes itself known."""
        if self._limits.registrations.spent(peer(request)):
            return _later()
        self._limits.registrations.count(peer(request))
        try:
            sent = orjson.loads(await body(request, LARGEST_FORM))
            answer = await run_in_threadpool(register, self._state, sent)
        except ValueError:
            return _error("invalid_client_metadata", "the body is not JSON")
        except RegistrationError as error:
            return _error(error.error, str(error))
        return Response(orjson.dumps(answer), 201, media_type=_JSON)

    async def token(self, request: Request) -> Response:
        """A code or a refresh token becomes an access token."""
        return await self._form(request, self._server.create_token_response)

    async def revoke(self, request: Request) -> Response:
        """RFC 7009."""
        return await self._form(request, self._server.create_revocation_response)

    async def _form(self, request: Request, answer: Any) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind.lower() != _FORM:
            return _error("invalid_request", f"the body must be {_FORM}")
        try:
            sent = (await body(request, LARGEST_FORM)).decode("ascii")
            headers, text, status = await run_in_threadpool(
                answer, self._here(request), "POST", sent, dict(request.headers)
            )
        except ValueError:
            return _error("invalid_request", "the body cannot be read")
        except OAuth2Error as error:
            headers, text, status = error.headers, error.json, error.status_code
        headers = {name: value for name, value in headers.items() if "-" in name}
        headers.pop("Content-Type", None)
        headers["Cache-Control"] = "no-store"
        return Response(text or b"", status, headers, _JSON)

    def _here(self, request: Request) -> str:
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._site.url}{request.url.path}{query}"

    # For learners.

    def authorize(self, request: Request) -> Response:
        """An application sends the learner here."""
        query = request.url.query
        if len(query) > _LONGEST_REQUEST:
            return self._stop("The request of the application is too long.")
        try:
            self._server.validate_authorization_request(self._here(request))
        except FatalClientError as error:
            return self._stop(_said(error))
        except OAuth2Error as error:
            return self._back(error)
        except ValueError:
            return self._stop("The request of the application cannot be read.")
        if self._limits.visits.spent(peer(request)):
            return self._stop("Too many came from your network. Wait ten minutes.", 429)
        self._limits.visits.count(peer(request))
        return self._visit(query, None, discovery.AUTHORIZE)

    def _visit(self, query: str, learner_id: str | None, after: str) -> Response:
        """Begin a visit, or one that knows the learner, under a new secret."""
        secret, form = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._state.change() as con:
            con.execute(
                "INSERT INTO visit VALUES (?, ?, ?, ?, ?)",
                [
                    hashed(secret),
                    hashed(form),
                    query,
                    learner_id,
                    now() + VISIT_SECONDS,
                ],
            )
            visit = _Visit(hashed(secret), query, learner_id, form)
        answer = (
            self._sign_in_page(visit)
            if after == discovery.AUTHORIZE
            else self._consent_page(visit)
        )
        answer.set_cookie(
            self._cookie,
            secret,
            max_age=VISIT_SECONDS,
            path="/",
            secure=self._site.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_in(self, request: Request) -> Response:
        """The learner typed something."""
        sent = fields(await body(request, LARGEST_FORM))
        async with self._stretching:
            return await run_in_threadpool(self._signed_in, request, sent)

    def _signed_in(self, request: Request, sent: dict[str, str]) -> Response:
        visit = self._known(request, sent)
        if visit is None:
            return self._over()
        tries = self._limits.wrong_codes
        if tries.spent(peer(request)):
            words = "Too many wrong codes came from your network. Wait ten minutes."
            return self._sign_in_page(visit, words, 429)
        learner = self._recognise.learner(sent, request.headers)
        if learner is None:
            tries.count(peer(request))
            words = (
                "This code is not good. Look at it again; after five wrong tries, or "
                "when its days are over, ask your college for a new one."
            )
            return self._sign_in_page(visit, words, 400)
        self._leave(visit)
        return self._visit(visit.query, learner, CONSENT)

    async def consent(self, request: Request) -> Response:
        """The learner allows or refuses."""
        sent = fields(await body(request, LARGEST_FORM))
        return await run_in_threadpool(self._decided, request, sent)

    def _decided(self, request: Request, sent: dict[str, str]) -> Response:
        visit = self._known(request, sent)
        if visit is None or visit.learner_id is None:
            return self._over()
        if not self._leave(visit):
            return self._over()
        uri = f"{self._site.url}{discovery.AUTHORIZE}?{visit.query}"
        try:
            scopes, told = self._server.validate_authorization_request(uri)
            if sent.get("decision") != "allow":
                raise errors.AccessDeniedError(
                    "the learner refused", state=told["state"], request=told["request"]
                )
            headers, _, _ = self._server.create_authorization_response(
                uri, scopes=scopes, credentials={"user": visit.learner_id}
            )
        except FatalClientError as error:
            return self._stop(_said(error))
        except OAuth2Error as error:
            return self._back(error)
        answer = RedirectResponse(headers["Location"], 303)
        answer.delete_cookie(
            self._cookie, path="/", secure=self._site.secure, httponly=True
        )
        return answer

    def _known(self, request: Request, sent: dict[str, str]) -> "_Visit | None":
        """The visit whose cookie and whose form these are; a form alone is forged."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return None
        secret, form = request.cookies.get(self._cookie, ""), sent.get("form", "")
        with self._state.read() as con:
            row = con.execute(
                "SELECT * FROM visit WHERE visit_hash = ? AND expires_at > ?",
                [hashed(secret), now()],
            ).fetchone()
        if row is None or not hmac.compare_digest(row["form_hash"], hashed(form)):
            return None
        return _Visit(row["visit_hash"], row["request"], row["learner_id"], form)

    def _leave(self, visit: "_Visit") -> bool:
        """End a visit; false when somebody did meanwhile."""
        with self._state.change() as con:
            done = con.execute(
                "DELETE FROM visit WHERE visit_hash = ?", [visit.name]
            ).rowcount
        return done == 1

    # Pages.

    def _sign_in_page(
        self, visit: "_Visit", wrong: str | None = None, status: int = 200
    ) -> Response:
        return page(
            "sign_in.html.j2",
            status,
            asked=self._asked(visit),
            form=visit.form,
            fields=self._recognise.template,
            wrong=wrong,
            system=self._records.now().system,
        )

    def _consent_page(self, visit: "_Visit") -> Response:
        reading = self._records.now()
        record = reading.record(str(visit.learner_id))
        asked = self._asked(visit)
        answer = page(
            "consent.html.j2",
            200,
            asked=asked,
            form=visit.form,
            system=reading.system,
            record=_summary(record.text) if record else None,
            as_of=datetime.fromisoformat(reading.snapshot.manifest.as_of),
            days=CONSENT_DAYS,
        )
        # Browsers hold the way back to the application against this, too.
        answer.headers["Content-Security-Policy"] = f"{POLICY}'self' https:"
        return answer

    def _asked(self, visit: "_Visit") -> "_Asked":
        uri = f"{self._site.url}{discovery.AUTHORIZE}?{visit.query}"
        scopes, told = self._server.validate_authorization_request(uri)
        with self._state.read() as con:
            return _asked_by(con, told["client_id"], scopes)

    def _stop(self, words: str, status: int = 400) -> Response:
        """Nobody is sent anywhere: the way back is not a known one."""
        title = "This request is refused"
        return page("stop.html.j2", status, title=title, words=words)

    def _over(self) -> Response:
        return page(
            "stop.html.j2",
            400,
            title="This page is out of date",
            words="It was open too long, was used already, or your browser keeps no "
            "cookies. Go back to the application and begin again.",
        )

    def _back(self, error: OAuth2Error) -> Response:
        """To the application, whose address was found to be its own, with an error."""
        uri = add_params_to_uri(
            error.redirect_uri, [*error.twotuples, ("iss", self._site.url)]
        )
        return RedirectResponse(uri, 303)


@dataclass(frozen=True)
class _Visit:
    """A browser on its way from the application's request to the learner's decision."""

    name: str
    query: str
    learner_id: str | None
    form: str


@dataclass(frozen=True)
class _Asked:
    """Which application asks for what, as pages tell it."""

    name: str
    host: str
    terms: str
    policy: str
    scopes: list[str]
    renews: bool


def _asked_by(con: sqlite3.Connection, client_id: str, scopes: list[str]) -> _Asked:
    application = client(con, client_id)
    assert application is not None
    said = application.metadata
    words = dict.fromkeys(SCOPES[scope] for scope in scopes if scope != OFFLINE)
    return _Asked(
        said["client_name"],
        str(urlsplit(said["client_uri"]).hostname),
        said["tos_uri"],
        said["policy_uri"],
        list(words),
        application.renews,
    )


def _summary(text: str) -> dict[str, Any]:
    """Whose record it is and how much of what is on it."""
    record = Record.of(text)
    counts = []
    for kind, (one, several) in _KINDS.items():
        number = len(record.of_kind(kind))
        if number:
            counts.append(f"{number} {one if number == 1 else several}")
    return {"name": record.learner_name, "counts": counts}


_WORDS = {
    errors.MissingClientIdError: "It does not say which application it is of.",
    errors.InvalidClientIdError: "The application is not known here.",
    errors.MissingRedirectURIError: "It does not say where you came from.",
    errors.MismatchingRedirectURIError: "It would send you to an address that the "
    "application did not register.",
}


def _said(error: OAuth2Error) -> str:
    return _WORDS.get(type(error), "The request of the application is malformed.")


def _error(error: str, words: str, status: int = 400) -> Response:
    told = {"error": error, "error_description": words}
    return Response(orjson.dumps(told), status, media_type=_JSON)


def _later() -> Response:
    answer = _error("temporarily_unavailable", "too many requests", 429)
    answer.headers["Retry-After"] = "600"
    return answer
