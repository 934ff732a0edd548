"""The hard cases are there, in small shares, and the truth names them."""

from datetime import date

import duckdb
import polars as pl
import pytest

from pipelines.contracts.load import load_contracts
from pipelines.landing.kept.state import connect_in_force
from pipelines.sample.draw import Draw
from pipelines.sample.hard_cases import DIFFERENCES, TRAPS
from pipelines.sample.people import learners
from pipelines.sample.people_only import PeopleState, land_people, people_only
from pipelines.settings import Home

# Of how many students at most one may have a case: these are exceptions. What a
# college does to everybody (capitals) or what many students lack is no exception.
_COMMON = {"all_capitals", "same_pseudo_ssn", "dual_without_ssn", "no_number", "moved"}


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return learners(Draw(4), 60_000, "AL", date(2026, 9, 1))


@pytest.fixture(scope="module")
def state() -> PeopleState:
    return people_only(30_000, 4, late=0.01)


def test_every_case_happens_and_few_are_common(state: PeopleState) -> None:
    counted = state.truth["cases"].explode(empty_as_null=True).drop_nulls()
    shares = {
        case: count / state.truth.height
        for case, count in counted.value_counts().iter_rows()
    }
    assert set(shares) == {*TRAPS, *DIFFERENCES}
    assert max(s for case, s in shares.items() if case not in _COMMON) < 0.05


def test_two_people_share_every_kind_of_trap(state: PeopleState) -> None:
    traps = state.truth.select("true_learner", trap="traps").explode(
        "trap", empty_as_null=True
    )
    people = traps.drop_nulls().group_by("trap").agg(pl.col("true_learner").n_unique())
    shared = people.filter(pl.col("true_learner") > 1)["trap"]
    assert set(shared.str.split(":").list.first()) == set(TRAPS)


def test_homonyms_agree_in_name_and_birth_and_nothing_else(
    people: pl.DataFrame,
) -> None:
    both = people.filter("homonym")
    first, second = both.filter(~pl.col("odd")), both.filter("odd")
    assert first.height == second.height > 30
    for same in ("first_name", "last_name", "birth_date", "sex"):
        assert first[same].equals(second[same], null_equal=True)
    for other in ("address_line1", "email_1", "phone_1", "email"):
        assert not (first[other] == second[other]).any()
    assert both["ssn"].null_count() > both.height / 4


def test_twins_are_told_apart_by_their_given_names_only(people: pl.DataFrame) -> None:
    twins = people.filter("twin_pair")
    first, second = twins.filter(~pl.col("odd")), twins.filter("odd")
    for same in ("last_name", "birth_date", "address_line1", "postal_code"):
        assert first[same].equals(second[same], null_equal=True)
    assert not (first["first_name"] == second["first_name"]).any()
    assert twins.filter(pl.col("similar").is_not_null()).height > 20
    # Some gave one number for both, some have numbers one apart.
    assert twins["ssn_of_twin"].any()
    apart = (second["ssn"].cast(pl.Int64) - first["ssn"].cast(pl.Int64)).abs()
    assert (apart == 1).any()


def test_nobody_else_shares_a_telephone_or_an_address_of_mail(
    people: pl.DataFrame,
) -> None:
    for column in ("email_1", "email_2", "phone_2"):
        assert not people[column].is_duplicated().any(), column
    shared = people.filter(pl.col("phone_1").is_duplicated())
    assert shared["together"].all()
    assert shared.height > 100
    assert people["phone_1"].str.contains(r"^\d{3}555\d{4}$").all()


def test_equal_arguments_give_equal_people() -> None:
    one, other = people_only(300, 9), people_only(300, 9)
    assert one.truth.equals(other.truth)
    for name, frame in one.feeds.items():
        assert frame.equals(other.feeds[name]), name
    assert not people_only(300, 10).truth.equals(one.truth)


def test_two_waves_land_as_if_they_had_been_delivered(
    state: PeopleState, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = Home(tmp_path_factory.mktemp("people"))
    stored = land_people(home, state)
    with duckdb.connect() as con:
        connect_in_force(home, load_contracts(), con)
        first = con.execute("select count(*) from person").fetchall()[0][0]
        stored += land_people(home, state, wave=2)
        connect_in_force(home, load_contracts(), con)
        both = con.execute("select count(*) from person").fetchall()[0][0]
        raw = con.execute(
            "select count(*) from person_identifier where id_type = 'SSN' "
            "and not starts_with(id_value, 'hmac-sha256:')"
        ).fetchall()[0][0]
    assert stored == sum(frame.height for frame in state.feeds.values())
    assert both == state.truth["current"].sum()
    assert 0.005 < 1 - first / both < 0.02
    assert raw == 0
    kept = pl.read_parquet(home.truth / "person.parquet")
    assert kept.equals(state.truth)
