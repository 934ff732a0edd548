"""Whatever is changed in a signed record is refused, and the line says where."""

import pytest
import record_factory as factory
from verification_world import at, failures, nested

OUTER = ("", "Proof")


def own(number):
    return (at(number), "Proof")


def subject(record, number=1):
    return nested(record)[number - 1]["credentialSubject"]


def exchange(record, member):
    one, other = subject(record, 1), subject(record, 2)
    one[member], other[member] = other[member], one[member]


def exchange_proofs(record):
    one, other = nested(record)[:2]
    one["proof"], other["proof"] = other["proof"], one["proof"]


def exchange_whole_subjects(record):
    one, other = nested(record)[:2]
    one["credentialSubject"], other["credentialSubject"] = (
        other["credentialSubject"],
        one["credentialSubject"],
    )


def changed(member, value, number=1):
    return lambda record: nested(record)[number - 1].update({member: value})


def in_subject(member, value):
    return lambda record: subject(record).update({member: value})


def in_achievement(member, value):
    return lambda record: subject(record)["achievement"].update({member: value})


def index(record):
    nested(record)[0]["credentialStatus"]["statusListIndex"] = "5"


def proof_of_the_whole(record):
    record["proof"] = nested(record)[0]["proof"]


STRANGER = {**factory.SYSTEM, "id": "did:web:elsewhere.example"}
BOTH = {OUTER, own(1)}
TWO = {OUTER, own(1), own(2)}

TAMPERED = {
    "a grade": (lambda r: subject(r)["result"][0].update(value="A+"), BOTH),
    "a credit": (in_subject("creditsEarned", 30), BOTH),
    "a term": (in_subject("term", "Fall 2026"), BOTH),
    "a date of the course": (in_subject("activityEndDate", factory.when(3)), BOTH),
    "a course's name": (in_achievement("name", "Astrophysics"), BOTH),
    "a course's code": (in_achievement("humanCode", "PHY 900"), BOTH),
    "a kind of achievement": (in_achievement("achievementType", "Degree"), BOTH),
    "the day of award": (changed("awardedDate", factory.when(9)), BOTH),
    "the day of issue": (changed("validFrom", factory.when(9)), BOTH),
    "an end that was not there": (changed("validUntil", "2999-01-01T00:00:00Z"), BOTH),
    "the issuer of a credential": (
        changed("issuer", STRANGER),
        # Whose keys are unknown here: its proof and status are not decided.
        {OUTER},
    ),
    "the college": (in_subject("source", {**factory.COLLEGE, "name": "X"}), BOTH),
    "a place in the status list": (index, BOTH),
    "grades exchanged": (lambda r: exchange(r, "result"), TWO),
    "credits exchanged": (lambda r: exchange(r, "creditsEarned"), TWO),
    "achievements exchanged": (lambda r: exchange(r, "achievement"), TWO),
    "subjects exchanged": (exchange_whole_subjects, TWO),
    "proofs exchanged": (exchange_proofs, TWO),
    "the record's proof replaced": (proof_of_the_whole, {OUTER}),
    "the record's date": (lambda r: r.update(validFrom=factory.when(150)), {OUTER}),
    "whose record it is": (
        lambda r: r["credentialSubject"].update(id="urn:uuid:" + factory.learner_id(8)),
        {OUTER},
    ),
    "the name of the learner": (
        lambda r: r["credentialSubject"]["identifier"][0].update(identityHash="Eve"),
        {OUTER},
    ),
    "whether it is all": (lambda r: r.update(partial=True), {OUTER}),
    "an association": (
        lambda r: r["credentialSubject"]["association"][0].update(
            associationType="precedes"
        ),
        {OUTER},
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_record_is_refused_with_the_failing_lines(world, record, name):
    harm, expected = TAMPERED[name]
    before = world.record()
    harm(record)
    assert record != before
    report = world.examine(record)
    assert failures(report) == expected
    assert report.verdict == "failed"


def test_a_credential_of_another_learner_put_in(world, record):
    other = world.sign(world.unsigned(2))
    nested(record).append(nested(other)[0])
    assert failures(world.examine(record)) == {OUTER}


def test_a_credential_taken_out(world, record):
    nested(record).pop(1)
    assert failures(world.examine(record)) == {OUTER}


def test_a_record_issued_by_a_stranger_with_a_stranger_s_key(world, record):
    """A forger may sign for an issuer of his own, and not for this one."""
    record["issuer"] = STRANGER
    world.sign_one(record)
    report = world.examine(record)
    assert report.verdict == "skipped"
    assert not report.ok


def every_leaf(node, path=()):
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in {"@context", "type", "id", "proof"}:
                yield from every_leaf(value, (*path, name))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from every_leaf(value, (*path, number))
    else:
        yield path, node


def test_no_leaf_of_a_credential_can_be_changed(world, record):
    badge = nested(record)[0]
    leaves = list(every_leaf(badge))
    assert len(leaves) > 25
    for path, value in leaves:
        copied = nested(world.record())[0]
        place = copied
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = f"{value}x" if isinstance(value, str) else value + 1
        assert ("", "Proof") in failures(world.examine(copied)), path
