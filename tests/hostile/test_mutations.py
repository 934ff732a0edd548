"""A sample of the seeded mutations; ``make mutations`` runs 20,000."""

import pytest
from hostile_counter import is_well_quoted, starting_lines
from hostile_package import Table
from hostile_speech import records_of
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


@pytest.mark.parametrize("seed", [2993, 8079])
def test_what_a_lenient_reader_reads_otherwise_is_accounted_for(seed: int) -> None:
    """Parquet that only Arrow reads; a quote out of place."""
    summary = run(seed, 1, whole=1)
    assert summary.problems == []
    assert summary.rows["loaded"] > 0


def test_a_quote_out_of_place_costs_one_record_and_no_other() -> None:
    said = {"name": "a.csv"}
    good = b'a,b\n1,"6"" of ""y"""\n2,"two\nlines"\n'
    assert is_well_quoted(good, said)
    assert starting_lines(good, said) == [2, 3]
    assert not is_well_quoted(b'a,b\n1,x"\n2,"y"\n', said)
    assert not is_well_quoted(b'a,b\n1,"x"z\n2,y\n', said)


def test_a_byte_that_is_no_text_parts_no_records() -> None:
    content = b"ID,NAME\n1,Caf\xe9\n2,Lee\n"
    assert records_of(Table("colleague", "a.csv", 2, content)) == 2
