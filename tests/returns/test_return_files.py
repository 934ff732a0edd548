"""What a college reads: counts that reconcile, sheets that are safe, nothing secret."""

from dataclasses import asdict

import polars as pl
import pytest
from landing_warehouse import Warehouse, package_of
from package_builder import CONTRACTS, college_state, send
from return_files import returned

from pipelines.landing.judging.findings import FINDINGS
from pipelines.landing.judging.spoken import Spoken
from pipelines.landing.kept.ledger import History
from pipelines.landing.package.parcel import SourceAccount
from pipelines.returns.write import write_return

DAY = "2026-09-01"
_ROWS = ("rows_read", "loaded", "collapsed", "quarantined")


def _faulty(students: int = 6) -> dict[str, list[dict[str, str]]]:
    state = college_state(students)
    state["course"].append(state["course"][0])
    state["course_result"][2] |= {"earned_credit": "4.000"}
    state["course_result"][5] |= {"grade_posted_on": "05/12/2026"}
    return state


def test_the_counts_of_every_form_are_those_of_the_ledger(warehouse: Warehouse) -> None:
    send(warehouse.inbox, "CACC", DAY, _faulty())
    package_of(warehouse.land(), "CACC")

    told = returned(warehouse, "CACC", DAY)

    files = warehouse.ledger().select(pl.col("files").explode()).unnest("files")
    for form in (told.summary["files"], told.sheet("Counts")):
        assert {f["feed"]: tuple(f[n] for n in _ROWS) for f in form} == {
            f["feed"]: tuple(f[n] for n in _ROWS) for f in files.to_dicts()
        }
    counts = told.summary["counts"]
    assert counts["rows_read"] == sum(counts[n] for n in _ROWS[1:])
    assert (counts["collapsed"], counts["quarantined"]) == (1, 2)
    total = told.parsed_page.xpath("//tfoot//td/text()")
    assert [int(cell.replace(",", "")) for cell in total[:4]] == [
        counts[n] for n in _ROWS
    ]


def test_a_finding_names_line_key_value_expectation_and_remedy(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, _faulty())
    package_of(warehouse.land(), "CACC")

    told = returned(warehouse, "CACC", DAY)

    (finding,) = (
        f for f in told.summary["findings"] if f["edit_id"].endswith("posted_on-TYPE")
    )
    assert finding["line"] == 7
    assert finding["file"] == "course_result.csv"
    assert finding["column"] == "grade_posted_on"
    assert finding["key"] == (
        "student_id=A0003; term_code=202680; section_id=1; attempt_seq=1"
    )
    assert finding["value"] == "05/12/2026"
    assert "YYYY-MM-DD" in finding["expected"]
    assert finding["remedy"]
    assert finding["state"] == "new"
    names = ("edit_id", "line", "column", "key", "value", "expected", "remedy")
    (row,) = (r for r in told.rows if r["edit_id"] == finding["edit_id"])
    (cells,) = (r for r in told.sheet("Findings") if r["edit_id"] == finding["edit_id"])
    for name in names:
        assert row[name] == str(finding[name]) == str(cells[name])
    for shown in ("grade_posted_on", "05/12/2026", finding["key"], finding["remedy"]):
        assert shown in told.said


def test_the_workbook_can_be_filtered_and_its_header_stays(
    warehouse: Warehouse,
) -> None:
    send(warehouse.inbox, "CACC", DAY, _faulty())
    package_of(warehouse.land(), "CACC")

    book = returned(warehouse, "CACC", DAY).workbook

    assert book.sheetnames == ["Summary", "Findings", "Counts", "Edits"]
    assert book["Findings"].freeze_panes == "A2"
    assert book["Findings"].auto_filter.ref.startswith("A1:")


