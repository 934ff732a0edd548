"""Documents as dbt writes them become documents fit to sign."""

import orjson
import pytest

from pipelines.publishing.pruning import prune
from pipelines.publishing.reference import UnsignableError


def test_nulls_and_empties_go_however_deep():
    document = {"a": None, "b": [], "c": {"d": [{"e": None}, None]}, "f": [{"g": ""}]}
    assert prune(document) == {"f": [{"g": ""}]}


def test_zero_and_false_stay():
    assert prune({"creditsEarned": 0, "hashed": False}) == {
        "creditsEarned": 0,
        "hashed": False,
    }


def test_integral_numbers_are_written_as_integers():
    text = orjson.dumps(prune({"a": 3.0, "b": 1.5, "c": -0.0, "d": [4.0]}))
    assert text == b'{"a":3,"b":1.5,"c":0,"d":[4]}'


def test_control_characters_go_and_line_breaks_stay():
    assert prune({"a": "x\x0b\x00\ty\r\nz\x7f\u2028", "b": ["\x1f1"]}) == {
        "a": "x\ty\r\nz\u2028",
        "b": ["1"],
    }


def test_one_id_with_two_bodies_is_refused():
    same = {"id": "urn:x:1", "name": "A"}
    assert prune({"a": same, "b": dict(reversed(same.items())), "c": {"id": "urn:x:1"}})
    with pytest.raises(UnsignableError, match="share one id"):
        prune({"a": same, "b": {**same, "name": "B"}})
