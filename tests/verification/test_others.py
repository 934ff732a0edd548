"""What others issued, what is presented, and what is no credential at all."""

import orjson
import pytest
import record_factory as factory
from verification_world import World, at, by_did_key, failures, nested

from pipelines.dialects.strict_json import MAX_DOCUMENT
from pipelines.verification import trust

V1 = "https://www.w3.org/2018/credentials/v1"
INTEGRITY = "https://w3id.org/security/data-integrity/v1"
ISSUER = "https://example.edu/issuers/565049"


def by_did_web(world, document):
    """The same, issued elsewhere, with what the addresses there answer."""
    did = "did:web:other.example:registrar"
    listing = orjson.loads((world.lists / "1.json").read_bytes())
    url = "https://other.example/status/1"
    listing |= {"id": url, "issuer": {"id": did}}
    method = f"{did}#{world.key.public}"
    signer = type(world)(world.lists.parent / "other")
    signer.key = type(world.key)(did, world.key.public, (), (), world.key.path,
                                 world.key.private)  # fmt: skip
    for one in (document, *nested(document)):
        one["issuer"] = {**factory.SYSTEM, "id": did}
        one["credentialStatus"] |= {
            "statusListCredential": url,
            "id": f"{url}#{one['credentialStatus']['statusListIndex']}",
        }
    signer.sign(document)
    signer.sign_one(listing)
    assert document["proof"][0]["verificationMethod"] == method
    return document, signer, {
        "https://other.example/registrar/did.json": signer.key.document(),
        url: listing,
        factory.SYSTEM["url"]: {},
    }  # fmt: skip


def answering(answers):
    def fetch(url):
        if url not in answers:
            raise OSError(url)
        return orjson.dumps(answers[url])

    return fetch


def test_a_did_key_is_resolved_without_the_network(world, record):
    document = by_did_key(world, record)
    assert world.examine(document).verdict == "passed"
    nested(document)[1]["credentialSubject"]["creditsEarned"] = 30
    assert failures(world.examine(document)) == {("", "Proof"), (at(2), "Proof")}


def test_a_did_key_signs_for_nobody_else(world, record):
    document = by_did_key(world, record)
    document["issuer"] = factory.SYSTEM
    assert ("", "Proof") in failures(world.examine(document))


def test_keys_and_lists_on_the_network_are_left_out_and_never_passed(world, record):
    document, _, _ = by_did_web(world, record)
    report = world.examine(document)
    assert (report.verdict, report.ok) == ("skipped", False)
    found = {one.name: one for one in report.checks if not one.where}
    assert found["Proof"].verdict == found["Status"].verdict == "skipped"
    assert "--online" in found["Proof"].words
    assert all(one.verdict != "passed" for one in report.in_short() if one.where)


def test_keys_and_lists_are_fetched_online(world, record):
    document, signer, answers = by_did_web(world, record)
    fetch = answering(answers)
    assert world.examine(document, fetch=fetch).verdict == "passed"
    nested(document)[0]["credentialStatus"]["statusListIndex"] = "77"
    signer.sign(document)
    assert failures(world.examine(document, fetch=fetch)) == {(at(1), "Status")}


def test_a_list_that_was_altered_or_is_gone_says_nothing(world, record):
    document, _, answers = by_did_web(world, record)
    (url,) = (one for one in answers if "status" in one)
    everywhere = {("", "Status"), *((at(number), "Status") for number in range(1, 5))}
    listing = answers.pop(url)
    assert failures(world.examine(document, fetch=answering(answers))) == everywhere
    listing["validUntil"] = "2999-01-01T00:00:00Z"
    fetch = answering({**answers, url: listing})
    assert failures(world.examine(document, fetch=fetch)) == everywhere


def test_keys_of_somebody_else_are_no_keys(world, record):
    document, _, answers = by_did_web(world, record)
    answers["https://other.example/registrar/did.json"] = world.did_document
    found = failures(world.examine(document, fetch=answering(answers)))
    assert ("", "Proof") in found


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("did:web:a.example", "https://a.example/.well-known/did.json"),
        ("did:web:a.example%3A8443:x:y", "https://a.example:8443/x/y/did.json"),
        ("https://a.example/i#k", "https://a.example/i"),
        ("did:example:abc", None),
        ("urn:uuid:1", None),
    ],
)
def test_where_keys_are(issuer, url):
    assert trust.address_of(issuer) == url


