"""The ledger of disclosures: nothing leaves unlogged, and no entry changes unseen."""

import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from itertools import combinations

import orjson
import pytest
import record_factory as factory
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import verify_data_integrity_proof
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.disclosure.ledger import Content, Request, append, entries
from pipelines.errors import OperatorError, UsageError
from pipelines.forms import write as writing
from pipelines.forms.form import Form, Part
from pipelines.forms.partial import KINDS
from pipelines.forms.record import _KIND_OF_TYPE, Claim
from pipelines.publishing import reader
from pipelines.publishing.keys import load_key
from pipelines.publishing.publish import publish
from pipelines.verification.files import examine_file

ASKED = Request("Acme Works", "Application", "Ann Lee")
STEPS = {"entry written": 0, "announced": 0, "in place": 1, "head written": 1}


def content(learner: str = "a") -> Content:
    return Content(learner, "clr", "urn:uuid:r", "0" * 64, {"urn:uuid:c": "1" * 64})


@pytest.fixture
def learner(published):
    with reader.connect(published) as con:
        return con.execute("SELECT min(learner_id) FROM learner").fetchall()[0][0]


@pytest.fixture
def ledger(tmp_path):
    folder = tmp_path / "disclosure"
    for name in "abcd":
        append(folder, ASKED, content(name))
    return folder


@pytest.mark.parametrize("form", [Form.CLR, Form.BADGES, Form.PRESENTATION])
def test_a_record_for_somebody_is_logged_with_what_it_holds(
    published, learner, tmp_path, form
):
    writing.write(published, learner, form, tmp_path / "out", request=ASKED)
    signed = orjson.loads(reader.record(published, learner))
    (entry,) = entries(published.disclosures, learner)
    assert entry.request == ASKED
    assert entry.content.record_id == signed["id"]
    assert set(entry.content.credentials) == {
        one["id"] for one in signed["credentialSubject"]["verifiableCredential"]
    }
    assert published.disclosures.stat().st_mode & 0o777 == 0o700
    assert {
        path.stat().st_mode & 0o777 for path in published.disclosures.iterdir()
    } == {0o600}


def test_the_ledger_has_nothing_of_a_person_but_the_id(published, learner, tmp_path):
    writing.write(published, learner, Form.CLR, tmp_path / "out", request=ASKED)
    signed = orjson.loads(reader.record(published, learner))
    name = signed["credentialSubject"]["identifier"][0]["identityHash"]
    for path in published.disclosures.glob("*.json"):
        assert name not in path.read_text()


def test_a_record_for_the_learner_alone_is_not_logged(published, learner, tmp_path):
    writing.write(published, learner, Form.CLR, tmp_path / "out")
    assert entries(published.disclosures) == []


def test_what_cannot_be_logged_does_not_leave(published, learner, tmp_path):
    writing.write(published, learner, Form.CLR, tmp_path / "first", request=ASKED)
    (published.disclosures / f"{1:012d}.json").write_text("{}")
    with pytest.raises(OperatorError, match="not as it was written: 000000000001"):
        writing.write(published, learner, Form.CLR, tmp_path / "next", request=ASKED)
    assert not (tmp_path / "next").exists()


def test_a_record_that_failed_to_leave_is_in_the_ledger(published, learner, tmp_path):
    with pytest.raises(OperatorError, match="cannot be written"):
        writing.write(
            published, learner, Form.CLR, tmp_path / "no" / "out", request=ASKED
        )
    assert len(entries(published.disclosures)) == 1


def test_an_earlier_day_brings_back_nothing_that_is_withdrawn(
    warehouse, build, monkeypatch, tmp_path
):
    days = date(2026, 9, 1), date(2026, 9, 2)
    for day, courses in zip(days, (2, 1), strict=True):
        monkeypatch.setattr(
            "pipelines.publishing.inputs.ledger_as_of",
            lambda _, day=day: datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        )
        build([factory.record(number, courses=courses) for number in range(2)])
        publish(warehouse, None)
    learner = factory.learner_id(1)
    writing.write(warehouse, learner, Form.CLR, tmp_path / "own", days[0])
    with pytest.raises(OperatorError, match="published no more"):
        writing.write(warehouse, learner, Form.CLR, tmp_path / "o", days[0], ASKED)
    assert entries(warehouse.disclosures) == []
    writing.write(warehouse, learner, Form.CLR, tmp_path / "p", days[1], ASKED)
    assert len(entries(warehouse.disclosures)) == 1


