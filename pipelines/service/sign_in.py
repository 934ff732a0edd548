"""Who the person at the browser is: codes that a steward hands to learners.

A state's identity provider takes the place of ``Invitations`` by another
``LearnerSignIn``; nothing else of the service knows how somebody was recognised.

Belongs here: making, checking and spending invitations. Does not belong here: what a
learner then allows (``oauth.py``).
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from pipelines.service.state import State, now

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for another or for a digit."""

_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
_ID, _SECRET, _GROUP = 8, 12, 4
TRIES = 5
"""Wrong codes after which an invitation is spent; 60 bits are not guessed in five."""

DAYS = 14


class LearnerSignIn(Protocol):
    """Tells which learner is at the browser.

    Attributes:
        template: the fields that the sign-in page asks for.
    """

    template: str

    def learner(
        self, given: Mapping[str, str], headers: Mapping[str, str]
    ) -> str | None:
        """The learner's id, or None when nobody was recognised.

        Args:
            given: what was typed into the page's fields.
            headers: of the request, where a proxy in front says who signed in.
        """
        ...


class Invitations:
    """One-time codes of stewards, good for some days and few tries."""

    template = "sign_in_code.html.j2"

    def __init__(self, state: State) -> None:
        self._state = state

    def invite(self, learner_id: str, days: int = DAYS) -> tuple[str, datetime]:
        """Make a code for a learner; earlier ones of the learner are void.

        Returns:
            The code, which is kept nowhere, and when it ends.
        """
        name, secret = _drawn(_ID), _drawn(_SECRET)
        salt = os.urandom(16)
        ends = datetime.now(UTC) + timedelta(days=days)
        with self._state.change() as con:
            con.execute("DELETE FROM invitation WHERE learner_id = ?", [learner_id])
            con.execute(
                "INSERT INTO invitation VALUES (?, ?, ?, ?, ?, ?, NULL)",
                [
                    name,
                    learner_id,
                    salt,
                    _stretched(secret, salt),
                    int(ends.timestamp()),
                    TRIES,
                ],
            )
        text = name + secret
        groups = (text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
        return "-".join(groups), ends

    def learner(
        self, given: Mapping[str, str], headers: Mapping[str, str]
    ) -> str | None:
        """Spend a code; see ``LearnerSignIn``."""
        del headers
        text = given.get("code", "").upper().translate(_READ_AS)[:64]
        name, secret = text[:_ID], text[_ID:]
        with self._state.change() as con:
            # A try is taken before the answer is known, so that tries side by side
            # are as many as tries one after the other.
            row = con.execute(
                "UPDATE invitation SET tries_left = tries_left - 1 "
                "WHERE invitation_id = ? AND expires_at > ? AND tries_left > 0 "
                "AND used_at IS NULL RETURNING learner_id, salt, code_hash",
                [name, now()],
            ).fetchone()
        # An unknown code takes as long as a wrong one.
        found = _stretched(secret, row["salt"] if row else b"\0" * 16)
        if row is None or not hmac.compare_digest(found, row["code_hash"]):
            return None
        with self._state.change() as con:
            spent = con.execute(
                "UPDATE invitation SET used_at = ? "
                "WHERE invitation_id = ? AND used_at IS NULL",
                [now(), name],
            ).rowcount
        return str(row["learner_id"]) if spent else None


def _drawn(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _stretched(secret: str, salt: bytes) -> bytes:
    # 16 MB and 0.05 s a guess, of 2**60.
    return Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(secret.encode())
