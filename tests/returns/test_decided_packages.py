"""A return file after a person has decided: read as the college reads it.

The decisions are made through the command line, as the system office makes them.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from landing_warehouse import Warehouse
from package_builder import CONTRACTS, college_state, send
from return_files import Returned, returned

from pipelines import cli
from pipelines.landing.decided.decisions import Decisions
from pipelines.returns.again import write_again
from pipelines.settings import Home
from pipelines.status import read_status

DAY, NEXT, THIRD = "2026-09-01", "2026-09-02", "2026-09-03"
REASON, NAME = "Seniors graduated; <b>confirmed</b>", "Ann Lee"


def _college(*arguments: str) -> None:
    who = ("--reason", REASON, "--by", NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["lrw", "college", *arguments, *who])
        with pytest.raises(SystemExit) as left:
            cli.main()
    assert not left.value.code


def _held(warehouse: Warehouse) -> str:
    return warehouse.as_after(_held_package)


def _held_package(warehouse: Warehouse) -> str:
    """Forty students and a package of 28 the next night, with a faulty row."""
    warehouse.night("CACC", DAY, college_state(40))
    fewer = college_state(28)
    fewer["program_enrollment"][1] |= {"level": "XX"}
    return warehouse.night("CACC", NEXT, fewer)


@pytest.fixture
def at_home(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setenv("LRW_HOME", str(warehouse.home.root))
    return warehouse


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(Home(tmp_path_factory.mktemp("released") / "home"))
    _held(warehouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LRW_HOME", str(warehouse.home.root))
        _college("CACC", "release", NEXT)
    return warehouse


def _card(warehouse: Warehouse, code: str) -> dict[str, Any]:
    path = warehouse.home.outbox / code / "scorecard.json"
    return json.loads(path.read_bytes())  # type: ignore[no-any-return]


def test_a_released_package_is_told_as_released_by_whom_and_why(
    released: Warehouse,
) -> None:
    told = returned(released, "CACC", NEXT)
    (decision,) = Decisions.read(released.home).of("CACC")

    assert told.summary["verdict"] == "accepted_with_quarantine"
    effects = told.summary["counts"]["by_effect"]
    assert (effects["stops_package"], effects["sets_row_aside"]) == (0, 1)
    assert effects["let_through"] == told.summary["counts"]["by_severity"]["F"] > 0
    assert {f["verdict"] for f in told.summary["files"]} == {"accepted"}
    for gone in ("Stops the package", "waits", "refused until"):
        assert gone not in told.said
    assert f"Released by {NAME} on " in told.said
    assert REASON in told.said
    assert told.parsed_page.xpath("//section[contains(@class, 'verdict')]//b/b") == []
    ids = {r["released_by"] for r in told.rows if r["effect"] == "let_through"}
    assert ids == {decision.decision_id}
    lines = {r[0].value: r[1].value for r in told.workbook["Summary"].iter_rows()}
    assert lines["Decision"].startswith(f"Released by {NAME} on ")


def test_a_released_package_stops_nothing_on_the_scorecard(released: Warehouse) -> None:
    card = _card(released, "CACC")
    assert (card["F"], card["Q"]) == (0, 1)
    assert "stops the package" not in (
        released.home.outbox / "CACC" / "scorecard.html"
    ).read_text(encoding="utf-8")


def test_what_was_said_while_it_was_held_is_kept_and_linked(
    released: Warehouse,
) -> None:
    now = returned(released, "CACC", NEXT)
    (link,) = now.parsed_page.xpath("//footer//a/@href")
    before = Returned((now.folder / link).parent)

    assert (before.summary["verdict"], now.summary["verdict"]) == (
        "held",
        "accepted_with_quarantine",
    )
    assert "ask the system office to release it" in before.said
    assert {path.suffix for path in before.folder.iterdir()} == {
        ".csv",
        ".html",
        ".json",
        ".xlsx",
    }


def test_a_refused_package_is_told_as_refused_everywhere(at_home: Warehouse) -> None:
    package_id = _held(at_home)
    held = returned(at_home, "CACC", NEXT)
    findings, rows = held.summary["findings"], held.rows
    _college("CACC", "refuse", NEXT)

    write_again(at_home.home, CONTRACTS, package_id)

    told = returned(at_home, "CACC", NEXT)
    assert told.summary["verdict"] == "refused"
    assert f"Refused by {NAME} on " in told.said
    assert REASON in told.said
    assert "What you sent before stays in force." in told.said
    assert "waits" not in told.parsed_page.xpath("string(//tbody)")
    assert (told.summary["findings"], told.rows) == (findings, rows)
    assert told.sheet("Counts")[0]["rows_read"] == 2
    assert _card(at_home, "CACC")["verdict"] == "refused"
    (sender,) = read_status(at_home.home).senders
    assert sender.verdict == "refused"


def test_a_refusal_taken_back_makes_the_package_wait_again(at_home: Warehouse) -> None:
    package_id = _held(at_home)
    _college("CACC", "refuse", NEXT)
    (refusal,) = Decisions.read(at_home.home).of("CACC")
    write_again(at_home.home, CONTRACTS, package_id)
    _college("CACC", "withdraw", refusal.decision_id)

    write_again(at_home.home, CONTRACTS, package_id)

    told = returned(at_home, "CACC", NEXT)
    assert (told.summary["verdict"], told.summary["decision"]) == ("held", None)
    assert _card(at_home, "CACC")["verdict"] == "held"


def test_a_refusal_is_told_though_the_college_has_emptied_its_outbox(
    at_home: Warehouse,
) -> None:
    package_id = _held(at_home)
    for path in returned(at_home, "CACC", NEXT).folder.iterdir():
        path.unlink()
    _college("CACC", "refuse", NEXT)

    write_again(at_home.home, CONTRACTS, package_id)

    told = returned(at_home, "CACC", NEXT)
    assert "student_id=A0002" in told.said
    assert told.summary["verdict"] == "refused"


def test_a_package_without_disclosure_is_told_to_send_it(warehouse: Warehouse) -> None:
    state = college_state()
    del state["disclosure"]
    send(warehouse.inbox, "CACC", DAY, state)
    warehouse.land(now=None, until=date.fromisoformat(DAY))

    told = returned(warehouse, "CACC", DAY)

    assert "Accepted, not published" in told.said
    assert told.summary["next_step"].startswith("Send a disclosure file")
    assert "Nothing to do" not in told.said
    assert "Stops publication" in told.said
    assert "Stops the package" not in told.said
    (missing,) = _card(warehouse, "CACC")["edits"]
    assert (missing["edit_id"], missing["feed"]) == ("DSC-F01", "disclosure")
    page = (warehouse.home.outbox / "CACC" / "scorecard.html").read_text()
    assert "DSC-F01" in page
    assert "before a disclosure file comes" in page


@pytest.mark.parametrize(
    "options",
    [
        {"files": {"course": b"subject,course_number\nENG,101\n"}},
        {"mode": "delta", "previous": "00000000-0000-4000-8000-000000000000"},
    ],
    ids=["damaged", "chain"],
)
def test_a_first_package_that_nobody_can_release_is_not_told_to_ask_for_it(
    warehouse: Warehouse, options: dict[str, Any]
) -> None:
    warehouse.night("CACC", DAY, college_state(), **options)

    told = returned(warehouse, "CACC", DAY)

    assert told.summary["verdict"] == "held"
    assert "release it" not in told.said
    assert "stays in force" not in told.said


def test_a_finding_of_the_manifest_is_on_the_scorecard(warehouse: Warehouse) -> None:
    folder: Path = warehouse.inbox / "CACC" / DAY
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{")
    warehouse.land()

    assert [e["edit_id"] for e in _card(warehouse, "CACC")["edits"]] == ["F01"]


def test_resolved_counts_of_the_edits_add_up_to_the_whole(
    warehouse: Warehouse,
) -> None:
    broken = college_state(40)
    broken["program_enrollment"][1] |= {"level": "XX"}
    # The same edit as a warning and as a remark about the file.
    broken["course"].append(broken["course"][0])
    send(warehouse.inbox, "CACC", DAY, broken)
    send(warehouse.inbox, "CACC", NEXT, college_state(40))
    warehouse.land()

    told = returned(warehouse, "CACC", NEXT)

    edits = told.summary["edits"]
    assert told.summary["findings"] == []
    assert told.summary["counts"]["resolved"] == 2
    assert sum(edit["resolved"] for edit in edits) == 2
    assert {(e["edit_id"], e["count"]) for e in edits} == {
        ("PEN-level-CODE", 0),
        ("F13", 0),
    }
    assert sum(edit["resolved"] for edit in told.sheet("Edits")) == 2


def test_a_college_that_sends_at_three_in_the_morning_is_on_time(
    warehouse: Warehouse,
) -> None:
    for day in (DAY, NEXT, THIRD):
        at = f"{day}T03:00:00-05:00"
        send(warehouse.inbox, "CACC", day, college_state(), as_of=at)
        if day == DAY:
            send(warehouse.inbox, "BISHOP", day, college_state(), as_of=at)
        warehouse.land(now=None, until=date.fromisoformat(day))

        card = _card(warehouse, "CACC")
        assert (card["freshness"], card["days_since_good"]) == ("on_time", 0)
        if day == DAY:
            assert card["last_night"] == "2026-08-31"

    late = _card(warehouse, "BISHOP")
    assert (late["freshness"], late["days_since_good"]) == ("late", 2)
