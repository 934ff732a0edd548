"""Signatures as checked by openbadgeslib, which shares no code with this project."""

import copy
from collections.abc import Iterator

import orjson
import pytest
import record_factory as factory
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof
from openbadgeslib.ob3.verifier import OB3VerificationError

from pipelines.publishing.keys import create_key
from pipelines.publishing.proof_check import Keys


@pytest.fixture(scope="module")
def did_resolver(issuer_key):
    """Serves the issuer's did.json where did:web says, and nothing else."""

    def download(url: str) -> bytes:
        assert url == "https://records.example.edu/.well-known/did.json"
        return orjson.dumps(issuer_key.document())

    return download


@pytest.fixture(scope="module")
def check_record(issuer_key):
    pem = issuer_key.private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )

    def check(document: dict) -> None:
        verify_data_integrity_proof(
            document, pem, extra_contexts=bundled_clr_contexts()
        )

    return check


def test_every_nested_credential_verifies_on_its_own(signed, did_resolver):
    verifier = OB3LdpVerifier()
    names = [
        verifier.verify(credential, download=did_resolver).achievement.name
        for credential in signed["credentialSubject"]["verifiableCredential"]
    ]
    assert len(names) == 27
    assert "Associate in Science" in names


def test_the_record_verifies(signed, check_record):
    check_record(signed)


def test_a_record_with_repeated_courses_and_lists_verifies(sign, check_record):
    document = factory.record(3, courses=2)
    for number, make in enumerate([factory.badge, lambda who: factory.course(1, who)]):
        again = make(3)
        again["id"] = factory.urn("again", number)
        again["credentialSubject"]["id"] = factory.urn("again subject", number)
        document["credentialSubject"]["verifiableCredential"].append(again)
    check_record(sign(document))


def test_grades_exchanged_between_courses_are_refused(signed, check_record):
    forged = copy.deepcopy(signed)
    first, second = forged["credentialSubject"]["verifiableCredential"][:2]
    one, two = first["credentialSubject"], second["credentialSubject"]
    assert one["creditsEarned"] != two["creditsEarned"]
    one["creditsEarned"], two["creditsEarned"] = (
        two["creditsEarned"],
        one["creditsEarned"],
    )
    with pytest.raises(OB3VerificationError):
        check_record(forged)


def test_a_proof_of_another_key_is_refused(signed, tmp_path):
    stranger = create_key(tmp_path, factory.DID).document()
    verifier = OB3LdpVerifier()
    credential = signed["credentialSubject"]["verifiableCredential"][0]
    with pytest.raises(OB3VerificationError):
        verifier.verify(credential, download=lambda _: orjson.dumps(stranger))
    assert "publishes" in Keys(stranger).failure(signed)


def leaves(value: object, path: tuple = ()) -> Iterator[tuple]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def altered(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    text = str(value)
    if text.startswith("urn:uuid:"):
        return text[:-1] + ("0" if text[-1] != "0" else "1")
    return text + "x"


def with_change(document: dict, path: tuple) -> dict:
    forged = copy.deepcopy(document)
    place = forged
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = altered(place[path[-1]])
    return forged


@pytest.mark.parametrize("number", [0, 21, 22, 23, 24, 25, 26])
def test_tampering_with_any_leaf_of_a_credential_is_refused(
    signed, number, did_resolver, issuer_key
):
    credential = signed["credentialSubject"]["verifiableCredential"][number]
    ours, theirs = Keys(issuer_key.document()), OB3LdpVerifier()
    assert ours.failure(credential) is None
    paths = list(leaves(credential))
    assert len(paths) > 25
    for path in paths:
        forged = with_change(credential, path)
        assert ours.failure(forged) is not None, path
        with pytest.raises(OB3VerificationError):
            theirs.verify(forged, download=did_resolver)


def test_tampering_with_any_leaf_of_a_record_is_refused(sign, issuer_key, check_record):
    document = factory.record(5, courses=1)
    document["credentialSubject"]["verifiableCredential"][1:] = []
    record = sign(document)
    ours = Keys(issuer_key.document())
    paths = list(leaves(record))
    assert len(paths) > 70
    for path in paths:
        forged = with_change(record, path)
        assert ours.failure(forged) is not None, path
        with pytest.raises(OB3VerificationError):
            check_record(forged)


@pytest.mark.parametrize("dropped", ["validFrom", "name", "credentialSubject", "proof"])
def test_a_credential_without_one_of_its_parts_is_refused(signed, dropped, issuer_key):
    credential = dict(signed["credentialSubject"]["verifiableCredential"][0])
    del credential[dropped]
    assert Keys(issuer_key.document()).failure(credential) is not None