@pytest.mark.parametrize(
    "formula", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", " =cmd|'/C calc'!A0"]
)
def test_no_cell_is_a_formula(warehouse: Warehouse, formula: str) -> None:
    state = college_state()
    state["course_result"][2] |= {"level": formula}
    send(warehouse.inbox, "CACC", DAY, state)
    package_of(warehouse.land(), "CACC")

    told = returned(warehouse, "CACC", DAY)

    (row,) = (r for r in told.rows if r["edit_id"] == "CRR-level-CODE")
    assert row["value"].startswith("'")
    assert row["message"].startswith("'")
    cells = [
        cell
        for sheet in told.workbook.worksheets
        for line in sheet.iter_rows()
        for cell in line
    ]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    (finding,) = (
        f for f in told.summary["findings"] if f["edit_id"] == "CRR-level-CODE"
    )
    assert finding["value"] == formula.strip().upper()


@pytest.mark.parametrize("value", ["T;=1+1", 'T; "-2+3', "T;\t@SUM(A1)"])
def test_no_cell_is_a_formula_where_lists_are_separated_by_semicolons(
    warehouse: Warehouse, value: str
) -> None:
    state = college_state()
    state["course_result"][2] |= {"level": value}
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)

    lines = next(told.folder.glob("*.findings.csv")).read_text(encoding="utf-8")
    cells = [cell.strip(' "') for line in lines.split("\n") for cell in line.split(";")]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and cell]
    assert "CRR-level-CODE" in {row["edit_id"] for row in told.rows}


def test_protected_values_are_in_no_file_and_student_numbers_are(
    warehouse: Warehouse,
) -> None:
    state = college_state(8)
    state["person"][0] |= {"birth_date": "1871-02-03"}
    state["person"][1] |= {"last_name": "DUPLICATE", "email_personal": "e" * 300}
    state["person"][2] |= {"birth_date": "02/03/1999"}
    state["person_identifier"][3] |= {"id_value": "078-05-1120"}
    state["person_identifier"][4] |= {"id_value": "999-88-7777", "valid_from": "soon"}
    state["person"][5] |= {"high_school_code": "H" * 40}
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)

    everything = told.everything()
    for secret in (
        b"1871-02-03",
        b"02/03/1999",
        b"DUPLICATE",
        b"eeee",
        b"078-05-1120",
        b"078051120",
        b"999-88-7777",
        b"999887777",
        b"HHHH",
    ):
        assert secret not in everything
    for student in ("A0001", "A0002", "A0003", "A0004", "A0005", "A0006"):
        assert any(f"student_id={student}" in (row["key"] or "") for row in told.rows)
    (shape,) = (r for r in told.rows if r["edit_id"] == "PER-birth_date-TYPE")
    assert shape["value"] == "(not shown), written like 99/99/9999"
    (word,) = (r for r in told.rows if r["edit_id"] == "PID-valid_from-TYPE")
    assert word["value"] == "(not shown), without a digit"


def test_hostile_values_are_text_on_the_page_and_unseen_marks_are_seen(
    warehouse: Warehouse,
) -> None:
    attack = '"><script>alert(1)</script>\u202egpj.exe\u200b&amp;'
    state = college_state()
    state["course"][0] |= {"credit_unit": attack}
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)

    page = told.parsed_page
    assert page.xpath("//script") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert "<SCRIPT>ALERT(1)</SCRIPT>" in told.said
    assert {"U+202E", "U+200B"} <= {mark.text for mark in page.xpath("//mark")}
    assert "\u202e" not in told.page
    assert "\u202e" not in "".join(row["value"] for row in told.rows)
    assert "default-src 'none'" in page.xpath("//meta[@http-equiv]/@content")[0]


def test_the_page_has_headings_captions_and_scopes_and_loads_nothing(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, _faulty())

    page = returned(warehouse, "CACC", DAY).parsed_page

    assert len(page.xpath("//h1")) == 1
    assert page.get("lang") == "en"
    for table in page.xpath("//table"):
        assert table.xpath("./caption") or table.get("aria-labelledby")
        assert table.xpath("./thead//th[@scope='col']")
    assert page.xpath("//link | //img | //iframe | //object") == []
    links = page.xpath("//a/@href")
    assert all("://" not in link for link in links)
    folder = returned(warehouse, "CACC", DAY).folder
    assert all((folder / link).exists() for link in links if not link.startswith("#"))


