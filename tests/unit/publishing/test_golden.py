"""A record signed once and kept: the same document gives the same bytes for ever."""

from pathlib import Path

import orjson
import pytest
import record_factory as factory

from pipelines.publishing import reference
from pipelines.publishing.canonical import canonical
from pipelines.publishing.nquads import Writer
from pipelines.publishing.pruning import prune
from pipelines.publishing.terms import Terms
from pipelines.verification import examine

GOLDEN = Path(__file__).parents[2] / "golden" / "credentials"


@pytest.fixture(scope="module")
def unsigned() -> dict:
    return orjson.loads((GOLDEN / "unsigned.json").read_bytes())


def test_the_golden_record_is_signed_to_the_same_bytes(unsigned, sign):
    text = orjson.dumps(sign(unsigned), option=orjson.OPT_INDENT_2)
    assert text == (GOLDEN / "signed.json").read_bytes().rstrip(b"\n")


def test_the_golden_record_has_the_same_canonical_form(unsigned):
    lines = (GOLDEN / "canonical.nq").read_bytes().decode()
    document = prune(unsigned)
    assert canonical(Writer(Terms()).write(document)) == lines
    assert reference.canonical(document) == lines


def test_the_golden_record_verifies_with_the_golden_keys():
    did = orjson.loads((GOLDEN / "did.json").read_bytes())
    result = examine((GOLDEN / "signed.json").read_bytes(), did)
    assert result.ok
    proofs = [one for one in result.checks if one.name == "Proof"]
    assert [one.verdict for one in proofs] == ["passed"] * 9


def test_the_factory_still_makes_the_golden_record(unsigned):
    assert orjson.loads(orjson.dumps(factory.record(1, courses=1))) == unsigned
