"""An issuer with a key and a status list, and whatever it signs."""

import copy
import json
from pathlib import Path
from typing import Any

import orjson
import record_factory as factory
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.dialects.credential_proofs import known_contexts
from pipelines.publishing import keys, pruning, status_lists
from pipelines.publishing.keys import IssuerKey
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import KeySigner, Proofs
from pipelines.publishing.terms import Terms
from pipelines.verification import Report, examine

Document = dict[str, Any]
REVOKED_SLOT = 77
NESTED = 4


def nested(document: Document) -> list[Document]:
    return document["credentialSubject"]["verifiableCredential"]


def failures(report: Report) -> set[tuple[str, str]]:
    """Where and what failed; places without what an achievement calls itself."""
    return {(one.where.partition(":")[0], one.name) for one in report.failures}


def at(number: int, of: int = NESTED) -> str:
    return f"credential {number} of {of}"


class World:
    """``lists`` is the folder of status lists; ``did_document`` the published keys."""

    def __init__(self, folder: Path, contexts: dict[str, Any] | None = None) -> None:
        private = Ed25519PrivateKey.from_private_bytes(
            b"not a secret: tests of verify ok"
        )
        public = keys.public_key(private)
        self.key = IssuerKey(factory.DID, public, (), (), Path("unused"), private)
        self.did_key = f"did:key:{public}"
        self.did_document = self.key.document()
        folder.mkdir(exist_ok=True)
        self.lists = folder / "status"
        self.proofs = Proofs(Terms({**known_contexts(), **(contexts or {})}))
        signer = KeySigner(self.key)
        lists = {1: [REVOKED_SLOT]}
        if not self.lists.exists():
            status_lists.write(self.lists, None, lists, None, factory.when(1), signer)
        self._record = self.sign(self.unsigned())

    def unsigned(self, learner: int = 1) -> Document:
        document = orjson.loads(orjson.dumps(factory.record(learner, courses=2)))
        document = pruning.prune(document)
        kept = nested(document)
        kept[:] = [kept[0], kept[1], kept[4], kept[8]]
        for slot, one in enumerate((document, *kept), start=learner * 100):
            one["credentialStatus"] = status_lists.entry(factory.DID, 1, slot)
        return document

    def record(self) -> Document:
        return copy.deepcopy(self._record)

    def sign(self, document: Document) -> Document:
        """Sign what is nested, then the document; else the proof stays."""
        for one in [*nested(document), document]:
            self.sign_one(one)
        return document

    def sign_one(self, one: Document) -> Document:
        signer = KeySigner(self.key)
        if one["issuer"]["id"] == self.did_key:
            signer.method = f"{self.did_key}#{self.key.public}"
        bare = {name: value for name, value in one.items() if name != "proof"}
        try:
            quads = self.proofs.writer.write(bare)
        except UnsignableError:
            return one
        created = factory.when(200)
        contexts = tuple(bare["@context"])
        one["proof"] = [self.proofs.proof(quads, contexts, created, signer)]
        return one

    def examine(self, document: Any, **told: Any) -> Report:
        content = (
            document if isinstance(document, bytes) else json.dumps(document).encode()
        )
        return examine(content, self.did_document, self.lists, **told)


def by_did_key(world: World, document: Document) -> Document:
    """The same, issued by the holder of a did:key, without status."""
    for one in (document, *nested(document)):
        one["issuer"] = {**factory.SYSTEM, "id": world.did_key}
        one.pop("credentialStatus", None)
    return world.sign(document)
