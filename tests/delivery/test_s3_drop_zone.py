"""A bucket of a real S3-compatible store that checks signatures."""

from pathlib import Path

import obstore
import pytest
from college_keys import Keys
from drop_world import DAY, World, names_in, outcomes, package, reason, upload
from hostile_zips import files_of, zipped
from obstore.store import S3Store
from real_servers import ObjectStore, free_port


@pytest.fixture
def prefix(world: World, object_store: ObjectStore, tmp_path: Path) -> str:
    prefix = tmp_path.name.replace("_", "-")
    world.agree("CACC", **object_store.profile(prefix, remove_after_storing=True))
    credentials(world, object_store.ACCESS, object_store.SECRET)
    return prefix


@pytest.fixture
def store(object_store: ObjectStore) -> S3Store:
    return object_store.client()


def credentials(world: World, access: str, secret: str) -> None:
    words = f'{{"access_key_id": "{access}", "secret_access_key": "{secret}"}}'
    world.keep_secret("s3-keys", words.encode())


def keys_below(store: S3Store, prefix: str) -> set[str]:
    return {o["path"] for batch in obstore.list(store, prefix=prefix) for o in batch}


def test_a_complete_package_is_taken_landed_and_then_removed(
    world: World, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    sent = package(tmp_path)
    upload(store, sent, prefix)
    obstore.put(store, f"{prefix}-other/{DAY}/manifest.json", b"another college's")
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert names_in(world.home.inbox / "CACC" / DAY) == names_in(sent)
    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}
    assert keys_below(store, f"{prefix}/") == set()
    assert len(keys_below(store, f"{prefix}-other/")) == 1


def test_a_package_waits_for_its_manifest_and_for_every_file(
    world: World, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    sent = package(tmp_path)
    held_back = {name: (sent / name).read_bytes() for name in ("person.csv",)}
    manifest = sent / "manifest.json"
    (sent / "person.csv").unlink()
    words = manifest.read_bytes()
    manifest.unlink()
    upload(store, sent, prefix)
    assert reason(world.collect(), DAY) == "manifest.json is not there yet"
    obstore.put(store, f"{prefix}/{DAY}/manifest.json", words)
    assert reason(world.collect(), DAY) == "person.csv is not there yet"
    obstore.put(store, f"{prefix}/{DAY}/person.csv", held_back["person.csv"])
    assert outcomes(world.collect()) == {DAY: "taken"}


def test_a_resend_over_an_older_manifest_waits_until_it_is_whole(
    world: World, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    upload(store, package(tmp_path), prefix)
    assert outcomes(world.collect()) == {DAY: "taken"}
    world.land()
    newer = package(tmp_path / "newer", as_of=f"{DAY}T23:00:00-05:00")
    person = newer / "person.csv"
    longer = person.read_bytes().replace(b"Learner", b"Student") + b"\n"
    for content in (longer, longer[:-1]):
        obstore.put(store, f"{prefix}/{DAY}/person.csv", content)
        assert outcomes(world.collect()) == {DAY: "waiting"}
        assert world.land() == {}
    obstore.put(store, f"{prefix}/{DAY}/person.csv", person.read_bytes())
    manifest = (newer / "manifest.json").read_bytes()
    obstore.put(store, f"{prefix}/{DAY}/manifest.json", manifest)
    assert outcomes(world.collect()) == {DAY: "taken"}
    assert world.land()[DAY].verdict == "accepted"


def test_an_encrypted_package_waits_for_the_objects_that_are_still_to_come(
    world: World,
    object_store: ObjectStore,
    store: S3Store,
    prefix: str,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    ring = keys.root / "h"
    monkeypatch.setattr(type(world.home), "openpgp", property(lambda home: ring))
    keys.fill(ring)
    signing = {"signing_keys": [keys.college], "remove_after_storing": True}
    world.agree("CACC", **object_store.profile(prefix, **signing))
    sent = package(tmp_path)
    for path in sorted(sent.iterdir()):
        keys.seal(path, path.with_name(f"{path.name}.gpg"), keys.college)
        path.unlink()
    person = (sent / "person.csv.gpg").read_bytes()
    (sent / "person.csv.gpg").unlink()
    upload(store, sent, prefix)
    assert reason(world.collect(), DAY) == "it may still be growing"
    obstore.put(store, f"{prefix}/{DAY}/person.csv.gpg", person)
    assert outcomes(world.collect(later=30)) == {DAY: "waiting"}
    assert [e.outcome for e in world.collect(later=100)] == ["taken", "opened"]
    assert world.land()[DAY].verdict == "accepted"
    assert outcomes(world.collect()) == {DAY: "removed"}
    assert keys_below(store, f"{prefix}/") == set()


def test_an_archive_is_an_object_and_is_taken_at_once(
    world: World, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    content = zipped(files_of(package(tmp_path)))
    obstore.put(store, f"{prefix}/{DAY}.zip", content)
    assert [e.outcome for e in world.collect()] == ["taken", "opened"]
    assert world.land()[f"{DAY}.zip"].verdict == "accepted"


def test_odd_keys_are_refused_by_name(
    world: World, store: S3Store, prefix: str, tmp_path: Path
) -> None:
    upload(store, package(tmp_path), prefix)
    obstore.put(store, f"{prefix}/{DAY}/a*b?[c]';.csv", b"x")
    assert "is not a plain name" in reason(world.collect(), DAY)
    obstore.delete(store, f"{prefix}/{DAY}/a*b?[c]';.csv")
    obstore.put(store, f"{prefix}/{DAY}/within/person.csv", b"x")
    assert "within is a folder" in reason(world.collect(), DAY)
    assert world.land()[DAY].edits == {"F21": 1}


def test_an_object_replaced_after_the_listing_is_not_half_read(
    world: World,
    store: S3Store,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipelines.delivery.s3 import S3

    upload(store, package(tmp_path), prefix)
    look = S3.look

    def replaced(self: S3) -> object:
        found = look(self)
        obstore.put(store, f"{prefix}/{DAY}/person.csv", b"other")
        return found

    monkeypatch.setattr(S3, "look", replaced)
    assert outcomes(world.collect()) == {DAY: "waiting"}
    assert names_in(world.home.inbox / "CACC") == set()


@pytest.mark.parametrize(
    ("access", "secret"),
    [(ObjectStore.ACCESS, "wrong"), ("AKIDNOBODY", ObjectStore.SECRET)],
)
def test_bad_credentials_are_one_line_without_them(
    world: World, prefix: str, access: str, secret: str
) -> None:
    credentials(world, access, secret)
    (event,) = world.collect()
    assert event.outcome == "failed"
    assert "does not accept our credentials" in event.reason
    assert "\n" not in event.reason
    assert secret not in event.reason
    assert access not in event.reason


def test_a_missing_bucket_a_dead_store_and_a_bad_secret_stop_no_other(
    world: World,
    object_store: ObjectStore,
    store: S3Store,
    prefix: str,
    tmp_path: Path,
) -> None:
    upload(store, package(tmp_path), prefix)
    world.agree("CVCC", **object_store.profile(prefix, bucket="nothere"))
    dead = f"http://127.0.0.1:{free_port()}"
    world.agree("DRAKE", **object_store.profile(prefix, endpoint=dead))
    world.agree("ESCC", **object_store.profile(prefix, credentials="none"))
    events = world.collect()
    told = {e.institution_code: e.reason for e in events if e.outcome == "failed"}
    assert outcomes(events)[DAY] == "taken"
    assert "no such bucket" in told["CVCC"]
    assert "does not answer" in told["DRAKE"]
    assert "cannot be read in the secrets folder" in told["ESCC"]
