"""What a wallet gets: its learner's record, whole and in pages, and nobody else's."""

import asyncio
import threading
import time
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import pytest
import record_factory as factory
from service_world import MERGED, STANDARDS, point_at
from wallet import Wallet, bearing

from pipelines.disclosure.ledger import entries, json_digest
from pipelines.publishing import reader
from pipelines.publishing.proof_check import Keys
from pipelines.service.apis import BADGES, CLR, READ_CREDENTIALS, READ_PROFILE

CREDENTIALS, BADGE_PAGES = "/ims/clr/v2p0/credentials", "/ims/ob/v3p0/credentials"
STATUS_INFO = "clr-v2p0/clr_v2p0_imsx_statusinfo_schema.json"
LEARNER, OTHER, HELD_LATER = (factory.learner_id(n) for n in (0, 1, 3))


@pytest.fixture(scope="module")
def holder(service, application):
    """A wallet that learner 0 allowed everything."""
    with Wallet(service, application) as made:
        made.connect(LEARNER)
        yield made


def refused(answer: httpx.Response, status: int, minor: str, valid=None) -> str:
    assert answer.status_code == status, answer.text
    told = answer.json()
    if valid:
        valid(STATUS_INFO, told)
    (field,) = told["imsx_codeMinor"]["imsx_codeMinorField"]
    assert field["imsx_codeMinorFieldValue"] == minor
    assert told["imsx_severity"] == "error"
    return str(told["imsx_description"])


def walked(wallet: Wallet, first: str) -> list[httpx.Response]:
    """Every page from the first on, by the Link header alone."""
    pages = [wallet.client.get(wallet.service.url + first)]
    while "next" in pages[-1].links:
        pages.append(wallet.client.get(pages[-1].links["next"]["url"]))
    return pages


def test_the_official_schemas_are_here(valid):
    if not STANDARDS.is_dir():
        pytest.skip("../shared/standards is absent: official files are not copied here")
    with pytest.raises(jsonschema_rs.ValidationError):
        valid(STATUS_INFO, {"imsx_codeMajor": "unheard of"})


def test_the_record_is_handed_out_as_it_was_published(holder, home, valid):
    answer = holder.get(CREDENTIALS)
    valid("clr-v2p0/clr_v2p0_getclrcredentialsresponse_schema.json", answer.json())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-total-count"] == "1"
    assert reader.record(home, LEARNER) in answer.text


def test_every_badge_is_met_once_on_the_way_through_the_pages(holder, home, valid):
    pages = walked(holder, f"{BADGE_PAGES}?limit=4")
    assert len(pages) == 7
    for page in pages:
        valid("ob-v3p0/ob_v3p0_getopenbadgecredentialsresponse_schema.json",
              page.json())  # fmt: skip
        assert page.headers["x-total-count"] == "27"
        assert {"first", "last"} <= set(page.links)
    assert [len(page.json()["credential"]) for page in pages] == [4] * 6 + [3]
    assert [("prev" in p.links, "next" in p.links) for p in pages] == [
        (False, True), *[(True, True)] * 5, (True, False)
    ]  # fmt: skip
    badges = [one for page in pages for one in page.json()["credential"]]
    assert len({one["id"] for one in badges}) == 27
    keys = Keys(holder.service.get("/.well-known/did.json").json())
    assert {keys.failure(one) for one in badges} == {None}
    back = [pages[-1]]
    while "prev" in back[-1].links:
        back.append(holder.client.get(back[-1].links["prev"]["url"]))
    assert [p.json() for p in back] == [p.json() for p in reversed(pages)]
    last = holder.client.get(pages[0].links["last"]["url"])
    assert last.json() == pages[-1].json()


