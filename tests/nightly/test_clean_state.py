"""Two nights of a clean Alabama state, by the command line, against its truth."""

import csv
import json
import re
import uuid
from collections import Counter

import polars as pl
import pytest
import yaml
from delivered_line import delivered, differing
from delivered_practices import counted as counted_practices
from independent import check_published
from profile_paths import declared_paths, paths, unsigned
from warehouse import differing_term_totals, differing_totals

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.explain import explain
from pipelines.publishing.reader import record
from pipelines.settings import DBT_PROJECT, Home

pytestmark = pytest.mark.night

NIGHTS = ("000001", "000002")
AGENCY = "AGENCY:AL_UI"


@pytest.fixture
def state(clean_state):
    """The state after its two nights."""
    return clean_state


def test_every_total_equals_the_truth_to_the_last_credit(state):
    assert differing_totals(state) == []
    assert state.published_totals()["facts"].sum() > 10_000


def test_credit_and_awards_of_every_college_and_term_equal_the_truth(state):
    truth = state.truth("published_term_total")
    assert truth.height > 500
    assert differing_term_totals(truth, state.snapshot / "analyst") == []


def test_facts_and_assertions_carry_what_was_staged(state):
    totals = state.published_totals()
    assert totals.filter(pl.col("staged") != pl.col("facts")).is_empty()
    claimed = totals.filter(pl.col("assertions").is_not_null())
    assert claimed.height > 100
    assert claimed.filter(pl.col("assertions") != pl.col("facts")).is_empty()


def test_a_clean_state_has_no_finding_that_refuses_anything(state):
    # An agency's file holds pseudo numbers, as such files do: test_wage_records.py.
    ledger = state.ledger().filter(pl.col("institution_code") != AGENCY)
    assert set(ledger["verdict"]) == {"accepted"}
    findings = ledger.explode("findings").unnest("findings")
    assert set(findings["severity"].drop_nulls()) <= {"W"}


def test_rows_in_are_rows_loaded_collapsed_or_quarantined_in_every_file(state):
    ledger = state.ledger()
    files = ledger.select(pl.col("files").explode()).unnest("files")
    accounted = pl.col("loaded") + pl.col("collapsed") + pl.col("quarantined")
    assert files.height > 400
    assert files.filter(accounted != pl.col("rows_read")).is_empty()
    sent = state.truth("file").select(pl.col("rows").sum()).item()
    of_agency = ledger.filter(pl.col("institution_code") == AGENCY)
    wages = of_agency.select(pl.col("files").explode()).unnest("files")
    assert files["rows_read"].sum() - wages["rows_read"].sum() == sent
    assert wages["rows_read"].sum() == state.truth("wage").height


def test_learners_are_who_exact_evidence_says_they_are(state):
    joined = state.truth("person").join(
        state.links(), on=["institution_code", "student_id"], how="left"
    )
    assert joined["learner_id"].null_count() == 0
    by_group = joined.group_by("exact_linkable_group").agg(
        pl.col("learner_id").n_unique()
    )
    by_learner = joined.group_by("learner_id").agg(pl.col("true_learner").n_unique())
    # A number under two given names that are not one name's waits for a person.
    pairs = state.root / "warehouse" / "identity" / "review_pair.parquet"
    asked = pl.read_parquet(pairs).filter(pl.col("kind") == "exact")
    waiting = asked.select(
        institution_code="a_institution_code", student_id="a_student_id"
    ).join(joined, on=["institution_code", "student_id"])
    parted = by_group.filter(pl.col("learner_id") > 1)
    assert set(parted["exact_linkable_group"]) <= set(waiting["exact_linkable_group"])
    assert parted.height <= 1
    assert by_learner["true_learner"].max() == 1, "two true people share a learner id"


def test_only_what_changed_is_signed_again(state):
    printed = (state.root / "printed.txt").read_text()
    nights = re.findall(
        r"([\d,]+) records: ([\d,]+) signed, ([\d,]+) unchanged", printed
    )
    assert len(nights) == 2
    records, signed, unchanged = (int(n.replace(",", "")) for n in nights[1])
    assert 0 < signed < records / 5
    assert signed + unchanged == records


