"""What the page marks, and the arithmetic of its bars."""

from datetime import date

import pytest

from pipelines.identity.review.marks import Mark, compare
from pipelines.identity.review.waterfall import waterfall
from pipelines.identity.review.words import label, odds, percent


@pytest.mark.parametrize(
    ("column", "a", "b", "mark"),
    [
        ("last_name", "O'Neal", "ONEAL", Mark.AGREE),
        ("last_name", "Núñez", "Nunez", Mark.AGREE),
        ("last_name", "Nunez", "O'Neal-Nunez", Mark.CLOSE),
        ("last_name", "Smith", "Jones", Mark.DIFFER),
        ("first_name", "J", "Jane", Mark.CLOSE),
        ("first_name", "Jayden", "Jaylen", Mark.CLOSE),
        ("first_name", "Jane", None, Mark.ONE_SIDE),
        ("birth_date", date(2001, 4, 7), date(2001, 4, 7), Mark.AGREE),
        ("birth_date", date(2001, 4, 7), date(2001, 7, 4), Mark.CLOSE),
        ("birth_date", date(2001, 4, 7), date(2001, 4, 9), Mark.CLOSE),
        ("birth_date", date(2001, 4, 7), date(2011, 4, 7), Mark.DIFFER),
        ("birth_date", date(2001, 4, 7), date(2002, 4, 7), Mark.CLOSE),
        ("phone", "(205) 555-0101", "+1 205 555 0101", Mark.AGREE),
        ("email_personal", "a@example.org", "A@Example.org ", Mark.AGREE),
        ("email_personal", "a@example.org", "b@example.org", Mark.DIFFER),
        ("ssn", "hmac-sha256:a", "hmac-sha256:b", Mark.DIFFER),
    ],
)
def test_marks(column: str, a: object, b: object, mark: Mark) -> None:
    lines = compare([{column: a}], [{column: b}])
    assert [line.mark for line in lines] == [mark]


def test_an_earlier_value_counts_and_is_shown() -> None:
    a = [{"last_name": "Smith"}, {"last_name": "Jones"}]
    (line,) = compare(a, [{"last_name": "Jones"}])
    assert line.mark is Mark.EARLIER
    assert line.a_earlier == ("Jones",)


def test_a_protected_value_is_never_shown() -> None:
    (line,) = compare([{"ssn": "hmac-sha256:a"}], [{"ssn": "hmac-sha256:a"}])
    assert line.mark is Mark.AGREE
    assert "a" not in {line.a, line.b}
    assert line.a == line.b == "on file, not shown"


def parts(*bits: float) -> list[dict[str, object]]:
    return [{"comparison": "email", "level": "Equal", "bits": one} for one in bits]


def test_the_bars_add_up() -> None:
    found = waterfall(3.0, parts(10.0, -2.0))
    assert found is not None
    assert [bar.bits for bar in found.bars] == [-5.0, 10.0, -2.0, 3.0]
    assert [bar.kind for bar in found.bars] == ["start", "for", "against", "end"]
    assert all(0 <= bar.left <= 100 for bar in found.bars)
    assert all(bar.left + bar.width <= 100.01 for bar in found.bars)
    assert found.zero == 50.0


def test_a_part_that_names_the_prior_is_the_start() -> None:
    prior = {"comparison": "Prior", "level": None, "bits": -4.0}
    found = waterfall(6.0, [prior, *parts(10.0)])
    assert found is not None
    assert [bar.bits for bar in found.bars] == [-4.0, 10.0, 6.0]


def test_what_says_nothing_is_named_and_not_drawn() -> None:
    found = waterfall(6.0, [*parts(10.0), {**parts(0.0)[0], "comparison": "phone"}])
    assert found is not None
    assert len(found.bars) == 3
    assert found.silent == ["Phone"]


def test_a_pair_of_a_rule_has_no_waterfall() -> None:
    assert waterfall(None, []) is None


@pytest.mark.parametrize(
    ("bits", "words"),
    [(0, "1 to 1"), (5, "32 to 1"), (-3, "1 to 8"), (20, "1 million to 1")],
)
def test_odds(bits: float, words: str) -> None:
    assert odds(bits) == words


def test_probabilities_are_never_rounded_to_certainty() -> None:
    assert percent(0.99999) == "over 99.9 %"
    assert percent(0.00001) == "under 0.1 %"
    assert percent(1.0) == "over 99.9 %"
    assert percent(0.973) == "97.3 %"
    assert percent(None) == "by a rule"


def test_labels() -> None:
    assert label("n_family") == "Family name"
    assert label("high_school_grad_year") == "High school grad year"
