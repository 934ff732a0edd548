"""One publication after another, on a build as dbt leaves it."""

import copy
import fcntl
import itertools
import os
import resource
import shutil
import signal
from types import SimpleNamespace

import duckdb
import orjson
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.publishing import guard, keys, reader
from pipelines.publishing import snapshot as store
from pipelines.publishing.manifest import Manifest
from pipelines.publishing.publish import publish
from pipelines.publishing.verify import verify_snapshot


@pytest.fixture(autouse=True)
def _compare_one(monkeypatch):
    """The reference path takes most of a small publication's time."""
    monkeypatch.setattr("pipelines.publishing.records.COMPARED", 1)


def documents(count: int = 6, courses: int = 1) -> list[dict]:
    return [factory.record(number, courses=courses) for number in range(count)]


def clr(home, number: int) -> dict:
    return orjson.loads(reader.record(home, factory.learner_id(number)))


def grade(document: dict, value: str) -> None:
    first = document["credentialSubject"]["verifiableCredential"][0]
    first["credentialSubject"]["result"][0]["value"] = value


def test_the_first_night_publishes_records_tables_keys_and_manifest(warehouse, build):
    build(documents())
    result = publish(warehouse, None)
    assert (result.published, result.seq, result.learners) == (True, 1, 6)
    assert (result.signed, result.reused, result.withdrawn) == (6, 0, 0)
    found = {p.relative_to(result.path).as_posix() for p in result.path.rglob("*.*")}
    assert found == {
        "analyst/assertion.parquet",
        "analyst/learner.parquet",
        "analyst/learner_redirect.parquet",
        "analyst/term.parquet",
        "manifest.json",
        "manifest.sig",
        "public/did.json",
        "public/jwks.json",
        "public/mapping-profile.html",
        "public/status/1.json",
        "records/part-00000.parquet",
        "steward/issued_later.parquet",
        "steward/record_change.parquet",
        "steward/replaced_record.parquet",
        "steward/status/00001.parquet",
        "witness.json",
        "witness.sig",
    }
    manifest = Manifest.from_bytes((result.path / "manifest.json").read_bytes())
    assert manifest.credentials == 6 * 8
    assert manifest.issuer == factory.DID
    assert verify_snapshot(warehouse, records=None).ok
    assert [path.name for path in warehouse.warehouse.iterdir()] == ["build.duckdb"]


def test_records_are_one_row_a_learner_with_hash_and_dates(warehouse, build):
    build(documents())
    path = publish(warehouse, None).path
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        rows = con.execute(
            "SELECT learner_id, clr_id, content_hash, strftime(valid_from, '%xT%XZ'), "
            "credential_count, clr FROM read_parquet(?)",
            [f"{path}/records/*.parquet"],
        ).fetchall()
    expected = [factory.row(document) for document in documents()]
    assert [row[:3] for row in rows] == sorted(
        (one["learner_id"], one["clr_id"], one["content_hash"]) for one in expected
    )
    assert {row[3:5] for row in rows} == {(factory.when(200), 8)}
    assert all(orjson.loads(row[5])["id"] == f"urn:uuid:{row[1]}" for row in rows)


def test_a_night_with_nothing_new_publishes_nothing_and_says_so(warehouse, build):
    build(documents())
    first = publish(warehouse, None)
    before = warehouse.current.read_bytes()
    build(documents())
    second = publish(warehouse, None)
    assert not second.published
    assert (second.seq, second.signed, second.reused) == (1, 0, 6)
    assert second.path == first.path
    assert "nothing new" in second.reason
    assert warehouse.current.read_bytes() == before
    assert [path.name for path in warehouse.snapshots.iterdir()] == ["000001"]


def test_only_changed_records_are_signed_again(warehouse, build):
    nights = documents()
    build(nights)
    publish(warehouse, None)
    texts = {n: reader.record(warehouse, factory.learner_id(n)) for n in range(6)}
    grade(nights[2], "A")
    nights[2]["validFrom"] = factory.when(250)
    build([*nights[:5], factory.record(9, courses=1)])
    result = publish(warehouse, None)
    assert (result.signed, result.reused, result.withdrawn) == (2, 4, 1)
    for number in (0, 1, 3, 4):
        assert reader.record(warehouse, factory.learner_id(number)) == texts[number]
    old, new = orjson.loads(texts[2]), clr(warehouse, 2)
    assert new["validFrom"] == factory.when(250)
    old_nested, new_nested = (
        one["credentialSubject"]["verifiableCredential"] for one in (old, new)
    )
    assert old_nested[1:] == new_nested[1:]
    assert old_nested[0]["proof"] != new_nested[0]["proof"]
    with pytest.raises(OperatorError, match="no published record"):
        reader.record(warehouse, factory.learner_id(5))
    assert verify_snapshot(warehouse, records=None).ok


