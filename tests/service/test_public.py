"""What anybody may have, and what every answer has."""

import base64
import json
import re
import time

import httpx
import pytest
import record_factory as factory
from service_world import point_at
from wallet import Wallet, started

from pipelines.publishing import multibase, reader
from pipelines.publishing.status_lists import base_url
from pipelines.service import public

FORM = "application/x-www-form-urlencoded"


def published(home, *names):
    return reader.resolve(home).path.joinpath("public", *names).read_bytes()


@pytest.mark.parametrize(
    ("path", "names", "kind"),
    [
        ("/.well-known/did.json", ["did.json"], "application/did+json"),
        ("/status/1.json", ["status", "1.json"], "application/vc+json"),
        ("/mapping-profile.html", ["mapping-profile.html"], "text/html"),
    ],
)
def test_public_files_are_the_published_bytes(service, home, path, names, kind):
    answer = service.get(path)
    assert answer.content == published(home, *names)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "public, max-age=300"
    known = {"If-None-Match": answer.headers["etag"]}
    again = service.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert service.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_new_list_has_another_tag(service, home, first):
    before = service.get("/status/1.json")
    point_at(home, "second")
    after = service.get("/status/1.json")
    assert after.content == published(home, "status", "1.json")
    assert after.headers["etag"] != before.headers["etag"]


def test_the_key_set_has_the_keys_of_the_did_document(service):
    keys = service.get("/.well-known/jwks.json").json()["keys"]
    document = service.get("/.well-known/did.json").json()
    assert [key["kid"] for key in keys] == document["assertionMethod"]
    for key, method in zip(keys, document["verificationMethod"], strict=True):
        raw = base64.urlsafe_b64decode(key["x"] + "=")
        assert raw == multibase.public_bytes(method["publicKeyMultibase"])


@pytest.mark.parametrize(
    ("did", "where"),
    [
        ("did:web:records.example.edu", "/.well-known/did.json"),
        ("did:web:example.edu%3A8443", "/.well-known/did.json"),
        ("did:web:example.edu:records:clr", "/records/clr/did.json"),
    ],
)
def test_the_did_document_is_where_did_web_resolves_to(did, where):
    assert public.paths(did)["did"] == where
    status = public.paths(did)["status"].replace("{number:int}", "3")
    assert base_url(did).endswith(status.removesuffix("/status/3.json"))


@pytest.mark.parametrize(
    "path",
    [
        "/status/99.json",
        "/status/..%2fdid.json",
        "/status/1.json/x",
        "/static/..%2fapp.py",
        "/static/app.py",
        "/records/part-00000.parquet",
        "/manifest.json",
        "/.well-known/../../../etc/passwd",
    ],
)
def test_nothing_else_of_the_snapshot_is_there(service, path):
    answer = httpx.get(
        httpx.URL(service.url).copy_with(raw_path=path.encode()), verify=False
    )
    assert answer.status_code == 404


def test_the_state_of_the_service_tells_the_snapshot(service, home):
    told = service.get("/health").json()
    assert told["status"] == "ok"
    assert told["snapshot"] == reader.resolve(home).seq


@pytest.mark.parametrize("api", ["clr/v2p0", "ob/v3p0"])
def test_the_service_description_is_openapi_with_what_1edtech_adds(service, api):
    answer = service.get(f"/ims/{api}/discovery")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"].startswith("3.0")
    info = document["info"]
    scheme = document["components"]["securitySchemes"]["OAuth2ACG"]
    for url in (info["termsOfService"], info["x-imssf-privacyPolicyUrl"]):
        page, _, part = url.partition("#")
        assert f'id="{part}"' in httpx.get(page).text
    assert scheme["type"] == "oauth2"
    assert scheme["x-imssf-registrationUrl"] == f"{service.url}/oauth/register"
    flow = scheme["flows"]["authorizationCode"]
    family = f"https://purl.imsglobal.org/spec/{api}/scope/"
    assert set(flow["scopes"]) == {
        f"{family}credential.readonly", f"{family}profile.readonly", "offline_access"
    }  # fmt: skip
    used = {one for path in document["paths"].values()
            for need in path["get"].get("security", [])
            for one in need["OAuth2ACG"]}  # fmt: skip
    assert used <= set(flow["scopes"])
    # Every reference leads somewhere.
    for name in re.findall(r'"#/components/schemas/(\w+)"', answer.text):
        assert name in document["components"]["schemas"]


@pytest.mark.parametrize(
    "path", ["/verify", "/about", "/ims/clr/v2p0/credentials", "/nothing", "/health"]
)
def test_every_answer_has_the_headers_that_browsers_heed(service, path):
    headers = service.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "strict-transport-security" not in headers, "not on this machine alone"
    assert "server" not in headers


