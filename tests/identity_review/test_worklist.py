"""Which pairs wait, in what order, and how they look in sheets and on the page."""

import csv
import io
import re
import stat
from datetime import date, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
from desk import LEARNER, NIGHT, PAIRS, decide, pair, propose, tasks

from pipelines.errors import OperatorError
from pipelines.identity.review import sheets
from pipelines.identity.review.out import default_folder, write_worklist
from pipelines.identity.review.worklist import worklist
from pipelines.settings import Home

MARIA = (("CACC", "0001"), ("JSCC", "0001"))
DAY = date(2026, 11, 2)


def test_gravest_first_then_by_score(con: duckdb.DuckDBPyConnection) -> None:
    propose(con, [pair(("JSCC", "0001"), ("LBW", "9"), 0.99)])
    found = worklist(con)
    assert found.open == 4
    assert found.tasks["severity_rank"].to_list() == [1, 2, 3, 3]
    assert found.tasks["score"].to_list() == [0.973, 0.6, 0.99, None]
    assert found.tasks["no"].to_list() == [1, 2, 3, 4]


def test_one_college_and_a_limit(con: duckdb.DuckDBPyConnection) -> None:
    found = worklist(con, college="JSCC")
    assert found.tasks.height == found.open == 1
    limited = worklist(con, limit=1)
    assert (limited.tasks.height, limited.open) == (1, 3)


def test_a_student_with_too_many_candidates_is_said_to_have_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    many = [pair(("CACC", "0001"), ("LBW", f"x{n}")) for n in range(10)]
    propose(con, many)
    answers = tasks(con).group_by("answer").len().sort("answer").rows()
    assert answers == [("possible", 2), ("too_many", 11)]


def test_a_decided_pair_no_longer_waits(con: duckdb.DuckDBPyConnection) -> None:
    decide(con, *MARIA, "different")
    assert worklist(con).open == 2


def test_a_pair_comes_back_with_new_evidence(con: duckdb.DuckDBPyConnection) -> None:
    decide(con, *MARIA, "different", evidence="e0", at=NIGHT - timedelta(days=9))
    assert worklist(con).open == 3


def test_a_pair_decided_since_the_night_waits_no_more(
    con: duckdb.DuckDBPyConnection,
) -> None:
    decide(con, *MARIA, "same", evidence=None, at=NIGHT + timedelta(hours=5))
    assert worklist(con).open == 2


def test_two_of_one_learner_wait_no_more(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update identity_link set learner_id = ? where institution_code = 'JSCC'",
        [LEARNER["a"]],
    )
    assert worklist(con).open == 2


def test_a_task_id_names_pair_and_evidence_and_is_no_number(
    con: duckdb.DuckDBPyConnection,
) -> None:
    before = set(tasks(con)["task_id"])
    assert all(re.fullmatch(r"P[0-9a-f]{16}\.[0-9a-f]{8}", one) for one in before)
    con.execute("update review_pair set evidence_hash = 'e2'")
    after = set(tasks(con)["task_id"])
    assert not before & after
    assert {one.split(".")[0] for one in before} == {one.split(".")[0] for one in after}


def test_no_cell_runs_as_a_formula(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = worklist(con).tasks
    text = sheets.csv_bytes(found).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text)):
        assert not [cell for cell in row if cell.lstrip()[:1] in tuple("=+-@")]
    assert "\u202e" not in text
    path = tmp_path / "worklist.xlsx"
    sheets.write_workbook(path, found)
    cells = [c for row in openpyxl.load_workbook(path)["Worklist"] for c in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    # In the workbook the id is as the college has it, and text.
    assert "-3" in [cell.value for cell in cells]
    assert "0001" in [cell.value for cell in cells]


def test_the_workbook_offers_the_decisions(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "worklist.xlsx"
    sheets.write_workbook(path, worklist(con).tasks)
    sheet = openpyxl.load_workbook(path)["Worklist"]
    header = [cell.value for cell in sheet[1]]
    (choice,) = sheet.data_validations.dataValidation
    assert choice.formula1 == '"same,different,unsure"'
    column = openpyxl.utils.get_column_letter(header.index("decision") + 1)
    assert str(choice.sqref) == f"{column}2:{column}4"


def written(con: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    names = {"CACC": "Central Alabama", "JSCC": "Jefferson State"}
    return write_worklist(con, folder, worklist(con), names, DAY)


def test_files_are_private_and_never_written_over(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    folder = default_folder(home, DAY)
    assert folder == tmp_path / "outbox" / "steward" / "2026-11-02"
    paths = written(con, folder)
    assert {path.name for path in paths} == {
        "worklist.csv",
        "worklist.xlsx",
        "worklist.html",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with pytest.raises(OperatorError, match="somebody may be filling in"):
        written(con, folder)
    assert default_folder(home, DAY).name == "2026-11-02-2"


def test_the_page_shows_both_records_and_the_waterfall(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    page = written(con, tmp_path / "w")[2].read_text()
    assert "María" in page
    assert "Day and month swapped" in page
    assert "Before comparing" in page
    assert "+9.7" in page
    assert "−3.1" in page
    # Marks are words and signs, not colours alone.
    assert "✓ agrees" in page
    assert "≈ close" in page
    assert "↺ agrees with an earlier value" in page
    # Neither script nor anything fetched, and no protected number.
    assert "<script" not in page
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!#)", page)
    assert "hmac-sha256" not in page
    assert "on file, not shown" in page
    assert "<mark>U+202E</mark>" in page


def test_every_pair_of_the_sheets_is_on_the_page(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    page = written(con, tmp_path / "w")[2].read_text()
    for task in tasks(con)["task_id"]:
        assert f'id="{task}"' in page
    assert page.count('<article class="pair"') == len(PAIRS)
