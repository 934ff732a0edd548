"""Training: the same bytes for the same people and seed, and a usable model."""

import json

import pytest

from pipelines.identity.evidence.model import COMPARISONS
from pipelines.identity.evidence.model_file import write_model
from pipelines.identity.evidence.policy import read_model
from pipelines.settings import DATA_CONTRACTS


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two"):
        write_model(folder / name, learners=1500, seed=7)
    return folder


def test_the_same_people_and_seed_give_the_same_bytes(files):
    assert (files / "one").read_bytes() == (files / "two").read_bytes()


def test_a_model_has_every_level_and_says_how_it_was_made(files):
    said = json.loads((files / "one").read_text())
    assert "1500 learners, seed 7" in said["trained_on"]
    model = read_model(said)
    for comparison in COMPARISONS:
        known = {level.name for level in comparison.levels if not level.is_null}
        assert set(model.levels[comparison.name]) == known


def test_the_model_in_force_knows_every_level_too():
    said = json.loads((DATA_CONTRACTS / "identity" / "model-1.json").read_text())
    model = read_model(said)
    assert {name: set(levels) for name, levels in model.levels.items()} == {
        c.name: {level.name for level in c.levels if not level.is_null}
        for c in COMPARISONS
    }
    assert 0 < model.prior < 1e-4
