"""Zip packages: good ones land, hostile ones are refused by name and leave nothing."""

import resource
import time
from pathlib import Path

import pytest
from drop_world import DAY, HOURS, World, outcomes, package, reason
from hostile_zips import HOSTILE, files_of, zipped

from pipelines.delivery.archive import ArchiveError, UnfinishedError, expand
from pipelines.landing.kept.store import object_path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return files_of(package(tmp_path))


def put(world: World, content: bytes, name: str = f"{DAY}.zip") -> Path:
    mailbox = world.home.inbox / "CACC"
    mailbox.mkdir(parents=True, exist_ok=True)
    path = mailbox / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("around", ["", "2026-09-01/", "export/"])
@pytest.mark.parametrize("name", [f"{DAY}.zip", f"{DAY}-2.ZIP"])
def test_a_zip_lands_like_a_folder(
    world: World, files: dict[str, bytes], around: str, name: str
) -> None:
    inside = {around + inner: content for inner, content in files.items()}
    put(world, zipped({**inside, "__MACOSX/._person.csv": b"x"}), name)
    assert outcomes(world.collect()) == {name: "opened"}
    landed = world.land()[name]
    assert (landed.verdict, landed.edits) == ("accepted", {})
    assert (world.home.opened).stat().st_mode & 0o077 == 0
    assert world.land() == {}


def test_landing_opens_a_zip_that_nobody_collected(
    world: World, files: dict[str, bytes]
) -> None:
    put(world, zipped(files))
    assert world.land()[f"{DAY}.zip"].verdict == "accepted"


def test_a_zip_from_a_drop_zone_is_kept_and_then_removed(
    world: World, files: dict[str, bytes], tmp_path: Path
) -> None:
    from hashlib import sha256

    zone = tmp_path / "zone"
    zone.mkdir()
    world.agree("CACC", kind="folder", path=str(zone), remove_after_storing=True)
    content = zipped(files)
    name = f"{DAY}.zip"
    (zone / name).write_bytes(content)
    assert outcomes(world.collect()) == {name: "waiting"}
    (zone / f"{name}.done").touch()
    assert [e.outcome for e in world.collect()] == ["taken", "opened"]
    assert world.land()[name].verdict == "accepted"
    assert outcomes(world.collect()) == {name: "removed"}
    assert list(zone.iterdir()) == []
    kept = object_path(world.home, sha256(content).hexdigest())
    assert kept.read_bytes() == content


def test_a_profile_says_whether_archives_or_folders_come(
    world: World, files: dict[str, bytes], tmp_path: Path
) -> None:
    zone = tmp_path / "zone"
    zone.mkdir()
    package(zone)
    (zone / "2026-09-02.zip").write_bytes(zipped(files))
    world.agree("CACC", kind="folder", path=str(zone), archive="zip", settled_after=0)
    assert outcomes(world.collect()) == {DAY: "refused", "2026-09-02.zip": "opened"}
    world.agree("CACC", kind="folder", path=str(zone), archive="none")
    assert outcomes(world.collect())[DAY] == "taken"


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_zip_is_refused_by_name_and_leaves_nothing(
    world: World, files: dict[str, bytes], trick: str
) -> None:
    make, words = HOSTILE[trick]
    content = make(files)
    path = put(world, content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()

    refused = world.land(later=HOURS)[path.name]

    assert refused.verdict == "rejected"
    expected = {"F01"} if trick == "no manifest" else {"F21"}
    assert set(refused.edits) == expected
    assert words in world.finding("CACC", path.name)
    assert time.monotonic() - start < 10
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 512 * 1024
    if expected == {"F21"}:
        left = [p for p in world.home.opened.rglob("*") if p.name[0] != "."]
        assert [p.name for p in left] == ["CACC"]
    assert not list(world.home.root.rglob("link.csv"))
    assert world.land() == {}


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_zip_still_being_written_waits_and_a_cut_off_one_is_refused(
    world: World, files: dict[str, bytes], part: float
) -> None:
    whole = zipped(files)
    path = put(world, whole[: int(len(whole) * part)])
    events = world.collect()
    assert outcomes(events) == {path.name: "waiting"}
    assert "not be complete" in reason(events, path.name)
    assert world.land() == {}
    path.write_bytes(whole)
    assert world.land()[path.name].verdict == "accepted"

    cut = put(world, whole[: int(len(whole) * part)], "2026-09-02.zip")
    refused = world.land(later=HOURS)[cut.name]
    assert (refused.verdict, refused.edits) == ("rejected", {"F21": 1})


def test_a_refused_zip_that_is_sent_again_mended_lands(
    world: World, files: dict[str, bytes]
) -> None:
    path = put(world, HOSTILE["symlink"][0](files))
    assert world.land()[path.name].verdict == "rejected"
    path.write_bytes(zipped(files))
    assert world.land()[path.name].verdict == "accepted"


def test_one_college_s_bomb_stops_no_other(
    world: World, files: dict[str, bytes], tmp_path: Path
) -> None:
    put(world, HOSTILE["bomb"][0](files))
    neighbour = tmp_path / "other"
    neighbour.mkdir()
    good = package(neighbour, "2026-09-03", "CVCC")
    (world.home.inbox / "CVCC").mkdir()
    good.rename(world.home.inbox / "CVCC" / good.name)
    verdicts = {name: landed.verdict for name, landed in world.land().items()}
    assert verdicts == {f"{DAY}.zip": "rejected", "2026-09-03": "accepted"}


def test_every_truncation_and_flipped_bit_is_refused_or_the_same_files(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    import random
    import shutil

    draw = random.Random(20260901)
    small = {name: files[name] for name in ("manifest.json", "term.csv", "person.csv")}
    whole = zipped(small)
    archive, into = tmp_path / "a.zip", tmp_path / "into"
    silent = 0
    for number in range(400):
        broken = bytearray(whole)
        if number % 2:
            broken = broken[: draw.randrange(len(broken))]
        else:
            bit = draw.randrange(len(broken) * 8)
            broken[bit // 8] ^= 1 << bit % 8
        archive.write_bytes(broken)
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        try:
            expand(archive, into)
        except UnfinishedError:
            continue
        except ArchiveError:
            assert number % 2 == 0, "a cut off zip may still be growing"
            continue
        found = files_of(into)
        # A flipped bit in a date or a comment changes no file.
        silent += found != small and set(found.values()) != set(small.values())
    assert silent == 0
