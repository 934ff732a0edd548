"""The words of a return file: verdicts, what to do next, what was expected.

Belongs here: sentences that no contract states. Does not belong here: messages and
remedies of single edits, which are in ``data_contracts/``.
"""

import string

import polars as pl

from pipelines.contracts.model import Column, ColumnType, Contracts, Edit
from pipelines.landing.decided.decisions import REFUSE, RELEASE
from pipelines.landing.decided.verdicts import REFUSED
from pipelines.landing.freshness import LATE, NEVER, ON_TIME, STALE
from pipelines.landing.package.parcel import (
    ACCEPTED,
    HELD,
    REJECTED,
    REPEAT,
    RETIRED,
    WITH_QUARANTINE,
)
from pipelines.returns.effects import (
    LET_THROUGH,
    SETS_ASIDE,
    STOPS_PACKAGE,
    STOPS_PUBLICATION,
    WARNS,
)

EFFECT = {
    STOPS_PACKAGE: "Stops the package",
    STOPS_PUBLICATION: "Stops publication",
    LET_THROUGH: "Let through",
    SETS_ASIDE: "Sets the row aside",
    WARNS: "Warns",
}
EFFECTS_COUNTED = {
    STOPS_PACKAGE: "stop the package",
    STOPS_PUBLICATION: "stop publication",
    LET_THROUGH: "let through",
    SETS_ASIDE: "set rows aside",
    WARNS: "warn",
}
EFFECT_MEANING = {
    STOPS_PACKAGE: "The package waits or is refused until this is settled.",
    STOPS_PUBLICATION: "The package is taken in. Nothing is published until this is "
    "settled.",
    LET_THROUGH: "A person let the package through; this holds nothing back.",
    SETS_ASIDE: "The row is not used until it is corrected; the rest of the file is.",
    WARNS: "It is used as it is; have a look.",
}
VERDICT = {
    ACCEPTED: "Accepted",
    WITH_QUARANTINE: "Accepted, with rows set aside",
    HELD: "Held",
    REFUSED: "Refused",
    REJECTED: "Rejected",
    REPEAT: "Received before",
    RETIRED: "Replaced",
}
# For narrow columns.
VERDICT_IN_SHORT = VERDICT | {WITH_QUARANTINE: "Accepted in part"}
UNPUBLISHED = "Nothing of it is published yet."
STAYS_IN_FORCE = "What you sent before stays in force."
MEANING = {
    ACCEPTED: "Every row of this package is in force.",
    WITH_QUARANTINE: "The package is in force, except for the rows listed below.",
    HELD: "The package waits; nothing of it is used yet.",
    REFUSED: "The system office set this package aside; nothing of it is used.",
    REJECTED: "Nothing of this package was used.",
    REPEAT: "This very package is in force already; nothing changed.",
    RETIRED: "A later full snapshot took the place of this package.",
}
NEXT_STEP = {
    ACCEPTED: "Nothing to do.",
    WITH_QUARANTINE: "Correct the quarantined rows; send them with the next package.",
    HELD: "Do what the findings say, then send the package again.",
    REFUSED: "Correct what the reason names and send a new package, with a package_id "
    "of its own: this one is not looked at again.",
    REJECTED: "Correct the package and send it again.",
    REPEAT: "Nothing to do: this package is in force already.",
    RETIRED: "Nothing to do: a later full snapshot replaced this package.",
}
ASK_FOR_RELEASE = (
    "Do what the findings say, then send the package again; where it is right as it "
    "is, ask the system office to release it."
)
SEND_DISCLOSURE = (
    "Send a disclosure file, empty if nobody has asked to be left out: nothing of the "
    "package is published before, since nobody knows who has."
)
DECIDED = {RELEASE: "Released", REFUSE: "Refused"}
MODE = {
    "full": "full snapshot",
    "terms": "snapshot of some terms",
    "delta": "changes only",
}
FRESHNESS = {
    ON_TIME: "On time",
    LATE: "Late",
    STALE: "Stale",
    NEVER: "Nothing yet",
}
STATE = {"new": "New", "persisting": "Still open", "resolved": "Resolved"}
_SHOWN_CODES = 8


def expected(contracts: Contracts, edit: Edit) -> str:
    """What would have passed: a type, a length, some codes, or the rule itself."""
    suffix = edit.id.rsplit("-", 1)[-1]
    if edit.scope != "column" or edit.feed is None:
        return edit.title
    column = contracts.feeds[edit.feed].column(edit.columns[0])
    if suffix == "LENGTH":
        return f"at most {column.type.length} characters"
    if suffix == "CODE":
        return _codes(contracts, str(column.type.code_list))
    if suffix == "TYPE":
        return type_in_words(column.type)
    return f"a value: {kind_in_words(contracts, column)}"


def kind_in_words(contracts: Contracts, column: Column) -> str:
    """The type of a column as a clerk would say it."""
    if column.type.kind == "str":
        return f"text of at most {column.type.length} characters"
    if column.type.code_list is not None:
        return _codes(contracts, column.type.code_list)
    return type_in_words(column.type)


def type_in_words(kind: ColumnType) -> str:
    """A date, a timestamp or a number, with how it is written."""
    if kind.kind == "date":
        return "a date written YYYY-MM-DD, for example 2026-09-01"
    if kind.kind == "ts":
        return (
            "a time with its offset, for example 2026-09-01T22:15:00-05:00 (RFC 3339)"
        )
    if kind.kind == "int":
        return "a whole number, digits only"
    if kind.kind == "dec":
        whole = (kind.precision or 0) - (kind.scale or 0)
        return (
            f"a number with a decimal point, at most {whole} digits before it and "
            f"{kind.scale} after"
        )
    return "text"


def _codes(contracts: Contracts, name: str) -> str:
    codes = contracts.codes[name].codes
    first = ", ".join(codes[:_SHOWN_CODES])
    if len(codes) <= _SHOWN_CODES:
        return f"one of {first}"
    return f"one of the {len(codes):,} codes of the list {name}: {first}, …"


def message(edit: Edit, institution_code: str, contracts: Contracts) -> pl.Expr:
    """The edit's message, filled in for all rows at once.

    Args:
        edit: The edit whose template is filled.
        institution_code: The sender.
        contracts: What ``{limit}`` of a column edit stands for.

    Returns:
        An expression over value, column, feed, line and count.
    """
    fields = {
        "value": pl.col("value"),
        "column": pl.col("column"),
        "feed": pl.col("feed"),
        "line": pl.col("line").cast(pl.String),
        "count": pl.col("count").cast(pl.String),
        "limit": pl.lit(_limit(edit, contracts), pl.String),
        "institution_code": pl.lit(institution_code),
    }
    parts: list[pl.Expr] = []
    for literal, name, _, _ in string.Formatter().parse(edit.message):
        parts.append(pl.lit(literal))
        if name is not None:
            parts.append(fields.get(name, pl.lit(None, pl.String)).fill_null("-"))
    return pl.concat_str(parts)


def _limit(edit: Edit, contracts: Contracts) -> str | None:
    """What a column edit compares with: a type, a length or a code list."""
    if edit.scope != "column" or edit.feed is None:
        return None
    kind = contracts.feeds[edit.feed].column(edit.columns[0]).type
    if edit.id.endswith("-LENGTH"):
        return str(kind.length)
    if edit.id.endswith("-CODE"):
        return kind.code_list
    return str(kind)