def test_a_badge_alone(world, record):
    assert world.examine(nested(record)[2]).verdict == "passed"


def test_a_presentation_is_its_credentials(world, record):
    presented = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": nested(record),
    }
    report = world.examine(presented)
    assert report.verdict == "passed"
    assert sum(one.name == "Proof" for one in report.checks) == 1 + 4
    nested(record)[3]["name"] = "Another"
    assert failures(world.examine(presented)) == {(at(4), "Proof")}
    assert world.examine({**presented, "verifiableCredential": []}).verdict == "failed"


def test_nothing_unsigned_hides_as_a_presentation(world, record):
    del record["proof"]
    record["type"].insert(0, "VerifiablePresentation")
    record["verifiableCredential"] = nested(record)
    assert ("", "Proof") in failures(world.examine(record))
    inner = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": nested(record),
    }
    assert (at(1, 1), "Types") in failures(
        world.examine({**inner, "verifiableCredential": [inner]})
    )


def test_published_vectors_verify(world, standards):
    for name in ("1edtech-ob-v3p0.json", "1edtech-clr-v2p0.json"):
        vector = orjson.loads((standards / "vectors" / name).read_bytes())
        method = f"{ISSUER}#{vector['publicKeyMultibase']}"
        keys = {
            "id": ISSUER,
            "assertionMethod": [method],
            "verificationMethod": [
                {
                    "id": method,
                    "type": "Multikey",
                    "controller": ISSUER,
                    "publicKeyMultibase": vector["publicKeyMultibase"],
                }
            ],
        }
        fetch = answering({ISSUER: keys, "https://www.imsglobal.org": {}})
        schemas = standards / "schemas"
        report = world.examine(vector["signed"], fetch=fetch, schemas=schemas)
        assert failures(report) == set(), name
        assert report.ok, name
        assert world.examine(vector["signed"]).verdict == "skipped"


def test_what_is_no_badge_and_names_other_contexts_fails_in_words(world, standards):
    name = "w3c-eddsa-rdfc-2022-alumni.json"
    vector = orjson.loads((standards / "vectors" / name).read_bytes())
    found = failures(world.examine(vector["signed"]))
    assert {("", "Terms"), ("", "Types")} <= found


def test_a_record_of_the_older_data_model_is_taken_with_a_warning(
    standards, tmp_path
):  # fmt: skip
    index = orjson.loads((standards / "contexts" / "index.json").read_bytes())
    contexts = {
        url: orjson.loads((standards / index[url]).read_bytes())
        for url in (V1, INTEGRITY)
    }
    world = World(tmp_path, contexts)
    document = world.record()
    for one in (document, *nested(document)):
        one["@context"] = [V1, *one["@context"][1:], INTEGRITY]
        one["issuanceDate"] = one.pop("validFrom")
    by_did_key(world, document)
    report = world.examine(document, contexts=contexts)
    assert failures(report) == set()
    assert report.verdict == "warning"
    warned = {one.name for one in report.checks if one.verdict == "warning"}
    assert warned == {"Contexts", "Issued"}
    # Without its contexts at hand it is not passed over.
    assert ("", "Terms") in failures(world.examine(document))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"not json",
        b"[]",
        b"null",
        b'"x"',
        b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"id": 1, "id": 2}',
        b'{"name": "\\ud800"}',
        b'{"n": 1e999}',
        b'{"n": NaN}',
        b'{"n": ' + b"9" * 5_000 + b"}",
        b" " * (MAX_DOCUMENT + 1),
        b"\x89PNG\r\n\x1a\n",
        b"<?xml version='1.0'?><svg/>",
        b"eyJhbGciOiJFZERTQSJ9.W10.c2ln",
        b"e30.e30.c2lnbmVk.x",
        b"x.y.z",
    ],
)
def test_what_cannot_be_read_is_one_line(world, content):
    report = world.examine(content)
    assert [(one.name, one.verdict) for one in report.checks] == [("Text", "failed")]
    assert report.checks[0].words.count("\n") == 0


