"""What a form keeps of a property: it is changed, and the form is made once more."""

import base64
import copy
import html
import json
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.load import load_contracts
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import ClaimKind, Profile, load_profile
from pipelines.forms.badges import badge
from pipelines.forms.beside import Beside, OrgFacts
from pipelines.forms.jwt import jwts
from pipelines.forms.page import page
from pipelines.forms.pesc import transcript
from pipelines.forms.record import Record
from pipelines.publishing.es256 import Es256Key, create_key

# Words of a closed list become another one; of anything else something unheard of.
_OTHER = {
    "Withdrew": "Failed",
    "Course": "Competency",
    "LetterGrade": "RawScore",
    "ext:ExperienceCategory": "ext:OnetElement",
    "exactMatchOf": "isPartOf",
}
# Of the examples' college.
BESIDE = Beside(
    orgs={
        "urn:uuid:ac8e129d-7db1-5e76-a6bd-e66ac0e21833": OrgFacts(
            "GSCC", "101240", "00101700", "AL"
        )
    }
)
SENDER = "urn:uuid:0a7053e1-66a0-5ddf-8a1d-aadfec050501"


@cache
def profile() -> Profile:
    return load_profile(load_contracts(), load_products())


def forms() -> dict[str, Callable[[Record], str]]:
    return {
        "badges": lambda record: "\n".join(badge(c).decode() for c in record.claims),
        "page": lambda record: html.unescape(page(record, BESIDE, for_print=True)),
        "pesc": lambda record: html.unescape(transcript(record, BESIDE).decode()),
        "jwt": lambda record: "\n".join(map(payload, jwts(record, key()).values())),
    }


@cache
def key() -> Es256Key:
    folder = Path(tempfile.mkdtemp(prefix="es256-"))
    return create_key(folder, "did:web:records.example.edu")


def payload(signed: bytes) -> str:
    """What a compact JWS says, as JSON text."""
    said = signed.split(b".")[1]
    told = json.loads(base64.urlsafe_b64decode(said + b"=" * (-len(said) % 4)))
    return json.dumps(told, ensure_ascii=False)


def record_of(kind: ClaimKind) -> dict[str, Any]:
    """A record that holds the profile's example of a kind, and what a course needs."""
    claim = copy.deepcopy(dict(kind.example))
    subject = claim["credentialSubject"]
    achievement = subject["achievement"]
    for org in (subject["source"], achievement.get("creator", {})):
        org["url"] = "https://college.example"
    if kind.kind == "course":
        subject["result"].append({"type": ["Result"], "status": "Withdrew"})
    sent = {
        "id": SENDER,
        "type": ["Achievement"],
        "achievementType": "Course",
        "name": "A course sent",
        "humanCode": "SNT 101",
        "creator": claim["credentialSubject"]["source"],
    }
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:1b000000-0000-5000-8000-000000000001",
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Comprehensive Learner Record",
        "issuer": copy.deepcopy(claim["issuer"]),
        "validFrom": "2026-09-01T08:21:00Z",
        "partial": False,
        "credentialSubject": {
            "id": "urn:uuid:1b000000-0000-7000-8000-000000000002",
            "type": ["ClrSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": "María Núñez",
                    "identityType": "name",
                }
            ],
            "achievement": [sent],
            "association": [
                {
                    "type": "Association",
                    "associationType": "exactMatchOf",
                    "sourceId": SENDER,
                    "targetId": achievement["id"],
                }
            ],
            "verifiableCredential": [claim],
        },
    }


def everything() -> dict[str, Any]:
    """One record with the example of every kind, and courses of every status."""
    documents = [record_of(kind) for kind in profile().kinds]
    whole = documents[0]
    claims: list[dict[str, Any]] = [
        claim
        for document in documents
        for claim in document["credentialSubject"]["verifiableCredential"]
    ]
    for status in ("Failed", "OnHold", "Enrolled", "InProgress"):
        course = copy.deepcopy(claims[0])
        subject = course["credentialSubject"]
        subject["result"] = [{"type": ["Result"], "status": status}]
        claims.append(course)
    for number, claim in enumerate(claims):
        claim["id"] = f"urn:uuid:2c000000-0000-5000-8000-{number:012}"
    whole["credentialSubject"]["verifiableCredential"] = claims
    whole["partial"] = True
    return whole


def measured() -> dict[str, dict[str, str]]:
    """By path and form: kept, reduced or lost.

    Kept is what stands in the form as it stands in the record, in every kind of claim
    that has it; lost is what makes no difference in any; reduced is the rest.
    """
    told: dict[str, dict[str, set[str]]] = {}
    for kind in profile().kinds:
        whole = record_of(kind)
        before = made(whole)
        for path, place in _properties(kind):
            for name, verdict in _verdicts(whole, before, place):
                told.setdefault(path, {}).setdefault(name, set()).add(verdict)
    return {
        path: {
            name: next(iter(found)) if len(found) == 1 else "reduced"
            for name, found in by_form.items()
        }
        for path, by_form in told.items()
    }


def made(document: dict[str, Any]) -> dict[str, str]:
    record = Record.of(json.dumps(document))
    return {name: " ".join(form(record).split()) for name, form in forms().items()}


def _properties(kind: ClaimKind) -> Iterator[tuple[str, str]]:
    """Paths of the profile, and where they stand in the record."""
    for one in profile().record:
        yield f"record.{one.path}", one.path
    for one in kind.properties:
        if one.columns:
            inside = f"credentialSubject.verifiableCredential[].{one.path}"
            yield f"claim.{one.path}", inside


def _verdicts(
    whole: dict[str, Any], before: dict[str, str], place: str
) -> Iterator[tuple[str, str]]:
    changed = copy.deepcopy(whole)
    values: list[str] = []
    _change(changed, place.split("."), values)
    if not values:
        return
    for name, after in made(changed).items():
        if after == before[name]:
            yield name, "lost"
        else:
            shown = all(after.count(v) > before[name].count(v) for v in values)
            yield name, "kept" if shown else "reduced"


def _change(node: Any, path: list[str], values: list[str]) -> None:
    name, *rest = path
    key = name.removesuffix("[]")
    if key not in node:
        return
    inner = node[key]
    if rest:
        for one in inner if isinstance(inner, list) else [inner]:
            _change(one, rest, values)
    elif isinstance(inner, list):
        node[key] = [_other(one, values) for one in inner]
    else:
        node[key] = _other(inner, values)


def _other(value: Any, values: list[str]) -> Any:
    """Another value of the same sort; what a form has to show goes to ``values``."""
    if isinstance(value, dict):
        return {
            key: _other(one, values)
            if isinstance(one, str) and key not in ("type", "identityType")
            else one
            for key, one in value.items()
        }
    if isinstance(value, bool):
        values.append(json.dumps(not value))
        return not value
    if isinstance(value, int | float):
        values.append("7.25")
        return 7.25
    if value in _OTHER:
        values.append(_OTHER[value])
        return _OTHER[value]
    if value[4:5] == "-" and value.endswith("Z"):
        values.append("2019-03-04")
        return "2019-03-04" + value[10:]
    if value.startswith("urn:uuid:"):
        other = value[:-6] + "abcdef"
        values.append(other.removeprefix("urn:uuid:"))
        return other
    values.append(f"{value} qx7")
    return f"{value} qx7"
