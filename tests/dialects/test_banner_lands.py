"""A whole package of Banner tables through landing: rows, accounts, findings."""

import json
import shutil
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shaped import NIGHT, contracts_with, deliver, in_force, landed

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contracts
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.land import LandedPackage
from pipelines.sample import generate
from pipelines.sample.dialects import banner, writer
from pipelines.settings import Home

COLLEGE = "NWSCC"
LATER = "2026-09-02"
Site = tuple[Home, Contracts]


@pytest.fixture(scope="module")
def generic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generic package of one college of a small state."""
    root = tmp_path_factory.mktemp("state")
    generate("accs", 700, 1, 7, "none", root)
    return root / "inbox" / COLLEGE / NIGHT


@pytest.fixture(scope="module")
def plain(generic: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("plain"))
    contracts = load_contracts()
    deliver(generic, home, COLLEGE, (), contracts)
    assert landed(home, contracts, COLLEGE).verdict == "accepted"
    return home


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Contracts:
    def profile(item: dict[str, Any]) -> None:
        item["dialect"] = "banner"
        item["dialect_settings"] = {"banner": dict(banner.SETTINGS)}

    folder = tmp_path_factory.mktemp("agreed") / "contracts"
    return contracts_with(folder, COLLEGE, profile, COLLEGE)


@pytest.fixture(scope="module")
def untouched(
    generic: Path,
    plain: Home,
    contracts: Contracts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    """The same college in Banner's form, landed."""
    home = Home(tmp_path_factory.mktemp("banner"))
    # One secret, or equal numbers have unequal tokens.
    shutil.copytree(plain.vault, home.vault)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    assert landed(home, contracts, COLLEGE).verdict == "accepted"
    return home, contracts


