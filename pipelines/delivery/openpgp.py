"""OpenPGP: decrypting with the office's key what a college's key has signed.

Belongs here: GnuPG, and what counts as a good signature. Does not belong here: which
files of a delivery are encrypted (``opening``).

gpg writes plaintext before it knows whether the message is whole: of a truncated file
half of it, with exit code 2; of a flipped bit all of it. An unsigned file decrypts
with exit code 0. So nothing is believed but exit code, status lines and fingerprint
together.
"""

import os
import shutil
import subprocess
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gnupg

from pipelines.errors import OperatorError
from pipelines.landing.limits import MAX_UNPACKED_BYTES
from pipelines.settings import secret, secrets_folder

PASSPHRASE = "openpgp-passphrase"

# A socket's path is 108 bytes at most, and gpg-agent's is in this folder.
_LONGEST_FOLDER = 80
_STATUS = "[GNUPG:] "
_BUFFER = 1 << 16
# Any of these spoils a message, whatever else is said about it.
_BAD = {
    "DECRYPTION_FAILED": "it does not decrypt: cut off, changed, or for another key",
    "NODATA": "it is not an OpenPGP file, or was cut off",
    "UNEXPECTED": "it is not an OpenPGP file, or was cut off",
    "BADSIG": "the signature is not of this file",
    "ERRSIG": "it is signed with a key that the office does not have",
    "EXPSIG": "the signature has expired",
    "EXPKEYSIG": "the signing key has expired",
    "REVKEYSIG": "the signing key was revoked",
}
_OPTIONS = [
    "--trust-model=always",
    "--no-auto-key-locate",
    "--no-auto-key-retrieve",
    "--disable-dirmngr",
    "--pinentry-mode=loopback",
    "--weak-digest=SHA1",
]


class SealError(Exception):
    """A file that is refused (F22); the text says why, for the return file."""


class BrokenSealError(SealError):
    """It does not decrypt to its end; it may only be a file still being written."""


@dataclass(frozen=True)
class PublicKey:
    """A key of the ring, as ``lrw keys import`` shows it."""

    fingerprint: str
    is_secret: bool
    owner: str


