"""Badges made for tests: an issuer, its key, and one credential a format."""

import copy
import hashlib
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import add_data_integrity_proof

from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS, CLR_CONTEXTS
from pipelines.publishing.keys import public_key
from pipelines.publishing.signing import Proofs

LISTED = "did:web:badges.college.example"
SALT = "kosher"
OLDER = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
EMAIL = "maria@mail.example.org"


class Key:
    """A signer whose key follows from a name."""

    def __init__(self, name: str = "issuer", did: str = LISTED) -> None:
        seed = hashlib.sha256(name.encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = public_key(self.private)
        self.did = did
        self.method = f"{did}#{self.public}"

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``."""
        return self.private.sign(data)

    def jws(self, payload: dict[str, Any]) -> str:
        """A compact JWS."""
        return jwt.encode(
            payload, self.private, algorithm="EdDSA", headers={"kid": self.method}
        )


KEY = Key()


def listed(key: Key = KEY, **more: Any) -> dict[str, Any]:
    """The issuer as a college's profile lists it."""
    return {
        "id": key.did,
        "name": "Badge Office",
        "platform": "CREDLY",
        "keys": [{"publicKeyMultibase": key.public, **more}],
    }


def signed(
    document: dict[str, Any],
    key: Key = KEY,
    contexts: tuple[str, ...] = ACHIEVEMENT_CONTEXTS,
) -> dict[str, Any]:
    """The document with an eddsa-rdfc-2022 proof."""
    proofs = Proofs()
    quads = proofs.writer.write(document)
    created = document["validFrom"]
    return {**document, "proof": [proofs.proof(quads, contexts, created, key)]}


def signed_elsewhere(
    document: dict[str, Any], key: Key = KEY, context: str = OLDER
) -> dict[str, Any]:
    """The document over another Open Badges context, signed by openbadgeslib itself."""
    copied = copy.deepcopy(document)
    copied["@context"][-1] = context
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return add_data_integrity_proof(
        copied, pem, key.method, extra_contexts=bundled_clr_contexts()
    )


def identity(kind: str, value: str, *, hashed: bool = False) -> dict[str, Any]:
    """An IdentityObject; hashed ones are salted."""
    entry = {
        "type": "IdentityObject",
        "hashed": hashed,
        "identityHash": value,
        "identityType": kind,
    }
    if hashed:
        digest = hashlib.sha256((value + SALT).encode()).hexdigest()
        entry |= {"identityHash": f"sha256${digest}", "salt": SALT}
    return entry


def badge_3(number: int = 1, *identities: dict[str, Any]) -> dict[str, Any]:
    """An unsigned Open Badges 3.0 credential."""
    return {
        "@context": list(ACHIEVEMENT_CONTEXTS),
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": LISTED, "type": ["Profile"], "name": "Badge Office"},
        "validFrom": "2026-03-01T00:00:00Z",
        "validUntil": "2029-03-01T00:00:00Z",
        "credentialSubject": {
            "id": f"urn:uuid:00000000-0000-4000-9000-{number:012}",
            "type": ["AchievementSubject"],
            "identifier": list(identities) or [identity("emailAddress", EMAIL)],
            "achievement": {
                "id": f"https://badges.college.example/classes/{number}",
                "type": ["Achievement"],
                "criteria": {"narrative": "Pass the test."},
                "description": "Spreadsheets",
                "name": f"Spreadsheets {number}",
                "tag": ["Excel", "Data"],
            },
        },
    }


def clr_2(*nested: Any, sign: bool = True, key: Key = KEY) -> dict[str, Any]:
    """A CLR 2.0 around credentials."""
    document = {
        "@context": list(CLR_CONTEXTS),
        "id": "urn:uuid:00000000-0000-4000-8000-00000000c1c1",
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Record",
        "issuer": {"id": key.did, "type": ["Profile"], "name": "Badge Office"},
        "validFrom": "2026-04-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:example:wallet",
            "type": ["ClrSubject"],
            "identifier": [identity("emailAddress", EMAIL)],
            "verifiableCredential": list(nested),
        },
    }
    return signed(document, key, CLR_CONTEXTS) if sign else document


def badge_2(**more: Any) -> dict[str, Any]:
    """An Open Badges 2.0 assertion with everything embedded."""
    return {
        "@context": "https://w3id.org/openbadges/v2",
        "type": "Assertion",
        "id": "https://badges.college.example/assertions/2",
        "recipient": {"type": "email", "hashed": False, "identity": EMAIL},
        "badge": {
            "type": "BadgeClass",
            "id": "https://badges.college.example/classes/2",
            "name": "Welding",
            "issuer": {"type": "Issuer", "id": LISTED, "name": "Badge Office"},
        },
        "verification": {"type": "SignedBadge", "creator": KEY.method},
        "issuedOn": "2026-03-01T00:00:00Z",
        **more,
    }


def clr_1(*assertions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A CLR 1.0 of plain assertions."""
    return {
        "@context": "https://purl.imsglobal.org/spec/clr/v1p0/context/clr_v1p0.jsonld",
        "id": "urn:uuid:00000000-0000-4000-8000-00000000c101",
        "type": "Clr",
        "learner": {"id": "urn:x:1", "type": "Profile", "email": EMAIL, "name": "M"},
        "publisher": {"id": LISTED, "type": "Profile", "name": "Badge Office"},
        "issuedOn": "2026-03-02T00:00:00Z",
        "assertions": list(assertions),
        **more,
    }


def assertion_1(number: int = 1) -> dict[str, Any]:
    """An assertion of a CLR 1.0."""
    return {
        "id": f"urn:uuid:00000000-0000-4000-8000-0000000a{number:04}",
        "type": "Assertion",
        "issuedOn": "2026-03-01T00:00:00Z",
        "recipient": {"type": "email", "hashed": False, "identity": EMAIL},
        "achievement": {
            "id": f"https://badges.college.example/classes/1{number}",
            "type": "Achievement",
            "name": f"Course {number}",
            "issuer": {"id": LISTED, "type": "Profile", "name": "Badge Office"},
        },
    }


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the leaf at ``a/b/0/c`` set to ``value``."""
    copied = copy.deepcopy(document)
    node: Any = copied
    *steps, last = [int(s) if s.isdigit() else s for s in path.split("/")]
    for step in steps:
        node = node[step]
    node[last] = value
    return copied


def lines(*documents: Any) -> bytes:
    """JSON Lines; a text goes as it is."""
    texts = [d if isinstance(d, str) else json.dumps(d) for d in documents]
    return "".join(f"{text}\n" for text in texts).encode()
