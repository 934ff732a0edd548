"""The log of decisions only grows; what was changed or taken out is found."""

import polars as pl
import pytest
from landing_warehouse import Warehouse
from lrw_calls import Lrw
from package_builder import college_state, send

from pipelines.errors import OperatorError
from pipelines.landing.decisions import (
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
    assert verify_decisions(warehouse.home) == 3


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


def test_a_write_that_was_cut_off_before_its_last_step_is_caught_up_with(
    warehouse: Warehouse, three: list[Decision]
) -> None:
    head = warehouse.home.decisions / "head.json"
    before = head.read_bytes()
    _decide(warehouse, "p4")
    head.write_bytes(before)

    _decide(warehouse, "p5")

    assert Decisions.read(warehouse.home).released("CACC") == {
        "p1", "p2", "p3", "p4", "p5",
    }  # fmt: skip


@pytest.mark.parametrize("missing", ["reason", "decided_by"])
def test_nobody_decides_without_a_reason_and_a_name(
    warehouse: Warehouse, missing: str
) -> None:
    values = {"reason": "Right", "decided_by": "Ann Lee"} | {missing: "  "}
    with pytest.raises(OperatorError):
        decide(warehouse.home, Decision("CACC", "release", **values))
    assert Decisions.read(warehouse.home).log == ()


def test_the_log_can_be_read_before_the_first_decision(warehouse: Warehouse) -> None:
    send(warehouse.inbox, "CACC", "2026-09-01", college_state())
    warehouse.land()
    assert Decisions.read(warehouse.home).log == ()
    assert pl.read_parquet(warehouse.home.decisions / ANCHOR).is_empty()
