"""Training: the same bytes for the same people and seed, and a usable model."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.errors import OperatorError
from pipelines.identity.evidence import load_policy
from pipelines.identity.evidence.model import COMPARISONS
from pipelines.identity.evidence.model_file import free_number
from pipelines.identity.evidence.policy import read_model
from pipelines.identity.training import train_model
from pipelines.sample.people_only import people_only
from pipelines.settings import DATA_CONTRACTS, Home

LEARNERS = 1500
LEVELS = {
    comparison.name: {level.name for level in comparison.levels if not level.is_null}
    for comparison in COMPARISONS
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two"):
        train_model(Home(folder), folder / name, seed=7, learners=LEARNERS)
    return folder


def test_the_same_people_and_seed_give_the_same_bytes(files):
    assert (files / "one").read_bytes() == (files / "two").read_bytes()


def test_a_model_has_every_level_and_says_how_it_was_made(files):
    text = (files / "one").read_text()
    said = json.loads(text)
    assert said["trained_on"].endswith("of 1,500 made-up people, seed 7")
    assert said["command"] == (
        f"lrw identity train --learners 1500 --seed 7 --number {said['version']}"
    )
    model = read_model(text)
    assert {name: set(levels) for name, levels in model.levels.items()} == LEVELS


def test_a_model_file_holds_no_value_of_anybodys(files):
    """Numbers, and the words of this program: it may be published."""
    said = json.loads((files / "one").read_text())
    for name, levels in said["comparisons"].items():
        assert set(levels) == LEVELS[name]
        for shares in levels.values():
            assert {type(share) for share in shares.values()} == {float}
    text = json.dumps(said["comparisons"]).lower()
    people = people_only(LEARNERS, 7).feeds["person"]
    for column in ("last_name", "email_personal", "address_line1"):
        values = people[column].drop_nulls().str.to_lowercase().unique()
        assert not [value for value in values if f'"{value}"' in text]
    assert set(said) == {
        "about", "trained_on", "command", "version", "seed",
        "probability_two_random_records_match", "comparisons",
    }  # fmt: skip


def test_a_new_model_never_takes_the_number_of_another(tmp_path: Path):
    folder = tmp_path / "identity"
    shutil.copytree(DATA_CONTRACTS / "identity", folder)
    taken = {
        int(json.loads(file.read_text())["version"])
        for file in folder.glob("model-*.json")
    }
    in_force = load_policy().model.version
    assert in_force in taken
    assert free_number(folder) == max(taken) + 1
    for number in taken:
        with pytest.raises(OperatorError, match=f"Number {number} is that of model-"):
            free_number(folder, number)


def test_the_log_names_a_model_by_number_and_by_the_bytes_of_its_file(tmp_path: Path):
    shutil.copytree(DATA_CONTRACTS, tmp_path, dirs_exist_ok=True)
    before = load_policy(tmp_path).model
    file = tmp_path / "identity" / f"model-{before.version}.json"
    digest = sha256(file.read_bytes()).hexdigest()
    assert before.id == f"splink-model/{before.version} (sha256 {digest[:12]})"
    # Somebody edits the file in force and forgets the number.
    file.write_text(file.read_text().replace('"seed"', '"seed" '))
    after = load_policy(tmp_path).model
    assert after.version == before.version
    assert after.id != before.id


def test_the_model_in_force_knows_every_level_too():
    model = load_policy().model
    assert {name: set(levels) for name, levels in model.levels.items()} == LEVELS
    assert 0 < model.prior < 1e-4
