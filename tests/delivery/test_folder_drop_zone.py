"""A mounted folder: complete packages come, everything else waits or is refused."""

import json
import os
import resource
from pathlib import Path

import pytest
from drop_world import (
    DAY,
    HOURS,
    World,
    date_back,
    manifest_of,
    names_in,
    outcomes,
    package,
    reason,
)

from pipelines.errors import OperatorError, UsageError
from pipelines.landing.kept.store import object_path


@pytest.fixture
def zone(world: World, tmp_path: Path) -> Path:
    folder = tmp_path / "mount"
    folder.mkdir()
    world.agree("CACC", kind="folder", path=str(folder), remove_after_storing=True)
    return folder


def test_a_complete_package_is_taken_landed_and_then_removed(
    world: World, zone: Path
) -> None:
    sent = package(zone)
    hashes = {file["sha256"] for file in manifest_of(sent)["files"]}

    assert outcomes(world.collect()) == {DAY: "taken"}
    assert names_in(world.home.inbox / "CACC" / DAY) == names_in(sent)
    assert outcomes(world.collect()) == {}, "nothing to do before landing"
    assert names_in(zone) != set(), "not yet in the ledger"

    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}
    assert names_in(zone) == set()
    assert all(object_path(world.home, digest).exists() for digest in hashes)


def test_without_the_agreement_nothing_is_removed(world: World, zone: Path) -> None:
    world.agree("CACC", kind="folder", path=str(zone))
    package(zone)
    world.collect()
    world.land()
    before = names_in(zone)
    assert outcomes(world.collect()) == {}
    assert names_in(zone) == before


def test_a_package_without_its_manifest_waits(world: World, zone: Path) -> None:
    sent = package(zone)
    manifest = (sent / "manifest.json").read_bytes()
    (sent / "manifest.json").unlink()
    events = world.collect()
    assert reason(events, DAY) == "manifest.json is not there yet"
    (sent / "manifest.json").write_bytes(manifest)
    assert outcomes(world.collect()) == {DAY: "taken"}


@pytest.mark.parametrize("kept", [0, 1, 50])
def test_a_file_still_growing_waits_until_it_has_its_size(
    world: World, zone: Path, kept: int
) -> None:
    person = package(zone) / "person.csv"
    whole = person.read_bytes()
    person.write_bytes(whole[:kept])
    assert outcomes(world.collect()) == {DAY: "waiting"}
    assert (
        not (world.home.inbox / "CACC").exists()
        or names_in(world.home.inbox / "CACC") == set()
    )
    person.write_bytes(whole)
    assert outcomes(world.collect()) == {DAY: "taken"}


def test_a_file_of_the_right_size_and_wrong_content_waits_until_it_settles(
    world: World, zone: Path
) -> None:
    person = package(zone) / "person.csv"
    person.write_bytes(b"\0" * person.stat().st_size)
    assert "not what the manifest says" in reason(world.collect(), DAY)
    assert outcomes(world.collect(later=120)) == {DAY: "taken"}
    assert world.land()[DAY].edits == {"F05": 1}


def test_a_file_that_never_comes_is_told_to_the_college_after_a_day(
    world: World, zone: Path
) -> None:
    (package(zone) / "person.csv").unlink()
    for later in (0, 3600, 80_000):
        assert "is not there yet" in reason(world.collect(later=later), DAY)
    assert outcomes(world.collect(later=90_000)) == {DAY: "taken"}
    assert world.land()[DAY].edits == {"F04": 1}


def test_a_rejected_package_is_removed_too_since_its_bytes_are_kept(
    world: World, zone: Path
) -> None:
    sent = package(zone, edit_manifest=lambda m: m.update(spec_version="9"))
    content = {path.name: path.read_bytes() for path in sent.iterdir()}
    assert outcomes(world.collect(later=HOURS)) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "rejected"
    assert outcomes(world.collect()) == {DAY: "removed"}
    kept = {path.read_bytes() for path in world.home.objects.glob("*/*")}
    assert set(content.values()) <= kept


