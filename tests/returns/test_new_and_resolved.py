"""New, persisting, resolved: each package beside the sender's last one."""

import csv
import io

from landing_warehouse import Warehouse
from package_builder import State, college_state, identifier, result, send, term_row
from return_files import Returned, returned

MONDAY, TUESDAY, WEDNESDAY = "2026-09-01", "2026-09-02", "2026-09-03"
KEY = "student_id=A0002; program_code=CER-BUS; start_term=202610"
# An enrolment in a programme has no children: a fault of it brings no other.
BAD = {"level": "XX"}
EDIT = "PEN-level-CODE"


def _nights(warehouse: Warehouse, *states: State) -> list[Returned]:
    told = []
    for day, state in zip((MONDAY, TUESDAY, WEDNESDAY), states, strict=False):
        warehouse.night("CACC", day, state)
        told.append(returned(warehouse, "CACC", day))
    return told


def test_a_finding_is_new_then_still_open_then_resolved(warehouse: Warehouse) -> None:
    broken, worse, mended = college_state(), college_state(), college_state()
    broken["program_enrollment"][1] |= BAD
    worse["program_enrollment"][1] |= {"level": "YY"}
    worse["program_enrollment"][2] |= {"status": "?"}

    first, second, third = _nights(warehouse, broken, worse, mended)

    assert first.states() == {
        "new": {EDIT},
        "persisting": set(),
        "resolved": set(),
    }
    assert first.summary["compared_with"] is None
    assert second.states() == {
        "new": {"PEN-status-CODE"},
        "persisting": {EDIT},
        "resolved": set(),
    }
    assert second.summary["compared_with"]["delivery"] == MONDAY
    (still,) = (f for f in second.summary["findings"] if f["state"] == "persisting")
    assert still["since"] == MONDAY
    assert third.states() == {
        "new": set(),
        "persisting": set(),
        "resolved": {"PEN-level-CODE", "PEN-status-CODE"},
    }
    assert third.summary["counts"]["resolved"] == 2
    assert "Resolved since the last package" in third.said
    assert [row["key"] for row in third.sheet("Resolved")] == [
        second.summary["findings"][0]["key"],
        second.summary["findings"][1]["key"],
    ]


def test_a_finding_moves_with_its_row_and_not_with_its_line(
    warehouse: Warehouse,
) -> None:
    broken, moved = college_state(), college_state()
    broken["program_enrollment"][1] |= BAD
    moved["program_enrollment"][1] |= BAD
    moved["program_enrollment"].reverse()

    first, second = _nights(warehouse, broken, moved)

    (before,), (after,) = first.summary["findings"], second.summary["findings"]
    assert before["line"] != after["line"]
    assert after["state"] == "persisting"


def test_a_delta_does_not_resolve_what_it_does_not_carry(
    warehouse: Warehouse,
) -> None:
    broken = college_state()
    broken["program_enrollment"][1] |= BAD
    broken["program_enrollment"][3] |= BAD
    first = warehouse.night("CACC", MONDAY, broken)
    good = college_state()["program_enrollment"][1]
    second = send(
        warehouse.inbox, "CACC", TUESDAY, {"program_enrollment": [good]},
        mode="delta", previous=first,
    )  # fmt: skip
    warehouse.land()

    told = returned(warehouse, "CACC", TUESDAY)

    assert [gone["key"] for gone in told.summary["resolved"]] == [KEY]
    assert told.summary["counts"]["not_mentioned"] == 1
    assert "1 earlier finding stays open" in told.said

    # The other one is still known on the third night, though nobody spoke of it.
    again = college_state()["program_enrollment"][3] | BAD
    send(
        warehouse.inbox, "CACC", WEDNESDAY, {"program_enrollment": [again]},
        mode="delta", previous=second,
    )  # fmt: skip
    warehouse.land()
    (open_now,) = returned(warehouse, "CACC", WEDNESDAY).summary["findings"]
    assert (open_now["state"], open_now["since"]) == ("persisting", MONDAY)


def test_a_window_resolves_within_its_terms_only(warehouse: Warehouse) -> None:
    broken = college_state()
    broken["term_enrollment"][2] |= {"dual_enrollment": "?"}
    broken["term_enrollment"][3] |= {"dual_enrollment": "?"}
    warehouse.night("CACC", MONDAY, broken)
    window = college_state()
    for feed in ("course_result", "term_enrollment", "section"):
        window[feed] = [r for r in window[feed] if r["term_code"] == "202680"]
    send(warehouse.inbox, "CACC", TUESDAY, window, terms=["202680"])
    warehouse.land()

    told = returned(warehouse, "CACC", TUESDAY)

    (gone,) = told.summary["resolved"]
    assert "term_code=202680" in gone["key"]
    assert told.summary["counts"]["not_mentioned"] == 1


