"""What of a person's data a terminal may show: enough to recognise, not enough to use.

Belongs here: masks. Does not belong here: the review page, which shows a steward the
records themselves, in a file nobody else may open.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

ON_FILE = "on file"
NAMES = ("first_name", "middle_name", "last_name", "suffix", "preferred_first_name")
NUMBERS = ("ssn", "itin", "pseudo_ssn", "state_ps_id", "state_k12_id")
SHOWN = (
    *NAMES,
    "birth_date",
    "email_personal",
    "email_college",
    "phone",
    "postal_code",
    "high_school_code",
    "high_school_grad_year",
)


def masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """A representation as it may be printed.

    Args:
        row: Columns of ``representation``.

    Returns:
        Names as sent; of dates the year, of addresses the area, of numbers only that
        they are there; None where nothing is known.
    """
    shown = {name: row.get(name) for name in SHOWN}
    shown["birth_date"] = _year(row.get("birth_date"))
    for name in ("email_personal", "email_college"):
        shown[name] = email(row.get(name))
    shown["phone"] = _end(row.get("phone"))
    shown["postal_code"] = _beginning(row.get("postal_code"))
    on_file = {name: ON_FILE if row.get(name) else None for name in NUMBERS}
    return {**shown, **on_file}


def full_name(row: Mapping[str, Any]) -> str:
    """Given, middle and family name with the suffix, as sent."""
    names = (row.get(name) for name in NAMES[:4])
    return " ".join(str(name) for name in names if name) or "(no name)"


def email(value: str | None) -> str | None:
    """``m…@example.org``."""
    if not value:
        return None
    local, _, domain = value.partition("@")
    return f"{local[:1]}…@{domain}" if domain else f"{value[:1]}…"


def _year(value: date | str | None) -> str | None:
    return f"{str(value)[:4]}-··-··" if value else None


def _end(value: str | None) -> str | None:
    if not value:
        return None
    digits = "".join(c for c in value if c.isdigit())
    return f"…{digits[-2:]}"


def _beginning(value: str | None) -> str | None:
    return f"{value[:3]}…" if value else None
