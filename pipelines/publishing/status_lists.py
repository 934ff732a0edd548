"""The signed lists by which a verifier sees whether a credential is revoked.

Source: W3C Bitstring Status List v1.0 §2.1 (the entry), §2.2 (the list credential),
§3.1 (the bits: GZIP, most significant first, multibase base64url).

Belongs here: entries as JSON, lists as signed credentials, reading one back. Does not
belong here: who has which entry (``status_entries.py``).
"""

import base64
import functools
import gzip
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.status import decode_encoded_list

from pipelines.publishing.contexts import CREDENTIALS_V2
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import Proofs, Signer
from pipelines.publishing.snapshot import PUBLIC, STATUS
from pipelines.publishing.status_entries import SLOTS
from pipelines.publishing.versions import later

PURPOSE = "revocation"


@functools.cache
def base_url(did: str) -> str:
    """Where a did:web issuer publishes, without a slash at the end.

    Source: did:web method specification, "Read (Resolve)".
    """
    host, *path = did.removeprefix("did:web:").split(":")
    return "https://" + "/".join([host.replace("%3A", ":"), *path])


def list_url(did: str, number: int) -> str:
    """``statusListCredential`` of list ``number``."""
    return f"{base_url(did)}/status/{number}.json"


def entry(did: str, number: int, slot: int) -> dict[str, str]:
    """``credentialStatus`` of a credential."""
    url = list_url(did, number)
    return {
        "id": f"{url}#{slot}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": PURPOSE,
        "statusListIndex": str(slot),
        "statusListCredential": url,
    }


def enter(
    record: dict[str, Any], did: str, entries: Mapping[str, str], as_of: str
) -> None:
    """Give a record and each credential in it its ``credentialStatus``.

    Args:
        record: a pruned, unsigned CLR; changed in place.
        did: its issuer.
        entries: ``list slot`` by id without ``urn:uuid:``; a third word is the moment
            at which an earlier entry of it was revoked: what is issued again is later.
        as_of: ``validFrom`` of what is issued again.

    Raises:
        UnsignableError: one has no entry: it could never be revoked.
    """
    try:
        documents = (record, *record["credentialSubject"]["verifiableCredential"])
        ids = [document["id"].removeprefix("urn:uuid:") for document in documents]
    except (KeyError, TypeError, AttributeError):
        raise UnsignableError("the record lacks a mandatory part") from None
    for document, name in zip(documents, ids, strict=True):
        place = entries.get(name)
        if place is None:
            raise UnsignableError("a credential of it has no status entry")
        number, slot, *ended = place.split()
        document["credentialStatus"] = entry(did, int(number), int(slot))
        if ended:
            document["validFrom"] = later(document["validFrom"], ended[0], as_of)


def bits(revoked: Iterable[int]) -> bytes:
    """A list with these slots set, the first slot most significant."""
    whole = bytearray(SLOTS // 8)
    for slot in revoked:
        whole[slot // 8] |= 0x80 >> slot % 8
    return bytes(whole)


def encode(revoked: Iterable[int]) -> str:
    """``encodedList`` of a list with these slots set; the same slots, the same text."""
    text = base64.urlsafe_b64encode(gzip.compress(bits(revoked), mtime=0)).decode()
    return "u" + text.rstrip("=")


def decode(text: str) -> bytes:
    """The bits of an ``encodedList``.

    Raises:
        ValueError: it is not one, or not of the length of this issuer's lists.
    """
    try:
        whole = decode_encoded_list(text)
    except LibOpenBadgesException as error:
        raise ValueError(str(error)) from None
    if len(whole) != SLOTS // 8:
        raise ValueError(f"a list has {SLOTS:,} entries")
    return whole


def is_set(whole: bytes, slot: int) -> bool:
    """Whether a slot is revoked."""
    return bool(whole[slot // 8] & 0x80 >> slot % 8)


def write(
    folder: Path,
    previous: Path | None,
    lists: Mapping[int, list[int]],
    changed: set[int] | None,
    as_of: str,
    signer: Signer,
) -> None:
    """Write ``1.json`` and on: tonight's signed lists; one without a change is kept.

    Args:
        folder: where they go; made here.
        previous: folder of the published snapshot, None before the first.
        lists: revoked slots by list number.
        changed: lists to sign anew; None signs all.
        as_of: their ``validFrom``, ISO 8601 with ``Z``.
        signer: the issuer's key.
    """
    folder.mkdir()
    proofs = Proofs()
    for number, revoked in lists.items():
        path = folder / f"{number}.json"
        if previous and changed is not None and number not in changed:
            shutil.copyfile(previous / PUBLIC / STATUS / path.name, path)
            continue
        url = list_url(signer.did, number)
        credential: dict[str, Any] = {
            "@context": [CREDENTIALS_V2],
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": signer.did,
            "validFrom": as_of,
            "credentialSubject": {
                "id": f"{url}#list",
                "type": "BitstringStatusList",
                "statusPurpose": PURPOSE,
                "encodedList": encode(revoked),
            },
        }
        quads = proofs.writer.write(credential)
        proof = proofs.proof(quads, (CREDENTIALS_V2,), as_of, signer)
        path.write_bytes(orjson.dumps({**credential, "proof": proof}))
