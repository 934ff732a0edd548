"""Every record of a state, signed from its text and signed node by node."""

import duckdb
import orjson
import pytest

from pipelines.publishing import status_lists
from pipelines.publishing.keys import load_key
from pipelines.publishing.pruning import read_pruned
from pipelines.publishing.record_text import RecordTexts
from pipelines.publishing.signing import KeySigner, Proofs, sign_record
from pipelines.publishing.skeleton import UnusualError
from pipelines.settings import Home

pytestmark = pytest.mark.night

MOMENT = "2026-09-01T06:15:00Z"


@pytest.fixture(scope="module")
def documents(clean_state):
    path = Home(clean_state.root).build_db
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute("SELECT document FROM published.record_document").fetchall()
    return [text for (text,) in rows]


def test_no_record_of_a_state_is_odd_and_both_ways_give_the_same_bytes(
    clean_state, documents
):
    did = orjson.loads(documents[0])["issuer"]["id"]
    signer = KeySigner(load_key(Home(clean_state.root).keys, did))
    proofs = Proofs()
    texts = RecordTexts(proofs, signer)
    odd, other = 0, 0
    for number, text in enumerate(documents):
        document = orjson.loads(text)
        nested = document["credentialSubject"]["verifiableCredential"]
        entries = {
            one["id"].removeprefix("urn:uuid:"): f"1 {number * 100 + slot}"
            for slot, one in enumerate((document, *nested))
        }
        try:
            _, signed = texts.sign(text, entries)
        except UnusualError:
            odd += 1
            continue
        if number % 3 == 0:
            record = read_pruned(text)
            status_lists.enter(record, signer.did, entries, MOMENT)
            by_node = sign_record(record, signer, proofs)
            other += orjson.dumps(by_node).decode() != signed
    # Escapes (a nickname in quotes) are signed node by node; the names of a
    # generated state have none.
    assert (len(documents) > 300, odd, other) == (True, 0, 0)
