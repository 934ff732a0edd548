"""The witness: what landing had written when a snapshot was made, signed.

Belongs here: ``witness.json`` and its signature, and what landing has to be still. Does
not belong here: the manifest, which says nothing of waves and clocks so that the same
packages make the same one.

Whoever may write landing can rewrite a decision and the hashes beside it, or a word of
the ledger, which carries none. They cannot rewrite the issuer's signature. A witness
lists the files of the ledger and the end of the log of decisions; landing may have
grown since, and must hold these as they were.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipelines.errors import OperatorError
from pipelines.landing.decided.certified import damaged
from pipelines.landing.decided.decisions import Decisions, verify_decisions
from pipelines.publishing import manifest
from pipelines.publishing.signing import Signer
from pipelines.sealed import digest
from pipelines.settings import Home

FORMAT = "lrw-witness/1"
NAME = "witness.json"
SIGNATURE = "witness.sig"


class NoWitnessError(Exception):
    """A snapshot has no witness, or none that its issuer signed for it."""


def write_witness(home: Home, staged: Path, signer: Signer) -> None:
    """Say in a staged snapshot what landing holds now.

    Args:
        home: the warehouse.
        staged: the snapshot's folder, its manifest written.
        signer: of the issuer.
    """
    decisions = verify_decisions(home)
    last = decisions[-1] if decisions else None
    body = {
        "format": FORMAT,
        "manifest_sha256": digest(staged / manifest.NAME),
        "ledger": {path.name: digest(path) for path in _ledger(home)},
        "decisions": {
            "count": len(decisions),
            "last": last.name if last else None,
            "sha256": last.sha256 if last else None,
        },
    }
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    data = orjson.dumps(body, option=options)
    (staged / NAME).write_bytes(data)
    (staged / SIGNATURE).write_bytes(manifest.signature(data, signer))


def read_witness(root: Path, did_document: dict[str, Any]) -> dict[str, Any]:
    """The witness of a snapshot folder.

    Raises:
        NoWitnessError: it is missing, altered, or another snapshot's.
    """
    try:
        data = (root / NAME).read_bytes()
        manifest.check_signature(data, (root / SIGNATURE).read_bytes(), did_document)
        body: dict[str, Any] = orjson.loads(data)
        of_manifest = hashlib.sha256((root / manifest.NAME).read_bytes()).hexdigest()
        if (body["format"], body["manifest_sha256"]) != (FORMAT, of_manifest):
            raise NoWitnessError(f"{NAME} is another snapshot's")
    except FileNotFoundError:
        raise NoWitnessError(
            f"{NAME} is missing: removed, or an older release published"
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise NoWitnessError(f"{NAME} is not signed by a published key") from None
    return body


def ledger_failure(home: Home, witness: dict[str, Any]) -> str | None:
    """Which file of the ledger is not as witnessed; None when all are."""
    found = {path.name: path for path in _ledger(home)}
    for name, wanted in sorted(witness["ledger"].items()):
        if name not in found:
            return f"{name} was removed; restore {home.ledger} from a backup"
        if digest(found[name]) != wanted:
            return f"{name} was changed; restore {home.ledger} from a backup"
    return None


def decisions_failure(home: Home, witness: dict[str, Any]) -> str | None:
    """Which decision is not as witnessed; None when the log holds and has grown."""
    try:
        links = verify_decisions(home)
    except OperatorError as error:
        return str(error)
    said = witness["decisions"]
    count = said["count"]
    if count == 0:
        return None
    known = links[count - 1] if len(links) >= count else None
    if known is None or (known.name, known.sha256) != (said["last"], said["sha256"]):
        return (
            f"{said['last']} was changed or removed; restore {home.decisions} from a "
            "backup"
        )
    return None


def certified_failure(home: Home) -> str | None:
    """Which certified file is not as frozen; None when all are."""
    try:
        broken = damaged(home, Decisions.read(home).log)
    except OperatorError as error:
        return str(error)
    return f"restore {broken[0]} from a backup" if broken else None


def failures(
    home: Home, root: Path, did_document: dict[str, Any]
) -> Iterator[tuple[str, str | None]]:
    """What of landing is not as a snapshot witnessed it: a name and why, or None."""
    try:
        witness = read_witness(root, did_document)
    except NoWitnessError as error:
        yield "witness of landing", str(error)
        witness = {"ledger": {}, "decisions": {"count": 0}}
    else:
        yield "witness of landing", None
    yield "ledger", ledger_failure(home, witness)
    yield "decisions", decisions_failure(home, witness)
    yield "certified rows", certified_failure(home)


def refuse_changed_landing(
    home: Home, root: Path, did_document: dict[str, Any]
) -> None:
    """Keep a changed ledger or log from being witnessed as if it had always been so.

    Raises:
        OperatorError: landing is not what the snapshot in ``root`` witnessed.
    """
    if not (root / NAME).exists():
        return
    for name, failure in failures(home, root, did_document):
        if failure is not None:
            raise OperatorError(f"nothing is published: {name}: {failure}")


def _ledger(home: Home) -> list[Path]:
    return sorted(home.ledger.glob("*.parquet"))
