"""The requirements as two pages, Markdown and HTML.

Belongs here: wording around the sets. Does not belong here: a requirement
(``data_contracts/codes/requirement.csv``), or what a learner has of it.
"""

from pathlib import Path
from typing import Any

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.model import Contracts
from pipelines.contracts.pages import page
from pipelines.contracts.practices import Row, rows

PAGE = FOLDER / "requirements.md"
HTML_PAGE = FOLDER / "requirements.html"


def render(contracts: Contracts) -> dict[Path, str]:
    """Both pages with their paths."""
    told = {"sets": _sets(contracts)}
    return {
        PAGE: page("requirements.md.j2", told),
        HTML_PAGE: page("requirements.html.j2", told),
    }


def _sets(contracts: Contracts) -> list[dict[str, Any]]:
    """Each set with the kinds of programmes it is for and what it asks for."""
    levels = contracts.codes["award_level"].values
    found: dict[str | None, dict[str, Any]] = {}
    for row in rows(contracts.codes["requirement_set"]):
        told = found.setdefault(row["code"], {**row, "kinds": [], "asks": []})
        told["kinds"].append({**row, "level": levels[row["award_level"] or ""].label})
    for row in rows(contracts.codes["requirement"]):
        found[row["set_code"]]["asks"].append({**row, "credit": _credit(row)})
    return list(found.values())


def _credit(row: Row) -> str:
    least, most = row["least_credit"], row["most_credit"]
    if least is None:
        return "not judged"
    if most is None:
        return f"{least} or more"
    return f"{least}" if least == most else f"{least} to {most}"
