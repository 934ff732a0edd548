"""A record and its nested credentials as VC-JWT: each a compact JWS by ES256.

Source: Open Badges 3.0 and CLR 2.0, JSON Web Token Proof Format: header ``alg``,
``kid``, ``typ``; the payload is the credential with ``iss``, ``sub``, ``jti``, ``nbf``
and, where it ends, ``exp``. A proof that is in the credential stays in it.

Belongs here: the payload, its signature, the names of the files. Does not belong here:
the key (``publishing.es256``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt as pyjwt

from pipelines.errors import OperatorError
from pipelines.forms.record import Record
from pipelines.publishing.es256 import Es256Key, load_key
from pipelines.publishing.reader import resolve
from pipelines.settings import Home

RECORD = "record.jwt"


def key_in_force(home: Home, record: Record) -> Es256Key:
    """The key of the record's issuer, which verifiers know.

    Raises:
        OperatorError: there is none, or it is not published yet.
    """
    key = load_key(home.keys, record.issuer.id)
    if key.method not in resolve(home).did_document()["assertionMethod"]:
        raise OperatorError(
            f"the ES256 key {key.public} is not published yet, so nobody could verify "
            "with it: run `lrw night` first"
        )
    return key


def jwts(record: Record, key: Es256Key) -> dict[str, bytes]:
    """The record and every nested credential by the name of its file.

    Args:
        record: a signed record.
        key: of its issuer.
    """
    named = {RECORD: record.body}
    named |= {f"{claim.short_id}.jwt": claim.body for claim in record.claims}
    return {name: f"{_signed(body, key)}\n".encode() for name, body in named.items()}


def _signed(body: Mapping[str, Any], key: Es256Key) -> str:
    return pyjwt.encode(
        {**body, **_claims(body)},
        key.private,
        algorithm="ES256",
        headers={"kid": key.method},
    )


def _claims(body: Mapping[str, Any]) -> dict[str, Any]:
    claims = {
        "iss": body["issuer"]["id"],
        "sub": body["credentialSubject"]["id"],
        "jti": body["id"],
        "nbf": _seconds(body["validFrom"]),
    }
    if "validUntil" in body:
        claims["exp"] = _seconds(body["validUntil"])
    return claims


def _seconds(moment: str) -> int:
    """NumericDate (RFC 7519 §2) of a date-time with a zone."""
    return int(datetime.fromisoformat(moment).timestamp())
