"""One PESC College Transcript, an XML document, becomes the tables declared of it.

``dialect.yaml`` says under ``structure`` which element is a row of which table, where
each column stands as an XPath, and in which order the schema wants the children of an
element. An XML document is a tree, so its parser walks it; measured on the public
sample (24 courses, 12 sessions): 6 ms.

Belongs here: bytes to tables, the order of elements, and sums that a transcript states
of itself. Does not belong here: what a code means (the SELECTs of the dialect), and
making XML safe (``hardened_xml``).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import polars as pl
from lxml import etree

from pipelines.dialects.hardened_xml import Document, parse_xml
from pipelines.dialects.macros import settings_of
from pipelines.dialects.model import Table
from pipelines.dialects.source import Context, ParsedTable
from pipelines.landing.package.manifest import DeclaredFile
from pipelines.landing.package.notes import Note
from pipelines.landing.reading.unpack import FileRefusedError

_ANCESTOR = re.compile(r"ancestor::(\w+)(?:/(.+))?")
_CHILD = re.compile(r"\w+")
_LISTED = 20
"""Findings of one kind listed for a document; the rest have the same cause."""

# What a summary states: the element of GPA, and the element of a course it sums up.
_SUMS = (
    ("CreditHoursAttempted", "CourseCreditValue"),
    ("CreditHoursEarned", "CourseCreditEarned"),
    ("TotalQualityPoints", "CourseQualityPointsEarned"),
)
_TOLERANCE = Decimal("0.01")


def parse(
    content: bytes, declared: DeclaredFile, table: Table, context: Context
) -> Mapping[str, ParsedTable]:
    """The tables of one transcript.

    Args:
        content: The document, unpacked.
        declared: The manifest's entry; its rows are documents, so there is one.
        table: The document as the dialect names it.
        context: The dialect and its settings: ``schema_order`` is ``refuse`` or
            ``warn``.

    Returns:
        The table of the document itself, one row, and those declared ``within`` it.

    Raises:
        FileRefusedError: F06; F07 when the document is no College Transcript 1.x or
            its elements are out of order; F08 or F20 when it is no safe XML.
    """
    if declared.rows != 1:
        value = f"1 transcript, manifest says {declared.rows}"
        raise FileRefusedError(Note("F06", "F", value=value))
    structure = context.dialect.structure
    document = parse_xml(content)
    _check_root(document, structure)
    settings = settings_of(context)
    severity = "W" if settings.get("schema_order") == "warn" else "F"
    notes = _misplaced(document.root, structure["order"], severity)
    if severity == "F" and notes:
        raise FileRefusedError(*notes)
    sums = _sums_that_differ(document.root, set(settings["transfer_basis"]))
    remarks = {table.name: notes, "summary": sums}
    chosen = {
        name: spec
        for name, spec in structure["tables"].items()
        if table.name in (name, context.dialect.tables[name].within)
    }
    reader = _Reader(document.root, [spec["rows"] for spec in chosen.values()])
    parsed = {}
    for name, spec in chosen.items():
        frame = reader.table(spec["rows"], spec["paths"])
        told = tuple(remarks.get(name, ()))
        parsed[name] = ParsedTable(frame.height, frame, notes=told)
    return parsed


def _check_root(document: Document, structure: Mapping[str, Any]) -> None:
    name, space = str(document.root.tag), document.namespace
    wanted = structure["namespace"]
    if name == structure["root"] and (not space or space.startswith(wanted)):
        return
    value = f"the document is not a {structure['root']} of {wanted}x"
    raise FileRefusedError(Note("F07", "F", line=1, value=value))


def _misplaced(
    root: etree._Element, order: Mapping[str, list[str]], severity: str
) -> list[Note]:
    """Elements that stand where the schema does not allow them (F07).

    Elements that the declared structure does not name, of a later version or of a
    vendor, may stand anywhere.
    """
    places = {name: _places(tuple(children)) for name, children in order.items()}
    notes = []
    for element in root.iter():
        expected = places.get(str(element.tag))
        if expected is None:
            continue
        for child, value in _out_of_order(element, expected):
            notes.append(
                Note(
                    "F07",
                    severity,
                    line=_line(child),
                    column=str(child.tag)[:60],
                    value=value,
                )
            )
            if len(notes) == _LISTED:
                return notes
    return notes


@lru_cache(maxsize=256)
def _places(children: tuple[str, ...]) -> dict[str, tuple[int, bool]]:
    """Position and whether it may repeat; ``A|B`` share one place, ``A*`` repeats."""
    found = {}
    for position, entry in enumerate(children):
        for name in entry.rstrip("*").split("|"):
            found[name] = position, entry.endswith("*")
    return found


def _out_of_order(
    element: etree._Element, expected: Mapping[str, tuple[int, bool]]
) -> Iterator[tuple[etree._Element, str]]:
    last, before = -1, ""
    for child in element:
        position, repeats = expected.get(str(child.tag), (None, True))
        if position is None:
            continue
        if position < last:
            yield child, f"{child.tag} stands after {before} in {element.tag}"
            continue
        if position == last and not repeats:
            yield child, f"{child.tag} stands twice in {element.tag}"
        last, before = position, str(child.tag)


class _Reader:
    """Rows and columns of one document by their paths."""

    def __init__(self, root: etree._Element, rows: list[str]) -> None:
        """Find the rows of every table, so that each has a place of its own."""
        self._root = root
        self._above: dict[tuple[int, str], str | None] = {}
        self._kept: list[etree._Element] = []
        self._rows = {path: self._select(path) for path in rows}
        self._places = self._placed()

    def table(self, rows: str, paths: Mapping[str, str]) -> pl.DataFrame:
        """One row an element that ``rows`` selects; absent and empty is null."""
        elements = self._rows[rows]
        columns: dict[str, list[str | None]] = {name: [] for name in paths}
        for element in elements:
            texts: dict[str, str | None] = {}
            for child in element:
                texts.setdefault(str(child.tag), child.text)
            for name, path in paths.items():
                columns[name].append(self._value(element, path, texts))
        lines = [self._places[element] for element in elements]
        schema: dict[str, Any] = {"_line": pl.Int64, **dict.fromkeys(paths, pl.String)}
        return pl.DataFrame({"_line": lines, **columns}, schema=schema)

    def _select(self, rows: str) -> list[etree._Element]:
        return [self._root] if rows == "." else list(_xpath(rows)(self._root))

    def _placed(self) -> dict[etree._Element, int]:
        """The line of each row; its number as an element where rows share lines.

        A document without line breaks would put every row on line 1.
        """
        elements = [element for rows in self._rows.values() for element in rows]
        lines = {element: _line(element) for element in elements}
        if len(set(lines.values())) == len(elements):
            return lines
        numbers = enumerate(self._root.iter(), start=1)
        return {element: number for number, element in numbers}

    def _value(
        self, element: etree._Element, path: str, texts: Mapping[str, str | None]
    ) -> str | None:
        if _CHILD.fullmatch(path):
            return texts.get(path) or None
        found = _ANCESTOR.fullmatch(path)
        if found is None:
            return _xpath(f"string({path})")(element) or None
        above = next(element.iterancestors(found[1]), None)
        if above is None:
            return None
        key = id(above), path
        if key not in self._above:
            # The proxy has to live on, or its id could become another element's.
            self._kept.append(above)
            inner = found[2] or "."
            self._above[key] = _xpath(f"string({inner})")(above) or None
        return self._above[key]


@lru_cache(maxsize=1024)
def _xpath(path: str) -> Any:
    return etree.XPath(path, smart_strings=False)


def _sums_that_differ(root: etree._Element, brought: set[str]) -> list[Note]:
    """Summaries that state another sum than the courses under them have (F18, warns).

    Schools differ in whether work in progress and replaced attempts count, so a sum
    is right when any of these readings gives it.

    Args:
        root: The transcript.
        brought: Values of CourseCreditBasis of credit the sender did not teach.
    """
    notes = []
    for summary in root.iter("AcademicSummary"):
        owner = summary.getparent()
        if owner is None or owner.tag not in ("AcademicSession", "AcademicRecord"):
            continue
        if summary.findtext("AcademicSummaryType") not in (None, "All", "SenderOnly"):
            continue
        level = summary.findtext("AcademicSummaryLevel")
        everything = summary.findtext("AcademicSummaryType") == "All"
        courses = [
            course
            for course in owner.iter("Course")
            if _is_of_level(course, level) and (everything or _is_own(course, brought))
        ]
        for stated_by, summed in _SUMS:
            stated = _number(summary.findtext(f"GPA/{stated_by}"))
            if stated is None or not courses:
                continue
            sums = _readings(courses, summed)
            if all(abs(stated - one) > _TOLERANCE for one in sums):
                value = f"states {stated}, the courses add up to {sums[0]}"
                note = Note(
                    "F18",
                    "W",
                    line=_line(summary),
                    column=stated_by,
                    value=value,
                )
                notes.append(note)
    return notes[:_LISTED]


def _is_of_level(course: etree._Element, level: str | None) -> bool:
    own = course.findtext("CourseCreditLevel")
    return level is None or own is None or own == level


def _is_own(course: etree._Element, brought: set[str]) -> bool:
    """Whether the sender taught the course, or teaches it."""
    if course.findtext("CourseCreditBasis") in brought:
        return False
    if course.findtext("CourseAcademicGradeStatusCode") == "PlanningToTake":
        return False
    session = next(course.iterancestors("AcademicSession"), None)
    return course.find("CourseOverrideSchool") is None and (
        session is None or session.find("School") is None
    )


def _readings(courses: list[etree._Element], element: str) -> list[Decimal]:
    sums = []
    for without_running in (False, True):
        for without_replaced in (False, True):
            chosen = [
                course
                for course in courses
                if not (without_running and course.find("CourseAcademicGrade") is None)
                and not (
                    without_replaced
                    and "NotCounted" in (course.findtext("CourseRepeatCode") or "")
                )
            ]
            values = (_number(course.findtext(element)) for course in chosen)
            sums.append(sum((v for v in values if v is not None), Decimal(0)))
    return sums


def _line(element: etree._Element) -> int:
    """The line its start tag ends on; a parsed element always has one."""
    number: Any = element.sourceline
    return int(number or 0)


def _number(text: str | None) -> Decimal | None:
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
