"""Ids when everything but landing and vault is gone, and nights in another order."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from sweeps import sweep

from pipelines.contracts.load import load_contracts
from pipelines.identity.log.store import verify_log
from pipelines.identity.night.link import link
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
    """Half the colleges first, their newest package before the ones it waits for."""
    links, last = _links(state), _last(state)
    other = Home(tmp_path / "home")
    shutil.copytree(state.vault, other.vault)
    nights = _sent(state.root / "sent", other.inbox)
    first, *middle, newest = sorted(nights)
    codes = sorted({package.parent.name for package, _ in nights[first]})
    early = set(codes[::2])
    for order in (early, set(codes) - early):
        for night in (newest, first, *middle):
            _deliver([one for one in nights[night] if one[0].parent.name in order])
            land(other, CONTRACTS)
            link(other, CONTRACTS)
    assert _links(other).equals(links)
    assert _last(other) == last


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
