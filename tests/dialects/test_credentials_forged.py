"""What a holder or an outsider changes about a badge is never read."""

from collections.abc import Callable
from typing import Any

import pytest
from badge_samples import (
    EMAIL,
    KEY,
    LISTED,
    Key,
    badge_2,
    badge_3,
    changed,
    clr_2,
    identity,
    lines,
    listed,
    signed,
    signed_elsewhere,
)
from test_credentials import names, read, reasons

Sign = Callable[..., dict[str, Any]]
OTHER = Key("other", "did:web:other.example")

# The contexts records are published under, and others that badges come with.
SIGNERS: dict[str, Sign] = {
    "3.0.3": signed,
    "3.0.2": signed_elsewhere,
    "unversioned": lambda document, key=KEY: signed_elsewhere(
        document, key, "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
    ),
}

LEAVES = {
    "name": ("credentialSubject/achievement/name", "Surgery"),
    "recipient": ("credentialSubject/identifier/0/identityHash", "eve@example.org"),
    "subject": ("credentialSubject/id", "urn:uuid:00000000-0000-4000-9000-9"),
    "date": ("validFrom", "2020-01-01T00:00:00Z"),
    "expiry": ("validUntil", "2099-01-01T00:00:00Z"),
    "issuer name": ("issuer/name", "Harvard"),
    "id": ("id", "urn:uuid:00000000-0000-4000-8000-000000000099"),
    "class": ("credentialSubject/achievement/id", "https://other.example/1"),
    "proof date": ("proof/0/created", "2026-03-02T00:00:00Z"),
}

ADDED = {
    "day of the award": ("awardedDate", "2020-01-01T00:00:00Z"),
    "older word for a start": ("issuanceDate", "2020-01-01T00:00:00Z"),
    "older word for an end": ("expirationDate", "2099-01-01T00:00:00Z"),
    "a word of nobody's": ("grade", "A"),
    "nothing at all": ("awardedDate", None),
    "an IRI": ("https://www.w3.org/2018/credentials#validUntil", "2099-01-01"),
    "a keyword": ("@included", [{"id": "urn:x:1", "name": "Surgery"}]),
    "evidence": ("evidence", [{"id": "https://x.example/1", "type": ["Evidence"]}]),
    "a status": ("credentialStatus", {"id": "https://x.example/1#1"}),
    "issuer's word": ("issuer/grade", "A"),
    "issuer's address": ("issuer/email", "eve@example.org"),
    "subject's word": ("credentialSubject/studentId", "A999"),
    "subject's recipient": (
        "credentialSubject/identifier/1",
        identity("sisSourcedId", "A999"),
    ),
    "identity's word": ("credentialSubject/identifier/0/grade", "A"),
    "identity's salt": ("credentialSubject/identifier/0/salt", "x"),
    "achievement's word": ("credentialSubject/achievement/grade", "A"),
    "achievement's skill": (
        "credentialSubject/achievement/alignment",
        [{"type": ["Alignment"], "targetName": "Surgery", "targetUrl": "https://x.io"}],
    ),
    "achievement's tag": ("credentialSubject/achievement/tag/2", "Surgery"),
    "criteria's word": ("credentialSubject/achievement/criteria/grade", "A"),
    "proof's word": ("proof/0/grade", "A"),
    "proof's end": ("proof/0/expires", "2099-01-01T00:00:00Z"),
    "proof's contexts": ("proof/0/@context", "https://www.w3.org/ns/credentials/v2"),
}


