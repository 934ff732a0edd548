"""The only reader of the environment: where the warehouse lives and how it runs.

Belongs here: paths below ``LRW_HOME`` and the few values an installation sets.
Does not belong here: anything a college agreed to (see ``data_contracts/``).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pipelines.errors import OperatorError

CHECKOUT = Path(__file__).resolve().parent.parent
DATA_CONTRACTS = CHECKOUT / "data_contracts"
DBT_PROJECT = CHECKOUT / "dbt_project"


@dataclass(frozen=True)
class Home:
    """The folders below ``LRW_HOME``; ``root`` is absolute."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def objects(self) -> Path:
        """Every file ever taken in, as sent, by SHA-256. Holds raw identifiers."""
        return self.landing / "objects"

    @property
    def accepted(self) -> Path:
        return self.landing / "accepted"

    @property
    def ledger(self) -> Path:
        return self.landing / "ledger"

    @property
    def decisions(self) -> Path:
        """What people decided about packages, edits and terms; it only grows."""
        return self.landing / "decisions"

    @property
    def certified(self) -> Path:
        """The rows of certified terms, a folder a decision; read-only."""
        return self.landing / "certified"

    @property
    def open_findings(self) -> Path:
        """What was open after each wave, for the next return files."""
        return self.landing / "findings"

    @property
    def waiting_findings(self) -> Path:
        """What was found in packages that wait, to tell it again after a decision."""
        return self.landing / "waiting"

    @property
    def extension(self) -> Path:
        """Columns ``x_...`` that colleges send beside the contract; never published."""
        return self.landing / "extension"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def identity_events(self) -> Path:
        return self.vault / "identity_event"

    @property
    def disclosures(self) -> Path:
        """The ledger of records handed out: whose, to whom, what for."""
        return self.vault / "disclosure"

    @property
    def corrections(self) -> Path:
        """What learners ask colleges to correct, and the answers."""
        return self.vault / "correction"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def openpgp(self) -> Path:
        """GnuPG's folder: the office's own key and the colleges' public ones."""
        return self.keys / "openpgp"

    @property
    def opened(self) -> Path:
        """What archives and OpenPGP files held, a folder a delivery. Private."""
        return self.landing / "opened"

    @property
    def collected(self) -> Path:
        """What was seen in drop zones and taken from them, a file a sender."""
        return self.landing / "collected"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def build_db(self) -> Path:
        """Tonight's DuckDB file. dbt alone writes it; readers use ``published``."""
        return self.warehouse / "build.duckdb"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def snapshots(self) -> Path:
        return self.published / "snapshots"

    @property
    def history(self) -> Path:
        """Nights whose snapshots are gone, by their differences."""
        return self.published / "history"

    @property
    def current(self) -> Path:
        return self.published / "current.json"

    @property
    def service(self) -> Path:
        """What the record service remembers: applications, consents, token hashes."""
        return self.root / "service"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def truth(self) -> Path:
        return self.root / "truth"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"


def home() -> Home:
    """The warehouse that ``LRW_HOME`` names; ``.lrw`` in the checkout when unset."""
    return Home(Path(os.environ.get("LRW_HOME") or CHECKOUT / ".lrw").resolve())


def contracts_root() -> Path:
    """Where the contracts lie: ``LRW_CONTRACTS``, else the checkout's own.

    A site with local profiles, or a test that adds a college, names a copy.
    """
    return Path(os.environ.get("LRW_CONTRACTS") or DATA_CONTRACTS).resolve()


def secrets_folder() -> Path:
    """Where secrets lie that others gave us: ``LRW_SECRETS``, else in the warehouse."""
    named = os.environ.get("LRW_SECRETS")
    return Path(named).resolve() if named else home().root / "secrets"


def secret(name: str) -> bytes:
    """Read a file of the secrets folder, which nobody but its owner may open.

    Raises:
        OperatorError: It is missing, is a link, or its modes let others in.
    """
    path = secrets_folder() / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise OperatorError(
            f"The secret {name} cannot be read in the secrets folder: {error.strerror}"
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        for place in (os.fstat(descriptor), path.parent.stat()):
            if place.st_mode & 0o077:
                raise OperatorError(
                    f"The secret {name} can be opened by others; "
                    "chmod 700 the secrets folder and 600 its files"
                )
        return file.read(1 << 20)


def pkcs11_pin(token: str) -> str:
    """The PIN of a token: ``LRW_PKCS11_PIN``, else the secret ``pkcs11-pin``.

    Raises:
        OperatorError: Neither is there; the line names ``token``.
    """
    if stated := os.environ.get("LRW_PKCS11_PIN"):
        return stated
    try:
        return secret("pkcs11-pin").decode().rstrip("\r\n")
    except (OperatorError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"no PIN for token {token}: set LRW_PKCS11_PIN, or write the secret "
            f"pkcs11-pin. {error if isinstance(error, OperatorError) else ''}".rstrip()
        ) from None


def pkcs11_module() -> str | None:
    """The PKCS#11 library of this machine, ``LRW_PKCS11_MODULE``.

    It goes before the one of a key file, which may come from another machine.
    """
    return os.environ.get("LRW_PKCS11_MODULE") or None


def workers() -> int:
    """How many processes sign, and threads of dbt: ``LRW_WORKERS``, else the cores."""
    return int(os.environ.get("LRW_WORKERS") or os.cpu_count() or 1)


def export_home() -> Home:
    """Set ``LRW_HOME`` for the processes this one starts; dbt reads it."""
    chosen = home()
    os.environ["LRW_HOME"] = str(chosen.root)
    return chosen


def export_id_namespace(namespace: UUID) -> None:
    """Hand the secret namespace of derived ids to the dbt process."""
    os.environ["LRW_ID_NAMESPACE"] = str(namespace)


def export_dagster_home() -> Path:
    """Make Dagster's folder in the warehouse, configured as the checkout says."""
    folder = home().dagster
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (CHECKOUT / "dagster.yaml").read_text()
    configuration = folder / "dagster.yaml"
    if not configuration.exists() or configuration.read_text() != wanted:
        configuration.write_text(wanted)
    os.environ["DAGSTER_HOME"] = str(folder)
    # What a run plans is written at once: pipelines/event_log.py.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    return folder


def dagster_home() -> Path:
    """Dagster's folder, of this process or of the one that started it."""
    return Path(os.environ.get("DAGSTER_HOME") or home().dagster)


def time_zone() -> str:
    """The IANA zone in which the nightly schedule runs: ``LRW_TIME_ZONE``."""
    return os.environ.get("LRW_TIME_ZONE") or "America/Chicago"
