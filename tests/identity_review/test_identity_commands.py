"""``lrw identity`` from end to end: what waits, what a person says, what follows."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from linked_world import (
    ASKED,
    HERE,
    NEXT,
    SHARED,
    SURE,
    THERE,
    World,
    other_college,
    this_college,
)
from lrw_calls import Lrw
from splink.internals.exceptions import EMTrainingException

from pipelines.identity.accuracy.report import Report
from pipelines.identity.night.places import guard_file

PAIR = {(HERE, ASKED), (THERE, ASKED)}
WHO = ("--by", "Ann Clerk", "--reason", "Both colleges confirmed it")


def waiting(lrw: Lrw, folder: Path) -> list[dict[str, Any]]:
    said = lrw("identity", "review", "--out", str(folder), "--format", "json")
    assert said.code == 0
    return said.json()["tasks"]  # type: ignore[no-any-return]


def sides(task: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (task[f"{side}_institution_code"], task[f"{side}_student_id"]) for side in "ab"
    }


def fill(lrw: Lrw, folder: Path, decision: str) -> Path:
    """Take a worklist out and decide the pair of ``ASKED`` in the workbook."""
    waiting(lrw, folder)
    path = folder / "worklist.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Worklist"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        if sheet.cell(row, at["a_student_id"]).value == ASKED:
            sheet.cell(row, at["decision"]).value = decision
    book.save(path)
    return path


def explained(lrw: Lrw, asked: str) -> dict[str, Any]:
    said = lrw("identity", "explain", asked, "--format", "json")
    assert said.code == 0, said.err
    return said.json()  # type: ignore[no-any-return]


def learners(lrw: Lrw, student: str) -> set[str]:
    return {explained(lrw, f"{code}:{student}")["learner_id"] for code in (HERE, THERE)}


def test_what_waits_and_why(world: World, lrw: Lrw, tmp_path: Path) -> None:
    tasks = {frozenset(sides(t)): t for t in waiting(lrw, tmp_path / "w")}
    assert set(tasks) >= {frozenset(PAIR)}
    assert len(learners(lrw, SURE)) == 1
    assert len(learners(lrw, ASKED)) == 2
    assert len(learners(lrw, SHARED)) == 2
    asked = tasks[frozenset(PAIR)]
    assert asked["answer"] == "possible"
    assert any("birth date" in reason for reason in asked["reasons"])
    table = lrw("identity", "review", "--out", str(tmp_path / "v")).out
    assert "worklist.html" in table
    # A terminal is no place for names.
    assert "Given1" not in table


def test_same_joins_them_the_next_night(world: World, lrw: Lrw, tmp_path: Path) -> None:
    file = fill(lrw, tmp_path / "w", "same")
    said = lrw("identity", "decide", str(file), *WHO)
    assert (said.code, said.out.splitlines()[0][:28]) == (
        0,
        "1 same and 0 different decid",
    )
    assert world.again().merged == 1
    (learner,) = learners(lrw, ASKED)
    told = explained(lrw, learner)
    kinds = [event["event_type"] for event in told["events"]]
    assert kinds == ["mint", "mint", "link", "link", "override_same", "merge"]
    assert told["events"][-1]["decided_by"] == "Ann Clerk"
    assert told["events"][-1]["reasons"] == [WHO[3]]
    (gone,) = told["retired_ids"]
    by_old = lrw("identity", "explain", gone["learner_id"]).out.splitlines()[0]
    assert by_old.startswith(f"{gone['learner_id']} was merged into {learner} on ")
    assert "by Ann Clerk: Both colleges confirmed it" in by_old


def test_different_is_never_asked_again(world: World, lrw: Lrw, tmp_path: Path) -> None:
    file = fill(lrw, tmp_path / "w", "different")
    assert lrw("identity", "decide", str(file), *WHO).code == 0
    for number in range(2):
        tasks = waiting(lrw, tmp_path / f"later{number}")
        assert frozenset(PAIR) not in {frozenset(sides(task)) for task in tasks}
        world.again()
    assert len(learners(lrw, ASKED)) == 2


def test_one_bad_row_and_the_log_is_untouched(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    file = fill(lrw, tmp_path / "w", "maybe")
    before = world.segments()
    said = lrw("identity", "decide", str(file), *WHO)
    assert said.code == 1
    first, last = said.err.strip().splitlines()
    assert re.match(r"row \d+, column decision: 'maybe' is no decision; write", first)
    assert last.endswith(
        "1 row of worklist.xlsx cannot be applied; nothing was decided."
    )
    assert world.segments() == before


def test_a_dry_run_and_a_second_run_write_nothing(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    file = fill(lrw, tmp_path / "w", "same")
    before = world.segments()
    assert lrw("identity", "decide", str(file), *WHO, "--dry-run").code == 0
    assert world.segments() == before
    lrw("identity", "decide", str(file), *WHO)
    said = lrw("identity", "decide", str(file), *WHO, "--format", "json").json()
    assert (said["applied"], said["already"]) == (0, 1)
    world.again()
    said = lrw("identity", "decide", str(file), *WHO, "--format", "json").json()
    assert (said["applied"], said["already"]) == (0, 1)
    assert world.segments() == before + 2


def test_new_evidence_refuses_an_old_list(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    file = fill(lrw, tmp_path / "w", "same")
    moved = other_college()
    moved["person"][1]["phone"] = "2055550188"
    world.night(NEXT, BEVILL=moved)
    said = lrw("identity", "decide", str(file), *WHO)
    assert said.code == 1
    assert "changed since the list was made; look at the pair in a new" in said.err


def test_a_csv_of_an_office_program_is_read(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    waiting(lrw, tmp_path / "w")
    with (tmp_path / "w" / "worklist.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["decision"] = "different"
    back = tmp_path / "back.csv"
    with back.open("w", encoding="cp1252", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    said = lrw("identity", "decide", str(back), *WHO, "--format", "json").json()
    assert said["different"] == len(rows)
    assert waiting(lrw, tmp_path / "after") == []
    assert lrw("identity", "review").out == "No pair waits for a decision.\n"


def test_merge_and_its_split(world: World, lrw: Lrw) -> None:
    a, b = sorted(learners(lrw, SHARED))
    merged = lrw("identity", "merge", a, b, *WHO, "--format", "json").json()
    assert {merged["survivor"], merged["retired"]} == {a, b}
    assert learners(lrw, SHARED) == {merged["survivor"]}
    told = explained(lrw, merged["retired"])
    assert told["went"][0]["event_id"] == merged["event_id"]
    split = ("identity", "split", merged["survivor"], "--undo", merged["event_id"])
    assert lrw(*split, *WHO).code == 0
    assert learners(lrw, SHARED) == {a, b}
    assert "was undone already" in lrw(*split, *WHO).line
    world.again()
    assert learners(lrw, SHARED) == {a, b}


def test_a_student_that_leaves_by_name(world: World, lrw: Lrw) -> None:
    (learner,) = learners(lrw, SURE)
    said = lrw("identity", "split", learner, "--student", f"{THERE}:{SURE}", *WHO)
    assert said.code == 0
    assert len(learners(lrw, SURE)) == 2


def test_explain_shows_no_protected_value(world: World, lrw: Lrw) -> None:
    for form in ("table", "json"):
        said = lrw("identity", "explain", f"{HERE}:{SURE}", "--format", form).out
        assert "Given0" in said
        assert "hmac-sha256" not in said
        assert "2000-01-01" not in said
        assert "a0001@college.example" not in said
        assert "on file" in said


def test_explain_says_why(world: World, lrw: Lrw) -> None:
    told = explained(lrw, f"{HERE}:{SURE}")
    (linked,) = [one for one in told["students"] if one["joined_to_student_id"]][:1]
    assert linked["decided_by"].startswith("tax-id-and-birth-date/")
    assert linked["reasons"]
    assert len(told["representations"]) == 2
    assert told["open_questions"] == []
    asked = explained(lrw, f"{HERE}:{ASKED}")["open_questions"]
    assert sides(asked[0]) == PAIR
    text = lrw("identity", "explain", f"{HERE}:{ASKED}").out
    assert "Questions that wait for a person" in text


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        (("explain", "nobody"), 1, "No learner has that id"),
        (("explain", "CACC:nobody"), 1, "No student of CACC has that id"),
        (("merge", "x", "y", *WHO), 1, "There is no learner x"),
        (("split", "x", *WHO), 2, "Name what to undo"),
        (("split", "x", "--student", "A1", *WHO), 2, "COLLEGE:STUDENT"),
        (("accept", *WHO), 1, "nothing to accept"),
        (("review", "--college", "NOPE"), 2, "NOPE"),
        (("decide", "gone.csv", *WHO), 1, "cannot be read"),
        (("decide", "gone.txt", *WHO), 2, "give a .csv or .xlsx file"),
        (("decide", "gone.csv", "--by", " "), 2, "--by NAME"),
        (("merge", "x", "y", "--by", " ", "--reason", "z"), 2, "--by NAME"),
        (("accept", "--by", "Ann", "--reason", " "), 2, "--reason TEXT"),
        (("split", "x", "--student", "A:1", "--by", "A", "--reason", ""), 2, "TEXT"),
        (("erase", "x", *WHO), 1, "There is no learner x"),
        (("erase", "x", "--by", " ", "--reason", "z", "--yes"), 2, "--by NAME"),
        (("find", "--family", "x", "--birth-date", "01/01/2001"), 2, "--birth-date"),
        (("review", "--limit", "0"), 2, "--limit"),
        (("review", "--format", "nope"), 2, "--format"),
        (("find", "--family", " ", "--birth-date", "2000-01-01"), 2, "family name"),
    ],
)
def test_one_line_says_what_is_wrong(
    world: World, lrw: Lrw, call: tuple[str, ...], code: int, says: str
) -> None:
    said = lrw("identity", *call)
    assert (said.code, says in said.line) == (code, True), said.err


def test_every_date_is_of_the_zone_in_which_the_nights_run(
    world: World, lrw: Lrw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At nine in the evening in Alabama it is tomorrow in Greenwich."""
    monkeypatch.setenv("LRW_TIME_ZONE", "Pacific/Kiritimati")
    told = explained(lrw, f"{HERE}:{SURE}")
    assert told["minted_at"].endswith("+14:00")
    text = lrw("identity", "explain", f"{HERE}:{SURE}").out
    assert f"minted {told['minted_at'][:10]}" in text
    assert "Dates are of Pacific/Kiritimati." in text
    waiting(lrw, tmp_path / "w")
    page = (tmp_path / "w" / "worklist.html").read_text()
    assert "Dates are of Pacific/Kiritimati." in page