def test_what_was_replaced_after_it_was_taken_is_taken_again_and_not_removed(
    world: World, zone: Path
) -> None:
    package(zone)
    world.collect()
    world.land()
    for path in (zone / DAY).iterdir():
        path.unlink()
    (zone / DAY).rmdir()
    newer = package(zone, as_of=f"{DAY}T23:00:00-05:00")
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert names_in(newer), "the new one is not in the ledger yet"
    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}


def _link(folder: Path) -> None:
    (folder / "extra.csv").symlink_to("/etc/hostname")


def _listed_link(folder: Path) -> None:
    (folder / "person.csv").rename(folder.parent.parent / "elsewhere.csv")
    (folder / "person.csv").symlink_to(folder.parent.parent / "elsewhere.csv")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "extra.csv")


def _folder(folder: Path) -> None:
    (folder / "extra").mkdir()


def _device(folder: Path) -> None:
    os.mknod(folder / "extra.csv", 0o20600, os.makedev(1, 3))


def _twin(folder: Path) -> None:
    (folder / "PERSON.CSV").write_text("student_id\n")


def _many(folder: Path) -> None:
    for number in range(400):
        (folder / f"extra{number}.csv").touch()


ODD = {
    "a link": _link,
    "is a link": _listed_link,
    "not a regular file": _pipe,
    "is a folder": _folder,
    "differs from another file by case only": _twin,
    "more than 300 files": _many,
}


@pytest.mark.parametrize("words", ODD)
def test_odd_things_in_a_package_refuse_it_by_name(
    world: World, zone: Path, words: str
) -> None:
    ODD[words](package(zone))
    events = world.collect()
    assert outcomes(events) == {DAY: "refused"}
    assert words in reason(events, DAY)
    refused = world.land()[DAY]
    assert (refused.verdict, refused.edits) == ("rejected", {"F21": 1})
    assert words in world.finding("CACC", DAY)
    before = names_in(zone)
    world.collect()
    assert names_in(zone) == before, "what was never read stays"
    assert world.land() == {}, "one verdict is enough"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_device_is_refused(world: World, zone: Path) -> None:
    _device(package(zone))
    assert "not a regular file" in reason(world.collect(), DAY)


@pytest.mark.parametrize(
    "name", ["a*.csv", "a?.csv", "a[1].csv", "a'.csv", "a;b.csv", "a\nb.csv", "ä.csv"]
)
def test_names_that_mean_something_to_a_program_are_refused_and_never_copied(
    world: World, zone: Path, name: str
) -> None:
    (package(zone) / name).write_text("student_id\n")
    events = world.collect()
    assert outcomes(events) == {DAY: "refused"}
    assert "is not a plain name" in reason(events, DAY)
    assert "\n" not in reason(events, DAY)
    assert world.land()[DAY].edits == {"F21": 1}
    assert not (world.home.inbox / "CACC" / DAY).exists()


def test_a_name_that_is_no_text_is_refused_like_any_other(
    world: World, zone: Path
) -> None:
    for name in (b"\xff.csv", b"\xff.done"):
        with open(bytes(package(zone, f"2026-09-0{len(name)}")) + b"/" + name, "wb"):  # noqa: PTH123 - a path of bytes
            pass
    (zone / DAY).mkdir()
    open(bytes(zone) + b"/\xff.zip", "wb").close()  # noqa: PTH123
    told = {event.delivery: event.outcome for event in world.collect()}
    assert told == {
        "2026-09-05": "refused",
        "2026-09-06": "refused",
        DAY: "waiting",
        "\\udcff.zip": "waiting",
    }
    assert {p.verdict for p in world.land().values()} == {"rejected"}


def test_a_refused_package_is_taken_once_its_oddity_is_gone(
    world: World, zone: Path
) -> None:
    sent = package(zone)
    _link(sent)
    world.collect()
    world.land()
    (sent / "extra.csv").unlink()
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"


