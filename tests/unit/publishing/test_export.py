"""Records in bulk: one a line, and of each learner an entry in the ledger."""

import hashlib
import shutil

import orjson
import pytest
import record_factory as factory
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.disclosure.ledger import Request, append, entries
from pipelines.errors import OperatorError
from pipelines.forms.export import OFFICE, export
from pipelines.publishing import reader

ASKED = Request("State Board", "Audit of 2026", "Ann Lee")
EVERYBODY = sorted(factory.learner_id(number) for number in range(4))


@pytest.fixture
def lrw(published, monkeypatch):
    monkeypatch.setenv("LRW_HOME", str(published.root))

    def run(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments])

    return run


def test_records_are_exported_one_a_line(published, tmp_path):
    target = tmp_path / "records.jsonl"
    assert export(published, target, ASKED) == 4
    lines = target.read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert [line.decode() for line in lines] == [
        reader.record(published, learner) for learner in EVERYBODY
    ]
    assert export(published, target, ASKED, limit=2) == 2
    assert target.read_bytes().count(b"\n") == 2


def test_every_learner_has_an_entry_of_what_left(published, tmp_path):
    target = tmp_path / "records.jsonl"
    export(published, target, ASKED)
    found = entries(published.disclosures)
    assert [one.content.learner_id for one in found] == EVERYBODY
    for entry, line in zip(found, target.read_bytes().splitlines(True), strict=True):
        signed = orjson.loads(line)
        assert entry.request == ASKED
        assert entry.content.sha256 == hashlib.sha256(line).hexdigest()
        assert entry.content.record_id == signed["id"]
        assert set(entry.content.credentials) == {
            one["id"] for one in signed["credentialSubject"]["verifiableCredential"]
        }
    # A line is what `lrw record --to` hands out: one digest tells either.
    assert len(entries(published.disclosures, EVERYBODY[0])) == 1


def test_an_export_is_one_link_of_the_chain(published, tmp_path):
    for _ in range(3):
        export(published, tmp_path / "records.jsonl", ASKED)
    append(published.disclosures, ASKED, entries(published.disclosures)[0].content)
    assert len(list(published.disclosures.glob("0*.json"))) == 4
    assert len(entries(published.disclosures)) == 13
    (published.disclosures / f"{2:012d}.json").unlink()
    with pytest.raises(OperatorError, match="not as it was written"):
        entries(published.disclosures)


def test_what_cannot_be_logged_is_not_exported(published, tmp_path):
    target = tmp_path / "records.jsonl"
    export(published, target, ASKED)
    target.unlink()
    (published.disclosures / f"{1:012d}.json").write_text("{}")
    with pytest.raises(OperatorError, match="not as it was written"):
        export(published, target, ASKED)
    assert list(tmp_path.glob("*.jsonl*")) + list(tmp_path.glob(".*.tmp")) == []


def test_without_a_party_it_is_for_the_system_office(lrw, published, tmp_path):
    target = tmp_path / "records.jsonl"
    run = lrw("records", "export", "--out", target, "--limit", "3")
    assert run.exit_code == 0, run.output
    assert "3 records" in run.output
    assert {one.request.audience for one in entries(published.disclosures)} == {OFFICE}
    run = lrw(
        *("records", "export", "--out", target, "--to", "State Board"),
        *("--purpose", "Audit of 2026", "--by", "Ann Lee"),
    )
    assert run.exit_code == 0, run.output
    assert entries(published.disclosures)[-1].request == ASKED
    told = lrw("disclosures", EVERYBODY[3]).output
    assert "handed out for State Board by Ann Lee; purpose: Audit of 2026" in told
    assert f"learner {EVERYBODY[3]}" in told


def test_a_place_that_cannot_be_is_one_line(lrw, published, tmp_path):
    run = lrw("records", "export", "--out", tmp_path / "no" / "records.jsonl")
    assert isinstance(run.exception, OperatorError)
    assert "cannot be written" in str(run.exception)
    assert entries(published.disclosures) == []
    shutil.rmtree(published.published)
    with pytest.raises(OperatorError, match="nothing is published"):
        export(published, tmp_path / "records.jsonl", ASKED)
