"""A record as a page that a person reads, prints or keeps: HTML without anything else.

Belongs here: what stands in which section, in which order and words. Does not belong
here: how it looks (``templates``), and the PDF (``pdf``), which is made of this page.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.forms.beside import Beside
from pipelines.forms.record import TRANSFER, Claim, Org, Record, Target, by_college

_HERE = Path(__file__).parent

UNITS = {"SH": "semester hours", "QH": "quarter hours", "CLOCK": "clock hours",
         "CEU": "continuing education units"}  # fmt: skip
_STATES = {"Withdrew": "Withdrawn", "Failed": "Not passed", "OnHold": "Incomplete",
           "Enrolled": "Enrolled, not begun", "InProgress": "In progress"}  # fmt: skip
_RESULTS_SHOWN = ("LetterGrade", "GradePointAverage")
UNCATEGORISED = "No category"


@dataclass(frozen=True)
class TermOf:
    """The courses of a term at a college; ``unit`` where all their credit has one."""

    title: str
    start: date | None
    end: date | None
    courses: list[Claim]
    unit: str | None


def page(record: Record, beside: Beside, *, for_print: bool = False) -> str:
    """The page.

    Args:
        record: a signed record.
        beside: what the published tables say beside it.
        for_print: without what needs a screen: the link that saves the signed record.
    """
    told = _told(record, beside)
    if not for_print:
        # Published text ends without a newline; ``lrw record`` prints one.
        data = base64.b64encode(f"{record.text}\n".encode()).decode()
        told["saved"] = f"data:application/json;base64,{data}"
    return _environment().get_template("record.html.j2").render(told)


def _told(record: Record, beside: Beside) -> dict[str, Any]:
    taught = record.of_kind("course")
    units = {
        claim.id: UNITS.get(beside.of(claim.id).unit or "") for claim in record.claims
    }
    return {
        "record": record,
        "saved": None,
        "awards": record.of_kind("award"),
        "timeline": {
            college: _terms(claims, units)
            for college, claims in by_college(taught).items()
        },
        "courses": len(taught),
        "transfers": by_college(record.of_kind(TRANSFER)),
        "experiences": _by_category(record.of_kind("experience")),
        "skills": _by_framework(record.of_kind("skill")),
        "training": sorted(
            record.of_kind("noncredit", "certification", "badge"), key=_in_time
        ),
        "standing": by_college(record.of_kind("standing")),
        "colleges": sorted(
            {c.college for c in record.claims}, key=lambda org: org.name
        ),
        "unit_of": units,
        "stated": beside.statements,
        "qr": _square(record),
        "fingerprint": _fingerprint(record),
    }


def _terms(claims: Iterable[Claim], units: Mapping[str, str | None]) -> list[TermOf]:
    """Terms from the first to the last; a course without a term goes by its days."""
    found: dict[str, list[Claim]] = {}
    for claim in claims:
        found.setdefault(claim.term or "", []).append(claim)
    terms = []
    for title, courses in found.items():
        starts = [course.start for course in courses if course.start]
        ends = [course.end for course in courses if course.end]
        counted = {units[one.id] for one in courses if one.credits is not None}
        terms.append(
            TermOf(
                title or "Without a term",
                min(starts, default=None),
                max(ends, default=None),
                sorted(courses, key=lambda one: (one.code or "", one.name, one.id)),
                counted.pop() if len(counted) == 1 else None,
            )
        )
    return sorted(terms, key=lambda one: (one.start or date.max, one.end or date.max))


def _by_category(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=_in_time):
        name = claim.category.name if claim.category else UNCATEGORISED
        found.setdefault(name, []).append(claim)
    return dict(
        sorted(found.items(), key=lambda one: (one[0] == UNCATEGORISED, one[0]))
    )


def _by_framework(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    found: dict[str, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: (one.name, *_in_time(one))):
        target = next(iter(claim.targets), None)
        tagged = claim.tags[0] if claim.tags else "No framework"
        found.setdefault((target and target.framework) or tagged, []).append(claim)
    return dict(sorted(found.items()))


def _in_time(claim: Claim) -> tuple[date, str, str]:
    return (claim.end or claim.awarded or date.max, claim.name, claim.id)


def _square(record: Record) -> Markup:
    """A QR code of the id and the proof's value: which signed record this is."""
    value = record.proof.get("proofValue", "")
    code = segno.make_qr(f"{record.id} {value}".strip(), error="m")
    return Markup(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True))


def _fingerprint(record: Record) -> str | None:
    """The last twelve characters of the proof's value, for the eye."""
    value = record.proof.get("proofValue")
    return value[-12:] if value else None


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
    )
    made.filters |= {
        "day": _day,
        "moment": _moment,
        "number": _number,
        "state": _state,
        "id": _id,
        "org": _org_name,
        "others": _others,
        "link": _link,
        "links": _links,
        "tagged": _tagged,
        "sentence": _sentence,
    }
    return made


def _day(value: date | None) -> Markup:
    """A day in words, with its date for programs."""
    if value is None:
        return Markup("")
    text = f"{value:%b} {value.day}, {value.year}"
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


def _moment(text: str) -> Markup:
    value = datetime.fromisoformat(text)
    words = f"{value:%B} {value.day}, {value.year}"
    return Markup('<time datetime="{}">{}</time>').format(text, words)


def _number(value: float | str | None) -> str:
    return "" if value is None else f"{float(value):g}"


def _state(claim: Claim) -> str:
    """A record states a status only where one would take it for completed."""
    return _STATES.get(claim.status or "", "Completed")


def _id(claim: Claim) -> Markup:
    """The UUID of a credential, which may break in its middle."""
    half = claim.short_id.rfind("-", 0, len(claim.short_id) * 2 // 3) + 1
    return Markup("{}<wbr>{}").format(claim.short_id[:half], claim.short_id[half:])


def _org_name(org: Org | None) -> str:
    return org.name if org else ""


def _others(claim: Claim) -> list[tuple[str, str]]:
    """Results that have no column of their own: name and value."""
    return [
        (name, value) for name, type_, value in claim.results
        if type_ not in _RESULTS_SHOWN
    ]  # fmt: skip


def _link(text: str, url: str) -> Markup:
    """A text that leads to a web address; of another sort it is a text alone."""
    if not url.startswith(("https://", "http://")):
        return Markup("{}").format(text)
    return Markup('<a href="{}">{}</a>').format(url, text)


def _links(claim: Claim) -> list[Target]:
    """Alignments that say more than the section does."""
    return [one for one in claim.targets if one != claim.category]


def _tagged(claim: Claim) -> list[str]:
    return [tag for tag in claim.tags if tag != TRANSFER]


def _sentence(text: str) -> str:
    """A note of a college with a capital letter, as a sentence begins."""
    return text[:1].upper() + text[1:]
