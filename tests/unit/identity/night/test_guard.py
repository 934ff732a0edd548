"""A night that would join too much writes nothing, until a person lets it through."""

import json

import duckdb
import pytest

from pipelines.errors import OperatorError
from pipelines.identity.night import guard
from pipelines.identity.night.guard import (
    Bounds,
    Figures,
    accept,
    breaches,
    load_bounds,
)

BOUNDS = Bounds(
    linked_share_max=0.9,
    linked_share_rise=0.3,
    linked_at_least=10,
    merged_share_max=0.1,
    merged_at_least=2,
    cluster_max=4,
    rival_margin_bits=3.0,
)
QUIET = Figures(
    new_students=100,
    linked_share=0.5,
    linked_share_before=0.4,
    merged=1,
    merged_share=0.5,
    largest_cluster=4,
)


@pytest.fixture(autouse=True)
def small_bounds(monkeypatch):
    monkeypatch.setattr("pipelines.identity.night.link.load_bounds", lambda: BOUNDS)


def _shared(colleges, start: int, count: int) -> None:
    for number in range(start, start + count):
        colleges.add("CACC", str(number), f"ssn-{number}")
        colleges.add("SNEAD", str(number), f"ssn-{number}")


def test_the_bounds_of_the_contracts_can_be_read():
    assert 0 < load_bounds().linked_share_max <= 1


def test_bounds_that_are_not_all_there_are_one_line(tmp_path):
    with pytest.raises(OperatorError, match=r"guard\.yaml must give"):
        load_bounds(tmp_path)
    (tmp_path / "identity").mkdir()
    (tmp_path / "identity" / "guard.yaml").write_text("bounds:\n  cluster_max: 3\n")
    with pytest.raises(OperatorError, match="cluster_max"):
        load_bounds(tmp_path)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({}, set()),
        ({"linked_share": 0.71}, {"linked_share"}),
        ({"linked_share": 0.71, "linked_share_before": None}, set()),
        ({"linked_share": 0.91, "linked_share_before": 0.9}, {"linked_share"}),
        ({"linked_share": 1.0, "new_students": 9}, set()),
        ({"merged": 2}, {"merged_share"}),
        ({"merged": 2, "merged_share": 0.1}, set()),
        ({"largest_cluster": 5}, {"largest_cluster"}),
    ],
)
def test_each_bound_fires_alone(change, broken):
    figures = Figures(**{**QUIET.__dict__, **change})
    assert set(breaches(figures, BOUNDS)) == broken


def test_a_refused_night_keeps_yesterday_and_holds_who_is_new(colleges):
    for number in range(40):
        colleges.add("REID", str(number))
    first, events = colleges.tonight(), colleges.events()
    _shared(colleges, 100, 20)
    colleges.means("alike", "review")
    colleges.add("REID", "1", "alike")
    colleges.add("REID", "2", "alike")
    assert colleges.tonight() == first
    assert "100.0% of the 40 new students" in colleges.result.refused
    assert (colleges.result.linked, colleges.result.held) == (0, 40)
    assert colleges.events() == events
    held = _rows(colleges, "identity_held.parquet")
    assert len(held) == 40
    assert {row[2] for row in held} == {"guard"}
    assert len(_rows(colleges, "identity_link.parquet")) == 40
    said = json.loads(guard.guard_file(colleges.home).read_bytes())
    assert said["verdict"] == "refused"
    assert said["figures"]["new_students"] == 40


def test_a_merge_wave_is_refused(colleges):
    for number in range(30):
        colleges.add("REID", str(number))
        colleges.add("CACC", str(number))
    first = colleges.tonight()
    for number in range(10):
        colleges.add("REID", str(number), f"ssn-{number}")
        colleges.add("CACC", str(number), f"ssn-{number}")
    assert colleges.tonight() == first
    assert "10 learners would be merged" in colleges.result.refused
    assert colleges.result.held == 0


def test_one_learner_that_grows_too_large_is_refused(colleges):
    for college in ("CACC", "REID", "SNEAD", "DRAKE", "BISHOP"):
        colleges.add(college, "1", "a shared number")
    assert colleges.tonight() == {}
    assert "5 college students would be one person" in colleges.result.refused


def test_a_steward_lets_it_through_once(colleges):
    for number in range(40):
        colleges.add("REID", str(number))
    colleges.tonight()
    _shared(colleges, 100, 20)
    colleges.tonight()
    accept(colleges.home, "Ann Lee", "a college joined the system")
    colleges.tonight()
    assert colleges.result.refused is None
    assert colleges.result.linked == 40
    assert colleges.result.held == 0
    (kept,) = guard.accepted_folder(colleges.home).iterdir()
    assert json.loads(kept.read_bytes())["accepted_by"] == "Ann Lee"
    _shared(colleges, 200, 20)
    colleges.tonight()
    # The share in the log is not yet what it would have to be for this.
    assert colleges.result.refused is not None


def test_what_is_accepted_is_not_anything(colleges):
    for number in range(40):
        colleges.add("REID", str(number))
    colleges.tonight()
    _shared(colleges, 100, 20)
    colleges.tonight()
    accept(colleges.home, "Ann Lee", "a college joined the system")
    for college in ("CACC", "REID", "SNEAD", "DRAKE", "BISHOP"):
        colleges.add(college, "900", "a shared number")
    colleges.tonight()
    assert "5 college students" in colleges.result.refused
    assert "new students" not in colleges.result.refused


def test_an_acceptance_needs_a_refusal_a_name_and_a_reason(colleges):
    colleges.add("CACC", "1")
    colleges.tonight()
    with pytest.raises(OperatorError, match="refuses nothing"):
        accept(colleges.home, "Ann Lee", "why not")
    with pytest.raises(OperatorError, match="name"):
        accept(colleges.home, " ", "why not")
    with pytest.raises(OperatorError, match="reason"):
        accept(colleges.home, "Ann Lee", "")


def _rows(colleges, name):
    path = colleges.home.warehouse / name
    with duckdb.connect() as con:
        return con.execute(f"from read_parquet('{path}')").fetchall()
