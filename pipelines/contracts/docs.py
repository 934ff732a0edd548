"""The feed specification for colleges, as one page of Markdown.

Belongs here: wording around what the contracts say. Does not belong here: a fact about
a feed that its contract does not hold.
"""

from collections.abc import Iterable
from pathlib import Path

from pipelines.contracts.model import Column, Contracts, Edit, Feed
from pipelines.settings import CHECKOUT

FOLDER = CHECKOUT / "docs"
SPECIFICATION = FOLDER / "feed-specification.md"
_NULL = {"N": "required", "Y": "optional", "C": "conditional"}
_SEVERITY = {"F": "holds or rejects", "Q": "quarantines the row", "W": "warns"}
_ABSENCE = {
    "remove": "A row that a snapshot no longer has is removed.",
    "close": "A row that a snapshot no longer has is closed: it stays good for what "
    "used it.",
    "keep": "A row is never removed by absence; it ends by an explicit row.",
}
_INTRODUCTION = """# Feed specification

What a college sends every night, and what is checked. Each file is UTF-8 CSV with a
header (`.csv`, `.csv.gz`) or Parquet, named in `manifest.json`, which is written last.
Every identifier and code is text. Dates are `YYYY-MM-DD`, timestamps RFC 3339 with
offset, decimals have a point. Empty means null. Values are trimmed and NFC-normalised
before they are checked, and the case of codes is folded.

Types: `str(n)` text of at most n characters; `date`; `ts`; `dec(p,s)` a number of at
most p digits, s of them after the point, never rounded; `int`; `code:list` a value of
the list at the end of this page.

A file may have up to 50 columns of the college's own beside these: `x_`, then letters,
digits and underscores, 60 at most. They pass through as text: no check, no matching and
no publication uses them, and the system office reads them by row key
(`lrw college CODE extension FEED`). Numbers of the government and birth dates do not
belong there; they are withheld with a warning (F27).

Every check has an id that never changes its meaning. A check of severity F holds or
rejects the file or the package, Q quarantines the row, W warns. The return file names
check, line, value and remedy.
"""

_AGENCIES = """## What a state agency sends

No part of a college's package, and refused in one (F03): wage records come from the
agency that keeps them, in a mailbox of its own (`AGENCY:...`), in the same form and
with the same manifest. Numbers of workers and accounts of employers are kept as keyed
tokens; what is published of them is guarded.
"""


def render(contracts: Contracts) -> dict[Path, str]:
    """The specification page with its path."""
    feeds = contracts.feeds.values()
    of_agencies = [feed for feed in feeds if feed.kind == "agency"]
    of_colleges = [feed for feed in feeds if feed.kind != "agency"]
    parts = [
        "<!-- generated from data_contracts/; edit that -->",
        _INTRODUCTION,
        "## Files\n",
        *_files(of_colleges),
        *(line for feed in of_colleges for line in _feed(feed)),
        _AGENCIES,
        *_files(of_agencies),
        *(line for feed in of_agencies for line in _feed(feed)),
        "## Checks on packages and files\n",
        *_edits(contracts.file_edits.values()),
        "## Checks on every column\n",
        "`<PREFIX>-<column>-REQUIRED`, `-TYPE`, `-LENGTH` and `-CODE`: a required",
        "value is missing, a value is not of its type, is too long, or is not in its",
        "list. They quarantine the row.\n",
        "## Code lists\n",
        *_codes(contracts),
    ]
    return {SPECIFICATION: "\n".join(parts).rstrip() + "\n"}


def _files(feeds: Iterable[Feed]) -> Iterable[str]:
    yield "| feed | prefix | kind | key |"
    yield "| --- | --- | --- | --- |"
    for feed in feeds:
        key = " + ".join(f"`{feed.column(name).source_name}`" for name in feed.key)
        yield f"| [`{feed.name}`](#{feed.name}) | {feed.prefix} | {feed.kind} | {key} |"
    yield ""


def _feed(feed: Feed) -> Iterable[str]:
    yield f"## {feed.name}\n"
    yield f"{feed.description} {_ABSENCE[feed.absence]} Version {feed.version}.\n"
    yield "| column | type | | what it is |"
    yield "| --- | --- | --- | --- |"
    yield from (_column(column) for column in feed.columns)
    yield ""
    yield from _edits(edit for edit in feed.edits if edit.scope != "column")


def _column(column: Column) -> str:
    null = "key, " if column.is_key else ""
    examples = ", ".join(f"`{_cell(example)}`" for example in column.examples)
    text = _cell(column.description) + (f" Example: {examples}." if examples else "")
    return (
        f"| `{column.source_name}` | `{column.type}` "
        f"| {null}{_NULL[column.nullability]} | {text} |"
    )


def _edits(edits: Iterable[Edit]) -> Iterable[str]:
    yield "| check | what must hold | if not | remedy |"
    yield "| --- | --- | --- | --- |"
    for edit in edits:
        general = f" ({', '.join(edit.implements)})" if edit.implements else ""
        yield (
            f"| {edit.id}{general} | {_cell(edit.title)} | {_SEVERITY[edit.severity]} "
            f"| {_cell(edit.remedy)} |"
        )
    yield ""


def _codes(contracts: Contracts) -> Iterable[str]:
    used = sorted(
        {
            column.type.code_list
            for feed in contracts.feeds.values()
            for column in feed.columns
            if column.type.code_list
        }
    )
    for name in used:
        yield f"### {name}\n"
        yield "| code | meaning |"
        yield "| --- | --- |"
        for code in contracts.codes[name].values.values():
            yield f"| `{code.code}` | {_cell(code.label)} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
