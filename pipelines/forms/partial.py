"""A part of a record, for somebody who need not see the rest.

Belongs here: which claims a part holds, and the signed record around them. Does not
belong here: who gets it and that it is logged (``write.py``).

The credentials keep their proofs and with them their bytes; the record around them is a
new one: an id of its own, ``partial``, valid from now. It keeps the status entry of the
whole record, so what revokes that revokes this.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from pipelines.errors import OperatorError
from pipelines.forms.form import Part
from pipelines.forms.record import Record
from pipelines.publishing import guard
from pipelines.publishing.keys import load_key
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import KeySigner, Proofs, sign_around
from pipelines.settings import Home

KINDS: dict[Part, frozenset[str]] = {
    Part.TRANSFERS: frozenset({"course", "transfer"}),
    Part.SKILLS: frozenset({"skill", "experience", "badge"}),
    Part.AWARDS: frozenset({"award", "certification", "noncredit"}),
}
"""Kinds of claims (``Claim.kind``) by part; averages are in the whole record alone.

A receiving college needs courses and what was accepted for them; an employer what a
person can do, or what was awarded. No kind is in two parts.
"""


def partial(home: Home, record: Record, parts: Collection[Part]) -> Record:
    """The parts of a record as a signed record.

    Args:
        home: the warehouse, whose key signs.
        record: the whole, as published.
        parts: at least one.

    Raises:
        OperatorError: the record has nothing of these parts, or the key is not there.
    """
    wanted = frozenset().union(*(KINDS[part] for part in parts))
    kept = {claim.id for claim in record.claims if claim.kind in wanted}
    if not kept:
        said = " or ".join(sorted(parts))
        raise OperatorError(f"the record holds no {said}: nothing to hand out")
    body = orjson.loads(record.text)
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body |= {"id": f"urn:uuid:{uuid4()}", "partial": True, "validFrom": moment}
    del body["proof"]
    _keep(body["credentialSubject"], kept)
    key = load_key(home.keys, body["issuer"]["id"])
    proofs = Proofs()
    try:
        signed = sign_around(body, KeySigner(key), proofs)
        guard.compare(signed, proofs)
    except UnsignableError as error:
        raise OperatorError(f"the part cannot be signed: {error}") from None
    return Record.of(orjson.dumps(signed).decode())


def _keep(subject: dict[str, Any], kept: Collection[str]) -> None:
    """Leave the credentials, and what is said about their achievements alone."""
    credentials = [one for one in subject["verifiableCredential"] if one["id"] in kept]
    subject["verifiableCredential"] = credentials
    claimed = {one["credentialSubject"]["achievement"]["id"] for one in credentials}
    described = {one["id"] for one in subject.get("achievement", ())}
    associations = [
        one
        for one in subject.get("association", ())
        if {one["sourceId"], one["targetId"]} <= claimed | described
        and {one["sourceId"], one["targetId"]} & claimed
    ]
    ends = {one[end] for one in associations for end in ("sourceId", "targetId")}
    achievements = [one for one in subject.get("achievement", ()) if one["id"] in ends]
    for name, left in (("association", associations), ("achievement", achievements)):
        subject.pop(name, None)
        if left:
            subject[name] = left
