"""Published records through software that is not ours, and 1EdTech's own schemas.

``make conform`` runs it on the current snapshot; a test runs it on a small state.
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

import jsonschema_rs
import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

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
    records = pl.read_parquet(snapshot / "records" / "*.parquet", columns=["clr"])
    chosen = random.Random(seed).sample(records["clr"].to_list(), count)
    verifier = OB3LdpVerifier()
    validators = _validators()
    credentials = 0
    for text in chosen:
        record = json.loads(text)
        verify_data_integrity_proof(
            record, keys[0], extra_contexts=bundled_clr_contexts()
        )
        nested = record["credentialSubject"]["verifiableCredential"]
        for credential in nested:
            verifier.verify(credential, download=lambda _: did_document)
        if validators:
            of_record, of_nested = validators
            of_record.validate(record)
            for credential in nested:
                of_nested.validate(credential)
        credentials += len(nested)
    return Conformance(len(chosen), credentials, bool(validators))


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