def test_a_night_with_nothing_new_signs_nothing_and_makes_no_snapshot(state):
    before = state.snapshot
    printed = state.lrw("night")
    assert "0 signed: nothing new" in printed
    assert state.snapshot == before


def test_the_snapshot_verifies_and_a_changed_byte_does_not(state):
    assert "verified" in state.lrw("verify", "snapshot")
    victim = state.snapshot / "analyst" / "fact_award.parquet"
    content = victim.read_bytes()
    victim.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    try:
        assert "does not verify" in state.lrw("verify", "snapshot", code=1)
    finally:
        victim.write_bytes(content)


def test_a_learner_can_be_printed_verified_and_not_forged(state, tmp_path):
    learner = state.query("select learner_id from assertion where status = 'active'")[0]
    text = state.lrw("record", learner["learner_id"])
    record = json.loads(text)
    genuine, forged = tmp_path / "genuine.json", tmp_path / "forged.json"
    genuine.write_text(text)
    assert "verified" in state.lrw("verify", str(genuine))
    record["credentialSubject"]["verifiableCredential"][0]["credentialSubject"][
        "creditsEarned"
    ] = 99
    forged.write_text(json.dumps(record))
    assert "does not verify" in state.lrw("verify", str(forged), code=1)


def test_published_records_pass_software_that_is_not_ours(state):
    done = check_published(state.root, count=15, seed=3)
    assert done.records == 15
    assert done.credentials > 50
    assert (len(done.refused), done.accepted) == (20, ())


def test_every_record_tells_the_credits_of_its_learner(state):
    """Credits in the signed documents equal the credits of the active assertions."""
    out = state.root / "records.jsonl"
    state.lrw("records", "export", "--out", str(out))
    signed = {}
    for line in out.read_text().splitlines():
        document = json.loads(line)
        subject = document["credentialSubject"]
        signed[subject["id"].removeprefix("urn:uuid:")] = sum(
            nested["credentialSubject"].get("creditsEarned", 0)
            for nested in subject["verifiableCredential"]
        )
    active = state.analyst("assertion").filter(pl.col("status") == "active")
    expected = active.group_by("learner_id").agg(
        pl.col("credits_earned").cast(pl.Float64).sum()
    )
    assert signed.keys() == set(expected["learner_id"])
    for learner_id, credits_earned in expected.iter_rows():
        assert signed[learner_id] == pytest.approx(credits_earned)


CATEGORIES = {
    "essential_skills": "Career essential skills and abilities",
    "leadership": "Leadership",
    "technical_award": "Technical certificates and awards",
}


def test_experiences_of_each_category_are_those_of_the_delivered_files(state):
    codes = load_contracts().codes["practice"]
    at = codes.header.index("category")
    category = {row[0]: row[at] for row in codes.rows}
    count, hours = counted_practices(state.root / "inbox")
    expected = {name: [0, 0] for name in CATEGORIES}
    for code, number in count.items():
        expected[category[code]][0] += number
        expected[category[code]][1] += hours[code]
    assert min(number for number, _ in expected.values()) > 20
    told = state.analyst("learner_experience").group_by("category")
    assert expected == {
        name: [number, total]
        for name, number, total in told.agg(
            pl.col("experiences").sum(), pl.col("hours").sum()
        ).iter_rows()
    }


def test_a_signed_experience_carries_its_category_and_an_award_its_occupations(state):
    """What the signed documents say, by kind, equals the tables beside them."""
    assertions = state.analyst("assertion").filter(pl.col("status") == "active")
    kinds = dict(assertions.select("assertion_id", "kind").iter_rows())
    facts = state.analyst("fact_experience")
    category = dict(facts.select("source_record_key", "category").iter_rows())
    crosswalk = {
        (row["cip_code"], row["soc_code"])
        for row in pl.read_csv(
            DBT_PROJECT / "seeds" / "cip_soc.csv", infer_schema=False
        ).iter_rows(named=True)
    }
    declared = declared_paths()
    seen = Counter()
    records = pl.read_parquet(state.snapshot / "records" / "*.parquet")["clr"]
    for text in records:
        subject = json.loads(text)["credentialSubject"]
        for credential in subject["verifiableCredential"]:
            claim = credential["id"].removeprefix("urn:uuid:")
            kind = kinds[claim]
            assert set(paths(unsigned(credential))) <= declared[kind], kind
            achievement = credential["credentialSubject"]["achievement"]
            by_type = {}
            for one in achievement.get("alignment", []):
                by_type.setdefault(one["targetType"], []).append(one["targetCode"])
            if kind in ("experience", "practice"):
                (code,) = by_type["ext:ExperienceCategory"]
                assert code == category[claim]
                assert CATEGORIES[code] in achievement["tag"]
                seen[code] += 1
            if kind == "award":
                (cip,) = by_type["ext:CIP"]
                occupations = set(by_type.get("ext:SOC", ()))
                assert occupations == {soc for own, soc in crosswalk if own == cip}
                seen["award with occupations"] += bool(occupations)
    active = facts.filter(pl.col("source_record_key").is_in(list(kinds)))
    told = dict(active.group_by("category").len().iter_rows())
    assert {name: seen[name] for name in CATEGORIES} == told
    assert seen["award with occupations"] > 20


