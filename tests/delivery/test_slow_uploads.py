"""Uploads that go on while we look: never half read, taken at a later look."""

import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import paramiko
import pytest
from drop_world import DAY, World, manifest_of, outcomes, package
from hostile_zips import files_of, zipped
from real_servers import SshServer

WRITER = Path(__file__).with_name("slow_writer.py")
# Longer than a pause of the writer, also on a machine that stalls it.
AGREED = 5
ZIP = f"{DAY}.zip"


@pytest.fixture
def zone(world: World, tmp_path: Path) -> Path:
    folder = tmp_path / "mount"
    folder.mkdir()
    world.agree("CACC", kind="folder", path=str(folder), settled_after=AGREED)
    return folder


def looks(
    world: World, writer: "subprocess.Popen[bytes]", source: Path, to: Path
) -> Iterator[dict[str, str]]:
    """Look until the writer has ended; what is in the inbox is whole at any time.

    Yields:
        The outcomes of looks that ended before all was written.
    """
    try:
        while writer.poll() is None:
            events = world.collect()
            assert is_whole(world.home.inbox / "CACC" / DAY)
            # A process takes its time to end after its last byte.
            if content(to) != content(source):
                yield outcomes(events)
            time.sleep(0.1)
        assert writer.returncode == 0
    finally:
        writer.kill()
        writer.wait()


def content(upload: Path) -> dict[str, bytes]:
    """The files of an upload by name; none before it begins."""
    files = [path for path in (upload, *upload.glob("*")) if path.is_file()]
    return {path.name: path.read_bytes() for path in files}


def is_whole(taken: Path) -> bool:
    """Whether a package is not there, or has every file as its manifest says."""
    return not taken.exists() or all(
        sha256((taken / file["name"]).read_bytes()).hexdigest() == file["sha256"]
        for file in manifest_of(taken)["files"]
    )


def start(source: Path, to: Path, how: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, WRITER, source, to, how])


@pytest.mark.parametrize("how", ["last", "first", "laid_out"])
def test_a_package_that_is_being_written_is_never_half_read(
    world: World, zone: Path, tmp_path: Path, how: str
) -> None:
    source = package(tmp_path / "source")
    seen = list(looks(world, start(source, zone / DAY, how), source, zone / DAY))
    assert len(seen) > 2
    assert all(one.get(DAY, "waiting") == "waiting" for one in seen)
    world.collect()
    landed = world.land()[DAY]
    assert (landed.verdict, landed.edits) == ("accepted", {})


def test_a_correction_written_over_a_package_is_never_half_read(
    world: World, zone: Path, tmp_path: Path
) -> None:
    package(zone)
    assert outcomes(world.collect()) == {DAY: "taken"}
    newer = package(
        tmp_path / "source",
        as_of=f"{DAY}T23:00:00-05:00",
        files={
            "person": (zone / DAY / "person.csv").read_bytes().replace(b"Lear", b"Stud")
        },
    )
    writer = start(newer, zone / DAY, "laid_out")
    # What is there at times is the old package still, with new dates: whole, too.
    for _ in looks(world, writer, newer, zone / DAY):
        pass
    world.collect()
    assert world.land()[DAY].verdict == "accepted"
    assert manifest_of(world.home.inbox / "CACC" / DAY) == manifest_of(newer)


@pytest.mark.parametrize("how", ["last", "laid_out"])
def test_an_archive_that_is_being_written_is_never_half_read(
    world: World, zone: Path, tmp_path: Path, how: str
) -> None:
    archive = tmp_path / ZIP
    archive.write_bytes(zipped(files_of(package(tmp_path / "source"))))
    seen = list(looks(world, start(archive, zone / ZIP, how), archive, zone / ZIP))
    assert seen
    assert all(one.get(ZIP, "waiting") == "waiting" for one in seen)
    world.collect()
    time.sleep(AGREED)
    assert [e.outcome for e in world.collect()] == ["taken", "opened"]
    assert world.land()[ZIP].verdict == "accepted"


def test_a_slow_sftp_upload_is_never_half_read(
    world: World, ssh_server: SshServer, tmp_path: Path
) -> None:
    zone = ssh_server.root / tmp_path.name
    zone.mkdir(exist_ok=True)
    world.keep_secret("sftp-key", ssh_server.user_key)
    world.agree("CACC", **ssh_server.profile(zone, settled_after=AGREED))
    source = package(tmp_path / "source")
    manifest = source / "manifest.json"
    seen = []
    with paramiko.SSHClient() as college:
        college.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        college.connect(
            "127.0.0.1",
            ssh_server.port,
            pkey=paramiko.Ed25519Key(filename=str(ssh_server.folder / "user")),
            allow_agent=False,
            look_for_keys=False,
        )
        sftp = college.open_sftp()
        sftp.mkdir(f"{zone}/{DAY}")
        for path in [manifest, *sorted(set(source.iterdir()) - {manifest})]:
            content = path.read_bytes()
            with sftp.open(f"{zone}/{DAY}/{path.name}", "wb") as file:
                half = len(content) // 2
                file.write(content[:half])
                file.flush()
                if path.name in ("manifest.json", "person.csv", "term.csv"):
                    seen.append(outcomes(world.collect()))
                file.write(content[half:])
    assert seen == [{DAY: "waiting"}] * 3
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"
