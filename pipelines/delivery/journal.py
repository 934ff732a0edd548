"""What was seen in a drop zone or the inbox, and what was taken, a file a sender.

Belongs here: the memory between two looks. Does not belong here: what became of a
package, which the ledger says.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipelines.delivery.zone import Item
from pipelines.durable import replace_durably


@dataclass(frozen=True)
class Taken:
    """A package that was copied into the inbox.

    Attributes:
        fingerprint: What it looked like in the drop zone.
        versions: Of each of its files there, path joined by ``/``, the version.
        stored: SHA-256 of each file.
    """

    fingerprint: str
    versions: dict[str, str]
    stored: dict[str, str]

    def has(self, item: Item) -> bool:
        """Whether the drop zone still holds the file that was taken."""
        return self.versions.get("/".join(item.path)) == item.version


@dataclass
class Journal:
    """The memory of one sender's drop zone.

    Attributes:
        seen: Of a package that waits, its fingerprint and since when it looks so.
        taken: Packages that were taken and are still in the drop zone.
    """

    path: Path
    seen: dict[str, tuple[str, float]] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)

    def since(self, name: str, fingerprint: str, now: float) -> float:
        """Note how a package looks now; returns since when it has looked so."""
        before = self.seen.get(name)
        if before is None or before[0] != fingerprint:
            self.seen[name] = (fingerprint, now)
        return self.seen[name][1]

    def prune(self, names: set[str]) -> None:
        """Forget what is no longer in the drop zone."""
        self.seen = {n: seen for n, seen in self.seen.items() if n in names}
        self.taken = {n: taken for n, taken in self.taken.items() if n in names}

    def write(self) -> None:
        """Keep it across runs, whole or not at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_name(f".{self.path.name}.tmp")
        words = {
            "seen": self.seen,
            "taken": {name: asdict(taken) for name, taken in self.taken.items()},
        }
        partial.write_bytes(orjson.dumps(words))
        replace_durably(partial, self.path)


def read_journal(folder: Path, sender: str) -> Journal:
    """The journal of a sender; empty before the first look."""
    path = folder / f"{sender}.json"
    try:
        words: dict[str, Any] = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return Journal(path)
    return Journal(
        path,
        {name: (seen[0], seen[1]) for name, seen in words["seen"].items()},
        {name: Taken(**taken) for name, taken in words["taken"].items()},
    )