def test_what_was_issued_since_is_all_or_nothing_of_a_record(holder):
    for since, count in (
        ("2020-01-01T00:00:00Z", 1),
        ("2020-01-01T02:00:00+02:00", 1),
        ("2099-01-01T00:00:00Z", 0),
    ):
        answer = holder.get(CREDENTIALS, params={"since": since})
        assert answer.headers["x-total-count"] == str(count), since
        assert len(answer.json()["credential"]) == count
    raw = holder.client.get(
        f"{holder.service.url}{CREDENTIALS}?since=2020-01-01T02:00:00+02:00"
    )
    assert raw.headers["x-total-count"] == "1", "a plus that nobody encoded"
    pages = walked(holder, f"{BADGE_PAGES}?limit=20&since=2020-01-01T00:00:00Z")
    assert sum(len(page.json()["credential"]) for page in pages) == 27


def test_since_is_strictly_after(holder, home):
    issued = reader_issued(home, LEARNER)
    answer = holder.get(CREDENTIALS, params={"since": issued.isoformat()})
    assert answer.json() == {"credential": [], "compactJwsString": []}


def reader_issued(home, learner):
    from pipelines.service.records import Records

    record = Records(home).now().record(learner)
    assert record is not None
    return record.issued_at


def test_a_page_behind_the_end_is_empty_and_leads_back(holder):
    answer = holder.get(BADGE_PAGES, params={"limit": 10, "offset": 1000})
    assert answer.json()["credential"] == []
    assert "next" not in answer.links
    back = holder.client.get(answer.links["prev"]["url"])
    assert len(back.json()["credential"]) == 7


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "101"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "ten"},
        {"limit": "1.5"},
        {"limit": "99999999999999999999"},
        {"limit": "٣"},
        {"offset": "-1"},
        {"offset": "x"},
        {"since": "yesterday"},
        {"since": "2026-09-01"},
        {"since": "2026-09-01T00:00:00"},
        {"version": "of nobody's record"},
        [("limit", "1"), ("limit", "100")],
    ],
)
def test_a_parameter_that_is_not_as_specified_is_refused(holder, query, valid):
    answer = holder.get(f"{CREDENTIALS}?{urlencode(query)}")
    refused(answer, 400, "invalid_query_parameter", valid)


def test_without_a_good_token_nothing_is_told(service, valid):
    for path in (CREDENTIALS, BADGE_PAGES, "/ims/clr/v2p0/profile"):
        answer = service.get(path)
        refused(answer, 401, "unauthorizedrequest", valid)
        assert answer.headers["www-authenticate"] == 'Bearer realm="learner records"'
        for header in ("Bearer guess", "Bearer", "Basic eDp5", "guess"):
            answer = service.get(path, headers={"Authorization": header})
            refused(answer, 401, "unauthorizedrequest", valid)
    refused(service.get(f"{CREDENTIALS}?access_token=x"), 401, "unauthorizedrequest")


def test_a_token_for_something_else_is_told_which_scope_it_lacks(wallet, valid):
    wallet.connect(LEARNER, scope=CLR.scope(READ_PROFILE))
    answer = wallet.get(CREDENTIALS)
    refused(answer, 403, "forbidden", valid)
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert CLR.scope(READ_CREDENTIALS) in answer.headers["www-authenticate"]
    assert wallet.get("/ims/clr/v2p0/profile").status_code == 200
    refused(wallet.get("/ims/ob/v3p0/profile"), 403, "forbidden", valid)


def test_the_scopes_of_one_interface_do_not_open_the_other(wallet):
    wallet.connect(LEARNER, scope=BADGES.scope(READ_CREDENTIALS))
    assert wallet.get(BADGE_PAGES).status_code == 200
    refused(wallet.get(CREDENTIALS), 403, "forbidden")


def test_no_parameter_and_no_path_leads_to_another_learner(wallet, holder):
    wallet.connect(OTHER)
    own = wallet.get(CREDENTIALS).json()
    (record,) = own["credential"]
    assert record["credentialSubject"]["id"] == f"urn:uuid:{OTHER}"
    for name in ("learner_id", "learner", "id", "sub", "user"):
        assert wallet.get(CREDENTIALS, params={name: LEARNER}).json() == own
    for path in (f"{CREDENTIALS}/{LEARNER}", f"/ims/clr/v2p0/{LEARNER}"):
        refused(wallet.get(path), 404, "not_found")
    # A page of somebody else's record.
    link = holder.get(BADGE_PAGES, params={"limit": 5}).links["next"]["url"]
    refused(wallet.client.get(link), 400, "invalid_query_parameter")


