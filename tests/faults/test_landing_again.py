"""Landing converges: again, after a crash, beside another run, in any mix of rows."""

import fcntl
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from killed import KilledError, killed_at
from landing_warehouse import Warehouse, package_of
from package_builder import CONTRACTS, college_state, csv_bytes, person, send

from pipelines.errors import OperatorError
from pipelines.landing.freshness import freshness
from pipelines.landing.kept.state import connect_in_force
from pipelines.settings import Home

DAY, NEXT = "2026-09-01", "2026-09-02"


def _two_nights(warehouse: Warehouse) -> None:
    # One secret for all warehouses of a test, so that their tokens can be compared.
    warehouse.home.vault.mkdir(parents=True)
    (warehouse.home.vault / "pepper").write_bytes(bytes(range(32)))
    state = college_state()
    state["course_result"][0]["earned_credit"] = "9.000"
    first = send(warehouse.inbox, "CACC", DAY, state, package_id=_id(1))
    send(warehouse.inbox, "CVCC", DAY, college_state(), package_id=_id(2))
    send(
        warehouse.inbox, "CACC", NEXT, {"person": [person("A0001") | {"sex": "X"}]},
        mode="delta", previous=first, package_id=_id(3),
    )  # fmt: skip


def _id(number: int) -> str:
    return f"11111111-1111-4111-8111-{number:012d}"


def _state_of(warehouse: Warehouse) -> dict[str, Any]:
    """Everything that counts, without the ids of the waves."""
    state: dict[str, Any] = {}
    with duckdb.connect() as con:
        connect_in_force(warehouse.home, CONTRACTS, con)
        for feed in (package.stem for package in _ever_sent(warehouse)):
            sql = f"select * exclude (_wave_id) from {feed} order by all"
            state[feed] = con.sql(sql).pl().to_dicts()
    rows = warehouse.ledger().sort("institution_code", "as_of")
    state["ledger"] = rows.drop("wave_id", "landed_at").to_dicts()
    state["quarantine"] = [
        {k: v for k, v in row.items() if k != "wave_id"}
        for row in warehouse.quarantine("course_result")
    ]
    state["outbox"] = sorted(
        str(path.relative_to(warehouse.home.outbox))
        for path in warehouse.home.outbox.rglob("*")
        if path.is_file()
    )
    return state


def _ever_sent(warehouse: Warehouse) -> list[Path]:
    return sorted((warehouse.inbox / "CACC" / DAY).glob("*.csv"))


def test_landing_twice_writes_no_new_wave(warehouse: Warehouse) -> None:
    _two_nights(warehouse)
    warehouse.land()
    before = {p: p.stat().st_mtime_ns for p in warehouse.home.root.rglob("*.parquet")}

    again = warehouse.land()

    assert (again.packages, again.waves) == ([], [])
    after = {p: p.stat().st_mtime_ns for p in warehouse.home.root.rglob("*.parquet")}
    assert after == before


