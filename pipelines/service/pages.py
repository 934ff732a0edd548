"""Pages for people: rendered on the server, of use without any script.

Belongs here: making a page of a template. Does not belong here: what a page says
(whoever calls), what colours it has (``static``, and the base that colleges know).
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

_HERE = Path(__file__).parent
_BASE = _HERE.parent / "returns" / "templates" / "base.css"


def page(template: str, status: int = 200, **told: Any) -> HTMLResponse:
    """A page; it is not to be kept by anything between here and the reader."""
    text = _environment().get_template(template).render(told)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


@cache
def static() -> dict[str, tuple[bytes, str]]:
    """What pages load, by name: the bytes and their type."""
    own = _HERE / "static"
    style = _BASE.read_bytes() + (own / "service.css").read_bytes()
    return {
        "service.css": (style, "text/css"),
        "verify.js": ((own / "verify.js").read_bytes(), "text/javascript"),
    }


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day"] = _day
    return made


def _day(moment: datetime) -> Markup:
    words = f"{moment:%B} {moment.day}, {moment.year}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)
