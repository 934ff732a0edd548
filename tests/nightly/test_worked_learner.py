"""One learner at three colleges, line by line: what is sent, the tables, the record.

``worked_learner/packages.yaml`` and ``corrections.yaml`` are what the colleges send on
two nights. ``golden/worked_learner`` is what is published of it: a reviewer who knows
registrars' work can read both side by side. Ids, proofs and status entries are
left out: another warehouse makes others.
"""

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipelines.identity.namespace import id_namespace
from pipelines.identity.night.link import link
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.land import land
from pipelines.publishing.keys import create_key
from pipelines.publishing.publish import publish
from pipelines.publishing.reader import record
from pipelines.query import query
from pipelines.settings import DBT_PROJECT, Home

sys.path.append(str(Path(__file__).parents[1] / "faults"))

from package_builder import CONTRACTS, send

SENT = Path(__file__).with_name("worked_learner")
GOLDEN = Path(__file__).parents[1] / "golden" / "worked_learner"
REWRITE = bool(os.environ.get("LRW_REWRITE_GOLDEN"))
DAYS = ("2026-09-01", "2026-09-02")
ADDED = ("proof", "credentialStatus", "@context", "validFrom", "credentialSchema")
"""Of another warehouse's key, secret and clock, or the same in every record."""

TABLES = {
    "assertion join achievement using (achievement_id)": (
        "assertion.institution_code, assertion.kind, name, achievement_type, status, "
        "start_date, awarded_on, valid_until, credits_earned, credit_unit"
    ),
    "result join result_description using (result_description_id)": (
        "name, result.kind, value, status"
    ),
    "fact_section_enrolment": (
        "institution_code, subject, course_number, status, grade, credit_unit, "
        "attempted_credit, earned_credit, is_dual_enrolment"
    ),
    "fact_transfer_credit": (
        "institution_code, source_subject, source_number, decision, reject_reason, "
        "accepted_credit, credit_unit, is_applied, applied_credit"
    ),
    "credit_ledger": (
        "institution_code, record_kind, stage, reason, credit_unit, "
        "attempted_credit, earned_credit, lost_credit"
    ),
    "fact_award": "institution_code, title, award_level, status, awarded_on",
    "fact_experience": "institution_code, origin, title, category, hours",
    "program_progress": (
        "institution_code, program_code, credit_unit, required_credit, "
        "earned_credit, accepted_credit, remaining_credit, is_awarded, rule"
    ),
}

pytestmark = pytest.mark.night


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two nights of three colleges with one learner: the steps without Dagster."""
    home = Home(tmp_path_factory.mktemp("worked"))
    create_key(home.keys, CONTRACTS.systems["TBR"].did)
    sent = yaml.safe_load((SENT / "packages.yaml").read_text(encoding="utf-8"))
    colleges = {
        code: {feed: [texts(row) for row in rows] for feed, rows in feeds.items()}
        for code, feeds in sent.items()
    }
    for day in DAYS:
        if day == DAYS[1]:
            correct(colleges)
        for code, feeds in colleges.items():
            send(home.inbox, code, day, feeds, as_of=f"{day}T01:00:00-05:00")
        land(home, CONTRACTS, until=date.fromisoformat(day))
        link(home, CONTRACTS)
        build(home)
        publish(home, CONTRACTS)
    return home


def build(home: Home) -> None:
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--no-use-colors", "build"),
            *("--exclude-resource-type", "unit_test"),
            *("--project-dir", DBT_PROJECT, "--profiles-dir", DBT_PROJECT),
            *("--target-path", home.warehouse / "dbt", "--log-path", home.warehouse),
        ],
        env={
            **os.environ,
            "LRW_HOME": str(home.root),
            "LRW_ID_NAMESPACE": str(id_namespace(home)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]


def texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items()}


def correct(colleges: dict[str, dict[str, list[dict[str, str]]]]) -> None:
    for one in yaml.safe_load((SENT / "corrections.yaml").read_text(encoding="utf-8")):
        (row,) = (
            row
            for row in colleges[one["college"]][one["feed"]]
            if texts(one["where"]).items() <= row.items()
        )
        row |= texts(one["now"])


def held(name: str, text: str) -> None:
    """Compare with the golden file, or write it when asked to."""
    golden = GOLDEN / name
    if REWRITE:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def asked(home: Home, sql: str, day: str) -> list[tuple[Any, ...]]:
    return query(home, sql, on=date.fromisoformat(day)).rows


def test_every_line_is_loaded_and_the_three_students_are_one_learner(
    home: Home,
) -> None:
    ledger = read_ledger(home)
    assert set(ledger["verdict"]) == {"accepted"}, ledger["findings"].to_list()
    links = pl.read_parquet(home.warehouse / "identity_link.parquet")
    assert links.height == 3
    assert links["learner_id"].n_unique() == 1


@pytest.mark.parametrize("day", DAYS)
def test_the_tables_of_a_night_are_as_a_registrar_would_write_them(
    home: Home, day: str
) -> None:
    told = []
    for table, columns in TABLES.items():
        rows = asked(home, f"select {columns} from {table} order by all", day)
        lines = [" | ".join("" if v is None else str(v) for v in row) for row in rows]
        told.append("\n".join([f"# {table}: {columns}", *lines, ""]))
    held(f"tables-{day}.txt", "\n".join(told))


@pytest.mark.parametrize("day", DAYS)
def test_the_record_of_a_night_says_the_same_as_credentials(
    home: Home, day: str
) -> None:
    ((learner,),) = asked(home, "select learner_id from learner", day)
    signed = json.loads(record(home, learner, on=date.fromisoformat(day)))
    subject = signed["credentialSubject"]
    claims = sorted(
        (readable(claim) for claim in subject["verifiableCredential"]),
        key=lambda claim: yaml.safe_dump(claim, sort_keys=True),
    )
    text = yaml.safe_dump(
        {
            "name": signed["name"],
            "type": signed["type"],
            "claims": claims,
            "associations": len(subject.get("association", [])),
        },
        allow_unicode=True,
        width=100,
    )
    held(f"record-{day}.yaml", text)


def readable(value: Any) -> Any:
    """A credential without what another warehouse would make otherwise."""
    if isinstance(value, dict):
        return {
            key: readable(item)
            for key, item in value.items()
            if key not in ADDED
            and not (key == "id" and is_minted(item))
            and not (key == "resultDescription" and is_minted(item))
        }
    if isinstance(value, list):
        return [readable(item) for item in value]
    return value


def is_minted(value: object) -> bool:
    return isinstance(value, str) and bool(
        re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[5-8][0-9a-f]{3}-", value)
    )
