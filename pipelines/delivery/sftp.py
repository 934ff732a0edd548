"""A drop zone on an SFTP server, with its host key pinned and ours from a secret.

Belongs here: the connection, its time limits, and saying in one line what failed. Does
not belong here: which files are a package.
"""

import io
import logging
import socket
import stat
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import backoff
import paramiko

from pipelines.contracts.delivery import SftpDelivery
from pipelines.delivery.zone import (
    CHUNK,
    MAX_ITEMS,
    ChangedError,
    Item,
    Kind,
    ZoneError,
    shown,
)
from pipelines.settings import secret

CONNECT_SECONDS = 15.0
SILENT_SECONDS = 60.0
TRIES = 3
_REQUESTS = 64
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

# Paramiko tells its log what it also raises; unhandled that is a traceback on stderr.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Sftp:
    """The zone, connected.

    Attributes:
        atomic: False: an upload grows in place.
        exact: False: the protocol tells size and whole seconds, which a client sets.
    """

    atomic = False
    exact = False

    def __init__(self, profile: SftpDelivery) -> None:
        """Remember where it is; ``with`` connects."""
        self._profile = profile
        self._client = paramiko.SSHClient()
        self._sftp: paramiko.SFTPClient

    def __enter__(self) -> Self:
        """Connect, checking the host key before anything of ours is sent."""
        profile = self._profile
        kind, body = profile.host_key.split(" ", 1)
        try:
            pinned = paramiko.PKey.from_type_string(kind, b64decode(body))
        except (paramiko.SSHException, ValueError):
            raise ZoneError("the profile's host_key is not a public key") from None
        named = f"[{profile.host}]:{profile.port}"
        name = profile.host if profile.port == 22 else named
        self._client.get_host_keys().add(name, kind, pinned)
        self._client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            with _in_one_line(f"{profile.host}:{profile.port}"):
                self._connect(_private_key(profile.key))
                self._sftp = self._client.open_sftp()
                channel = self._sftp.get_channel()
                if channel is not None:
                    channel.settimeout(SILENT_SECONDS)
                self._sftp.chdir(profile.folder)
        except ZoneError:
            self._client.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        """Hang up."""
        self._client.close()

    def look(self) -> list[Item]:
        """See ``Zone.look``."""
        with _in_one_line("the drop zone cannot be listed"):
            found = self._below(())
            for item in list(found):
                if item.kind == "folder":
                    found += self._below(item.path)
                if len(found) > MAX_ITEMS:
                    raise ZoneError(f"more than {MAX_ITEMS} files in the drop zone")
        return found

    def read(self, item: Item) -> Iterator[bytes]:
        """See ``Zone.read``."""
        path = "/".join(item.path)
        with _in_one_line(f"{shown(item.name)} cannot be read"):
            # The server follows a link that took the file's place after the listing.
            _same(item, self._sftp.lstat(path))
            with self._sftp.open(path, "rb") as file:
                _same(item, file.stat())
                file.prefetch(item.size, _REQUESTS)
                left = item.size
                while left and (chunk := file.read(min(CHUNK, left))):
                    left -= len(chunk)
                    yield chunk
                _same(item, file.stat())
            _same(item, self._sftp.lstat(path))

    def remove(self, item: Item) -> None:
        """See ``Zone.remove``."""
        path = "/".join(item.path)
        with _in_one_line(f"{shown(item.name)} cannot be removed"):
            if item.kind == "folder":
                self._sftp.rmdir(path)
                return
            _same(item, self._sftp.lstat(path))
            self._sftp.remove(path)

    @backoff.on_exception(
        backoff.expo,
        (OSError, EOFError),
        max_tries=TRIES,
        # A name that does not resolve, or a wrong key, is as wrong a second later.
        giveup=lambda error: isinstance(error, socket.gaierror),
        logger=None,
    )
    def _connect(self, key: paramiko.PKey) -> None:
        self._client.connect(
            self._profile.host,
            self._profile.port,
            self._profile.user,
            pkey=key,
            allow_agent=False,
            look_for_keys=False,
            timeout=CONNECT_SECONDS,
            banner_timeout=CONNECT_SECONDS,
            auth_timeout=CONNECT_SECONDS,
        )

    def _below(self, above: tuple[str, ...]) -> list[Item]:
        listed = self._sftp.listdir_iter("/".join(above) or ".")
        found = []
        for seen in listed:
            mode = seen.st_mode or 0
            found.append(
                Item(
                    (*above, seen.filename),
                    _kind(mode),
                    seen.st_size or 0 if stat.S_ISREG(mode) else 0,
                    float(seen.st_mtime or 0),
                    "" if stat.S_ISDIR(mode) else _version(seen),
                )
            )
            if len(found) > MAX_ITEMS:
                raise ZoneError(f"more than {MAX_ITEMS} files in the drop zone")
        return sorted(found, key=lambda item: item.path)


def _private_key(name: str) -> paramiko.PKey:
    text = secret(name).decode("ascii", "replace")
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise ZoneError(f"the secret {name} is not a private key without passphrase")


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    """Say every failure of the connection as one line, without the server's words."""
    try:
        yield
    except ZoneError:
        raise
    except paramiko.BadHostKeyException:
        raise ZoneError(f"{what}: the host key is not the pinned one") from None
    except paramiko.AuthenticationException:
        raise ZoneError(f"{what}: the server does not accept our key") from None
    except UnicodeDecodeError:
        raise ZoneError(f"{what}: a name is not UTF-8") from None
    except paramiko.SSHException as error:
        known = "known_hosts" in str(error)
        reason = "the host key is not the pinned one" if known else "SSH failed"
        raise ZoneError(f"{what}: {reason}") from None
    except TimeoutError:
        raise ZoneError(f"{what}: no answer in time") from None
    except EOFError:
        raise ZoneError(f"{what}: the server hung up") from None
    except OSError as error:
        # paramiko joins the failures of several addresses into one error.
        reason = error.strerror or "cannot be reached"
        raise ZoneError(f"{what}: {reason}") from None


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def _version(seen: paramiko.SFTPAttributes) -> str:
    return f"{seen.st_mtime}:{seen.st_size}"


def _same(item: Item, seen: paramiko.SFTPAttributes) -> None:
    if not stat.S_ISREG(seen.st_mode or 0) or _version(seen) != item.version:
        raise ChangedError(f"{shown(item.name)} changes while it is read")