def test_an_orphan_that_its_parent_releases_is_resolved(warehouse: Warehouse) -> None:
    state = college_state()
    state["course_result"].append(result("A0009", "202610", "1", "B"))
    state["term_enrollment"].append(term_row("A0009", "202610", "B"))
    first = warehouse.night("CACC", MONDAY, state)
    assert "CRR-Q01" in returned(warehouse, "CACC", MONDAY).states()["new"]
    late = college_state(9)
    parent = {
        "person": late["person"][8:],
        "person_identifier": [identifier("A0009", 9)],
    }
    send(warehouse.inbox, "CACC", TUESDAY, parent, mode="delta", previous=first)
    warehouse.land()

    told = returned(warehouse, "CACC", TUESDAY)

    assert "CRR-Q01" in told.states()["resolved"]
    assert told.summary["counts"]["released"] == 2


def test_a_refused_package_settles_nothing_but_its_own_refusal_is_settled_by_a_good_one(
    warehouse: Warehouse,
) -> None:
    broken = college_state()
    broken["program_enrollment"][1] |= BAD
    warehouse.night("CACC", MONDAY, broken)
    folder = warehouse.inbox / "CACC" / TUESDAY
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    warehouse.land()
    refused = returned(warehouse, "CACC", TUESDAY)
    assert refused.states()["resolved"] == set()
    assert refused.summary["counts"]["not_mentioned"] == 1
    send(warehouse.inbox, "CACC", WEDNESDAY, college_state())
    warehouse.land()

    assert returned(warehouse, "CACC", WEDNESDAY).states() == {
        "new": set(),
        "persisting": set(),
        "resolved": {"F01", EDIT},
    }


def test_two_colleges_are_compared_each_with_itself(warehouse: Warehouse) -> None:
    broken = college_state()
    broken["program_enrollment"][1] |= BAD
    warehouse.night("CACC", MONDAY, broken)
    send(warehouse.inbox, "CACC", TUESDAY, college_state())
    send(warehouse.inbox, "BISHOP", TUESDAY, broken)
    warehouse.land()

    assert returned(warehouse, "CACC", TUESDAY).states()["resolved"]
    assert returned(warehouse, "BISHOP", TUESDAY).states()["new"] == {EDIT}


def test_a_clerk_mends_every_fault_from_the_return_file_alone(
    warehouse: Warehouse,
) -> None:
    """The mending sees the file that was sent and the CSV; nothing of the warehouse."""
    state = college_state(40)
    results = state["course_result"]
    results[2] |= {"level": "XX"}
    results[5] |= {"grade_posted_on": "05/12/2026"}
    results[8] |= {"earned_credit": "4.000"}
    results[11] |= {"title": "T" * 101}
    state["section"][1] |= {"credit_value": ""}
    state["program"].append(state["program"][0])
    send(warehouse.inbox, "CACC", MONDAY, state)
    warehouse.land()
    told = returned(warehouse, "CACC", MONDAY)
    assert len(told.states()["new"]) >= 5

    mended = _mended_by_a_clerk(state, told.rows)
    send(warehouse.inbox, "CACC", TUESDAY, mended)
    warehouse.land()

    after = returned(warehouse, "CACC", TUESDAY)
    assert after.summary["verdict"] == "accepted"
    assert after.summary["findings"] == []
    assert after.states()["resolved"] == told.states()["new"]
    assert after.summary["counts"]["loaded"] == after.summary["counts"]["rows_read"]


def _mended_by_a_clerk(sent: State, rows: list[dict[str, str]]) -> State:
    """The rows of the sent files with what each line of the CSV asks for."""
    files = {feed: [dict(row) for row in lines] for feed, lines in sent.items()}
    dropped: list[tuple[str, int]] = []
    for row in rows:
        if row["severity"] == "W" and row["edit_id"] != "F13":
            continue
        at = int(row["line"]) - 2
        line = files[row["feed"]][at]
        key = dict(part.split("=", 1) for part in row["key"].split("; "))
        assert all(line[name] == value for name, value in key.items())
        column, asked = row["column"], row["expected"]
        if "collapsed" in row["remedy"]:
            dropped.append((row["feed"], at))
        elif asked.startswith("a date written YYYY-MM-DD"):
            month, day, year = row["value"].split("/")
            line[column] = f"{year}-{month}-{day}"
        elif asked.startswith("one of "):
            line[column] = asked.removeprefix("one of ").split(", ")[0]
        elif asked.startswith("at most "):
            line[column] = line[column][: int(asked.split()[2])]
        elif asked.startswith("a value: a number"):
            line[column] = "3.000"
        else:
            earned, attempted = column.split("+")
            line[earned] = line[attempted]
    for feed, at in sorted(dropped, reverse=True):
        del files[feed][at]
    return files


def test_the_csv_is_read_by_any_reader(warehouse: Warehouse) -> None:
    state = college_state()
    state["course_result"][2] |= {"level": 'a,"b'}
    warehouse.night("CACC", MONDAY, state)
    folder = returned(warehouse, "CACC", MONDAY).folder
    (path,) = folder.glob("*.findings.csv")
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert len({len(line) for line in lines}) == 1
