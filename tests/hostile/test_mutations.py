"""A sample of the seeded mutations; ``make mutations`` runs 20,000."""

from mutate import mutated
from mutation_run import run


def test_a_seed_makes_the_same_package_every_time() -> None:
    for seed in range(40):
        one, again = mutated(seed), mutated(seed)
        assert one.bytes_of() == again.bytes_of()
        assert one.entry() == again.entry()


def test_no_mutation_of_a_student_system_s_files_loses_a_record() -> None:
    summary = run(1, 14, whole=1, spoken=1.0)
    assert summary.problems == []
    assert summary.spoken == 14
    assert {"accepted", "accepted_with_quarantine", "held"} <= set(summary.verdicts)
    assert summary.rows["unreadable"] > 0
    assert summary.rows["set aside"] > 0


def test_no_mutation_loses_a_row_or_breaks_the_night() -> None:
    summary = run(1, 150, whole=1)
    assert summary.problems == []
    assert summary.mutations == 150
    assert summary.whole == 150
    assert sum(summary.verdicts.values()) == 150
    # Damage that is never seen, or always refused, would prove nothing.
    assert {"accepted", "accepted_with_quarantine", "held", "rejected"} <= set(
        summary.verdicts
    )
    assert summary.rows["quarantined"] > 0
    assert summary.rows["collapsed"] > 0
