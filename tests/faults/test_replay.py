"""A late package is put in its place, and what is superseded counts no more."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from killed import KilledError, killed_at
from landing_warehouse import CLOCK, Warehouse
from package_builder import CONTRACTS, college_state, person, result, send
from sweeps import sweep

from pipelines.landing.decided.decisions import REFUSE, RELEASE, Decision, decide
from pipelines.landing.freshness import freshness
from pipelines.landing.kept.ledger import in_effect
from pipelines.landing.kept.state import connect_in_force
from pipelines.settings import Home

FALL = "202680"
FIRST, SECOND, THIRD, FOURTH = (f"2026-09-0{day}" for day in (1, 2, 3, 4))


def _id(number: int) -> str:
    return f"11111111-1111-4111-8111-{number:012d}"


def _named(name: str) -> dict[str, Any]:
    return {"person": [person("A0001") | {"last_name": name}]}


def _first_and_third(warehouse: Warehouse) -> None:
    """A full snapshot, and a delta whose predecessor has not come."""
    warehouse.home.vault.mkdir(parents=True)
    (warehouse.home.vault / "pepper").write_bytes(bytes(range(32)))
    send(warehouse.inbox, "CACC", FIRST, college_state(), package_id=_id(1))
    window = college_state()
    for feed in ("section", "course_result", "term_enrollment"):
        window[feed] = [row for row in window[feed] if row["term_code"] == FALL]
    # Feeds without a term are read as upserts: nothing is said of student 1.
    window["person"] = [person("A0009", 9)]
    send(warehouse.inbox, "CACC", FOURTH, window, terms=[FALL], package_id=_id(4))
    send(
        warehouse.inbox, "CACC", THIRD, _named("Third"),
        mode="delta", previous=_id(2), package_id=_id(3),
    )  # fmt: skip
    warehouse.land()


def _second(warehouse: Warehouse) -> None:
    send(
        warehouse.inbox, "CACC", SECOND, _named("Second"),
        mode="delta", previous=_id(1), package_id=_id(2),
    )  # fmt: skip


def _verdicts(warehouse: Warehouse) -> dict[str, str]:
    """The newest word on each delivery that counts."""
    rows = in_effect(warehouse.ledger()).iter_rows(named=True)
    return {row["delivery"]: row["verdict"] for row in rows}


def _release(number: int) -> frozenset[str]:
    return frozenset({_id(number)})


def test_a_replay_makes_a_waiting_chain_whole(warehouse: Warehouse) -> None:
    _first_and_third(warehouse)
    assert _verdicts(warehouse)[THIRD] == "held"
    _second(warehouse)
    warehouse.land()
    assert _verdicts(warehouse)[SECOND] == "held"

    replayed = warehouse.land(release=_release(2))

    assert [p.delivery for p in replayed.packages] == [SECOND, THIRD, FOURTH]
    assert set(_verdicts(warehouse).values()) == {"accepted"}
    assert len(replayed.waves) == 1
    assert "Third" in warehouse.ids("person", "CACC", "last_name")
    assert warehouse.land().waves == []


def test_superseded_entries_stay_in_the_ledger_and_count_no_more(
    warehouse: Warehouse,
) -> None:
    _first_and_third(warehouse)
    _second(warehouse)
    warehouse.land()
    before = warehouse.ledger()
    warehouse.land(release=_release(2))

    after = warehouse.ledger()

    assert after.head(before.height).equals(before)
    gone = after.filter(after["verdict"] == "replayed")
    assert set(gone["delivery"]) == {SECOND, THIRD, FOURTH}
    applied = in_effect(after).filter(
        in_effect(after)["verdict"].str.starts_with("accepted")
    )
    assert sorted(applied["package_id"]) == [_id(1), _id(2), _id(3), _id(4)]
    assert after.filter(after["package_id"] == _id(4))["verdict"].to_list() == [
        "accepted",
        "replayed",
        "accepted",
    ]
    now = freshness(warehouse.home, CONTRACTS, CLOCK)
    assert next(f for f in now if f.institution_code == "CACC").package_id == _id(4)


def test_a_package_is_replayed_from_the_store_when_its_delivery_is_gone(
    warehouse: Warehouse,
) -> None:
    _first_and_third(warehouse)
    _second(warehouse)
    warehouse.land()
    shutil.rmtree(warehouse.inbox)

    warehouse.land(release=_release(2))

    assert set(_verdicts(warehouse).values()) == {"accepted"}
    assert "Third" in warehouse.ids("person", "CACC", "last_name")


def test_a_release_of_the_place_does_not_release_from_a_guard(
    warehouse: Warehouse,
) -> None:
    state = college_state(20)
    send(warehouse.inbox, "CACC", FIRST, state, package_id=_id(1))
    send(warehouse.inbox, "CACC", THIRD, state, package_id=_id(3))
    warehouse.land()
    few = college_state(14)
    send(warehouse.inbox, "CACC", SECOND, few, package_id=_id(2))
    warehouse.land()

    warehouse.land(release=_release(2))

    held = in_effect(warehouse.ledger()).filter(
        in_effect(warehouse.ledger())["delivery"] == SECOND
    )
    assert held["verdict"].to_list()[-2:] == ["held", "retired"]
    edits = {f["edit_id"] for f in held["findings"].to_list()[-1]}
    assert "F11" in edits
    assert "F09" not in edits

    warehouse.land(release=_release(2))

    assert _verdicts(warehouse) == dict.fromkeys((FIRST, SECOND, THIRD), "accepted")
    assert len(warehouse.in_force("person", "CACC")) == 20


def _decide(warehouse: Warehouse, kind: str, number: int) -> None:
    decide(
        warehouse.home,
        Decision(
            institution_code="CACC",
            kind=kind,  # type: ignore[arg-type]
            package_id=_id(number),
            reason="looked at it",
            decided_by="Pat Registrar",
        ),
    )


def test_a_decision_in_the_log_releases_once(warehouse: Warehouse) -> None:
    _first_and_third(warehouse)
    _second(warehouse)
    warehouse.land()
    _decide(warehouse, RELEASE, 2)

    assert len(warehouse.land().waves) == 1
    assert set(_verdicts(warehouse).values()) == {"accepted"}
    assert warehouse.land().waves == []


def test_a_refused_package_is_left_out_of_a_replay(warehouse: Warehouse) -> None:
    _first_and_third(warehouse)
    _second(warehouse)
    warehouse.land()
    _decide(warehouse, REFUSE, 3)

    replayed = warehouse.land(release=_release(2))

    assert [p.delivery for p in replayed.packages] == [SECOND, FOURTH]
    assert _verdicts(warehouse)[THIRD] == "held"
    assert "Second" in warehouse.ids("person", "CACC", "last_name")


def test_quarantine_of_a_superseded_wave_does_not_exist(warehouse: Warehouse) -> None:
    state = college_state()
    send(warehouse.inbox, "CACC", FIRST, state, package_id=_id(1))
    orphan = result("A0009", "202610", "1", "B")
    send(
        warehouse.inbox, "CACC", THIRD, {"course_result": [orphan]},
        mode="delta", previous=_id(2), package_id=_id(3),
    )  # fmt: skip
    warehouse.land()
    # Let through on a broken chain: the row has no owner yet.
    warehouse.land(release=_release(3))
    assert _verdicts(warehouse)[THIRD] == "accepted_with_quarantine"
    send(
        warehouse.inbox, "CACC", SECOND, {"person": [person("A0009", 9)]},
        mode="delta", previous=_id(1), package_id=_id(2),
    )  # fmt: skip
    warehouse.land()

    replayed = warehouse.land(release=_release(2))

    assert [p.verdict for p in replayed.packages] == ["accepted", "accepted"]
    assert sum(c["released"] for p in replayed.packages for c in p.counts.values()) == 0
    assert "A0009" in warehouse.ids("course_result", "CACC")


def _state(warehouse: Warehouse) -> list[Any]:
    with duckdb.connect() as con:
        connect_in_force(warehouse.home, CONTRACTS, con)
        rows = con.sql("select * exclude (_wave_id) from person order by all")
        return [rows.fetchall(), _verdicts(warehouse)]


@sweep
def test_a_kill_in_a_replay_leaves_the_old_state_and_a_rerun_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Warehouse(Home(tmp_path / "whole"))
    _first_and_third(whole)
    _second(whole)
    whole.land()
    shutil.copytree(whole.home.root, tmp_path / "before")
    with killed_at(monkeypatch, 0) as steps:
        whole.land(release=_release(2))
    expected, last = _state(whole), steps[0]
    found = []
    for step in sorted({1, last // 3, last // 2, last - 2, last}):
        house = Warehouse(Home(tmp_path / f"killed-{step}"))
        shutil.copytree(tmp_path / "before", house.home.root)
        old = _state(house)
        with killed_at(monkeypatch, step), pytest.raises(KilledError):
            house.land(release=_release(2))
        # After the commit only pages for people are missing.
        assert _state(house) in (old, expected), f"killed at {step} of {last}"
        found.append(_state(house) == old)
        house.land(release=_release(2))
        assert _state(house) == expected, f"killed at {step} of {last}"
        waves = {p.stem for p in house.home.ledger.glob("*.parquet")}
        kept = {p.name.split(".")[0] for p in house.home.accepted.glob("*/*.parquet")}
        assert kept - {"anchor"} <= waves
    assert found[:3] == [True] * 3
