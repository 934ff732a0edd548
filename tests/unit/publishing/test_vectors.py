"""The published test vectors of W3C and 1EdTech, byte for byte."""

import hashlib

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipelines.publishing import multibase, reference
from pipelines.publishing.canonical import canonical
from pipelines.publishing.nquads import Writer
from pipelines.publishing.signing import Proofs, proof_options
from pipelines.publishing.terms import Terms


@pytest.fixture(scope="module")
def contexts(standards):
    index = orjson.loads((standards / "contexts" / "index.json").read_bytes())
    return {
        url: orjson.loads((standards / path).read_bytes())
        for url, path in index.items()
    }


@pytest.fixture
def vector(standards):
    return lambda name: orjson.loads((standards / "vectors" / name).read_bytes())


@pytest.mark.parametrize("name", ["1edtech-ob-v3p0.json", "1edtech-clr-v2p0.json"])
def test_1edtech_vectors_are_reproduced_to_the_signature(name, vector, contexts):
    published = vector(name)
    proofs = Proofs(Terms(contexts))
    document, config = published["unsigned"], published["proofConfig"]
    quads = proofs.writer.write(document)
    assert canonical(quads) == published["canonicalDocument"]
    options = proof_options(config["verificationMethod"], config["created"])
    assert options == config
    data = proofs.data(quads, tuple(document["@context"]), options)
    assert data.hex() == published["dataToSignHex"]
    seed = bytes.fromhex(published["privateKeyHex"])[:32]
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(data)
    assert signature.hex() == published["signatureHex"]
    assert multibase.encode(signature) in published["proofValues"]


@pytest.mark.parametrize("name", ["1edtech-ob-v3p0.json", "1edtech-clr-v2p0.json"])
def test_the_reference_path_reproduces_the_1edtech_vectors(name, vector, contexts):
    published = vector(name)
    lines = reference.canonical(published["unsigned"], contexts)
    assert lines == published["canonicalDocument"]


def test_the_w3c_vector_is_reproduced_to_the_signature(vector, contexts):
    published = vector("w3c-eddsa-rdfc-2022-alumni.json")
    # Its context sets a default vocabulary, which the fast path refuses.
    lines = reference.canonical(published["unsigned"], contexts)
    assert lines == published["canonicalDocument"]
    writer = Writer(Terms(contexts))
    config = {
        **published["proofConfig"],
        "@context": [published["unsigned"]["@context"][0]],
    }
    options = canonical(writer.write(config))
    assert options == published["canonicalProofConfig"]
    data = b"".join(hashlib.sha256(text.encode()).digest() for text in (options, lines))
    assert data.hex() == published["combinedHashHex"]
    secret = multibase.secret_bytes(published["keyPair"]["privateKeyMultibase"])
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(data)
    assert multibase.encode(signature) == published["signatureMultibase"]


def test_bundled_contexts_are_the_official_ones(contexts):
    from pipelines.publishing.contexts import bundled

    assert {url: contexts[url] for url in bundled()} == dict(bundled())
