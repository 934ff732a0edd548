"""Whether it is valid on this day.

Source: VC Data Model 2.0 §4.9 (``validFrom``, ``validUntil``) and 1.1 §4.6, §4.7
(``issuanceDate``, ``expirationDate``).

Belongs here: those members. Does not belong here: days within the subject.
"""

from datetime import datetime
from typing import Any

from pipelines.verification.document import Document
from pipelines.verification.report import Finding, failed, passed, warning
from pipelines.verification.trust import Trust

_AGAIN = "the issuer has to issue it again with its time zone"


def not_expired(document: Document, trust: Trust) -> Finding:
    """Its end is to come, or it has none."""
    name = "expirationDate" if document.is_old else "validUntil"
    value = document.body.get(name)
    if name not in document.body:
        return passed("it does not expire")
    ends = moment(value)
    if ends is None:
        return failed("its dates are not dates with a zone", _AGAIN)
    if ends < trust.now:
        return failed(
            f"it expired on {ends:%Y-%m-%d}", "ask the issuer whether it was renewed"
        )
    return passed(f"until {ends:%Y-%m-%d}")


def issued(document: Document, trust: Trust) -> Finding:
    """Its beginning is past."""
    name = "issuanceDate" if document.is_old else "validFrom"
    begins = moment(document.body.get(name))
    if begins is None:
        return failed("its dates are not dates with a zone", _AGAIN)
    if begins > trust.now:
        return failed(
            f"it is not valid before {begins:%Y-%m-%d}", "hand it in from that day"
        )
    said = f"valid from {begins:%Y-%m-%d}"
    return warning(f"{said}, by VC Data Model 1.1") if document.is_old else passed(said)


def moment(value: Any) -> datetime | None:
    """A date-time with a zone; None when it is none."""
    try:
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else None
