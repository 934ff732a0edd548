"""The way from an unknown application to a learner's record, and every wrong turn."""

import re
import sqlite3
import threading
from contextlib import closing, contextmanager

import httpx
import pytest
import record_factory as factory
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from wallet import (
    CALLBACK,
    EVERYTHING,
    METADATA,
    Browser,
    Wallet,
    answered,
    bearing,
    registered,
    started,
)

from pipelines.service import serve
from pipelines.service.access import end_access
from pipelines.service.apis import CLR, READ_CREDENTIALS, READ_PROFILE

CREDENTIALS = "/ims/clr/v2p0/credentials"
LEARNER = factory.learner_id(0)


def status_of(wallet: Wallet, token: str) -> int:
    answer = wallet.service.get(CREDENTIALS, headers=bearing(token))
    return answer.status_code


@contextmanager
def state(service):
    con = sqlite3.connect(service.home.service / "state.db", timeout=10)
    with closing(con), con:
        yield con


def test_a_wallet_that_knows_the_address_alone_gets_to_the_record(service):
    """Everything else it takes from discovery."""
    described = service.get("/ims/clr/v2p0/discovery").json()
    scheme = described["components"]["securitySchemes"]["OAuth2ACG"]
    flow = scheme["flows"]["authorizationCode"]
    made = httpx.post(scheme["x-imssf-registrationUrl"], json=METADATA)
    assert made.status_code == 201
    assert made.json() | METADATA == made.json()
    with Wallet(service, made.json()) as wallet:
        assert wallet.ask().startswith(flow["authorizationUrl"])
        wallet.client.metadata["token_endpoint"] = flow["tokenUrl"]
        token = wallet.connect(LEARNER)
        assert token["token_type"] == "Bearer"
        assert token["expires_in"] == 3600
        assert token["scope"] == EVERYTHING
        answer = wallet.get(CREDENTIALS)
    (record,) = answer.json()["credential"]
    assert record["credentialSubject"]["id"] == f"urn:uuid:{LEARNER}"


def test_the_metadata_is_what_authlib_reads(service):
    from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

    told = service.get("/.well-known/oauth-authorization-server").json()
    # RFC 8414 wants https; this one is on this machine alone.
    secure = {
        name: value.replace(service.url, "https://records.example.edu")
        if isinstance(value, str)
        else value
        for name, value in told.items()
    }
    AuthorizationServerMetadata(secure).validate()
    assert told["code_challenge_methods_supported"] == ["S256"]


def test_the_answer_names_state_scope_and_issuer(wallet):
    told = answered(wallet.allowed(LEARNER, state="a state"))
    assert told["state"] == "a state"
    assert told["scope"] == EVERYTHING
    assert told["iss"] == wallet.service.url


def test_a_learner_who_refuses_is_brought_back_without_a_code(wallet):
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    browser = Browser(wallet.service)
    browser.open(wallet.ask(state="s"))
    browser.sign_in(code)
    told = answered(browser.decide("refuse").headers["location"])
    assert (told["error"], told["state"]) == ("access_denied", "s")
    assert "code" not in told


def test_a_refresh_token_is_good_once_and_twice_ends_everything(wallet):
    first = wallet.connect(LEARNER)
    second = wallet.exchange(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    ).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert status_of(wallet, second["access_token"]) == 200
    again = wallet.exchange(
        grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    # Somebody else has it: whoever renewed first is ended too.
    assert status_of(wallet, second["access_token"]) == 401
    after = wallet.exchange(
        grant_type="refresh_token", refresh_token=second["refresh_token"]
    )
    assert after.json()["error"] == "invalid_grant"


def test_a_renewed_token_can_have_less_and_never_more(wallet):
    narrow = CLR.scope(READ_PROFILE)
    token = wallet.connect(LEARNER, scope=f"{narrow} offline_access")
    more = wallet.exchange(
        grant_type="refresh_token",
        refresh_token=token["refresh_token"],
        scope=CLR.scope(READ_CREDENTIALS),
    )
    assert more.json()["error"] == "invalid_scope"
    less = wallet.exchange(
        grant_type="refresh_token", refresh_token=token["refresh_token"], scope=narrow
    ).json()
    assert less["scope"] == narrow
    assert status_of(wallet, less["access_token"]) == 403


def test_a_code_that_comes_twice_ends_the_tokens_it_gave(wallet):
    code = answered(wallet.allowed(LEARNER))["code"]
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": wallet.verifier,
    }
    token = wallet.exchange(**sent).json()["access_token"]
    assert status_of(wallet, token) == 200
    again = wallet.exchange(**sent)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert status_of(wallet, token) == 401


