"""Real servers: OpenSSH's sshd with SFTP, and an S3-compatible object store.

Each listens on 127.0.0.1 only and is stopped by its own process id.
"""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import paramiko
from obstore.store import S3Store

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process with a port, ready when the port answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env=self.environment()
            )
        for _ in range(200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.__exit__()
        raise RuntimeError(f"the server did not start: {self.log.read_text()}")

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class SshServer(Server):
    """sshd with a host key and one accepted user key, both made for this run.

    Attributes:
        root: Where this account's SFTP sessions find the drop zones.
        host_key: As a profile pins it.
        user_key: The private key that is accepted, as OpenSSH writes it.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if SSHD is None:
            raise RuntimeError("sshd is not installed; `make servers` installs it")
        folder.chmod(0o700)
        self.root = folder / "zones"
        self.root.mkdir()
        self.host_key = self.make_key("host")
        public = self.make_key("user")
        (folder / "authorized_keys").write_text(f"{public}\n")
        (folder / "authorized_keys").chmod(0o600)
        self.user_key = (folder / "user").read_bytes()
        # sshd wants its privilege separation folder, which a boot script makes.
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def make_key(self, name: str) -> str:
        path = self.folder / name
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True
        )
        return " ".join(path.with_suffix(".pub").read_text().split()[:2])

    def command(self) -> list[str]:
        options = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": self.folder / "host",
            "AuthorizedKeysFile": self.folder / "authorized_keys",
            "PidFile": "none",
            "UsePAM": "no",
            "StrictModes": "no",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "PermitRootLogin": "prohibit-password",
            "MaxStartups": "100",
            "Subsystem": "sftp internal-sftp",
        }
        lines = [f"{name} {value}\n" for name, value in options.items()]
        (self.folder / "sshd_config").write_text("".join(lines))
        assert SSHD is not None
        return [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]

    def profile(self, zone: Path, **more: object) -> dict[str, object]:
        return {
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "folder": str(zone),
            "host_key": self.host_key,
            "key": "sftp-key",
            **more,
        }

    def other_key(self) -> str:
        """Another host key than this server's."""
        key = paramiko.RSAKey.generate(2048)
        return f"{key.get_name()} {key.get_base64()}"


class ObjectStore(Server):
    """nanio: objects are files, requests carry an AWS signature of version 4."""

    ACCESS, SECRET, BUCKET = "AKIDCOLLEGE", "not-a-real-secret", "dropzone"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "data" / self.BUCKET).mkdir(parents=True)

    def command(self) -> list[str]:
        place = ["--host", "127.0.0.1", "--port", str(self.port)]
        data = ["--data-dir", str(self.folder / "data"), "--log-level", "warning"]
        return [sys.executable, "-m", "nanio", "serve", *place, *data]

    def environment(self) -> dict[str, str]:
        keys = {"NANIO_ACCESS_KEY": self.ACCESS, "NANIO_SECRET_KEY": self.SECRET}
        return {**os.environ, **keys}

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def profile(self, prefix: str, **more: object) -> dict[str, object]:
        return {
            "kind": "s3",
            "endpoint": self.endpoint,
            "bucket": self.BUCKET,
            "prefix": prefix,
            "credentials": "s3-keys",
            **more,
        }

    def client(self) -> S3Store:
        return S3Store(
            self.BUCKET,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=self.ACCESS,
            secret_access_key=self.SECRET,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )
