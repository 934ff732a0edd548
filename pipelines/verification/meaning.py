"""Whether every member means something, and what is read is what was signed.

A proof covers statements, not JSON: a member that no context defines is covered by
nothing, and a statement can be moved to where nobody reads it.

Sources: JSON-LD safe mode (JsonLDValidationProbe of 1EdTech's public validator); W3C
Data Integrity 1.0 §2.4.1.

Belongs here: terms, and places of statements. Does not belong here: proofs.
"""

from pipelines.dialects.credential_proofs import is_described_once
from pipelines.publishing.reference import UnsignableError
from pipelines.verification.document import Document, Kind, listed
from pipelines.verification.report import Finding, failed, passed, warning
from pipelines.verification.trust import Trust

_AGAIN = "the issuer has to issue it again without"


def terms(document: Document, trust: Trust) -> Finding:
    """Every member and type is defined by a context that is known here."""
    bare = {name: value for name, value in document.body.items() if name != "proof"}
    unknown = [
        one for one in listed(bare.get("@context")) if str(one) not in trust.known
    ]
    if unknown:
        return failed(
            "it names a context that is not known here, and none is fetched",
            "hand it in by --contexts DIR, or use 1EdTech's public validator",
        )
    try:
        trust.proofs.writer.write(bare)
    except UnsignableError as error:
        return failed(str(error), f"{_AGAIN} what its contexts do not define")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return failed("it cannot be read as JSON-LD", "ask the issuer for another")
    return passed("every member is defined")


def places(document: Document, trust: Trust) -> Finding:
    """Credential, subject and status are each described in one place."""
    bare = {name: value for name, value in document.body.items() if name != "proof"}
    try:
        is_plain = is_described_once(bare, with_nested=False)
    except TypeError:
        is_plain = False
    if not is_plain:
        return failed(
            "a part of it is described in two places",
            "ask the issuer for a copy; somebody may have rearranged this one",
        )
    return _bound(document, trust) if document.kind is Kind.RECORD else passed()


def _bound(document: Document, trust: Trust) -> Finding:
    """Nothing can be exchanged between nested credentials under the outer proof."""
    ids: list[object] = []
    for one in (document, *map(Document, _objects(document))):
        ids += [one.body.get("id"), *_subject_ids(one)]
    if None not in ids and len(set(map(str, ids))) == len(ids):
        return passed("every credential has a subject of its own")
    if trust.is_own(document.issuer):
        return failed(
            "two credentials share a subject", "ask the issuer for its own copy"
        )
    return warning(
        "its credentials share a subject: only their own proofs tell them apart"
    )


def _objects(document: Document) -> list[dict[str, object]]:
    return [one for one in document.nested if isinstance(one, dict)]


def _subject_ids(document: Document) -> list[object]:
    return [
        one.get("id") if isinstance(one, dict) else None
        for one in listed(document.body.get("credentialSubject"))
    ]
