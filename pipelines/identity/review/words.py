"""The words of the review: answers, severities, decisions, and labels of comparisons.

Belongs here: what a steward or a learner reads. Does not belong here: reasons for a
pair, which the evidence gives in plain English.
"""

import re
from enum import StrEnum

from pipelines.identity.log.schema import DIFFERENT, SAME


class Answer(StrEnum):
    """What a look for a person comes to, as the UK Learning Records Service says it."""

    EXACT = "exact"
    LINKED = "linked"
    POSSIBLE = "possible"
    NONE = "none"
    TOO_MANY = "too_many"


UNSURE = "unsure"
DECISIONS = (SAME, DIFFERENT, UNSURE)
"""What a steward may write into the column ``decision``; unsure decides nothing."""

TOO_MANY = 10
"""More candidates than this for one student tell a clerk nothing."""

ANSWER = {
    Answer.EXACT: "Exact: one learner, by evidence that needs nobody's judgement",
    Answer.LINKED: "Linked: found under an id that has since been merged",
    Answer.POSSIBLE: "Possible: somebody has to look",
    Answer.NONE: "None: nobody like that",
    Answer.TOO_MANY: "Too many: say more about the person",
}
SEVERITY = {
    1: "Two published records",
    2: "Two ids at one college",
    3: "Not both published",
}
SEVERITY_MEANING = {
    1: "Both learners have a published record; joining them changes both.",
    2: "One college holds both student ids; the college can tell at once.",
    3: "At most one of the two has a published record yet.",
}
_MOST_BITS = 40
_LABELS = {
    "given": "Given name",
    "given_name": "Given name",
    "first_name": "Given name",
    "family": "Family name",
    "family_name": "Family name",
    "last_name": "Family name",
    "middle": "Middle name",
    "name": "Name",
    "birth_date": "Birth date",
    "birthdate": "Birth date",
    "email": "E-mail",
    "phone": "Phone",
    "address": "Address",
    "postal_code": "Postal code",
    "sex": "Sex",
    "high_school": "High school and year",
    "ssn": "Social Security number",
    "state_id": "State student id",
}


def label(comparison: str) -> str:
    """A comparison's name as a person reads it: ``birth_date`` is ``Birth date``."""
    plain = re.sub(r"^n_", "", comparison)
    if plain in _LABELS:
        return _LABELS[plain]
    text = plain.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def percent(probability: float | None) -> str:
    """A probability for people; never rounded up to certainty.

    Args:
        probability: 0 to 1, or None where a rule decided and nothing was estimated.
    """
    if probability is None:
        return "by a rule"
    if probability >= 0.9995:
        return "over 99.9 %"
    if probability < 0.0005:
        return "under 0.1 %"
    return f"{probability * 100:.1f} %"


def odds(bits: float) -> str:
    """Bits of evidence as odds: 5 is ``32 to 1``, -3 is ``1 to 8``.

    Args:
        bits: log2 of a Bayes factor or of odds.
    """
    if abs(bits) > _MOST_BITS:
        size = "over a trillion"
    else:
        factor = 2.0 ** abs(bits)
        # Two figures are all that such an estimate carries.
        size = f"{factor:.2g}" if factor < 10 else _large(float(f"{factor:.2g}"))
    return f"1 to {size}" if bits < 0 else f"{size} to 1"


def _large(size: float) -> str:
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size:,.0f}"
