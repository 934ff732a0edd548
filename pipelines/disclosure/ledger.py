"""The ledger of disclosures: an entry a file, in a chain that only grows.

Belongs here: writing, reading and checking entries. Does not belong here: the links of
the chain and its lock (``pipelines.chain``).

34 CFR 99.32(a): for each disclosure the record names the party and the interest it had,
and is kept as long as the learner's records are; (c)(1): the learner may inspect it.
An entry is on the disk before the record leaves, so a run that is killed in between
leaves an entry without a record, never a record without an entry.
"""

import fcntl
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from pipelines.chain import (
    BrokenChainError,
    Link,
    append_to_chain,
    last_link,
    locked,
    settle_head,
    verify_chain,
)
from pipelines.durable import sync_file, sync_folder
from pipelines.errors import OperatorError, UsageError

LONGEST = {"audience": 200, "purpose": 500, "by": 200}
"""Characters that each free text may have."""

_UNSEEN = {"Cc", "Cf", "Cs"}
_ENTRY = re.compile(r"\d{12}\.json")


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
        for name, most in LONGEST.items():
            text = getattr(self, name)
            if text is None:
                continue
            option = "--to" if name == "audience" else f"--{name}"
            if not text.strip():
                raise UsageError(f"{option} is empty")
            if len(text) > most:
                raise UsageError(f"{option} is longer than {most} characters")
            if any(unicodedata.category(char) in _UNSEEN for char in text):
                raise UsageError(f"{option} holds a control character")


@dataclass(frozen=True)
class Content:
    """What left: nothing of a person but the learner's id.

    Attributes:
        learner_id: whose record it is.
        form: as ``lrw record --form``.
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
    """One disclosure; ``at`` is in UTC, ISO 8601."""

    number: int
    at: str
    request: Request
    content: Content


def tidy(text: str, name: str) -> str:
    """What ``Request`` takes of a text that somebody else wrote."""
    kept = (char for char in text if unicodedata.category(char) not in _UNSEEN)
    return "".join(kept)[: LONGEST[name]].strip() or "not said"


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
    """Log a disclosure; it is durable when this returns.

    Args:
        folder: the ledger; made (mode 0700) when absent.
        request: who asks.
        content: what is about to leave.
        at: called at every step with its name; for crash tests.

    Returns:
        The number of the entry.

    Raises:
        OperatorError: the end of the ledger is not as it was written (``entries``
            checks all of it), or it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
        with locked(folder, fcntl.LOCK_EX):
            for left in folder.glob(".*.tmp"):
                left.unlink()
            files = _files(folder)
            before = _last(folder, files)
            if before:
                settle_head(folder, before)
            number = len(files) + 1
            final = folder / f"{number:012d}.json"
            partial = folder / f".{final.stem}.tmp"
            entry = Entry(
                number,
                datetime.now(UTC).isoformat(timespec="seconds"),
                request,
                content,
            )
            said = {**asdict(entry), "previous": asdict(before) if before else None}
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(orjson.dumps(said))
            sync_file(partial)
            at("entry written")
            append_to_chain(folder, before, partial, final, at)
    except OSError as error:
        raise OperatorError(
            f"the ledger of disclosures cannot be written ({error.strerror}): "
            "nothing was handed out"
        ) from None
    return number


def entries(folder: Path, learner_id: str | None = None) -> list[Entry]:
    """The disclosures in their order, of one learner or of all; checked first.

    Raises:
        OperatorError: the ledger is not as it was written, or cannot be read.
    """
    try:
        with locked(folder, fcntl.LOCK_SH):
            _verified(folder)
            said = [orjson.loads(path.read_bytes()) for path in _files(folder)]
    except OSError as error:
        raise OperatorError(
            f"the ledger of disclosures cannot be read: {error.strerror}"
        ) from None
    found = [
        Entry(
            row["number"],
            row["at"],
            Request(**row["request"]),
            Content(**row["content"]),
        )
        for row in said
    ]
    return [e for e in found if learner_id in (None, e.content.learner_id)]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _ENTRY.fullmatch(path.name))


def _follows(path: Path) -> Link | None:
    try:
        previous = orjson.loads(path.read_bytes())["previous"]
        return Link(**previous) if previous else None
    except (ValueError, KeyError, TypeError):
        raise BrokenChainError(path.stem) from None


def _verified(folder: Path) -> list[Link]:
    try:
        return verify_chain(folder, _files(folder), _follows)
    except BrokenChainError as broken:
        raise _broken(broken) from None


def _last(folder: Path, files: list[Path]) -> Link | None:
    try:
        return last_link(folder, files[-1] if files else None)
    except BrokenChainError as broken:
        raise _broken(broken) from None


def _broken(chain: BrokenChainError) -> OperatorError:
    return OperatorError(
        f"the ledger of disclosures is not as it was written: {chain.name} was "
        "changed, removed or put in; restore it from the backup of the vault"
    )
