"""From a first key to a stolen one: who can verify what, and what is signed anew."""

import base64
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import record_factory as factory
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pipelines.errors import OperatorError
from pipelines.publishing import keys, reader
from pipelines.publishing.publish import PublishResult, publish
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home
from pipelines.verification import examine

ID = factory.learner_id
STRANGER = "not signed by a key that its issuer publishes"


@pytest.fixture(autouse=True)
def _compare_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.publishing.records.COMPARED", 0)


@pytest.fixture
def night(warehouse: Home, build: Callable[..., None]) -> Callable[..., PublishResult]:
    def run(*documents: dict[str, Any], **told: Any) -> PublishResult:
        build(documents, **told)
        result = publish(warehouse, None)
        assert verify_snapshot(warehouse, records=None).ok
        return result

    return run


@pytest.fixture
def people() -> list[dict[str, Any]]:
    return [factory.record(number, courses=1) for number in range(3)]


def in_force(home: Home) -> str:
    return keys.load_key(home.keys, factory.DID).public


def texts(home: Home) -> dict[int, str]:
    return {number: reader.record(home, ID(number)) for number in range(3)}


def signers(text: str) -> set[str]:
    record = orjson.loads(text)
    signed = [record, *record["credentialSubject"]["verifiableCredential"]]
    return {one["proof"][0]["verificationMethod"].partition("#")[2] for one in signed}


def failures(home: Home, text: str) -> set[str]:
    public = reader.resolve(home).path / "public"
    did_document = orjson.loads((public / "did.json").read_bytes())
    found = examine(text.encode(), did_document, public / "status")
    return {check.words.partition(": ")[0] for check in found.failures}


def dates(text: str) -> list[str]:
    record = orjson.loads(text)
    nested = record["credentialSubject"]["verifiableCredential"]
    return [one["validFrom"] for one in (record, *nested)]


def test_a_rotation_signs_nothing_anew_and_both_keys_verify(warehouse, night, people):
    night(*people)
    before, first = texts(warehouse), in_force(warehouse)
    second = keys.rotate_key(warehouse.keys, factory.DID).public
    result = night(*people)
    assert (result.published, result.signed, result.reused) == (True, 0, 3)
    assert texts(warehouse) == before
    public = reader.resolve(warehouse).path / "public"
    methods = orjson.loads((public / "did.json").read_bytes())["assertionMethod"]
    assert methods == [f"{factory.DID}#{second}", f"{factory.DID}#{first}"]
    assert not night(*people).published


def test_after_a_rotation_what_changes_is_signed_by_the_new_key(
    warehouse, night, people
):
    night(*people)
    before, first = texts(warehouse), in_force(warehouse)
    second = keys.rotate_key(warehouse.keys, factory.DID).public
    grade = people[1]["credentialSubject"]["verifiableCredential"][0]
    grade["credentialSubject"]["result"][0]["value"] = "C"
    night(*people)
    after = texts(warehouse)
    assert [signers(after[number]) for number in range(3)] == [
        {first}, {second}, {first}
    ]  # fmt: skip
    assert not failures(warehouse, before[1])
    assert not failures(warehouse, after[1])


def test_what_a_stolen_key_signed_is_signed_anew_and_old_copies_are_refused(
    warehouse, night, people
):
    night(*people)
    before, stolen = texts(warehouse), in_force(warehouse)
    second = keys.rotate_key(warehouse.keys, factory.DID).public
    keys.withdraw_key(warehouse.keys, factory.DID, stolen)
    result = night(*people)
    assert (result.signed, result.reused) == (3, 0)
    after = texts(warehouse)
    for number in range(3):
        assert signers(after[number]) == {second}
        assert failures(warehouse, before[number]) == {STRANGER}
        assert not failures(warehouse, after[number])
        # A wallet keeps the later of two with one id.
        pairs = zip(dates(after[number]), dates(before[number]), strict=True)
        assert all(new > old for new, old in pairs)
    snapshot = reader.resolve(warehouse).path
    for path in snapshot.rglob("*"):
        if path.is_file():
            assert stolen.encode() not in path.read_bytes(), path.name
    assert not night(*people).published


def test_only_what_the_stolen_key_signed_is_signed_anew(warehouse, night, people):
    night(*people[:2])
    stolen = in_force(warehouse)
    keys.rotate_key(warehouse.keys, factory.DID)
    night(*people)
    kept = texts(warehouse)[2]
    keys.withdraw_key(warehouse.keys, factory.DID, stolen)
    assert night(*people).signed == 2
    assert texts(warehouse)[2] == kept


