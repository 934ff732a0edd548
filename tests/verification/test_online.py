"""The way to the network leads to public https addresses and nowhere else."""

import datetime as dt
import http.server
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pipelines.verification import online

HOST = "issuer.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/did.json",
        "file:///etc/passwd",
        "https://",
        "https://[",
        "https://127.0.0.1/did.json",
        "https://[::1]/did.json",
        "https://10.0.0.1:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://" + "a" * 300 + ".example/",
        "https://a..b/",
    ],
)
def test_other_addresses_are_not_asked(url):
    with pytest.raises(OSError, match=r".*"):
        online.fetch(url)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = {"/did.json": 200, "/big": 200, "/moved": 302}.get(self.path, 404)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "https://127.0.0.1/")
        self.end_headers()
        self.wfile.write(b"x" * 5_000_000 if self.path == "/big" else b'{"id": 1}')

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """A server for HOST: its port and certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
        .sign(key, hashes.SHA256())
    )
    public, secret = folder / "public.pem", folder / "secret.pem"
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, public
    server.shutdown()
    server.server_close()


@pytest.fixture
def trusted(issuer, monkeypatch):
    port, public = issuer
    context = ssl.create_default_context(cafile=str(public))
    monkeypatch.setattr(online, "_public", lambda host, port: "127.0.0.1")
    monkeypatch.setattr(online.ssl, "create_default_context", lambda: context)
    return port


def test_an_answer_is_fetched_by_name(trusted):
    assert online.fetch(f"https://{HOST}:{trusted}/did.json") == b'{"id": 1}'


@pytest.mark.parametrize("path", ["/moved", "/big", "/nothing"])
def test_no_redirect_no_flood_and_no_error_is_an_answer(trusted, path):
    with pytest.raises(OSError, match="answered"):
        online.fetch(f"https://{HOST}:{trusted}{path}")


def test_a_certificate_is_held_against_the_name(trusted):
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        online.fetch(f"https://other.example:{trusted}/did.json")
