"""Tampering with what is published is found."""

import random

import duckdb
import orjson
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.publishing import keys, reader, verify
from pipelines.publishing.gc import collect
from pipelines.publishing.publish import publish
from pipelines.verification.files import examine_file
from pipelines.verification.parsing import LARGEST


def failed(result) -> list[str]:
    return [check.name for check in result.checks if not check.ok]


def wrong(report) -> list[tuple[str, str]]:
    return [(one.where.partition(":")[0], one.name) for one in report.failures]


def test_a_whole_snapshot_verifies_with_every_check_named(published):
    result = verify.verify_snapshot(published, records=None)
    assert result.ok
    assert [check.name for check in result.checks] == [
        "manifest signature",
        "files",
        "hashes and rows",
        "learners",
        "redirects",
        "status lists",
        "proofs",
        "witness of landing",
        "ledger",
        "decisions",
        "certified rows",
    ]
    assert result.checks[6].detail == "4 records"


def test_one_flipped_bit_anywhere_is_found(published):
    root = reader.resolve(published).path
    dice = random.Random(1)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    for path in files:
        path.chmod(0o644)
        whole = path.read_bytes()
        for _ in range(6):
            data = bytearray(whole)
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            path.write_bytes(data)
            try:
                found = not verify.verify_snapshot(published, records=0).ok
            except OperatorError:
                found = True
            assert found, path.name
        path.write_bytes(whole)
    assert verify.verify_snapshot(published, records=0).ok


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        (lambda root: (root / "analyst" / "term.parquet").unlink(), "files"),
        (lambda root: (root / "analyst" / "x.parquet").write_bytes(b"x"), "files"),
        (lambda root: (root / "manifest.sig").unlink(), "manifest signature"),
        (lambda root: (root / "witness.json").unlink(), "witness of landing"),
        (lambda root: (root / "public" / "did.json").unlink(), "manifest signature"),
    ],
)
def test_missing_and_foreign_files_are_found(published, harm, check):
    harm(reader.resolve(published).path)
    assert check in failed(verify.verify_snapshot(published))


def test_a_manifest_signed_by_a_stranger_is_found(published, tmp_path):
    from pipelines.publishing.manifest import signature
    from pipelines.publishing.signing import KeySigner

    stranger = keys.create_key(tmp_path / "keys", factory.DID)
    root = reader.resolve(published).path
    data = (root / "manifest.json").read_bytes()
    (root / "manifest.sig").chmod(0o644)
    (root / "manifest.sig").write_bytes(signature(data, KeySigner(stranger)))
    assert failed(verify.verify_snapshot(published)) == ["manifest signature"]


def test_a_record_altered_before_hashing_fails_its_proof(published):
    """Whoever can rewrite the hashes still cannot rewrite a record."""
    snapshot = reader.resolve(published)
    part = snapshot.path / "records" / "part-00000.parquet"
    part.chmod(0o644)
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE r AS SELECT * REPLACE (replace(clr, 'B+', 'A') AS clr) "
            "FROM read_parquet(?)",
            [str(part)],
        )
        con.execute(f"COPY r TO '{part}' (FORMAT parquet)")
    result = verify.Verification()
    verify._check_records(snapshot, snapshot.did_document(), None, result)
    assert failed(result) == ["proofs"]
    assert "María" not in result.checks[-1].detail


def test_a_record_file_verifies_with_every_nested_credential(published, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(reader.record(published, factory.learner_id(1)))
    result = examine_file(published, path)
    assert result.ok
    places = {check.where for check in result.checks}
    assert len(places) == 8 + 1


def test_a_nested_credential_verifies_by_itself(published, tmp_path):
    record = orjson.loads(reader.record(published, factory.learner_id(1)))
    nested = record["credentialSubject"]["verifiableCredential"][0]
    path = tmp_path / "credential.json"
    path.write_bytes(orjson.dumps(nested))
    assert examine_file(published, path).ok


def test_one_altered_nested_credential_is_pointed_at(published, tmp_path):
    record = orjson.loads(reader.record(published, factory.learner_id(1)))
    nested = record["credentialSubject"]["verifiableCredential"]
    nested[2]["credentialSubject"]["creditsEarned"] = 30
    path = tmp_path / "record.json"
    path.write_bytes(orjson.dumps(record))
    assert wrong(examine_file(published, path)) == [
        ("", "Proof"),
        ("credential 3 of 8", "Proof"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"@context": "https://a.example/"}',
        b'{"credentialSubject": {"verifiableCredential": [1, null, "x"]}}',
        b'{"proof": [], "@context": []}',
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"\xff\xfe",
    ],
)
def test_what_is_no_credential_does_not_verify_and_does_not_crash(
    published, tmp_path, text
):
    path = tmp_path / "thing.json"
    path.write_bytes(text)
    assert not examine_file(published, path).ok


def test_a_huge_file_is_not_read(published, tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    result = examine_file(published, path)
    assert wrong(result) == [("", "Text")]


def test_a_credential_of_another_issuer_does_not_verify(published, tmp_path, signed):
    path = tmp_path / "foreign.json"
    path.write_bytes(orjson.dumps(signed))
    proofs = [
        check.verdict
        for check in examine_file(published, path).checks
        if check.name == "Proof"
    ]
    assert proofs == ["failed"] * (27 + 1)


def test_old_snapshots_go_after_a_day_and_the_current_one_never(published, build):
    import os

    for count in (5, 6, 7):
        build([factory.record(number, courses=1) for number in range(count)])
        publish(published, None)
    assert collect(published, keep=1) == []
    for path in published.snapshots.iterdir():
        os.utime(path, (0, 0))
    removed = collect(published, keep=2)
    assert [path.name for path in removed] == ["000001", "000002"]
    assert verify.verify_snapshot(published).ok
    (reader.resolve(published).path / "manifest.sig").unlink()
    with pytest.raises(OperatorError, match="older ones are kept"):
        collect(published, keep=1)