def test_the_steward_sees_who_is_new_changed_and_withdrawn(warehouse, build):
    nights = documents(3)
    build(nights)
    publish(warehouse, None)
    grade(nights[0], "A")
    build([*nights[:2], factory.record(9, courses=1)])
    path = publish(warehouse, None).path / "steward" / "record_change.parquet"
    with duckdb.connect() as con:
        rows = con.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    assert set(rows) == {
        (factory.learner_id(0), "changed"),
        (factory.learner_id(9), "new"),
        (factory.learner_id(2), "withdrawn"),
    }


def test_changed_content_without_a_later_date_gets_one(warehouse, build):
    nights = documents(2)
    build(nights)
    publish(warehouse, None)
    dates = []
    for value in ("A", "C", "A"):
        grade(nights[0], value)
        build(nights)
        publish(warehouse, None)
        record = clr(warehouse, 0)
        nested = record["credentialSubject"]["verifiableCredential"]
        dates.append((record["validFrom"], nested[0]["validFrom"]))
        assert nested[1]["validFrom"] == factory.when(2)
    records, credentials = zip(*dates, strict=True)
    assert list(records) == sorted({factory.when(200), *records} - {factory.when(200)})
    assert list(credentials) == sorted(set(credentials))
    assert credentials[0] == factory.when(200)


def test_only_a_changed_table_makes_a_snapshot_with_every_record_reused(
    warehouse, build
):
    build(documents(), terms=3)
    publish(warehouse, None)
    build(documents(), terms=4)
    result = publish(warehouse, None)
    assert (result.published, result.seq, result.signed) == (True, 2, 0)
    rows = reader.connect(warehouse).execute("SELECT count(*) FROM term").fetchall()
    assert rows == [(4,)]


