"""A refused learner's statement: kept, shown, and handed out with its claim."""

import orjson
import pytest
import record_factory as factory
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.corrections import requests as log
from pipelines.corrections.requests import Answer
from pipelines.disclosure.ledger import Request, entries
from pipelines.errors import OperatorError, UsageError
from pipelines.forms import write as writing
from pipelines.forms.export import export
from pipelines.forms.form import Form, Part
from pipelines.publishing import reader

LEARNER = factory.learner_id(1)
ASKED = Request("Acme Works", None, "Ann Lee")
SAYS = "I passed with a B; see the letter of the registrar"


@pytest.fixture
def course(published):
    """Id of a course on the record."""
    held = orjson.loads(reader.record(published, LEARNER))["credentialSubject"]
    return held["verifiableCredential"][0]["id"]


@pytest.fixture
def asked(published, course, monkeypatch):
    """The number of a request about it."""
    told = {
        "credential": {
            "assertion_id": course.removeprefix("urn:uuid:"),
            "learner_id": LEARNER,
            "package_id": "p",
            "kind": "course",
            "credits_earned": 3,
            "credit_unit": "SH",
            "awarded_on": None,
        },
        "line": {
            "institution_code": "CACC",
            "feed": "course_result",
            "file": "x.csv",
            "line": 7,
        },
        "achievement": {"human_code": "ENG 101", "name": "English Composition"},
        "results": [],
    }
    monkeypatch.setattr(log, "explain", lambda *_: told)
    return log.ask(published, course, SAYS, "Ann Lee").number


@pytest.fixture
def stated(published, asked):
    log.answer(published, asked, Answer.REFUSED, "The roll says C", "Registrar")
    return log.state(published, asked, SAYS, "Ann Lee")


def test_a_statement_is_put_beside_what_was_refused_alone(published, asked):
    with pytest.raises(OperatorError, match="is open"):
        log.state(published, asked, SAYS, "Ann Lee")
    log.answer(published, asked, Answer.ACCEPTED, "It was a B", "Registrar")
    with pytest.raises(OperatorError, match="is accepted"):
        log.state(published, asked, SAYS, "Ann Lee")
    with pytest.raises(OperatorError, match="has the number 99"):
        log.state(published, 99, SAYS, "Ann Lee")
    with pytest.raises(UsageError, match="--says"):
        log.state(published, asked, " ", "Ann Lee")


def test_the_newest_statement_counts_and_the_log_keeps_all(published, stated):
    log.state(published, stated.number, "It was a B", "Ann Lee")
    (found,) = log.requests(published)
    assert (found.statement, found.answer) == ("It was a B", Answer.REFUSED)
    kept = b"".join(p.read_bytes() for p in published.corrections.glob("0*.json"))
    assert SAYS.encode() in kept


@pytest.mark.parametrize("form", [Form.CLR, Form.PRESENTATION, Form.BADGES])
def test_a_form_that_cannot_show_it_goes_with_a_text(published, stated, tmp_path, form):
    to = tmp_path / "out"
    writing.write(published, LEARNER, form, to, request=ASKED)
    beside = to / "statements.txt" if to.is_dir() else tmp_path / "out.statements.txt"
    told = beside.read_text()
    assert SAYS in told
    assert stated.credential_id in told
    # The signed record is as it was published: nobody signed the learner's words.
    assert SAYS not in reader.record(published, LEARNER)
    assert len(entries(published.disclosures)) == 1


def test_without_a_place_for_it_nothing_leaves(published, stated):
    with pytest.raises(OperatorError, match="statement goes with this record"):
        writing.write(published, LEARNER, Form.CLR, request=ASKED)
    assert entries(published.disclosures) == []


def test_what_is_not_contested_goes_without(published, stated, tmp_path):
    writing.write(
        published, LEARNER, Form.CLR, tmp_path / "p", None, ASKED, [Part.SKILLS]
    )
    other = factory.learner_id(2)
    writing.write(published, other, Form.CLR, tmp_path / "q", request=ASKED)
    assert sorted(path.name for path in tmp_path.glob("[pq]*")) == ["p", "q"]


def test_a_bulk_export_has_the_statements_of_what_is_in_it(published, stated, tmp_path):
    target = tmp_path / "all.jsonl"
    export(published, target, ASKED)
    beside = tmp_path / "all.jsonl.statements.jsonl"
    told = orjson.loads(beside.read_bytes())
    assert (told["credential_id"], told["statement"]) == (stated.credential_id, SAYS)
    first = min(factory.learner_id(number) for number in range(4))
    assert first != LEARNER
    export(published, target, ASKED, limit=1)
    assert not beside.exists()


def test_a_log_that_was_changed_hands_out_nothing(published, stated, tmp_path):
    path = published.corrections / f"{3:012d}.json"
    path.write_bytes(path.read_bytes().replace(b"passed", b"failed"))
    with pytest.raises(OperatorError, match="not as it was written"):
        writing.write(published, LEARNER, Form.CLR, tmp_path / "p", request=ASKED)
    assert not (tmp_path / "p").exists()


def test_the_commands_say_it(published, asked, monkeypatch):
    monkeypatch.setenv("LRW_HOME", str(published.root))

    def lrw(*arguments):
        run = CliRunner().invoke(app, [str(one) for one in arguments])
        assert run.exit_code == 0, run.output
        return run.output

    lrw("corrections", "answer", asked, "refused", "--reason", "The roll says C")
    assert "stands beside" in lrw("corrections", "state", asked, "--says", SAYS)
    listed = lrw("corrections", "list", "--learner", LEARNER, "--all")
    assert f"statement: {SAYS}" in listed
    (row,) = orjson.loads(lrw("corrections", "list", "--all", "--format", "json"))
    assert row["statement"] == SAYS
