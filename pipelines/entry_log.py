"""Numbered JSON entries in a folder, in a chain that only grows.

Belongs here: writing, reading and checking entries. Does not belong here: what they say
(``disclosure.ledger``, ``corrections.requests``), the links of the chain and its lock
(``pipelines.chain``).
"""

import fcntl
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

_UNSEEN = {"Cc", "Cf", "Cs"}
_ENTRY = re.compile(r"\d{12}\.json")


def checked(option: str, text: str, most: int) -> str:
    """A free text that may go into an entry.

    Raises:
        UsageError: it is empty, longer than ``most``, or holds a control character;
            ``option`` names it.
    """
    if not text.strip():
        raise UsageError(f"{option} is empty")
    if len(text) > most:
        raise UsageError(f"{option} is longer than {most} characters")
    if any(unicodedata.category(char) in _UNSEEN for char in text):
        raise UsageError(f"{option} holds a control character")
    return text


def tidy(text: str, most: int) -> str:
    """What ``checked`` takes of a text that somebody else wrote."""
    kept = (char for char in text if unicodedata.category(char) not in _UNSEEN)
    return "".join(kept)[:most].strip() or "not said"


@dataclass(frozen=True)
class EntryLog:
    """The entries in a folder (0700), a file (0600) each.

    Attributes:
        folder: made when the first entry comes.
        name: what messages call it.
    """

    folder: Path
    name: str

    def append(
        self, said: dict[str, Any], at: Callable[[str], None] = lambda _: None
    ) -> int:
        """Write an entry; it is durable when this returns.

        Args:
            said: JSON; ``number`` and ``at`` (UTC, ISO 8601) are added to it.
            at: called at every step with its name; for crash tests.

        Returns:
            The number of the entry, from 1.

        Raises:
            OperatorError: the end of the log is not as it was written (``read`` checks
                all of it), or it cannot be written.
        """
        folder = self.folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
            with locked(folder, fcntl.LOCK_EX):
                for left in folder.glob(".*.tmp"):
                    left.unlink()
                files = self._files()
                before = self._last(files)
                if before:
                    settle_head(folder, before)
                number = len(files) + 1
                final = folder / f"{number:012d}.json"
                partial = folder / f".{final.stem}.tmp"
                moment = datetime.now(UTC).isoformat(timespec="seconds")
                previous = asdict(before) if before else None
                entry = {"number": number, "at": moment, **said, "previous": previous}
                descriptor = os.open(
                    partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
                )
                with os.fdopen(descriptor, "wb") as file:
                    file.write(orjson.dumps(entry))
                sync_file(partial)
                at("entry written")
                append_to_chain(folder, before, partial, final, at)
        except OSError as error:
            raise OperatorError(
                f"{self.name} cannot be written ({error.strerror}): nothing was done"
            ) from None
        return number

    def read(self) -> list[dict[str, Any]]:
        """The entries in their order, checked first.

        Raises:
            OperatorError: the log is not as it was written, or cannot be read.
        """
        try:
            with locked(self.folder, fcntl.LOCK_SH):
                self._verify()
                return [orjson.loads(path.read_bytes()) for path in self._files()]
        except OSError as error:
            raise OperatorError(
                f"{self.name} cannot be read: {error.strerror}"
            ) from None

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(p for p in self.folder.iterdir() if _ENTRY.fullmatch(p.name))

    def _verify(self) -> None:
        try:
            verify_chain(self.folder, self._files(), _follows)
        except BrokenChainError as broken:
            raise self._broken(broken) from None

    def _last(self, files: list[Path]) -> Link | None:
        try:
            return last_link(self.folder, files[-1] if files else None)
        except BrokenChainError as broken:
            raise self._broken(broken) from None

    def _broken(self, chain: BrokenChainError) -> OperatorError:
        return OperatorError(
            f"{self.name} is not as it was written: {chain.name} was changed, removed "
            "or put in; restore it from the backup of the vault"
        )


def _follows(path: Path) -> Link | None:
    try:
        previous = orjson.loads(path.read_bytes())["previous"]
        return Link(**previous) if previous else None
    except (ValueError, KeyError, TypeError):
        raise BrokenChainError(path.stem) from None
