"""What is revoked, what is not, and that software which is not ours sees the same."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
import record_factory as factory
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

from pipelines.publishing import reader, status_lists
from pipelines.publishing.keys import published_keys
from pipelines.publishing.proof_check import Keys
from pipelines.publishing.publish import PublishResult, publish
from pipelines.publishing.status_check import StatusLists
from pipelines.publishing.verify import verify_snapshot
from pipelines.settings import Home
from pipelines.verification import examine

Document = dict[str, Any]
ID = factory.learner_id
BASE = "https://records.example.edu/"
REVOKED = "its issuer has revoked it"


@pytest.fixture(autouse=True)
def _compare_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.publishing.records.COMPARED", 0)


@pytest.fixture
def night(warehouse: Home, build: Callable[..., None]) -> Callable[..., PublishResult]:
    def run(documents: list[Document], **told: Any) -> PublishResult:
        redirects = told.pop("redirects", {})
        build(documents, redirects={ID(a): ID(b) for a, b in redirects.items()}, **told)
        result = publish(warehouse, None)
        assert verify_snapshot(warehouse, records=None).ok
        return result

    return run


def people(count: int = 3) -> list[Document]:
    return [factory.record(number, courses=2) for number in range(count)]


def nested(document: Document) -> list[Document]:
    return document["credentialSubject"]["verifiableCredential"]


def without(document: Document, at: int) -> Document:
    less = copy.deepcopy(document)
    nested(less).pop(at)
    return less


def joined(survivor: Document, other: Document) -> Document:
    whole = copy.deepcopy(survivor)
    nested(whole).extend(copy.deepcopy(nested(other)))
    return whole


def signed(home: Home, number: int) -> Document:
    return orjson.loads(reader.record(home, ID(number)))


def public(home: Home, url: str) -> bytes:
    """What the issuer's web server answers; ``did:web`` is read from the same place."""
    name = url.removeprefix(BASE)
    name = "did.json" if name == ".well-known/did.json" else name
    return (reader.resolve(home).path / "public" / name).read_bytes()


def failures(home: Home, document: Document) -> list[str]:
    """Reasons of the failed checks, by our verifier and today's published lists."""
    found = reader.resolve(home).path / "public"
    did_document = orjson.loads((found / "did.json").read_bytes())
    report = examine(orjson.dumps(document), did_document, found / "status")
    return [check.words.partition(": ")[0] for check in report.failures]


def accepted_elsewhere(home: Home, credential: Document) -> bool:
    """Whether openbadgeslib finds the proof right and the entry not revoked."""
    try:
        OB3LdpVerifier().verify(
            credential,
            check_status=True,
            download=lambda url: public(home, url),
            # It verifies a list that is a JWT only; ours is checked by its own test.
            verify_status_list=False,
        )
    except OB3VerificationError as error:
        if "is set at index" not in str(error):
            raise
        return False
    return True


def entries(home: Home) -> list[Document]:
    path = reader.resolve(home).path / "steward" / "status"
    with duckdb.connect() as con:
        return con.execute(
            "SELECT * FROM read_parquet(?) ORDER BY list, slot", [f"{path}/*.parquet"]
        ).to_arrow_table().to_pylist()  # fmt: skip


def revoked(home: Home) -> set[str]:
    return {
        entry["credential_id"]
        for entry in entries(home)
        if entry["revoked_at"] is not None
    }


def bare(document: Document) -> str:
    return document["id"].removeprefix("urn:uuid:")


def test_every_credential_and_record_has_an_entry_of_its_own(warehouse, night):
    night(people())
    documents = [signed(warehouse, number) for number in range(3)]
    issued = [one for record in documents for one in (record, *nested(record))]
    given = {one["credentialStatus"]["id"] for one in issued}
    assert len(given) == len(issued) == len(entries(warehouse))
    for one in issued:
        url, _, slot = one["credentialStatus"]["id"].partition("#")
        assert one["credentialStatus"] == {
            "id": f"{url}#{slot}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": slot,
            "statusListCredential": f"{BASE}status/1.json",
        }
    slots = sorted(entry["slot"] for entry in entries(warehouse))
    assert slots != list(range(len(slots)))
    assert all(accepted_elsewhere(warehouse, one) for one in nested(documents[0]))


