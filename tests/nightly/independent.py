"""Published records through software that is not ours, and 1EdTech's own schemas.

``make conform`` runs it on the current snapshot; a test runs it on a small state.
"""

import argparse
import copy
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema_rs
import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
from openbadgeslib.ob3.verifier import OB3VerificationError

from pipelines.publishing.keys import published_keys
from pipelines.settings import home

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "standards" / "schemas"
CLR = "clr-v2p0/clr_v2p0_clrcredential_schema.json"
ACHIEVEMENT = "ob-v3p0/ob_v3p0_achievementcredential_schema.json"


@dataclass(frozen=True)
class Conformance:
    records: int
    credentials: int
    schemas: bool
    refused: tuple[str, ...]
    accepted: tuple[str, ...]


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _validators() -> list[jsonschema_rs.Validator]:
    if not SCHEMAS.is_dir():
        return []
    texts = [(SCHEMAS / name).read_bytes() for name in (CLR, ACHIEVEMENT)]
    return [jsonschema_rs.validator_for(json.loads(text)) for text in texts]


def check_published(root: Path, count: int, seed: int) -> Conformance:
    """Verify ``count`` random records of the current snapshot; raise on the first bad.

    Each record's own proof and that of each nested credential are checked by
    openbadgeslib, offline, with nothing of ours but the published did.json.
    """
    seq = json.loads((root / "published" / "current.json").read_bytes())["seq"]
    snapshot = root / "published" / "snapshots" / f"{seq:06d}"
    did_document = (snapshot / "public" / "did.json").read_bytes()
    keys = [_pem(key) for key in published_keys(json.loads(did_document)).values()]
    files = snapshot / "records" / "*.parquet"
    records = pl.read_parquet(files, columns=["clr"])["clr"].to_list()
    chosen = random.Random(seed).sample(records, min(count, len(records)))
    validators = _validators()
    credentials = 0
    for text in chosen:
        record = json.loads(text)
        _verify(record, keys, did_document)
        nested = record["credentialSubject"]["verifiableCredential"]
        if validators:
            of_record, of_nested = validators
            of_record.validate(record)
            for credential in nested:
                of_nested.validate(credential)
        credentials += len(nested)
    refused, accepted = [], []
    for name, forged in tampered([json.loads(text) for text in chosen]):
        try:
            _verify(forged, keys, did_document)
        except OB3VerificationError:
            refused.append(name)
        else:
            accepted.append(name)
    return Conformance(
        len(chosen), credentials, bool(validators), tuple(refused), tuple(accepted)
    )


def _verify(record: dict, keys: list[bytes], did_document: bytes) -> None:
    """The record's proof by the first key that made it, and each nested one's."""
    # A rotated key's records stand; openbadgeslib is told one key at a time.
    for number, key in enumerate(keys, start=1):
        try:
            verify_data_integrity_proof(
                record, key, extra_contexts=bundled_clr_contexts()
            )
            break
        except OB3VerificationError:
            if number == len(keys):
                raise
    # It does not look at nested proofs by itself.
    verifier = OB3LdpVerifier()
    for credential in record["credentialSubject"]["verifiableCredential"]:
        verifier.verify(credential, download=lambda _: did_document)


def tampered(records: list[dict]) -> Iterator[tuple[str, dict]]:
    """Twenty forgeries: each kind of leaf, and what was exchanged between two."""
    course = _course_of(records)
    for path in (
        ("id",),
        ("name",),
        ("description",),
        ("validFrom",),
        ("issuer", "name"),
        ("credentialSubject", "id"),
        ("credentialSubject", "identifier", 0, "identityHash"),
        ("proof", 0, "created"),
        ("proof", 0, "proofValue"),
        (*course, "id"),
        (*course, "validFrom"),
        (*course, "issuer", "url"),
        (*course, "credentialSubject", "creditsEarned"),
        (*course, "credentialSubject", "term"),
        (*course, "credentialSubject", "source", "name"),
        (*course, "credentialSubject", "achievement", "name"),
        (*course, "credentialSubject", "result", 0, "value"),
        (*course, "proof", 0, "proofValue"),
    ):
        forged = copy.deepcopy(records[0])
        place = _at(forged, path[:-1])
        place[path[-1]] = _altered(place[path[-1]])
        yield ".".join(map(str, path)), forged
    for part in ("result", "proof"):
        forged, one, two = _two_unlike(records, part)
        one[part], two[part] = two[part], one[part]
        yield f"{part} of two courses exchanged", forged


def _course_of(records: list[dict]) -> tuple:
    """Put a record with a graded course first; where in it that course is."""
    for number, record in enumerate(records):
        nested = record["credentialSubject"]["verifiableCredential"]
        for index, one in enumerate(nested):
            subject = one["credentialSubject"]
            if {
                "creditsEarned",
                "term",
                "source",
            } <= subject.keys() and "value" in subject.get("result", [{}])[0]:
                records.insert(0, records.pop(number))
                return ("credentialSubject", "verifiableCredential", index)
    raise AssertionError("no record with a graded course")


def _two_unlike(records: list[dict], part: str) -> tuple[dict, dict, dict]:
    """A copy of a record, and two places in it that say ``part`` otherwise."""
    for record in records:
        forged = copy.deepcopy(record)
        nested = forged["credentialSubject"]["verifiableCredential"]
        places = [one if part in one else one["credentialSubject"] for one in nested]
        found = [place for place in places if part in place]
        for other in found[1:]:
            if other[part] != found[0][part]:
                return forged, found[0], other
    raise AssertionError(f"no record with two of {part}")


def _at(value: dict, path: tuple) -> dict:
    for step in path:
        value = value[step]
    return value


def _altered(value: object) -> object:
    if isinstance(value, int | float):
        return value + 1
    text = str(value)
    # Ids and moments keep their form: another value, not a broken one.
    if text.startswith(("urn:uuid:", "20")):
        digit = "1" if text[-2] != "1" else "2"
        return text[:-2] + digit + text[-1]
    return text + "x"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    done = check_published(home().root, arguments.records, arguments.seed)
    schemas = "valid by the CLR and OB schemas" if done.schemas else "no schemas here"
    print(
        f"{done.records} records and {done.credentials:,} nested credentials: every "
        f"proof verified by openbadgeslib, {schemas}"
    )
    print(f"{len(done.refused)} tampered records refused")
    for name in done.accepted:
        print(f"accepted although tampered: {name}")
    sys.exit(bool(done.accepted))