@pytest.mark.parametrize("parts", [[part] for part in Part] + [list(Part)])
def test_a_part_is_a_signed_record_of_its_claims_alone(published, tmp_path, parts):
    learner = factory.learner_id(1)
    whole = orjson.loads(reader.record(published, learner))
    writing.write(published, learner, Form.CLR, tmp_path / "p", None, ASKED, parts)
    part = orjson.loads((tmp_path / "p").read_bytes())
    assert examine_file(published, tmp_path / "p").ok
    _check_by_others(part, published)
    assert part["partial"] is True
    assert part["id"] != whole["id"]
    assert part["credentialStatus"] == whole["credentialStatus"]
    kept = part["credentialSubject"]["verifiableCredential"]
    wanted = frozenset().union(*(KINDS[one] for one in parts))
    assert kept == [
        one
        for one in whole["credentialSubject"]["verifiableCredential"]
        if Claim(one).kind in wanted
    ]
    ends = {one["credentialSubject"]["achievement"]["id"] for one in kept}
    known = ends | {
        one["id"] for one in part["credentialSubject"].get("achievement", ())
    }
    for one in part["credentialSubject"].get("association", ()):
        assert {one["sourceId"], one["targetId"]} <= known
        assert {one["sourceId"], one["targetId"]} & ends
    (entry,) = entries(published.disclosures)
    assert set(entry.content.credentials) == {one["id"] for one in kept}
    assert (entry.content.record_id, entry.content.learner_id) == (part["id"], learner)


def test_a_claim_that_is_exchanged_in_a_part_is_refused(published, tmp_path):
    learner = factory.learner_id(1)
    writing.write(
        published, learner, Form.CLR, tmp_path / "p", None, ASKED, [Part.TRANSFERS]
    )
    part = orjson.loads((tmp_path / "p").read_bytes())
    one, other = part["credentialSubject"]["verifiableCredential"][:2]
    del part["credentialSubject"]["verifiableCredential"][0]
    (tmp_path / "fewer").write_bytes(orjson.dumps(part))
    assert not examine_file(published, tmp_path / "fewer").ok
    assert one["id"] != other["id"]


def test_every_claim_is_in_one_part_but_averages_which_are_in_none():
    kinds = [kind for part in Part for kind in KINDS[part]]
    assert len(kinds) == len(set(kinds))
    assert set(_KIND_OF_TYPE.values()) | {"experience", "transfer"} == {
        *kinds,
        "standing",
    }


def test_nothing_of_a_part_and_a_lost_key_hand_out_nothing(published, tmp_path):
    learner = factory.learner_id(1)
    (key,) = published.keys.glob("*.json")
    key.rename(tmp_path / "away")
    with pytest.raises(OperatorError):
        writing.write(
            published, learner, Form.CLR, tmp_path / "p", None, ASKED, [Part.SKILLS]
        )
    assert not (tmp_path / "p").exists()
    assert entries(published.disclosures) == []


def test_every_entry_that_is_removed_is_missed(ledger):
    _each(ledger, lambda path: path.unlink())


def test_every_byte_that_is_changed_is_found(ledger):
    size = min(path.stat().st_size for path in ledger.glob("*.json"))
    for place in range(0, size, 37):

        def change(path, place=place):
            data = bytearray(path.read_bytes())
            data[place] ^= 1
            path.write_bytes(data)

        _each(ledger, change)


def test_every_pair_that_is_swapped_is_found(ledger):
    for one, other in combinations(sorted(ledger.glob("0*.json")), 2):
        before = one.read_bytes(), other.read_bytes()
        one.write_bytes(before[1])
        other.write_bytes(before[0])
        with pytest.raises(OperatorError):
            entries(ledger)
        one.write_bytes(before[0])
        other.write_bytes(before[1])
    assert len(entries(ledger)) == 4


def test_an_entry_that_is_put_in_is_found(ledger):
    shutil.copy(ledger / f"{4:012d}.json", ledger / f"{5:012d}.json")
    with pytest.raises(OperatorError):
        entries(ledger)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_run_leaves_a_ledger_that_goes_on(ledger, step):
    script = (
        "import os, sys, signal; from pathlib import Path\n"
        "from pipelines.disclosure.ledger import Content, Request, append\n"
        "at = lambda s: s == sys.argv[2] and os.kill(os.getpid(), signal.SIGKILL)\n"
        "append(Path(sys.argv[1]), Request('A', None, 'B'),"
        " Content('e', 'clr', 'r', '', {}), at)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, ledger, step], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(entries(ledger)) == 4 + STEPS[step]
    assert append(ledger, ASKED, content("f")) == 5 + STEPS[step]
    assert len(entries(ledger)) == 5 + STEPS[step]


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\x1b[0m", "x" * 201])
def test_an_audience_that_no_ledger_should_hold_is_refused(text):
    with pytest.raises(UsageError, match="--to"):
        Request(text, None, "Ann Lee")


def test_the_learner_reads_the_ledger_in_plain_words(published, learner, monkeypatch):
    monkeypatch.setenv("LRW_HOME", str(published.root))
    append(published.disclosures, ASKED, content(learner))
    append(published.disclosures, Request("Other", None, "B"), content("else"))
    run = CliRunner().invoke(app, ["disclosures", learner])
    assert run.exit_code == 0, run.output
    assert "handed out for Acme Works by Ann Lee; purpose: Application" in run.output
    assert "Other" not in run.output


def _each(ledger, damage):
    for path in sorted(ledger.glob("*.json")):
        before = path.read_bytes()
        damage(path)
        with pytest.raises(OperatorError):
            entries(ledger)
        path.write_bytes(before)
    assert len(entries(ledger)) == 4


def _check_by_others(document, home):
    """By openbadgeslib, which shares no code with this project."""
    key = load_key(home.keys, document["issuer"]["id"]).private.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    verify_data_integrity_proof(document, pem, extra_contexts=bundled_clr_contexts())