class Keyring:
    """GnuPG's folder of the warehouse."""

    def __init__(self, folder: Path) -> None:
        """Use the folder, made so that only this account may enter it.

        Raises:
            OperatorError: gpg is not installed, or cannot work in that folder.
        """
        if shutil.which("gpg") is None:
            raise OperatorError("OpenPGP packages need gpg; install GnuPG.")
        if len(os.fsencode(folder)) > _LONGEST_FOLDER:
            raise OperatorError(
                f"GnuPG cannot work in {folder}: the path is longer than "
                f"{_LONGEST_FOLDER} bytes; choose a shorter LRW_HOME."
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._gpg = gnupg.GPG(gnupghome=str(folder), options=list(_OPTIONS))
        self._gpg.encoding = "utf-8"

    def import_keys(self, file: Path) -> list[PublicKey]:
        """Take the keys of a file, and revocations of keys, into the ring.

        Returns:
            The keys that are there for it, or revoked by it.

        Raises:
            OperatorError: It holds no OpenPGP key.
        """
        try:
            content = file.read_bytes()
        except OSError as error:
            raise OperatorError(f"{file} cannot be read: {error.strerror}") from None
        # A revocation is entered into the trust database, which this model makes.
        model = ["--trust-model=pgp"]
        result = self._gpg.import_keys(
            content, extra_args=model, passphrase=_passphrase()
        )
        # A certificate of revocation is no key, and names the one it revokes.
        named = {words[1] for words in _said(result) if words[0] == "KEY_CONSIDERED"}
        fingerprints = named | {str(f) for f in result.fingerprints if f}
        if not fingerprints:
            raise OperatorError(f"{file} holds no OpenPGP key.")
        return [key for key in self.keys() if key.fingerprint in fingerprints]

    def keys(self) -> list[PublicKey]:
        """Every key of the ring."""
        own = {key["fingerprint"] for key in self._gpg.list_keys(secret=True)}
        return [
            PublicKey(
                key["fingerprint"], key["fingerprint"] in own, "; ".join(key["uids"])
            )
            for key in self._gpg.list_keys()
        ]

    def has_own_key(self) -> bool:
        """Whether the office's key is there, without which nothing decrypts."""
        return bool(self._gpg.list_keys(secret=True))

    def decrypt(
        self,
        source: Path,
        to: Path,
        signers: Collection[str],
        *,
        needs_signature: bool,
        limit: int = MAX_UNPACKED_BYTES,
    ) -> str | None:
        """Decrypt a file; ``to`` exists only if everything about it is good.

        Args:
            source: The OpenPGP file.
            to: A new file in a private folder of the same volume.
            signers: Fingerprints of the college's keys, primary or subkeys.
            needs_signature: Whether an unsigned file is refused.
            limit: Bytes it may hold, since an OpenPGP file may be compressed.

        Returns:
            The fingerprint, as the profile has it, of the key that signed it.

        Raises:
            SealError: It is refused.
            BrokenSealError: It is refused, but may still be growing.
        """
        try:
            with source.open("rb") as file:
                result = self._gpg.decrypt_file(
                    file,
                    passphrase=_passphrase(),
                    output=str(to),
                    extra_args=["--max-output", str(limit)],
                )
            _check_whole(result, limit, to)
            signer = _signer(result, signers)
            if signer is None and needs_signature:
                unsigned = "it is not signed"
                raise SealError(unsigned)  # noqa: TRY301 - shredded like any other
            to.chmod(0o600)
        except BaseException:
            shred(to)
            raise
        return signer


def stop_agent(folder: Path) -> None:
    """End the agent that gpg started, so that it keeps no unlocked key in memory."""
    if folder.is_dir() and shutil.which("gpgconf") is not None:
        stop = ["gpgconf", "--homedir", str(folder), "--kill", "all"]
        subprocess.run(stop, capture_output=True, check=False)


def shred(path: Path) -> None:
    """Overwrite a file and remove it; a missing one is fine."""
    with suppress(FileNotFoundError):
        size = path.lstat().st_size
        with path.open("r+b") as file:
            zeros = bytes(1 << 20)
            for at in range(0, size, len(zeros)):
                file.write(zeros[: size - at])
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def _passphrase() -> str | None:
    """The passphrase of the office's key, where it has one."""
    if not (secrets_folder() / PASSPHRASE).exists():
        return None
    return secret(PASSPHRASE).decode("utf-8").rstrip("\n")


def _said(result: Any) -> list[list[str]]:
    """Gpg's status lines as words."""
    return [
        line.removeprefix(_STATUS).split()
        for line in str(result.stderr).splitlines()
        if line.startswith(_STATUS) and line != _STATUS
    ]


def _check_whole(result: Any, limit: int, written: Path) -> None:
    """Refuse what did not decrypt to its end, and what gpg says anything bad about."""
    said = {words[0] for words in _said(result)}
    # gpg says only in words, in the language of whoever runs it, that it stopped for
    # ``--max-output``; it stops less than one of its buffers before.
    is_full = written.is_file() and written.stat().st_size > limit - _BUFFER
    if result.returncode != 0 and is_full:
        raise SealError(f"it holds more than {limit} bytes")
    if "DECRYPTION_OKAY" not in said and "BEGIN_DECRYPTION" not in said:
        if said & {"GOODSIG", "BADSIG", "ERRSIG", "EXPKEYSIG", "REVKEYSIG"}:
            raise SealError("it is not encrypted")
        if "NO_SECKEY" in said:
            raise SealError("it is not encrypted to the office's key")
    for word, reason in _BAD.items():
        if word in said:
            whole = "DECRYPTION_OKAY" in said and "DECRYPTION_FAILED" not in said
            raise (SealError if whole else BrokenSealError)(reason)
    if "DECRYPTION_OKAY" not in said or result.returncode != 0:
        raise BrokenSealError(_BAD["DECRYPTION_FAILED"])


def _signer(result: Any, signers: Collection[str]) -> str | None:
    """The college's key that signed; None when nobody did."""
    lines = _said(result)
    valid = [words for words in lines if words[0] == "VALIDSIG"]
    good = [words for words in lines if words[0] == "GOODSIG"]
    if not valid and not good:
        return None
    owned = [_of_college(words, signers) for words in valid]
    if len(valid) != len(good) or None in owned:
        raise SealError("it is signed with a key that is not of this college")
    return owned[0]


def _of_college(words: list[str], signers: Collection[str]) -> str | None:
    """The college's fingerprint among the subkey's and the primary key's."""
    return next((f for f in (words[1], words[-1]) if f in signers), None)
