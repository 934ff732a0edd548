"""What an operator can get wrong with ``lrw serve`` is told in one line."""

import os
import shutil
import socket
import subprocess

import pytest
import record_factory as factory
from wallet import LRW, ROOT

from pipelines.errors import OperatorError, UsageError
from pipelines.publishing import reader
from pipelines.service import serve
from pipelines.service.access import end_access
from pipelines.settings import Home


def refused(home: Home, words: str, **other: object) -> None:
    """Not served, for a reason of one line."""
    asked = {"host": "127.0.0.1", "port": 0, "url": None, **other}
    with pytest.raises(OperatorError, match=words) as error:
        serve.serve(
            home, proxies=[], listening=lambda *_: pytest.fail("served"), **asked
        )
    assert "\n" not in str(error.value)


def copied(home: Home, to: Home) -> Home:
    shutil.copytree(home.published, to.published)
    return to


def test_before_the_first_night_there_is_nothing_to_serve(tmp_path):
    done = subprocess.run(
        [*LRW, "serve"],
        env={**os.environ, "LRW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "lrw: nothing is published yet: run a night first\n"


def test_a_taken_port_is_told(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(home, "--port names another", port=taken.getsockname()[1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "0.0.0.0"}, "--url https://"),
        ({"url": "http://records.example.edu"}, "is not https"),
        ({"url": "records.example.edu"}, "is no address"),
        ({"url": "https://records.example.edu/below"}, "is no address"),
        ({"url": "https://[bad"}, "is no address"),
    ],
)
def test_what_others_can_reach_is_reached_by_https(home, options, words):
    refused(home, words, **options)
    with pytest.raises(UsageError):
        serve.serve(home, **{"host": "127.0.0.1", "port": 0, "url": None, **options},
                    proxies=[], listening=print)  # fmt: skip


def test_a_snapshot_without_keys_is_not_served(home, tmp_path):
    copy = copied(home, Home(tmp_path / "home"))
    document = reader.resolve(copy).path / "public" / "did.json"
    document.chmod(0o644)
    document.write_text('{"id": "did:web:x", "verificationMethod": []}')
    refused(copy, "lists no key")


def test_a_state_that_others_can_open_is_not_used(home, tmp_path):
    copy = copied(home, Home(tmp_path / "home"))
    copy.service.mkdir()
    copy.service.chmod(0o755)
    refused(copy, "chmod 700")
    copy.service.chmod(0o700)
    state = copy.service / "state.db"
    state.write_bytes(b"not a database, but long enough" * 99)
    state.chmod(0o600)
    refused(copy, "is no state of the record service")
    state.unlink()
    state.symlink_to(tmp_path / "elsewhere")
    refused(copy, "is open to others|cannot be opened")


def test_an_invitation_is_for_a_published_learner(home):
    code, ends = serve.invite(home, factory.learner_id(1), 3)
    assert [len(part) for part in code.split("-")] == [4] * 5
    assert ends.tzinfo is not None
    with pytest.raises(OperatorError, match="has no published record"):
        serve.invite(home, "nobody", 3)
    assert end_access(home, [factory.learner_id(1)]).invitations == 1
