"""What generated pages share: their templates, their mark, how a value is shown.

Belongs here: nothing that only one page needs. Does not belong here: what a page says.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

MARK = "<!-- generated from data_contracts/; edit that -->\n"
_HERE = Path(__file__).parent


def page(template: str, told: dict[str, Any]) -> str:
    """A template of ``templates`` with what it tells, marked as generated."""
    return MARK + _environment().get_template(template).render(told)


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
    made.filters |= {"json": _json, "cell": _cell, "prose": _prose}
    return made


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _cell(value: object) -> str:
    """Text fit for a cell of a Markdown table; a dash for nothing."""
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ") or "–"


def _prose(text: str) -> Markup:
    """Text of a contract for HTML: what stands in backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
