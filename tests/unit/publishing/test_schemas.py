"""Signed records against 1EdTech's JSON Schemas."""

import copy

import jsonschema_rs
import orjson
import pytest
import record_factory as factory


@pytest.fixture(scope="module")
def schema(standards):
    def load(path: str):
        text = (standards / "schemas" / path).read_bytes()
        return jsonschema_rs.validator_for(orjson.loads(text))

    return load


@pytest.fixture(scope="module")
def clr(schema):
    return schema("clr-v2p0/clr_v2p0_clrcredential_schema.json")


@pytest.fixture(scope="module")
def achievement(schema):
    return schema("ob-v3p0/ob_v3p0_achievementcredential_schema.json")


def test_the_record_is_valid(signed, clr):
    clr.validate(signed)


def test_every_nested_credential_is_valid(signed, achievement):
    nested = signed["credentialSubject"]["verifiableCredential"]
    for credential in nested:
        achievement.validate(credential)
    assert len(nested) == 27


def test_contexts_out_of_order_are_invalid(signed, clr):
    turned = copy.deepcopy(signed)
    turned["@context"] = [turned["@context"][position] for position in (0, 2, 1)]
    assert not clr.is_valid(turned)


def test_the_unpruned_document_is_invalid(clr):
    assert not clr.is_valid(factory.record(1))
