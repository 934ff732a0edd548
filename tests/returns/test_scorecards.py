"""Scorecards: thirty nights from the ledger, and a state-wide page of counts."""

import json
from datetime import date, timedelta
from typing import Any

import lxml.html
import pytest
from landing_warehouse import Warehouse
from package_builder import college_state, send

FIRST = date(2026, 9, 1)


def _night(warehouse: Warehouse, number: int, *, bad: bool = False) -> None:
    """Two colleges; the second skips every third night."""
    day = str(FIRST + timedelta(days=number))
    state = college_state(20 + number)
    if bad:
        state["course_result"][2] |= {"level": "XX"}
    send(warehouse.inbox, "CACC", day, state)
    if number % 3 != 1:
        files = {"course": b""} if number == 5 else None
        send(warehouse.inbox, "BISHOP", day, college_state(30), files=files)
    warehouse.land(now=None, until=FIRST + timedelta(days=number))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    from pipelines.settings import Home

    warehouse = Warehouse(Home(tmp_path_factory.mktemp("state") / "home"))
    for number in range(6):
        _night(warehouse, number, bad=number == 5)
    return warehouse


def _card(warehouse: Warehouse, code: str) -> dict[str, Any]:
    path = warehouse.home.outbox / code / "scorecard.json"
    return json.loads(path.read_bytes())  # type: ignore[no-any-return]


def _feed(card: dict[str, Any], name: str) -> dict[str, Any]:
    (feed,) = (feed for feed in card["feeds"] if feed["feed"] == name)
    return feed


def test_a_scorecard_counts_nights_received_on_time_and_accepted(
    nights: Warehouse,
) -> None:
    mine, other = _card(nights, "CACC"), _card(nights, "BISHOP")

    assert (mine["received"], mine["on_time"], mine["accepted"]) == (6, 6, 6)
    assert (other["received"], other["accepted"]) == (4, 3)
    assert mine["last_night"] == "2026-09-06"
    assert mine["first_night"] == "2026-08-08"
    assert (mine["freshness"], other["freshness"]) == ("on_time", "late")
    assert (mine["days_since_good"], other["days_since_good"]) == (0, 2)
    assert (mine["verdict"], other["verdict"]) == ("accepted_with_quarantine", "held")


def test_a_feed_has_rows_change_rejects_checks_and_trend(nights: Warehouse) -> None:
    results = _feed(_card(nights, "CACC"), "course_result")

    assert (results["rows_read"], results["quarantined"]) == (50, 1)
    assert results["change"] == pytest.approx(2 / 48)
    assert {e["edit_id"]: e["count"] for e in results["edits"]} == {"CRR-level-CODE": 1}
    failed = {
        (check["category"], check["severity"]): check["failed"]
        for check in results["checks"]
        if check["failed"]
    }
    assert failed == {("conformance", "Q"): 1}
    assert {c["category"] for c in results["checks"]} == {
        "conformance",
        "completeness",
        "plausibility",
    }
    assert [night["rows_read"] for night in results["trend"]] == [
        40, 42, 44, 46, 48, 50,
    ]  # fmt: skip
    assert [night["kind"] for night in results["trend"]] == ["good"] * 5 + ["aside"]


def test_the_numbers_of_a_scorecard_are_those_of_the_ledger(nights: Warehouse) -> None:
    for code in ("CACC", "BISHOP"):
        last = nights.ledger().filter(institution_code=code).row(-1, named=True)
        files = {f["feed"]: f for f in last["files"]}
        for feed in _card(nights, code)["feeds"]:
            mine = files[feed["feed"]]
            for name in ("loaded", "collapsed", "quarantined"):
                assert feed[name] == mine[name]
            assert feed["rows_read"] == (mine["rows_read"] or 0)


def test_every_bar_of_a_trend_is_a_night_and_told_in_words(nights: Warehouse) -> None:
    path = nights.home.outbox / "CACC" / "scorecard.html"
    page = lxml.html.document_fromstring(path.read_text())

    for drawing in page.xpath("//svg[@role='img']"):
        bars = "".join(drawing.xpath("./path/@d")).count("M")
        assert bars == 30
        label = drawing.get("aria-label")
        assert "24 without a package" in label
    labels = page.xpath("//svg[@role='img']/@aria-label")
    assert (
        "30 nights: 5 accepted, 1 accepted with rows set aside, 24 without a package"
        in labels
    )


def test_the_state_wide_page_has_every_open_sender_and_only_counts(
    nights: Warehouse,
) -> None:
    folder = nights.home.outbox / "SYSTEM:ACCS"
    state = json.loads((folder / "state.json").read_bytes())
    page = (folder / "state.html").read_text()

    lines = {line["institution_code"]: line for line in state["colleges"]}
    assert lines["CACC"]["Q"] == 1
    assert lines["BISHOP"]["F"] >= 1
    assert lines["CALHOUN"]["verdict"] is None
    assert state["totals"] == {"on_time": 1, "late": 1, "stale": 0, "never": 23}
    assert "student_id" not in page
    assert "A0001" not in page
    assert "CRR-level-CODE" not in page
    assert not (nights.home.outbox / "SYSTEM:TBR").exists()


def test_a_colleges_scorecard_names_no_other_college(nights: Warehouse) -> None:
    text = (nights.home.outbox / "CACC" / "scorecard.html").read_text()
    text += json.dumps(_card(nights, "CACC"))
    assert "BISHOP" not in text
    assert "Bishop" not in text


def test_a_night_on_which_nothing_comes_makes_a_college_late(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", str(FIRST), college_state())
    warehouse.land(now=None, until=FIRST)
    assert _card(warehouse, "CACC")["freshness"] == "on_time"

    warehouse.land(now=None, until=FIRST + timedelta(days=5))

    card = _card(warehouse, "CACC")
    assert card["freshness"] == "stale"
    assert card["days_since_good"] == 5


def test_a_date_in_the_future_moves_nobodys_thirty_nights(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", str(FIRST), college_state())
    send(warehouse.inbox, "BISHOP", str(FIRST), college_state())
    warehouse.land(now=None, until=FIRST)

    day = str(FIRST + timedelta(days=1))
    late = "2036-09-02T03:00:00-05:00"
    send(warehouse.inbox, "BISHOP", day, college_state(), as_of=late)
    warehouse.land(now=None, until=FIRST + timedelta(days=1))

    mine, other = _card(warehouse, "CACC"), _card(warehouse, "BISHOP")
    assert (mine["last_night"], other["last_night"]) == (day, day)
    assert (mine["received"], other["received"]) == (1, 2)
    assert other["verdict"] == "held"


def test_nothing_is_written_before_the_first_package(warehouse: Warehouse) -> None:
    warehouse.land()
    assert not warehouse.home.outbox.exists()
