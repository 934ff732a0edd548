"""The ledger of disclosures: to whom a record went, what for, and what it held.

Belongs here: what an entry says. Does not belong here: how entries are kept
(``pipelines.entry_log``).

34 CFR 99.32(a): for each disclosure the record names the party and the interest it had,
and is kept as long as the learner's records are; (c)(1): the learner may inspect it.
An entry is on the disk before the record leaves, so a run that is killed in between
leaves an entry without a record, never a record without an entry.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.entry_log import EntryLog, checked, tidy

LONGEST = {"audience": 200, "purpose": 500, "by": 200}
"""Characters that each free text may have."""


@dataclass(frozen=True)
class Request:
    """Who asks for a record, for whom and what for; see ``LONGEST``.

    Attributes:
        audience: the party it is for, a name or a college's code.
        purpose: the interest that the party has; None where it was not said.
        by: who hands it out.
    """

    audience: str
    purpose: str | None
    by: str

    def __post_init__(self) -> None:
        """Refuse what a ledger should not hold.

        Raises:
            UsageError: a text is empty, too long, or holds a control character.
        """
        checked("--to", self.audience, LONGEST["audience"])
        checked("--by", self.by, LONGEST["by"])
        if self.purpose is not None:
            checked("--purpose", self.purpose, LONGEST["purpose"])


@dataclass(frozen=True)
class Content:
    """What left: nothing of a person but the learner's id.

    Attributes:
        learner_id: whose record it is.
        form: as ``lrw record --form``, or the interface that answered.
        record_id: id of the signed record, a URN.
        sha256: of the bytes that left; of several files, of their digests in order.
        credentials: SHA-256 by credential id, of its JSON with sorted keys.
    """

    learner_id: str
    form: str
    record_id: str
    sha256: str
    credentials: dict[str, str]


@dataclass(frozen=True)
class Entry:
    """One disclosure.

    Attributes:
        number: of what was appended; all that left in one go have the same.
        at: UTC, ISO 8601.
        request: for whom.
        content: what left.
    """

    number: int
    at: str
    request: Request
    content: Content


def party(text: str) -> str:
    """An audience as ``Request`` takes it, of a name that somebody gave himself."""
    return tidy(text, LONGEST["audience"])


def json_digest(value: Any) -> str:
    """SHA-256 of a JSON value with sorted keys and no space, as hex."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def append(
    folder: Path,
    request: Request,
    content: Content,
    at: Callable[[str], None] = lambda _: None,
) -> int:
    """Log a disclosure that is about to leave; see ``EntryLog.append``."""
    said = {"request": asdict(request), "content": asdict(content)}
    return _log(folder).append(said, at)


def append_all(folder: Path, request: Request, contents: Sequence[Content]) -> int:
    """Log disclosures that are about to leave together: all of them, or none.

    They are one file of the chain, so ten thousand cost what one does on the disk.
    """
    said = {
        "request": asdict(request),
        "contents": [asdict(content) for content in contents],
    }
    return _log(folder).append(said)


def entries(folder: Path, learner: str | Collection[str] | None = None) -> list[Entry]:
    """The disclosures in their order; see ``EntryLog.read``.

    ``learner`` is an id, or all those of one person; None is everybody.
    """
    wanted = {learner} if isinstance(learner, str) else learner
    return [
        Entry(row["number"], row["at"], Request(**row["request"]), Content(**content))
        for row in _log(folder).read()
        for content in _contents(row)
        if wanted is None or content["learner_id"] in wanted
    ]


def _contents(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "content" in row:
        yield row["content"]
    yield from row.get("contents", ())


def _log(folder: Path) -> EntryLog:
    return EntryLog(folder, "the ledger of disclosures")
