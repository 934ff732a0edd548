"""The way to the network that ``--online`` opens.

A stranger's document names the addresses: https alone, public hosts alone, no
redirects, and a bound on time and size.

Belongs here: fetching. Does not belong here: what is fetched, and why.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

_SECONDS = 10
_BYTES = 4 * 1024 * 1024


def fetch(url: str) -> bytes:
    """The bytes at an https URL.

    Raises:
        OSError: it is no public https address, does not answer 200, or answers too
            much.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        raise OSError("no address") from None
    if parts.scheme != "https" or not host:
        raise OSError("not an https address")
    address = _public(host, port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(host, port, address)
    try:
        connection.request("GET", path, headers={"Accept": "application/json, */*"})
        answer = connection.getresponse()
        content = answer.read(_BYTES + 1)
    except ssl.SSLError:
        # One about a certificate is a ValueError too.
        raise
    except (http.client.HTTPException, ValueError):
        raise OSError("no answer in HTTP") from None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK or len(content) > _BYTES:
        raise OSError(f"answered {answer.status}")
    return content


def _public(host: str, port: int) -> str:
    """The address of a host; raises OSError unless all that it has are public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        if all(ipaddress.ip_address(one).is_global for one in addresses):
            return addresses[0]
    except ValueError:
        raise OSError("no name of a host") from None
    raise OSError("not a public address")


class _Pinned(http.client.HTTPSConnection):
    """To the address that was looked at: a name may lead elsewhere a moment later."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._context_used = ssl.create_default_context()
        super().__init__(host, port, timeout=_SECONDS, context=self._context_used)
        self._address = address

    def connect(self) -> None:
        """Connect to the address, and hold its certificate against the name."""
        plain = socket.create_connection((self._address, self.port), _SECONDS)
        self.sock = self._context_used.wrap_socket(plain, server_hostname=self.host)
