"""A pair in plain English, and its score in parts, without a value of anybody's.

Belongs here: words for levels and gates. Does not belong here: layout (``review``).
"""

import math

from pipelines.identity.evidence.gates import GATES
from pipelines.identity.evidence.model import COMPARISONS
from pipelines.identity.evidence.policy import Model

_RARE_BITS = 12.0
_SHARED = {
    "ssn": ("tax_number", "but somebody else has that number too"),
    "state_ps_id": ("state_student_id", "but somebody else has that id too"),
    "state_k12_id": ("state_school_id", "but somebody else has that id too"),
    "email": ("email", "which others use too"),
    "phone": ("phone", "which others use too"),
    "address": ("address", "where others live too"),
}


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


def _value_of(comparison_name: str, level_name: str) -> int:
    """Splink's number of a level: the last is 0, an unknown -1."""
    comparison = next(c for c in COMPARISONS if c.name == comparison_name)
    names = [level.name for level in comparison.levels if not level.is_null]
    return len(names) - 1 - names.index(level_name)


def _level_words(name: str) -> str:
    """SQL of the words of a comparison's level."""
    comparison = next(c for c in COMPARISONS if c.name == name)
    cases = " ".join(
        f"when {_value_of(name, level.name)} then {_text(level.words)}"
        for level in comparison.levels
        if not level.is_null
    )
    return f"case gamma_{name} {cases} else 'Not known for both' end"


def _said(name: str) -> str:
    """SQL of the sentence about one comparison; null where there is none to say."""
    words = _level_words(name)
    if name in ("given_name", "family_name"):
        same = _value_of(name, "same")
        said = (
            f"if(gamma_{name} = {same} and mw_{name} >= {_RARE_BITS}, "
            f"{words} || ', rare in the state', {words})"
        )
    else:
        said = words
    for kind, (comparison, addition) in _SHARED.items():
        if comparison == name:
            same = _value_of(name, "same")
            said = (
                f"if(gamma_{name} = {same} and not own_{kind}, "
                f"{words} || ', {addition}', {said})"
            )
    return f"if(gamma_{name} = -1, null, {said})"


def reasons_sql() -> str:
    """SQL: what held the pair back, then what agrees and differs, weightiest first."""
    gates = " ".join(f"when {_text(g.id)} then {_text(g.reason)}" for g in GATES)
    said = ", ".join(
        f"{{'said': {_said(c.name)}, 'bits': abs(mw_{c.name})}}" for c in COMPARISONS
    )
    return (
        f"list_filter(list_concat([case gate {gates} end], list_transform("
        f"list_reverse_sort([{{'bits': item.bits, 'said': item.said}} "
        f"for item in [{said}]]), lambda item: item.said)), "
        "lambda reason: reason is not null)"
    )


def parts_sql(model: Model) -> str:
    """SQL: the prior and each comparison with its bits; they add up to the weight."""
    prior = math.log2(model.prior / (1 - model.prior))
    first = "'before comparing', 'level': 'Two records drawn at random'"
    parts = [f"{{'comparison': {first}, 'bits': {prior!r}::double}}"]
    parts += [
        f"{{'comparison': {_text(c.words)}, 'level': {_level_words(c.name)}, "
        f"'bits': mw_{c.name}::double}}"
        for c in COMPARISONS
    ]
    return f"[{', '.join(parts)}]"