def test_what_alignments_of_experiences_point_at_is_published(state):
    page = (state.snapshot / "public" / "mapping-profile.html").read_text()
    targets = state.analyst("alignment").filter(target_type="ext:ExperienceCategory")
    addresses = targets["target_url"].unique().to_list()
    assert len(addresses) == len(CATEGORIES)
    for address in addresses:
        place, _, code = address.partition("#")
        assert place == "https://records.accs.example/mapping-profile.html"
        assert f'id="{code}"' in page


def test_a_claim_of_every_kind_is_traced_to_its_line_and_to_its_record(state):
    """What `lrw explain` tells is what the college's file says at that line."""
    claims = state.query(
        "select kind, max(assertion_id)::varchar as id from assertion "
        "where status = 'active' group by kind order by kind"
    )
    assert len(claims) >= 9
    feeds = load_contracts().feeds
    for claim in claims:
        told = explain(Home(state.root), claim["id"])
        line = told["line"]
        package = told["package"]
        inbox = state.root / "inbox" / line["institution_code"]
        sent = delivered(inbox / package["delivery"], line["file"], line["line"])
        assert len(line["values"]) > 3
        assert differing(feeds[line["feed"]], sent, line["values"]) == []
        assert [model["model"] for model in told["models"]][-3:] == [
            "clr_assertion",
            "pub_assertion",
            "pub_record_document",
        ]
        assert told["models"][0]["model"] == f"stg_{line['feed']}"
        holding = [record for record in told["records"] if record["clr_id"]]
        assert holding[0]["seq"] == 2
        signed = json.loads(record(Home(state.root), holding[0]["learner_id"]))
        assert signed["id"] == f"urn:uuid:{holding[0]['clr_id']}"
        nested = signed["credentialSubject"]["verifiableCredential"]
        assert f"urn:uuid:{claim['id']}" in [one["id"] for one in nested]


def test_a_changed_claim_is_traced_to_both_lines(state):
    first = state.root / "published" / "snapshots" / "000001" / "analyst"
    before = pl.read_parquet(first / "assertion.parquet")
    changed = state.analyst("assertion").join(before, on="assertion_id", suffix="_was")
    changed = changed.filter(pl.col("package_id") != pl.col("package_id_was"))
    assert changed.height
    for claim in changed.sort("assertion_id").head(3).iter_rows(named=True):
        told = explain(Home(state.root), claim["assertion_id"])
        newest, earlier = told["versions"]
        assert newest["package_id"] == claim["package_id"]
        assert newest["line"] == claim["line"]
        assert earlier["package_id"] == claim["package_id_was"]
        assert earlier["line"] == claim["line_was"]
        assert newest["values"] != earlier["values"]


