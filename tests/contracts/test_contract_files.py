"""The files under ``data_contracts/`` are valid, complete and stable."""

import json
import string
from datetime import date
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from contract_world import CONTRACTS
from open_data_contract_standard.model import OpenDataContractStandard

from pipelines.contracts.load import load_contracts, parse_type
from pipelines.contracts.model import ColumnType, ContractError
from pipelines.contracts.sync import sync
from pipelines.settings import DATA_CONTRACTS

FILES = sorted(DATA_CONTRACTS.glob("feeds/*.odcs.yaml"))
GOLDEN = Path(__file__).parent.parent / "golden" / "edit_ids.txt"
STANDARD = jsonschema_rs.validator_for(
    json.loads(OpenDataContractStandard.json_schema())
)
EDITS = CONTRACTS.all_edits()
FIELDS = {"value", "column", "feed", "line", "limit", "count", "institution_code"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_feed_is_valid_by_the_standard(path: Path) -> None:
    errors = STANDARD.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert [f"{list(e.instance_path)}: {e.message}" for e in errors] == []
    contract = OpenDataContractStandard.from_file(str(path))
    assert contract.apiVersion == "v3.1.0"
    assert f"{contract.name}.odcs.yaml" == path.name


def test_colleges_have_twenty_three_feeds_with_parents_before_children() -> None:
    feeds = list(CONTRACTS.feeds)
    agencies = [name for name in feeds if CONTRACTS.feeds[name].kind == "agency"]
    assert len(feeds) - len(agencies) == 23
    assert agencies == ["employment_quarter"]
    for feed in CONTRACTS.feeds.values():
        for relationship in feed.relationships:
            assert feeds.index(relationship.parent) < feeds.index(feed.name)


def test_every_column_has_a_description_and_a_class() -> None:
    bare = [
        f"{feed.name}.{column.name}"
        for feed in CONTRACTS.feeds.values()
        for column in feed.columns
        if not column.description.endswith(".")
        or column.classification not in ("public", "internal", "personal", "restricted")
    ]
    assert bare == []


def test_every_feed_ends_with_when_it_was_updated_and_the_operation() -> None:
    for feed in CONTRACTS.feeds.values():
        assert [c.name for c in feed.columns[-2:]] == ["record_updated_at", "_op"]
        assert "_op" not in [c.name for c in feed.data_columns]


def test_what_ends_a_row_follows_the_kind_of_feed() -> None:
    kept = {f.name for f in CONTRACTS.feeds.values() if f.absence == "keep"}
    closed = {f.name for f in CONTRACTS.feeds.values() if f.absence == "close"}
    assert kept == {
        "credential_award",
        "disclosure",
        "employment_quarter",
        "person_merge",
    }
    assert closed == {f.name for f in CONTRACTS.feeds.values() if f.kind == "reference"}


def test_edit_ids_are_those_of_the_golden_file() -> None:
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    assert sorted(edit.id for edit in EDITS) == golden


def test_every_edit_tells_a_registrar_what_to_do() -> None:
    for edit in EDITS:
        assert edit.title.endswith("."), edit.id
        assert edit.remedy.endswith("."), edit.id
        names = {name for _, name, _, _ in string.Formatter().parse(edit.message)}
        assert names - {None} <= FIELDS, edit.id


def test_severity_and_action_agree() -> None:
    for edit in EDITS:
        if edit.severity == "Q":
            assert edit.action == "quarantine", edit.id
        if edit.feed and edit.severity == "W":
            assert edit.action == "warn", edit.id
        if edit.severity == "F":
            assert edit.action not in ("warn", "quarantine"), edit.id


def test_general_edits_are_of_files_dialects_and_across_without_a_gap() -> None:
    for letter, at_least in {"F": 20, "D": 4, "X": 9}.items():
        mine = [name for name in CONTRACTS.file_edits if name[0] == letter]
        assert len(mine) >= at_least
        assert mine == [f"{letter}{n:02d}" for n in range(1, len(mine) + 1)]


def test_every_learner_feed_refuses_unknown_students() -> None:
    for feed in CONTRACTS.feeds.values():
        names = {column.name for column in feed.columns}
        if feed.kind == "learner" and "student_id" in names and feed.name != "person":
            assert any({"F16", "X01"} <= set(e.implements) for e in feed.edits), (
                feed.name
            )


def test_conditional_columns_have_an_edit_that_says_when() -> None:
    # Whether a person has one name only cannot be seen in a row.
    undecidable = {("person_name", "first_name")}
    conditional = {
        (feed.name, column.name)
        for feed in CONTRACTS.feeds.values()
        for column in feed.data_columns
        if column.nullability == "C"
    }
    decided = {
        (edit.feed, column)
        for edit in EDITS
        for column in edit.columns
        if f"{column} IS NOT NULL" in (edit.condition or "")
    }
    assert conditional - decided == undecidable


def test_all_institutions_are_there_with_their_time_zones() -> None:
    colleges = CONTRACTS.colleges
    assert len(colleges) == 66
    assert colleges["CACC"].timezone == "America/Chicago"
    assert colleges["TCAT_KNOX"].timezone == "America/New_York"
    assert colleges["TCAT_UC"].timezone == "America/Chicago"
    assert colleges["JDCC"].successor_code == "COASTAL"


def test_a_closed_or_renamed_college_sends_only_in_its_days() -> None:
    colleges = CONTRACTS.colleges
    assert not colleges["TCAT_COV"].open_on(date(2026, 9, 1))
    assert colleges["TCAT_LIV"].open_on(date(2025, 6, 1))
    assert not colleges["TCAT_LIV"].open_on(date(2026, 1, 1))
    assert not colleges["TCAT_UC"].open_on(date(2024, 5, 2))
    assert colleges["TCAT_UC"].open_on(date(2024, 5, 3))


def test_a_system_office_is_a_sender() -> None:
    system = CONTRACTS.sender("SYSTEM:TBR")
    assert system is CONTRACTS.systems["TBR"]
    assert CONTRACTS.sender("NOWHERE") is None


def test_reference_codes_keep_their_zeros() -> None:
    codes = CONTRACTS.codes
    assert codes["cip2020"].values["01.0000"].label == "Agriculture, General"
    directory = codes["institution_directory"]
    assert directory.header == ("code", "label", "opeid8", "opeid6")
    assert directory.rows[0][2:] == ("00100200", "001002")


def test_generated_files_are_up_to_date() -> None:
    assert sync(check=True) == []


def test_a_type_is_read_as_it_is_written() -> None:
    assert parse_type("dec(7,3)") == ColumnType("dec", precision=7, scale=3)
    assert str(parse_type("str(12)")) == "str(12)"
    for wrong in ("str", "dec(7)", "code", "date(3)", "varchar(3)"):
        with pytest.raises(ValueError, match=r"type|lacks"):
            parse_type(wrong)


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    for folder in ("feeds", "edits", "codes", "colleges", "systems"):
        (tmp_path / folder).mkdir()
        for path in (DATA_CONTRACTS / folder).iterdir():
            if path.suffix in (".yaml", ".csv"):
                text = path.read_text(encoding="utf-8")
                (tmp_path / folder / path.name).write_text(text, encoding="utf-8")
    term = tmp_path / "feeds" / "term.odcs.yaml"
    text = term.read_text(encoding="utf-8").replace("TRM-Q02", "TRM-Q01")
    term.write_text(text.replace("code:term_type", "code:nowhere"), encoding="utf-8")
    (tmp_path / "colleges" / "CACC.yaml").write_text("name: x\n", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contracts(tmp_path)
    for part in ("TRM-Q01 is used 2 times", "code list nowhere", "CACC.yaml"):
        assert part in str(caught.value)