def test_a_page_of_another_site_may_ask_with_a_token_and_never_with_a_cookie(service):
    origin = {"Origin": "https://viewer.example"}
    answer = service.get("/ims/clr/v2p0/credentials", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    asked = httpx.options(
        f"{service.url}/ims/clr/v2p0/credentials",
        headers={
            **origin,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.status_code == 200
    for path in ("/oauth/authorize", "/verify"):
        headers = service.get(path, headers=origin).headers
        assert "access-control-allow-origin" not in headers


def test_behind_a_proxy_only_https_is_answered(home, application):
    with started(home, "--url", "https://records.example.edu") as running:
        assert running.url == "https://records.example.edu"
        here = running.here
        plain = httpx.get(f"{here}/about")
        assert plain.status_code == 403
        assert "X-Forwarded-Proto" in plain.text
        assert httpx.get(f"{here}/health").status_code == 200, "a balancer may look"
        by_proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        answer = httpx.get(f"{here}/ims/clr/v2p0/discovery", headers=by_proxy)
        assert answer.status_code == 200
        assert "https://records.example.edu/oauth/token" in answer.text
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with Wallet(running, application) as wallet:
            asked = wallet.ask().replace(running.url, here)
        page = httpx.get(asked, headers=by_proxy)
        assert page.status_code == 200
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("__Host-visit=")
        assert {"HttpOnly", "Secure", "Path=/"} <= set(cookie.split("; "))


def uploaded(service, content, **fields):
    return service.post(
        "/verify", files={"file": ("r.json", content)}, data=fields, timeout=60
    )


@pytest.fixture(scope="module")
def record(home):
    return reader.record(home, factory.learner_id(1))


def test_a_record_that_was_published_verifies_on_the_page(service, record):
    answer = uploaded(service, record)
    assert answer.status_code == 200
    assert "It verifies" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    pasted = service.post("/verify", files={"text": (None, record)}, timeout=60)
    assert "It verifies" in pasted.text
    plain = service.post("/verify", content=record, timeout=60)
    assert "It verifies" in plain.text


def test_a_changed_grade_is_found(service, record):
    changed = record.replace('"value":"B+"', '"value":"A+"', 1)
    assert changed != record
    answer = uploaded(service, changed)
    assert "It does not verify" in answer.text
    assert "does not match" in answer.text


@pytest.mark.parametrize(
    "content", ["not json", "[]", "{}", '"x"', "[" * 100_000, "\x00\xff", "null"]
)
def test_what_is_no_credential_is_told_so(service, content):
    answer = uploaded(service, content.encode("latin-1"))
    assert answer.status_code == 200
    assert "It does not verify" in answer.text


def test_what_takes_for_ever_is_given_up(home, record):
    from pipelines.service.checking import checked

    snapshot = reader.resolve(home)
    lists = snapshot.path / "public" / "status"
    begun = time.perf_counter()
    assert checked(record.encode(), snapshot.did_document(), lists, 0.01) is None
    assert time.perf_counter() - begun < 10


def test_what_is_sent_cannot_become_part_of_the_page(service):
    bent = json.dumps({"id": "<script>alert(1)</script>", "type": "<b>"})
    assert "<script>alert" not in uploaded(service, bent).text


def test_nothing_and_too_much_are_told_in_a_sentence(service):
    assert uploaded(service, b"").status_code == 400
    assert service.post("/verify", content=b"").status_code == 400
    answer = service.post("/verify", content=b" " * (2 * 1024 * 1024))
    assert answer.status_code == 413
    assert "larger than 1 MB" in answer.text


def test_what_was_checked_is_nowhere_afterwards(service, home, record):
    mark = "a name that nobody else has"
    name = re.search(r'"identityHash":"([^"]+)"', record)
    assert name
    uploaded(service, record.replace(name.group(1), mark))
    uploaded(service, f"{{{mark}")
    assert mark not in service.log.read_text()
    for file in home.service.iterdir():
        assert mark.encode() not in file.read_bytes()


def test_bodies_that_cannot_be_read_are_bad_requests(service, application):
    auth = (application["client_id"], application["client_secret"])
    for content, kind in (
        (b"{}", "application/json"),
        (b"grant_type=%ff%fe&code=%00", FORM),
        ("grant_type=ü".encode(), FORM),
        (b"&&&=", FORM),
        (b"a=1&" * 3000, FORM),
    ):
        answer = service.post(
            "/oauth/token", content=content, headers={"Content-Type": kind}, auth=auth
        )
        assert answer.status_code == 400, content
        assert "error" in answer.json()
    huge = service.post("/oauth/token", content=b"x" * 20_000, auth=auth)
    assert huge.status_code in (400, 413)


def test_a_long_request_of_an_application_is_refused(service):
    answer = service.get(f"/oauth/authorize?state={'x' * 9000}")
    assert answer.status_code == 400


def test_a_damaged_pointer_is_told_and_nothing_old_is_served(
    service, home, first, application
):
    with Wallet(service, application) as wallet:
        wallet.connect(factory.learner_id(1))
        home.current.with_name("x").write_bytes(b"{}")
        home.current.with_name("x").replace(home.current)
        answer = wallet.get("/ims/clr/v2p0/credentials")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        field = answer.json()["imsx_codeMinor"]["imsx_codeMinorField"][0]
        assert field["imsx_codeMinorFieldValue"] == "server_busy"
        assert service.get("/health").status_code == 503
        point_at(home, "first")
        assert wallet.get("/ims/clr/v2p0/credentials").status_code == 200
