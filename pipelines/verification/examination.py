"""The checks of a document, in order, and of every credential nested in it.

Order: 1EdTech's public validator, CLR20Inspector and OB30Inspector.

Belongs here: which checks, in which order, for which part. Does not belong here: any
check.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.verification import dates, jwt, meaning
from pipelines.verification.contexts import contexts
from pipelines.verification.document import Document, Kind, objects
from pipelines.verification.endorsement import endorsements
from pipelines.verification.evidence import evidence, refresh
from pipelines.verification.issuer import issuer
from pipelines.verification.parsing import parse
from pipelines.verification.proof import proof
from pipelines.verification.report import (
    PROOF,
    STATUS,
    TEXT,
    Check,
    Finding,
    Report,
    Verdict,
    failed,
)
from pipelines.verification.schema import further_schemas, schema
from pipelines.verification.status import status
from pipelines.verification.subject import subject
from pipelines.verification.trust import Fetch, Trust
from pipelines.verification.types import types

Probe = Callable[[Document, Trust], Finding]

_PROBES: tuple[tuple[str, Probe], ...] = (
    ("Terms", meaning.terms),
    ("Contexts", contexts),
    ("Types", types),
    ("Schema", schema),
    ("Further schemas", further_schemas),
    ("Subject", subject),
    ("Evidence", evidence),
    ("Issuer", issuer),
    (PROOF, proof),
    ("Places", meaning.places),
    ("Refresh", refresh),
    (STATUS, status),
    ("Expiry", dates.not_expired),
    ("Issued", dates.issued),
    ("Endorsements", endorsements),
)
_OF_A_SIGNED_TEXT: tuple[tuple[str, Probe], ...] = (
    ("Header", jwt.header),
    ("Algorithm", jwt.algorithm),
    ("Key", jwt.key),
    *((f"Claim {name}", probe) for name, probe in jwt.CLAIMS),
)
_OF_A_PRESENTATION = ("Terms", "Contexts", "Types", PROOF)
_MOST = 2_000
_LONGEST_TITLE = 80
_LONGEST_WORDS = 600


def examine(
    content: bytes,
    did_document: Mapping[str, Any] | None = None,
    lists: Path | None = None,
    *,
    schemas: Path | None = None,
    contexts: Mapping[str, dict[str, Any]] | None = None,
    fetch: Fetch | None = None,
    now: datetime | None = None,
) -> Report:
    """Check a credential, a record or a presentation, given as JSON text or VC-JWT.

    Args:
        content: what was handed in; anything at all.
        did_document: this warehouse's issuer and keys.
        lists: folder of its status lists.
        schemas: folder with 1EdTech's JSON Schemas.
        contexts: JSON-LD contexts known beside those that are shipped, by URL.
        fetch: a way to the network; without one nothing is fetched.
        now: the moment that dates are held against; the present by default.
    """
    trust = Trust(
        now or datetime.now(UTC), did_document, lists, schemas, contexts or {}, fetch
    )
    document, found = parse(content)
    checks = [Check(TEXT, found.verdict, found.words)]
    if document is not None:
        checks += _checks(document, trust)
    return Report(tuple(checks))


def _checks(document: Document, trust: Trust) -> Iterator[Check]:
    is_presentation = document.kind is Kind.PRESENTATION
    of_text = _OF_A_SIGNED_TEXT if document.jws else ()
    for name, probe in (*of_text, *_PROBES):
        if not is_presentation or name in _OF_A_PRESENTATION:
            found = probe(document, trust)
            words = _plain(found.words, _LONGEST_WORDS)
            yield Check(name, found.verdict, words, document.where)
    nested = document.nested
    if is_presentation and not nested:
        yield _lone(document, "it presents nothing", "ask for its credentials")
    if len(nested) > _MOST:
        yield _lone(document, f"more than {_MOST:,} credentials", "hand in fewer")
        return
    for number, one in enumerate(nested, start=1):
        where = f"credential {number} of {len(nested)}"
        if document.where:
            where = f"{document.where.partition(': ')[0]}, its {where}"
        if isinstance(one, Mapping):
            yield from _checks(Document(one, _titled(where, one)), trust)
        else:
            lone = Document({}, where)
            yield _lone(
                lone,
                "it is no JSON object, and not checked here",
                "ask the issuer for the JSON form",
            )


def _lone(document: Document, what: str, remedy: str) -> Check:
    return Check(
        "Credentials", Verdict.FAILED, failed(what, remedy).words, document.where
    )


def _titled(where: str, body: Mapping[str, Any]) -> str:
    """The place with what the achievement calls itself, on one short line."""
    for one in objects(body.get("credentialSubject")):
        for achievement in objects(one.get("achievement")):
            name = achievement.get("name")
            if isinstance(name, str):
                return f"{where}: {_plain(name, _LONGEST_TITLE)}"
    return where


def _plain(text: str, longest: int) -> str:
    """One line that moves no cursor, whoever wrote it."""
    line = "".join(one if one.isprintable() else " " for one in text[:longest])
    return line.strip()