def test_who_was_merged_has_the_record_of_the_one_person(wallet):
    from pipelines.service import serve

    serve.invite(wallet.service.home, MERGED, 1)
    wallet.connect(MERGED)
    (record,) = wallet.get(CREDENTIALS).json()["credential"]
    assert record["credentialSubject"]["id"] == f"urn:uuid:{OTHER}"


def test_the_profile_is_what_the_record_says_of_the_learner(holder, valid):
    profile = holder.get("/ims/clr/v2p0/profile").json()
    valid("clr-v2p0/clr_v2p0_profile_schema.json", profile)
    (record,) = holder.get(CREDENTIALS).json()["credential"]
    subject = record["credentialSubject"]
    assert profile["id"] == subject["id"]
    (name,) = [one["identityHash"] for one in subject["identifier"]
               if one["identityType"] == "name"]  # fmt: skip
    assert profile["name"] == name


@pytest.mark.parametrize(
    ("verb", "path"),
    [("POST", CREDENTIALS), ("PUT", "/ims/clr/v2p0/profile"), ("DELETE", CREDENTIALS)],
)
def test_what_would_change_a_record_is_not_supported(holder, verb, path, valid):
    answer = holder.client.request(verb, holder.service.url + path, json={})
    refused(answer, 405, "not_allowed", valid)
    assert answer.json()["imsx_codeMajor"] == "unsupported"
    assert "GET" in answer.headers["allow"]


def test_who_is_on_hold_since_tonight_gets_an_empty_list(wallet, home, first, valid):
    wallet.connect(HELD_LATER)
    assert wallet.get(CREDENTIALS).headers["x-total-count"] == "1"
    link = wallet.get(BADGE_PAGES, params={"limit": 1}).links["next"]["url"]
    point_at(home, "second")
    answer = wallet.get(CREDENTIALS)
    assert answer.status_code == 200
    assert answer.json() == {"credential": [], "compactJwsString": []}
    assert answer.headers["x-total-count"] == "0"
    # Nor does a page that was begun yesterday hand out what is held back today.
    assert wallet.client.get(link).json()["credential"] == []
    refused(wallet.get("/ims/clr/v2p0/profile"), 404, "not_found", valid)


def test_a_new_snapshot_is_served_and_pages_of_the_old_one_say_begin_again(
    holder, home, first, valid
):
    link = holder.get(BADGE_PAGES, params={"limit": 20}).links["next"]["url"]
    assert len(holder.client.get(link).json()["credential"]) == 7
    point_at(home, "second")
    answer = holder.client.get(link)
    assert "begin again" in refused(answer, 400, "invalid_query_parameter", valid)
    again = holder.client.get(answer.links["first"]["url"])
    assert again.headers["x-total-count"] == "28"
    assert len(again.json()["credential"]) == 20


def test_pages_of_a_record_that_did_not_change_go_on_over_a_new_snapshot(
    wallet, home, first
):
    wallet.connect(OTHER)
    one = wallet.get(BADGE_PAGES, params={"limit": 1})
    point_at(home, "second")
    two = wallet.client.get(one.links["next"]["url"])
    assert two.status_code == 200
    assert one.json()["credential"] != two.json()["credential"]


