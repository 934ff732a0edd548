"""The files of a package become one read file a feed, generic or of a dialect.

Belongs here: which reader a file gets, what is stored, and the first word on each file.
Does not belong here: how a file is read (``read``, ``pipelines.dialects``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import duckdb
import polars as pl

from pipelines.contracts.model import Contracts, Sender
from pipelines.dialects.model import GENERIC
from pipelines.dialects.source import DialectError, Source, Translation
from pipelines.dialects.translate import translate
from pipelines.landing.kept.ledger import History
from pipelines.landing.kept.state import in_force_of, register_applied
from pipelines.landing.kept.store import keep_object, object_path
from pipelines.landing.package.manifest import DeclaredFile, Manifest
from pipelines.landing.package.notes import Note
from pipelines.landing.package.parcel import REJECTED, ConservationError, Parcel, Tally
from pipelines.landing.reading.read import ReadFile, read_file
from pipelines.landing.reading.unpack import FileRefusedError, stored_bytes
from pipelines.settings import Home

Read = TypeVar("Read")
_EMAILS = ["email_college", "email_personal"]


def read_all(
    home: Home, contracts: Contracts, history: History, parcels: Sequence[Parcel]
) -> dict[str, dict[str, ReadFile]]:
    """Every file of every package; packages with an unusable file are left out.

    Tallies, accounts and remarks are written to the parcels.

    Returns:
        By sender and feed.

    Raises:
        ConservationError: A translation lost count, which is a fault of this program.
    """
    reads = {}
    for parcel in parcels:
        keep_object(home, parcel.manifest_bytes)
        mine = _read_generic(home, contracts, parcel)
        for name in parcel.manifest.dialects:
            if mine is None:
                # What is wrong with the other files is told all the same.
                _translated(home, contracts, history, parcel, name, {})
                continue
            parts = _translated(home, contracts, history, parcel, name, mine)
            mine = None if parts is None else _joined(mine, parts)
        if mine is not None:
            reads[parcel.institution_code] = mine
    return reads


def read_again(
    home: Home,
    contracts: Contracts,
    history: History,
    sender: Sender,
    manifest: Manifest,
    feed: str,
) -> ReadFile | None:
    """One feed of a package that was applied, from the stored files.

    Returns:
        None when no file of the package carries the feed.
    """
    as_of = manifest.as_of_date(sender.timezone)
    found: dict[str, ReadFile] = {}
    for declared in manifest.files_of(GENERIC):
        if declared.feed == feed:
            content = object_path(home, declared.sha256.lower()).read_bytes()
            found[feed] = read_file(content, declared, contracts.feeds[feed])
    for name in manifest.dialects:
        if feed not in contracts.dialects[name].feeds:
            continue
        sources = [
            Source(f, object_path(home, f.sha256.lower()).read_bytes())
            for f in manifest.files_of(name)
        ]
        emails = _emails(home, contracts, history, sender, name, found)
        dialect = contracts.dialects[name]
        read = translate(dialect, sources, sender, as_of, contracts, emails).feeds
        found = _joined(found, {n: one for n, one in read.items() if n == feed})
    return found.get(feed)


def _read_generic(
    home: Home, contracts: Contracts, parcel: Parcel
) -> dict[str, ReadFile] | None:
    mine = {}
    files = parcel.manifest.files_of(GENERIC)
    for declared in files:
        tally = parcel.tallies[declared.feed]
        feed = contracts.feeds[declared.feed]

        def read(declared: DeclaredFile = declared) -> ReadFile:
            content = _kept(home, parcel, declared)
            return read_file(content, declared, contracts.feeds[declared.feed])

        found = _guarded(read)
        if isinstance(found, ReadFile):
            tally.rows_read = found.rows
            parcel.notes += [replace(note, feed=feed.name) for note in found.notes]
            mine[feed.name] = found
            continue
        parcel.notes += [replace(note, feed=feed.name) for note in found]
        tally.verdict = REJECTED
    return mine if len(mine) == len(files) else None


def _translated(
    home: Home,
    contracts: Contracts,
    history: History,
    parcel: Parcel,
    name: str,
    others: dict[str, ReadFile],
) -> dict[str, ReadFile] | None:
    """The feeds of one dialect; None when a file of it cannot be used."""
    dialect = contracts.dialects[name]
    sender = parcel.sender

    def read() -> Translation:
        sources = _sources(home, parcel, name)
        emails = _emails(home, contracts, history, sender, name, others)
        return translate(dialect, sources, sender, parcel.as_of_date, contracts, emails)

    found = _guarded(read)
    if not isinstance(found, Translation):
        _refuse(parcel, found)
        return None
    told = {declared.name for declared in parcel.manifest.files_of(name)}
    parcel.sources = [
        *(account for account in parcel.sources if account.file not in told),
        *found.accounts,
    ]
    parcel.own_columns = pl.concat([parcel.own_columns, found.own_columns])
    for feed, one in found.feeds.items():
        _tally(parcel, feed, one, found, dialect.feeds[feed].primary)
    parcel.notes += [note for note in found.notes if note.severity != "F"]
    for note in found.notes:
        if note.severity == "F":
            parcel.hold(note)
    return found.feeds


def _sources(home: Home, parcel: Parcel, name: str) -> list[Source]:
    """The stored files of one dialect; what is wrong with each is told at once."""
    sources: list[Source] = []
    refusals: list[Note] = []
    for declared in parcel.manifest.files_of(name):
        try:
            sources.append(Source(declared, _kept(home, parcel, declared)))
        except FileRefusedError as refused:
            refusals += [replace(note, file=declared.name) for note in refused.notes]
    if refusals:
        raise FileRefusedError(*refusals)
    return sources


def _refuse(parcel: Parcel, notes: tuple[Note, ...]) -> None:
    parcel.notes += notes
    wrong = {note.file for note in notes}
    for account in parcel.sources:
        if account.file in wrong:
            account.verdict = REJECTED


def _tally(
    parcel: Parcel,
    feed: str,
    read: ReadFile,
    found: Translation,
    primary: tuple[str, ...],
) -> None:
    """Count a feed's rows beside those of other files that carry it."""
    tally = parcel.tallies.get(feed)
    if tally is None:
        main = next(
            one for name in primary for one in found.accounts if one.table == name
        )
        tally = Tally(feed, main.file, main.sha256, main.bytes, rows_read=0)
        parcel.tallies[feed] = tally
    tally.rows_read = (tally.rows_read or 0) + read.rows