@pytest.mark.parametrize(
    ("content", "verdict", "words"),
    [
        (b"", "held", "Held"),
        (b"subject,course_number\nENG,101\n", "held", "Held"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_on_the_page(
    warehouse: Warehouse, content: bytes, verdict: str, words: str
) -> None:
    warehouse.night("CACC", DAY, college_state(), files={"course": content})

    told = returned(warehouse, "CACC", DAY)

    assert told.summary["verdict"] == verdict
    assert words in told.said
    assert "cannot be used" in told.said
    assert told.summary["counts"]["by_severity"]["F"] >= 1


def test_a_package_without_a_manifest_worth_the_name_has_a_page_too(
    warehouse: Warehouse,
) -> None:
    folder = warehouse.inbox / "CACC" / DAY
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{")
    warehouse.land()

    told = returned(warehouse, "CACC", DAY)

    assert told.summary["verdict"] == "rejected"
    assert "Rejected" in told.said
    assert "No file of this package was read." in told.said
    assert told.sheet("Findings")[0]["edit_id"] == "F01"


def test_of_very_many_findings_the_page_shows_some_and_the_csv_has_all(
    warehouse: Warehouse,
) -> None:
    state = college_state(60)
    for row in state["course_result"]:
        row["level"] = "XX"
    warehouse.night("CACC", DAY, state)

    told = returned(warehouse, "CACC", DAY)

    listed = [row for row in told.rows if row["edit_id"] == "CRR-level-CODE"]
    assert len(listed) == 120
    assert "and 108 more in the sheets" in told.said


def test_tables_of_a_student_system_reconcile_on_the_page_and_in_the_sheets(
    warehouse: Warehouse,
) -> None:
    warehouse.night("CACC", DAY, college_state())
    row = warehouse.ledger().row(0, named=True)
    account = SourceAccount(
        "SPRIDEN_20260901.txt",
        "SPRIDEN",
        rows_read=1010,
        used=1000,
        set_aside={"company": 7, "old_name": 2},
        unreadable=1,
    )
    account.conserve()
    aside = [{"rule": rule, "count": n} for rule, n in account.set_aside.items()]
    write_return(
        warehouse.home,
        CONTRACTS,
        row | {"sources": [asdict(account) | {"set_aside": aside}]},
        pl.DataFrame(schema=FINDINGS),
        history=History(warehouse.ledger()),
        spoken=Spoken(),
    )

    told = returned(warehouse, "CACC", DAY)

    (source,) = told.summary["sources"]
    assert source["rows_read"] == (
        source["used"] + source["set_aside_rows"] + source["unreadable"]
    )
    (line,) = told.sheet("Source tables")
    assert (line["table"], line["used"], line["set_aside_rows"]) == ("SPRIDEN", 1000, 9)
    assert "company: 7; old_name: 2" in told.said


def test_an_overridden_finding_names_its_decision(warehouse: Warehouse) -> None:
    warehouse.night("CACC", DAY, college_state())
    row = warehouse.ledger().row(0, named=True)
    finding = {
        "institution_code": "CACC",
        "feed": "course",
        "edit_id": "CRS-Q01",
        "severity": "W",
        "file": "course.csv",
        "line": 2,
        "count": 1,
        "overridden_by": "01K6D0000000000000000000AA",
    }
    write_return(
        warehouse.home,
        CONTRACTS,
        row,
        pl.DataFrame([finding], schema=FINDINGS),
        history=History(warehouse.ledger()),
        spoken=Spoken(),
    )

    told = returned(warehouse, "CACC", DAY)

    assert told.rows[0]["overridden_by"] == finding["overridden_by"]
    assert told.summary["findings"][0]["overridden_by"] == finding["overridden_by"]
    assert f"overridden by {finding['overridden_by']}" in told.said
    assert "Overridden: only a warning for now." in told.said