def test_of_many_who_bring_one_code_at_once_nobody_keeps_a_token(wallet):
    sent = {
        "grant_type": "authorization_code",
        "code": answered(wallet.allowed(LEARNER))["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": wallet.verifier,
    }
    answers: list[httpx.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(wallet.exchange(**sent)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = [one.json()["access_token"] for one in answers if one.status_code == 200]
    assert len(given) == 1
    assert status_of(wallet, given[0]) == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": "x" * 64}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://wallet.example/other"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code": "guessed"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_bound_to_what_it_was_asked_with(wallet, changed, error):
    sent = {
        "grant_type": "authorization_code",
        "code": answered(wallet.allowed(LEARNER))["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": wallet.verifier,
    }
    bent = {name: one for name, one in (sent | changed).items() if one is not None}
    answer = wallet.exchange(**bent)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"
    assert wallet.exchange(**sent).status_code == 200, "a wrong try spends nothing"


def test_a_code_is_for_the_application_that_asked(service, wallet):
    code = answered(wallet.allowed(LEARNER))["code"]
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": wallet.verifier,
    }
    with Wallet(service, registered(service).json()) as other:
        assert other.exchange(**sent).json()["error"] == "invalid_grant"


def test_a_code_ends_after_a_minute(service, wallet):
    code = answered(wallet.allowed(LEARNER))["code"]
    with state(service) as con:
        con.execute("UPDATE code SET expires_at = expires_at - 61")
    answer = wallet.exchange(
        grant_type="authorization_code",
        code=code,
        redirect_uri=CALLBACK,
        code_verifier=wallet.verifier,
    )
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("removed", "added", "error"),
    [
        ("code_challenge", {}, "invalid_request"),
        ("code_challenge_method", {}, "invalid_request"),
        (
            "code_challenge_method",
            {"code_challenge_method": "plain"},
            "invalid_request",
        ),
        ("code_challenge", {"code_challenge": "short"}, "invalid_request"),
        ("state", {}, "invalid_request"),
        ("response_type", {"response_type": "token"}, "unsupported_response_type"),
        ("response_type", {"response_type": "code token"}, "unauthorized_client"),
        ("scope", {"scope": "everything"}, "invalid_scope"),
        ("scope", {"scope": "offline_access"}, "invalid_scope"),
        ("-", {"response_mode": "fragment"}, "invalid_request"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_the_application(
    wallet, removed, added, error
):
    asked = httpx.URL(wallet.ask(state="s")).copy_remove_param(removed)
    asked = asked.copy_merge_params(added)
    answer = httpx.get(asked, verify=False)
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(CALLBACK)
    assert answered(location)["error"] == error


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://wallet.example/callback/"},
        {"redirect_uri": "https://wallet.example/callback?x=1"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": None},
        {"client_id": "unknown"},
        {"client_id": None},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(wallet, changed):
    asked = httpx.URL(wallet.ask())
    for name, value in changed.items():
        asked = (
            asked.copy_remove_param(name)
            if value is None
            else asked.copy_set_param(name, value)
        )
    answer = httpx.get(asked, verify=False)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "refused" in answer.text


def test_parameters_that_come_twice_are_refused(wallet):
    answer = httpx.get(f"{wallet.ask()}&client_id=other", verify=False)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_an_expired_token_is_told_so(service, wallet):
    token = wallet.connect(LEARNER)["access_token"]
    with state(service) as con:
        con.execute("UPDATE token SET expires_at = expires_at - 3601")
    answer = service.get(CREDENTIALS, headers=bearing(token))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_revoked_token_opens_nothing(wallet):
    token = wallet.connect(LEARNER)
    endpoint = f"{wallet.service.url}/oauth/revoke"
    done = wallet.client.revoke_token(
        endpoint, token=token["access_token"], token_type_hint="access_token"
    )
    assert done.status_code == 200
    assert status_of(wallet, token["access_token"]) == 401
    renewed = wallet.exchange(
        grant_type="refresh_token", refresh_token=token["refresh_token"]
    ).json()
    wallet.client.revoke_token(endpoint, token=renewed["refresh_token"])
    assert status_of(wallet, renewed["access_token"]) == 401


def test_another_application_revokes_nothing(service, wallet):
    token = wallet.connect(LEARNER)["access_token"]
    with Wallet(service, registered(service).json()) as other:
        answer = other.client.revoke_token(f"{service.url}/oauth/revoke", token=token)
    assert answer.status_code == 200, "RFC 7009: an unknown token is no error"
    assert status_of(wallet, token) == 200


def test_an_application_shows_its_secret(service, wallet):
    wrong = (wallet.application["client_id"], "guess")
    for auth in (wrong, ("unknown", "guess"), None):
        answer = service.post(
            "/oauth/token",
            data={"grant_type": "refresh_token", "refresh_token": "x"},
            auth=auth,
        )
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_application_without_renewal_gets_no_refresh_token(service):
    made = registered(service, grant_types=["authorization_code"]).json()
    with Wallet(service, made) as wallet:
        assert "refresh_token" not in wallet.connect(LEARNER)


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"logo_uri": None}, "invalid_client_metadata"),
        ({"client_name": "State of\u202eAlabama"}, "invalid_client_metadata"),
        ({"policy_uri": "http://wallet.example/p"}, "invalid_client_metadata"),
        ({"policy_uri": "https://other.example/p"}, "invalid_client_metadata"),
        ({"redirect_uris": ["https://wallet.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a@wallet.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_client_metadata"),
        ({"redirect_uris": "https://wallet.example/"}, "invalid_client_metadata"),
        ({"scope": "everything"}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
    ],
)
def test_a_registration_that_is_not_as_specified_is_refused(other, error):
    """The rules alone: over HTTP an address registers no more than thirty an hour."""
    from pipelines.service.registration import RegistrationError, accepted

    with pytest.raises(RegistrationError) as refused:
        accepted({**METADATA, **other})
    assert refused.value.error == error


def test_a_refused_registration_is_told_as_the_specification_says(service):
    answer = registered(service, logo_uri=None)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_client_metadata",
        "error_description": "missing: logo_uri",
    }
    assert service.post("/oauth/register", content=b"{").status_code == 400
    assert service.post("/oauth/register", content=b" " * 20_000).status_code == 413


def test_a_form_without_the_browsers_cookie_is_forged(wallet):
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    victim, thief = Browser(wallet.service), Browser(wallet.service)
    victim.open(wallet.ask())
    victim.sign_in(code)
    thief.text = victim.text
    assert thief.decide("allow").status_code == 400
    # And the cookie without the form.
    page, victim.text = victim.text, ""
    assert victim.decide("allow").status_code == 400
    for site, status in (("cross-site", 400), ("same-origin", 303)):
        victim.text = page
        victim.http.headers["Sec-Fetch-Site"] = site
        assert victim.decide("allow").status_code == status
    victim.text = page
    assert victim.decide("allow").status_code == 400, "a page is used once"


def test_nobody_allows_anything_before_signing_in(wallet):
    browser = Browser(wallet.service)
    browser.open(wallet.ask())
    assert browser.decide("allow").status_code == 400


def test_signing_in_gives_the_browser_another_secret(wallet):
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    browser = Browser(wallet.service)
    shown = browser.open(wallet.ask())
    cookie = shown.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    before = browser.http.cookies["visit"]
    browser.sign_in(code)
    assert browser.http.cookies["visit"] != before


def test_the_consent_page_says_who_asks_for_what_and_what_would_be_handed_out(wallet):
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    browser = Browser(wallet.service)
    browser.open(wallet.ask())
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", browser.sign_in(code).text))
    for words in (
        "Example Wallet",
        "wallet.example",
        "nobody here has checked",
        "Read your published record and every credential in it",
        "Read your name as your record gives it",
        "180 days",
        "courses",
    ):
        assert words in text, words


def test_a_code_of_a_steward_works_once(wallet):
    code, _ = serve.invite(wallet.service.home, LEARNER, 1)
    browser = Browser(wallet.service)
    browser.open(wallet.ask())
    # As people type.
    assert browser.sign_in(f" {code.lower().replace('-', ' ')} ").status_code == 200
    browser.open(wallet.ask())
    again = browser.sign_in(code)
    assert again.status_code == 400
    assert "This code is not good" in again.text


def test_a_later_invitation_voids_the_earlier_one(wallet):
    earlier, _ = serve.invite(wallet.service.home, LEARNER, 1)
    serve.invite(wallet.service.home, LEARNER, 1)
    browser = Browser(wallet.service)
    browser.open(wallet.ask())
    assert browser.sign_in(earlier).status_code == 400


def test_five_wrong_tries_spend_a_code(wallet):
    from pipelines.service.sign_in import Invitations
    from pipelines.service.state import State

    invitations = Invitations(State.at(wallet.service.home.service))
    code, _ = invitations.invite(LEARNER, 1)
    for _ in range(5):
        wrong = code[:-4] + ("0000" if code[-4:] != "0000" else "1111")
        assert invitations.learner({"code": wrong}, {}) is None
    assert invitations.learner({"code": code}, {}) is None
    good, _ = invitations.invite(LEARNER, 1)
    assert invitations.learner({"code": good}, {}) == LEARNER


def test_what_a_steward_ends_is_ended(service, wallet):
    token = wallet.connect(factory.learner_id(2))["access_token"]
    assert status_of(wallet, token) == 200
    consents, _ = end_access(service.home, [factory.learner_id(2)])
    assert consents >= 1
    assert status_of(wallet, token) == 401


def test_the_state_holds_no_secret_and_is_the_owners_alone(service, wallet):
    code, _ = serve.invite(service.home, LEARNER, 1)
    token = wallet.connect(LEARNER)
    folder = service.home.service
    assert folder.stat().st_mode & 0o077 == 0
    kept = b""
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
        kept += file.read_bytes()
    secrets = (
        token["access_token"],
        token["refresh_token"],
        wallet.application["client_secret"],
        code,
        code.replace("-", "")[8:],
    )
    assert [one for one in secrets if one.encode() in kept] == []


def test_the_log_has_no_code_no_token_and_nobodys_name(service, wallet):
    token = wallet.connect(LEARNER)
    wallet.get(CREDENTIALS, params={"since": "2020-01-01T00:00:00Z"})
    service.get(f"/{LEARNER}?access_token={token['access_token']}")
    written = service.log.read_text()
    assert f"GET {CREDENTIALS} 200" in written
    for secret in (token["access_token"], LEARNER, "code=", "127.0.0.1", "since"):
        assert secret not in written
    assert create_s256_code_challenge(wallet.verifier) not in written


def test_too_many_wrong_codes_have_to_wait(home, wallet):
    """At a server of its own: the address is held off for ten minutes."""
    with started(home) as running:
        wallet.service = running
        browser = Browser(running)
        browser.open(wallet.ask())
        found = [browser.sign_in("0000").status_code for _ in range(21)]
    assert found == [*[400] * 20, 429]