def test_the_same_build_gives_the_same_manifest_in_another_place(
    warehouse, build, tmp_path
):
    build(documents())
    first = publish(warehouse, None).path
    elsewhere = type(warehouse)(tmp_path / "other" / "home")
    elsewhere.warehouse.mkdir(parents=True)
    elsewhere.build_db.write_bytes(warehouse.build_db.read_bytes())
    shutil.copytree(warehouse.vault, elsewhere.vault)
    elsewhere.keys.mkdir()
    for path in warehouse.keys.iterdir():
        (elsewhere.keys / path.name).write_bytes(path.read_bytes())
        (elsewhere.keys / path.name).chmod(0o600)
    second = publish(elsewhere, None).path
    for name in ("manifest.json", "manifest.sig"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_many_processes_sign_what_one_signs(warehouse, build, monkeypatch):
    build(documents(120))
    monkeypatch.setenv("LRW_WORKERS", "2")
    first = publish(warehouse, None)
    many = {p.name: p.read_bytes() for p in (first.path / "records").iterdir()}
    monkeypatch.setenv("LRW_WORKERS", "1")
    warehouse.current.unlink()
    first = publish(warehouse, None)
    assert many == {p.name: p.read_bytes() for p in (first.path / "records").iterdir()}


def test_records_are_split_into_files_of_bounded_size(warehouse, build, monkeypatch):
    monkeypatch.setattr("pipelines.publishing.documents.LEARNERS_A_FILE", 4)
    nights = documents(10)
    build(nights)
    path = publish(warehouse, None).path
    assert len(list((path / "records").iterdir())) == 3
    grade(nights[7], "A")
    build(nights[1:])
    result = publish(warehouse, None)
    assert (result.signed, result.reused, result.withdrawn) == (1, 8, 1)
    assert (
        clr(warehouse, 7)["credentialSubject"]["verifiableCredential"][0][
            "credentialSubject"
        ]["result"][0]["value"]
        == "A"
    )
    assert verify_snapshot(warehouse, records=None).ok


def refusal(home, contracts=None) -> str:
    with pytest.raises(OperatorError) as caught:
        publish(home, contracts)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_document_that_cannot_be_signed_stops_the_publication(warehouse, build):
    build(documents())
    publish(warehouse, None)
    before = warehouse.current.read_bytes()
    spoiled = documents()
    spoiled[3]["credentialSubject"]["gpa"] = "3.5 María"
    build(spoiled)
    message = refusal(warehouse)
    assert factory.learner_id(3) in message
    assert "'gpa'" in message
    assert "María" not in message
    assert warehouse.current.read_bytes() == before
    assert [path.name for path in warehouse.snapshots.iterdir()] == ["000001"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda d: d["@context"].reverse(), "pinned contexts in order"),
        (lambda d: d["issuer"].update(id="did:web:other.example"), "another issuer"),
        (
            lambda d: d["credentialSubject"]["verifiableCredential"][0].pop("issuer"),
            "lacks a mandatory part",
        ),
        (lambda d: d["credentialSubject"].update(verifiableCredential=[]), "mandatory"),
        (lambda d: d.update(validFrom="2026-01-01T00:00:00"), "not in UTC"),
        (
            lambda d: d["credentialSubject"]["verifiableCredential"][1][
                "credentialSubject"
            ].update(
                id=d["credentialSubject"]["verifiableCredential"][0][
                    "credentialSubject"
                ]["id"]
            ),
            "share",
        ),
        (
            lambda d: d["credentialSubject"]["verifiableCredential"][1][
                "credentialSubject"
            ].update(source={**factory.COLLEGE, "name": "Another"}),
            "two bodies",
        ),
    ],
)
def test_a_record_that_would_not_bind_its_grades_is_refused(
    warehouse, build, spoil, reason
):
    spoiled = [copy.deepcopy(document) for document in documents(2)]
    spoil(spoiled[1])
    build(spoiled)
    assert reason in refusal(warehouse)
    assert not warehouse.current.exists()


def test_a_difference_from_the_reference_path_publishes_nothing(
    warehouse, build, monkeypatch
):
    build(documents(2))
    whole = guard.canonical
    monkeypatch.setattr(guard, "canonical", lambda quads: whole(quads)[1:])
    assert "differs from the reference" in refusal(warehouse)
    assert not warehouse.current.exists()


def test_an_empty_build_publishes_nothing(warehouse, build):
    build(documents(1))
    with duckdb.connect(str(warehouse.build_db)) as con:
        con.execute("DELETE FROM published.record_document")
    assert "no learner has a record" in refusal(warehouse)


def test_two_documents_of_one_learner_publish_nothing(warehouse, build):
    build([*documents(2), factory.record(1, courses=2)])
    assert "two documents" in refusal(warehouse)


def test_a_missing_build_is_named(warehouse):
    assert "run dbt" in refusal(warehouse)


def test_a_second_publication_at_once_is_refused_and_names_the_first(warehouse, build):
    build(documents())
    warehouse.published.mkdir()
    with (warehouse.published / "publish.lock").open("w") as held:
        held.write(f"process {os.getpid()} on here")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        assert f"process {os.getpid()} on here is publishing" in refusal(warehouse)
    assert publish(warehouse, None).published


STEPS = [
    "locked",
    "staged",
    "analyst written",
    "records written",
    "manifest written",
    "renamed",
    "verified",
    "current",
]


def test_the_steps_are_named(warehouse, build):
    build(documents(1))
    seen: list[str] = []
    publish(warehouse, None, at=seen.append)
    assert seen == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_leaves_a_whole_snapshot_and_a_clean_rerun(
    warehouse, build, step
):
    build(documents(2))
    publish(warehouse, None)
    build(documents(3))
    child = os.fork()
    if not child:
        try:
            publish(warehouse, None, at=lambda name: name == step and os._exit(9))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    done = step == "current"
    assert reader.resolve(warehouse).seq == (2 if done else 1)
    assert verify_snapshot(warehouse, records=None).ok
    result = publish(warehouse, None)
    assert result.published is not done
    assert (result.seq, result.learners) == (2, 3)
    assert verify_snapshot(warehouse, records=None).ok
    assert sorted(path.name for path in warehouse.snapshots.iterdir()) == [
        "000001",
        "000002",
    ]


