"""The edit register: every numbered check on one page, in a registrar's words.

Belongs here: wording around what the contracts say of their edits. Does not belong
here: columns, types and code lists (``docs``), or a fact that no contract holds.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.model import Cases, Column, Contracts, Edit, Feed

REGISTER = FOLDER / "edit-register.md"
_FIELD = re.compile(r"\{\w+\}")
_SEVERITY = {
    "F": "F: stops the file or the package",
    "Q": "Q: sets the row aside",
    "W": "W: warns",
}
_ACTION = {
    "reject_package": "The package is rejected; nothing of it is used.",
    "reject_file": "The file cannot be used; the package waits for a new one.",
    "hold": "The package waits. What was sent before stays in force.",
    "stop_publication": "The package is taken in; nothing of it is published.",
    "quarantine": "The row is set aside until it is corrected; the rest is used.",
    "warn": "The row or file is used; have a look.",
    "collapse": "The rows count once.",
    "repeat": "The package is in force already; nothing changes.",
}
_GENERAL = {
    "F": ("Packages and files", "What every package and every file is checked for."),
    "D": ("Dialects", "What is checked while tables of a student system become feeds."),
    "X": (
        "Across files and colleges",
        "Feed checks say which of these they carry out.",
    ),
}
_INTRODUCTION = """# Edit register

Every check that a package, a file or a row has to pass. A check has an id that never
changes its meaning and is never used again; a rule that changes gets a new version
with the day from which it is in force. The return file names the id, the line, the
row's own key, the value, what was expected and the remedy.

Three severities: **F** stops the file or the package, **Q** sets the row aside until it
is corrected while the rest of the file is used, **W** warns. After each id stands what
kind of fault it looks for: *conformance* (is it written as agreed and does it fit the
other rows), *completeness* (is it there), *plausibility* (can it be true).

A held package can be released, and a check can be overridden for a bounded time, by the
system office; both are on record for ever.
"""
_COLUMNS = """Each column has the checks of its type. Their ids are the prefix of the
feed, the column and the kind:

| kind | what must hold | if not | remedy |
| --- | --- | --- | --- |"""


def render(contracts: Contracts) -> dict[Path, str]:
    """The register with its path."""
    parts = [
        "<!-- generated from data_contracts/; edit that -->",
        _INTRODUCTION,
        "## Index\n",
        *_index(contracts),
        *_general(contracts),
        "## Every column\n",
        *_templates(contracts),
        *(line for feed in contracts.feeds.values() for line in _feed(contracts, feed)),
    ]
    return {REGISTER: "\n".join(parts).rstrip() + "\n"}


def _index(contracts: Contracts) -> Iterable[str]:
    yield "| | checks | stop | set aside | warn |"
    yield "| --- | --: | --: | --: | --: |"
    for letter, (title, _) in _GENERAL.items():
        edits = [e for e in contracts.file_edits.values() if e.id[0] == letter]
        if edits:
            yield _index_line(title, edits)
    for feed in contracts.feeds.values():
        yield _index_line(feed.name, feed.edits)
    yield _index_line("", contracts.all_edits())
    yield ""


def _index_line(title: str, edits: Iterable[Edit]) -> str:
    letters: list[str] = [edit.severity for edit in edits]
    link = f"[{title}](#{title.lower().replace(' ', '-')})" if title else "all"
    counts = " | ".join(str(letters.count(letter)) for letter in "FQW")
    return f"| {link} | {len(letters)} | {counts} |"


def _general(contracts: Contracts) -> Iterable[str]:
    for letter, (title, meaning) in _GENERAL.items():
        edits = [e for e in contracts.file_edits.values() if e.id[0] == letter]
        if edits:
            yield f"## {title}\n\n{meaning}\n"
            for edit in edits:
                yield from _entry(edit)


def _templates(contracts: Contracts) -> Iterable[str]:
    yield _COLUMNS
    seen = set()
    for edit in contracts.all_edits():
        kind = edit.id.rsplit("-", 1)[-1]
        if edit.scope == "column" and kind not in seen:
            seen.add(kind)
            yield (
                f"| {kind} | {_cell(edit.title)} | {_SEVERITY[edit.severity]} "
                f"| {_cell(edit.remedy).replace('{column}', 'the column')} |"
            )
    yield ""


def _feed(contracts: Contracts, feed: Feed) -> Iterable[str]:
    yield f"## {feed.name}\n"
    yield f"{feed.description}\n"
    yield f"### Columns of {feed.name}\n"
    yield "| check | kind | fails | passes | version |"
    yield "| --- | --- | --- | --- | --- |"
    for edit in feed.edits_of("column"):
        cases = column_cases(contracts, feed.column(edit.columns[0]), edit)
        yield (
            f"| {edit.id} | {edit.category} | {_cell(_case(cases.fails))} "
            f"| {_cell(_case(cases.passes))} | {_version(edit)} |"
        )
    yield ""
    for edit in feed.edits:
        if edit.scope != "column":
            yield from _entry(edit)


def _entry(edit: Edit) -> Iterable[str]:
    implements = (
        f" Carries out {', '.join(edit.implements)}." if edit.implements else ""
    )
    yield f"### {edit.id}\n"
    yield f"**{edit.title}**{implements}\n"
    yield f"- {_SEVERITY[edit.severity]}; {edit.category}. {_ACTION[edit.action]}"
    yield f"- Message: {_FIELD.sub('…', edit.message)}"
    yield f"- Remedy: {edit.remedy}"
    if edit.cases is not None:
        yield f"- Fails: {_case(edit.cases.fails)}"
        yield f"- Passes: {_case(edit.cases.passes)}"
    yield f"- {_history(edit)}\n"


def _history(edit: Edit) -> str:
    ends = f" to {edit.effective_to}" if edit.effective_to else ""
    text = f"Version {edit.version}, in force from {edit.effective_from}{ends}."
    for old in reversed(edit.history):
        text += f" Version {old.version} from {old.effective_from}: {old.change}"
    return text


def _version(edit: Edit) -> str:
    ends = f" to {edit.effective_to}" if edit.effective_to else ""
    return f"{edit.version}, from {edit.effective_from}{ends}"


def column_cases(contracts: Contracts, column: Column, edit: Edit) -> Cases:
    """A value that breaks an edit of a column and one that does not, by its type."""
    kind = column.type
    suffix = edit.id.rsplit("-", 1)[-1]
    good = column.examples[0] if column.examples else ""
    if kind.kind == "code":
        good = contracts.codes[str(kind.code_list)].codes[0]
    elif kind.kind != "str":
        good = {
            "date": "2026-09-01",
            "ts": "2026-09-01T22:15:00-05:00",
            "int": "1",
            "dec": f"{3:.{kind.scale or 0}f}",
        }[kind.kind]
    name = column.source_name
    if suffix == "REQUIRED":
        return Cases({name: ""}, {name: good} if good else "any text")
    if suffix == "TYPE":
        bad = {"date": "09/01/2026", "ts": "2026-09-01 22:15", "int": "1.5"}
        return Cases({name: bad.get(kind.kind, "3,0")}, {name: good})
    if suffix == "LENGTH":
        return Cases(
            f"{(kind.length or 0) + 1} characters", f"{kind.length} characters"
        )
    return Cases({name: "?"}, {name: good})


def _case(case: Mapping[str, str] | str) -> str:
    if isinstance(case, str):
        return case
    return ", ".join(
        f"`{name}` {f'`{value}`' if value else 'empty'}" for name, value in case.items()
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
