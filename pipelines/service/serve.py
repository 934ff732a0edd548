"""Running the service: what must be there, the socket, the log, the server.

Belongs here: ``lrw serve``. Does not belong here: any answer (``app.py``).
"""

import logging
import socket
import sys
from collections.abc import Callable
from datetime import datetime

import uvicorn

from pipelines.disclosure.ledger import Content, Request, append
from pipelines.errors import OperatorError, UsageError
from pipelines.publishing import snapshot as store
from pipelines.publishing.keys import published_keys
from pipelines.service.app import application
from pipelines.service.credentials import Disclosed
from pipelines.service.records import Reading, Records
from pipelines.service.sign_in import Invitations
from pipelines.service.state import State
from pipelines.service.web import Site
from pipelines.settings import Home

PURPOSE = "the learner allowed it"
BY = "record service"
_CONNECTIONS = 512
_ENDING_SECONDS = 20


def serve(
    home: Home,
    host: str,
    port: int,
    url: str | None,
    proxies: list[str],
    listening: Callable[[str, str], None],
) -> None:
    """Serve until told to end.

    Args:
        home: the warehouse.
        host: address to listen at.
        port: 0 takes a free one.
        url: where it is reached; None where that is this very address.
        proxies: addresses whose X-Forwarded-For and -Proto are believed.
        listening: told where it is reached and where it listens, once it does.

    Raises:
        OperatorError: nothing is published, its keys are missing, the port is taken,
            or the state cannot be opened.
        UsageError: others can reach it, and not by https.
    """
    if url is not None:
        Site.at(url)
    elif host not in ("127.0.0.1", "::1", "localhost"):
        raise UsageError(
            f"at {host} others can reach it: --url https://… names the address of the "
            "proxy in front, which has the certificate"
        )
    records = Records(home)
    _check(records.now())
    state = State.at(home.service)
    taken = _socket(host, port)
    shown = f"[{host}]" if ":" in host else host
    here = f"http://{shown}:{taken.getsockname()[1]}"
    site = Site.at(url or here)
    app = application(site, records, state, Invitations(state), _ledger(home))
    _log_to_stderr()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_ENDING_SECONDS,
        )
    )
    with taken:
        listening(site.url, here)
        server.run(sockets=[taken])


def invite(home: Home, learner_id: str, days: int) -> tuple[str, datetime]:
    """Make a code by which a learner can sign in; see ``Invitations.invite``.

    Raises:
        OperatorError: nothing is published of the learner.
    """
    if Records(home).now().record(learner_id) is None:
        raise OperatorError(f"learner {learner_id} has no published record")
    return Invitations(State.at(home.service)).invite(learner_id, days)


def _ledger(home: Home) -> Disclosed:
    def write(audience: str, content: Content) -> None:
        append(home.disclosures, Request(audience, PURPOSE, BY), content)

    return write


def _check(reading: Reading) -> None:
    try:
        keys = published_keys(reading.did_document)
    except ValueError:
        keys = {}
    if not keys:
        raise OperatorError(
            f"{reading.snapshot.path / store.PUBLIC / store.DID_DOCUMENT} lists no key "
            "to verify with: restore the snapshot from backup"
        )


def _socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        why = getattr(error, "strerror", None) or error
        raise OperatorError(
            f"port {port} at {host} cannot be listened at: {why}; --port names another"
        ) from None
    # Connections wait here until the first is accepted.
    taken.listen(256)
    return taken


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(
            "%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"
        )
    )
    for name, level in (
        ("pipelines.service", logging.INFO),
        ("uvicorn.error", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