def test_links_and_pipes_with_a_delivery_s_name_are_refused(
    world: World, zone: Path, tmp_path: Path
) -> None:
    (zone / DAY).symlink_to(package(tmp_path, "2026-09-09"))
    os.mkfifo(zone / "2026-09-02.zip")
    assert outcomes(world.collect()) == {DAY: "refused", "2026-09-02.zip": "refused"}
    assert {p.verdict for p in world.land().values()} == {"rejected"}


def test_other_names_are_left_where_they_are_and_said(world: World, zone: Path) -> None:
    for name in ("notes.txt", "2026-13-45.zip", "2026-09-01.zip\n", ".hidden", "x"):
        (zone / name).write_bytes(b"")
    (zone / "2026-02-30").mkdir()
    events = world.collect()
    assert {e.outcome for e in events} == {"waiting"}
    assert "2026-02-30" in outcomes(events)
    assert ".hidden" not in outcomes(events)
    assert all("\n" not in e.delivery for e in events)
    assert not world.home.inbox.exists()


def test_hidden_and_partial_files_are_not_part_of_a_package(
    world: World, zone: Path
) -> None:
    sent = package(zone)
    (sent / ".DS_Store").write_bytes(b"x")
    (sent / "person.csv.filepart").write_bytes(b"x")
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].edits == {}


def test_a_mount_that_is_gone_is_one_line_and_stops_no_other(
    world: World, zone: Path, tmp_path: Path
) -> None:
    package(zone)
    world.agree("CVCC", kind="folder", path=str(tmp_path / "gone"))
    events = world.collect()
    assert outcomes(events) == {DAY: "taken", "CVCC": "failed"}
    (line,) = (e.reason for e in events if e.outcome == "failed")
    assert "cannot be opened" in line
    assert "\n" not in line


def test_only_the_named_colleges_are_looked_at(world: World, zone: Path) -> None:
    package(zone)
    world.agree("CVCC", kind="folder", path=str(zone))
    assert {e.institution_code for e in world.collect("CACC")} == {"CACC"}
    with pytest.raises(UsageError, match="NOPE"):
        world.collect("NOPE")


def test_two_runs_at_once_do_not_share_the_work(world: World, zone: Path) -> None:
    from pipelines.delivery.collect import _alone

    package(zone)
    with _alone(world.home), pytest.raises(OperatorError, match="Another run"):
        world.collect()
    assert outcomes(world.collect()) == {DAY: "taken"}


def test_a_time_that_was_set_back_or_is_to_come_proves_nothing(
    world: World, zone: Path
) -> None:
    person = package(zone) / "person.csv"
    person.write_bytes(b"\0" * person.stat().st_size)
    for behind in (120, 86_400, -86_400):
        date_back(zone, behind)
        assert outcomes(world.collect()) == {DAY: "waiting"}


def test_one_look_takes_what_has_been_lying_there(world: World, zone: Path) -> None:
    person = package(zone) / "person.csv"
    person.write_bytes(person.read_bytes() + b"\n")
    assert outcomes(world.collect(later=HOURS)) == {DAY: "taken"}
    assert world.land()[DAY].edits == {"F05": 1}


def test_a_disk_that_is_full_at_one_package_stops_no_other(
    world: World, zone: Path
) -> None:
    for day in ("2026-08-30", "2026-08-31", DAY):
        package(zone, day)
    (zone / "2026-08-31" / "extra.csv").write_bytes(bytes(4 << 20))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, limits[1]))
    try:
        events = world.collect()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert outcomes(events) == {
        "2026-08-30": "taken",
        "2026-08-31": "failed",
        DAY: "taken",
    }
    assert reason(events, "2026-08-31") == "File too large"
    assert outcomes(world.collect()) == {"2026-08-31": "taken"}, "nothing is stuck"


def test_the_journal_holds_no_content(world: World, zone: Path) -> None:
    package(zone)
    world.collect()
    journal = json.loads((world.home.collected / "CACC.json").read_text())
    assert set(journal) == {"seen", "taken"}
    assert "412310001" not in json.dumps(journal)