def test_a_kill_at_any_step_leaves_nothing_half_done_and_a_rerun_converges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Warehouse(Home(tmp_path / "whole"))
    _two_nights(whole)
    with killed_at(monkeypatch, 0) as steps:
        whole.land()
    expected, last = _state_of(whole), steps[0]
    assert last > 50
    # Objects, anchors, both waves' files, return files, and both ledger commits.
    for step in sorted({3, 24, last // 2, last - 12, last - 5, last - 1, last}):
        house = Warehouse(Home(tmp_path / f"killed-{step}"))
        _two_nights(house)
        with killed_at(monkeypatch, step), pytest.raises(KilledError):
            house.land()
        assert len(house.in_force("person", "CACC", "student_id")) in {0, 4}
        house.land()
        assert _state_of(house) == expected, f"killed at {step} of {last}"
        waves = {p.stem for p in house.home.ledger.glob("*.parquet")}
        kept = {p.stem for p in house.home.accepted.glob("*/*.parquet")}
        assert kept - {"anchor"} <= waves
        assert not list(house.home.landing.rglob("*.tmp"))


def test_all_nights_at_once_equal_one_night_after_the_other(tmp_path: Path) -> None:
    at_once = Warehouse(Home(tmp_path / "once"))
    nightly = Warehouse(Home(tmp_path / "nightly"))
    for house in (at_once, nightly):
        _two_nights(house)
    at_once.land()
    for day in (date(2026, 9, 1), date(2026, 9, 2)):
        nightly.land(until=day)
    assert _state_of(at_once) == _state_of(nightly)


def test_a_later_delivery_is_left_alone_until_its_day(warehouse: Warehouse) -> None:
    _two_nights(warehouse)
    result = warehouse.land(until=date(2026, 9, 1), now=None)
    assert {p.delivery for p in result.packages} == {DAY}


def test_two_runs_at_once_are_refused(warehouse: Warehouse) -> None:
    _two_nights(warehouse)
    warehouse.home.landing.mkdir(parents=True)
    with (warehouse.home.landing / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OperatorError):
            warehouse.land()
    assert len(warehouse.land().packages) == 3


def test_a_college_that_breaks_the_program_is_held_and_the_others_land(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.landing import wave

    send(warehouse.inbox, "CACC", DAY, college_state())
    send(warehouse.inbox, "CVCC", DAY, college_state())
    sound = wave.find_duplicates

    def breaking(feed: Any, typed: pl.DataFrame) -> Any:
        if "CACC" in typed["institution_code"]:
            message = "Learner0 was born 2000-01-01"
            raise ValueError(message)
        return sound(feed, typed)

    monkeypatch.setattr(wave, "find_duplicates", breaking)
    result = warehouse.land()

    assert package_of(result, "CACC").verdict == "held"
    assert package_of(result, "CVCC").verdict == "accepted"
    told = warehouse.findings("CACC", DAY)[0]["value"]
    assert told == "cannot be judged (ValueError)"


_DEFECTS = {
    "ragged": lambda line: line + b",x",
    "stray quote": lambda line: line.replace(b"Learner", b'Lea"r"ner'),
    "no key": lambda line: line[5:],
    "bad date": lambda line: line.replace(b"2000-01", b"2000-13"),
    "bad code": lambda line: line.replace(b",FULL,", b",WHOLE,"),
    "twice": lambda line: line + b"\n" + line,
    "blank before": lambda line: b"\n" + line,
}


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.lists(st.sampled_from([None, None, *_DEFECTS]), min_size=30, max_size=30),
        min_size=3,
        max_size=3,
    )
)
def test_rows_in_are_loaded_collapsed_or_quarantined_whatever_is_wrong(
    tmp_path_factory: pytest.TempPathFactory, colleges: list[list[str | None]]
) -> None:
    house = Warehouse(Home(tmp_path_factory.mktemp("home")))
    codes = ("CACC", "CVCC", "COASTAL")
    sent = {}
    for code, defects in zip(codes, colleges, strict=True):
        state = college_state(30)
        header, *lines = csv_bytes("person", state["person"]).splitlines()
        damaged = [
            _DEFECTS[defect](line) if defect else line
            for line, defect in zip(lines, defects, strict=True)
        ]
        sent[code] = 30 + defects.count("twice")

        def recount(manifest: dict[str, Any], rows: int = sent[code]) -> None:
            manifest["files"][5]["rows"] = rows

        content = b"\n".join([header, *damaged]) + b"\n"
        send(
            house.inbox, code, DAY, state, files={"person": content},
            edit_manifest=recount,
        )  # fmt: skip

    result = house.land(release=frozenset(_ids(house)))

    for code in codes:
        package = package_of(result, code)
        assert package.verdict.startswith("accepted")
        counts = package.counts["person"]
        assert counts["rows_read"] == sent[code]
        out = counts["loaded"] + counts["collapsed"] + counts["quarantined"]
        assert out == counts["rows_read"]
        assert len(house.in_force("person", code)) == counts["loaded"]
        mine = [r for r in house.quarantine("person") if r["institution_code"] == code]
        assert len(mine) == counts["quarantined"]
        assert len({r["line"] for r in mine}) == len(mine)


def _ids(house: Warehouse) -> list[str]:
    """Ids of all packages delivered, so that shares of errors hold none of them."""
    manifests = [p.read_text() for p in house.inbox.glob("*/*/manifest.json")]
    return [str(pl.read_json(m.encode())["package_id"][0]) for m in manifests]


def test_a_college_is_late_after_its_own_cut_off_and_stale_after_three_days(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())

    def status(at: str) -> dict[str, str]:
        now = datetime.fromisoformat(at).astimezone(UTC)
        found = freshness(warehouse.home, CONTRACTS, now)
        return {one.institution_code: one.status for one in found}

    assert status("2026-09-02T09:00:00-05:00")["CACC"] == "on_time"
    assert status("2026-09-03T05:59:00-05:00")["CACC"] == "on_time"
    assert status("2026-09-03T06:01:00-05:00")["CACC"] == "late"
    assert status("2026-09-05T05:00:00-05:00")["CACC"] == "late"
    assert status("2026-09-06T06:01:00-05:00")["CACC"] == "stale"
    assert status("2026-09-02T09:00:00-05:00")["CVCC"] == "never"
