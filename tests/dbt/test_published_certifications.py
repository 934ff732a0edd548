from decimal import Decimal

from small_state import WEDNESDAY


def test_a_certified_term_is_published_with_its_numbers(build):
    assert build.rows(
        "select institution_code, term_code, kind, status, sequence, described_at, "
        "headcount, enrollments, attempted_credit, earned_credit, awards "
        "from published.term_certification"
    ) == [
        (
            "CACC", "2025FA", "end_of_term", "Certified", 1, WEDNESDAY,
            3, 7, Decimal("21.000"), Decimal("15.000"), 1,
        )
    ]  # fmt: skip


def test_it_names_its_term(build):
    (found,) = build.rows(
        "select term.title, certification.certified_at > term.recorded_at "
        "from published.term_certification as certification "
        "inner join published.term using (term_id)"
    )
    assert found == ("Fall 2025", True)
