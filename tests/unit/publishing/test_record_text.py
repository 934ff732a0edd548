"""Records signed from their text have the bytes of those signed node by node."""

import copy
import itertools
import re

import orjson
import pytest
import record_factory as factory
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publishing import guard, status_lists
from pipelines.publishing.pruning import read_pruned
from pipelines.publishing.record_text import RecordTexts
from pipelines.publishing.signing import KeySigner, sign_record
from pipelines.publishing.skeleton import UnusualError

MOMENT = "2026-09-01T06:15:00Z"


@pytest.fixture(scope="module")
def signer(issuer_key):
    return KeySigner(issuer_key)


@pytest.fixture(scope="module")
def texts(signer, proofs):
    return RecordTexts(proofs, signer)


def entries(document):
    nested = document["credentialSubject"]["verifiableCredential"]
    return {
        one["id"].removeprefix("urn:uuid:"): f"{1 + slot % 3} {slot * 977}"
        for slot, one in enumerate((document, *nested))
    }


@pytest.fixture(scope="module")
def by_node(signer, proofs):
    def run(document):
        record = read_pruned(orjson.dumps(document).decode())
        status_lists.enter(record, signer.did, entries(document), MOMENT)
        return orjson.dumps(sign_record(record, signer, proofs)).decode()

    return run


@pytest.fixture(scope="module")
def by_text(texts):
    def run(document):
        text = orjson.dumps(document).decode()
        return texts.sign(text, entries(document))[1]

    return run


def plain():
    """A record of the factory without escapes and lists in order, which are unusual."""
    text = orjson.dumps(factory.record(1)).decode()
    text = re.sub(r"\\(u[0-9a-f]{4}|.)", "_", text)
    return orjson.loads(re.sub(r',"allowedValue":\[.*?\]', "", text))


def changed(change):
    document = plain()
    nested = document["credentialSubject"]["verifiableCredential"]
    change(document, nested)
    return document


def subjects(nested):
    return [one["credentialSubject"] for one in nested]


def twice(document, nested):
    """The same course again, under an id of its own, as a repeated attempt is."""
    again = copy.deepcopy(nested[0])
    again["id"] = factory.urn("again")
    again["credentialSubject"]["id"] = factory.urn("again", "subject")
    nested.append(again)


def graded_twice(document, nested):
    for number, subject in enumerate(subjects(nested)):
        subject["result"] = [
            {"type": ["Result"], "value": "B" if number % 2 else "A"},
            {"type": ["Result"], "value": f"{number}", "status": "Completed"},
        ]


def credits_of(*values):
    def change(document, nested):
        for subject, value in zip(subjects(nested), itertools.cycle(values)):
            subject["creditsEarned"] = value

    return change


def evidence(document, nested):
    for number, one in enumerate(nested):
        one["evidence"] = [
            {
                "id": f"https://records.example.edu/evidence/{number}",
                "type": ["Evidence"],
                "name": f"Portfolio {number}",
            },
            {"type": ["Evidence"], "narrative": f"Seen by {number}"},
        ]


def evidence_by_id(document, nested):
    """In both orders: quads are sorted by what the ids are, not by where they stand."""
    for number, one in enumerate(nested):
        one["evidence"] = [
            {"id": f"https://records.example.edu/{name}", "type": ["Evidence"]}
            for name in (f"{5 + number % 9}/{number}", f"7/{number}/x")
        ]


def twice_with_evidence(document, nested):
    evidence(document, nested)
    del nested[1:]
    twice(document, nested)
    nested[1]["evidence"] = [{"type": ["Evidence"], "narrative": "Seen again"}]
    nested[0]["evidence"] = [{"type": ["Evidence"], "narrative": "Seen"}]


def empties(document, nested):
    for one in nested:
        one["validUntil"] = None
        one["credentialSubject"]["narrative"] = None
        one["evidence"] = []


def narrated(document, nested):
    for number, subject in enumerate(subjects(nested)):
        subject["narrative"] = f"{number}:5 {{braces}} 990000001 and ~ <urn:slot> é 学"


USUAL = {
    "as they are": lambda document, nested: None,
    "one credential": lambda document, nested: nested.__setitem__(slice(1, None), []),
    "a course twice": twice,
    "several results": graded_twice,
    "credits of 0": credits_of(0, 0.0),
    "credits that are no integers": credits_of(3, 1.5, 0.75, 4.0, 2.125),
    "evidence with and without ids": evidence,
    "evidence by id": evidence_by_id,
    "nulls and empties": empties,
    "texts like our own marks": narrated,
}


