"""SFTP against a real OpenSSH server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from drop_world import (
    DAY,
    World,
    date_back,
    names_in,
    outcomes,
    package,
    reason,
)
from real_servers import SshServer, free_port

from pipelines.delivery.zone import Item


@pytest.fixture
def zone(world: World, ssh_server: SshServer, tmp_path: Path) -> Path:
    folder = ssh_server.root / tmp_path.name
    folder.mkdir(exist_ok=True)
    world.keep_secret("sftp-key", ssh_server.user_key)
    world.agree("CACC", **ssh_server.profile(folder, remove_after_storing=True))
    return folder


def only_line(world: World) -> str:
    (event,) = world.collect()
    assert event.outcome == "failed"
    assert "\n" not in event.reason
    return event.reason


def test_a_complete_package_is_taken_landed_and_then_removed(
    world: World, zone: Path
) -> None:
    sent = package(zone)
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert names_in(world.home.inbox / "CACC" / DAY) == names_in(sent)
    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}
    assert names_in(zone) == set()


def test_a_half_written_package_waits(world: World, zone: Path) -> None:
    person = package(zone) / "person.csv"
    whole = person.read_bytes()
    person.write_bytes(whole[:-1])
    assert reason(world.collect(), DAY).startswith("person.csv has")
    person.write_bytes(whole)
    assert outcomes(world.collect()) == {DAY: "taken"}


def test_a_server_s_clock_is_not_trusted_for_an_archive(
    world: World, zone: Path
) -> None:
    archive = zone / "2026-09-02.zip"
    archive.write_bytes(b"PK")
    date_back(archive, 600)
    assert reason(world.collect(), archive.name) == "it may still be growing"
    assert outcomes(world.collect(later=30)) == {archive.name: "waiting"}
    archive.write_bytes(b"PK\x03")
    date_back(archive, 600)
    assert outcomes(world.collect(later=70)) == {archive.name: "waiting"}
    assert "taken" in {e.outcome for e in world.collect(later=140)}


def _replace(folder: Path, newer: Path, *names: str) -> None:
    """Put files in the place of others of the same size, and keep their dates."""
    for name in names:
        old = folder / name
        then = int(old.stat().st_mtime)
        assert old.stat().st_size == (newer / name).stat().st_size
        old.write_bytes((newer / name).read_bytes())
        os.utime(old, (then, then))


def _newer(tmp_path: Path, zone: Path) -> Path:
    """A correction of the package in a drop zone, of the same size to the byte."""
    person = (zone / DAY / "person.csv").read_bytes().replace(b"Lear", b"Stud")
    later = f"{DAY}T23:00:00-05:00"
    return package(tmp_path / "newer", as_of=later, files={"person": person})


def test_a_correction_of_the_same_size_and_date_is_not_removed_unread(
    world: World, zone: Path, tmp_path: Path
) -> None:
    package(zone)
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"
    _replace(zone / DAY, _newer(tmp_path, zone), "person.csv", "manifest.json")
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}
    kept = {path.read_bytes() for path in world.home.objects.glob("*/*")}
    assert (tmp_path / "newer" / DAY / "person.csv").read_bytes() in kept


def test_half_a_correction_of_the_same_size_and_date_waits_by_its_hash(
    world: World, zone: Path, tmp_path: Path
) -> None:
    package(zone)
    _replace(zone / DAY, _newer(tmp_path, zone), "person.csv")
    assert "not what the manifest says" in reason(world.collect(), DAY)
    assert names_in(world.home.inbox / "CACC") == set()
    _replace(zone / DAY, tmp_path / "newer" / DAY, "manifest.json")
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"


def test_a_file_replaced_while_it_is_copied_waits(
    world: World, zone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.delivery.sftp import Sftp

    package(zone)
    newer = _newer(tmp_path, zone)
    read = Sftp.read

    def replaced(self: Sftp, item: Item) -> Iterator[bytes]:
        for chunk in read(self, item):
            if item.name == "person.csv":
                _replace(zone / DAY, newer, "person.csv")
            yield chunk

    with monkeypatch.context() as patch:
        patch.setattr(Sftp, "read", replaced)
        world.collect()
    # The bytes that were copied are the old ones, whole: nothing is half of each.
    landed = world.land()
    assert all(one.verdict == "accepted" for one in landed.values())
    assert outcomes(world.collect())[DAY] in {"taken", "waiting"}


def test_links_pipes_folders_and_odd_names_are_refused(
    world: World, zone: Path
) -> None:
    (package(zone, "2026-09-01") / "a.csv").symlink_to("/etc/hostname")
    os.mkfifo(package(zone, "2026-09-02") / "a.csv")
    (package(zone, "2026-09-03") / "a").mkdir()
    (package(zone, "2026-09-04") / "*?[a]';.csv").write_bytes(b"")
    (package(zone, "2026-09-05") / "a\nb.csv").write_bytes(b"")
    (zone / "2026-09-06").symlink_to("/etc")
    events = world.collect()
    assert {e.outcome for e in events} == {"refused"}
    assert len(events) == 6
    assert {p.verdict for p in world.land().values()} == {"rejected"}
    assert set(world.verdicts()) == {f"2026-09-0{n}" for n in range(1, 7)}


def test_a_name_that_is_no_text_is_one_line_at_most(world: World, zone: Path) -> None:
    package(zone)
    odd = bytes(zone) + b"/\xff.zip"
    open(odd, "wb").close()  # noqa: PTH123 - a path of bytes
    events = world.collect()
    assert outcomes(events).get(DAY) == "taken" or "not UTF-8" in events[0].reason
    assert all("\n" not in event.reason for event in events)


def test_another_host_key_is_refused_in_one_line_before_we_log_in(
    world: World, zone: Path, ssh_server: SshServer
) -> None:
    package(zone)
    pinned = {"host_key": ssh_server.other_key()}
    world.agree("CACC", **ssh_server.profile(zone, **pinned))
    before = ssh_server.log.read_text().count("Accepted publickey")
    assert "host key is not the pinned one" in only_line(world)
    assert ssh_server.log.read_text().count("Accepted publickey") == before
    ssh_server.make_key(f"impostor-{zone.name}")
    impostor = (ssh_server.folder / f"impostor-{zone.name}.pub").read_text()
    same_kind = {"host_key": " ".join(impostor.split()[:2])}
    world.agree("CACC", **ssh_server.profile(zone, **same_kind))
    assert "host key is not the pinned one" in only_line(world)
    assert not world.home.inbox.exists()


def test_a_key_the_server_does_not_know_is_one_line(
    world: World, zone: Path, ssh_server: SshServer
) -> None:
    ssh_server.make_key(f"stranger-{zone.name}")
    stranger = ssh_server.folder / f"stranger-{zone.name}"
    world.keep_secret("sftp-key", stranger.read_bytes())
    assert "does not accept our key" in only_line(world)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"hello", "not a private key")]
)
def test_a_secret_that_is_missing_or_no_key_is_one_line(
    world: World, zone: Path, content: bytes | None, words: str
) -> None:
    (world.secrets / "sftp-key").unlink()
    if content is not None:
        world.keep_secret("sftp-key", content)
    assert words in only_line(world)


def test_a_secret_that_others_can_open_is_not_used(world: World, zone: Path) -> None:
    (world.secrets / "sftp-key").chmod(0o640)
    assert "can be opened by others" in only_line(world)
    (world.secrets / "sftp-key").chmod(0o600)
    world.secrets.chmod(0o755)
    assert "can be opened by others" in only_line(world)


def test_a_server_that_is_down_or_silent_stops_no_other(
    world: World, zone: Path, ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    from pipelines.delivery import sftp

    monkeypatch.setattr(sftp, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(sftp, "TRIES", 1)
    package(zone)
    down = ssh_server.profile(zone, port=free_port())
    world.agree("CVCC", **down)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        world.agree("DRAKE", **ssh_server.profile(zone, port=silent.getsockname()[1]))
        events = world.collect()
    assert outcomes(events) == {DAY: "taken", "CVCC": "failed", "DRAKE": "failed"}
    assert all("\n" not in event.reason for event in events)


def test_a_folder_that_is_not_there_is_one_line(
    world: World, zone: Path, ssh_server: SshServer
) -> None:
    world.agree("CACC", **ssh_server.profile(zone / "gone"))
    assert "No such file" in only_line(world)


def test_no_secret_and_no_content_reaches_the_journal_or_the_events(
    world: World, zone: Path, ssh_server: SshServer
) -> None:
    package(zone)
    events = world.collect()
    kept = (world.home.collected / "CACC.json").read_bytes() + repr(events).encode()
    for line in ssh_server.user_key.splitlines():
        assert line not in kept
