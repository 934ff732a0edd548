"""A wallet and a learner's browser, against a running service."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client

from pipelines.service import serve
from pipelines.service.apis import BADGES, CLR, OFFLINE, READ_CREDENTIALS, READ_PROFILE
from pipelines.settings import Home

# The service under test is on this machine alone. Reading the certificates of the web
# for each client took half of the tests' time: ``verify=False``.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

LRW = [sys.executable, "-c", "from pipelines.cli import main; main()"]
ROOT = Path(__file__).resolve().parents[2]
CALLBACK = "https://wallet.example/callback"
EVERYTHING = " ".join(
    [api.scope(k) for api in (CLR, BADGES) for k in (READ_CREDENTIALS, READ_PROFILE)]
    + [OFFLINE]
)
METADATA = {
    "client_name": "Example Wallet",
    "client_uri": "https://wallet.example/",
    "logo_uri": "https://wallet.example/logo.png",
    "tos_uri": "https://wallet.example/terms",
    "policy_uri": "https://wallet.example/privacy",
    "software_id": "c88b6ed8-269e-448e-99be-7e2ff47167d1",
    "software_version": "1.0",
    "redirect_uris": [CALLBACK, "https://wallet.example/other"],
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": EVERYTHING,
}


@dataclass
class Running:
    """A server process: where it is reached, where it listens, what it wrote."""

    url: str
    here: str
    home: Home
    log: Path

    def get(self, path: str, **named: Any) -> httpx.Response:
        return httpx.get(self.url + path, verify=False, **named)

    def post(self, path: str, **named: Any) -> httpx.Response:
        return httpx.post(self.url + path, verify=False, **named)


@contextmanager
def started(home: Home, *options: str) -> Iterator[Running]:
    """A server of ``home`` at a free port, ended with the block."""
    log = home.root / f"service{len(list(home.root.glob('service*.log')))}.log"
    environment = {**os.environ, "LRW_HOME": str(home.root), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*LRW, "serve", "--port", "0", *options],
            env=environment,
            stderr=subprocess.PIPE,
            stdout=out,
        )
    assert process.stderr is not None
    try:
        line = process.stderr.readline().decode()
        found = re.search(r"Serving (\S+) at (http\S+);", line)
        assert found, line + process.stderr.read().decode()
        # The rest goes to the file: a full pipe would stop the server.
        drain = subprocess.Popen(["tee", "-a", str(log)], stdin=process.stderr,
                                 stdout=subprocess.DEVNULL)  # fmt: skip
        yield Running(*found.groups(), home, log)
    finally:
        process.terminate()
        process.wait(30)
        drain.wait(30)


def registered(service: Running, **other: Any) -> httpx.Response:
    return service.post("/oauth/register", json={**METADATA, **other})


@dataclass
class Browser:
    """What a learner does on the pages of the service."""

    service: Running
    http: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False))
    text: str = ""

    def open(self, url: str) -> httpx.Response:
        return self._shown(self.http.get(url))

    def sign_in(self, code: str) -> httpx.Response:
        return self._sent("/oauth/sign-in", code=code)

    def decide(self, decision: str) -> httpx.Response:
        return self._sent("/oauth/consent", decision=decision)

    def _sent(self, path: str, **fields: str) -> httpx.Response:
        form = re.search(r'name="form" value="([^"]+)"', self.text)
        sent = {"form": form.group(1) if form else "", **fields}
        return self._shown(self.http.post(self.service.url + path, data=sent))

    def _shown(self, answer: httpx.Response) -> httpx.Response:
        self.text = answer.text
        return answer


class Wallet:
    """An application with authlib's client, one learner's tokens at a time."""

    def __init__(self, service: Running, application: dict[str, Any]) -> None:
        self.service, self.application = service, application
        self.verifier = generate_token(64)
        self.client = OAuth2Client(
            application["client_id"],
            application["client_secret"],
            scope=EVERYTHING,
            redirect_uri=CALLBACK,
            code_challenge_method="S256",
            token_endpoint=f"{service.url}/oauth/token",
            verify=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()

    def ask(self, **other: Any) -> str:
        """Where the learner is sent."""
        url, _ = self.client.create_authorization_url(
            f"{self.service.url}/oauth/authorize",
            **{"code_verifier": self.verifier, **other},
        )
        return str(url)

    def allowed(self, learner_id: str, **other: Any) -> str:
        """What the learner's browser brings back."""
        code, _ = serve.invite(self.service.home, learner_id, 1)
        browser = Browser(self.service)
        assert browser.open(self.ask(**other)).status_code == 200
        assert browser.sign_in(code).status_code == 200
        answer = browser.decide("allow")
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def connect(self, learner_id: str, **other: Any) -> dict[str, Any]:
        """The whole way: allowed by a learner, tokens in hand."""
        back = self.allowed(learner_id, **other)
        return dict(
            self.client.fetch_token(
                authorization_response=back, code_verifier=self.verifier
            )
        )

    def exchange(self, **fields: str) -> httpx.Response:
        """A request to the token endpoint, just as it is given."""
        secrets = (self.application["client_id"], self.application["client_secret"])
        return self.service.post("/oauth/token", data=fields, auth=secrets)

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self.client.get(self.service.url + path, **named)


def answered(location: str) -> dict[str, str]:
    """The parameters that came back to the application."""
    return {name: one for name, (one, *_) in parse_qs(urlsplit(location).query).items()}


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