def test_a_changed_record_stands_as_it_was_on_each_night(state):
    root = state.root / "published" / "snapshots"
    was, now = (
        pl.read_parquet(root / night / "records" / "*.parquet") for night in NIGHTS
    )
    changed = was.join(now, on="learner_id", suffix="_now").filter(
        pl.col("clr") != pl.col("clr_now")
    )
    learner = changed.sort("learner_id").row(0, named=True)
    sql = "select count(*) as n from assertion where learner_id = '{learner_id}'"
    for day, night, clr in (
        ("2026-09-01", NIGHTS[0], "clr"),
        ("2026-09-02", NIGHTS[1], "clr_now"),
    ):
        told = state.lrw("record", learner["learner_id"], "--as-of", day)
        assert told == learner[clr] + "\n"
        asked = state.lrw(
            *("query", sql.format(**learner), "--as-of", day, "--format", "csv")
        )
        claims = pl.read_parquet(root / night / "analyst" / "assertion.parquet")
        expected = claims.filter(learner_id=learner["learner_id"]).height
        assert asked.splitlines() == ["n", str(expected)]
    assert "begins with 2026-09-01" in state.lrw(
        "record", learner["learner_id"], "--as-of", "2026-08-31", code=1
    )


def test_the_quality_of_credentials_adds_up_per_college_and_says_what_is_missing(state):
    quality = state.analyst("credential_quality")
    active = state.analyst("assertion").filter(pl.col("status") == "active")
    assert set(quality["assertion_id"]) == set(active["assertion_id"])
    lacking = quality.explode("missing").drop_nulls("missing")
    counted = lacking.group_by("institution_code", "kind", rule="missing").len("lacks")
    rolled = state.analyst("credential_scorecard")
    joined = rolled.join(
        counted, on=["institution_code", "kind", "rule"], how="left"
    ).with_columns(pl.col("lacks").fill_null(0))
    assert joined.filter(
        pl.col("credentials") - pl.col("met") != pl.col("lacks")
    ).is_empty()
    assert counted["lacks"].sum() == joined["lacks"].sum()
    # Half of the sample's programmes are in the Credential Registry.
    awards = rolled.filter(kind="award", rule="registry_id")
    assert 0 < awards["met"].sum() < awards["credentials"].sum()
    poor = quality.filter(pl.col("missing").list.contains("registry_id")).row(
        0, named=True
    )
    told = explain(Home(state.root), poor["assertion_id"])
    assert "registry_id" in [rule["rule"] for rule in told["quality"]["missing"]]
    assert float(told["quality"]["score"]) < 100


def test_who_is_near_an_award_is_counted_from_the_facts(state):
    progress = state.analyst("program_progress")
    hours = pl.col("earned_credit").cast(pl.Float64) * pl.col(
        "credit_unit"
    ).replace_strict({"SH": 1.0, "QH": 2 / 3, "CLOCK": 1.0}, default=0.0)
    passed = (
        state.analyst("fact_section_enrolment")
        .join(state.analyst("course"), on="course_id", how="left", suffix="_course")
        .filter(
            pl.col("status") == "completed",
            pl.col("grade_mode") != "DEVELOPMENTAL",
            ~pl.col("is_developmental").fill_null(value=False),
        )
        .with_columns(
            hours=hours,
            unit=pl.col("credit_unit").replace({"QH": "SH"}),
        )
    )
    who = ["learner_id", "institution_code"]
    best = passed.group_by(*who, "unit", "subject", "course_number").agg(
        pl.col("hours").max()
    )
    earned = best.group_by(*who, credit_unit="unit").agg(counted=pl.col("hours").sum())
    told = progress.filter(pl.col("credit_unit").is_not_null()).join(
        earned, on=[*who, "credit_unit"], how="left"
    )
    differ = (
        pl.col("earned_credit").cast(pl.Float64) - pl.col("counted").fill_null(0)
    ).abs() > 0.01
    assert told.filter(differ).is_empty()
    declared = state.analyst("fact_program_enrolment").drop_nulls("learner_id")
    assert progress.height == declared.n_unique([*who, "program_code"])
    listed = progress.filter(pl.col("rule") == "award_due")
    assert 0 < listed.height < progress.height / 2
    awards = state.analyst("fact_award").filter(pl.col("status") != "REVOKED")
    assert listed.join(awards, on=[*who, "program_code"], how="semi").is_empty()
    assert set(listed["remaining_credit"].cast(pl.Float64)) == {0.0}


def test_a_trace_names_no_student(state):
    claim = state.query(
        "select assertion_id::varchar as id from assertion where kind = 'award' limit 1"
    )[0]
    students = set(state.truth("person")["student_id"])
    text = state.lrw("explain", claim["id"], "--format", "json")
    values = json.loads(text)["line"]["values"]
    assert not {name for name in values if name in ("student_id", "last_name")}
    assert not students & set(map(str, values.values()))


