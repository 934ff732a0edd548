"""Each check has a document that fails it, what follows from that, and nothing else."""

import orjson
import pytest
import record_factory as factory
from verification_world import REVOKED_SLOT, at, failures, nested

from pipelines.publishing import status_lists


def first(document):
    return nested(document)[0]


def without(member):
    def harm(one):
        del one[member]

    return harm


def of_first(change):
    return lambda record: change(first(record))


def of_its_subject(change):
    return lambda record: change(first(record)["credentialSubject"])


def of_its_achievement(change):
    return lambda record: change(first(record)["credentialSubject"]["achievement"])


def put(member, value):
    def harm(one):
        one[member] = value

    return harm


def turn_contexts(record):
    record["@context"][1:] = record["@context"][:0:-1]


def share_subject(record):
    one, other = nested(record)[:2]
    other["credentialSubject"]["id"] = one["credentialSubject"]["id"]


def status_elsewhere(record):
    """The same statements, where no reader of JSON looks for them."""
    moved = first(record).pop("credentialStatus")
    first(record)["credentialSubject"]["achievement"]["related"] = [
        {
            "id": first(record)["id"],
            "type": ["VerifiableCredential"],
            "credentialStatus": moved,
        }
    ]


def issuer_type(record):
    first(record)["issuer"] = {**first(record)["issuer"], "type": ["Achievement"]}


def endorse(record):
    record["endorsement"] = [
        {
            "@context": list(factory.CONTEXTS[::2]),
            "id": factory.urn("endorsement"),
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "name": "Endorsement",
            "issuer": factory.SYSTEM,
            "validFrom": factory.when(1),
            "credentialSubject": {
                "id": "https://college.example.edu/endorsed",
                "type": ["EndorsementSubject"],
                "endorsementComment": "Well kept.",
            },
        }
    ]


FIRST, WHOLE = at(1), ""
BEGIN, END = "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"
EVIDENCE = {"id": "https://college.example.edu/paper", "type": ["Achievement"]}
NO_ZONE = "2026-01-01T00:00:00"

HARMS = {
    "contexts out of order": (turn_contexts, {(WHOLE, "Contexts")}),
    "no criteria": (of_its_achievement(without("criteria")), {(FIRST, "Subject")}),
    "no achievement": (of_its_subject(without("achievement")), {(FIRST, "Subject")}),
    "a result of no type": (
        of_its_subject(lambda one: one["result"][0].pop("type")),
        # Without its type, a result is undefined to its context.
        {(FIRST, "Subject"), (FIRST, "Terms"), (FIRST, "Proof"), (WHOLE, "Terms"),
         (WHOLE, "Proof")},
    ),
    "an identifier of no type": (
        lambda record: record["credentialSubject"]["identifier"][0].pop("type"),
        {(WHOLE, "Subject"), (WHOLE, "Terms"), (WHOLE, "Proof")},
    ),
    "a subject that nobody is": (
        of_its_subject(without("id")),
        # And with it what binds grades to courses.
        {(FIRST, "Subject"), (WHOLE, "Places")},
    ),
    "evidence of another type": (
        of_first(put("evidence", [EVIDENCE])), {(FIRST, "Evidence")}
    ),
    "an issuer of another type": (issuer_type, {(FIRST, "Issuer")}),
    "revoked": (
        of_first(
            put("credentialStatus", status_lists.entry(factory.DID, 1, REVOKED_SLOT))
        ),
        {(FIRST, "Status")},
    ),
    "the record revoked": (
        put("credentialStatus", status_lists.entry(factory.DID, 1, REVOKED_SLOT)),
        {(WHOLE, "Status")},
    ),
    "a list that is not there": (
        of_first(put("credentialStatus", status_lists.entry(factory.DID, 9, 1))),
        {(FIRST, "Status")},
    ),
    "expired": (of_first(put("validUntil", END)), {(FIRST, "Expiry")}),
    "not yet valid": (of_first(put("validFrom", BEGIN)), {(FIRST, "Issued")}),
    "a date without a zone": (of_first(put("validFrom", NO_ZONE)), {(FIRST, "Issued")}),
    "a status where nobody reads it": (status_elsewhere, {(FIRST, "Places")}),
    "two of one subject": (share_subject, {(WHOLE, "Places")}),
    "an endorsement without a proof": (endorse, {(WHOLE, "Endorsements")}),
    "a member of no meaning": (
        of_first(put("favouriteColour", "blue")),
        {(FIRST, "Terms"), (FIRST, "Proof"), (WHOLE, "Terms"), (WHOLE, "Proof")},
    ),
    "a context that is not known": (
        of_first(lambda one: one["@context"].append("https://elsewhere.example/c")),
        {(FIRST, "Terms"), (FIRST, "Proof"), (WHOLE, "Terms"), (WHOLE, "Proof")},
    ),
    "nothing in it": (
        lambda record: nested(record).clear(),
        {(WHOLE, "Subject"), (WHOLE, "Terms"), (WHOLE, "Proof")},
    ),
}  # fmt: skip


