"""Applications register themselves (RFC 7591), as 1EdTech's specification lays down.

Source: Open Badges 3.0 §"Register with Authorization Server"; CLR 2.0 has the same.
Nobody vouches for what an application says of itself: the consent page says so.

Belongs here: which registration is accepted. Does not belong here: what a client may do
(``grants.py``).
"""

import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from pipelines.service.apis import SCOPES
from pipelines.service.state import State, hashed, now

URLS = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
TEXTS = ("client_name", "software_id", "software_version")
REQUIRED = (*TEXTS, *URLS, "redirect_uris", "scope")
MOST_CLIENTS = 10_000
_UNUSED_SECONDS = 24 * 3600
_LONGEST = {"client_name": 100, "software_id": 255, "software_version": 255}
_LONGEST_URL, _MOST_URLS, _MOST_CONTACTS = 1000, 10, 10
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_METHOD = "client_secret_basic"
_GRANTS = ("authorization_code", "refresh_token")


class RegistrationError(Exception):
    """Why a registration is refused.

    Attributes:
        error: of RFC 7591 §3.2.2.
    """

    def __init__(self, words: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(words)
        self.error = error


def register(state: State, sent: object) -> dict[str, Any]:
    """Keep an application, and give it an id and a secret.

    Args:
        state: where it is kept.
        sent: the JSON body of the request.

    Returns:
        The answer; its ``client_secret`` is kept nowhere.

    Raises:
        RegistrationError: it lacks something, or says what is not accepted.
    """
    metadata = accepted(sent)
    secret = secrets.token_urlsafe(32)
    client_id = secrets.token_urlsafe(16)
    at = now()
    with state.change() as con:
        _make_room(con, at)
        con.execute(
            "INSERT INTO client VALUES (?, ?, ?, ?)",
            [client_id, hashed(secret), orjson.dumps(metadata).decode(), at],
        )
    return {
        "client_id": client_id,
        "client_secret": secret,
        "client_id_issued_at": at,
        "client_secret_expires_at": 0,
        **metadata,
    }


def _make_room(con: sqlite3.Connection, at: int) -> None:
    """Whoever fills the table pushes out what nobody used, and nobody who is used."""
    (count,) = con.execute("SELECT count(*) FROM client").fetchone()
    if count < MOST_CLIENTS:
        return
    gone = con.execute(
        "DELETE FROM client WHERE client_id IN (SELECT client_id FROM client "
        "WHERE registered_at < ? AND client_id NOT IN (SELECT client_id FROM consent) "
        "ORDER BY registered_at LIMIT 1000)",
        [at - _UNUSED_SECONDS],
    ).rowcount
    if not gone:
        raise RegistrationError("no more applications are taken at present")


def accepted(sent: object) -> dict[str, Any]:
    """What is kept of a registration; raises as ``register``."""
    if not isinstance(sent, Mapping):
        raise RegistrationError("the body is not a JSON object")
    missing = [name for name in REQUIRED if not sent.get(name)]
    if missing:
        raise RegistrationError(f"missing: {', '.join(missing)}")
    kept: dict[str, Any] = {name: _text(name, sent[name]) for name in TEXTS}
    kept |= {name: _url(name, sent[name]) for name in URLS}
    redirects = _list(sent, "redirect_uris", _MOST_URLS)
    try:
        kept["redirect_uris"] = [_url("redirect_uris", one) for one in redirects]
    except RegistrationError as error:
        raise RegistrationError(str(error), "invalid_redirect_uri") from None
    hosts = {
        urlsplit(one).hostname
        for one in (*(kept[name] for name in URLS), *kept["redirect_uris"])
    }
    if len(hosts) > 1:
        raise RegistrationError("all URLs must have the same hostname")
    kept["scope"] = _scope(sent["scope"])
    if sent.get("token_endpoint_auth_method", _METHOD) != _METHOD:
        raise RegistrationError(f"token_endpoint_auth_method must be {_METHOD}")
    kept["token_endpoint_auth_method"] = _METHOD
    kept["grant_types"] = _among(sent, "grant_types", _GRANTS)
    kept["response_types"] = _among(sent, "response_types", ("code",))
    if "contacts" in sent:
        contacts = _list(sent, "contacts", _MOST_CONTACTS)
        kept["contacts"] = [_text("contacts", one) for one in contacts]
    return kept


def _text(name: str, value: object) -> str:
    most = _LONGEST.get(name, 255)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= most:
        raise RegistrationError(f"{name} must be a text of at most {most} letters")
    # Control and format characters can make a name look like another one.
    if any(unicodedata.category(letter).startswith("C") for letter in value):
        raise RegistrationError(f"{name} has characters that cannot be seen")
    return value.strip()


def _url(name: str, value: object) -> str:
    """An HTTPS URL, whole as it was sent: it is compared letter by letter."""
    wrong = RegistrationError(f"{name} must be an https URL without a fragment")
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_URL:
        raise wrong
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    plain = value.isascii() and value.isprintable() and not set(value) & set(' "<>\\^`')
    if (
        not plain
        or parts.scheme != "https"
        or "@" in parts.netloc
        or "#" in value
        or not _HOST.fullmatch(host)
    ):
        raise wrong
    return value


def _list(sent: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = sent[name]
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise RegistrationError(f"{name} must be a list of 1 to {most}")
    return value


def _scope(value: object) -> str:
    """Those of the scopes that are given here, in order and once each."""
    asked = value.split() if isinstance(value, str) else []
    known = [scope for scope in dict.fromkeys(asked) if scope in SCOPES]
    if not any("://" in scope for scope in known):
        raise RegistrationError("scope has none that is given here")
    return " ".join(known)


def _among(sent: Mapping[str, Any], name: str, known: tuple[str, ...]) -> list[str]:
    if name not in sent:
        return [known[0]]
    value = _list(sent, name, len(known))
    if not set(map(str, value)) <= set(known) or known[0] not in value:
        raise RegistrationError(f"{name} can be {', '.join(known)}")
    return list(dict.fromkeys(value))
