"""Throwaway OpenPGP keys: the office's, two colleges', and ones that are no good."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from pipelines.delivery.openpgp import Keyring

COLLEGE = "A college"
LONG_AGO = "20240101T000000"
AN_HOUR_LATER = "20240101T010000"
"""The faked clock runs: on a busy machine a key took over a second to make, and was
"created 1 second in the future" for the next command."""


class Keys:
    """Keyrings in a short folder, since gpg-agent's socket lies in it."""

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix="lrw"))
        self.ring = self.root / "r"
        self.ring.mkdir(mode=0o700)
        self.office = self.make("The office")
        self.college = self.make(COLLEGE)
        self.neighbour = self.make("Another college")
        self.stranger = self.make("A stranger")
        self.expired = self.make("An expired college", "1d")
        self.revoked = self.make("A revoked college")
        return self

    def __exit__(self, *error: object) -> None:
        for home in self.root.iterdir():
            if home.is_dir():
                kill = ["gpgconf", "--homedir", home, "--kill", "all"]
                subprocess.run(kill, check=False)
        shutil.rmtree(self.root, ignore_errors=True)

    def gpg(
        self,
        *args: str | Path,
        faked: str | None = None,
        answers: str | None = None,
    ) -> bytes:
        time = ["--faked-system-time", faked] if faked else []
        done = subprocess.run(
            [
                *("gpg", "--homedir", self.ring, "--yes", "--quiet"),
                "--batch" if answers is None else "--no-tty",
                *("--pinentry-mode", "loopback", "--passphrase", ""),
                *("--trust-model", "always", *time, *args),
            ],
            input=None if answers is None else answers.encode(),
            capture_output=True,
            check=False,
        )
        # What gpg says, since an exit code alone tells nobody why a key was not made.
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout

    def make(self, owner: str, until: str = "0") -> str:
        """A signing and an encrypting key; returns the fingerprint."""
        self.gpg("--quick-gen-key", owner, "ed25519", "default", until, faked=LONG_AGO)
        listed = self.gpg("--with-colons", "--list-keys", f"={owner}").decode()
        fingerprint = next(
            line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr"
        )
        encrypts = ["--quick-add-key", fingerprint, "cv25519", "encr", until]
        self.gpg(*encrypts, faked=AN_HOUR_LATER)
        return fingerprint

    def fill(self, folder: Path) -> Keyring:
        """A warehouse's ring: the office's own key, and public ones of the colleges."""
        ring = Keyring(folder)
        file = self.root / "export.asc"
        file.write_bytes(self.gpg("--armor", "--export-secret-keys", self.office))
        ring.import_keys(file)
        own = (self.college, self.neighbour, self.expired, self.revoked)
        file.write_bytes(self.gpg("--armor", "--export", *own))
        ring.import_keys(file)
        ring.import_keys(self.revocation(self.revoked))
        return ring

    def revocation(self, fingerprint: str) -> Path:
        """The certificate that revokes a key, ready to be imported."""
        made = self.ring / "openpgp-revocs.d" / f"{fingerprint}.rev"
        file = self.root / "revocation.asc"
        # gpg writes the certificate with a colon before it, so that nobody slips.
        file.write_text(made.read_text().replace(":-----BEGIN", "-----BEGIN"))
        return file

    def add_signing_subkey(self, fingerprint: str) -> str:
        """Give a key a second one that signs; returns its fingerprint."""
        self.gpg(
            *("--quick-add-key", fingerprint, "ed25519", "sign", "0"),
            faked=AN_HOUR_LATER,
        )
        listed = self.gpg("--with-colons", "--list-keys", fingerprint).decode()
        found = [
            line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr"
        ]
        return found[-1]

    def revoke_subkey(self, fingerprint: str, number: int) -> None:
        """Revoke a subkey by its place among them, as its owner does by hand."""
        answers = f"key {number}\nrevkey\ny\n0\n\ny\nsave\n"
        self.gpg("--command-fd", "0", "--edit-key", fingerprint, answers=answers)

    def seal(
        self, source: Path, to: Path, signer: str | None, faked: str | None = None
    ) -> Path:
        """Encrypt a file to the office, signed or not."""
        signing = ["--sign", "--local-user", signer] if signer else []
        target = ["--encrypt", "--recipient", self.office]
        self.gpg(*signing, *target, "--output", to, source, faked=faked)
        return to