def test_a_list_is_a_signed_credential_of_131072_bits(warehouse, night):
    night(people())
    listed = orjson.loads(public(warehouse, f"{BASE}status/1.json"))
    assert listed["id"] == f"{BASE}status/1.json"
    assert listed["issuer"] == factory.DID
    (key,) = published_keys(orjson.loads(public(warehouse, f"{BASE}did.json"))).values()
    verify_data_integrity_proof(
        listed, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    bits = status_lists.decode(listed["credentialSubject"]["encodedList"])
    assert bits == bytes(131_072 // 8)


def test_what_a_college_takes_back_is_revoked_and_with_it_the_record_that_said_it(
    warehouse, night
):
    a, b, c = people()
    night([a, b, c])
    old, other = signed(warehouse, 0), signed(warehouse, 1)
    gone, kept = nested(old)[0], nested(old)[1]
    result = night([without(a, 0), b, c])
    assert (result.signed, result.reused) == (1, 2)
    new = signed(warehouse, 0)
    assert revoked(warehouse) == {bare(gone), bare(old)}
    assert not accepted_elsewhere(warehouse, gone)
    assert accepted_elsewhere(warehouse, kept)
    assert failures(warehouse, gone) == [REVOKED]
    assert failures(warehouse, old) == [REVOKED, REVOKED]
    assert failures(warehouse, kept) == failures(warehouse, new) == []
    assert failures(warehouse, other) == []
    # Same record, later version, an entry that can be good.
    assert new["id"] == old["id"]
    assert new["validFrom"] > old["validFrom"]
    assert new["credentialStatus"] != old["credentialStatus"]
    assert nested(new)[0] == kept


def test_what_is_claimed_again_is_good_again_and_what_was_revoked_stays_so(
    warehouse, night
):
    a, *rest = people()
    night([a, *rest])
    old = nested(signed(warehouse, 0))[0]
    night([without(a, 0), *rest])
    night([a, *rest])
    new = nested(signed(warehouse, 0))[0]
    assert new["id"] == old["id"]
    assert new["validFrom"] > old["validFrom"]
    assert (accepted_elsewhere(warehouse, new), accepted_elsewhere(warehouse, old)) == (
        True,
        False,
    )


@pytest.mark.parametrize("status", ["revoked", "unclaimed"])
def test_a_rescinded_award_is_revoked_though_its_row_is_still_there(
    warehouse, build, night, status
):
    a, *rest = people()
    night([a, *rest])
    gone = nested(signed(warehouse, 0))[0]
    build([without(a, 0), *rest], held=[a])
    with duckdb.connect(str(warehouse.build_db)) as con:
        con.execute("UPDATE published.assertion SET status = ? WHERE status = 'held'", [
            status
        ])  # fmt: skip
    publish(warehouse, None)
    assert not accepted_elsewhere(warehouse, gone)


def test_another_grade_supersedes_and_revokes_nothing(warehouse, night):
    a, *rest = people()
    night([a, *rest])
    old, lists = signed(warehouse, 0), public(warehouse, f"{BASE}status/1.json")
    nested(a)[0]["credentialSubject"]["result"][0]["value"] = "C"
    night([a, *rest])
    new = signed(warehouse, 0)
    assert nested(new)[0]["validFrom"] > nested(old)[0]["validFrom"]
    assert nested(new)[0]["credentialStatus"] == nested(old)[0]["credentialStatus"]
    assert new["credentialStatus"] == old["credentialStatus"]
    assert failures(warehouse, old) == failures(warehouse, new) == []
    assert public(warehouse, f"{BASE}status/1.json") == lists


def test_a_held_record_is_withdrawn_and_not_revoked(warehouse, night):
    a, *rest = people()
    night([a, *rest])
    old = signed(warehouse, 0)
    assert night(rest, held=[a]).withdrawn == 1
    assert failures(warehouse, old) == []
    night([a, *rest])
    assert signed(warehouse, 0)["credentialStatus"] == old["credentialStatus"]


def test_an_erased_learner_is_nobody_s_entry_and_the_slot_is_not_given_again(
    warehouse, night
):
    a, *rest = people()
    night([a, *rest])
    old, count = signed(warehouse, 0), len(entries(warehouse))
    night(rest, erased=[ID(0)])
    nameless = [entry for entry in entries(warehouse) if not entry["learner_id"]]
    assert len(nameless) == 1 + len(nested(old))
    assert all(entry["credential_id"] is None for entry in nameless)
    assert failures(warehouse, old) == []
    night([*rest, factory.record(7, courses=2)])
    assert len(entries(warehouse)) == count + 1 + len(nested(factory.record(7, 2)))
    places = [(entry["list"], entry["slot"]) for entry in entries(warehouse)]
    assert len(set(places)) == len(places)


def test_a_merged_record_is_revoked_by_the_split_that_undoes_it(warehouse, night):
    a, b, *rest = people()
    night([a, b, *rest])
    before = signed(warehouse, 0)
    night([joined(a, b), *rest], redirects={1: 0})
    merged = signed(warehouse, 0)
    assert failures(warehouse, merged) == failures(warehouse, before) == []
    assert night([a, b, *rest]).restored == 2
    assert signed(warehouse, 0) == before
    assert failures(warehouse, before) == []
    # What it said of each course is true; that one person did both is not.
    assert failures(warehouse, merged) == [REVOKED]


def test_what_was_revoked_while_merged_is_not_given_back(warehouse, night):
    a, b, *rest = people()
    night([a, b, *rest])
    before = signed(warehouse, 0)
    night([joined(a, b), *rest], redirects={1: 0})
    night([joined(without(a, 0), b), *rest], redirects={1: 0})
    result = night([a, b, *rest])
    assert result.restored == 1
    after = signed(warehouse, 0)
    assert after["credentialStatus"] != before["credentialStatus"]
    assert failures(warehouse, after) == []
    assert failures(warehouse, before) == [REVOKED, REVOKED]


def test_a_full_list_is_followed_by_another(warehouse, night, monkeypatch):
    monkeypatch.setattr("pipelines.publishing.status_entries.SLOTS", 16)
    monkeypatch.setattr("pipelines.publishing.status_lists.SLOTS", 16)
    night(people(2))
    night(people(4))
    found = entries(warehouse)
    places = {(entry["list"], entry["slot"]) for entry in found}
    assert len(places) == len(found)
    assert {entry["list"] for entry in found} == set(range(1, len(found) // 16 + 2))
    folder = reader.resolve(warehouse).path / "public" / "status"
    assert len(list(folder.iterdir())) == len(found) // 16 + 1


def test_a_list_that_no_change_concerned_keeps_its_bytes(warehouse, night):
    night(people(2))
    first = public(warehouse, f"{BASE}status/1.json")
    night(people(3))
    assert public(warehouse, f"{BASE}status/1.json") == first


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"statusListIndex": "-1"}, "not one of this issuer's lists"),
        ({"statusListIndex": "131072"}, "not one of this issuer's lists"),
        ({"statusListIndex": "x"}, "not one of this issuer's lists"),
        ({"statusPurpose": "suspension"}, "not one of this issuer's lists"),
        (
            {"statusListCredential": "https://elsewhere.example/status/1.json"},
            "not one of this issuer's lists",
        ),
        ({"statusListCredential": f"{BASE}status/9.json"}, "is not published"),
    ],
)
def test_an_entry_that_cannot_be_looked_up_is_not_passed_over(
    warehouse, night, change, says
):
    night(people())
    found: Path = reader.resolve(warehouse).path / "public"
    keys = Keys(orjson.loads((found / "did.json").read_bytes()))
    credential = nested(signed(warehouse, 0))[0]
    credential["credentialStatus"] |= change
    assert says in (StatusLists(found / "status", keys).failure(credential) or "")


@pytest.mark.parametrize(
    "text", ["", "x", "u", "uAAAA", status_lists.encode([3])[:-20], "z" + "1" * 40]
)
def test_what_is_no_list_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        status_lists.decode(text)


def test_the_first_slot_is_the_most_significant_bit():
    whole = status_lists.decode(status_lists.encode([0, 9, 131_071]))
    assert (whole[0], whole[1], whole[-1]) == (0x80, 0x40, 0x01)
    assert [slot for slot in range(16) if status_lists.is_set(whole, slot)] == [0, 9]
