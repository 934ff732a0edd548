"""A badge platform's export: signed Open Badges, one a line.

Badges of version 3.0 carry an ``eddsa-rdfc-2022`` proof, those of 2.0 are signed
assertions (JWS, EdDSA). Around each stands what only the platform knows: the state of
the badge, when it changed, the student id where there is one.

Belongs here: rows to signed documents, and the profile that vouches for the issuer.
Does not belong here: any check of a signature. The key is derived from a number, so it
protects nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import jwt
import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS
from pipelines.publishing.keys import public_key
from pipelines.publishing.signing import Proofs
from pipelines.sample.dialects import TableFile

CARRIES = frozenset({"badge"})

_ISSUER = "did:web:badges.example.org"
_CLASSES = "https://badges.example.org/classes/"


class _Key:
    """The sample platform's key, as ``signing.Signer`` wants it."""

    def __init__(self, seed: int) -> None:
        digest = hashlib.sha256(f"sample badge platform {seed}".encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(digest)
        self.public = public_key(self.private)
        self.did = _ISSUER
        self.method = f"{_ISSUER}#{self.public}"

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of ``data``."""
        return self.private.sign(data)


def issuer_profile(seed: int = 0) -> dict[str, Any]:
    """What a college's profile says under ``dialect_settings: {open_badges: …}``."""
    return {
        "issuers": [
            {
                "id": _ISSUER,
                "name": "Sample badge platform",
                "keys": [{"publicKeyMultibase": _Key(seed).public}],
            }
        ],
        "id_prefixes": ["urn:uuid:", "https://badges.example.org/a/", _CLASSES],
    }


def tables(
    text: Mapping[str, pl.DataFrame], college: Mapping[str, Any]
) -> list[TableFile]:
    """The badges as one file of JSON Lines.

    Args:
        text: Feeds as strings under the names of the files.
        college: The sender's row; ``seed`` chooses the platform's key, 0 without one.
    """
    frame = text["badge"]
    key, proofs = _Key(int(college.get("seed") or 0)), Proofs()
    lines = [_line(row, key, proofs) for row in frame.iter_rows(named=True)]
    data = "".join(f"{line}\n" for line in lines).encode()
    return [TableFile("credential", "badges.jsonl", frame.height, data)]


def _line(row: Mapping[str, str | None], key: _Key, proofs: Proofs) -> str:
    is_third = row["ob_version"] == "3.0"
    made = _open_badge_3(row, key, proofs) if is_third else _open_badge_2(row, key)
    beside = {
        "id": row["badge_assertion_id"],
        "platform": row["platform"],
        "state": (row["status"] or "").lower() or None,
        "student_id": row["student_id"],
        "updated_at": row["record_updated_at"],
    }
    envelope = {name: value for name, value in beside.items() if value is not None}
    return json.dumps({**envelope, "credential": made}, ensure_ascii=False)


def _open_badge_3(
    row: Mapping[str, str | None], key: _Key, proofs: Proofs
) -> dict[str, Any]:
    identifiers = [
        {
            "type": "IdentityObject",
            "hashed": False,
            "identityHash": value,
            "identityType": kind,
        }
        for kind, value in (
            ("emailAddress", row["recipient_email"]),
            ("name", row["recipient_name"]),
        )
        if value
    ]
    achievement: dict[str, Any] = {
        "id": f"{_CLASSES}{row['badge_class_id']}",
        "type": ["Achievement"],
        "criteria": {"narrative": f"Requirements of {row['badge_name']}."},
        "description": str(row["badge_name"]),
        "name": row["badge_name"],
    }
    if row["skills"]:
        achievement["tag"] = row["skills"].split("; ")
    credential: dict[str, Any] = {
        "@context": list(ACHIEVEMENT_CONTEXTS),
        "id": row["assertion_url"] or f"urn:uuid:{row['badge_assertion_id']}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": key.did, "type": ["Profile"], "name": row["issuer_name"]},
        "validFrom": f"{row['issued_on']}T00:00:00Z",
        "name": row["badge_name"],
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": identifiers,
            "achievement": achievement,
        },
    }
    if row["expires_on"]:
        credential["validUntil"] = f"{row['expires_on']}T00:00:00Z"
    if row["evidence_url"]:
        credential["evidence"] = [{"id": row["evidence_url"], "type": ["Evidence"]}]
    quads = proofs.writer.write(credential)
    created = credential["validFrom"]
    proof = proofs.proof(quads, ACHIEVEMENT_CONTEXTS, created, key)
    return {**credential, "proof": [proof]}


def _open_badge_2(row: Mapping[str, str | None], key: _Key) -> str:
    badge: dict[str, Any] = {
        "type": "BadgeClass",
        "id": f"{_CLASSES}{row['badge_class_id']}",
        "name": row["badge_name"],
        "description": row["badge_name"],
        "criteria": {"narrative": f"Requirements of {row['badge_name']}."},
        "issuer": {"type": "Issuer", "id": key.did, "name": row["issuer_name"]},
    }
    if row["skills"]:
        badge["tags"] = row["skills"].split("; ")
    assertion: dict[str, Any] = {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": row["assertion_url"] or f"urn:uuid:{row['badge_assertion_id']}",
        "recipient": {
            "type": "email",
            "hashed": False,
            "identity": row["recipient_email"],
        },
        "badge": badge,
        "verification": {"type": "SignedBadge", "creator": key.method},
        "issuedOn": f"{row['issued_on']}T00:00:00Z",
    }
    if row["expires_on"]:
        assertion["expires"] = f"{row['expires_on']}T00:00:00Z"
    if row["evidence_url"]:
        assertion["evidence"] = row["evidence_url"]
    if row["recipient_name"]:
        assertion["extensions:recipientProfile"] = {
            "type": ["Extension", "extensions:RecipientProfile"],
            "name": row["recipient_name"],
        }
    return jwt.encode(
        assertion, key.private, algorithm="EdDSA", headers={"kid": key.method}
    )
