import polars as pl

from pipelines.sample import SampleSummary
from pipelines.sample.history import standing_on
from pipelines.sample.identity import persons
from pipelines.sample.state import State


def _truth(state: State) -> pl.DataFrame:
    return persons(
        state, {name: standing_on(rows, 3) for name, rows in state.feeds.items()}
    )


def test_exact_evidence_never_joins_two_learners(accs: State, tbr: State) -> None:
    for state in (accs, tbr):
        truth = _truth(state)
        learners = truth.group_by("exact_linkable_group").agg(
            n=pl.col("true_learner").n_unique()
        )
        assert learners["n"].max() == 1


def test_most_learners_at_two_colleges_are_linked_by_exact_evidence(
    accs: State,
) -> None:
    truth = _truth(accs).filter("current")
    several = truth.group_by("true_learner").agg(
        colleges=pl.col("institution_code").n_unique(),
        groups=pl.col("exact_linkable_group").n_unique(),
    )
    several = several.filter(pl.col("colleges") > 1)
    linked = (several["groups"] == 1).mean()
    # Misread birth dates, missing numbers and dual enrolment leave work for others.
    assert 0.75 < linked < 0.99


def test_two_ids_of_one_college_are_joined_by_its_own_merge_only(accs: State) -> None:
    truth = _truth(accs)
    together = truth.filter(
        pl.struct("institution_code", "exact_linkable_group").is_duplicated()
    )
    assert together.height > 10
    groups = together.group_by("institution_code", "exact_linkable_group").agg(
        current=pl.col("current").sum()
    )
    assert groups["current"].max() == 1
    duplicates = truth.filter(pl.col("role") == "DUPLICATE")
    assert duplicates.height > 3


def test_a_number_used_by_another_person_does_not_link(accs: State) -> None:
    truth = _truth(accs)
    shared = truth.filter("ssn_shared_with_another")
    # Both owners are there, each in a group of their own.
    assert (
        shared["true_learner"].n_unique() == shared["exact_linkable_group"].n_unique()
    )


def test_a_misread_birth_date_keeps_the_record_apart(accs: State) -> None:
    truth = _truth(accs)
    wrong = truth.filter(pl.col("birth_date_misread") & pl.col("current"))
    alone = wrong.join(
        truth.filter("current").group_by("exact_linkable_group").len(),
        on="exact_linkable_group",
    )
    assert wrong.height > 3
    assert alone["len"].max() == 1


def test_every_id_in_force_is_in_the_truth_once(clean: SampleSummary) -> None:
    truth = pl.read_parquet(clean.out / "truth/person.parquet")
    assert not truth.select("institution_code", "student_id").is_duplicated().any()
    total = pl.read_parquet(clean.out / "truth/total.parquet")
    last = total.filter(pl.col("night") == pl.col("night").max())
    assert truth["current"].sum() == last["persons"].sum()