def test_a_record_passes_every_check_that_is_possible_here(world, record):
    report = world.examine(record)
    assert report.verdict == "passed"
    left_out = {one.name for one in report.checks if one.verdict != "passed"}
    assert left_out == {"Schema"}


@pytest.mark.parametrize("name", HARMS)
def test_a_document_fails_its_check_and_no_other(world, record, name):
    harm, expected = HARMS[name]
    harm(record)
    report = world.examine(world.sign(record))
    assert failures(report) == expected
    assert report.verdict == "failed"
    # Every failure says what to do.
    assert all(": " in one.words for one in report.failures)


def test_a_nested_credential_without_a_proof_of_its_own(world, record):
    del first(record)["proof"]
    world.sign_one(record)
    assert failures(world.examine(record)) == {(FIRST, "Proof")}


def test_a_nested_credential_that_is_text(world, record):
    nested(record)[0] = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"
    assert (FIRST, "Credentials") in failures(world.examine(record))


def test_a_badge_that_does_not_call_itself_a_credential(world, record):
    badge = first(record)
    badge["type"] = ["OpenBadgeCredential"]
    world.sign_one(badge)
    assert ("", "Types") in failures(world.examine(badge))


def test_a_schema_that_it_names_and_nobody_has(world, record):
    schema = {"id": "https://elsewhere.example/schema.json", "type": "JsonSchema"}
    record["credentialSchema"] = [schema]
    world.sign(record)
    skipped = [
        one.verdict
        for one in world.examine(record).checks
        if one.name == "Further schemas" and not one.where
    ]
    assert skipped == ["skipped"]

    def nowhere(url):
        raise OSError(url)

    assert failures(world.examine(record, fetch=nowhere)) == {
        (WHOLE, "Further schemas")
    }
    fitting = lambda _: orjson.dumps({"required": ["issuer"]})  # noqa: E731
    assert world.examine(record, fetch=fitting).verdict == "passed"
    other = lambda _: orjson.dumps({"required": ["price"]})  # noqa: E731
    assert failures(world.examine(record, fetch=other)) == {(WHOLE, "Further schemas")}


def test_official_schemas(world, record, standards):
    schemas = standards / "schemas"
    report = world.examine(record, schemas=schemas)
    assert {one.verdict for one in report.checks} == {"passed"}
    first(record)["credentialSubject"]["achievement"]["achievementType"] = "course"
    report = world.examine(world.sign(record), schemas=schemas)
    assert failures(report) == {(FIRST, "Schema")}
    assert "course" not in report.failures[0].words
    fresh = world.record()
    turn_contexts(fresh)
    report = world.examine(world.sign(fresh), schemas=schemas)
    assert failures(report) == {(WHOLE, "Contexts"), (WHOLE, "Schema")}


def test_an_endorsement_that_holds_and_one_that_was_altered(world, record):
    endorse(record)
    (endorsement,) = record["endorsement"]
    world.sign_one(endorsement)
    world.sign_one(record)
    assert world.examine(record).verdict == "passed"
    endorsement["credentialSubject"]["endorsementComment"] = "Badly kept."
    world.sign_one(record)
    assert failures(world.examine(record)) == {(WHOLE, "Endorsements")}
