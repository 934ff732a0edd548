"""A package's return files as their readers get them: a page, sheets, an object."""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.html
import openpyxl
from landing_warehouse import Warehouse


@dataclass(frozen=True)
class Returned:
    """The four files of one package."""

    folder: Path

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self._one("*.return.json").read_bytes())  # type: ignore[no-any-return]

    @property
    def rows(self) -> list[dict[str, str]]:
        text = self._one("*.findings.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    @property
    def page(self) -> str:
        return self._one("*.return.html").read_text(encoding="utf-8")

    @property
    def parsed_page(self) -> lxml.html.HtmlElement:
        return lxml.html.document_fromstring(self.page)

    @property
    def said(self) -> str:
        """The words of the page, spaces evened out."""
        return re.sub(r"\s+", " ", self.parsed_page.find("body").text_content())

    @property
    def workbook(self) -> openpyxl.Workbook:
        return openpyxl.load_workbook(self._one("*.return.xlsx"))

    def sheet(self, name: str) -> list[dict[str, Any]]:
        """A sheet's rows by its header."""
        header, *rows = self.workbook[name].iter_rows(values_only=True)
        return [dict(zip(header, row, strict=True)) for row in rows]

    def everything(self) -> bytes:
        """All bytes of all files; the workbook unpacked."""
        cells = [
            str(value)
            for sheet in self.workbook.worksheets
            for row in sheet.iter_rows(values_only=True)
            for value in row
        ]
        files = [path.read_bytes() for path in self.folder.iterdir()]
        return b"\n".join([*files, "\n".join(cells).encode()])

    def states(self) -> dict[str, set[str]]:
        """Edit ids by new, persisting and resolved."""
        told: dict[str, set[str]] = {"new": set(), "persisting": set()}
        for finding in self.summary["findings"]:
            told[finding["state"]].add(finding["edit_id"])
        told["resolved"] = {gone["edit_id"] for gone in self.summary["resolved"]}
        return told

    def _one(self, pattern: str) -> Path:
        (path,) = self.folder.glob(pattern)
        return path


def returned(warehouse: Warehouse, code: str, day: str) -> Returned:
    return Returned(warehouse.home.outbox / code / day)
