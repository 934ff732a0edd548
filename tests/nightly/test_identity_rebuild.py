"""Ids when everything but landing and vault is gone, and nights in another order."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from sweeps import sweep

from pipelines.contracts.load import load_contracts
from pipelines.identity.log.store import verify_log
from pipelines.identity.night.link import link
from pipelines.landing.decided.judgements import Person, release
from pipelines.landing.kept.ledger import read_ledger
from pipelines.landing.land import land
from pipelines.sample import generate
from pipelines.settings import Home

pytestmark = pytest.mark.night

CONTRACTS = load_contracts()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Three nights, each landed and linked, of a state with 400 learners."""
    home = Home(tmp_path_factory.mktemp("state"))
    generate("accs", 400, 3, 13, "none", home.root)
    nights = _take_away(home.inbox, home.root / "sent")
    for night in sorted(nights):
        _deliver(nights[night])
        land(home, CONTRACTS)
        link(home, CONTRACTS)
    return home


def test_a_warehouse_built_anew_has_the_same_ids_for_every_learner(state, tmp_path):
    links, learners, last = _links(state), _learners(state), _last(state)
    review = _review(state)
    rebuilt = Home(tmp_path / "home")
    for kept in ("landing", "vault"):
        shutil.copytree(state.root / kept, rebuilt.root / kept)
    result = link(rebuilt, CONTRACTS)
    assert (result.minted, result.linked, result.merged) == (0, 0, 0)
    assert _links(rebuilt).equals(links)
    assert _learners(rebuilt).equals(learners)
    assert _last(rebuilt) == last
    assert _review(rebuilt).equals(review)
    assert links.height > 450
    assert links["learner_id"].n_unique() < links.height


@sweep
def test_nights_in_another_order_give_the_same_ids(state, tmp_path):
    links, last = _links(state), _last(state)
    other = Home(tmp_path / "home")
    shutil.copytree(state.vault, other.vault)
    _feed_otherwise(other, state)
    assert _links(other).equals(links)
    assert _last(other) == last


@sweep
def test_nights_in_another_order_make_the_same_persons_of_nothing(state, tmp_path):
    """No vault: the ids are others, who is together is not.

    What comes after a newer package waits for a person, who lets it in.
    """
    other = Home(tmp_path / "home")
    _feed_otherwise(other, state)
    assert _together(other) != _together(state), "some packages wait"
    assert _let_in(other) > 0
    link(other, CONTRACTS)
    assert _together(other) == _together(state)
    assert set(_links(other)["learner_id"]).isdisjoint(_links(state)["learner_id"])


def _feed_otherwise(home: Home, state: Home) -> None:
    """Half the colleges first, their newest package before the ones it waits for."""
    nights = _sent(state.root / "sent", home.inbox)
    first, *middle, newest = sorted(nights)
    codes = sorted({package.parent.name for package, _ in nights[first]})
    early = set(codes[::2])
    for order in (early, set(codes) - early):
        for night in (newest, first, *middle):
            _deliver([one for one in nights[night] if one[0].parent.name in order])
            land(home, CONTRACTS)
            link(home, CONTRACTS)


def _let_in(home: Home) -> int:
    """Release what waits, the oldest first, until nothing does."""
    person = Person("Ann Lee", "It came late.")
    released = 0
    while True:
        ledger = (
            read_ledger(home)
            .sort("landed_at")
            .unique(["institution_code", "package_id"], keep="last")
        )
        waiting = ledger.filter(pl.col("verdict") == "held").sort("as_of")
        if waiting.is_empty():
            return released
        code, package = waiting.select("institution_code", "package_id").row(0)
        release(home, CONTRACTS, code, package, person)
        released += 1


def _together(home: Home) -> set[frozenset[tuple[str, str]]]:
    groups: dict[str, set[tuple[str, str]]] = {}
    for row in _links(home).iter_rows(named=True):
        student = row["institution_code"], row["student_id"]
        groups.setdefault(row["learner_id"], set()).add(student)
    return {frozenset(group) for group in groups.values()}


_Packages = list[tuple[Path, Path]]


def _take_away(inbox: Path, kept: Path) -> dict[str, _Packages]:
    inbox.rename(kept)
    return _sent(kept, inbox)


def _sent(kept: Path, inbox: Path) -> dict[str, _Packages]:
    """By night, where each package lies and where it is delivered."""
    nights: dict[str, _Packages] = {}
    for package in sorted(path for path in kept.glob("*/*") if path.is_dir()):
        place = inbox / package.relative_to(kept)
        nights.setdefault(package.name[:10], []).append((package, place))
    return nights


def _deliver(packages: _Packages) -> None:
    for package, place in packages:
        shutil.copytree(package, place)


def _links(home: Home) -> pl.DataFrame:
    return pl.read_parquet(home.warehouse / "identity_link.parquet").sort(
        "institution_code", "student_id"
    )


def _learners(home: Home) -> pl.DataFrame:
    return pl.read_parquet(home.warehouse / "learner.parquet").sort("learner_id")


def _review(home: Home) -> pl.DataFrame:
    pairs = pl.read_parquet(home.warehouse / "identity" / "review_pair.parquet")
    return pairs.select(pl.selectors.ends_with("_code", "_id")).sort(pl.all())


def _last(home: Home) -> int:
    return verify_log(home.identity_events).last_seq
