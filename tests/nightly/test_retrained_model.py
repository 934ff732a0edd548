"""What a steward decided holds whatever a retrained, bolder model would say."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

from pipelines.contracts.load import load_contracts
from pipelines.identity.evidence import find_pairs, load_policy, train
from pipelines.identity.log.views import register
from pipelines.identity.night.link import link
from pipelines.identity.representation import collect
from pipelines.identity.steward import override, split
from pipelines.landing.land import land
from pipelines.sample.generate import FIRST_NIGHT, generate
from pipelines.settings import DATA_CONTRACTS, Home

pytestmark = pytest.mark.night

Student = tuple[str, str]
BY, WHY = "Ann Lee", "Both were here with their papers"


def links(home: Home) -> dict[Student, str]:
    return {
        (college, student): learner
        for college, student, learner in log(
            home, "select institution_code, student_id, learner_id from identity_link"
        )
    }


def log(home: Home, sql: str) -> list[tuple]:
    with duckdb.connect() as con:
        register(con, home.identity_events)
        return con.execute(sql).fetchall()


@dataclass(frozen=True)
class Decided:
    """A state after its first night, and two decisions of a steward."""

    home: Home
    contracts: Path
    first_night: dict[Student, str]
    parted: tuple[Student, Student]
    joined: tuple[Student, Student]


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decided]:
    home = Home(tmp_path_factory.mktemp("retrained"))
    contracts = home.root / "contracts"
    shutil.copytree(DATA_CONTRACTS, contracts)
    generate("accs", 400, 2, 29, "none", home.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LRW_CONTRACTS", str(contracts))
        land(home, load_contracts(), until=FIRST_NIGHT)
        link(home, load_contracts())
        # Two whom the model alone joined, and who are all that the learner is.
        *parted, learner = log(
            home,
            "select institution_code, student_id, other_institution_code, "
            "other_student_id, learner_id from identity_event "
            "where event_type = 'link' and decided_by like 'splink-model/%' "
            "and learner_id in (select learner_id from identity_link "
            "group by learner_id having count(*) = 2) order by seq limit 1",
        )[0]
        # Two whom nothing joins.
        joined = log(
            home,
            "select institution_code, student_id from identity_link "
            "where learner_id in (select learner_id from identity_link "
            "group by learner_id having count(*) = 1) qualify row_number() over "
            "(partition by institution_code order by student_id) = 1 "
            "order by all limit 2",
        )
        one, other = (parted[0], parted[1]), (parted[2], parted[3])
        before = links(home)
        split(home, learner, students=[one], by=BY, reason=WHY)
        override(home, joined[0], joined[1], "same", BY, WHY)
        yield Decided(home, contracts, before, (one, other), (joined[0], joined[1]))


@pytest.fixture(scope="module")
def retrained(decided: Decided) -> Decided:
    """Model 99 in force, with thresholds that link all it thinks likelier than not."""
    folder = decided.contracts / "identity"
    with duckdb.connect() as con:
        collect(decided.home, load_contracts(), con)
        model = train(con, seed=2, version=99)
    (folder / "model-99.json").write_text(json.dumps(model))
    policy = yaml.safe_load((folder / "linkage.yaml").read_text())
    policy["model"] = "model-99.json"
    policy["thresholds"] |= {"link": 0.6, "review": 0.5}
    (folder / "linkage.yaml").write_text(yaml.safe_dump(policy))
    land(decided.home, load_contracts())
    link(decided.home, load_contracts())
    return decided


def test_the_new_model_would_link_whom_the_steward_parted(retrained: Decided) -> None:
    with duckdb.connect() as con:
        collect(retrained.home, load_contracts(), con)
        find_pairs(con, load_policy(), new=None)
        pairs = con.execute(
            "select a_institution_code, a_student_id, b_institution_code, "
            "b_student_id, verdict, decided_by from pair"
        ).fetchall()
    said = {frozenset((row[:2], row[2:4])): row[4:] for row in pairs}
    verdict, decided_by = said[frozenset(retrained.parted)]
    assert (verdict, decided_by.split()[0]) == ("link", "splink-model/99")
    assert frozenset(retrained.joined) not in said


def test_whom_a_steward_parted_stay_two_and_whom_he_joined_are_one(
    retrained: Decided,
) -> None:
    now = links(retrained.home)
    one, other = retrained.parted
    assert now[one] != now[other]
    one, other = retrained.joined
    assert now[one] == now[other]


def test_the_new_model_undid_no_link_and_moved_no_id(retrained: Decided) -> None:
    now = links(retrained.home)
    decided = {*retrained.parted, *retrained.joined}
    merged = dict(
        log(retrained.home, "select retired, survivor from merged order by all")
    )
    for student, learner in retrained.first_night.items():
        if student not in decided:
            assert now[student] == merged.get(learner, learner)


def test_a_rebuild_under_the_new_model_says_the_same(retrained: Decided) -> None:
    before = links(retrained.home)
    events = log(retrained.home, "select count(*) from identity_event")
    for path in retrained.home.root.iterdir():
        if path.name not in ("landing", "vault", "contracts") and path.is_dir():
            shutil.rmtree(path)
    link(retrained.home, load_contracts())
    assert links(retrained.home) == before
    assert log(retrained.home, "select count(*) from identity_event") == events
