"""OAuth 2.0 of the service: what oauthlib asks, answered from the state.

Source: RFC 6749, 7636 (S256 only), 7009; RFC 9700 §2.2.2 and §4.14: a refresh token is
used once, and one that comes twice ends the consent it came from, as a code does.

Belongs here: codes, tokens, consents. Does not belong here: HTTP (``oauth.py``), and
registration (``registration.py``).
"""

import base64
import binascii
import hmac
import re
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import orjson
from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    RefreshTokenGrant,
    RequestValidator,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749 import errors

from pipelines.service.apis import SCOPES
from pipelines.service.state import State, hashed, now

CODE_SECONDS = 60
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 30 * 24 * 3600
CONSENT_DAYS = 180
"""After this the learner is asked again, however often tokens were renewed."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_STATE = 2048


@dataclass(frozen=True)
class Client:
    """A registered application."""

    client_id: str
    metadata: Mapping[str, Any]

    @property
    def scopes(self) -> list[str]:
        """Scopes that it may ask for."""
        return str(self.metadata["scope"]).split()

    @property
    def renews(self) -> bool:
        """Whether it gets refresh tokens."""
        return "refresh_token" in self.metadata["grant_types"]


@dataclass(frozen=True)
class Bearer:
    """What a good access token says."""

    learner_id: str
    scopes: frozenset[str]
    client: Client


def client(con: sqlite3.Connection, client_id: str | None) -> Client | None:
    """A registered application."""
    row = con.execute(
        "SELECT client_id, metadata FROM client WHERE client_id = ?", [client_id]
    ).fetchone()
    return Client(row["client_id"], orjson.loads(row["metadata"])) if row else None


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):
    """The authorization server: two grants, one kind of client, one kind of token."""

    def __init__(self, grants: "Grants", issuer: str) -> None:
        code, refresh = AuthorizationCodeGrant(grants), RefreshTokenGrant(grants)
        code.custom_validators.pre_auth.append(_asked_as_specified)
        code.register_code_modifier(
            lambda given, _, request: {
                **given,
                "scope": " ".join(request.scopes),
                "iss": issuer,
            }
        )
        code.register_token_modifier(_without_refresh)
        bearer = BearerToken(
            grants, expires_in=ACCESS_SECONDS, token_generator=_random_token
        )
        AuthorizationEndpoint.__init__(self, "code", bearer, {"code": code})
        TokenEndpoint.__init__(
            self,
            "authorization_code",
            bearer,
            {"authorization_code": code, "refresh_token": refresh},
        )
        RevocationEndpoint.__init__(self, grants)


class Grants(RequestValidator):
    """What oauthlib asks about clients, scopes, codes and tokens."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    # What resources ask.

    def bearer(self, token: str) -> Bearer | None:
        """What a token says; None when it is no good (any more)."""
        with self._state.read() as con:
            row = con.execute(
                "SELECT learner_id, client_id, token.scopes FROM token "
                "JOIN consent USING (consent_id) WHERE token_hash = ? "
                "AND kind = 'access' AND token.expires_at > ? AND used_at IS NULL "
                "AND revoked_at IS NULL AND consent.expires_at > ?",
                [hashed(token), now(), now()],
            ).fetchone()
            if row is None:
                return None
            application = client(con, row["client_id"])
        assert application is not None
        return Bearer(row["learner_id"], frozenset(row["scopes"].split()), application)

    def end(self, learner_id: str) -> tuple[int, int]:
        """Take back what a learner allowed, and the learner's invitations.

        Who has just signed in cannot allow anything more.

        Returns:
            How many consents and how many invitations ended.
        """
        with self._state.change() as con:
            consents = con.execute(
                "UPDATE consent SET revoked_at = ? WHERE learner_id = ? "
                "AND revoked_at IS NULL AND expires_at > ?",
                [now(), learner_id, now()],
            ).rowcount
            invitations = con.execute(
                "DELETE FROM invitation WHERE learner_id = ?", [learner_id]
            ).rowcount
            con.execute("DELETE FROM visit WHERE learner_id = ?", [learner_id])
        return consents, invitations

    # Clients.

    def client_authentication_required(
        self, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Always: no kind of client is public."""
        return True

    def authenticate_client(self, request: Request, *_: Any, **__: Any) -> bool:
        """HTTP Basic alone, as 1EdTech's profile has it."""
        try:
            kind, _sep, sent = request.headers.get("Authorization", "").partition(" ")
            plain = base64.b64decode(sent, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        name, colon, secret = plain.partition(":")
        if kind.lower() != "basic" or not colon:
            return False
        name, secret = unquote_plus(name), unquote_plus(secret)
        with self._state.read() as con:
            row = con.execute(
                "SELECT secret_hash FROM client WHERE client_id = ?", [name]
            ).fetchone()
            known = row["secret_hash"] if row else hashed("")
            if not hmac.compare_digest(hashed(secret), known) or row is None:
                return False
            request.client = client(con, name)
        if request.client_id not in (None, name):
            return False
        request.client_id = name
        return True

    def validate_client_id(
        self, client_id: str, request: Request, *_: Any, **__: Any
    ) -> bool:
        with self._state.read() as con:
            request.client = client(con, client_id)
        return request.client is not None

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *_: Any, **__: Any
    ) -> bool:
        """Letter by letter."""
        return redirect_uri in request.client.metadata["redirect_uris"]

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *_: Any, **__: Any
    ) -> None:
        """There is none: it must be sent."""

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, *_: Any, **__: Any
    ) -> bool:
        return response_type == "code"

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, *_: Any, **__: Any
    ) -> bool:
        return grant_type in client.metadata["grant_types"]

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return True

    # Scopes.

    def get_default_scopes(
        self, client_id: str, request: Request, *_: Any, **__: Any
    ) -> list[str]:
        """There are none: they must be sent."""
        return []

    def validate_scopes(
        self,
        client_id: str,
        scopes: list[str] | None,
        client: Client,
        *_: Any,
        **__: Any,
    ) -> bool:
        asked = set(scopes or ())
        return bool(asked & _READING) and asked <= set(client.scopes)

    def get_original_scopes(
        self, refresh_token: str, request: Request, *_: Any, **__: Any
    ) -> list[str]:
        with self._state.read() as con:
            row = con.execute(
                "SELECT scopes FROM token WHERE token_hash = ?", [hashed(refresh_token)]
            ).fetchone()
        return str(row["scopes"]).split() if row else []

    # Codes.

    def save_authorization_code(
        self, client_id: str, code: Mapping[str, str], request: Request, *_: Any,
        **__: Any,
    ) -> None:  # fmt: skip
        """Write down what the learner ``request.user`` allowed, and the code."""
        at = now()
        with self._state.change() as con:
            consent_id = con.execute(
                "INSERT INTO consent (client_id, learner_id, scopes, granted_at, "
                "expires_at) VALUES (?, ?, ?, ?, ?)",
                [
                    client_id,
                    request.user,
                    " ".join(request.scopes),
                    at,
                    at + CONSENT_DAYS * 24 * 3600,
                ],
            ).lastrowid
            con.execute(
                "INSERT INTO code VALUES (?, ?, ?, ?, ?, NULL)",
                [
                    hashed(code["code"]),
                    consent_id,
                    request.redirect_uri,
                    request.code_challenge,
                    at + CODE_SECONDS,
                ],
            )

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *_: Any,
        **__: Any,
    ) -> bool:  # fmt: skip
        with self._state.change() as con:
            row = con.execute(
                "SELECT consent_id, client_id, learner_id, scopes, used_at, revoked_at,"
                " code.expires_at FROM code JOIN consent USING (consent_id) "
                "WHERE code_hash = ?",
                [hashed(code)],
            ).fetchone()
            if row is None or row["client_id"] != client_id:
                return False
            if row["used_at"] is not None:
                _revoke(con, row["consent_id"])
                return False
        if row["revoked_at"] is not None or row["expires_at"] <= now():
            return False
        request.user, request.scopes = row["learner_id"], row["scopes"].split()
        return True

    def get_code_challenge(self, code: str, request: Request) -> str:
        return str(self._code(code)["challenge"])

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, *_: Any, **__: Any
    ) -> bool:
        return redirect_uri == self._code(code)["redirect_uri"]

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *_: Any, **__: Any
    ) -> None:
        """Done already: ``save_bearer_token`` spends it before a token is kept."""

    def _code(self, code: str) -> sqlite3.Row:
        with self._state.read() as con:
            return con.execute(
                "SELECT challenge, redirect_uri FROM code WHERE code_hash = ?",
                [hashed(code)],
            ).fetchone()

    # Tokens.

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *_: Any, **__: Any
    ) -> bool:
        with self._state.change() as con:
            row = con.execute(
                "SELECT consent_id, client_id, learner_id, used_at, revoked_at, "
                "token.expires_at, consent.expires_at AS ends FROM token "
                "JOIN consent USING (consent_id) "
                "WHERE token_hash = ? AND kind = 'refresh'",
                [hashed(refresh_token)],
            ).fetchone()
            if row is None or row["client_id"] != client.client_id:
                return False
            if row["used_at"] is not None:
                _revoke(con, row["consent_id"])
                return False
        if (
            row["revoked_at"] is not None
            or min(row["expires_at"], row["ends"]) <= now()
        ):
            return False
        request.user = row["learner_id"]
        return True

    def save_bearer_token(
        self, token: Mapping[str, Any], request: Request, *_: Any, **__: Any
    ) -> None:
        """Spend the code or the refresh token, and keep what came of it.

        Raises:
            InvalidGrantError: it was spent meanwhile; then the consent ends too.
        """
        at = now()
        spent, column = (
            (("token", "token_hash"), request.refresh_token)
            if request.grant_type == "refresh_token"
            else (("code", "code_hash"), request.code)
        )
        table, key = spent
        with self._state.change() as con:
            row = con.execute(
                f"SELECT consent_id, used_at, consent.scopes, consent.expires_at "
                f"FROM {table} JOIN consent USING (consent_id) WHERE {key} = ?",
                [hashed(column)],
            ).fetchone()
            first = row is not None and row["used_at"] is None
            if row is not None and not first:
                _revoke(con, row["consent_id"])
            if first:
                con.execute(
                    f"UPDATE {table} SET used_at = ? WHERE {key} = ?",
                    [at, hashed(column)],
                )
                kept = [
                    ("access", token["access_token"], token["scope"], ACCESS_SECONDS)
                ]
                if "refresh_token" in token:
                    kept.append(
                        (
                            "refresh",
                            token["refresh_token"],
                            row["scopes"],
                            REFRESH_SECONDS,
                        )
                    )
                con.executemany(
                    "INSERT INTO token VALUES (?, ?, ?, ?, ?, NULL)",
                    [
                        (
                            hashed(secret),
                            row["consent_id"],
                            kind,
                            scopes,
                            min(at + seconds, row["expires_at"]),
                        )
                        for kind, secret, scopes, seconds in kept
                    ],
                )
        if not first:
            raise errors.InvalidGrantError(request=request)

    def rotate_refresh_token(self, request: Request) -> bool:
        return True

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Request, *_: Any,
        **__: Any,
    ) -> None:  # fmt: skip
        """A refresh token ends the consent, an access token itself."""
        with self._state.change() as con:
            row = con.execute(
                "SELECT consent_id, kind FROM token JOIN consent USING (consent_id) "
                "WHERE token_hash = ? AND client_id = ?",
                [hashed(token), request.client_id],
            ).fetchone()
            if row is not None and row["kind"] == "refresh":
                _revoke(con, row["consent_id"])
            elif row is not None:
                con.execute(
                    "UPDATE token SET used_at = ? WHERE token_hash = ?",
                    [now(), hashed(token)],
                )


