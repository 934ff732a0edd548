"""Whether its issuer has revoked it.

Sources: W3C Bitstring Status List v1.0 §3.2 (validate algorithm) and
BitstringStatusListProbe of 1EdTech's public validator.

Belongs here: ``credentialStatus``. Does not belong here: reading this warehouse's own
lists (``publishing.status_check``).
"""

from collections.abc import Mapping
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.status import decode_encoded_list

from pipelines.dialects.strict_json import JsonError, strict_loads
from pipelines.publishing.status_lists import is_set
from pipelines.verification.dates import not_expired
from pipelines.verification.document import Document, listed, texts
from pipelines.verification.proof import proof
from pipelines.verification.report import Finding, failed, passed, skipped
from pipelines.verification.trust import Trust

_ASK = "do not rely on it; ask the issuer for its own copy"
_CURRENT = "ask the learner for a current one"
_LEAST = 131_072
_PURPOSES = {"revocation": "revoked", "suspension": "suspended"}


def status(document: Document, trust: Trust) -> Finding:
    """Its slots in the issuer's lists are not set."""
    entries = listed(document.body.get("credentialStatus"))
    if not entries:
        return passed("it names no status list, and cannot be revoked")
    if trust.is_own(document.issuer):
        return _own(document, trust)
    if trust.fetch is None:
        return skipped("its issuer's status list is on the network: use --online")
    for entry in entries:
        found = _foreign(entry, document, trust)
        if found.verdict != "passed":
            return found
    return passed("not revoked")


def _own(document: Document, trust: Trust) -> Finding:
    if trust.status_lists is None:
        return skipped("the issuer's status lists are not at hand")
    failure = trust.status_lists.failure(document.body)
    if failure is None:
        return passed("not revoked")
    return failed(failure, _CURRENT if "revoked" in failure else _ASK)


def _foreign(entry: Any, document: Document, trust: Trust) -> Finding:
    unclear = failed("its status entry cannot be looked up", _ASK)
    if not isinstance(entry, Mapping) or trust.fetch is None:
        return unclear
    purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
    if not isinstance(purpose, str) or not isinstance(url, str):
        return unclear
    try:
        slot = int(str(entry.get("statusListIndex")))
        listing = strict_loads(trust.fetch(url).decode())
        if not _may_say(listing, document, trust):
            return failed("its issuer's status list does not verify", _ASK)
        subject = listing["credentialSubject"]
        bits = decode_encoded_list(subject["encodedList"])
        right = purpose in _PURPOSES and purpose in texts(subject["statusPurpose"])
        if not right or not 0 <= slot < len(bits) * 8 or len(bits) * 8 < _LEAST:
            return unclear
        known = _PURPOSES[purpose]
        if is_set(bits, slot):
            return failed(f"its issuer has {known} it", _CURRENT)
    except OSError:
        return failed("its issuer's status list cannot be fetched", "try later")
    except (ValueError, KeyError, TypeError, JsonError, LibOpenBadgesException):
        return unclear
    return passed()


def _may_say(listing: Any, document: Document, trust: Trust) -> bool:
    """Whether a list is the issuer's own, signed and in force."""
    if not isinstance(listing, dict):
        return False
    found = Document(listing)
    return (
        "BitstringStatusListCredential" in texts(listing.get("type"))
        and found.issuer == document.issuer
        and proof(found, trust).verdict == "passed"
        and not_expired(found, trust).verdict == "passed"
    )
