"""Wage records of an agency through two nights, matched a second time in Python."""

import csv
import gzip
import json
import stat
from collections import Counter, defaultdict
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import kinds_of

pytestmark = pytest.mark.night

AGENCY = "AGENCY:AL_UI"


@pytest.fixture(scope="module")
def stated(clean_state):
    """The numbers that colleges' files ever said, with the learners who have them."""
    learners = {
        (row["institution_code"], row["student_id"]): row["learner_id"]
        for row in clean_state.links().to_dicts()
    }
    found = defaultdict(set)
    for path in (clean_state.root / "inbox").glob("*/*/person_identifier.*"):
        college = path.parent.parent.name
        for row in _rows(path):
            if row["id_type"] == "SSN" and row.get("_op") != "D":
                found[row["id_value"]].add(learners[college, row["student_id"]])
    return found


def _rows(path):
    """A delivered file as its manifest describes it."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    manifest = json.loads((path.parent / "manifest.json").read_text())
    (said,) = [one for one in manifest["files"] if one["name"] == path.name]
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding=said["encoding"], newline="") as lines:
        return list(csv.DictReader(lines, delimiter=said["delimiter"]))


@pytest.fixture(scope="module")
def wages(clean_state):
    return clean_state.guarded("select * from fact_employment_quarter")


def test_every_row_of_a_learner_with_one_number_is_published_and_no_other(
    clean_state, wages, stated
):
    expected = Counter()
    for row in clean_state.truth("wage").to_dicts():
        owners = stated.get(row["ssn"], set())
        if len(owners) == 1 and row["kind"] != "pseudo":
            (learner,) = owners
            expected[learner, row["year"], row["quarter"], row["wages"]] += 1
    got = Counter(
        (row["learner_id"], row["year"], row["quarter"], Decimal(str(row["wages"])))
        for row in wages
    )
    assert sum(expected.values()) > 200
    assert got == expected
    others = [r for r in clean_state.truth("wage").to_dicts() if r["kind"] == "other"]
    assert others
    assert not {row["ssn"] for row in others} & stated.keys()


def test_a_learner_that_was_matched_is_the_true_one(clean_state, wages):
    true = clean_state.truth("person").join(
        clean_state.links(), on=["institution_code", "student_id"]
    )
    persons = defaultdict(set)
    for row in true.to_dicts():
        persons[row["learner_id"]].add(row["true_learner"])
    owners = defaultdict(set)
    for row in clean_state.truth("wage").drop_nulls("true_learner").to_dicts():
        key = row["year"], row["quarter"], row["wages"]
        owners[key].add(row["true_learner"])
    wrong = [
        row
        for row in wages
        if not persons[row["learner_id"]]
        & owners[row["year"], row["quarter"], Decimal(str(row["wages"]))]
    ]
    # A number that two people use is either's, for want of anything else.
    shared = clean_state.truth("person").filter("ssn_shared_with_another")
    allowed = set(shared["true_learner"])
    assert [row for row in wrong if not persons[row["learner_id"]] & allowed] == []


def test_rows_in_are_rows_loaded_collapsed_or_quarantined(clean_state):
    files = (
        clean_state.ledger()
        .filter(
            pl.col("institution_code") == AGENCY,
            pl.col("verdict").str.starts_with("accepted"),
        )
        .select(pl.col("files").explode())
        .unnest("files")
    )
    truth = clean_state.truth("wage")
    pseudo = truth.filter(pl.col("kind") == "pseudo").height
    assert files["rows_read"].sum() == truth.height
    assert files["quarantined"].sum() == pseudo > 0
    assert (
        files["loaded"].sum() + files["collapsed"].sum() + files["quarantined"].sum()
        == truth.height
    )


def test_what_is_matched_and_what_is_not_adds_up_to_what_was_sent(
    clean_state, wages, stated
):
    told = clean_state.guarded("select * from employment_match")
    truth = clean_state.truth("wage").filter(pl.col("kind") != "pseudo")
    sent = Counter()
    unknown = Counter()
    for row in truth.to_dicts():
        quarter = row["year"], row["quarter"]
        sent[quarter] += 1
        unknown[quarter] += row["ssn"] not in stated
    counted = Counter()
    not_known = Counter()
    for row in told:
        assert row["agency_code"] == AGENCY
        counted[row["year"], row["quarter"]] += row["wage_rows"]
        if row["outcome"] == "unknown":
            not_known[row["year"], row["quarter"]] += row["wage_rows"]
    assert counted == sent
    assert not_known == +unknown
    matched = [row for row in told if row["outcome"] in ("current", "earlier")]
    assert sum(row["wage_rows"] for row in matched) == len(wages)
    total = sum(Decimal(str(row["wages"])) for row in told)
    assert total == truth["wages"].sum()


def test_wages_make_no_learner_and_meet_no_name(clean_state, wages):
    known = {row["learner_id"] for row in clean_state.query("from learner")}
    assert {row["learner_id"] for row in wages} <= known
    persons = set(clean_state.links()["learner_id"])
    assert known == persons
    assert set(wages[0]) & {"ssn", "employer_account", "student_id"} == set()


def test_no_number_and_no_account_is_kept_in_clear(clean_state):
    truth = clean_state.truth("wage")
    ssn = {value.encode() for value in truth["ssn"]}
    kept = [
        *(clean_state.root / "landing" / "accepted" / "employment_quarter").iterdir(),
        *(clean_state.root / "quarantine").rglob("*.parquet"),
        *(clean_state.snapshot / "guarded").iterdir(),
    ]
    with duckdb.connect() as con:
        for file in kept:
            values = {
                str(value).encode()
                for row in con.execute("from read_parquet(?)", [str(file)]).fetchall()
                for value in row
            }
            assert not values & ssn, file.name
    outbox = (clean_state.root / "outbox" / AGENCY).rglob("*")
    for file in (path for path in outbox if path.is_file()):
        content = file.read_bytes()
        assert not [one for one in ssn if one in content], file.name


def test_one_employer_is_one_key_and_its_account_cannot_be_seen(clean_state, wages):
    truth = clean_state.truth("wage")
    accounts = set(truth["employer_account"])
    keys = {row["employer_key"] for row in wages}
    assert 10 < len(keys) <= len(accounts)
    assert all(len(key) == 36 for key in keys)


def test_the_folder_is_the_owners_and_a_query_needs_the_flag(clean_state):
    folder = clean_state.snapshot / "guarded"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o400}
    asked = "select count(*) as rows from fact_employment_quarter"
    assert "does not exist" in clean_state.lrw("query", asked, code=1)
    path = folder / "fact_employment_quarter.parquet"
    assert clean_state.lrw("query", f"from read_parquet('{path}')", code=1)
    assert clean_state.lrw("query", "--guarded", asked)
    told = clean_state.lrw("query", "--guarded", "--as-of", "2026-09-01", asked, code=1)
    assert "ask without a day" in told
    assert "verified" in clean_state.lrw("verify", "snapshot")


def test_an_agency_alone_may_send_wages():
    contracts = load_contracts()
    feed = contracts.feeds["employment_quarter"]
    senders = [one for one in contracts.senders if feed.kind in kinds_of(one)]
    assert {one.sender for one in senders} == {AGENCY, "AGENCY:TN_UI"}
