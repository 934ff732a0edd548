"""The issuer's key file and the encodings of keys."""

import json
import stat

import pytest
import record_factory as factory
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib.ob3.did import did_key_from_pem, multikey_from_pem, resolve_did

from pipelines.errors import OperatorError
from pipelines.publishing import keys, multibase


def pem(key: keys.IssuerKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def test_a_new_key_is_readable_by_its_owner_alone(tmp_path):
    key = keys.create_key(tmp_path / "keys", factory.DID)
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.path.parent.stat().st_mode) == 0o700
    assert keys.load_key(tmp_path / "keys", factory.DID) == key


def test_a_key_is_never_made_twice(tmp_path):
    keys.create_key(tmp_path, factory.DID)
    with pytest.raises(OperatorError, match="rotate"):
        keys.create_key(tmp_path, factory.DID)


def test_a_secret_is_in_no_text_a_key_prints(tmp_path):
    key = keys.create_key(tmp_path, factory.DID)
    secret = json.loads(key.path.read_text())["secretKeyMultibase"]
    assert secret not in repr(key)
    assert secret not in json.dumps(key.document())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_open_to_others_is_refused(tmp_path, mode):
    key = keys.create_key(tmp_path, factory.DID)
    key.path.chmod(mode)
    with pytest.raises(OperatorError, match="chmod 600"):
        keys.load_key(tmp_path, factory.DID)


def test_a_link_to_a_key_is_refused(tmp_path):
    key = keys.create_key(tmp_path / "a", factory.DID)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / key.path.name).symlink_to(key.path)
    with pytest.raises(OperatorError, match="cannot be read"):
        keys.load_key(tmp_path / "b", factory.DID)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"did": "did:web:other.example"}, "is the key of"),
        ({"secretKeyMultibase": "z3u2"}, "not a signing key"),
        ({"publicKeyMultibase": "z6MkjZRZv3aez3r18"}, "two different keys"),
        ({"retired": None}, "not a signing key"),
    ],
)
def test_a_damaged_key_is_refused_without_showing_it(tmp_path, change, reason):
    key = keys.create_key(tmp_path, factory.DID)
    body = json.loads(key.path.read_text())
    key.path.write_text(json.dumps({**body, **change}))
    with pytest.raises(OperatorError, match=reason) as caught:
        keys.load_key(tmp_path, factory.DID)
    assert body["secretKeyMultibase"] not in str(caught.value)


def test_a_rotated_key_stays_published(tmp_path):
    first = keys.create_key(tmp_path, factory.DID)
    second = keys.rotate_key(tmp_path, factory.DID)
    third = keys.rotate_key(tmp_path, factory.DID)
    assert third.retired == (second.public, first.public)
    document = third.document()
    assert document["assertionMethod"] == [third.method, second.method, first.method]
    assert set(keys.published_keys(document)) == set(document["assertionMethod"])
    assert stat.S_IMODE(third.path.stat().st_mode) == 0o600


def test_a_key_taken_from_assertion_method_no_longer_counts(tmp_path):
    keys.create_key(tmp_path, factory.DID)
    key = keys.rotate_key(tmp_path, factory.DID)
    document = key.document()
    document["assertionMethod"] = [key.method]
    assert set(keys.published_keys(document)) == {key.method}


def test_openbadgeslib_reads_the_same_key(tmp_path):
    key = keys.create_key(tmp_path, factory.DID)
    assert key.public == multikey_from_pem(pem(key))
    assert resolve_did(f"did:key:{key.public}") == pem(key)
    assert did_key_from_pem(pem(key)) == f"did:key:{key.public}"


@given(st.binary(max_size=64))
def test_base58_comes_back(data):
    assert multibase.decode(multibase.encode(data)) == data


@pytest.mark.parametrize("text", ["", "m", "z0", "zO", "zl", "z" + "1" * 200])
def test_what_is_not_base58_is_refused(text):
    with pytest.raises(ValueError, match="base58btc"):
        multibase.decode(text)


def test_base58_has_the_published_form():
    # Source: draft-msporny-base58-03 §5.
    assert multibase.encode(b"Hello World!") == "z2NEpo7TZRRrLZSi2U"
    assert multibase.encode(bytes.fromhex("0000287fb4cd")) == "z11233QC4"
