"""The fast path held against a full JSON-LD processor.

Belongs here: comparing canonical forms of one signed record. Does not belong here:
choosing which records (``records.py``).
"""

from typing import Any

from pipelines.publishing import reference
from pipelines.publishing.canonical import canonical
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.signing import Proofs, proof_options


def compare(signed: dict[str, Any], proofs: Proofs) -> None:
    """Compare a signed record, each credential in it and their proof options.

    Raises:
        UnsignableError: the two paths disagree; nothing may be published until the
            cause is known.
    """
    credentials = signed["credentialSubject"]["verifiableCredential"]
    for document in (*credentials, signed):
        bare = {key: value for key, value in document.items() if key != "proof"}
        for proof in document["proof"]:
            options = proof_options(proof["verificationMethod"], proof["created"])
            _same({"@context": document["@context"], **options}, proofs)
        _same(bare, proofs)


def _same(document: dict[str, Any], proofs: Proofs) -> None:
    if canonical(proofs.writer.write(document)) != reference.canonical(document):
        raise UnsignableError(
            "its canonical form differs from the reference processor's; publish "
            "nothing and report it"
        )
