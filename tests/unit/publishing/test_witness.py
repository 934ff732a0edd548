"""What landing had written when a snapshot was made cannot be changed unseen."""

import polars as pl
import pytest
import record_factory as factory

from pipelines.errors import OperatorError
from pipelines.landing.decided.decisions import Decision, Decisions, decide
from pipelines.landing.kept.ledger import LEDGER_SCHEMA, commit, read_ledger
from pipelines.publishing import reader, verify
from pipelines.publishing.publish import publish
from pipelines.sealed import digest


def _row(wave: str, verdict: str) -> pl.DataFrame:
    row = {"institution_code": "CACC", "package_id": wave, "verdict": verdict}
    return pl.DataFrame([row], schema=LEDGER_SCHEMA)


def _refuse(home, package: str) -> Decision:
    return decide(home, Decision("CACC", "refuse", "Wrong", "Ann", package_id=package))


def _failed(home) -> dict[str, str]:
    found = verify.verify_snapshot(home, records=0).checks
    return {check.name: check.detail for check in found if not check.ok}


@pytest.fixture
def landed(warehouse, build):
    """A snapshot after two waves and two decisions, and one more of each since."""
    for wave in ("01A", "01B"):
        commit(warehouse, wave, _row(wave, "held"))
        _refuse(warehouse, wave)
    build([factory.record(0, courses=1)])
    publish(warehouse, None)
    commit(warehouse, "01C", _row("01C", "held"))
    _refuse(warehouse, "01C")
    return warehouse


def _forge(home) -> None:
    """Write another newest decision of the witnessed ones, and all hashes after it."""
    second, third = sorted(Decisions.read(home).log, key=lambda d: d.decision_id)[1:]
    for decision in (third, second):
        (home.decisions / f"{decision.decision_id}.parquet").unlink()
    first = next(home.decisions.glob("0*.parquet"))
    head = f'{{"name": "{first.stem}", "sha256": "{digest(first)}"}}'
    (home.decisions / "head.json").write_text(head)


def test_what_was_added_since_is_no_change(landed):
    assert _failed(landed) == {}
    assert all(
        not path.stat().st_mode & 0o222 for path in landed.ledger.glob("*.parquet")
    )


def test_a_changed_word_of_the_ledger_is_named(landed):
    path = landed.ledger / "01A.parquet"
    path.chmod(0o600)
    _row("01A", "rejected").write_parquet(path)
    assert set(read_ledger(landed)["verdict"]) == {"held", "rejected"}

    assert list(_failed(landed)) == ["ledger"]
    assert "01A.parquet was changed" in _failed(landed)["ledger"]


def test_a_removed_wave_is_named(landed):
    (landed.ledger / "01B.parquet").unlink()
    assert "01B.parquet was removed" in _failed(landed)["ledger"]


def test_decisions_cut_off_together_with_their_head_are_found(landed):
    _forge(landed)
    assert len(Decisions.read(landed).log) == 1

    assert list(_failed(landed)) == ["decisions"]


def test_decisions_that_took_the_place_of_others_are_found(landed):
    _forge(landed)
    _refuse(landed, "another")
    assert list(_failed(landed)) == ["decisions"]


def test_a_broken_chain_is_named(landed):
    last = Decisions.read(landed).log[-1]
    (landed.decisions / f"{last.decision_id}.parquet").unlink()
    assert last.decision_id in _failed(landed)["decisions"]


def test_a_changed_landing_is_not_witnessed_again(landed, build):
    _forge(landed)
    build([factory.record(0, courses=1), factory.record(1, courses=1)])
    before = landed.current.read_bytes()

    with pytest.raises(OperatorError, match=r"decisions: .* restore"):
        publish(landed, None)

    assert landed.current.read_bytes() == before


@pytest.mark.parametrize("harm", ["missing", "altered", "of another snapshot"])
def test_a_witness_that_is_none_is_told(landed, build, harm):
    path = reader.resolve(landed).path / "witness.json"
    if harm == "missing":
        path.unlink()
    elif harm == "altered":
        path.chmod(0o600)
        path.write_bytes(path.read_bytes().replace(b'"count": 2', b'"count": 0'))
    else:
        old = [path.read_bytes(), path.with_suffix(".sig").read_bytes()]
        build([factory.record(1, courses=1)])
        publish(landed, None)
        path = reader.resolve(landed).path / "witness.json"
        for file, data in zip((path, path.with_suffix(".sig")), old, strict=True):
            file.chmod(0o600)
            file.write_bytes(data)
    assert list(_failed(landed)) == ["witness of landing"]