def test_a_split_gives_nothing_back_that_a_stolen_key_signed(warehouse, night, people):
    a, b, c = people
    night(a, b, c)
    stolen = in_force(warehouse)
    whole = orjson.loads(orjson.dumps(a))
    whole["credentialSubject"]["verifiableCredential"] += b["credentialSubject"][
        "verifiableCredential"
    ]
    night(whole, c, redirects={ID(1): ID(0)})
    keys.rotate_key(warehouse.keys, factory.DID)
    keys.withdraw_key(warehouse.keys, factory.DID, stolen)
    night(whole, c, redirects={ID(1): ID(0)})
    result = night(a, b, c)
    assert (result.restored, result.signed) == (0, 2)
    assert all(stolen not in signers(text) for text in texts(warehouse).values())


def test_keys_are_rotated_again_and_again(warehouse, night, people):
    found = []
    for _ in range(3):
        night(*people)
        found.append(in_force(warehouse))
        keys.rotate_key(warehouse.keys, factory.DID)
    key = keys.load_key(warehouse.keys, factory.DID)
    assert key.retired == tuple(reversed(found))
    keys.withdraw_key(warehouse.keys, factory.DID, found[1])
    key = keys.rotate_key(warehouse.keys, factory.DID)
    assert found[1] not in key.retired
    assert key.withdrawn == (found[1],)


@pytest.mark.parametrize(
    ("which", "says"),
    [
        ("in force", "rotate` first"),
        ("twice", "withdrawn already"),
        ("unknown", "is no earlier key"),
    ],
)
def test_a_key_that_cannot_be_retired_is_named(warehouse, night, people, which, says):
    night(*people)
    first = in_force(warehouse)
    if which == "twice":
        keys.rotate_key(warehouse.keys, factory.DID)
        keys.withdraw_key(warehouse.keys, factory.DID, first)
    asked = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
    with pytest.raises(OperatorError, match=says):
        keys.withdraw_key(
            warehouse.keys, factory.DID, asked if which == "unknown" else first
        )


def test_a_lost_key_stops_publication_and_the_snapshot_stands(warehouse, night, people):
    night(*people)
    before = texts(warehouse)
    keys.key_path(warehouse.keys, factory.DID).unlink()
    people[0]["name"] = "Another name"
    with pytest.raises(OperatorError, match="restore it from backup"):
        night(*people)
    assert texts(warehouse) == before
    assert verify_snapshot(warehouse, records=None).ok


def test_a_key_made_anew_in_place_of_a_lost_one_is_refused(warehouse, night, people):
    night(*people)
    keys.key_path(warehouse.keys, factory.DID).unlink()
    keys.create_key(warehouse.keys, factory.DID)
    with pytest.raises(OperatorError, match="does not list the key that signed"):
        night(*people)


@pytest.mark.parametrize(
    ("dated", "says"),
    [
        ({"validUntil": "2026-02-01T23:59:59Z"}, "it expired on 2026-02-01"),
        ({"validFrom": "2999-01-01T00:00:00Z"}, "it is not valid before 2999-01-01"),
    ],
)
def test_what_is_out_of_time_is_told_by_its_day(warehouse, night, people, dated, says):
    people[0]["credentialSubject"]["verifiableCredential"][0] |= dated
    night(*people)
    assert failures(warehouse, texts(warehouse)[0]) == {says}


def test_the_key_set_says_what_the_did_document_says(
    warehouse, night, people, tmp_path
):
    night(*people)
    keys.rotate_key(warehouse.keys, factory.DID)
    night(*people)
    public = reader.resolve(warehouse).path / "public"
    published = keys.published_keys(orjson.loads((public / "did.json").read_bytes()))
    listed = orjson.loads((public / "jwks.json").read_bytes())["keys"]
    assert [one["kid"] for one in listed] == list(published)
    for one in listed:
        raw = base64.urlsafe_b64decode(one["x"] + "=")
        assert published[one["kid"]] == Ed25519PublicKey.from_public_bytes(raw)
        assert one["iss"] == factory.DID
    key = keys.load_key(warehouse.keys, factory.DID)
    written = keys.write_public(key, tmp_path / "www")
    assert [path.read_bytes() for path in written] == [
        (public / path.name).read_bytes() for path in written
    ]
    with pytest.raises(OperatorError, match="cannot be written"):
        keys.write_public(key, written[0] / "below")