@pytest.mark.parametrize("change", USUAL.values(), ids=USUAL)
def test_what_is_signed_from_its_text_has_the_same_bytes(
    by_text, by_node, proofs, change
):
    document = changed(change)
    signed = by_text(document)
    assert signed == by_node(document)
    guard.compare(orjson.loads(signed), proofs)


def test_a_course_that_is_renamed_is_read_anew(by_text, by_node):
    def renamed(document, nested):
        for subject in subjects(nested):
            subject["achievement"]["description"] += " Revised."

    for change in (USUAL["as they are"], renamed, USUAL["as they are"]):
        document = changed(change)
        assert by_text(document) == by_node(document)


def same_evidence(document, nested):
    for one in nested:
        one["evidence"] = [
            {"id": "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "name": "x"}
        ]
        one["evidence"][0]["type"] = ["Evidence"]


def other_creator(document, nested):
    achievement = nested[0]["credentialSubject"]["achievement"]
    achievement["creator"] = achievement["creator"] | {"name": "Another name"}


def other_issuer(document, nested):
    nested[-1]["issuer"] = nested[-1]["issuer"] | {"id": "did:web:others.example"}


def unknown_term(document, nested):
    nested[0]["credentialSubject"]["favouriteColour"] = "blue"


def local_time(document, nested):
    nested[0]["validFrom"] = "2026-09-01T06:15:00+02:00"


UNUSUAL = {
    "an escape": lambda _, nested: nested[0].__setitem__("name", 'The "first"'),
    "a control character": lambda _, nested: nested[0].__setitem__("name", "a\x7fb"),
    "no credential": lambda _, nested: nested.clear(),
    "a list in order": lambda _, nested: nested[0]["credentialSubject"]["achievement"][
        "resultDescription"
    ][0].__setitem__("allowedValue", ["A", "B"]),
    "a course twice, with nodes of their own": twice_with_evidence,
    "one piece of evidence twice": same_evidence,
    "an id with two bodies": other_creator,
    "another issuer": other_issuer,
    "an unknown term": unknown_term,
    "a moment that is not in UTC": local_time,
    "an exponent": credits_of(1e-7),
    "one id twice": lambda _, nested: nested[1].__setitem__("id", nested[0]["id"]),
    "a proof": lambda _, nested: nested[0].__setitem__("proof", [{"type": "x"}]),
}


@pytest.mark.parametrize("change", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_odd_is_left_to_the_other_way(by_text, change):
    with pytest.raises(UnusualError):
        by_text(changed(change))


def test_an_entry_that_was_revoked_or_is_missing_is_left_to_the_other_way(texts):
    document = plain()
    text = orjson.dumps(document).decode()
    given_entries = entries(document)
    name = next(iter(given_entries))
    for spoiled in (
        given_entries | {name: f"{given_entries[name]} 2026-09-01T00:00:00Z"},
        {key: value for key, value in given_entries.items() if key != name},
    ):
        with pytest.raises(UnusualError):
            texts.sign(text, spoiled)


TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters='"\\'
    ),
    min_size=1,
    max_size=12,
)
"""Anything that JSON writes as it is."""
NUMBER = st.one_of(
    st.none(),
    st.integers(-3, 1000),
    st.floats(0, 1000, allow_nan=False).map(lambda value: round(value, 3)),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_drawn_records_have_the_same_bytes(by_text, by_node, data):
    document = plain()
    nested = document["credentialSubject"]["verifiableCredential"]
    del nested[data.draw(st.integers(1, len(nested))) :]
    for one in nested:
        one["name"] = data.draw(TEXT)
        subject = one["credentialSubject"]
        subject["creditsEarned"] = data.draw(NUMBER)
        subject["term"] = data.draw(st.none() | TEXT)
        subject["achievement"]["tag"] = data.draw(st.lists(TEXT, max_size=3))
        subject["result"] = [
            {
                "type": ["Result"],
                "value": data.draw(TEXT),
                "status": data.draw(
                    st.sampled_from([None, "Completed", "Withdrew", "Failed"])
                ),
            }
            for _ in range(data.draw(st.integers(0, 3)))
        ]
    assert by_text(document) == by_node(document)
