"""A run killed between any two steps loses no package and takes none twice."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from drop_world import DAY, World, names_in, outcomes, package
from hostile_zips import files_of, zipped
from one_step import start
from sweeps import few_of

STEP = Path(__file__).with_name("one_step.py")
ZIP = "2026-09-02.zip"

# Where a collection is killed: a function, and before or after which of its calls.
TAKING = [
    ("pipelines.delivery.taking:_copy", "before", 1),
    ("pipelines.delivery.taking:_copy", "after", 3),
    ("pipelines.delivery.taking:_place", "before", 1),
    ("pipelines.delivery.taking:_place", "after", 1),
    ("pipelines.delivery.journal:replace_durably", "before", 1),
    ("pipelines.delivery.journal:replace_durably", "after", 1),
    ("pipelines.delivery.taking:_place", "after", 2),
    ("pipelines.delivery.opening:keep_file", "after", 1),
    ("pipelines.delivery.opening:forget_opened", "before", 1),
    ("pipelines.delivery.opening:write_opened", "before", 1),
    ("pipelines.delivery.opening:write_opened", "after", 1),
]
REMOVING = [
    ("pipelines.delivery.removing:keep_file", "before", 1),
    ("pipelines.delivery.collect:remove", "before", 1),
    ("pipelines.delivery.folder:_same", "after", 1),
    ("pipelines.delivery.folder:_same", "after", 2),
    ("pipelines.delivery.folder:_same", "after", 9),
    ("pipelines.delivery.collect:remove", "after", 1),
    ("pipelines.delivery.collect:remove", "after", 2),
]

# In the middle of a copy, between two packages, when half is removed.
FEW_TAKING = [TAKING[1], TAKING[3], TAKING[9]]
FEW_REMOVING = [REMOVING[1], REMOVING[3]]


@pytest.fixture
def zone(world: World, tmp_path: Path) -> Path:
    """A folder package and a zip of another day."""
    folder = tmp_path / "mount"
    folder.mkdir()
    world.agree("CACC", kind="folder", path=str(folder), remove_after_storing=True)
    package(folder)
    other = tmp_path / "other"
    other.mkdir()
    made = package(other, ZIP[:10])
    (folder / ZIP).write_bytes(zipped(files_of(made)))
    (folder / f"{ZIP}.done").touch()
    return folder


def run(world: World, zone: Path, what: str, *killed: object) -> int | None:
    report = world.secrets / "report.json"
    process = start(world.home.root, zone, what, report, killed or None)
    process.join()
    return process.exitcode


def sent(zone: Path) -> set[str]:
    return {
        sha256(path.read_bytes()).hexdigest()
        for path in zone.rglob("*")
        if path.is_file() and path.suffix != ".done"
    }


def everything_arrives(world: World, zone: Path, hashes: set[str]) -> None:
    world.collect()
    world.land()
    assert world.verdicts() == {DAY: "accepted", ZIP: "accepted"}
    world.collect()
    assert names_in(zone) == set()
    assert hashes <= {path.name for path in world.home.objects.glob("*/*")}
    odd = {p.name for p in world.home.inbox.rglob(".*")}
    odd |= {p.name for p in world.home.opened.rglob("*.part")}
    assert odd == set(), "nothing half done is left"


@pytest.mark.parametrize(
    ("place", "when", "count"),
    few_of(TAKING, FEW_TAKING),
    ids=lambda v: str(v).rpartition(":")[2],
)
def test_a_run_killed_while_it_takes_loses_nothing(
    world: World, zone: Path, place: str, when: str, count: int
) -> None:
    hashes = sent(zone)
    assert run(world, zone, "collect", place, when, count) == -9
    assert sent(zone) == hashes
    for delivery in world.land().values():
        assert delivery.verdict == "accepted", "no half package is ever seen"
    everything_arrives(world, zone, hashes)


@pytest.mark.parametrize(
    ("place", "when", "count"),
    few_of(REMOVING, FEW_REMOVING),
    ids=lambda v: str(v).rpartition(":")[2],
)
def test_a_run_killed_while_it_removes_loses_nothing(
    world: World, zone: Path, place: str, when: str, count: int
) -> None:
    hashes = sent(zone)
    world.collect()
    world.land()
    if place.endswith("keep_file"):
        shutil.rmtree(world.home.objects)
        world.home.objects.mkdir()
    assert run(world, zone, "collect", place, when, count) == -9
    everything_arrives(world, zone, hashes)


def test_a_run_killed_while_it_lands_leaves_the_drop_zone_alone(
    world: World, zone: Path
) -> None:
    hashes = sent(zone)
    world.collect()
    before = ("pipelines.landing.land:land_units", "before", 1)
    assert run(world, zone, "land", *before) == -9
    world.collect()
    assert sent(zone) == hashes
    everything_arrives(world, zone, hashes)


def test_nothing_is_removed_while_a_byte_of_it_is_not_kept(
    world: World, zone: Path
) -> None:
    hashes = sent(zone)
    world.collect()
    world.land()
    shutil.rmtree(world.home.objects)
    shutil.rmtree(world.home.inbox / "CACC" / DAY)
    outcome = outcomes(world.collect())
    assert outcome.get(DAY) != "removed"
    assert (zone / DAY / "person.csv").exists()
    assert sent(zone / DAY) <= hashes


def test_two_processes_at_once_take_each_package_once(world: World, zone: Path) -> None:
    hashes = sent(zone)
    reports = [world.secrets / f"{number}.json" for number in range(2)]
    both = [start(world.home.root, zone, "collect", report) for report in reports]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    told = [json.loads(report.read_text()) for report in reports]
    taken = [event for events in told for event in events if "taken" in event]
    assert len(taken) == 2, "the other run found nothing to do, or the lock"
    for words in told:
        assert isinstance(words, list) or "Another run is collecting" in words
    everything_arrives(world, zone, hashes)


@pytest.mark.skipif(
    shutil.which("setpriv") is None or os.geteuid() != 0,
    reason="needs root, to give up root's right to read everything",
)
def test_a_file_that_cannot_be_read_fails_its_package_and_no_other(
    world: World, zone: Path
) -> None:
    (zone / DAY / "person.csv").chmod(0)
    report = world.secrets / "report.json"
    places = [str(world.home.root), str(zone), "collect", str(report)]
    rights = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    subprocess.run([*rights, sys.executable, str(STEP), *places], check=True)
    told = [tuple(event) for event in json.loads(report.read_text())]
    reason = "person.csv cannot be read: Permission denied"
    assert (DAY, "failed", reason) in told
    assert (ZIP, "opened", "") in told
    (zone / DAY / "person.csv").chmod(0o600)
    assert outcomes(world.collect()) == {DAY: "taken"}
