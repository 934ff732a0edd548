"""The nested credentials of a record: each an Open Badge alone, or all presented.

Belongs here: taking credentials out as they were signed. Does not belong here: any
change of them, and a proof: a presentation is unsigned, its credentials are not.
"""

from typing import Any

import orjson

from pipelines.forms.record import Claim, Record


def badge(claim: Claim) -> bytes:
    """A nested credential with its own proof, as JSON."""
    return orjson.dumps(claim.body)


def badges(record: Record) -> dict[str, bytes]:
    """Every nested credential by the name of its file."""
    return {f"{claim.short_id}.json": badge(claim) for claim in record.claims}


def presentation(record: Record) -> bytes:
    """A VerifiablePresentation of VCDM 2.0 with every nested credential.

    It is unsigned and names no holder: nothing would bind a holder to it.
    """
    document: dict[str, Any] = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [claim.body for claim in record.claims],
    }
    return orjson.dumps(document)