def added(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one member, or one item of a list, more than was signed."""
    parent, _, last = path.rpartition("/")
    if path.startswith("https:") or not last.isdigit():
        above, at = ("", path) if path.startswith("https:") else (parent, last)
        return inside(document, above, {at: value})
    node: Any = document
    for step in parent.split("/"):
        node = node[int(step) if step.isdigit() else step]
    assert len(node) == int(last)
    return changed(document, parent, [*node, value])


def inside(document: dict[str, Any], path: str, more: dict[str, Any]) -> dict[str, Any]:
    if not path:
        return {**document, **more}
    node: Any = document
    for step in path.split("/"):
        node = node[int(step) if step.isdigit() else step]
    assert not set(more) & set(node)
    return changed(document, path, {**node, **more})


@pytest.fixture(params=SIGNERS)
def sign(request: pytest.FixtureRequest) -> Sign:
    """A signer over one of the contexts that badges name."""
    return SIGNERS[request.param]


def with_proof_list(badge: dict[str, Any]) -> dict[str, Any]:
    proof = badge["proof"]
    return {**badge, "proof": proof if isinstance(proof, list) else [proof]}


def test_a_badge_of_every_context_is_read(sign: Sign) -> None:
    found = read(lines(sign(badge_3())))
    assert reasons(found) == []
    assert names(found) == ["Spreadsheets 1"]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_tampered_leaf_is_not_accepted(leaf: str, sign: Sign) -> None:
    path, value = LEAVES[leaf]
    found = read(lines(changed(with_proof_list(sign(badge_3())), path, value)))
    assert names(found) == []
    assert found.bad["edit_id"].to_list() == ["D05"]
    assert "signature does not match" in reasons(found)[0]


@pytest.mark.parametrize("leaf", ADDED)
def test_an_added_leaf_is_not_accepted(leaf: str, sign: Sign) -> None:
    path, value = ADDED[leaf]
    found = read(lines(added(with_proof_list(sign(badge_3())), path, value)))
    assert names(found) == []
    assert found.bad["edit_id"].to_list() == ["D05"]


def test_a_recipient_without_a_type_takes_no_identity_later(sign: Sign) -> None:
    bare = badge_3()
    del bare["credentialSubject"]["type"], bare["credentialSubject"]["identifier"]
    del bare["credentialSubject"]["achievement"]
    forged = sign({**bare, "name": "Spreadsheets"})
    forged["credentialSubject"]["identifier"] = [identity("emailAddress", "eve@x.org")]
    assert names(read(lines(forged))) == []


@pytest.mark.parametrize("wrap", [lambda one: [[one]], lambda one: [one, []]])
def test_a_list_in_a_list_hides_nothing(wrap: Any, sign: Sign) -> None:
    badge = sign(badge_3())
    entry = badge["credentialSubject"]["identifier"][0]
    found = read(lines(changed(badge, "credentialSubject/identifier", wrap(entry))))
    assert names(found) == []


def test_the_end_of_a_badge_cannot_be_moved_to_where_nobody_reads(sign: Sign) -> None:
    badge = badge_3()
    badge["evidence"] = [{"id": badge["id"], "type": ["Evidence"]}]
    made = sign(badge)
    assert names(read(lines(made))) == ["Spreadsheets 1"]
    made["evidence"][0]["validUntil"] = made.pop("validUntil")
    found = read(lines(made))
    assert names(found) == []
    assert "described in two places" in reasons(found)[0]


def test_a_badge_of_another_listed_issuers_key_is_not_accepted(sign: Sign) -> None:
    found = read(
        lines(
            sign(badge_3(), OTHER),
            OTHER.jws(badge_2()),
            OTHER.jws({**badge_3(), "iss": LISTED}),
            clr_2(signed(badge_3(2), OTHER)),
            clr_2(signed(badge_3(3)), key=OTHER),
        ),
        issuers=[listed(), listed(OTHER)],
    )
    # The last is a record of the other issuer, and the badge in it is its issuer's.
    assert names(found) == ["Spreadsheets 3"]
    assert reasons(found) == [
        "not signed by a key that the issuer is listed with",
        "the signature does not match the content, or is of another key",
        "the signature does not match the content, or is of another key",
        "not signed by a key that the issuer is listed with",
    ]


def test_a_proof_that_repeats_the_contexts_of_its_document_counts() -> None:
    badge = signed(badge_3())
    repeated = inside(badge, "proof/0", {"@context": badge["@context"]})
    assert names(read(lines(repeated))) == ["Spreadsheets 1"]


def test_a_tampered_jws_is_not_accepted() -> None:
    header, _, signature = KEY.jws(badge_2()).split(".")
    payload = KEY.jws(badge_2(issuedOn="2020-01-01T00:00:00Z")).split(".")[1]
    found = read(lines(f"{header}.{payload}.{signature}"))
    assert "signature does not match" in reasons(found)[0]


def test_a_record_without_proofs_within_binds_what_it_alone_describes() -> None:
    first, second = badge_3(1), badge_3(2)
    # Signed by the issuer itself, and still no holder could be told from it.
    first["evidence"] = [
        {
            "id": second["credentialSubject"]["id"],
            "type": ["Evidence"],
            "name": "Of another's subject",
        }
    ]
    found = read(lines(clr_2(first, second)))
    assert names(found) == []
    assert set(reasons(found)) == {"a badge of the record has no proof of its own"}


def test_a_forged_badge_names_nobody_in_its_reason() -> None:
    found = read(lines(changed(signed(badge_3()), "issuer/name", EMAIL)))
    assert EMAIL not in " ".join(reasons(found))