def _guarded(read: Callable[[], Read]) -> Read | tuple[Note, ...]:
    """What was read, or why it was not; no college stops another."""
    try:
        return read()
    except FileRefusedError as refused:
        return refused.notes
    except ConservationError:
        raise
    except DialectError as error:
        # Its message names a place in the declaration and no data.
        return (Note("D04", "F", value=str(error)[:200]),)
    except Exception as error:  # noqa: BLE001 - no college stops another
        value = f"cannot be read ({type(error).__name__})"
        return (Note("F20", "F", value=value),)


def _kept(home: Home, parcel: Parcel, declared: DeclaredFile) -> bytes:
    content = stored_bytes(parcel.delivery, declared)
    keep_object(home, content)
    return content


def _joined(
    mine: dict[str, ReadFile], more: dict[str, ReadFile]
) -> dict[str, ReadFile]:
    """Two sets of feeds as one; files that carry one feed follow each other."""
    parts: dict[str, list[ReadFile]] = defaultdict(list)
    for read in (mine, more):
        for feed, one in read.items():
            parts[feed].append(one)
    return {feed: _concatenated(reads) for feed, reads in parts.items()}


def _concatenated(reads: list[ReadFile]) -> ReadFile:
    if len(reads) == 1:
        return reads[0]
    extension = None
    if any(read.extension is not None for read in reads):
        # Row for row with the frame, also where a file has no such column.
        extension = pl.concat(
            (_extension(read) for read in reads), how="diagonal"
        ).drop("_at")
    return ReadFile(
        rows=sum(read.rows for read in reads),
        frame=pl.concat((read.frame for read in reads), how="diagonal"),
        bad=pl.concat((read.bad for read in reads), how="diagonal"),
        notes=[note for read in reads for note in read.notes],
        is_partial=any(read.is_partial for read in reads),
        extension=extension,
    )


def _extension(read: ReadFile) -> pl.DataFrame:
    place = read.frame.select(pl.col("_line").alias("_at"))
    if read.extension is None:
        return place
    return pl.concat([place, read.extension], how="horizontal")


def _emails(
    home: Home,
    contracts: Contracts,
    history: History,
    sender: Sender,
    name: str,
    others: dict[str, ReadFile],
) -> tuple[str, ...]:
    """E-mail addresses of the sender's persons, where badges name them as hashes."""
    if contracts.dialects[name].format != "json":
        return ()
    known: Iterable[pl.DataFrame]
    if "person" in others:
        known = [others["person"].frame]
    else:
        with duckdb.connect() as con:
            register_applied(history, con)
            feed = contracts.feeds["person"]
            known = [in_force_of(home, feed, con, [sender.sender])]
    addresses = pl.concat(
        frame.select(pl.col(column).alias("email"))
        for frame in known
        for column in _EMAILS
    )
    return tuple(addresses["email"].drop_nulls().unique().sort())