@pytest.mark.parametrize(
    "member", ["@context", "type", "issuer", "validFrom", "credentialSubject", "proof",
               "credentialStatus", "id", "evidence", "credentialSchema",
               "endorsement", "refreshService", "validUntil"],
)  # fmt: skip
def test_no_member_of_any_kind_breaks_it(world, record, member):
    for value in (None, 1, 1.5, True, "x", [], {}, [[]], [None], [{}], {"id": []},
                  {"type": {}}, [1, "a", {"id": 2**70}]):  # fmt: skip
        document = {**nested(record)[0], member: value}
        assert not world.examine(document).ok, (member, value)
        assert not world.examine({**record, member: value}).ok, (member, value)


def test_what_a_stranger_wrote_moves_no_cursor(world, record):
    record["issuer"] = {**factory.SYSTEM, "id": "did:web:x\x1b[2J\nverified"}
    nested(record)[0]["credentialSubject"]["achievement"]["name"] = "A\r\n\x1b[2J" * 99
    for one in world.examine(record).checks:
        assert (one.words + one.where).isprintable()
        assert len(one.where) < 120


def test_a_record_within_a_record_is_looked_through(world, record):
    inner = world.sign(world.unsigned(2))
    nested(record)[:] = [inner]
    world.sign_one(record)
    report = world.examine(record)
    assert report.verdict == "passed"
    proofs = [
        one.where.partition(":")[0] for one in report.checks if one.name == "Proof"
    ]
    assert proofs[2] == f"{at(1, 1)}, its {at(1)}"
    assert len(proofs) == 2 + 4
    nested(inner)[2]["name"] = "Another"
    found = failures(world.examine(record))
    assert found == {("", "Proof"), (at(1, 1), "Proof"), (proofs[4], "Proof")}


def checked(report, name):
    (found,) = (one for one in report.checks if one.name == name and not one.where)
    return found


def test_other_versions_of_a_context_and_the_other_name_of_a_badge(world, record):
    badge = nested(record)[0]
    badge["type"] = ["VerifiableCredential", "AchievementCredential"]
    assert world.examine(badge).verdict == "passed"
    badge["@context"][1] = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
    # That version does not know the day of award.
    assert ("", "Terms") in failures(world.examine(world.sign_one(badge)))
    del badge["awardedDate"]
    report = world.examine(world.sign_one(badge))
    assert report.verdict == "warning"
    assert "context-3.0.2" in checked(report, "Contexts").words


def test_a_service_with_newer_ones_and_a_signed_text_are_told_of(world, record):
    badge = nested(record)[0]
    badge["@context"].append("https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
    badge["refreshService"] = {
        "id": "https://college.example.edu/newer",
        "type": "1EdTechCredentialRefresh",
    }
    badge["endorsementJwt"] = ["eyJhbGciOiJFZERTQSJ9.e30.c2ln"]
    report = world.examine(world.sign_one(badge))
    assert failures(report) == set()
    assert checked(report, "Refresh").verdict == "skipped"
    assert checked(report, "Endorsements").verdict == "skipped"
    assert report.ok


def test_another_suite_and_a_key_of_another_kind_are_refused(world, record):
    badge = nested(record)[0]
    badge["proof"][0]["cryptosuite"] = "ecdsa-sd-2023"
    assert failures(world.examine(badge)) == {("", "Proof")}
    p256 = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
    badge["issuer"] = {**factory.SYSTEM, "id": p256}
    assert ("", "Proof") in failures(world.examine(badge))


def test_a_record_whose_credentials_share_a_subject_is_taken_with_a_warning(
    world, record
):
    """1EdTech's own vector does; every credential has a proof of its own."""
    document = by_did_key(world, record)
    whose = document["credentialSubject"]["id"]
    for one in nested(document):
        one["credentialSubject"]["id"] = whose
    report = world.examine(world.sign(document))
    assert report.verdict == "warning"
    assert checked(report, "Places").verdict == "warning"
