"""What became of deliveries that have to be opened first: archives and OpenPGP files.

Belongs here: the record of an opened or refused delivery, and where it lies. Does not
belong here: opening them (``pipelines/delivery``), which writes the records.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from pipelines.durable import replace_durably, sync_folder
from pipelines.landing.package.notes import Note
from pipelines.settings import Home


@dataclass(frozen=True)
class Stored:
    """Bytes that were delivered and lie in the landing store."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Opened:
    """The outcome of one delivery.

    Attributes:
        sender: The mailbox.
        delivery: The name of its folder or archive, as delivered.
        fingerprint: What the delivery looked like; when it looks otherwise now, it was
            replaced and has to be opened again.
        stored: What was delivered.
        signed_by: Fingerprint of the key that signed all of it.
        edit_id: F21 or F22 when it was refused.
        value: Why, in words for the return file.
    """

    sender: str
    delivery: str
    fingerprint: str
    stored: tuple[Stored, ...] = ()
    signed_by: str | None = None
    edit_id: str | None = None
    value: str | None = None

    @property
    def problem(self) -> Note | None:
        """Why the delivery was refused; None when it was opened."""
        if self.edit_id is None:
            return None
        return Note(self.edit_id, "F", value=self.value)

    @property
    def evidence(self) -> bytes:
        """What the ledger keeps of a refusal in place of a manifest."""
        words = asdict(self)
        del words["fingerprint"]
        return orjson.dumps(words, option=orjson.OPT_SORT_KEYS)


def opened_folder(home: Home, sender: str, delivery: str) -> Path:
    """Where the content of an opened delivery lies."""
    return home.opened / sender / delivery


def read_opened(home: Home, sender: str, delivery: str) -> Opened | None:
    """The record of a delivery; None when it was never opened."""
    try:
        words: dict[str, Any] = orjson.loads(_path(home, sender, delivery).read_bytes())
    except FileNotFoundError:
        return None
    stored = tuple(Stored(**item) for item in words.pop("stored"))
    return Opened(**words, stored=stored)


def write_opened(home: Home, record: Opened) -> None:
    """Keep the outcome; it counts from then on."""
    path = _path(home, record.sender, record.delivery)
    make_private(home, path.parent)
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_bytes(orjson.dumps(asdict(record)))
    replace_durably(partial, path)


def forget_opened(home: Home, sender: str, delivery: str) -> None:
    """Drop a record, since the delivery it speaks of is replaced by another."""
    _path(home, sender, delivery).unlink(missing_ok=True)


def refused_elsewhere(home: Home) -> list[Opened]:
    """Records of refusals, by sender and name; some never came as far as the inbox."""
    found = (
        read_opened(home, path.parent.name, path.name[1 : -len(".json")])
        for path in sorted(home.opened.glob("*/.*.json"))
    )
    return [record for record in found if record and record.edit_id]


def make_private(home: Home, folder: Path) -> None:
    """Make a folder below ``opened`` that only this account may enter."""
    for place in (home.opened, folder):
        if not place.is_dir():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(place.parent)
        place.chmod(0o700)


def _path(home: Home, sender: str, delivery: str) -> Path:
    # No delivery's name begins with a dot, so that no content can lie there.
    return home.opened / sender / f".{delivery}.json"
