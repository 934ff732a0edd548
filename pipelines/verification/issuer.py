"""Who issued it, as it says itself; whether that is true is ``proof.py``'s.

Source: 1EdTech's public validator, IssuerProbe.

Belongs here: the member ``issuer``. Does not belong here: keys.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.verification.document import Document, listed, texts
from pipelines.verification.report import Finding, judged, passed, warning
from pipelines.verification.trust import Trust

_REMEDY = "the issuer has to correct it and issue it again"


def issuer(document: Document, trust: Trust) -> Finding:
    """It is a Profile with an id; what it names beside is of the right type."""
    found = judged(_faults(document.body.get("issuer")), _REMEDY, document.issuer)
    if found.verdict != "passed" or trust.fetch is None:
        return found
    url = document.body["issuer"].get("url")
    if isinstance(url, str) and not trust.is_own(document.issuer):
        try:
            trust.fetch(url)
        except (OSError, ValueError):
            return warning("its issuer's page cannot be reached")
    return passed(document.issuer)


def _faults(value: Any) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield "the issuer is not described"
        return
    if not isinstance(value.get("id"), str):
        yield "the issuer has no id"
    if "Profile" not in texts(value.get("type")):
        yield "the issuer is no Profile"
    for one in listed(value.get("otherIdentifier")):
        if not isinstance(one, Mapping) or "IdentifierEntry" not in texts(
            one.get("type")
        ):
            yield "an identifier of the issuer is no IdentifierEntry"
    parent = value.get("parentOrg")
    if parent is not None and (
        not isinstance(parent, Mapping) or "Profile" not in texts(parent.get("type"))
    ):
        yield "the parent of the issuer is no Profile"