def test_an_id_that_no_claim_has_is_one_line(state):
    assert state.lrw("explain", "nothing", code=1).count("\n") == 1
    # As long as an id, and of its signs.
    with pytest.raises(OperatorError, match="not the id of a credential"):
        explain(Home(state.root), "a" * 36)
    with pytest.raises(OperatorError, match="no claim of snapshot 2 has this id"):
        explain(Home(state.root), "00000000-0000-0000-0000-000000000000")


def test_every_college_gets_a_return_file_for_every_package(state):
    packages = state.truth("package")
    returned = [
        path
        for path in (state.root / "outbox").glob("*/*/*.return.json")
        if path.parent.parent.name != AGENCY
    ]
    assert len(returned) == packages.height
    sample = json.loads(returned[0].read_bytes())
    assert sample["verdict"] == "accepted"
    findings = returned[0].with_name(
        returned[0].name.replace(".return.json", ".findings.csv")
    )
    header = next(csv.reader(findings.read_text().splitlines()))
    assert {"edit_id", "line", "value", "message", "remedy"} <= set(header)


def test_no_personal_value_leaves_the_vault(state):
    """Names, numbers and mailboxes are nowhere an analyst, a log or the UI can see."""
    people = pl.read_csv(
        state.root / "inbox" / "BISHOP" / "2026-09-01" / "person_identifier.csv",
        infer_schema=False,
    )
    numbers = people.filter(pl.col("id_type") == "SSN")["id_value"].to_list()
    assert len(numbers) > 5
    secrets = [number.encode() for number in numbers[:40]]
    seen = 0
    for folder in ("published", "dagster", "warehouse", "outbox"):
        for path in (state.root / folder).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(secret in content for secret in secrets), path.name
                seen += 1
    assert seen > 50
    # The same scan finds them where they were sent, or it could find nothing.
    sent = (state.root / "inbox/BISHOP/2026-09-01/person_identifier.csv").read_bytes()
    assert all(secret in sent for secret in secrets)


def test_published_ids_cannot_be_worked_out_from_what_they_stand_for(state):
    """A student id has seven digits: in a known namespace all are tried in seconds."""
    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())
    known = uuid.UUID(project["vars"]["id_namespace"])
    guessed = {
        str(uuid.uuid5(known, json.dumps(["organization", code])))
        for code in ("CACC", "BISHOP", "CALHOUN")
    }
    # tests/dbt finds these very ids where the known namespace is used.
    guessed |= {
        str(
            uuid.uuid5(known, json.dumps(["organization", code], separators=(",", ":")))
        )
        for code in ("CACC", "BISHOP", "CALHOUN")
    }
    organizations = state.analyst("organization")
    assert {"CACC", "BISHOP"} <= set(organizations["institution_code"])
    assert not guessed & set(organizations["organization_id"])


def test_analyst_tables_carry_no_name_and_no_student_id(state):
    students = set(state.truth("person")["student_id"])
    forbidden = re.compile(r"student_id|last_name|first_name|birth|ssn|e_?mail|phone")
    tables = sorted((state.snapshot / "analyst").glob("*.parquet"))
    assert len(tables) > 15
    for path in tables:
        frame = pl.read_parquet(path)
        assert not [name for name in frame.columns if forbidden.search(name)], path.name
        for name, kind in frame.schema.items():
            if kind == pl.String and name != "institution_code":
                found = students & set(frame[name].drop_nulls().unique())
                assert not found, f"{path.name} {name} holds student ids"


def test_status_and_query_answer_programs(state):
    status = json.loads(state.lrw("status", "--format", "json"))
    assert status["seq"] == 2
    verdicts = {row["institution_code"]: row["verdict"] for row in status["senders"]}
    # Wage files hold pseudo numbers, as such files do.
    assert verdicts.pop(AGENCY) == "accepted_with_quarantine"
    assert set(verdicts.values()) == {"accepted"}
    assert state.query("select count(*) as n from learner")[0]["n"] > 300
    assert state.lrw("query", "drop table learner", code=1).count("\n") == 1
    assert state.lrw("record", "nobody", code=1).count("\n") == 1