def test_under_load_no_walk_mixes_two_snapshots(service, holder, home, first):
    """Readers walk all pages while snapshots change under them."""
    token = holder.client.token["access_token"]
    stop = threading.Event()

    def change() -> None:
        for turn in range(10_000):
            if stop.wait(0.3):
                return
            point_at(home, ("second", "first")[turn % 2])

    whole: list[int] = []
    again, end = 0, time.monotonic() + 30

    async def walk(client: httpx.AsyncClient) -> None:
        nonlocal again
        while time.monotonic() < end and not (again and set(whole) == {27, 28}):
            url, found, total = f"{service.url}{BADGE_PAGES}?limit=9", [], None
            while url:
                answer = await client.get(url)
                if answer.status_code == 400:
                    again += 1
                    url, found, total = answer.links["first"]["url"], [], None
                    continue
                assert answer.status_code == 200, answer.text
                assert total in (None, answer.headers["x-total-count"])
                total = answer.headers["x-total-count"]
                found += [one["id"] for one in answer.json()["credential"]]
                url = answer.links.get("next", {}).get("url", "")
            assert len(found) == len(set(found)) == int(total or 0)
            whole.append(len(found))

    async def everybody() -> None:
        limits = httpx.Limits(max_connections=12)
        async with httpx.AsyncClient(
            headers=bearing(token), limits=limits, timeout=60, verify=False
        ) as client:
            await asyncio.gather(*(walk(client) for _ in range(6)))

    changer = threading.Thread(target=change)
    changer.start()
    try:
        asyncio.run(everybody())
    finally:
        stop.set()
        changer.join()
    assert set(whole) == {27, 28}, "both snapshots were met"
    assert again, "and some walk was between them"


def test_many_clients_at_once_get_each_its_own(service, application):
    learners = [factory.learner_id(number) for number in range(4)]
    tokens = []
    for learner in learners:
        with Wallet(service, application) as wallet:
            tokens.append((learner, wallet.connect(learner)["access_token"]))

    async def ask(client: httpx.AsyncClient, learner: str, token: str) -> None:
        answer = await client.get(f"{service.url}{CREDENTIALS}", headers=bearing(token))
        (record,) = answer.json()["credential"]
        assert record["credentialSubject"]["id"] == f"urn:uuid:{learner}"

    async def everybody() -> None:
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(limits=limits, timeout=60, verify=False) as client:
            await asyncio.gather(
                *(ask(client, *tokens[n % len(tokens)]) for n in range(80))
            )

    begun = time.perf_counter()
    asyncio.run(everybody())
    assert time.perf_counter() - begun < 60


def test_each_hand_out_is_written_down_for_the_learner(wallet, home):
    learner = factory.learner_id(2)
    before = len(entries(home.disclosures, learner))
    wallet.connect(learner)
    pages = walked(wallet, f"{BADGE_PAGES}?limit=5")
    wallet.get("/ims/clr/v2p0/profile")
    wallet.get(CREDENTIALS, params={"since": "2099-01-01T00:00:00Z"})
    *badges, profile = entries(home.disclosures, learner)[before:]
    assert [entry.content.credentials for entry in badges] == [
        {one["id"]: json_digest(one) for one in page.json()["credential"]}
        for page in pages
    ]
    assert profile.content.credentials == {}
    assert {entry.request.audience for entry in (*badges, profile)} == {
        "Example Wallet (https://wallet.example/)"
    }


def test_what_cannot_be_written_down_is_not_handed_out(home, tmp_path):
    """The ledger is first: when it fails, the record stays."""
    from starlette.requests import Request

    from pipelines.service.credentials import Reader
    from pipelines.service.grants import Bearer, Client
    from pipelines.service.records import Records
    from pipelines.service.web import Site

    said = []

    def ledger(*told: object) -> None:
        said.append(told)
        raise OSError("no space")

    class Allowed:
        def bearer(self, token: str) -> Bearer:
            metadata = {"client_name": "W", "client_uri": "https://w.example/"}
            scopes = frozenset({CLR.scope(READ_CREDENTIALS)})
            return Bearer(LEARNER, scopes, Client("w", metadata))

    reading = Reader(CLR, Site("https://r.example"), Records(home), Allowed(), ledger)
    request = Request({
        "type": "http", "method": "GET", "path": CREDENTIALS, "query_string": b"",
        "headers": [(b"authorization", b"Bearer t")],
    })  # fmt: skip
    with pytest.raises(OSError, match="no space"):
        reading.credentials(request)
    ((audience, content),) = said
    assert (content.learner_id, audience) == (LEARNER, "W (https://w.example/)")
    record = reading.records.now().record(LEARNER).clr["id"]
    assert (list(content.credentials), content.record_id) == ([record], record)
