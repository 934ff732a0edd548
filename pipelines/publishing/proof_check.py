"""Whether a proof holds, by the keys that its issuer publishes.

Belongs here: one proof and one issuer's keys. Does not belong here: where foreign keys
come from (``pipelines.verification.issuers``), status, dates.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.publishing import multibase, reference
from pipelines.publishing.canonical import canonical
from pipelines.publishing.keys import published_keys
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import Proofs, proof_options


class Keys:
    """The issuer's published keys, and proofs checked with them.

    ``did_document`` lists the keys that may sign for its ``id``; ``contexts`` are
    known beside the pinned ones.
    """

    def __init__(
        self,
        did_document: Mapping[str, Any],
        contexts: Mapping[str, dict[str, Any]] | None = None,
        proofs: Proofs | None = None,
    ) -> None:
        self.did = did_document["id"]
        self._keys: dict[str, Ed25519PublicKey] = published_keys(dict(did_document))
        self._contexts = contexts
        self._proofs = proofs or Proofs()

    def failure(
        self, document: Mapping[str, Any], *, by_reference: bool = False
    ) -> str | None:
        """Why the proof of one credential or record does not hold; None when it does.

        Args:
            document: a signed document; nested ones are part of what it signs, their
                own proofs are not looked at.
            by_reference: canonicalise with PyLD and pyoxigraph instead of the fast
                path.
        """
        try:
            proof = _only_proof(document)
            key = self._keys.get(proof["verificationMethod"])
            if key is None or issuer_of(document) != self.did:
                return "not signed by a key that its issuer publishes"
            options = proof_options(proof["verificationMethod"], proof["created"])
            if {**options, "proofValue": proof["proofValue"]} != proof:
                return "its proof is not an eddsa-rdfc-2022 assertion"
            data = self._data(document, options, by_reference=by_reference)
            key.verify(multibase.decode(proof["proofValue"]), data)
        except UnsignableError as error:
            return f"its proof cannot cover it: {error}"
        except InvalidSignature:
            return "its proof does not match its content"
        except (KeyError, TypeError, ValueError, AttributeError):
            return "it is not a signed credential"
        except RecursionError:
            return "it is nested too deeply"
        return None

    def _data(
        self,
        document: Mapping[str, Any],
        options: dict[str, str],
        *,
        by_reference: bool,
    ) -> bytes:
        bare = {key: value for key, value in document.items() if key != "proof"}
        stated = document["@context"]
        contexts = stated if isinstance(stated, list) else [stated]
        # The fast path always runs: it refuses what a full processor drops in silence.
        quads = self._proofs.writer.write(bare)
        data = self._proofs.data(quads, tuple(contexts), options)
        if by_reference and canonical(quads) != reference.canonical(
            bare, self._contexts
        ):
            raise UnsignableError("two canonical forms differ")
        return data


def issuer_of(document: Mapping[str, Any]) -> str:
    """The id of a document's issuer; raises KeyError or TypeError."""
    issuer = document["issuer"]
    return issuer if isinstance(issuer, str) else issuer["id"]


def _only_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    proof = document["proof"]
    if isinstance(proof, list):
        (proof,) = proof
    return proof
