"""The mapping profile as two pages, Markdown and HTML.

Belongs here: wording around the profile, the practice list and the frameworks. Does not
belong here: a mapping (``data_contracts/profile``), or a definition
(``data_contracts/codes``).
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.model import Contracts
from pipelines.contracts.practices import Practice, practices, rows
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import Profile, Property, load_profile

PAGE = FOLDER / "mapping-profile.md"
HTML_PAGE = FOLDER / "mapping-profile.html"
_MARK = "<!-- generated from data_contracts/; edit that -->\n"
_HERE = Path(__file__).parent
UNDECIDED = "none"


def render(contracts: Contracts) -> dict[Path, str]:
    """Both pages with their paths.

    Raises:
        ContractError: As ``load_profile``.
    """
    told = _told(contracts)
    return {
        PAGE: _MARK + _environment().get_template("profile.md.j2").render(told),
        HTML_PAGE: _MARK + _environment().get_template("profile.html.j2").render(told),
    }


@cache
def _environment() -> Environment:
    # The base page is the one that colleges know from their return files.
    made = Environment(
        loader=FileSystemLoader(
            [_HERE / "templates", _HERE.parent / "returns" / "templates"]
        ),
        autoescape=lambda name: bool(name and ".html" in name),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"json": _json, "columns": _columns, "cell": _cell}
    return made


def _told(contracts: Contracts) -> dict[str, Any]:
    codes = contracts.codes
    profile: Profile = load_profile(contracts, load_products())
    entries = practices(codes)
    return {
        "profile": profile,
        "categories": list(rows(codes["experience_category"])),
        "practices": entries,
        "of_category": _by_category(entries),
        "skills": list(rows(codes["practice_skill"])),
        "frameworks": list(rows(codes["framework"])),
        "undecided": UNDECIDED,
    }


def _by_category(entries: Iterable[Practice]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        names = found.setdefault(entry.category or UNDECIDED, [])
        if entry.name not in names:
            names.append(entry.name)
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _columns(one: Property) -> list[str]:
    """Columns of a property; a constant has none."""
    return list(one.columns)


def _cell(value: object) -> str:
    """Text fit for a cell of a Markdown table; a dash for nothing."""
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ") or "–"
