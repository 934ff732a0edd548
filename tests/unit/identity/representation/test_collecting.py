"""The cache: read once, rebuilt the same, private, and settled only when decided."""

import importlib
import shutil

import duckdb
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.identity.representation import collect, settle, store
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home

VIEWS = ("representation", "identifier_ever", "college_merge")


@pytest.fixture(scope="module")
def state():
    return people_only(300, seed=4, late=0.1)


@pytest.fixture
def home(tmp_path, state):
    home = Home(tmp_path)
    land_people(home, state)
    return home


def tonight(home):
    con = duckdb.connect()
    return con, collect(home, load_contracts(), con)


def content(con):
    return {
        view: sorted(con.execute(f"from {view}").fetchall(), key=repr) for view in VIEWS
    }


def test_students_are_new_until_the_night_has_decided(home):
    _, first = tonight(home)
    assert first.new_students == first.students > 300
    _, again = tonight(home)
    assert again.new_students == first.students
    settle(home)
    _, settled = tonight(home)
    assert settled.new_students == 0
    assert settled.representations == first.representations


def test_only_new_students_are_new_and_the_rebuilt_cache_is_the_same(home, state):
    tonight(home)
    settle(home)
    land_people(home, state, wave=2)
    con, found = tonight(home)
    late = state.truth.filter("late").height
    assert late <= found.new_students < found.students / 2
    kept = content(con)
    shutil.rmtree(home.warehouse)
    con, rebuilt = tonight(home)
    assert content(con) == kept
    assert rebuilt.students == found.students == rebuilt.new_students


def test_a_package_taken_back_makes_the_cache_anew(home, state):
    land_people(home, state, wave=2)
    _, both = tonight(home)
    settle(home)
    for file in home.ledger.glob("people-2*"):
        file.unlink()
    _, one = tonight(home)
    assert one.students < both.students
    assert one.new_students == one.students


def test_a_damaged_cache_is_made_anew(home):
    con, _ = tonight(home)
    kept = content(con)
    settle(home)
    next(store.folder(home).glob("representation-*")).unlink()
    con, found = tonight(home)
    assert content(con) == kept
    assert found.new_students == found.students


def test_compacting_keeps_the_content_and_who_is_new(home, state, monkeypatch):
    module = importlib.import_module("pipelines.identity.representation.collect")
    monkeypatch.setattr(module, "_MOST_LATER", 0.0001)
    tonight(home)
    settle(home)
    land_people(home, state, wave=2)
    con, found = tonight(home)
    kept = content(con)
    shutil.rmtree(home.warehouse)
    fresh, _ = tonight(home)
    assert content(fresh) == kept
    assert found.new_students < found.students


def test_files_are_their_owners_alone(home):
    tonight(home)
    folder = store.folder(home)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert len(files) == 4
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
