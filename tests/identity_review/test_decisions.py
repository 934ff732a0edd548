"""A worklist that comes back: read, checked as a whole, refused by the row."""

import csv
import io
from pathlib import Path

import duckdb
import openpyxl
import pytest
from desk import LEARNER, decide, pair, propose

from pipelines.errors import OperatorError, UsageError
from pipelines.identity.review import sheets
from pipelines.identity.review.deciding import Plan, plan
from pipelines.identity.review.filled import IDS, Filled, read_filled
from pipelines.identity.review.worklist import worklist

BY = "B. Steward"


def filled(
    con: duckdb.DuckDBPyConnection, *decisions: str, reason: str = "Asked", by: str = ""
) -> list[Filled]:
    ids = worklist(con).tasks["task_id"]
    return [
        Filled(row, task, decision, reason if decision else "", by)
        for row, (task, decision) in enumerate(zip(ids, decisions, strict=False), 2)
    ]


def lines(made: Plan) -> list[str]:
    return [str(problem) for problem in made.problems]


def test_csv_and_workbook_come_back_as_they_went(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = worklist(con).tasks
    paper = tmp_path / "worklist.csv"
    rows = list(
        csv.DictReader(io.StringIO(sheets.csv_bytes(found).decode("utf-8-sig")))
    )
    rows[1] |= {"decision": " Same ", "reason": "-Asked =her", "decided_by": "Ann"}
    with paper.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    book = tmp_path / "worklist.xlsx"
    sheets.write_workbook(book, found)
    opened = openpyxl.load_workbook(book)
    sheet = opened["Worklist"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for name in ("decision", "reason", "decided_by"):
        sheet.cell(3, at[name]).value = rows[1][name]
    opened.save(book)
    assert read_filled(paper) == read_filled(book)
    (one,) = [row for row in read_filled(paper) if row.decision]
    ids = {name: found[name][1] for name in IDS}
    expected = Filled(3, found["task_id"][1], "same", "-Asked =her", "Ann", ids)
    assert one == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_what_excel_makes_of_a_csv(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "worklist.csv"
    text = "decision;task_id;reason\r\nsame;P1.2;Zoë\r\n;;\r\n"
    path.write_bytes(text.encode(encoding))
    assert read_filled(path) == [Filled(2, "P1.2", "same", "Zoë", "")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.csv", b"task_id,reason\nP1,x\n", "no column decision"),
        ("w.csv", b"task_id,decision,decision\nP1,same,same\n", "twice"),
        ("w.csv", b"", "no column task_id and no column decision"),
        ("w.xlsx", b"no workbook", "cannot be read as a workbook"),
        ("w.ods", b"", "give a .csv or .xlsx file"),
    ],
)
def test_a_file_that_is_no_worklist(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=message):
        read_filled(path)


def test_a_missing_file_and_a_wrong_kind(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        read_filled(tmp_path / "none.csv")
    with pytest.raises(UsageError):
        read_filled(tmp_path / "none.txt")


def test_good_rows_become_decisions(con: duckdb.DuckDBPyConnection) -> None:
    made = plan(con, filled(con, "same", "unsure", "different"), BY, None)
    assert not made.problems
    first, second = made.decisions
    assert (first.a, first.b) == (("CACC", "0001"), ("JSCC", "0001"))
    assert (first.verdict, first.by, first.reason) == ("same", BY, "Asked")
    assert first.evidence_hash == "e1"
    assert second.verdict == "different"
    assert (made.unsure, made.empty) == (1, 0)


def test_who_decided_and_who_entered_it(con: duckdb.DuckDBPyConnection) -> None:
    made = plan(con, filled(con, "same", by="Ann"), BY, None)
    assert made.decisions[0].by == "Ann (entered by B. Steward)"


def test_a_reason_for_all_rows(con: duckdb.DuckDBPyConnection) -> None:
    rows = filled(con, "same", reason="")
    assert "a decision needs a reason" in lines(plan(con, rows, BY, None))[0]
    assert plan(con, rows, BY, "Seen").decisions[0].reason == "Seen"


def test_one_bad_row_and_nothing_is_decided(con: duckdb.DuckDBPyConnection) -> None:
    rows = [*filled(con, "same", "maybe"), Filled(9, "P0.0", "different", "x", "")]
    made = plan(con, rows, BY, None)
    assert made.decisions == []
    first, second = lines(made)
    assert first == (
        "row 3, column decision: 'maybe' is no decision; write same, different or "
        "unsure, or leave it empty"
    )
    assert second == (
        "row 9, column task_id: 'P0.0' names no open question; copy the task_id from "
        "the worklist, or take a new one"
    )


def test_new_evidence_refuses_the_row(con: duckdb.DuckDBPyConnection) -> None:
    rows = filled(con, "same")
    con.execute("update review_pair set evidence_hash = 'e2'")
    (line,) = lines(plan(con, rows, BY, None))
    assert line.startswith("row 2, column task_id: what colleges say about these two")


def test_deciding_twice_is_harmless(con: duckdb.DuckDBPyConnection) -> None:
    rows = filled(con, "same")
    decide(con, ("CACC", "0001"), ("JSCC", "0001"), "same")
    made = plan(con, rows, BY, None)
    assert (made.already, made.decisions, made.problems) == (1, [], [])


def test_an_old_list_does_not_overturn_a_decision(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = filled(con, "same")
    decide(con, ("CACC", "0001"), ("JSCC", "0001"), "different")
    (line,) = lines(plan(con, rows, BY, None))
    assert "A. Clerk decided different on 2026-11-02" in line


def test_a_pair_linked_since(con: duckdb.DuckDBPyConnection) -> None:
    same, different = filled(con, "same"), filled(con, "different")
    con.execute("update identity_link set learner_id = ?", [LEARNER["a"]])
    assert plan(con, same, BY, None).already == 1
    (line,) = lines(plan(con, different, BY, None))
    assert "have become one learner since" in line


def test_two_rows_of_one_pair_that_disagree(con: duckdb.DuckDBPyConnection) -> None:
    (first,) = filled(con, "same")
    second = Filled(7, first.task_id, "different", "x", "")
    (line,) = lines(plan(con, [first, second], BY, None))
    assert line.startswith("row 7, column decision: row 2 says same of the same two")
    assert len(plan(con, [first, first], BY, None).decisions) == 1


def test_same_is_carried_on(con: duckdb.DuckDBPyConnection) -> None:
    propose(con, [pair(("CACC", "-3"), ("LBW", "9"), 0.1)])
    found = worklist(con).tasks
    verdicts = ["different", "same", "same", "same"]
    rows = filled(con, *verdicts)
    assert not plan(con, rows, BY, None).problems
    turned = ["same", "different", "same", "same"]
    (line,) = lines(plan(con, filled(con, *turned), BY, None))
    assert found["severity_rank"].to_list() == [1, 2, 3, 3]
    assert line.startswith(
        "row 3, column decision: different, while same in row 4 and in row 5 makes the "
        "two one"
    )


def test_same_that_joins_two_who_were_parted(con: duckdb.DuckDBPyConnection) -> None:
    propose(con, [pair(("CACC", "-3"), ("LBW", "9"), 0.1)])
    rows = filled(con, "", "", "same", "same")
    assert not plan(con, rows, BY, None).problems
    decide(con, ("CACC", "-3"), ("CACC", "0002"), "different")
    # The list is shorter by that pair.
    (line,) = lines(plan(con, filled(con, "", "same", "same"), BY, None))
    assert "who were decided to be different (A. Clerk, 2026-11-02)" in line


def named(con: duckdb.DuckDBPyConnection, **ids: str) -> Filled:
    """The first task's row with the ids that its file gives, some of them changed."""
    task = worklist(con).tasks.row(0, named=True)
    given = {name: task[name] for name in IDS} | ids
    return Filled(2, task["task_id"], "same", "Asked", "", given)


@pytest.mark.parametrize(
    ("column", "text", "whose"),
    [
        ("b_student_id", "0002", "student"),
        ("a_student_id", "00010", "student"),
        ("a_institution_code", "JSCC", "college"),
    ],
)
def test_a_decision_that_a_sorted_column_moved_to_others_is_refused(
    con: duckdb.DuckDBPyConnection, column: str, text: str, whose: str
) -> None:
    (line,) = lines(plan(con, [named(con, **{column: text})], BY, None))
    assert line == (
        f"row 2, column {column}: is not that task's {whose}; a column was moved "
        "without the others; start from a new worklist"
    )


@pytest.mark.parametrize("text", ["0001", "1", "1.0"])
def test_zeros_that_a_spreadsheet_dropped_are_not_missed(
    con: duckdb.DuckDBPyConnection, text: str
) -> None:
    made = plan(con, [named(con, b_student_id=text, a_institution_code="cacc")], BY, "")
    assert [one.verdict for one in made.decisions] == ["same"]


def test_a_row_of_a_sorted_file_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "worklist.csv"
    path.write_text("task_id,decision,a_student_id,b_student_id\nP1.2,same,0001,9\n")
    (row,) = read_filled(path)
    assert row.ids == {"a_student_id": "0001", "b_student_id": "9"}


def test_same_of_an_earlier_day_is_carried_on(con: duckdb.DuckDBPyConnection) -> None:
    """Two files, one after the other, are judged as one file would be."""
    propose(con, [pair(("CACC", "-3"), ("LBW", "9"), 0.1)])
    for other in (("LBW", "9"), ("CACC", "0002")):
        decide(con, *sorted((("CACC", "-3"), other)), "same")
    found = worklist(con).tasks
    third = found["task_id"][found["score"].to_list().index(None)]
    row = Filled(5, third, "different", "Seen", "")
    (line,) = lines(plan(con, [row], BY, None))
    assert line.startswith("row 5, column decision: different, while same by A. Clerk")
    assert "take an earlier one back" in line


def test_a_same_that_no_night_acted_on_is_taken_back(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = filled(con, "different")
    decide(con, ("CACC", "0001"), ("JSCC", "0001"), "same")
    (made,) = plan(con, rows, BY, None).decisions
    assert (made.verdict, made.takes_back) == ("different", True)


def test_a_same_that_a_night_acted_on_is_a_split(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = filled(con, "different")
    decide(con, ("CACC", "0001"), ("JSCC", "0001"), "same")
    con.execute(
        "update identity_link set learner_id = ? where institution_code = 'JSCC'",
        [LEARNER["a"]],
    )
    (line,) = lines(plan(con, rows, BY, None))
    assert line.endswith(
        "A. Clerk decided same on 2026-11-02, and a night has joined the two; part "
        "them with lrw identity split"
    )
