"""What the service remembers: applications, invitations, consents, tokens, hand-outs.

A SQLite file of its own, readable by its owner alone. A secret is kept as a hash only:
long random ones as SHA-256, what a person types as scrypt.

Belongs here: the file and its tables. Does not belong here: what may be granted
(``grants.py``) or who somebody is (``sign_in.py``).
"""

import contextlib
import hashlib
import os
import sqlite3
import stat
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OperatorError

TABLES = """
CREATE TABLE IF NOT EXISTS client (
    client_id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL, metadata TEXT NOT NULL,
    registered_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS invitation (
    invitation_id TEXT PRIMARY KEY, learner_id TEXT NOT NULL, salt BLOB NOT NULL,
    code_hash BLOB NOT NULL, expires_at INTEGER NOT NULL, tries_left INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS visit (
    visit_hash TEXT PRIMARY KEY, form_hash TEXT NOT NULL, request TEXT NOT NULL,
    learner_id TEXT, expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS consent (
    consent_id INTEGER PRIMARY KEY, client_id TEXT NOT NULL REFERENCES client,
    learner_id TEXT NOT NULL, scopes TEXT NOT NULL, granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, revoked_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS code (
    code_hash TEXT PRIMARY KEY, consent_id INTEGER NOT NULL REFERENCES consent,
    redirect_uri TEXT NOT NULL, challenge TEXT NOT NULL, expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS token (
    token_hash TEXT PRIMARY KEY, consent_id INTEGER NOT NULL REFERENCES consent,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')), scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL, used_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS token_of_consent ON token (consent_id);
CREATE INDEX IF NOT EXISTS code_of_consent ON code (consent_id);
CREATE INDEX IF NOT EXISTS consent_of_learner ON consent (learner_id);
"""

REMEMBERED_SECONDS = 90 * 24 * 3600
"""After this an unused application is forgotten, and a consent that has ended."""

_OVER = {
    "invitation": "expires_at < :now - 86400",
    "visit": "expires_at < :now",
    # A code that is used twice, and a refresh token, revoke what came of them.
    "code": "consent_id IN (SELECT consent_id FROM consent WHERE expires_at < :now)",
    "token": "expires_at < :now - 86400",
    "consent": "max(expires_at, coalesce(revoked_at, 0)) < :now - :kept "
    "AND consent_id NOT IN (SELECT consent_id FROM token) "
    "AND consent_id NOT IN (SELECT consent_id FROM code)",
    "client": "registered_at < :now - :kept "
    "AND client_id NOT IN (SELECT client_id FROM consent)",
}


class State:
    """The file; whoever uses it has a connection alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Opening one a request cost a checkpoint a request.
        self._free: deque[sqlite3.Connection] = deque()

    @classmethod
    def at(cls, folder: Path) -> "State":
        """Open the file in ``folder``, made where it is not there yet.

        Raises:
            OperatorError: it cannot be read or written, or others may open it.
        """
        path = folder / "state.db"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Only a new file is opened here: closing one that this process has a
            # connection to drops SQLite's locks, and the next writer destroys it.
            with contextlib.suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            mode = path.lstat().st_mode
            if not stat.S_ISREG(mode) or (mode | folder.stat().st_mode) & 0o077:
                raise OperatorError(
                    f"{path} is open to others: run chmod 700 {folder} and "
                    f"chmod 600 {path}"
                )
            state = cls(path)
            with state.read() as con:
                con.execute("PRAGMA journal_mode = WAL")
                con.executescript(TABLES)
        except OSError as error:
            raise OperatorError(f"{path} cannot be opened: {error.strerror}") from None
        except sqlite3.Error as error:
            raise OperatorError(
                f"{path} is no state of the record service ({error}): "
                "restore it from backup, or move it away"
            ) from None
        return state

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to look with, which nobody else has meanwhile."""
        try:
            con = self._free.pop()
        except IndexError:
            con = self._connected()
        try:
            yield con
        except BaseException:
            con.close()
            raise
        self._free.append(con)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else's change can come between.

        It is kept when the block ends, and undone when the block raises.
        """
        with self.read() as con:
            con.execute("BEGIN IMMEDIATE")
            yield con
            con.execute("COMMIT")

    def _connected(self) -> sqlite3.Connection:
        # A connection goes from thread to thread, and is never in two.
        con = sqlite3.connect(
            self._path, timeout=20, isolation_level=None, check_same_thread=False
        )
        con.row_factory = sqlite3.Row
        con.execute("PRAGMA foreign_keys = ON")
        return con

    def close(self) -> None:
        """Close the connections that nobody has."""
        while self._free:
            self._free.pop().close()

    def forget(self) -> None:
        """Remove what is over: nothing of it can be used any more."""
        with self.change() as con:
            for table, over in _OVER.items():
                con.execute(
                    f"DELETE FROM {table} WHERE {over}",
                    {"now": now(), "kept": REMEMBERED_SECONDS},
                )


def hashed(secret: str) -> str:
    """How a random secret of 128 bits or more is kept and found."""
    return hashlib.sha256(secret.encode()).hexdigest()


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())
