"""The metrics as a page, in Markdown.

Belongs here: what the page is told. Does not belong here: a definition
(``data_contracts/metrics``).
"""

from pathlib import Path

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.pages import page
from pipelines.metrics.load import load_definitions
from pipelines.metrics.model import Definitions

PAGE = FOLDER / "metrics.md"


def render() -> dict[Path, str]:
    """The page with its path.

    Raises:
        ContractError: As ``load_definitions``.
    """
    definitions = load_definitions()
    told = {"told": definitions, "used_by": _used_by(definitions)}
    return {PAGE: page("metrics.md.j2", told)}


def _used_by(definitions: Definitions) -> dict[str, list[str]]:
    """The metrics that name a rule, by rule."""
    return {
        rule: [
            name
            for name, metric in definitions.metrics.items()
            if any(rule in (*part.ordered, part.otherwise) for part in metric.parts)
        ]
        for rule in definitions.rules
    }
