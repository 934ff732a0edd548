"""A token of SoftHSM in a folder of the test's own, and what the vendor's tool does."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism

from pipelines.publishing import tokens

PIN = "7-of-nine"
OFFICER_PIN = "so-12345678"
LABEL = "state records"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in _MODULES if Path(path).exists()), _MODULES[0])


class SoftToken:
    """SoftHSM, configured to a folder; ``LRW_PKCS11_PIN`` is set to its PIN."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = folder / "tokens"
        self.store.mkdir(parents=True)
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {self.store}\nobjectstore.backend = file\n"
        )
        monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
        monkeypatch.setenv("LRW_PKCS11_PIN", PIN)
        monkeypatch.delenv("LRW_PKCS11_MODULE", raising=False)
        self.initialise(LABEL)

    def initialise(self, label: str) -> None:
        words = ["--init-token", "--free", "--label", label]
        pins = ["--pin", PIN, "--so-pin", OFFICER_PIN]
        subprocess.run(
            ["softhsm2-util", *words, *pins], check=True, capture_output=True
        )
        self.restart()

    def restart(self) -> None:
        """As a new process would see it: a library reads its tokens once."""
        tokens._sessions.clear()
        pkcs11.lib(MODULE).reinitialize()

    def lose(self) -> None:
        self.store.rename(self.store.with_name("lost"))
        self.store.mkdir()

    @contextmanager
    def session(self) -> Iterator[pkcs11.Session]:
        """A writing session beside the warehouse's own."""
        self.restart()
        token = pkcs11.lib(MODULE).get_token(token_label=LABEL)
        yield token.open(rw=True, user_pin=PIN)
        self.restart()

    def edwards(self, label: str, curve: str = "06032b6570", **private: bool) -> bytes:
        """A key that somebody made with another tool; the point in its public half."""
        more = {Attribute[name.upper()]: value for name, value in private.items()}
        with self.session() as session:
            parameters = {Attribute.EC_PARAMS: bytes.fromhex(curve)}
            public, _ = session.create_domain_parameters(
                KeyType.EC_EDWARDS, parameters, local=True
            ).generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=label,
                id=os.urandom(4),
                private_template=more,
            )
            return public[Attribute.EC_POINT]


def uri(key: str, token: str = LABEL) -> str:
    return f"pkcs11:token={token.replace(' ', '%20')};object={key}"