def test_before_the_first_night(
    lrw: Lrw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LRW_HOME", str(tmp_path))
    said = lrw("identity", "review")
    assert (said.code, "run a night first" in said.line) == (1, True)


def test_a_list_for_one_college_and_a_college_that_changed(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    state = this_college()
    state["person"][1]["email_personal"] = "given1@example.org"
    result = world.night(NEXT, CACC=state)
    assert result.minted == 0
    said = lrw("identity", "review", "--college", "CACC", "--format", "csv").out
    assert said.splitlines()[0].startswith("no,task_id,severity,answer,score")
    assert ASKED in said
    assert lrw("identity", "review", "--college", "LBW").out.startswith("No pair waits")


def test_a_refused_night_is_said_and_let_through(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    refused = {
        "verdict": "refused",
        "reasons": ["90.0% of the 500 new students would join another person"],
        "figures": {"linked_share": 0.9, "new_students": 500},
        "after_seq": 1,
    }
    guard_file(world.home).write_text(json.dumps(refused))
    said = lrw("identity", "review", "--out", str(tmp_path / "w"))
    assert said.code == 0
    assert "The guard refused the last night: 90.0% of the 500" in said.err
    accepted = lrw("identity", "accept", *WHO, "--format", "json")
    assert accepted.json() == {"linked_share": 0.9, "new_students": 500}
    said = lrw("identity", "accept", *WHO).out
    assert "linked share 90.0%, new students 500" in said


def test_decisions_that_wait_for_a_night_are_counted_and_taken_back(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    file = fill(lrw, tmp_path / "w", "same")
    lrw("identity", "decide", str(file), *WHO)
    refused = {"verdict": "refused", "reasons": ["too much"], "figures": {}}
    guard_file(world.home).write_text(json.dumps(refused | {"after_seq": 1}))
    said = lrw("identity", "review", "--out", str(tmp_path / "v"))
    assert "1 decided to be the same wait for the next night; the last one" in said.err
    back = lrw(
        "identity", "decide", str(_turned(file)), *WHO, "--format", "json"
    ).json()
    assert (back["different"], back["taken_back"]) == (1, 1)
    guard_file(world.home).unlink()
    assert "wait for the next night" not in lrw("identity", "review").err
    world.again()
    assert len(learners(lrw, ASKED)) == 2


def _turned(file: Path) -> Path:
    book = openpyxl.load_workbook(file)
    for row in book["Worklist"].iter_rows():
        for cell in row:
            cell.value = "different" if cell.value == "same" else cell.value
    book.save(file)
    return file


def test_an_erased_learner_is_found_by_nobody(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    told = explained(lrw, f"{HERE}:{SURE}")
    learner, name = told["learner_id"], told["representations"][0]["last_name"]
    born = ("--birth-date", "2000-01-01")
    look = ("identity", "find", "--given", "Given0", "--family", name, *born)
    assert learner in lrw(*look).out
    refused = lrw("identity", "erase", learner, *WHO)
    assert (refused.code, "give --yes" in refused.line) == (2, True)
    done = lrw("identity", "erase", learner, *WHO, "--yes", "--format", "json").json()
    assert {tuple(one) for one in done["students"]} == {(HERE, SURE), (THERE, SURE)}
    result = world.night(NEXT, CACC=this_college())
    assert (result.minted, result.linked, result.held) == (0, 0, 2)
    found = lrw(*look)
    assert found.code == 0
    assert f":{SURE}" not in found.out
    assert (
        "erased at a person's demand"
        in lrw("identity", "explain", f"{HERE}:{SURE}").line
    )
    assert explained(lrw, learner)["representations"] == []
    for task in waiting(lrw, tmp_path / "w"):
        assert not {(HERE, SURE), (THERE, SURE)} & sides(task)


def test_a_model_is_learned_reproducibly_and_never_written_over(
    world: World, lrw: Lrw, tmp_path: Path
) -> None:
    train = ("identity", "train", "--seed", "7", "--number", "9", "--out")
    files = [tmp_path / name for name in ("one.json", "two.json")]
    states = this_college(), other_college()
    for state in states:
        for number, row in enumerate(state["person"]):
            row["email_personal"] = f"given{number}@example.org"
    world.night(NEXT, CACC=states[0], BEVILL=states[1])
    for file in files:
        assert lrw(*train, str(file)).code == 0
    one, two = (file.read_bytes() for file in files)
    assert one == two
    model = json.loads(one)
    assert (model["version"], model["seed"]) == (9, 7)
    assert model["command"] == "lrw identity train --seed 7 --number 9"
    said = lrw(*train, str(files[1]))
    assert (said.code, "never written over" in said.line) == (1, True)


def test_too_little_to_learn_from(
    world: World, lrw: Lrw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object) -> None:
        raise EMTrainingException("no pairs")

    monkeypatch.setattr("pipelines.identity.training.train", nothing)
    file = tmp_path / "model.json"
    said = lrw("identity", "train", "--out", str(file))
    assert (said.code, "too little to learn" in said.line) == (1, True)
    assert not file.exists()


def test_a_report_that_falls_short_says_so(
    lrw: Lrw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def measured(*arguments: Any, public_sets: bool) -> Report:
        asked.append((*arguments, public_sets))
        missed = ("seed 5: recall 0.5",)
        return Report(100, "splink-model/1", "d", (), (), missed, tmp_path / "page.md")

    monkeypatch.setattr("pipelines.identity.accuracy.report.run", measured)
    folder = tmp_path / "new"
    call = ("identity", "report", "--out", str(folder), "--learners", "100")
    said = lrw(*call, "--seed", "5", "--no-public-sets")
    assert (said.code, "Fell short: seed 5: recall 0.5" in said.err) == (1, True)
    assert asked == [(folder, 100, [5], False)]
    assert folder.is_dir()