def test_a_full_disk_is_named_and_the_current_snapshot_stands(warehouse, build):
    build(documents(2))
    publish(warehouse, None)
    build(documents(8))
    child = os.fork()
    if not child:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, 6_000))
        try:
            publish(warehouse, None)
        except OperatorError as error:
            os._exit(7 if "free space" in str(error) else 8)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert verify_snapshot(warehouse, records=None).ok
    assert reader.resolve(warehouse).seq == 1
    assert publish(warehouse, None).seq == 2


def test_a_snapshot_damaged_before_the_flip_is_not_published(warehouse, build):
    build(documents(2))

    def damage(step: str) -> None:
        if step == "renamed":
            path = store.folder_of(warehouse, 1) / "analyst" / "term.parquet"
            path.chmod(0o644)
            data = bytearray(path.read_bytes())
            data[40] ^= 1
            path.write_bytes(data)

    with pytest.raises(OperatorError, match="does not verify: hashes and rows"):
        publish(warehouse, None, at=damage)
    assert not warehouse.current.exists()


def test_a_run_overtaken_by_another_does_not_move_the_pointer(warehouse, build):
    build(documents(2))
    publish(warehouse, None)
    stale = reader.resolve(warehouse)
    build(documents(3))
    publish(warehouse, None)
    with pytest.raises(OperatorError, match="published meanwhile"):
        store.make_current(warehouse, stale)
    assert reader.resolve(warehouse).seq == 2


def test_the_key_is_made_on_the_first_night_only(warehouse, build):
    build(documents(2))
    publish(warehouse, None)
    path = keys.key_path(warehouse.keys, factory.DID)
    assert path.stat().st_mode & 0o777 == 0o600
    kept = path.read_bytes()
    path.unlink()
    build(documents(3))
    assert "is missing; restore it" in refusal(warehouse)
    assert not path.exists()
    keys.create_key(warehouse.keys, factory.DID)
    assert "restore it, or rotate" in refusal(warehouse)
    path.write_bytes(kept)
    path.chmod(0o640)
    assert "chmod 600" in refusal(warehouse)
    path.chmod(0o600)
    assert publish(warehouse, None).published


def test_after_a_rotation_old_records_stand_and_verify(warehouse, build):
    nights = documents(3)
    build(nights)
    publish(warehouse, None)
    old = keys.load_key(warehouse.keys, factory.DID)
    new = keys.rotate_key(warehouse.keys, factory.DID)
    grade(nights[0], "A")
    build(nights)
    result = publish(warehouse, None)
    assert (result.signed, result.reused) == (1, 2)
    methods = {
        number: clr(warehouse, number)["proof"][0]["verificationMethod"]
        for number in range(3)
    }
    assert methods == {0: new.method, 1: old.method, 2: old.method}
    assert verify_snapshot(warehouse, records=None).ok


def agreed(*dids: str) -> SimpleNamespace:
    return SimpleNamespace(systems={did: SimpleNamespace(did=did) for did in dids})


def test_an_issuer_that_is_no_agreed_system_is_refused(warehouse, build):
    build(documents(1))
    assert "no agreed system" in refusal(warehouse, agreed("did:web:x.example"))
    assert publish(warehouse, agreed("did:web:x.example", factory.DID)).published


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIEW published.person AS SELECT 1 AS ssn",
        "ALTER TABLE published.learner ADD COLUMN birth_date DATE",
        "ALTER TABLE published.learner ADD COLUMN name_on_record VARCHAR",
    ],
)
def test_a_column_that_was_not_agreed_does_not_leave(warehouse, build, sql):
    build(documents(1))
    with duckdb.connect(str(warehouse.build_db)) as con:
        con.execute(sql)
    assert "is not agreed for publication" in refusal(warehouse, agreed(factory.DID))


def test_progress_is_told_in_learners(warehouse, build):
    build(documents(3))
    told: list[tuple] = []
    publish(warehouse, None, on_progress=lambda *step: told.append(step))
    assert ("records", 3, 3) in told
    steps = [step for step, _ in itertools.groupby(told, key=lambda one: one[0])]
    assert steps == ["documents", "analyst tables", "records", "verified"]
