"""What a person and a program are told by ``lrw verify``."""

import json

import pytest
import record_factory as factory
from typer.testing import CliRunner
from verification_world import World, by_did_key, nested

from pipelines.cli import app
from pipelines.errors import OperatorError
from pipelines.service.checking import examine as for_the_page
from pipelines.service.verify_page import Report as Page
from pipelines.service.verify_page import Told
from pipelines.verification.parsing import LARGEST


@pytest.fixture
def lrw(tmp_path, monkeypatch):
    """Runs in a warehouse that has published nothing."""
    monkeypatch.setenv("LRW_HOME", str(tmp_path / "home"))

    def run(document, *options):
        path = tmp_path / "document.json"
        if isinstance(document, bytes):
            path.write_bytes(document)
        else:
            path.write_text(json.dumps(document))
        return CliRunner().invoke(app, ["verify", str(path), *options])

    return run


def large(world):
    """A record of 60 courses."""
    document = world.unsigned()
    nested(document)[:] = [factory.course(number, 1) for number in range(1, 61)]
    for one in nested(document):
        for empty in ("validUntil", "evidence"):
            del one[empty]
        del one["credentialSubject"]["achievement"]["specialization"]
    return by_did_key(world, document)


def test_a_record_of_sixty_courses_is_told_on_one_screen(world, lrw):
    document = large(world)
    result = lrw(document)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert len(lines) < 24
    assert any("60 nested credentials" in line for line in lines)
    assert lines[-1].startswith("verified")
    everything = lrw(document, "--all").output.splitlines()
    assert len(everything) > 60 * 14
    nested(document)[41]["credentialSubject"]["term"] = "Fall 2031"
    result = lrw(document)
    assert result.exit_code == 1
    failed = [line for line in result.output.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 2
    assert "credential 42 of 60: English Composition 42  Proof" in failed[1]
    assert "does not verify" in result.output
    assert any("59 nested credentials" in line for line in result.output.splitlines())


def test_programs_get_every_check_under_stable_keys(world, record, lrw):
    result = lrw(by_did_key(world, record), "--format", "json")
    told = json.loads(result.stdout)
    assert told["verdict"] == "passed"
    assert {tuple(one) for one in told["checks"]} == {
        ("name", "verdict", "words", "where")
    }
    assert [one["name"] for one in told["checks"] if not one["where"]] == [
        "Text", "Terms", "Contexts", "Types", "Schema", "Further schemas", "Subject",
        "Evidence", "Issuer", "Proof", "Places", "Refresh", "Status", "Expiry",
        "Issued", "Endorsements",
    ]  # fmt: skip
    assert len(told["checks"]) == 16 + 4 * 15


def test_what_is_not_decided_is_no_success(record, lrw):
    result = lrw(record)
    assert result.exit_code == 1
    assert "not decided" in result.output
    assert "--online" in result.output
    assert "\nverified" not in result.output


@pytest.mark.parametrize("content", [b"no JSON [/red]", b"{}", b"\0" * (LARGEST + 9)])
def test_what_is_no_credential_is_refused_without_a_traceback(lrw, content):
    result = lrw(content)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "does not verify" in result.output


def test_a_folder_of_schemas_that_is_not_there(world, record, lrw, tmp_path):
    result = lrw(by_did_key(world, record), "--schemas", str(tmp_path / "nowhere"))
    assert isinstance(result.exception, OperatorError)


def test_contexts_are_handed_in_by_an_index(world, record, lrw, tmp_path):
    url, folder = "https://elsewhere.example/context", tmp_path / "contexts"
    terms = {"@context": {"motto": "https://elsewhere.example/motto"}}
    document = by_did_key(world, record)
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(terms))
    (folder / "index.json").write_text(json.dumps({url: "a.json"}))
    told = World(tmp_path / "other", {url: terms})
    document["@context"].append(url)
    document["motto"] = "Onward"
    told.sign_one(document)
    assert lrw(document).exit_code == 1
    assert lrw(document, "--contexts", str(folder)).exit_code == 0
    document["motto"] = "Backward"
    assert lrw(document, "--contexts", str(folder)).exit_code == 1
    # What is shipped cannot be given another meaning.
    (folder / "index.json").write_text(json.dumps({factory.CONTEXTS[0]: "a.json"}))
    plain = by_did_key(world, world.record())
    assert lrw(plain, "--contexts", str(folder)).exit_code == 0
    refused = lrw(plain, "--contexts", str(tmp_path))
    assert isinstance(refused.exception, OperatorError)


def test_nothing_told_quotes_the_learner(world, record):
    record["credentialSubject"]["identifier"][0]["identityHash"] = "Jane Q. Public"
    nested(record)[0]["credentialSubject"]["result"][0]["value"] = "Z-"
    told = json.dumps(world.examine(record).as_json())
    assert "Jane" not in told
    assert "Z-" not in told
    assert factory.learner_id(1) not in told


def page(world, document):
    checks = for_the_page(
        json.dumps(document).encode(), world.did_document, world.lists
    )
    return Page(tuple(Told(*one) for one in checks))


def test_the_page_says_each_credential_once(world, record):
    good = page(world, record)
    assert good.title == "It verifies"
    courses = [one for one in good.groups if one.name.startswith("Credential ")]
    assert [one.where for one in courses][:2] == [
        "English Composition 1",
        "English Composition 2",
    ]
    assert len(courses) == 4


def test_the_page_passes_nothing_that_it_could_not_check(world, record):
    for one in (record, *nested(record)):
        one["issuer"] = {**factory.SYSTEM, "id": "did:web:elsewhere.example"}
    asked = page(world, record)
    assert asked.title == "It cannot be told here whether it verifies"
    assert not any(
        one.verdict == "passed" and one.name.startswith("Credential ")
        for one in asked.groups
    )
