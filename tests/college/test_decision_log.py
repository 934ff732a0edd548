"""The log of decisions only grows; what was changed or taken out is found."""

import polars as pl
import pytest
from killed import KilledError, killed_at
from landing_warehouse import Warehouse
from lrw_calls import Lrw
from package_builder import college_state, send

from pipelines.errors import OperatorError
from pipelines.landing.decided.decisions import (
    ANCHOR,
    Decision,
    DecisionLogError,
    Decisions,
    decide,
    verify_decisions,
)


def _decide(warehouse: Warehouse, package_id: str) -> Decision:
    return decide(
        warehouse.home,
        Decision(
            institution_code="CACC",
            kind="release",
            reason="Right as it is",
            decided_by="Ann Lee",
            package_id=package_id,
        ),
    )


@pytest.fixture
def three(warehouse: Warehouse) -> list[Decision]:
    return [_decide(warehouse, package_id) for package_id in ("p1", "p2", "p3")]


def test_each_decision_names_the_one_before(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    assert [d.previous_id for d in three] == [None, *(d.decision_id for d in three[:2])]
    assert Decisions.read(warehouse.home).released("CACC") == {"p1", "p2", "p3"}
    links = verify_decisions(warehouse.home)
    assert [link.name for link in links] == [d.decision_id for d in three]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_edited_decision_is_found_by_name(
    warehouse: Warehouse, lrw: Lrw, three: list[Decision], which: int
) -> None:
    path = warehouse.home.decisions / f"{three[which].decision_id}.parquet"
    rows = pl.read_parquet(path).with_columns(decided_by=pl.lit("Somebody Else"))
    path.chmod(0o600)
    rows.write_parquet(path)

    said = lrw.college("CACC")

    assert said.code == 1
    assert three[which].decision_id in said.line


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_removed_decision_is_found_by_name(
    warehouse: Warehouse, three: list[Decision], which: int
) -> None:
    (warehouse.home.decisions / f"{three[which].decision_id}.parquet").unlink()
    with pytest.raises(DecisionLogError, match=three[which].decision_id):
        Decisions.read(warehouse.home)


def test_a_decision_put_in_is_found(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    folder = warehouse.home.decisions
    last = folder / f"{three[2].decision_id}.parquet"
    copy = folder / f"7{three[2].decision_id[1:]}.parquet"
    copy.write_bytes(last.read_bytes())
    with pytest.raises(DecisionLogError):
        Decisions.read(warehouse.home)


def test_nothing_is_landed_on_a_log_that_was_changed(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    send(warehouse.inbox, "CACC", "2026-09-01", college_state())
    (warehouse.home.decisions / f"{three[1].decision_id}.parquet").unlink()
    with pytest.raises(OperatorError, match="restore"):
        warehouse.land()
    assert warehouse.ledger().is_empty()


@pytest.mark.parametrize(("step", "counts"), [(1, False), (2, False), (3, True)])
def test_a_writer_killed_at_any_step_is_caught_up_with(
    warehouse: Warehouse,
    three: list[Decision],
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    counts: bool,
) -> None:
    with killed_at(monkeypatch, step), pytest.raises(KilledError):
        _decide(warehouse, "p4")
    released = Decisions.read(warehouse.home).released("CACC")
    assert ("p4" in released) == counts

    _decide(warehouse, "p5")

    assert Decisions.read(warehouse.home).released("CACC") == released | {"p5"}


def test_the_last_decision_edited_with_the_head_set_back_is_found(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    head = warehouse.home.decisions / "head.json"
    before = head.read_bytes()
    last = _decide(warehouse, "p4")
    path = warehouse.home.decisions / f"{last.decision_id}.parquet"
    path.chmod(0o600)
    pl.read_parquet(path).with_columns(reason=pl.lit("Other")).write_parquet(path)
    head.write_bytes(before)

    with pytest.raises(DecisionLogError):
        Decisions.read(warehouse.home)


def test_a_log_without_its_head_is_found(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    for decision in three[1:]:
        (warehouse.home.decisions / f"{decision.decision_id}.parquet").unlink()
    (warehouse.home.decisions / "head.json").unlink()
    with pytest.raises(DecisionLogError, match=r"head\.json"):
        Decisions.read(warehouse.home)


@pytest.mark.parametrize("missing", ["reason", "decided_by"])
def test_nobody_decides_without_a_reason_and_a_name(
    warehouse: Warehouse, missing: str
) -> None:
    values = {"reason": "Right", "decided_by": "Ann Lee"} | {missing: "  "}
    with pytest.raises(OperatorError):
        decide(warehouse.home, Decision("CACC", "release", **values))
    assert Decisions.read(warehouse.home).log == ()


def test_the_log_can_be_read_before_the_first_decision(warehouse: Warehouse) -> None:
    warehouse.night("CACC", "2026-09-01", college_state())
    assert Decisions.read(warehouse.home).log == ()
    assert pl.read_parquet(warehouse.home.decisions / ANCHOR).is_empty()
