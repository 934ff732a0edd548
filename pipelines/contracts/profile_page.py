"""The mapping profile as two pages, Markdown and HTML.

Belongs here: wording around the profile, the practice list and the frameworks. Does not
belong here: a mapping (``data_contracts/profile``), or a definition
(``data_contracts/codes``).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.model import Contracts
from pipelines.contracts.pages import page
from pipelines.contracts.practices import Practice, practices, rows
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import Profile, load_profile

PAGE = FOLDER / "mapping-profile.md"
HTML_PAGE = FOLDER / "mapping-profile.html"
UNDECIDED = "none"


def render(contracts: Contracts) -> dict[Path, str]:
    """Both pages with their paths.

    Raises:
        ContractError: As ``load_profile``.
    """
    told = _told(contracts)
    return {
        PAGE: page("profile.md.j2", told),
        HTML_PAGE: page("profile.html.j2", told),
    }


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