_READING = {scope for scope in SCOPES if "://" in scope}


def _revoke(con: sqlite3.Connection, consent_id: int) -> None:
    con.execute(
        "UPDATE consent SET revoked_at = ? WHERE consent_id = ? AND revoked_at IS NULL",
        [now(), consent_id],
    )


def _random_token(_: Request) -> str:
    return secrets.token_urlsafe(32)


def _without_refresh(
    token: dict[str, Any], _: BearerToken, request: Request
) -> dict[str, Any]:
    """Only who registered for refresh tokens gets one (RFC 7591 §2)."""
    if not request.client.renews:
        token.pop("refresh_token", None)
    return token


def _asked_as_specified(request: Request) -> dict[str, Any]:
    """What 1EdTech's profile demands of an authorization request beside RFC 6749."""
    if request.code_challenge is None:
        raise errors.MissingCodeChallengeError(request=request)
    if request.code_challenge_method != "S256":
        raise errors.UnsupportedCodeChallengeMethodError(request=request)
    wrong = {
        "code_challenge": not _CHALLENGE.fullmatch(request.code_challenge),
        "state": not request.state or len(request.state) > _LONGEST_STATE,
        "response_mode": request.response_mode not in (None, "query"),
    }
    for name in _some(wrong):
        raise errors.InvalidRequestError(
            description=f"{name} is missing or malformed", request=request
        )
    return {}


def _some(wrong: Mapping[str, bool]) -> Iterable[str]:
    return [name for name, is_wrong in wrong.items() if is_wrong]
