"""Throwaway OpenPGP keys: the office's, two colleges', and ones that are no good."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from pipelines.delivery.openpgp import Keyring

LONG_AGO = "20240101T000000"


class Keys:
    """Keyrings in a short folder, since gpg-agent's socket lies in it."""

    def __enter__(self) -> Self:
        self.root = Path(tempfile.mkdtemp(prefix="lrw"))
        self.ring = self.root / "r"
        self.ring.mkdir(mode=0o700)
        self.office = self.make("The office")
        self.college = self.make("A college")
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

    def gpg(self, *args: str | Path, faked: str | None = None) -> bytes:
        time = ["--faked-system-time", faked] if faked else []
        done = subprocess.run(
            [
                *("gpg", "--homedir", self.ring, "--batch", "--yes", "--quiet"),
                *("--pinentry-mode", "loopback", "--passphrase", ""),
                *("--trust-model", "always", *time, *args),
            ],
            capture_output=True,
            check=True,
        )
        return done.stdout

    def make(self, owner: str, until: str = "0") -> str:
        """A signing and an encrypting key; returns the fingerprint."""
        self.gpg("--quick-gen-key", owner, "ed25519", "default", until, faked=LONG_AGO)
        listed = self.gpg("--with-colons", "--list-keys", f"={owner}").decode()
        fingerprint = next(
            line.split(":")[9] for line in listed.splitlines() if line[:3] == "fpr"
        )
        encrypts = ["--quick-add-key", fingerprint, "cv25519", "encr", until]
        self.gpg(*encrypts, faked=LONG_AGO)
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
        revocation = self.ring / "openpgp-revocs.d" / f"{self.revoked}.rev"
        # gpg writes the certificate with a colon before it, so that nobody slips.
        armored = revocation.read_text().replace(":-----BEGIN", "-----BEGIN")
        file.write_text(armored)
        ring._gpg.import_keys(armored)  # a revocation is no key of its own
        return ring

    def seal(
        self, source: Path, to: Path, signer: str | None, faked: str | None = None
    ) -> Path:
        """Encrypt a file to the office, signed or not."""
        signing = ["--sign", "--local-user", signer] if signer else []
        target = ["--encrypt", "--recipient", self.office]
        self.gpg(*signing, *target, "--output", to, source, faked=faked)
        return to