def without_own_numbers(frame: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Banner numbers transferred courses itself, and a repeat mark may be empty."""
    if feed == "transfer_credit":
        frame = frame.drop("transfer_seq")
    if feed == "course_result":
        frame = frame.with_columns(pl.col("repeat_code").fill_null("COUNT"))
    return frame.sort(frame.columns, nulls_last=True)


def test_the_form_makes_no_difference_to_what_is_in_force(
    untouched: Site, plain: Home
) -> None:
    home, contracts = untouched
    compared = 0
    for feed in contracts.feeds:
        want = without_own_numbers(in_force(plain, contracts, feed), feed)
        got = without_own_numbers(in_force(home, contracts, feed), feed)
        assert_frame_equal(got, want)
        compared += want.height * (feed in writer("banner").carries)
    assert compared > 1000


def entry_of(home: Home) -> dict[str, Any]:
    """The newest entry of the ledger."""
    rows: list[dict[str, Any]] = read_ledger(home).to_dicts()
    return rows[-1]


def test_every_record_of_every_table_is_accounted_for(untouched: Site) -> None:
    home, _ = untouched
    manifest = json.loads((home.inbox / COLLEGE / NIGHT / "manifest.json").read_text())
    sent = {f["name"]: f["rows"] for f in manifest["files"] if f.get("dialect")}
    accounts = entry_of(home)["sources"]
    assert {one["file"]: one["rows_read"] for one in accounts} == sent
    for one in accounts:
        aside = sum(rule["count"] for rule in one["set_aside"])
        assert one["rows_read"] == one["used"] + aside + one["unreadable"]
    rules = {rule["rule"] for one in accounts for rule in one["set_aside"]}
    assert {
        "company",
        "superseded_grade",
        "further_level",
        "another_address",
        "in_academic_history",
        "no_other_name",
        "sought",
    } <= rules


def test_every_row_of_every_feed_is_loaded_collapsed_or_quarantined(
    untouched: Site,
) -> None:
    home, contracts = untouched
    files = entry_of(home)["files"]
    assert {file["feed"] for file in files} >= writer("banner").carries
    for file in files:
        out = file["loaded"] + file["collapsed"] + file["quarantined"]
        assert file["rows_read"] == out
        assert file["loaded"] == in_force(home, contracts, file["feed"]).height


def change(folder: Path, table: str, mend: Callable[[list[str]], Iterable[str]]) -> str:
    """Rewrite the lines of a table, with its trailer and the manifest; the file."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    (entry,) = (file for file in manifest["files"] if file["feed"] == table)
    file = folder / entry["name"]
    encoding = entry.get("encoding", "windows-1252")
    lines = file.read_bytes().decode(encoding).split("\r\n")[:-2]
    kept = list(mend(lines))
    rows = len(kept) - 1
    content = "".join(f"{line}\r\n" for line in [*kept, f"TRAILER|{rows}"])
    file.write_bytes(content.encode(encoding))
    data = file.read_bytes()
    entry |= {"rows": rows, "bytes": len(data), "sha256": sha256(data).hexdigest()}
    path.write_text(json.dumps(manifest))
    return str(entry["name"])


def with_cell(lines: list[str], line: int, column: str, value: str) -> list[str]:
    """The same lines with one field changed; the header is line 1."""
    cells = lines[line - 1].split("|")
    cells[lines[0].split("|").index(column)] = value
    return [*lines[: line - 1], "|".join(cells), *lines[line:]]


def told(home: Home, day: str = NIGHT) -> pl.DataFrame:
    """The findings that the college reads."""
    (path,) = (home.outbox / COLLEGE / day).glob("*.findings.csv")
    return pl.read_csv(path, infer_schema=False)


def current_line(lines: list[str]) -> int:
    """The first current row of a person in SPRIDEN."""
    at = lines[0].split("|").index("SPRIDEN_CHANGE_IND")
    return next(
        number
        for number, line in enumerate(lines[1:], 2)
        if line.split("|")[at].strip() in {"", "(null)"}
    )


def test_a_finding_names_the_file_the_line_and_the_column_of_banner(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    folder = home.inbox / COLLEGE / NIGHT
    at: list[int] = []

    def mend(lines: list[str]) -> list[str]:
        at.append(current_line(lines))
        return with_cell(lines, at[0], "SPRIDEN_LAST_NAME", "")

    file = change(folder, "SPRIDEN", mend)
    birth = change(
        folder,
        "SPBPERS",
        lambda lines: with_cell(lines, 3, "SPBPERS_BIRTH_DATE", "31-FEB-99"),
    )
    package = landed(home, contracts, COLLEGE)
    assert package.verdict == "accepted_with_quarantine"
    rows = told(home)
    required = rows.filter(pl.col("edit_id") == "PER-last_name-REQUIRED")
    assert required.select("file", "line", "column").rows() == [
        (file, str(at[0]), "SPRIDEN_LAST_NAME")
    ]
    wrong = rows.filter(pl.col("edit_id") == "PER-birth_date-TYPE")
    # The row of a person is the row of SPRIDEN; the column says which table to mend.
    assert wrong.select("file", "column").rows() == [(file, "SPBPERS_BIRTH_DATE")]
    assert birth != file


def test_a_torn_record_is_counted_and_removes_nobody(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    change(
        home.inbox / COLLEGE / NIGHT,
        "SHRDGMR",
        lambda lines: [*lines, lines[1] + "|torn"],
    )
    assert landed(home, contracts, COLLEGE).verdict == "accepted_with_quarantine"
    entry = entry_of(home)
    (account,) = (one for one in entry["sources"] if one["table"] == "SHRDGMR")
    assert account["unreadable"] == 1
    (awards,) = (one for one in entry["files"] if one["feed"] == "credential_award")
    assert awards["quarantined"] == 1


def test_a_pipe_in_one_address_is_told_and_holds_no_college(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    persons = len(pl.read_csv(generic / "person.csv", infer_schema=False))

    def mend(lines: list[str]) -> list[str]:
        return with_cell(lines, 2, "SPRADDR_STREET_LINE1", "12 Main | Apt 2")

    file = change(home.inbox / COLLEGE / NIGHT, "SPRADDR", mend)
    assert landed(home, contracts, COLLEGE).verdict == "accepted_with_quarantine"
    assert in_force(home, contracts, "person").height == persons
    (row,) = told(home).filter(pl.col("file") == file).to_dicts()
    assert (row["edit_id"], row["line"]) == ("F20", "2")
    assert "delimiters" in row["remedy"]
    entry = entry_of(home)
    (read,) = (one for one in entry["files"] if one["feed"] == "person")
    assert (read["loaded"], read["quarantined"]) == (persons, 1)


def again(home: Home, **changes: Any) -> Path:
    """The package once more, a day later."""
    folder = home.inbox / COLLEGE / LATER
    shutil.copytree(home.inbox / COLLEGE / NIGHT, folder)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest |= {
        "package_id": "11111111-2222-4333-8444-555555555555",
        "as_of": manifest["as_of"].replace(NIGHT, LATER),
        **changes,
    }
    path.write_text(json.dumps(manifest))
    return folder


def test_the_same_tables_a_night_later_change_nothing(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    landed(home, contracts, COLLEGE)
    again(home)
    package: LandedPackage = landed(home, contracts, COLLEGE)
    assert package.verdict == "accepted"
    assert sum(counts["changed"] for counts in package.counts.values()) == 0
    assert sum(counts["removed"] for counts in package.counts.values()) == 0


def test_a_row_of_banner_that_waits_for_its_parent_is_released(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    folder = home.inbox / COLLEGE / NIGHT
    taken = in_first_curriculum(folder)
    change(
        folder,
        "SMRPRLE",
        lambda lines: [line for line in lines if line.split("|")[0].strip() != taken],
    )
    first = landed(home, contracts, COLLEGE)
    waiting = first.counts["program_enrollment"]["quarantined"]
    assert waiting > 0
    assert first.verdict == "accepted_with_quarantine"
    later = home.inbox / COLLEGE / LATER
    later.mkdir()
    rows = pl.read_csv(generic / "program.csv", infer_schema=False)
    rows.filter(pl.col("program_code") == taken).write_csv(later / "program.csv")
    data = (later / "program.csv").read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {
        "package_id": "11111111-2222-4333-8444-555555555555",
        "previous_package_id": manifest["package_id"],
        "mode": "delta",
        "as_of": manifest["as_of"].replace(NIGHT, LATER),
        "files": [
            {
                "feed": "program",
                "name": "program.csv",
                "rows": 1,
                "bytes": len(data),
                "sha256": sha256(data).hexdigest(),
            }
        ],
    }
    manifest.pop("control", None)
    manifest.pop("scope", None)
    (later / "manifest.json").write_text(json.dumps(manifest))
    second = landed(home, contracts, COLLEGE)
    assert second.verdict == "accepted"
    assert second.counts["program_enrollment"]["released"] == waiting


def in_first_curriculum(folder: Path) -> str:
    """A programme that few students are in."""
    lines = (
        (folder / "SORLCUR_20260901.txt").read_bytes().decode("cp1252").split("\r\n")
    )
    at = lines[0].split("|").index("SORLCUR_PROGRAM")
    codes = [line.split("|")[at].strip() for line in lines[1:-2]]
    return min(sorted(set(codes)), key=codes.count)


@pytest.mark.parametrize(
    ("changes", "edit"),
    [
        ({"dialect": "colleague"}, "F03"),
        ({"dialect": "klingon"}, "D02"),
        (
            {"mode": "delta", "previous_package_id": "x", "scope": {"kind": "full"}},
            "D02",
        ),
    ],
)
def test_a_dialect_that_was_not_agreed_is_refused(
    generic: Path,
    contracts: Contracts,
    tmp_path: Path,
    changes: dict[str, Any],
    edit: str,
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    path = home.inbox / COLLEGE / NIGHT / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    if "dialect" in changes:
        for file in manifest["files"]:
            file.pop("dialect", None)
    path.write_text(json.dumps(manifest))
    package = landed(home, contracts, COLLEGE)
    assert package.verdict == "rejected"
    assert edit in package.edits
    assert all(one["verdict"] == "rejected" for one in entry_of(home)["sources"])


def test_a_table_that_is_missing_refuses_the_package(
    generic: Path, contracts: Contracts, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    deliver(generic, home, COLLEGE, ("banner",), contracts)
    path = home.inbox / COLLEGE / NIGHT / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"] = [f for f in manifest["files"] if f["feed"] != "SHRTCKG"]
    path.write_text(json.dumps(manifest))
    (home.inbox / COLLEGE / NIGHT / "SHRTCKG_20260901.txt").unlink()
    package = landed(home, contracts, COLLEGE)
    assert package.verdict == "held"
    assert package.edits["D01"] == 1
