"""A learner's request reaches the college whose line it is about, and nobody else."""

import csv
import json
import signal
import subprocess
import sys

import pytest
from delivered_line import delivered

from pipelines.corrections.requests import ask, requests
from pipelines.errors import OperatorError
from pipelines.settings import Home

pytestmark = pytest.mark.night

WORDS = "=I passed with a B; see the letter of the registrar"


@pytest.fixture
def claim(clean_state):
    (row,) = clean_state.query(
        "select assertion_id, learner_id, institution_code, line, file_name, "
        "package_id from assertion where kind = 'course' and status = 'active' "
        "order by assertion_id limit 1"
    )
    return row


def listed(state, college):
    path = state.root / "outbox" / college / "corrections.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_college_reads_the_line_that_it_sent_and_answers(clean_state, claim):
    college = claim["institution_code"]
    said = clean_state.lrw("corrections", "ask", claim["assertion_id"], "--says", WORDS)
    assert f"to {college}: course" in said
    (row,) = listed(clean_state, college)
    assert (row["says"], row["file"], int(row["line"]), row["package_id"]) == (
        f"'{WORDS}",
        claim["file_name"],
        claim["line"],
        claim["package_id"],
    )
    # Other tests of this state send it again, on another day.
    package, *_ = [
        manifest.parent
        for manifest in (clean_state.root / "inbox" / college).glob("*/manifest.json")
        if row["package_id"] == json.loads(manifest.read_text())["package_id"]
    ]
    sent = delivered(package, row["file"], int(row["line"]))
    assert f", {sent['grade_local']}, " in row["claim"]
    number = row["number"]
    (asked,) = requests(Home(clean_state.root), college, answered=False)
    assert (asked.says, asked.learner_id) == (WORDS, claim["learner_id"])
    others = list((clean_state.root / "outbox").glob("*/corrections.csv"))
    assert [path.parent.name for path in others] == [college]
    said = clean_state.lrw(
        "corrections", "answer", number, "refused", "--reason", "The roll says C"
    )
    assert "refused" in said
    assert listed(clean_state, college) == []
    again = ("corrections", "answer", number, "accepted", "--reason", "x")
    assert clean_state.lrw(*again, code=1).count("\n") == 1
    clean_state.lrw("corrections", "state", number, "--says", "I have the letter")
    page = clean_state.lrw("record", claim["learner_id"], "--form", "html")
    _, beside = page.split("Statement of the learner")
    assert "I have the letter" in beside
    kept = clean_state.lrw(
        *("corrections", "list", "--all", "--learner", claim["learner_id"]),
        *("--format", "json"),
    )
    (row,) = json.loads(kept)
    assert (row["answer"], row["reason"]) == ("refused", "The roll says C")


def test_the_words_are_in_the_vault_and_the_college_s_list_alone(clean_state, claim):
    words = "Kz9 these words are nowhere else"
    clean_state.lrw("corrections", "ask", claim["assertion_id"], "--says", words)
    found = {
        path.relative_to(clean_state.root).parts[0]
        for path in clean_state.root.rglob("*")
        if path.is_file() and words.encode() in path.read_bytes()
    }
    assert found == {"vault", "outbox"}
    folder = clean_state.root / "vault" / "correction"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ask", "nothing", "--says", "x"), 1),
        (("ask", "00000000-0000-0000-0000-000000000000", "--says", "x"), 1),
        (("answer", "99", "accepted", "--reason", "x"), 1),
        (("list", "--college", "NOBODY"), 1),
        (("answer", "1", "accepted", "--reason", "a\tb"), 2),
    ],
)
def test_what_cannot_be_done_is_one_line(clean_state, arguments, code):
    assert clean_state.lrw("corrections", *arguments, code=code).count("\n") == 1


def test_a_request_that_is_changed_afterwards_is_found(clean_state, claim):
    home = Home(clean_state.root)
    made = ask(home, claim["assertion_id"], "Not mine", "Ann Lee")
    path = home.corrections / f"{made.number:012d}.json"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"Not mine", b"Not  ours"))
    with pytest.raises(OperatorError, match="log of corrections is not as it was"):
        requests(home)
    path.write_bytes(before)
    assert requests(home)[-1] == made


def test_a_killed_run_leaves_a_log_that_goes_on(clean_state, claim):
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pipelines.entry_log import EntryLog\n"
        "at = lambda s: s == 'announced' and os.kill(os.getpid(), signal.SIGKILL)\n"
        "EntryLog(Path(sys.argv[1]), 'it').append({'asked': {}}, at)\n"
    )
    home = Home(clean_state.root)
    before = len(requests(home))
    ended = subprocess.run(
        [sys.executable, "-c", script, home.corrections], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(requests(home)) == before
    ask(home, claim["assertion_id"], "Again", "Ann Lee")
    assert len(requests(home)) == before + 1
